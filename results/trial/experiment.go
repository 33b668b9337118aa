package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

const schema = "consbench.trial/v1"

// Settings say what to try.
type Settings struct {
	Protocol     string        `json:"protocol"`
	Network      string        `json:"network"`
	Clients      int           `json:"clients"`
	Pairs        int           `json:"pairs"`         // of a batch
	Comparisons  int           `json:"comparisons"`   // live, of the protocol with itself
	Resamples    int           `json:"resamples"`     // drawn from recorded pairs
	Injected     int           `json:"injected"`      // pairs recorded with the change in them
	LiveInjected int           `json:"live_injected"` // live comparisons with the change in them
	Duration     time.Duration `json:"duration_ns"`
	Warmup       time.Duration `json:"warmup_ns"`
	Seed         uint64        `json:"seed"`
	Quick        bool          `json:"quick,omitempty"` // proves nothing
}

func defaults() Settings {
	return Settings{
		Protocol: "raft", Network: bench.NetworkInproc, Clients: 64, Pairs: 20, Comparisons: 40, Resamples: 2000, Injected: 200, LiveInjected: 3,
		Duration: 200 * time.Millisecond, Warmup: 100 * time.Millisecond, Seed: 42,
	}
}

// quick is a trial of the trial.
func (s Settings) quick() Settings {
	s.Pairs, s.Comparisons, s.Resamples, s.Injected, s.LiveInjected = 8, 3, 100, 12, 1
	s.Duration, s.Warmup, s.Quick = 100*time.Millisecond, 50*time.Millisecond, true
	return s
}

// What the trial asks for.
const (
	leastComparisons = 40
	leastRecorded    = 200
	leastResamples   = 2000
	mostFalse        = 0.01 // of resampled comparisons
	leastCaught      = 0.95
	block            = 5    // neighbours that are drawn together
	aim              = 1.08 // of the change that is to be seen, since a recorded one is known to some percent only
	most             = 1.2  // of it, beyond which it would be too easy
)

func (s Settings) check() error {
	if s.Pairs < stat.MinPairs || s.Comparisons < 1 || s.Resamples < 1 || s.Injected < stat.MinPairs || s.LiveInjected < 0 {
		return fmt.Errorf("needs at least %d -pairs and -injected, one of -comparisons and -resamples", stat.MinPairs)
	}
	if s.Network != bench.NetworkInproc && s.Network != bench.NetworkTCP {
		return fmt.Errorf("-network: %q is not inproc or tcp: a trial is of live runs", s.Network)
	}
	c := s.config()
	return c.Validate(protocols)
}

// config is that of gate's live runs, with shorter timers: in a short run the wait
// for the first leader would take half of the time.
func (s Settings) config() bench.Config {
	c := bench.Defaults()
	c.Protocols, c.Network, c.Clients, c.Seed = []string{s.Protocol}, s.Network, s.Clients, s.Seed
	c.Duration, c.Warmup, c.Retain = s.Duration, s.Warmup, 1<<20
	c.ElectionMin, c.ElectionMax, c.Heartbeat = 80*time.Millisecond, 120*time.Millisecond, 20*time.Millisecond
	return c
}

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
	Old []float64 `json:"old"`
	New []float64 `json:"new"`
}

// Counts are verdicts on comparisons. One that could not be carried out failed.
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
	Resampled Counts             `json:"resampled"`
	Blocks    Counts             `json:"resampled_blocks"`
	Follows   map[string]float64 `json:"follows"`      // correlation of the log-ratios of neighbouring pairs
	Second    map[string]Bounds  `json:"second_place"` // ratio of the second run of a pair to the first

	Sees            float64  `json:"sees"` // fall of throughput that live comparisons said they would catch, median
	Calibration     []Effect `json:"calibration"`
	Injected        Effect   `json:"injected"`
	Caught          Counts   `json:"caught"`
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
		Comparisons: []Comparison{}, LiveInjected: []Comparison{}, Pairs: []Pair{}, Changed: []Pair{}, Calibration: []Effect{}, Why: []string{},
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

	entries float64 // a second, of the last run
}

