package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
)

// liveTrials is how many live trials a setting gets: a minute of them.
const liveTrials = 200

// figureTrials is how many trials a range of a published figure gets.
const figureTrials = 10_000

// electing is a campaign of trials as it was asked for.
type electing struct {
	b         *binding
	out       output
	config    elections.Config // of every setting, but for what follows
	names     listValue
	networks  listValue
	timeouts  rangesValue
	figure16  bool
	raw       bool
	protocols []smr.Protocol
}

// electionGroups is the order of the groups of flags in the help.
var electionGroups = []string{"Trials", "Cluster", "Timers", "Times", "Output"}

func newElections(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	k := &electing{config: elections.Defaults(), protocols: protocols}
	k.config.Protocol = usual(protocols)
	c := &cobra.Command{
		Use:   "elections [flags]",
		Short: "thousands of leader losses, as distributions",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return settingsAreFlags(args[0], "elections")
		},
		RunE: func(c *cobra.Command, _ []string) error {
			settings, published, err := k.settings()
			if err = errors.Join(err, k.out.check(c.Flags())); err != nil {
				return err
			}
			return k.run(c.Context(), settings, published, stdout, stderr)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := c.Flags()
	flags.SortFlags = false
	k.b = &binding{all: flags, flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}
	words := k.declare()
	for flag, list := range k.out.declare(k.b) {
		words[flag] = list
	}
	words["plot"] = k.out.declarePlot(k.b)
	flags.Lookup("output").Annotations = map[string][]string{exampleOf: {"elections.json"}}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { electionsHelp(c.OutOrStdout(), k.b) })
	for flag, list := range words {
		if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic("cmd: " + err.Error()) // no such flag
		}
	}
	return c
}

// declare adds the flags that describe trials, and returns the words that some of
// them take.
func (k *electing) declare() map[string][]string {
	add := func(group string, v pflag.Value, name, short, usage, kind, example, shown string) {
		f := k.b.add(group, k.b.collect(v, name, kind), name, short, usage, example)
		f.DefValue = shown
		if _, ok := v.(*boolValue); ok {
			f.NoOptDefVal = "true"
		}
	}
	e := &k.config
	k.names, k.networks = listValue{e.Protocol}, listValue{bench.NetworkSim}
	k.timeouts = rangesValue{{e.ElectionMin, e.ElectionMax}}
	starts, logs := []string{result.StartCrash, result.StartFresh}, []string{result.LogsEqual, result.LogsDistinct}
	delay := &workload.Range{Min: &e.DelayMin, Max: &e.DelayMax}
	candidate := &workload.Range{Min: &e.CandidatePersistMin, Max: &e.CandidatePersistMax}

	add("Trials", (*boolValue)(&k.figure16), "figure16", "", "the settings of Figure 16 of the Raft paper, published and measured side by side", "", "", "")
	add("Trials", (*intValue)(&e.Trials), "trials", "", "trials of each setting", "", "10000", "1000, live 200, --figure16 10000")
	add("Trials", (*workload.Duration)(&e.GiveUp), "give-up", "", "a trial that takes longer is unfinished", "", "60s", "1m")
	add("Trials", (*seedValue)(&e.Seed), "seed", "", "all randomness comes from it; the same seed gives the same result", "", "7", "42")

	add("Cluster", &k.names, "protocol", "p", "protocols; several are set side by side", "", "raft,multipaxos", e.Protocol)
	add("Cluster", &k.networks, "network", "", "sim, or live: inproc, tcp; several are set side by side", "sim|inproc|tcp", "sim,tcp", "sim")
	add("Cluster", (*intValue)(&e.Nodes), "nodes", "n", "servers", "", "5", "5")
	add("Cluster", (*intValue)(&e.Down), "down", "", "servers that are dead from the start", "", "1", "0")
	add("Cluster", choiceValue{&e.Start, starts}, "start", "", "crash: the leader dies within the interval after a heartbeat; fresh: all start their timers at 0", "crash|fresh", "fresh", "crash")
	add("Cluster", choiceValue{&e.Logs, logs}, "logs", "", "distinct: the lengths of the logs are a random permutation", "equal|distinct", "distinct", "equal")

	add("Timers", &k.timeouts, "election-timeout", "", "timers are drawn from this range; several, with commas, are settings", "", "150ms-300ms,50ms-100ms", "150ms-300ms")
	add("Timers", (*workload.Duration)(&e.Heartbeat), "heartbeat", "", "time between a leader's heartbeats", "", "75ms", "half the shortest timeout")
	add("Timers", (*boolValue)(&e.PreVote), "pre-vote", "", "ask first whether an election could be won", "", "true", "")
	add("Timers", (*boolValue)(&e.CheckQuorum), "check-quorum", "", "servers that hear a leader ignore candidates", "", "true", "")

	add("Times", delay, "delay", "", "one-way delay of messages, or a range to draw it from for each", "duration", "30ms-40ms", "1ms")
	add("Times", candidate, "candidate-persist", "", "durable write before RequestVote or Prepare leaves, or a range", "duration", "0.5ms-6.5ms", "0s")
	add("Times", (*workload.Duration)(&e.VoterPersist), "voter-persist", "", "durable write before a vote or promise is granted", "", "8ms", "0s")

	add("Output", (*boolValue)(&k.raw), "samples", "", "keep every trial's times in the result", "", "", "")
	var names []string
	for _, p := range k.protocols {
		names = append(names, p.Name)
	}
	return map[string][]string{"network": {bench.NetworkSim, bench.NetworkInproc, bench.NetworkTCP}, "start": starts, "logs": logs, "protocol": names}
}

