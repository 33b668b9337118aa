package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/workload"
)

// Exit statuses of a gate, beside those of run.
const (
	exitInconclusive = 4
	exitGate         = 99
)

const defaultBudget = 5 * time.Minute

// gateRetain is what replicas of a gate's runs keep for laggards. Each run is a
// process of its own, and memory costs most when it is touched first: to keep more
// would take longer than the warm-up, and the page faults would be what is measured.
const gateRetain = 1 << 20

// declare adds the flags that only a gate has.
func (k *gating) declare() {
	add := func(v pflag.Value, name, short, usage, kind, example string) *pflag.Flag {
		return k.b.add("Gate", k.b.collect(v, name, kind), name, short, usage, example)
	}
	add(&k.baselines, "baseline", "", "result file, or directory of them, whose virtual runs to repeat and match; may be repeated", "file", "results/baseline")
	add((*textValue)(&k.against), "against", "", "git revision to build and measure side by side with this program", "revision", "main")
	add(&k.thresholds, "threshold", "", "limit in place of the defaults, such as 'p99<=+5%', 'throughput>=-3%', 'p99<=2ms'; may be repeated", "", "p99<=+5%")
	add((*boolValue)(&k.update), "update", "", "repeat the runs of the baselines, show what changes and replace the files", "", "").NoOptDefVal = "true"
	add((*boolValue)(&k.selfTest), "self-test", "", "make this program worse on purpose and see whether the gate catches it", "", "").NoOptDefVal = "true"
	add(choiceValue{&k.inconclusive, []string{"fail", "warn"}}, "inconclusive", "", "warn: exit 0 instead of 4 where noise leaves the verdict open", "fail|warn", "warn")
	add((*intValue)(&k.pairs), "pairs", "", "live runs a side and batch, interleaved; up to four times as many if they leave it open and there is time", "", "40")
	add((*workload.Duration)(&k.budget), "budget", "", "wall-clock time for building and runs against REV, at most", "", "10m")
	add((*boolValue)(&k.verbose), "verbose", "v", "show what passed, too", "", "").NoOptDefVal = "true"
	for _, name := range []string{"baseline", "against", "threshold"} {
		k.b.all.Lookup(name).DefValue = ""
	}
	for _, name := range []string{"update", "self-test", "verbose"} {
		k.b.all.Lookup(name).DefValue = ""
	}
	k.b.all.Lookup("network").DefValue = "inproc"
	k.b.all.Lookup("duration").DefValue = "500ms"
	k.b.all.Lookup("warmup").DefValue = "200ms"
	k.b.all.Lookup("retain").DefValue = "1MiB"
}

// check reports everything that is wrong with the flags, and returns the
// configuration of the runs that no baseline brings.
func (k *gating) check(c *cobra.Command) (bench.Config, error) {
	live := k.against != "" || k.selfTest
	if !k.b.given("network") && k.b.scenario == nil { // a scenario runs where run has it
		k.b.config.Network = bench.NetworkInproc
	}
	k.b.shorten()
	if !k.b.given("retain") && k.b.config.Network != bench.NetworkSim {
		k.b.config.Retain = gateRetain
	}
	cfg, err := k.b.resolve(k.protocols)
	errs := []error{err}
	wrong := func(bad bool, flag, format string, args ...any) {
		if bad {
			errs = append(errs, &bench.FieldError{Flag: flag, Msg: fmt.Sprintf(format, args...)})
		}
	}
	if len(k.baselines) == 0 && !k.b.given("against") && !k.selfTest && !k.b.bad["baseline"] {
		errs = append(errs, errors.New("nothing to hold this program against: needs --baseline FILE, --against REV or --self-test"))
	}
	wrong(k.b.given("against") && k.against == "", "against", "needs a git revision, such as main or HEAD~1")
	wrong(k.update && len(k.baselines) == 0, "update", "needs the --baseline that it replaces")
	wrong(k.update && k.against != "", "update", "replaces baselines: it cannot go with --against")
	wrong(k.update && len(k.thresholds.list) > 0, "update", "accepts every change: it cannot go with --threshold")
	wrong(k.selfTest && (len(k.baselines) > 0 || k.against != "" || k.update), "self-test", "goes with nothing else to compare")
	wrong(k.selfTest && len(k.thresholds.list) > 0, "self-test", "tests the limits that are there by default: it cannot go with --threshold")
	for _, flag := range []string{"pairs", "budget"} {
		wrong(!live && k.b.given(flag), flag, "is for live runs: it needs --against")
	}
	wrong(k.pairs < stat.MinPairs || k.pairs > maxPairs, "pairs", "%d is not in %d to %d: fewer cannot tell a change from chance", k.pairs, stat.MinPairs, maxPairs)
	wrong(k.budget <= 0, "budget", "%v is no time", k.budget)
	least := time.Duration(2*2*stat.MinPairs*len(cfg.Protocols)) * (cfg.Duration + cfg.Warmup)
	wrong(live && err == nil && k.budget > 0 && k.budget < least && cfg.Network != bench.NetworkSim, "budget",
		"%v is too short: two batches of %d pairs of runs of %v (with the warm-up) take %v, and more to build and to start them",
		workload.Duration(k.budget), stat.MinPairs, workload.Duration(cfg.Duration+cfg.Warmup), workload.Duration(least))
	if !live && len(k.baselines) > 0 {
		var given []string
		for _, o := range options {
			if k.b.given(o.name) {
				given = append(given, "--"+o.name)
			}
		}
		if len(given) > 0 {
			errs = append(errs, fmt.Errorf("%s: a baseline brings its own configuration; run's flags go with --against", strings.Join(given, ", ")))
		}
	}
	wrong(k.b.given("listen"), "listen", "every run of a gate takes free ports")
	return cfg, errors.Join(append(errs, k.b.checkDir(), k.out.check(c.Flags()))...)
}

const gateAbout = `Hold what this program does against what it did, and say so in the exit status.

--baseline repeats the virtual runs of a result file, from the configuration in
it. They have no noise: every exact metric must be within 0.1 % of the file, and
allocations at most 0.01 a command above it. --update accepts what changed.

--against builds a git revision and runs it and this program in turn, live, in
pairs. A metric fails if the change is beyond its limit, cannot be chance, and a
second batch of pairs says so too. Virtual runs of both are compared exactly. With
a SCENARIO both run that, on its network, and must keep to what it expects.`

const gateExamples = `  consbench run -p raft,multipaxos -o baseline.json
  consbench gate --baseline baseline.json
  consbench gate --baseline baseline.json --threshold 'messages/commit<=+2%'
  consbench gate --baseline baseline.json --update
  consbench gate --against main -p raft --network tcp --budget 10m
  consbench gate --against main leader-crash`

func gateHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench gate --baseline FILE | --against REV [SCENARIO] | --self-test [flags]\n\nExamples:\n%s\n", gateAbout, gateExamples)
	fmt.Fprintf(w, "\nGate:\n%s", b.flags["Gate"].FlagUsagesWrapped(wide))
	fmt.Fprintf(w, "\nOutput:\n%s", b.flags["Output"].FlagUsagesWrapped(wide))
	fmt.Fprint(w, "\nWith --against and --self-test, what to run:\n")
	for _, group := range groups {
		if group != "Output" {
			fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
		}
	}
	fmt.Fprint(w, `
Limits of live runs without --threshold: throughput>=-3%, response.p50<=+5%,
response.p99<=+5%. consbench metrics lists what a threshold can be on.
Exit status: 0 passed, 99 failed, 4 inconclusive, 3 a run was INCORRECT, 2 usage
or no baseline, 1 a run failed, 130 interrupted.
`)
}
