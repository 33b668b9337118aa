package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

const (
	// MinElections is how many elections a side must have had before their times
	// are judged.
	MinElections = 30
	// maxSeeds ends the search for them.
	maxSeeds = 200
	maxSides = 26 // they go by letters
	// hopeless is after how many runs, all failed, a side is given up: a run that
	// fails may take a minute to do so.
	hopeless = 3
)

// Side is one of those compared.
type Side struct {
	Name   string
	Config bench.Config // one protocol
	Path   string       // of File
	File   *result.File // recorded: its runs stand for the side's, none is made
}

// Options say how sides are compared.
type Options struct {
	Pairs       int // of live runs; in virtual time seeds, more if elections are too few
	Differences []result.Difference
	// Run carries out one run, as [bench.Run] does.
	Run      func(context.Context, bench.Config, bench.Progress) (*result.File, error)
	Progress bench.Progress
}

// Check reports what keeps sides from being compared.
func Check(sides []Side) error {
	if len(sides) < 2 {
		return errors.New("a comparison needs two sides, such as: consbench compare raft multipaxos")
	}
	if len(sides) > maxSides {
		return fmt.Errorf("%d sides are more than %d", len(sides), maxSides)
	}
	for _, s := range sides[1:] {
		if virtual(&s) != virtual(&sides[0]) {
			return fmt.Errorf("%s is in virtual time and %s is not: they have no time in common",
				pick(virtual(&s), s.Name, sides[0].Name), pick(virtual(&s), sides[0].Name, s.Name))
		}
	}
	return nil
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func virtual(s *Side) bool { return s.Config.Network == bench.NetworkSim }

// Run compares sides, the first with each of the others. When ctx ends it, the
// pairs that were finished are compared and the error is [bench.ErrInterrupted].
func Run(ctx context.Context, sides []Side, o Options) (*result.Comparison, error) {
	if err := Check(sides); err != nil {
		return nil, err
	}
	r := &runner{ctx: ctx, sides: sides, o: o, c: &result.Comparison{
		Schema: result.ComparisonSchema, Started: time.Now().UTC().Format(time.RFC3339),
		Exact: virtual(&sides[0]), Pairs: o.Pairs,
		Confidence: stat.DefaultConfidence, Power: stat.DefaultPower, Tolerance: stat.DefaultTolerance,
		Differences: o.Differences,
	}}
	if r.o.Progress == nil {
		r.o.Progress = func(bench.Update) {}
	}
	if r.c.Differences == nil {
		r.c.Differences = []result.Difference{}
	}
	for _, s := range sides {
		raw, err := json.Marshal(s.Config)
		if err != nil {
			return nil, err
		}
		r.c.Sides = append(r.c.Sides, result.Side{
			Name: s.Name, File: s.Path, Protocol: s.Config.Protocols[0], Network: s.Config.Network, Config: raw, Samples: []result.Sample{},
		})
	}
	for i := range sides {
		if f := sides[i].File; f != nil {
			r.recorded(i, f)
		}
	}
	err := r.fresh()
	Judge(r.c)
	r.c.Notes = r.notes()
	return r.c, err
}

type runner struct {
	ctx   context.Context
	sides []Side
	o     Options
	c     *result.Comparison

	ran      bool // something here: the environment is ours
	extended bool // by seeds that nobody asked for
}

// recorded takes over the runs of a file. In virtual time a run belongs to its
// seed, live to its place in the file.
func (r *runner) recorded(i int, f *result.File) {
	if r.c.Environment.Go == "" {
		r.c.Environment = f.Environment
	}
	pair := 0
	for j := range f.Runs {
		run := &f.Runs[j]
		if run.Protocol != r.sides[i].Config.Protocols[0] {
			continue
		}
		s := SampleOf(run, pair)
		if r.c.Exact {
			s.Pair = int(run.Seed - r.firstSeed())
		}
		r.add(i, s)
		pair++
	}
}

// firstSeed is that of pair 0.
func (r *runner) firstSeed() uint64 {
	for _, s := range r.sides {
		if s.File == nil {
			return s.Config.Seed
		}
	}
	return r.sides[0].Config.Seed
}

// SampleOf is what a comparison keeps of a run.
func SampleOf(run *result.Run, pair int) result.Sample {
	s := result.Sample{Pair: pair, Seed: run.Seed, Status: result.Good}
	switch {
	case run.Error != "":
		s.Status, s.Detail = result.Failed, run.Error
	case run.Interrupted:
		s.Status = result.Unfinished
	case !run.Verdict.Correct:
		s.Status = result.Incorrect
		for _, c := range run.Verdict.Checks {
			if !c.OK {
				s.Detail = strings.TrimSuffix(c.Name+": "+c.Detail, ": ")
				break
			}
		}
	}
	if s.Status != result.Good {
		return s
	}
	s.Values, s.Elections, s.Never = map[string]float64{}, map[string][]int64{}, map[string]int{}
	for _, f := range run.Faults {
		if f.Skipped == "" {
			s.Faults++
		}
	}
	for _, e := range run.Elections {
		if e.Crash != nil {
			s.Caused++
		}
	}
	for _, m := range measure.Metrics() {
		if values, never, known := report.Elections(run, m.Name); known {
			s.Elections[m.Name] = values
			if never > 0 {
				s.Never[m.Name] = never
			}
		}
		if v, known := report.Value(run, m.Name); known {
			s.Values[m.Name] = v
		}
	}
	return s
}

// add counts a sample. A good one of the warm-up is nothing to keep.
func (r *runner) add(i int, s result.Sample) {
	side := &r.c.Sides[i]
	switch s.Status {
	case result.Good:
		if s.Pair < 0 && !r.c.Exact {
			return
		}
		side.Good++
	case result.Incorrect:
		side.Incorrect++
	case result.Failed:
		side.Failed++
	default:
		side.Interrupted++
	}
	side.Samples = append(side.Samples, s)
}

// fresh carries out the runs of the sides that have no file.
func (r *runner) fresh() error {
	var own []int
	for i := range r.sides {
		if r.sides[i].File == nil {
			own = append(own, i)
		}
	}
	if len(own) == 0 {
		return nil
	}
	first := 0
	if !r.c.Exact {
		first = -1 // the warm-up
	}
	for pair := first; pair < r.o.Pairs || r.wanting(pair); pair++ {
		r.extended = pair >= r.o.Pairs
		for k := range own {
			i := own[k]
			if pair > 0 && stat.First(pair) != 0 {
				i = own[len(own)-1-k]
			}
			if err := r.one(i, pair); err != nil {
				r.c.Interrupted = true
				return err
			}
		}
	}
	return nil
}

// wanting reports whether further seeds would fill up the elections. It has only
// the sides that had some to go by: there are protocols without a leader.
func (r *runner) wanting(pairs int) bool {
	if !r.c.Exact || pairs >= maxSeeds {
		return false
	}
	with, few := 0, false
	for _, s := range r.c.Sides {
		if n := caused(&s); n > 0 {
			with++
			few = few || n < MinElections
		}
	}
	return with > 1 && few
}

// caused is the elections that faults caused in the good runs of a side.
func caused(s *result.Side) int {
	n := 0
	for _, sample := range s.Samples {
		n += sample.Caused
	}
	return n
}

// one carries out a run. Its error means that all is to end.
func (r *runner) one(i, pair int) error {
	side := &r.c.Sides[i]
	if side.Good == 0 && side.Failed >= hopeless {
		return nil
	}
	cfg := r.sides[i].Config
	if pair > 0 {
		cfg.Seed += uint64(pair)
	}
	file, err := r.o.Run(r.ctx, cfg, func(u bench.Update) {
		switch {
		case pair < 0:
			u.Protocol = "warm-up, " + side.Name
		case r.c.Exact:
			u.Protocol = fmt.Sprintf("seed %d, %s", cfg.Seed, side.Name)
		default:
			u.Protocol = fmt.Sprintf("pair %d of %d, %s", pair+1, r.o.Pairs, side.Name)
		}
		r.o.Progress(u)
	})
	switch {
	case file != nil && len(file.Runs) > 0:
		if !r.ran {
			r.c.Environment, r.ran = file.Environment, true
		}
		r.add(i, SampleOf(&file.Runs[0], pair))
	case err != nil && !errors.Is(err, bench.ErrInterrupted):
		r.add(i, result.Sample{Pair: pair, Seed: cfg.Seed, Status: result.Failed, Detail: err.Error()})
	}
	if errors.Is(err, bench.ErrInterrupted) || r.ctx.Err() != nil {
		return bench.ErrInterrupted
	}
	return nil
}
