package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/export"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
)

// gating is a gate as it was asked for.
type gating struct {
	b            *binding
	out          output
	baselines    pathsValue
	trials       []gate.Trials // of the baselines that are of consbench elections
	against      string
	thresholds   thresholdsValue
	update       bool
	selfTest     bool
	verbose      bool
	inconclusive string
	budget       time.Duration
	pairs        int

	protocols      []smr.Protocol
	stdout, stderr io.Writer
}

func newGate(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	k := &gating{protocols: protocols, stdout: stdout, stderr: stderr, inconclusive: "fail", budget: defaultBudget, pairs: livePairs}
	c := &cobra.Command{
		Use:   "gate --baseline FILE | --against REV [SCENARIO] | --self-test [flags]",
		Short: "hold this build against a baseline or a revision",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return nil
			case len(args) > 1 && isScenario(args[0]):
				return fmt.Errorf("unexpected argument %q: a gate runs one scenario", args[1])
			case isScenario(args[0]):
				return nil
			case nearest.Of(args[0], scenario.Names()) != "":
				return fmt.Errorf("unexpected argument %q: did you mean the scenario %s?", args[0], nearest.Of(args[0], scenario.Names()))
			}
			return fmt.Errorf("unexpected argument %q: did you mean --baseline %s?", args[0], quote(args[0]))
		},
		RunE:              func(c *cobra.Command, args []string) error { return k.run(c, args) },
		ValidArgsFunction: completeScenarios,
	}
	flags := c.Flags()
	flags.SortFlags = false
	k.b = bind(flags)
	k.b.offer(protocols)
	k.declare()
	words := k.out.declare(k.b)
	flags.Lookup("output").Usage = "save the verdict; - is standard output"
	flags.Lookup("output").Annotations = map[string][]string{exampleOf: {"gate.json"}}
	words["inconclusive"] = []string{"fail", "warn"}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { gateHelp(c.OutOrStdout(), k.b) })
	complete(c, protocols, words)
	return c
}