const electionsAbout = `Carry out elections by the thousand in virtual time, or live, each with the
real cores in a small cluster of its own, and report how long it takes until the
loss of the leader is detected, a new one is elected, everybody has heard from
it, and the first command is committed.`

const electionsExamples = `  consbench elections
  consbench elections --figure16
  consbench elections -p raft,multipaxos --logs distinct --trials 10000
  consbench elections --election-timeout 150ms-300ms,50ms-100ms --delay 5ms
  consbench elections --start fresh --delay 30ms-40ms -o elections.json
  consbench elections --network sim,inproc,tcp`

func electionsHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench elections [flags]\n\nExamples:\n%s\n", electionsAbout, electionsExamples)
	for _, group := range electionGroups {
		fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
	}
	fmt.Fprint(w, `
The leader that counts is the first one that all live servers hear from. Split
votes are the trials whose first term or ballot did not elect it. Trials that
were given up are counted; quantiles that would depend on them are blank.
Exit status: 0 good, 99 not what was published, 1 failed, 2 usage,
130 interrupted (the trials that were finished are kept).
`)
}

// figureFlags are the flags that a published figure leaves open.
var figureFlags = []string{"figure16", "trials", "seed", "protocol", "samples", "output", "store", "format", "color", "plot", "quiet", "cpuprofile", "memprofile"}

// settings completes the flags to settings: every protocol with every range. It
// returns everything that is wrong with them.
func (k *electing) settings() (settings []elections.Config, published []result.Published, err error) {
	if k.figure16 {
		k.b.all.Visit(func(f *pflag.Flag) {
			if !contains(figureFlags, f.Name) {
				k.b.wrong(f.Name, errors.New("--figure16 has its own: leave one of them out"))
			}
		})
		if !k.b.given("trials") {
			k.config.Trials = figureTrials
		}
	}
	for _, name := range k.names {
		c := k.config
		c.Protocol = name
		if k.figure16 {
			s, p, err := elections.Figure16(c)
			if err != nil {
				return nil, nil, err
			}
			settings, published = append(settings, s...), append(published, p...)
			continue
		}
		for _, r := range k.timeouts {
			c.ElectionMin, c.ElectionMax = r[0], r[1]
			if !k.b.given("heartbeat") {
				c.Heartbeat = c.ElectionMin / 2
			}
			for _, network := range k.networks {
				settings = append(settings, k.over(c, network))
			}
		}
	}
	said := map[string]bool{}
	for i := range settings {
		err := k.check(&settings[i])
		if err == nil {
			continue
		}
		for _, e := range flatten(err) {
			var f *bench.FieldError
			if errors.As(e, &f) && k.b.bad[f.Flag] || said[e.Error()] {
				continue // it could not be read, or was said of another setting
			}
			said[e.Error()] = true
			k.b.errs = append(k.b.errs, e)
		}
	}
	return settings, published, errors.Join(k.b.errs...)
}

// over is a setting over a network. A live trial takes as long as it says.
func (k *electing) over(c elections.Config, network string) elections.Config {
	switch {
	case network == bench.NetworkSim:
		c.Network = elections.NetworkSim
		return c
	case !k.b.given("trials"):
		c.Trials = liveTrials
	}
	c.Network = network
	return c
}

