package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// MaxRuns bounds a sweep.
const MaxRuns = 10_000

// Curve is one protocol over the values of the first axis.
type Curve struct {
	Protocol string
	At       string // value of the second axis; "" without one
	// Config is the configuration at a value of the first axis.
	Config func(Value) (bench.Config, error)
}

// Options say what is swept, and how.
type Options struct {
	Base      bench.Config // which the points depart from
	Over      []Axis       // one or two
	Curves    []Curve
	Repeat    int
	Jobs      int              // virtual runs at a time
	Objective []stat.Threshold // of a search over the first axis; none: every value is run
	Precision float64          // of a search: how far its bounds may be apart, such as 0.02
	// Run carries out one run, as [bench.Run] does.
	Run      func(context.Context, bench.Config, bench.Progress) (*result.File, error)
	Progress func(Progress)
}

// Progress tells how far a sweep is.
type Progress struct {
	Done, Of int    // runs; Of 0: not known beforehand
	Now      string // what has ended last, or goes on
}

// Run carries out a sweep. When ctx ends it, the result holds the runs that were
// finished, and the error is [bench.ErrInterrupted].
func Run(ctx context.Context, o Options) (*result.Sweep, error) {
	raw, err := json.Marshal(o.Base)
	if err != nil {
		return nil, err
	}
	r := &runner{o: o, virtual: o.Base.Network == bench.NetworkSim, file: &result.Sweep{
		Schema: result.SweepSchema, Started: time.Now().UTC().Format(time.RFC3339), Config: raw,
		Exact: o.Base.Network == bench.NetworkSim, Repeat: o.Repeat, Curves: []result.SweepCurve{}, Notes: []string{},
	}}
	r.slots = make(chan struct{}, r.workers())
	for _, a := range o.Over {
		axis := result.SweepAxis{Setting: a.Setting, Kind: a.Kind.String(), From: a.From.Text, To: a.To.Text}
		for _, v := range a.Values {
			axis.Values = append(axis.Values, v.Text)
		}
		r.file.Over = append(r.file.Over, axis)
	}
	for _, c := range o.Curves {
		r.file.Curves = append(r.file.Curves, result.SweepCurve{Protocol: c.Protocol, At: c.At, Points: []result.SweepPoint{}})
	}
	if r.virtual {
		// Runs at a time would take the percentage from each other.
		defer debug.SetGCPercent(debug.SetGCPercent(o.Base.GOGC))
	}
	if len(o.Objective) > 0 {
		r.file.Precision = o.Precision
		for _, t := range o.Objective {
			r.file.Objective = append(r.file.Objective, t.String())
		}
		err = r.search(ctx)
	} else {
		err = r.sweep(ctx)
	}
	if ctx.Err() != nil {
		r.file.Interrupted, err = true, bench.ErrInterrupted
	}
	if r.file.Environment.Go == "" {
		r.file.Environment = bench.Describe(&o.Base)
	}
	if len(o.Objective) == 0 {
		for i := range r.file.Curves {
			r.file.Curves[i].Knee = knee(r.file.Curves[i].Points, o.Over[0].Setting)
		}
	}
	r.file.Notes = append(r.file.Notes, notes(&o)...)
	return r.file, err
}

// notes are what a reader of the curves must know of how they came about.
func notes(o *Options) (out []string) {
	if o.Base.Network == bench.NetworkSim && o.Base.Cost == "" && !slices.ContainsFunc(o.Over, func(a Axis) bool { return a.Setting == "cost" }) && slices.Contains(Load, o.Over[0].Setting) {
		out = append(out, "Virtual time without a cost model: nothing waits for a processor or a network card, so load alone costs no latency and throughput has no limit here. --cost has both, and so have live networks.")
	}
	if o.Base.Rate > 0 || o.Over[0].Setting == "rate" {
		if len(o.Base.Faults) > 0 {
			out = append(out, "With faults nothing is called overload: what waits after an outage is not of the load.")
		}
	}
	if o.Base.Network != bench.NetworkSim && o.Repeat == 1 && len(o.Objective) == 0 {
		out = append(out, "One live run a point is an anecdote: --repeat tells how much the points vary.")
	}
	return out
}

type runner struct {
	o       Options
	virtual bool
	slots   chan struct{} // a run takes one

	mu   sync.Mutex // of what follows
	file *result.Sweep
	done int
	of   int
}

