package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// metrics are those of gate's default limits.
var metrics = func() (names []string) {
	for _, t := range gate.Defaults() {
		names = append(names, t.Metric.Name)
	}
	return names
}()

// Pair is what a pair of runs measured: old and new, by metric in the order of
// Trial.Metrics.
type Pair struct {
	Old     []float64 `json:"old"`
	New     []float64 `json:"new"`
	Swapped bool      `json:"swapped,omitempty"` // new was first
}

// Counts are verdicts on comparisons. One with an incorrect run failed.
type Counts struct {
	Comparisons  int `json:"comparisons"`
	Failed       int `json:"failed"`
	Inconclusive int `json:"inconclusive"`
	Passed       int `json:"passed"`
	Seconds      int `json:"second_batches"` // of comparisons that a first batch failed
}

// Comparison is one live verdict.
type Comparison struct {
	Verdict string           `json:"verdict"`
	Error   string           `json:"error,omitempty"`
	Second  bool             `json:"second_batch"`
	Rows    []result.GateRow `json:"rows"`
}

// Effect is a change of throughput.
type Effect struct {
	Burn  time.Duration `json:"burn_ns"` // more processor time in every proposal
	Pairs int           `json:"pairs"`
	Fall  float64       `json:"fall"` // share by which throughput fell
	Low   float64       `json:"low"`
	High  float64       `json:"high"`
}

// Trial is the whole experiment.
type Trial struct {
	Schema      string             `json:"schema"`
	Started     string             `json:"started"`
	Environment result.Environment `json:"environment"`
	Settings    Settings           `json:"settings"`
	Config      bench.Config       `json:"config"`
	Metrics     []string           `json:"metrics"`
	Took        time.Duration      `json:"took_ns"`

	Live      Counts             `json:"live"`
	Broken    []string           `json:"broken"` // comparisons that could not be carried out and were repeated
	Resampled Counts             `json:"resampled"`
	Blocks    Counts             `json:"resampled_blocks"`
	Follows   map[string]float64 `json:"follows"`      // correlation of the log-ratios of neighbouring pairs
	Second    map[string]Bounds  `json:"second_place"` // ratio of the second run of a pair to the first

	Sees            float64  `json:"sees"` // fall of throughput that live comparisons said they would catch, median
	Calibration     []Effect `json:"calibration"`
	Injected        Effect   `json:"injected"`
	Caught          Counts   `json:"caught"`
	CaughtLooking   Counts   `json:"caught_with_all_looks"`
	LiveCaught      Counts   `json:"caught_live"`
	Verdict         string   `json:"verdict"` // held, failed, or "" as long as it is not finished or proves nothing
	Why             []string `json:"why"`     // of failed
	Comparisons     []Comparison
	LiveInjected    []Comparison
	Pairs           []Pair `json:"pairs"`            // of a protocol with itself
	Changed         []Pair `json:"injected_pairs"`   // of it with itself made slower
	CalibratedPairs int    `json:"calibrated_pairs"` // of the calibration
}

// Bounds are an estimate with bounds of 95 %.
type Bounds struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func newTrial(s Settings) Trial {
	c := s.config()
	t := Trial{
		Schema: schema, Started: time.Now().UTC().Format(time.RFC3339), Environment: bench.Describe(&c), Settings: s, Config: c, Metrics: metrics,
		Comparisons: []Comparison{}, LiveInjected: []Comparison{}, Pairs: []Pair{}, Changed: []Pair{}, Calibration: []Effect{}, Why: []string{}, Broken: []string{},
	}
	t.Environment.Floors = bench.Floors(c.Dir)
	return t
}

// experiment is a trial under way.
type experiment struct {
	Trial
	run   func(ctx context.Context, c bench.Config, burn time.Duration) (*result.File, error)
	save  func(*Trial) error
	log   io.Writer
	began time.Time

	now     func() time.Time
	until   time.Time     // the budget of this call is spent
	entries float64       // a second, of the last run
	pair    time.Duration // that the last one took
}

// errTime says that the budget is spent. What was measured is kept.
var errTime = errors.New("the time is up: -resume goes on from here (with -budget)")

