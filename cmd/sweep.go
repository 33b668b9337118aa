package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/sweep"
	"github.com/consbench/consbench/bench/workload"
)

// Defaults of sweeps.
const (
	liveRepeat    = 3
	liveDuration  = 2 * time.Second
	liveWarmup    = 500 * time.Millisecond
	livePrecision = 0.05
	simPrecision  = 0.02
	findRange     = "rate=1k/s..1M/s"
	freeRange     = "rate=1k/s..64k/s" // where work costs nothing a higher load says nothing more
)

// sweeping is a sweep as it was asked for.
type sweeping struct {
	b         *binding
	out       output
	over      []string
	objective []string
	precision float64
	metrics   listValue
	jobs      int

	protocols []smr.Protocol
}

const sweepAbout = `Run over the values of one or two settings and show throughput and latency at
each: the curve, its knee, and where load becomes overload. With --find-max look
for the highest value that keeps to an objective.`

const sweepExamples = `  consbench sweep -p raft,multipaxos --over clients=1..1024:log11
  consbench sweep --network inproc --over rate=10k..1M:log8
  consbench sweep --cost example --over rate=10k..1M:log8
  consbench sweep --network tcp --over clients=1,4,16 --over size=64B,16KiB
  consbench sweep --over nodes=3,5,7,9 --over delay=1ms,10ms
  consbench sweep --network inproc --find-max 'p99<=5ms' --over rate=10k..2M`

const sweepGrammar = `
Values, for every flag below that is a number; of words there are only lists:
  --over clients=1,2,4,8         a list
  --over rate=1k..100k:log8      8 values, each as many times the one before
  --over delay=1ms..10ms:lin4    4 values, equally far apart
  --over rate=1k..100k           with --find-max: the range that is searched;
                                 1k..1M without one, 1k..64k in virtual time
                                 without --cost, where load meets no limit
The first --over runs along the curves; a second makes a curve for each value.
`

// sweepGroups is the order of the groups of flags in the help.
var sweepGroups = append([]string{"Sweep"}, groups...)

func newSweep(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	k := &sweeping{protocols: protocols, jobs: runtime.GOMAXPROCS(0)}
	c := &cobra.Command{
		Use:   "sweep --over SETTING=VALUES [flags]",
		Short: "run over values of a setting: curves, knees, the highest load",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := "every setting is a flag; see consbench sweep --help"
			if strings.Contains(args[0], "=") {
				hint = "did you mean --over " + quote(args[0]) + "?"
			}
			return fmt.Errorf("unexpected argument %q: %s", args[0], hint)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			o, metrics, err := k.options(c)
			if err != nil {
				return err
			}
			return k.run(c.Context(), o, metrics, stdout, stderr)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := c.Flags()
	flags.SortFlags = false
	k.b = bind(flags)
	k.b.offer(protocols)
	flags.Lookup("listen").Hidden = true // runs would share the ports
	flags.Lookup("duration").DefValue += ", live 2s"
	flags.Lookup("warmup").DefValue += ", live 500ms"
	flags.Lookup("repeat").Usage = "runs of each point, with consecutive seeds"
	flags.Lookup("repeat").DefValue = "1, live 3"
	add := func(v pflag.Value, name, usage, kind, example, shown string) {
		k.b.add("Sweep", k.b.collect(v, name, kind), name, "", usage, example).DefValue = shown
	}
	add((*repeatedValue)(&k.over), "over", "a setting and its values; may be given twice", "setting=values", "rate=1k..100k:log8", "")
	add((*repeatedValue)(&k.objective), "find-max", "search the range of --over for the highest value with this, such as 'p99<=5ms'; all, if given again", "metric<=limit", "p99<=5ms", "")
	add((*workload.Probability)(&k.precision), "precision", "how close the bounds of the search must come", "percent", "2%", "2%, live 5%")
	add(&k.metrics, "metrics", "columns of the tables, in place of throughput and latency", "names", "throughput,p99,messages/commit", "")
	add((*intValue)(&k.jobs), "jobs", "runs in virtual time at once", "", "2", "CPUs")
	words := k.out.declare(k.b)
	words["plot"] = k.out.declarePlot(k.b)
	flags.Lookup("output").Usage = "save the sweep with all values; - is standard output"
	flags.Lookup("output").Annotations = map[string][]string{exampleOf: {"sweep.json"}}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { sweepHelp(c.OutOrStdout(), k.b) })
	complete(c, protocols, words)
	return c
}

func sweepHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench sweep --over SETTING=VALUES [flags]\n\nExamples:\n%s\n%s", sweepAbout, sweepExamples, sweepGrammar)
	for _, group := range sweepGroups {
		fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
	}
	fmt.Fprint(w, `
The knee is where throughput over mean response is highest (Kleinrock 1979). An
open loop is overloaded where it acknowledges less than 98% of what it is
offered, and what waits grows. Virtual runs are exact, and go side by side; live
ones take turns.
Exit status: 0 good, 1 failed, or no value meets the objective, 2 usage, 3 a run
was INCORRECT, 130 interrupted (the runs that were finished are kept).
`)
}

// unswept are options that are no load and no cluster.
var unswept = map[string]string{
	"protocol": "name protocols with --protocol: each has a curve",
	"repeat":   "it is the number of runs of each point: give it as --repeat",
	"seed":     "--repeat gives each point several seeds",
	"fault":    "faults are the same for all points: give them as --fault",
	"listen":   "every run of a sweep takes free ports",
	"dir":      "it changes nothing that is measured", "keep": "it changes nothing that is measured",
	"phase":          "phases have commas and blanks of their own",
	"client-regions": "its values have commas of their own",
	"network":        "real and virtual time are no points of one curve: sweep each on its own",
	"processes":      "sweep each on its own, or use consbench compare",
}

// kindOf tells what the values of a setting are.
func kindOf(setting string) (sweep.Kind, error) {
	o := optionOf(setting)
	why := unswept[setting]
	switch {
	case o == nil:
		names := slices.DeleteFunc(optionNames(), func(name string) bool { return unswept[name] != "" })
		return 0, fmt.Errorf("%q is not a setting%s", setting, orElse(nearest.Hint(setting, names), ": settings are flags of run, such as rate or clients"))
	case why != "":
		return 0, fmt.Errorf("%s cannot be swept: %s", setting, why)
	}
	switch o.value(&bench.Config{}).(type) {
	case *intValue:
		return sweep.Whole, nil
	case *workload.Rate:
		return sweep.Rate, nil
	case *workload.Size:
		return sweep.Size, nil
	case *workload.Duration:
		return sweep.Duration, nil
	case *workload.Probability:
		return sweep.Share, nil
	}
	return sweep.Word, nil
}

// options completes the flags, and returns everything that is wrong with them.
func (k *sweeping) options(c *cobra.Command) (o sweep.Options, metrics []measure.Metric, err error) {
	k.b.layers(nil, os.Environ())
	var errs []error
	wrong := func(bad bool, flag, format string, args ...any) {
		if bad && !k.b.bad[flag] {
			errs = append(errs, &bench.FieldError{Flag: flag, Msg: fmt.Sprintf(format, args...)})
		}
	}
	o = sweep.Options{Jobs: k.jobs, Precision: k.precision}
	o.Objective, errs = k.thresholds()
	wrong(k.jobs < 1 || k.jobs > 1024, "jobs", "%d is not in 1 to 1024", k.jobs)
	wrong(k.b.given("precision") && len(k.objective) == 0, "precision", "is about the search: it needs --find-max")
	wrong(k.b.given("precision") && !(k.precision >= 0.001 && k.precision <= 1), "precision", "%g%% is not in 0.1%% to 100%%", 100*k.precision)
	wrong(k.b.given("listen"), "listen", "every run of a sweep takes free ports")
	for _, name := range k.metrics {
		m, err := measure.Find(name)
		wrong(err != nil, "metrics", "%v", err)
		metrics = append(metrics, m)
	}
	if len(k.over) == 0 && len(k.objective) > 0 {
		k.over = []string{findRange}
		if !k.b.config.RanksThroughput() {
			k.over = []string{freeRange}
		}
	}
	wrong(len(k.over) == 0, "over", "say what to sweep, such as --over clients=1..64:log7")
	wrong(len(k.over) > 2, "over", "%d settings are more than two", len(k.over))
	for i, text := range k.over[:min(len(k.over), 2)] {
		a, err := sweep.ParseAxis(text, kindOf)
		search := i == 0 && len(k.objective) > 0
		switch {
		case err != nil:
			wrong(true, "over", "%v", err)
		case search && !a.Ranged():
			wrong(true, "over", "%s: a search goes through a range, such as %s=LOWEST..HIGHEST, without a list or a count", a.Setting, a.Setting)
		case !search && a.Ranged():
			wrong(true, "over", "%s: say how many values there are in %s..%s, such as :log8 or :lin8", a.Setting, a.From.Text, a.To.Text)
		case i == 1 && len(o.Over) == 1 && o.Over[0].Setting == a.Setting:
			wrong(true, "over", "%s is swept twice", a.Setting)
		case k.b.given(a.Setting):
			wrong(true, "over", "%s is swept, and given as --%s: leave one of them out", a.Setting, a.Setting)
		default:
			o.Over = append(o.Over, a)
		}
	}
	if err := errors.Join(k.b.checkDir(), k.out.check(c.Flags())); err != nil {
		errs = append(errs, err)
	}
	o.Base = k.complete()
	o.Repeat = max(1, o.Base.Repeat)
	if !k.b.given("precision") {
		o.Precision = simPrecision
		if o.Base.Network != bench.NetworkSim {
			o.Precision = livePrecision
		}
	}
	if len(errs) > 0 || len(o.Over) < len(k.over) {
		return o, nil, errors.Join(append(k.b.errs, errs...)...)
	}
	o.Curves = k.curves(o.Over)
	return o, metrics, errors.Join(append(slices.Clone(k.b.errs), k.refused(o)...)...)
}

