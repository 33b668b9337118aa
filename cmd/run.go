package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

// runBench carries out a run. Tests put something else here.
var runBench = bench.Run

// output is where and how a result is shown.
type output struct {
	path   string // -o; "-" = stdout, "" = nowhere
	format string
	color  string
	plot   string // "" = the command has no plots
	store  string // directory of results; "" = as the environment says, or none
	quiet  bool
	cpu    string // profiles
	mem    string

	transcript string // of runs in virtual time; "-" = stdout, "" = nowhere

	scenario *scenario.Scenario // whose expectations count; nil: none
	given    func() []string    // flags beside it
}

func newRun(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	var b *binding
	var out output
	c := &cobra.Command{
		Use:   "run [SCENARIO] [flags]",
		Short: "run replicated logs under a workload and faults",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && scenario.Is(args[0]) {
				return nil
			}
			return stray(args, protocols)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := b.configure(args); err != nil {
				return err
			}
			out.scenario, out.given = b.scenario, b.flagsGiven
			if out.transcript != "" {
				b.config.Transcript = io.Discard // until there is a file
			}
			cfg, err := b.resolve(protocols)
			if err = errors.Join(err, b.checkDir(), out.check(c.Flags())); err != nil {
				return err
			}
			return run(c.Context(), cfg, protocols, out, stdout, stderr)
		},
		ValidArgsFunction: completeScenarios,
	}
	flags := c.Flags()
	flags.SortFlags = false
	b = bind(flags)
	b.offer(protocols)
	words := out.declare(b)
	words["plot"] = out.declarePlot(b)
	b.add("Output", b.collect((*textValue)(&out.transcript), "transcript", "file"), "transcript", "", "in virtual time: write who said what to whom, and when; - is standard output", "run.txt")
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { help(c.OutOrStdout(), b, protocols) })
	complete(c, protocols, words)
	return c
}

// declare adds the flags of output, and returns the words that some of them take.
func (o *output) declare(b *binding) map[string][]string {
	*o = output{format: "table", color: "auto"}
	add := func(v pflag.Value, name, short, usage, kind, example string) *pflag.Flag {
		return b.add("Output", b.collect(v, name, kind), name, short, usage, example)
	}
	formats, colors := []string{"table", "json"}, []string{"auto", "always", "never"}
	add((*textValue)(&o.path), "output", "o", "save the result; - is standard output", "file", "result.json")
	add((*textValue)(&o.store), "store", "", "keep the result in a directory, for consbench history", "dir", "results")
	add(choiceValue{&o.format, formats}, "format", "", "what standard output shows", "table|json", "json")
	add(choiceValue{&o.color, colors}, "color", "", "auto heeds NO_COLOR, CLICOLOR and CLICOLOR_FORCE", "auto|always|never", "never")
	add((*boolValue)(&o.quiet), "quiet", "", "no progress on standard error", "", "").NoOptDefVal = "true"
	for name, p := range map[string]*string{"cpuprofile": &o.cpu, "memprofile": &o.mem} {
		b.all.Var((*textValue)(p), name, "")
		b.all.Lookup(name).Hidden = true
		b.all.Lookup(name).Annotations = map[string][]string{exampleOf: {name + ".out"}}
	}
	return map[string][]string{"format": formats, "color": colors}
}

// declarePlot adds the flag of commands whose reports have plots, and returns its
// words.
func (o *output) declarePlot(b *binding) []string {
	o.plot = "auto"
	kinds := []string{"auto", "unicode", "ascii", "none"}
	b.add("Output", b.collect(choiceValue{&o.plot, kinds}, "plot", "auto|unicode|ascii|none"), "plot", "", "what to draw with; unicode and ascii draw all there is", "ascii")
	return kinds
}

// look is how a report on w looks.
func (o *output) look(w io.Writer, rerun []string) report.Options {
	return report.Options{
		Width: width(w), Color: colored(o.color, w, os.LookupEnv), Plots: plots(o.plot, w, os.LookupEnv), Rerun: rerun,
	}
}

// stray refuses words that belong to no flag, with what was probably meant.
func stray(args []string, protocols []smr.Protocol) error {
	if len(args) == 0 {
		return nil
	}
	hint := "there is no such scenario or file (consbench scenario ls)"
	switch word := args[0]; {
	case word == "true" || word == "false":
		hint = "a switch takes its value after =, such as --pre-vote=false"
	case find(protocols, word):
		hint = "did you mean --protocol " + word + "?"
	case len(args) > 2 && contains(args, "at") || contains(args, "every"):
		hint = "quote a fault: --fault 'crash leader at 2s for 1s'"
	case nearest.Of(word, scenario.Names()) != "":
		hint = "did you mean the scenario " + nearest.Of(word, scenario.Names()) + "?"
	}
	return fmt.Errorf("unexpected argument %q: %s", args[0], hint)
}

func find(protocols []smr.Protocol, name string) bool {
	for _, p := range protocols {
		if p.Name == name {
			return true
		}
	}
	return false
}