// run finds out what is to be done and does it.
func (k *gating) run(c *cobra.Command, args []string) error {
	switch {
	case k.against != "" || k.selfTest:
		if err := k.b.configure(args); err != nil {
			return err
		}
	case len(args) > 0:
		return fmt.Errorf("%s: a scenario goes with --against; a baseline brings its own configuration: consbench run %s -o baseline.json makes one", args[0], quote(args[0]))
	}
	cfg, err := k.check(c)
	if err != nil {
		return err
	}
	sources, err := k.sources()
	if err != nil {
		return err
	}
	ctx, job, err := k.out.begin(c.Context(), k.stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	progress := job.progress
	g := gate.New()
	var errs []error
	switch {
	case k.update:
		errs = k.rewrite(ctx, g, sources, progress)
	case k.selfTest:
		errs = k.test(ctx, g, cfg, progress)
	default:
		errs = k.exact(ctx, g, sources, progress)
		if k.against != "" && g.Verdict != gate.Interrupted {
			errs = append(errs, k.revision(ctx, g, cfg, progress)...)
		}
	}
	job.done()
	if g.Verdict == gate.Misused {
		return errors.Join(errs...) // nothing to show: it was not what was asked for
	}
	gate.Conclude(g)
	g.Exit = k.status(g, job.status())
	if err := job.save(g); err != nil {
		errs = append(errs, err)
		g.Exit = worse(g.Exit)
	}
	if err := k.show(g); err != nil {
		errs = append(errs, fmt.Errorf("standard output: %w", err))
		g.Exit = worse(g.Exit)
	}
	if err := export.GitHub(k.stderr, os.Getenv, g); err != nil {
		say(k.stderr, err.Error()) // the verdict stands
	}
	if g.Exit == exitGood {
		return nil
	}
	return &failure{g.Exit, errors.Join(errs...)}
}

// worse is the status of what succeeded but could not be said.
func worse(status int) int {
	if status == exitGood {
		return exitFailed
	}
	return status
}

func (k *gating) show(g *result.Gate) error {
	if k.out.format == "json" {
		return report.JSON(k.stdout, g)
	}
	return report.Gate(k.stdout, g, report.Options{
		Width: width(k.stdout), Color: colored(k.out.color, k.stdout, os.LookupEnv),
	}, k.verbose)
}

// status is the exit status that a verdict deserves.
func (k *gating) status(g *result.Gate, signalled int) int {
	switch g.Verdict {
	case gate.Pass, gate.Updated, gate.Caught:
		return exitGood
	case gate.Fail:
		return exitGate
	case gate.Inconclusive:
		if k.inconclusive == "warn" {
			return exitGood
		}
		return exitInconclusive
	case gate.Incorrect:
		return exitIncorrect
	case gate.Interrupted:
		return signalled
	case gate.Missed:
		return exitGate
	case gate.Misused:
		return exitUsage
	}
	return exitFailed
}

// sources reads the baselines. Of several mistakes it reports all.
func (k *gating) sources() ([]gate.Source, error) {
	var paths []string
	var errs []error
	for _, path := range k.baselines {
		files, err := expand(path)
		paths, errs = append(paths, files...), append(errs, err)
	}
	var sources []gate.Source
	virtual := 0
	for _, path := range paths {
		if result.HoldsElections(path) {
			n, err := k.election(path)
			errs = append(errs, err)
			virtual += n
			continue
		}
		s, err := k.source(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sources = append(sources, s)
		virtual += s.Virtual()
	}
	if err := errors.Join(errs...); err != nil || len(paths) == 0 {
		return nil, err
	}
	switch {
	case virtual > 0:
	case len(sources) == 0:
		return nil, fmt.Errorf("%s: no trials in virtual time, and live ones cannot be repeated exactly: use consbench elections --network sim -o FILE", paths[0])
	default:
		return nil, fmt.Errorf("%s: no virtual run, and live ones cannot be repeated exactly: use consbench run --network sim -o FILE, or --against REV", paths[0])
	}
	if k.against == "" {
		errs = gate.Matches(sources, k.thresholds.list, k.trials...)
	}
	return sources, errors.Join(errs...)
}

// source reads one baseline. One that is to be replaced need only say what to run.
func (k *gating) source(path string) (gate.Source, error) {
	load, stored := result.Load, bench.Stored
	if k.update {
		load = result.LoadLeniently
		stored = func(f *result.File, known []smr.Protocol) (bench.Config, error) {
			return bench.StoredLeniently(f.Config, known)
		}
	}
	file, err := load(path)
	if err != nil {
		return gate.Source{}, err
	}
	s := gate.Source{Name: path, File: file}
	if s.Config, err = stored(file, k.protocols); err != nil {
		var each []error
		for _, e := range flatten(err) {
			each = append(each, fmt.Errorf("%s: %w", path, e))
		}
		return s, errors.Join(each...)
	}
	if !k.update {
		err = s.Usable()
	}
	return s, err
}

// election reads a baseline of consbench elections, and counts its settings in virtual
// time.
func (k *gating) election(path string) (virtual int, err error) {
	file, err := result.LoadElections(path)
	if err != nil {
		return 0, err
	}
	t := gate.Trials{Name: path, File: file}
	if err = t.Check(k.protocols); err == nil && !k.update {
		err = t.Usable()
	}
	k.trials = append(k.trials, t)
	return t.Virtual(), err
}

// expand is the result files that path stands for: itself, or those in a directory.
func expand(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil // loading it tells what is wrong
	}
	files, err := filepath.Glob(filepath.Join(path, "*.json"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: a directory without result files (*.json)", path)
	}
	slices.Sort(files)
	return files, err
}

// exact repeats the virtual runs of the baselines and holds them against these.
func (k *gating) exact(ctx context.Context, g *result.Gate, sources []gate.Source, progress *progress) []error {
	var errs []error
	for i := range sources {
		s := &sources[i]
		g.Baselines = append(g.Baselines, s.Name)
		g.Skipped = append(g.Skipped, s.Skipped()...)
		if s.Virtual() == 0 {
			continue
		}
		fresh, err := gate.Repeat(ctx, s, gate.Runner(runBench), k.protocols, progress.update)
		if err != nil {
			errs = append(errs, err)
			if gate.Blame(g, err); g.Interrupted {
				return errs
			}
			continue
		}
		rows, skipped := gate.Exact(s, fresh, k.thresholds.list)
		g.Rows, g.Skipped = append(g.Rows, rows...), append(g.Skipped, skipped...)
	}
	for i := range k.trials {
		t := &k.trials[i]
		g.Baselines = append(g.Baselines, t.Name)
		g.Skipped = append(g.Skipped, t.Skipped()...)
		if t.Virtual() == 0 {
			continue
		}
		fresh, err := t.Repeat(ctx, k.protocols, progress.setting)
		if err != nil {
			errs = append(errs, err)
			if gate.Blame(g, err); g.Interrupted {
				return errs
			}
			continue
		}
		g.Rows = append(g.Rows, t.Exact(fresh, k.thresholds.list)...)
	}
	return errs
}

// rewrite repeats the runs of the baselines and replaces these.
func (k *gating) rewrite(ctx context.Context, g *result.Gate, sources []gate.Source, progress *progress) []error {
	type replacement struct {
		target *target
		file   any
	}
	var all []replacement
	var errs []error
	for i := range sources {
		s := &sources[i]
		g.Baselines = append(g.Baselines, s.Name)
		if s.Virtual() == 0 {
			continue
		}
		target, err := openTarget(s.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("--update: %w", err))
			gate.Blame(g, gate.ErrReplace)
			continue
		}
		fresh, err := gate.Repeat(ctx, s, gate.Runner(runBench), k.protocols, progress.update)
		if err != nil {
			errs = append(errs, err)
			if gate.Blame(g, err); g.Interrupted {
				break
			}
			continue
		}
		g.Rows = append(g.Rows, gate.Changes(s, fresh)...)
		all = append(all, replacement{target, s.Replacement(fresh)})
	}
	for i := range k.trials {
		t := &k.trials[i]
		g.Baselines = append(g.Baselines, t.Name)
		if g.Interrupted {
			break
		}
		if t.Virtual() == 0 {
			continue
		}
		target, err := openTarget(t.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("--update: %w", err))
			gate.Blame(g, gate.ErrReplace)
			continue
		}
		fresh, err := t.Repeat(ctx, k.protocols, progress.setting)
		if err != nil {
			errs = append(errs, err)
			gate.Blame(g, err)
			continue
		}
		g.Rows = append(g.Rows, t.Changes(fresh)...)
		all = append(all, replacement{target, t.Replacement(fresh)})
	}
	if len(errs) > 0 {
		return append(errs, errors.New("--update: no baseline was replaced"))
	}
	for _, r := range all {
		if err := r.target.replace(func(w io.Writer) error { return report.JSON(w, r.file) }); err != nil {
			errs = append(errs, fmt.Errorf("--update: %w", err))
			gate.Blame(g, gate.ErrReplace)
		}
	}
	if len(errs) == 0 {
		g.Verdict = gate.Updated
	}
	return errs
}

// thresholdsValue collects thresholds.
type thresholdsValue struct{ list []stat.Threshold }

func (v *thresholdsValue) Set(s string) error {
	t, err := stat.ParseThreshold(s)
	if err != nil {
		return err
	}
	v.list = append(v.list, t)
	return nil
}
func (v *thresholdsValue) String() string { return "" }
func (*thresholdsValue) Type() string     { return "metric<=limit" }

// pathsValue collects names of files.
type pathsValue []string

func (v *pathsValue) Set(s string) error {
	if s == "" {
		return errors.New("needs the name of a result file, such as results/baseline")
	}
	if !contains(*v, s) {
		*v = append(*v, s)
	}
	return nil
}
func (v *pathsValue) String() string { return "" }
func (*pathsValue) Type() string     { return "file" }
