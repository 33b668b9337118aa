package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

// Defaults of comparisons.
const (
	livePairs    = 20
	virtualPairs = 1
	maxPairs     = 10_000

	// Many short pairs tell more than a few long ones.
	pairDuration = 500 * time.Millisecond
	pairWarmup   = 200 * time.Millisecond
)

// comparing is a comparison as it was asked for.
type comparing struct {
	b     *binding
	out   output
	pairs int
	all   bool

	scenarios bool // among the sides
	repeat    int  // that they ask for, at most
}

func newCompare(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	var k comparing
	c := &cobra.Command{
		Use:   "compare A B [C ...] [flags]",
		Short: "compare protocols, scenarios or results, with bounds and verdicts",
		RunE: func(c *cobra.Command, args []string) error {
			if trials, err := k.electionSides(args); err != nil || trials != nil {
				if err != nil {
					return err
				}
				return k.elections(args, trials, stdout, stderr)
			}
			sides, err := k.sides(args, protocols)
			if err = errors.Join(err, k.b.checkDir(), k.check(c)); err != nil {
				return err
			}
			if err := compare.Check(sides); err != nil {
				return err
			}
			return k.run(c.Context(), args, sides, protocols, stdout, stderr)
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var list []string
			for _, p := range protocols {
				list = append(list, p.Name+"\t"+p.Doc)
			}
			list = append(list, scenario.Names()...)
			return list, cobra.ShellCompDirectiveDefault // files too
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	k.b = bind(flags)
	for _, name := range []string{"listen", "repeat"} { // sides would share the ports
		flags.Lookup(name).Hidden = true
	}
	flags.Lookup("protocol").Usage, flags.Lookup("protocol").DefValue = "of scenarios: the protocols to run, commas between them", "the scenario's"
	flags.Lookup("duration").DefValue += ", live 500ms"
	flags.Lookup("warmup").DefValue += ", live 200ms"
	f := k.b.add("Comparison", k.b.collect((*intValue)(&k.pairs), "pairs", ""), "pairs", "", "runs a side, interleaved; in virtual time seeds", "40")
	f.DefValue = "20, virtual 1"
	f = k.b.add("Comparison", k.b.collect((*boolValue)(&k.all), "all", ""), "all", "", "show every metric, not the important ones only", "")
	f.NoOptDefVal, f.DefValue = "true", ""
	words := k.out.declare(k.b)
	flags.Lookup("output").Usage = "save the comparison with all values; - is standard output"
	flags.Lookup("output").Annotations = map[string][]string{exampleOf: {"comparison.json"}}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { compareHelp(c.OutOrStdout(), k.b) })
	complete(c, protocols, words)
	return c
}

const compareAbout = `Compare sides: protocols, protocols with settings, scenarios, or files of results.
Live runs are interleaved (A B, B A ...) after a warm-up; the table gives each
ratio its bounds and says better, worse, same, or how many pairs it would take to
tell. Runs in virtual time are exact. Runs that failed or were INCORRECT are left
out, and counted. The first side is what the others are compared with.`

const compareExamples = `  consbench compare raft multipaxos paxos
  consbench compare raft raft:batch=1,heartbeat=20ms --network inproc
  consbench compare raft multipaxos --fault 'crash leader every 1s for 300ms'
  consbench compare leader-crash --protocol raft,multipaxos
  consbench compare mine.yaml mine.yaml:batch=1
  consbench compare old.json new.json -o comparison.json`

func compareHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench compare A B [C ...] [flags]\n\nExamples:\n%s\n", compareAbout, compareExamples)
	fmt.Fprint(w, `
Sides:
  raft                        a protocol
  raft:batch=1,pre-vote=false a protocol with settings of its own: flags of run
  leader-crash, mine.yaml     a scenario; mine.yaml:raft,batch=1 runs it otherwise
  result.json                 a file that consbench run -o has written
  result.json:paxos           one protocol of a file that holds several
  elections.json:raft         a file of consbench elections, against another one
A scenario or file that stands alone is a side for each of its protocols.
`)
	for _, group := range append([]string{"Comparison"}, groups...) {
		fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
	}
	fmt.Fprint(w, `
Exit status: 0 compared, 1 nothing to compare, 2 usage, 3 a run was INCORRECT,
130 interrupted (the pairs that were finished are compared).
`)
}

// check reports what is wrong with the flags that only a comparison has.
func (k *comparing) check(c *cobra.Command) error {
	var errs []error
	if k.b.given("pairs") && !k.b.bad["pairs"] && (k.pairs < 1 || k.pairs > maxPairs) {
		errs = append(errs, &bench.FieldError{Flag: "pairs", Msg: fmt.Sprintf("%d is not in 1 to %d", k.pairs, maxPairs)})
	}
	if k.b.all.Changed("protocol") && !k.scenarios {
		errs = append(errs, &bench.FieldError{Flag: "protocol", Msg: "sides are arguments: consbench compare raft multipaxos"})
	}
	for flag, why := range map[string]string{
		"listen": "every run of a comparison takes free ports",
		"repeat": "in virtual time --pairs is how many seeds are run",
	} {
		if k.b.given(flag) {
			errs = append(errs, &bench.FieldError{Flag: flag, Msg: why})
		}
	}
	return errors.Join(append(errs, k.out.check(c.Flags()))...)
}