func (e *experiment) say(format string, args ...any) {
	if e.log != nil {
		fmt.Fprintf(e.log, "%6.0fs  %s\n", time.Since(e.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// all carries out what is still to be done.
func (e *experiment) all(ctx context.Context) error {
	e.began = time.Now().Add(-e.Took)
	keep := func() error {
		e.Took = time.Since(e.began).Round(time.Second)
		return e.save(&e.Trial)
	}
	for len(e.Comparisons) < e.Settings.Comparisons {
		c, pairs, err := e.compare(ctx, 0)
		if err != nil {
			return errors.Join(err, keep())
		}
		e.Comparisons, e.Pairs = append(e.Comparisons, c), append(e.Pairs, pairs...)
		e.Live.add(c.Verdict, c.Second)
		e.say("comparison %d of %d: %s", len(e.Comparisons), e.Settings.Comparisons, c.Verdict)
		if err := keep(); err != nil {
			return err
		}
	}
	if len(e.Pairs) == 0 {
		return errors.New("no comparison could be carried out: " + e.Comparisons[0].Error)
	}
	e.describe()
	e.Resampled = e.resample(ctx, e.Pairs, 1, 1)
	e.Blocks = e.resample(ctx, e.Pairs, block, 2)
	e.say("resampled: %d of %d failed, in blocks %d", e.Resampled.Failed, e.Resampled.Comparisons, e.Blocks.Failed)
	if err := e.inject(ctx, keep); err != nil {
		return errors.Join(err, keep())
	}
	e.judge()
	return keep()
}

// compare is one comparison as gate makes it, the new side slower by burn.
func (e *experiment) compare(ctx context.Context, burn time.Duration) (Comparison, []Pair, error) {
	r := &recorder{e: e}
	rows, err := gate.Measured(ctx, gate.Trial{
		Source: "itself", Config: e.Config, Old: r.program(0, 0), New: r.program(1, burn),
		Thresholds: gate.Defaults(), Pairs: e.Settings.Pairs, Deadline: time.Now().Add(24 * time.Hour),
	})
	if errors.Is(err, bench.ErrInterrupted) {
		return Comparison{}, nil, err
	}
	r.runs = r.runs[min(2, len(r.runs)):] // without the warm-up
	c := Comparison{Verdict: verdict(rows), Second: len(r.runs) > 2*e.Settings.Pairs, Rows: rows}
	if err != nil {
		c.Verdict, c.Error = stat.Fail.String(), err.Error()
	}
	return c, r.pairs(), nil
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
		if a.side == 1 {
			a, b = b, a
		}
		if n := len(r.e.Metrics); len(a.values) == n && len(b.values) == n {
			out = append(out, Pair{a.values, b.values})
		}
	}
	return out
}

// resample makes comparisons of pairs that are drawn, some neighbours at a time.
func (e *experiment) resample(ctx context.Context, pool []Pair, neighbours int, stream uint64) Counts {
	var c Counts
	rng := rand.New(rand.NewPCG(e.Settings.Seed, stream))
	for range e.Settings.Resamples {
		d := &drawing{pool: pool, rng: rng, neighbours: neighbours, metrics: e.Metrics}
		rows, err := gate.Measured(ctx, gate.Trial{
			Source: "itself", Config: e.Config, Old: d.program(0), New: d.program(1),
			Thresholds: gate.Defaults(), Pairs: e.Settings.Pairs, Deadline: time.Now().Add(24 * time.Hour),
		})
		v := verdict(rows)
		if err != nil {
			v = stat.Fail.String()
		}
		c.add(v, d.drawn > e.Settings.Pairs+1)
	}
	return c
}

// drawing plays recorded pairs to gate.Measured.
type drawing struct {
	pool       []Pair
	rng        *rand.Rand
	neighbours int
	metrics    []string
	calls      int
	drawn      int // pairs
	at         int
}

func (d *drawing) program(side int) gate.Program {
	return func(_ context.Context, c bench.Config) (*result.File, error) {
		if d.calls%2 == 0 {
			if d.drawn%d.neighbours == 0 {
				d.at = d.rng.IntN(len(d.pool))
			} else {
				d.at = (d.at + 1) % len(d.pool)
			}
			d.drawn++
		}
		d.calls++
		values := d.pool[d.at].Old
		if side == 1 {
			values = d.pool[d.at].New
		}
		return played(c, d.metrics, values), nil
	}
}

// played is the result of a run that measured values.
func played(c bench.Config, metrics []string, values []float64) *result.File {
	r := result.Run{Protocol: c.Protocols[0], Network: c.Network, Nodes: c.Nodes, Seed: c.Seed, Verdict: result.Verdict{Correct: true}}
	for i, name := range metrics {
		ns := int64(math.Round(values[i]))
		switch name {
		case "throughput":
			r.Throughput = values[i]
		case "response.p50":
			r.Latency.Response.P50 = &ns
		case "response.p99":
			r.Latency.Response.P99 = &ns
		default:
			panic("trial: gate holds " + name + " by default, which cannot be played")
		}
	}
	return &result.File{Runs: []result.Run{r}}
}

// throughputs are the columns of the first metric.
func throughputs(pairs []Pair) (old, new []float64) { return column(pairs, 0) }

func column(pairs []Pair, metric int) (old, new []float64) {
	for _, p := range pairs {
		old, new = append(old, p.Old[metric]), append(new, p.New[metric])
	}
	return old, new
}

// describe says what the noise is like.
func (e *experiment) describe() {
	e.Follows, e.Second = map[string]float64{}, map[string]Bounds{}
	for m, name := range e.Metrics {
		old, new := column(e.Pairs, m)
		logs := make([]float64, len(old))
		for i := range old {
			logs[i] = math.Log(new[i]) - math.Log(old[i])
		}
		e.Follows[name] = correlation(logs)
		// The order turns from pair to pair, in each batch anew.
		for i := range old {
			if i%e.Settings.Pairs%2 != 0 {
				old[i], new[i] = new[i], old[i]
			}
		}
		if b, err := stat.Paired(old, new, stat.DefaultConfidence); err == nil && b.Bounded() {
			e.Second[name] = Bounds{b.Value, b.Low, b.High}
		}
	}
	var sees []float64
	for _, c := range e.Comparisons {
		for _, r := range c.Rows {
			if r.Metric == "throughput" && r.Visible != nil {
				sees = append(sees, *r.Visible)
			}
		}
	}
	e.Sees = stat.Summarize(sees).Median
}

// correlation is that of neighbours.
func correlation(x []float64) float64 {
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	var with, all float64
	for i, v := range x {
		all += (v - mean) * (v - mean)
		if i > 0 {
			with += (v - mean) * (x[i-1] - mean)
		}
	}
	if all == 0 {
		return 0
	}
	return with / all
}

// record makes pairs with a change in them.
func (e *experiment) record(ctx context.Context, burn time.Duration, n int) ([]Pair, error) {
	r := &recorder{e: e}
	programs := [2]gate.Program{r.program(0, 0), r.program(1, burn)}
	for i := range n {
		c := e.Config
		c.Seed += uint64(i)
		for turn := range 2 {
			file, err := programs[(turn+i)%2](ctx, c)
			if err != nil {
				return nil, err
			}
			if len(file.Runs) != 1 || !file.Runs[0].Verdict.Correct || file.Runs[0].Error != "" {
				return nil, fmt.Errorf("a run of the calibration does not count: %s", file.Runs[0].Error)
			}
		}
	}
	pairs := r.pairs()
	if len(pairs) < stat.MinPairs {
		return nil, fmt.Errorf("runs of %v are too short: most have no p99", e.Settings.Duration)
	}
	return pairs, nil
}

// effect is by how much throughput fell.
func effect(burn time.Duration, pairs []Pair) Effect {
	old, new := throughputs(pairs)
	b, err := stat.Paired(old, new, stat.DefaultConfidence)
	if err != nil {
		return Effect{Burn: burn, Pairs: len(pairs)}
	}
	return Effect{Burn: burn, Pairs: len(pairs), Fall: 1 - b.Value, Low: 1 - b.High, High: 1 - b.Low}
}

// inject finds the delay that costs as much throughput as the comparisons said they
// would catch, and looks whether they do.
func (e *experiment) inject(ctx context.Context, keep func() error) error {
	if e.Sees == 0 || e.Sees >= .9 {
		return nil // judge says so
	}
	if len(e.Changed) == 0 {
		if err := e.calibrate(ctx); err != nil {
			return err
		}
		if err := keep(); err != nil {
			return err
		}
	}
	e.Caught = e.resample(ctx, e.Changed, 1, 3)
	e.say("injected: throughput %.1f%% lower, %d of %d caught", 100*e.Injected.Fall, e.Caught.Failed, e.Caught.Comparisons)
	for len(e.LiveInjected) < e.Settings.LiveInjected {
		c, _, err := e.compare(ctx, e.Injected.Burn)
		if err != nil {
			return err
		}
		e.LiveInjected = append(e.LiveInjected, c)
		e.LiveCaught.add(c.Verdict, c.Second)
		e.say("injected, live %d of %d: %s", len(e.LiveInjected), e.Settings.LiveInjected, c.Verdict)
		if err := keep(); err != nil {
			return err
		}
	}
	return nil
}

// calibrate finds the delay and records pairs with it. Logarithms of throughput fall
// about in proportion to the delay.
func (e *experiment) calibrate(ctx context.Context) error {
	want := -math.Log1p(-e.Sees * aim)
	if e.entries == 0 { // resumed
		if _, err := e.record(ctx, 0, stat.MinPairs); err != nil {
			return err
		}
	}
	burn := want * 1e9 / max(e.entries, 1)
	var fallen, burnt float64
	best := math.Inf(1)
	const pilots, finals = 8, 4
	known, tries := false, 0 // what a delay costs, about
	for try := 0; tries < finals; try++ {
		n := e.Settings.Pairs
		if known = known || try >= pilots; known {
			n = e.Settings.Injected
			tries++
		}
		pairs, err := e.record(ctx, time.Duration(burn), n)
		if err != nil {
			return err
		}
		f := effect(time.Duration(burn), pairs)
		e.say("a delay of %v a proposal: throughput %.1f%% lower (%.1f%% to %.1f%%), wanted %.1f%%", f.Burn, 100*f.Fall, 100*f.Low, 100*f.High, 100*aim*e.Sees)
		e.Calibration, e.CalibratedPairs = append(e.Calibration, f), e.CalibratedPairs+n
		if known {
			off := math.Abs(f.Fall/e.Sees - aim)
			if f.Fall < e.Sees {
				off *= 10 // less than was to be seen shows nothing
			}
			if off < best {
				best, e.Injected, e.Changed = off, f, pairs
			}
			if f.Fall >= e.Sees && f.Fall <= most*e.Sees {
				return nil
			}
		}
		near := f.Fall > .6*e.Sees && f.Fall < 1.6*e.Sees
		known = known || try >= 2 && near
		if near || try >= pilots {
			fallen, burnt = fallen-float64(n)*math.Log1p(-min(f.Fall, .9)), burnt+float64(n)*burn
		} else {
			fallen, burnt = -math.Log1p(-min(f.Fall, .9)), burn // the start was far off: forget it
		}
		if fallen <= 0 {
			burn *= 2 // lost in the noise
			continue
		}
		next := min(max(want*burnt/fallen, burn/4), 4*burn)
		if tries > 0 && f.Fall < e.Sees {
			next = max(next, 1.08*burn)
		}
		burn = next
	}
	return nil
}

// judge says whether it held.
func (e *experiment) judge() {
	e.Verdict, e.Why = "", []string{}
	if e.Settings.Quick {
		return
	}
	must := func(ok bool, format string, args ...any) {
		if !ok {
			e.Why = append(e.Why, fmt.Sprintf(format, args...))
		}
	}
	must(e.Live.Comparisons >= leastComparisons, "%d live comparisons are fewer than %d", e.Live.Comparisons, leastComparisons)
	must(e.Live.Failed == 0, "%d of %d live comparisons of a program with itself failed", e.Live.Failed, e.Live.Comparisons)
	must(e.Live.Passed > 0, "no live comparison passed: the machine is too noisy to tell anything")
	must(len(e.Pairs) >= leastRecorded && e.Resampled.Comparisons >= leastResamples, "%d comparisons of %d pairs are fewer than %d of %d", e.Resampled.Comparisons, len(e.Pairs), leastResamples, leastRecorded)
	for _, c := range []Counts{e.Resampled, e.Blocks} {
		must(float64(c.Failed) <= mostFalse*float64(c.Comparisons), "%d of %d resampled comparisons of a program with itself failed", c.Failed, c.Comparisons)
	}
	must(e.Injected.Fall >= e.Sees && e.Injected.Fall <= most*e.Sees && e.Sees > 0,
		"the change that was injected, %.2f%%, is not as large as the smallest that the gate sees, %.2f%%, but at most %g times", 100*e.Injected.Fall, 100*e.Sees, most)
	must(e.Caught.Comparisons > 0 && float64(e.Caught.Failed) >= leastCaught*float64(e.Caught.Comparisons), "%d of %d changes were caught", e.Caught.Failed, e.Caught.Comparisons)
	e.Verdict = "held"
	if len(e.Why) > 0 {
		e.Verdict = "failed"
	}
	slices.Sort(e.Why)
}