func (e *experiment) say(format string, args ...any) {
	if e.log != nil {
		fmt.Fprintf(e.log, "%6.0fs  %s\n", e.now().Sub(e.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// all carries out what is still to be done.
func (e *experiment) all(ctx context.Context) error {
	if e.now == nil {
		e.now = time.Now
	}
	e.began, e.until = e.now().Add(-e.Took), e.now().Add(e.Settings.Budget)
	keep := func() error {
		e.Took = e.now().Sub(e.began).Round(time.Second)
		return e.save(&e.Trial)
	}
	// What a pair takes, and how often the protocol proposes; the first is slow.
	for range 2 {
		if _, err := e.record(ctx, 0, 1); err != nil {
			return errors.Join(err, keep())
		}
	}
	e.say("a pair of runs takes %v: about %v for all", e.pair.Round(time.Millisecond), (time.Duration(e.left()) * e.pair).Round(time.Second))
	for len(e.Comparisons) < e.Settings.Comparisons {
		c, pairs, err := e.compare(ctx, 0)
		if err != nil {
			return errors.Join(err, keep())
		}
		if c.Error != "" && c.Verdict != stat.Fail.String() {
			e.Broken = append(e.Broken, c.Error)
			e.say("comparison %d could not be carried out and is repeated: %s", len(e.Comparisons)+1, c.Error)
			if err := keep(); err != nil || len(e.Broken) > mostBroken {
				return errors.Join(fmt.Errorf("%d comparisons could not be carried out, the last: %s", len(e.Broken), c.Error), err)
			}
			continue
		}
		e.Comparisons, e.Pairs = append(e.Comparisons, c), append(e.Pairs, pairs...)
		e.Live.add(c.Verdict, c.Second)
		e.say("comparison %d of %d: %s; %v of %v left", len(e.Comparisons), e.Settings.Comparisons, c.Verdict, e.until.Sub(e.now()).Round(time.Second), e.Settings.Budget)
		if err := keep(); err != nil {
			return err
		}
	}
	if len(e.Pairs) == 0 {
		return errors.New("no comparison could be carried out: " + e.Comparisons[0].Error)
	}
	e.describe()
	e.say("drawing comparisons from %d pairs", len(e.Pairs))
	e.Resampled = e.resample(ctx, e.Pairs, 1, 0, 1)
	e.Blocks = e.resample(ctx, e.Pairs, block, 0, 2)
	e.say("resampled: %d of %d failed, in blocks %d", e.Resampled.Failed, e.Resampled.Comparisons, e.Blocks.Failed)
	if err := e.inject(ctx, keep); err != nil {
		return errors.Join(err, keep())
	}
	e.judge()
	return keep()
}

// mostBroken comparisons may be repeated.
const mostBroken = 3

// left is the work that is still to be done, in pairs.
func (e *experiment) left() int {
	s := &e.Settings
	n := (s.Comparisons - len(e.Comparisons)) * (s.Pairs + 1)
	if len(e.Changed) == 0 {
		n += 6*s.Pairs + s.Injected
	}
	return n + (s.LiveInjected-len(e.LiveInjected))*(2*s.Pairs+1)
}

// share is the time for work of that many pairs: as large a part of what is left of
// the budget as of the work.
func (e *experiment) share(pairs int) time.Duration {
	return e.until.Sub(e.now()) / time.Duration(max(e.left(), 1)) * time.Duration(pairs)
}

// compare is one comparison as gate makes it in its share of the time, the new side
// slower by burn. It is looked at once: more looks are for the drawn ones.
func (e *experiment) compare(ctx context.Context, burn time.Duration) (Comparison, []Pair, error) {
	if !e.now().Before(e.until) {
		return Comparison{}, nil, errTime
	}
	r := &recorder{e: e}
	share := 2 * e.share(e.Settings.Pairs+1) // of which a first batch gets half
	if burn > 0 {
		share = e.share(2*e.Settings.Pairs + 1)
	}
	// With fewer pairs than that it would prove little: rather go on another time.
	least := min(leastPairs, e.Settings.Pairs)
	share = min(max(share, time.Duration(2*least+2)*e.pair*11/10), e.until.Sub(e.now()))
	rows, err := gate.Measured(ctx, gate.Trial{
		Source: "itself", Config: e.Config, Old: r.program(0, 0), New: r.program(1, burn), Looks: 1,
		Thresholds: gate.Defaults(), Pairs: e.Settings.Pairs, Deadline: e.now().Add(share), Now: e.now,
	})
	switch {
	case errors.Is(err, bench.ErrInterrupted):
		return Comparison{}, nil, err
	case errors.Is(err, gate.ErrBudget):
		return Comparison{}, nil, fmt.Errorf("%w: %w", errTime, err)
	}
	r.runs = r.runs[min(2, len(r.runs)):] // without the warm-up
	c := Comparison{Verdict: verdict(rows), Second: twice(rows), Rows: rows}
	if err != nil {
		c.Verdict, c.Error = gate.Broken, err.Error()
	}
	if errors.Is(err, gate.ErrIncorrect) {
		c.Verdict = stat.Fail.String()
	}
	return c, r.pairs(), nil
}

// twice reports whether a second batch was made.
func twice(rows []result.GateRow) bool {
	return slices.ContainsFunc(rows, func(r result.GateRow) bool { return r.Batches > 1 })
}

// verdict is that of a gate with these rows.
func verdict(rows []result.GateRow) string {
	v := stat.Pass.String()
	for _, r := range rows {
		switch r.Outcome {
		case stat.Fail.String():
			return r.Outcome
		case stat.Inconclusive.String():
			v = r.Outcome
		}
	}
	return v
}

func (c *Counts) add(verdict string, second bool) {
	c.Comparisons++
	switch verdict {
	case stat.Pass.String():
		c.Passed++
	case stat.Inconclusive.String():
		c.Inconclusive++
	default:
		c.Failed++
	}
	if second {
		c.Seconds++
	}
}

// recorder keeps what runs measured, in the order in which they were made.
type recorder struct {
	e    *experiment
	runs []measured
}

type measured struct {
	side   int
	values []float64
}

func (r *recorder) program(side int, burn time.Duration) gate.Program {
	return func(ctx context.Context, c bench.Config) (*result.File, error) {
		file, err := r.e.run(ctx, c, burn)
		if err != nil {
			return nil, err
		}
		m := measured{side: side}
		for i := range file.Runs {
			run := &file.Runs[i]
			for _, name := range r.e.Metrics {
				if v, known := report.Value(run, name); known { // a pair that lacks one is not kept
					m.values = append(m.values, v)
				}
			}
			if burn == 0 && run.Measured > 0 {
				r.e.entries = float64(run.Totals.Entries) / time.Duration(run.Measured).Seconds()
			}
		}
		r.runs = append(r.runs, m)
		return file, nil
	}
}

// pairs are the runs two by two.
func (r *recorder) pairs() []Pair {
	var out []Pair
	for i := 0; i+1 < len(r.runs); i += 2 {
		a, b := r.runs[i], r.runs[i+1]
		swapped := a.side == 1
		if swapped {
			a, b = b, a
		}
		if n := len(r.e.Metrics); len(a.values) == n && len(b.values) == n {
			out = append(out, Pair{a.values, b.values, swapped})
		}
	}
	return out
}