// run carries out the comparison, saves and shows it.
func (k *comparing) run(ctx context.Context, args []string, sides []compare.Side, protocols []smr.Protocol, stdout, stderr io.Writer) error {
	ctx, job, err := k.out.begin(ctx, stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	if !k.b.given("pairs") {
		if k.pairs = livePairs; sides[0].Config.Network == bench.NetworkSim {
			k.pairs = max(virtualPairs, k.repeat)
		}
	}
	c, runErr := compare.Run(ctx, sides, compare.Options{
		Pairs: k.pairs, Differences: differences(sides), Progress: job.progress.update,
		Run: func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
			return runBench(ctx, cfg, protocols, p)
		},
	})
	job.done()
	if c == nil {
		return failed(runErr)
	}
	var errs []error
	if err := job.save(c); err != nil {
		errs = append(errs, err)
	}
	if k.out.format == "json" {
		err = report.JSON(stdout, c)
	} else {
		err = report.Comparison(stdout, c, report.Options{
			Width: width(stdout), Color: colored(k.out.color, stdout, os.LookupEnv), Rerun: k.rerun(args, sides),
		}, k.all)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("standard output: %w", err))
	}
	status, more := judgeComparison(c, job.status())
	if len(errs) > 0 && status == exitGood {
		status = exitFailed
	}
	if errs = append(errs, more...); status == exitGood {
		return nil
	}
	return &failure{status, errors.Join(errs...)}
}

// judgeComparison is the exit status that a comparison deserves, and what to say
// about it.
func judgeComparison(c *result.Comparison, signalled int) (int, []error) {
	var incorrect []error
	pairs := 0
	for _, s := range c.Sides {
		if s.Incorrect > 0 {
			incorrect = append(incorrect, fmt.Errorf("%s: %d of %d runs INCORRECT", s.Name, s.Incorrect, len(s.Samples)))
		}
	}
	for _, a := range c.Against {
		pairs += a.Pairs
	}
	switch {
	case len(incorrect) > 0:
		return exitIncorrect, incorrect
	case c.Interrupted:
		return signalled, []error{fmt.Errorf("interrupted: %d of %d pairs were finished", c.Against[0].Pairs, c.Pairs)}
	case pairs == 0:
		var errs []error
		for _, s := range c.Sides {
			for _, sample := range s.Samples {
				if sample.Status == result.Failed {
					errs = append(errs, fmt.Errorf("%s: %s", s.Name, sample.Detail))
					break
				}
			}
		}
		return exitFailed, append(errs, errors.New("nothing could be compared"))
	}
	return exitGood, nil
}

// rerun is the command that repeats a comparison.
func (k *comparing) rerun(args []string, sides []compare.Side) []string {
	parts := []string{"consbench", "compare"}
	for _, a := range args {
		parts = append(parts, quote(a))
	}
	fresh := false
	for _, s := range sides {
		fresh = fresh || s.File == nil
	}
	if !fresh {
		return parts
	}
	common := k.b.copy(bench.Defaults().Protocols[0])
	common.layers(nil, os.Environ())
	if k.scenarios {
		common.config.Protocols = k.b.config.Protocols
		parts = append(parts, common.flagsGiven()...)
	} else {
		common.shorten()
		dependentDefaults(&common.config, common.given)
		parts = append(parts, Rerun(common.config)[2:]...)
	}
	if k.b.given("pairs") {
		parts = append(parts, "--pairs "+strconv.Itoa(k.pairs))
	}
	if k.all {
		parts = append(parts, "--all")
	}
	return parts
}

// differences are the options that are not the same on all sides. That protocols
// differ is plain to see.
func differences(sides []compare.Side) []result.Difference {
	out := []result.Difference{}
	for _, o := range options {
		if contains([]string{"protocol", "dir", "listen", "repeat"}, o.name) {
			continue
		}
		d := result.Difference{Option: o.name}
		same := true
		for i := range sides {
			v := o.inWords(&sides[i].Config)
			same = same && (i == 0 || v == d.Values[0])
			d.Values = append(d.Values, v)
		}
		if !same {
			out = append(out, d)
		}
	}
	return out
}

// inWords is the value of an option, or what holds where it has none.
func (o option) inWords(c *bench.Config) string {
	switch v := o.value(c).String(); {
	case v != "" && !(v == "0" && o.shown == "majority"):
		return v
	case o.shown == "" || o.shown == "-":
		return "none"
	default:
		return o.shown
	}
}

// separate takes raft:batch=1,heartbeat=20ms apart.
func separate(arg string) (name string, settings []string) {
	name, rest, found := strings.Cut(arg, ":")
	if found {
		settings = strings.Split(rest, ",")
	}
	return name, settings
}