// thresholds reads the objective.
func (k *sweeping) thresholds() (all []stat.Threshold, errs []error) {
	for _, text := range k.objective {
		for _, one := range strings.Split(text, ",") {
			t, err := stat.ParseThreshold(strings.TrimSpace(one))
			if err == nil && t.Relative {
				err = fmt.Errorf("threshold %q: a change needs something that it is a change to: give a value, such as p99<=5ms", one)
			}
			if err != nil {
				errs = append(errs, &bench.FieldError{Flag: "find-max", Msg: err.Error()})
				continue
			}
			all = append(all, t)
		}
	}
	return all, errs
}

// complete is the configuration that the points depart from.
func (k *sweeping) complete() bench.Config {
	c := &k.b.config
	if c.Network != bench.NetworkSim && len(c.Faults) == 0 { // a schedule needs its time
		if !k.b.given("duration") {
			c.Duration = liveDuration
		}
		if !k.b.given("warmup") {
			c.Warmup = liveWarmup
		}
	}
	if c.Network != bench.NetworkSim && !k.b.given("repeat") {
		c.Repeat = liveRepeat
	}
	base := *c
	dependentDefaults(&base, k.b.given)
	return base
}

// curves are the protocols, each with every value of the second setting.
func (k *sweeping) curves(over []sweep.Axis) (curves []sweep.Curve) {
	second := []sweep.Value{{}}
	if len(over) > 1 {
		second = over[1].Values
	}
	for _, protocol := range k.b.config.Protocols {
		for _, at := range second {
			curves = append(curves, sweep.Curve{Protocol: protocol, At: at.Text, Config: func(v sweep.Value) (bench.Config, error) {
				settings := [][2]string{{over[0].Setting, v.Text}}
				if len(over) > 1 {
					settings = append(settings, [2]string{over[1].Setting, at.Text})
				}
				return k.at(protocol, settings)
			}})
		}
	}
	return curves
}

// at is the configuration of one protocol with other settings.
func (k *sweeping) at(protocol string, settings [][2]string) (bench.Config, error) {
	c := k.b.copy(protocol)
	c.origins = k.b.origins
	var errs []error
	for _, s := range settings {
		if err := c.all.Set(s[0], s[1]); err != nil {
			errs = append(errs, err)
		}
	}
	cfg, err := c.resolve(k.protocols)
	return cfg, errors.Join(append(errs, err)...)
}

// refused is what is wrong with the points of a sweep: with all of them, or with some,
// which it names.
func (k *sweeping) refused(o sweep.Options) (errs []error) {
	values := o.Over[0].Values
	if o.Over[0].Ranged() {
		values = []sweep.Value{o.Over[0].From, o.Over[0].To}
	}
	if n := len(values) * len(o.Curves) * o.Repeat; n > sweep.MaxRuns {
		return []error{fmt.Errorf("--over: %s runs are more than %s", report.Count(uint64(n)), report.Count(sweep.MaxRuns))}
	}
	type mistake struct {
		where string
		count int
	}
	var order []string
	seen := map[string]*mistake{}
	points := 0
	for _, c := range o.Curves {
		for _, v := range values {
			points++
			_, err := c.Config(v)
			if err == nil {
				continue
			}
			for _, e := range flatten(err) {
				m := seen[e.Error()]
				if m == nil {
					m = &mistake{where: o.Over[0].Setting + "=" + v.Text}
					if c.At != "" {
						m.where += " " + o.Over[1].Setting + "=" + c.At
					}
					seen[e.Error()] = m
					order = append(order, e.Error())
				}
				m.count++
			}
		}
	}
	for _, text := range order {
		if m := seen[text]; m.count < points {
			text = m.where + ": " + text
		}
		errs = append(errs, errors.New(text))
	}
	return errs
}