// sweep runs every value of every curve.
func (r *runner) sweep(ctx context.Context) error {
	type job struct{ curve, point, rep int }
	var points []job
	for i := range r.o.Curves {
		for j, v := range r.o.Over[0].Values {
			r.file.Curves[i].Points = append(r.file.Curves[i].Points, newPoint(v))
			points = append(points, job{i, j, 0})
		}
	}
	var jobs []job
	for rep := range r.o.Repeat {
		for k := range points {
			p := points[k]
			if !r.virtual && stat.First(rep) != 0 {
				p = points[len(points)-1-k]
			}
			jobs = append(jobs, job{p.curve, p.point, rep})
		}
	}
	r.of = len(jobs)
	one := func(k int) error {
		j := jobs[k]
		return r.one(ctx, j.curve, r.o.Over[0].Values[j.point], j.rep, func() *result.SweepPoint { return &r.file.Curves[j.curve].Points[j.point] })
	}
	if !r.virtual {
		if err := r.warmUp(ctx, r.o.Over[0].Values[0]); err != nil {
			return err
		}
	}
	return r.each(ctx, len(jobs), one)
}

func newPoint(v Value) result.SweepPoint {
	p := result.SweepPoint{Value: v.Text, Values: map[string]result.Middle{}, Samples: []result.SweepSample{}}
	if !math.IsNaN(v.Number) {
		p.Number = &v.Number
	}
	return p
}

// workers is how many runs there are at a time.
func (r *runner) workers() int {
	if r.virtual {
		return max(1, r.o.Jobs)
	}
	return 1
}

// each calls f for 0 to n-1: in virtual time for several at once.
func (r *runner) each(ctx context.Context, n int, f func(int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var group sync.WaitGroup
	for range min(r.workers(), n) {
		group.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

// warmUp is a run that is thrown away.
func (r *runner) warmUp(ctx context.Context, v Value) error {
	cfg, err := r.o.Curves[0].Config(v)
	if err != nil {
		return err
	}
	_, err = r.o.Run(ctx, cfg, func(bench.Update) { r.tell("warm-up") })
	if errors.Is(err, bench.ErrInterrupted) || ctx.Err() != nil {
		return bench.ErrInterrupted
	}
	return nil // the first point will say what is wrong
}

func (r *runner) tell(now string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Progress != nil {
		r.o.Progress(Progress{r.done, r.of, now})
	}
}

// name is a point for people: raft size=64B rate=1k/s.
func (r *runner) name(curve int, v Value) string {
	c := &r.o.Curves[curve]
	name := c.Protocol
	if c.At != "" {
		name += " " + r.o.Over[1].Setting + "=" + c.At
	}
	return name + " " + r.o.Over[0].Setting + "=" + v.Text
}

// one carries out a run of a point. An error ends the sweep.
func (r *runner) one(ctx context.Context, curve int, v Value, rep int, point func() *result.SweepPoint) error {
	if ctx.Err() != nil {
		return bench.ErrInterrupted
	}
	name := r.name(curve, v)
	cfg, err := r.o.Curves[curve].Config(v)
	var file *result.File
	if err == nil {
		cfg.Repeat = 1
		cfg.Seed += uint64(rep)
		r.slots <- struct{}{}
		r.tell(name)
		file, err = r.o.Run(ctx, cfg, func(bench.Update) { r.tell(name) })
		<-r.slots
	}
	s := result.SweepSample{Sample: result.Sample{Pair: rep, Seed: cfg.Seed, Status: result.Failed}}
	switch {
	case errors.Is(err, bench.ErrInterrupted) || ctx.Err() != nil:
		return bench.ErrInterrupted
	case err != nil:
		s.Detail = err.Error()
	case file == nil || len(file.Runs) == 0:
		s.Detail = "the run has no result"
	default:
		s = sampleOf(&file.Runs[0], &cfg, rep)
	}
	if r.virtual { // of several runs at a time, and of the process
		for _, m := range measure.Metrics() {
			if !m.Exact {
				delete(s.Values, m.Name)
			}
		}
	}
	r.mu.Lock()
	if file != nil && r.file.Environment.Go == "" {
		r.file.Environment = file.Environment
	}
	p := point()
	if len(p.Config) == 0 {
		cfg.Seed -= uint64(rep)
		p.Config, _ = json.Marshal(cfg)
	}
	p.Samples = append(p.Samples, s)
	slices.SortFunc(p.Samples, func(a, b result.SweepSample) int { return a.Pair - b.Pair })
	summarize(p, cfg.Rate > 0)
	r.done++
	r.mu.Unlock()
	r.tell(name)
	return nil
}