// check reports what is wrong with a setting.
func (k *electing) check(c *elections.Config) error {
	var names []string
	for i := range k.protocols {
		if k.protocols[i].Name == c.Protocol {
			return elections.Check(c, &k.protocols[i])
		}
		names = append(names, k.protocols[i].Name)
	}
	return &bench.FieldError{Flag: "protocol", Msg: fmt.Sprintf("%q is not one of %s%s", c.Protocol, strings.Join(names, ", "), nearest.Hint(c.Protocol, names))}
}

// run carries out the trials, saves and shows the result.
func (k *electing) run(ctx context.Context, settings []elections.Config, published []result.Published, stdout, stderr io.Writer) error {
	ctx, job, err := k.out.begin(ctx, stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	file, runErr := elections.All(ctx, settings, elections.Options{
		Protocols: k.protocols, Published: published, Raw: k.raw,
		Progress: func(setting, done int) {
			job.progress.setting(&settings[setting], done)
		},
	})
	job.done()
	if file == nil {
		return failed(runErr)
	}
	var errs []error
	switch {
	case file.Interrupted:
		file.Exit = job.status()
		errs = append(errs, errors.New("interrupted: the result covers what was measured until then"))
	default:
		for i := range file.Settings {
			if p := file.Settings[i].Published; p != nil && !p.OK {
				file.Exit = exitGate
			}
		}
	}
	if err := job.save(file); err != nil {
		errs = append(errs, err)
		file.Exit = worse(file.Exit)
	}
	if err := k.show(file, stdout); err != nil {
		errs = append(errs, fmt.Errorf("standard output: %w", err))
		file.Exit = worse(file.Exit)
	}
	if file.Exit == exitGood {
		return nil
	}
	return &failure{file.Exit, errors.Join(errs...)}
}

func (k *electing) show(file *result.Elections, stdout io.Writer) error {
	if k.out.format == "json" {
		return report.JSON(stdout, file)
	}
	return report.Trials(stdout, file, k.out.look(stdout, k.rerun()))
}

// rerun is the command that repeats the trials: the flags that were given, but for
// those of output.
func (k *electing) rerun() []string {
	parts := []string{"consbench", "elections"}
	for _, group := range electionGroups {
		if group == "Output" {
			continue
		}
		k.b.flags[group].VisitAll(func(f *pflag.Flag) {
			switch {
			case !k.b.given(f.Name):
			case f.NoOptDefVal != "" && f.Value.String() == f.NoOptDefVal:
				parts = append(parts, "--"+f.Name)
			case f.NoOptDefVal != "":
				parts = append(parts, "--"+f.Name+"="+f.Value.String())
			default:
				parts = append(parts, "--"+f.Name+" "+quote(f.Value.String()))
			}
		})
	}
	return parts
}

// setting tells how many trials of a setting are done.
func (p *progress) setting(c *result.ElectionConfig, done int) {
	of := c.Trials
	text := fmt.Sprintf("%s %s  %s of %s trials", c.Protocol, workload.FormatRange(c.ElectionMin, c.ElectionMax), report.Count(uint64(done)), report.Count(uint64(of)))
	now := p.now()
	switch {
	case p.w == nil:
	case p.columns > 0:
		if now.Sub(p.last) >= 50*time.Millisecond || done == of {
			p.last = now
			p.note(text)
		}
	case now.Sub(p.last) >= plainEvery:
		p.last = now
		fmt.Fprintln(p.w, report.Clean(text))
	}
}

// rangesValue is ranges of times with commas between them.
type rangesValue [][2]time.Duration

func (v *rangesValue) Set(s string) error {
	var list [][2]time.Duration
	for _, one := range strings.Split(s, ",") {
		lo, hi, err := workload.ParseRange(strings.TrimSpace(one))
		if err != nil {
			return err
		}
		for _, other := range list {
			if other == [2]time.Duration{lo, hi} {
				return fmt.Errorf("%s is given twice", workload.FormatRange(lo, hi))
			}
		}
		list = append(list, [2]time.Duration{lo, hi})
	}
	*v = list
	return nil
}

func (v *rangesValue) String() string {
	var s []string
	for _, r := range *v {
		s = append(s, workload.FormatRange(r[0], r[1]))
	}
	return strings.Join(s, ",")
}
func (*rangesValue) Type() string { return "ranges" }