// check reports what is wrong with the flags of output.
func (o *output) check(flags *pflag.FlagSet) error {
	if flags.Changed("output") && o.path == "" {
		return &bench.FieldError{Flag: "output", Msg: "needs the name of a file, such as result.json"}
	}
	if flags.Changed("store") && o.store == "" {
		return &bench.FieldError{Flag: "store", Msg: "needs a directory, such as results"}
	}
	if flags.Changed("transcript") && o.transcript == "" {
		return &bench.FieldError{Flag: "transcript", Msg: "needs the name of a file, such as run.txt; - is standard output"}
	}
	if o.transcript == "-" && (o.path == "-" || o.format == "json") {
		return &bench.FieldError{Flag: "transcript", Msg: "- and JSON cannot both have standard output: name a file, such as run.txt"}
	}
	if o.transcript != "" && o.transcript != "-" && o.transcript == o.path {
		return &bench.FieldError{Flag: "transcript", Msg: "is the file of --output, too: name another one, such as run.txt"}
	}
	if o.path == "-" {
		if flags.Changed("format") && o.format == "table" {
			return &bench.FieldError{Flag: "output", Msg: "- and --format table cannot both have standard output: name a file, such as result.json"}
		}
		o.format = "json"
	}
	return nil
}

// run carries out cfg, saves and shows the result. What goes wrong from here on
// has nothing to do with usage.
func run(ctx context.Context, cfg bench.Config, protocols []smr.Protocol, out output, stdout, stderr io.Writer) error {
	ctx, job, err := out.begin(ctx, stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	adoptFloors(cfg.Dir)
	cfg.Evidence = job.evidence()
	var file *result.File
	var runErr error
	if err := out.tell(&cfg, stdout, func() { file, runErr = runBench(ctx, cfg, protocols, job.progress.update) }); err != nil && runErr == nil {
		runErr = fmt.Errorf("--transcript: %w", err)
	}
	job.done()
	interrupted := errors.Is(runErr, bench.ErrInterrupted)
	if runErr != nil && !interrupted || file == nil {
		if runErr == nil {
			runErr = errors.New("the run has no result")
		}
		return failed(runErr)
	}

	var errs []error
	if out.scenario != nil {
		file.Scenario = out.scenario.Name
		file.Expectations = evaluate(out.scenario, file)
	}
	if err := job.save(file); err != nil {
		errs = append(errs, err)
	}
	if err := show(file, cfg, out, stdout); err != nil {
		errs = append(errs, err)
	}
	status, more := judge(file, interrupted, job.status())
	if len(errs) > 0 && status == exitGood {
		status = exitFailed
	}
	if errs = append(errs, more...); status == exitGood {
		return nil
	}
	return &failure{status, errors.Join(errs...)}
}

// tell carries out a run that writes its transcript where it belongs.
func (o *output) tell(cfg *bench.Config, stdout io.Writer, run func()) error {
	follow := func(w io.Writer) error {
		b := bufio.NewWriter(w)
		cfg.Transcript = b
		run()
		return b.Flush()
	}
	switch o.transcript {
	case "":
		run()
		return nil
	case "-":
		return follow(stdout)
	}
	t, err := openTarget(o.transcript)
	if err != nil {
		return err
	}
	return t.replace(follow)
}

// judge is the exit status that a result deserves, and what to say about it.
func judge(file *result.File, interrupted bool, signalled int) (int, []error) {
	var incorrect, broken []error
	for _, r := range file.Runs {
		switch {
		case r.Error != "":
			broken = append(broken, fmt.Errorf("%s: %s", r.Protocol, r.Error))
		case r.Interrupted && (len(r.Verdict.Checks) == 0 || r.Verdict.Word() == "UNDECIDED"): // said below
		case r.Verdict.Word() == "UNDECIDED":
			broken = append(broken, fmt.Errorf("%s: UNDECIDED: not everything could be checked", r.Protocol))
		case !r.Verdict.Correct:
			var names []string
			for _, c := range r.Verdict.Checks {
				if !c.OK {
					names = append(names, c.Name)
				}
			}
			incorrect = append(incorrect, fmt.Errorf("%s: INCORRECT: %s", r.Protocol, strings.Join(names, ", ")))
		}
	}
	switch {
	case len(incorrect) > 0:
		return exitIncorrect, append(incorrect, broken...)
	case len(broken) > 0:
		return exitFailed, broken
	case len(missed(file.Expectations)) > 0:
		return exitGate, missed(file.Expectations)
	case interrupted || file.Interrupted:
		return signalled, []error{errors.New("interrupted: the result covers what was measured until then")}
	}
	return exitGood, nil
}

// rerun is the command that repeats a run: of a scenario, with what was said beside.
func (o *output) rerun(cfg bench.Config) []string {
	if o.scenario == nil {
		return Rerun(cfg)
	}
	return append([]string{"consbench", "run", quote(o.scenario.Name)}, o.given()...)
}

// show writes the result to standard output.
func show(file *result.File, cfg bench.Config, out output, stdout io.Writer) error {
	var err error
	if out.format == "json" {
		err = report.JSON(stdout, file)
	} else {
		err = report.Table(stdout, file, out.look(stdout, out.rerun(cfg)))
	}
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
