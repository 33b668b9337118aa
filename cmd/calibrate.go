package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/calibrate"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
)

// calibrating is a calibration as it was asked for.
type calibrating struct {
	b         *binding
	out       output
	options   calibrate.Options
	protocols []smr.Protocol
}

func newCalibrate(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	k := &calibrating{protocols: protocols, options: calibrate.Options{
		Network: bench.NetworkTCP, Protocol: usual(protocols), Duration: time.Second, Seed: bench.Defaults().Seed,
	}}
	c := &cobra.Command{
		Use:   "calibrate [flags]",
		Short: "measure what work costs on this machine, for --cost",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return settingsAreFlags(args[0], "calibrate")
		},
		RunE: func(c *cobra.Command, _ []string) error {
			errs := append(k.b.errs, k.out.check(c.Flags()))
			if c.Flags().Changed("store") {
				errs = append(errs, &bench.FieldError{Flag: "store", Msg: "a cost model is no result: -o cost.json saves it"})
			}
			if len(k.b.errs) == 0 {
				errs = append(errs, calibrate.Check(k.options, k.protocols))
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			return k.run(c.Context(), stdout, stderr)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := c.Flags()
	flags.SortFlags = false
	k.b = &binding{all: flags, flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}
	networks := []string{bench.NetworkTCP, bench.NetworkInproc}
	add := func(v pflag.Value, name, short, usage, kind, example, shown string) {
		k.b.add("Calibration", k.b.collect(v, name, kind), name, short, usage, example).DefValue = shown
	}
	add(choiceValue{&k.options.Network, networks}, "network", "", "what the runs go over", "tcp|inproc", "inproc", "tcp")
	add((*textValue)(&k.options.Protocol), "protocol", "p", "whose replicas do the work", "name", "multipaxos", k.options.Protocol)
	add((*workload.Duration)(&k.options.Duration), "duration", "d", "time that is measured in each live run", "", "2s", "1s")
	add((*seedValue)(&k.options.Seed), "seed", "", "of the workload", "", "7", "42")
	words := k.out.declare(k.b)
	words["network"] = networks
	for _, p := range protocols {
		words["protocol"] = append(words["protocol"], p.Name)
	}
	flags.Lookup("store").Hidden = true
	flags.Lookup("output").Annotations = map[string][]string{exampleOf: {"cost.json"}}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { calibrateHelp(c.OutOrStdout(), k.b) })
	for flag, list := range words {
		if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic("cmd: " + err.Error()) // no such flag
		}
	}
	return c
}

func calibrateHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprint(w, `Carry out short live runs, from one node to five, with short and long commands,
batched and not, and find by least squares what a frame, a byte, an entry and a
command cost on this machine. Then hold the model against runs that it was not
fitted to. The file is for consbench run --cost, in virtual time.

Usage:
  consbench calibrate [flags]

Examples:
  consbench calibrate -o cost.json
  consbench calibrate --network inproc -p multipaxos -d 3s -o inproc.json
  consbench run --cost cost.json -n 101 --rate 10k/s
  consbench run --cost cost.json --cores 2 --delay 10us --clients 256
`)
	for _, group := range []string{"Calibration", "Output"} {
		fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
	}
	fmt.Fprint(w, `
It takes half a minute and wants the machine for itself. Exit status: 0 good,
1 failed, 2 usage, 130 interrupted (half a calibration is none).
`)
}

func (k *calibrating) run(ctx context.Context, stdout, stderr io.Writer) error {
	ctx, job, err := k.out.begin(ctx, stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	job.store = nil // whatever CONSBENCH_STORE says: a model is no result
	adoptFloors("")
	k.options.Progress = func(done, of int, run string) {
		job.progress.steps(fmt.Sprintf("run %d of %d: %s", done+1, of, run))
	}
	file, err := calibrate.Run(ctx, k.options, k.protocols)
	job.done()
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, bench.ErrInterrupted):
		return &failure{job.status(), errors.New("interrupted: half a calibration is none, and nothing is saved")}
	case err != nil:
		return failed(err)
	}
	err = job.save(file)
	cfg := bench.Defaults()
	env := bench.Describe(&cfg)
	env.Floors = bench.Floors("")
	var shown error
	if k.out.format == "json" {
		shown = report.JSON(stdout, file)
	} else {
		shown = report.Calibration(stdout, file, env, k.out.look(stdout, k.rerun()))
	}
	if shown != nil {
		shown = fmt.Errorf("standard output: %w", shown)
	}
	if err = errors.Join(err, shown); err != nil {
		return failed(err)
	}
	return nil
}

// rerun is the command that calibrates anew.
func (k *calibrating) rerun() []string {
	parts := []string{"consbench", "calibrate"}
	k.b.flags["Calibration"].VisitAll(func(f *pflag.Flag) {
		if k.b.given(f.Name) {
			parts = append(parts, "--"+f.Name+" "+quote(f.Value.String()))
		}
	})
	return parts
}

// steps tells what is being done.
func (p *progress) steps(text string) {
	switch {
	case p.w == nil:
	case p.columns > 0:
		p.note(text)
	case p.now().Sub(p.last) >= plainEvery:
		p.last = p.now()
		fmt.Fprintln(p.w, report.Clean(text))
	}
}