// run carries out the sweep, saves and shows it.
func (k *sweeping) run(ctx context.Context, o sweep.Options, metrics []measure.Metric, stdout, stderr io.Writer) error {
	ctx, job, err := k.out.begin(ctx, stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	adoptFloors(o.Base.Dir)
	bench.Floors(o.Base.Dir) // before runs are side by side
	o.Progress = job.progress.sweep
	o.Run = func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
		return runBench(ctx, cfg, k.protocols, p)
	}
	file, runErr := sweep.Run(ctx, o)
	job.done()
	if file == nil {
		return failed(runErr)
	}
	status, errs := judgeSweep(file, job.status())
	file.Exit = status
	if err := job.save(file); err != nil {
		errs = append(errs, err)
		file.Exit = worse(file.Exit)
	}
	if k.out.format == "json" {
		err = report.JSON(stdout, file)
	} else {
		err = report.Sweep(stdout, file, metrics, k.out.look(stdout, k.rerun(o)))
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("standard output: %w", err))
		file.Exit = worse(file.Exit)
	}
	if file.Exit == exitGood {
		return nil
	}
	return &failure{file.Exit, errors.Join(errs...)}
}

// judgeSweep is the exit status that a sweep deserves, and what to say about it.
func judgeSweep(s *result.Sweep, signalled int) (int, []error) {
	good, incorrect := 0, 0
	detail, bad := "", false // of the first run that failed, or was INCORRECT
	var none []error
	for _, c := range s.Curves {
		for _, p := range c.Points {
			good += p.Good
			incorrect += p.Incorrect
			for _, sample := range p.Samples {
				worse := sample.Status == result.Incorrect && !bad
				if bad = bad || worse; worse || sample.Status != result.Good && detail == "" {
					detail = fmt.Sprintf("%s, %s %s, seed %d: %s", c.Protocol, s.Over[0].Setting, p.Value, sample.Seed, sample.Detail)
				}
			}
		}
		if c.Found != nil && c.Found.Value == "" && c.Found.Above != "" {
			none = append(none, fmt.Errorf("%s: even the lowest %s, %s, misses the objective", c.Protocol, s.Over[0].Setting, c.Found.Above))
		}
	}
	switch {
	case incorrect > 0:
		return exitIncorrect, []error{fmt.Errorf("%d runs INCORRECT: %s", incorrect, detail)}
	case s.Interrupted:
		return signalled, []error{errors.New("interrupted: the result covers the runs that were finished until then")}
	case good == 0:
		return exitFailed, []error{fmt.Errorf("no run was good: %s", detail)}
	case len(none) > 0:
		return exitFailed, none
	}
	return exitGood, nil
}

// rerun is the command that repeats the sweep.
func (k *sweeping) rerun(o sweep.Options) []string {
	parts := []string{"consbench", "sweep"}
	for _, text := range k.over {
		parts = append(parts, "--over "+quote(text))
	}
	for _, text := range k.objective {
		parts = append(parts, "--find-max "+quote(text))
	}
	if k.b.given("precision") {
		parts = append(parts, "--precision "+strconv.FormatFloat(math.Round(1e6*100*k.precision)/1e6, 'f', -1, 64)+"%")
	}
	if k.b.given("metrics") {
		parts = append(parts, "--metrics "+quote(k.metrics.String()))
	}
	return append(parts, Rerun(o.Base)[2:]...)
}

// sweep tells how far a sweep is.
func (p *progress) sweep(s sweep.Progress) {
	text := fmt.Sprintf("%s runs  %s", report.Count(uint64(s.Done)), s.Now)
	if s.Of > 0 {
		text = fmt.Sprintf("%s of %s runs  %s", report.Count(uint64(s.Done)), report.Count(uint64(s.Of)), s.Now)
	}
	now := p.now()
	switch {
	case p.w == nil:
	case p.columns > 0 && now.Sub(p.last) >= 50*time.Millisecond:
		p.last = now
		p.note(text)
	case p.columns == 0 && now.Sub(p.last) >= plainEvery:
		p.last = now
		fmt.Fprintln(p.w, report.Clean(text))
	}
}

// repeatedValue is texts that are given one by one.
type repeatedValue []string

func (v *repeatedValue) Set(s string) error {
	*v = append(*v, strings.TrimSpace(s))
	return nil
}
func (v *repeatedValue) String() string { return strings.Join(*v, " ") }
func (*repeatedValue) Type() string     { return "text" }
