package gate_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
)

// world makes up results: noise that pairs share, noise of each run, and a change.
type world struct {
	rng    *rand.Rand
	shared float64
	order  []string
	runs   int
}

func newWorld(seed uint64) *world { return &world{rng: rand.New(rand.NewPCG(seed, 2))} }

// program is one whose n-th run has a throughput of change(n) times the usual.
func (w *world) program(name string, change func(n int) float64) gate.Program {
	n := 0
	return func(_ context.Context, c bench.Config) (*result.File, error) {
		if w.runs%2 == 0 {
			w.shared = 1 + 0.2*w.rng.Float64()
		}
		w.runs++
		w.order = append(w.order, name)
		x := 10_000 * w.shared * (1 + 0.01*w.rng.NormFloat64()) * change(n)
		n++
		latency := int64(1e10 / x)
		r := result.Run{Protocol: c.Protocols[0], Network: c.Network, Nodes: c.Nodes, Seed: c.Seed, Throughput: x, Verdict: result.Verdict{Correct: true}}
		r.Latency.Response.P50, r.Latency.Response.P99 = &latency, &latency
		return &result.File{Runs: []result.Run{r}}, nil
	}
}

func always(x float64) func(int) float64 { return func(int) float64 { return x } }

func trial(old, new gate.Program) gate.Trial {
	c := bench.Defaults()
	c.Network = bench.NetworkInproc
	return gate.Trial{
		Source: "main", Config: c, Old: old, New: new, Thresholds: gate.Defaults(), Pairs: 20, Deadline: time.Now().Add(time.Hour),
	}
}

func outcomes(rows []result.GateRow) string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Outcome)
	}
	return strings.Join(all, " ")
}

// TestMeasured: the same passes, far worse fails, better passes.
func TestMeasured(t *testing.T) {
	for seed := range uint64(20) {
		for change, want := range map[float64]string{1: "pass pass pass", 0.8: "fail fail fail", 1.3: "pass pass pass"} {
			w := newWorld(seed)
			rows, err := gate.Measured(context.Background(), trial(w.program("old", always(1)), w.program("new", always(change))))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if batches := map[string]int{"pass": 1, "fail": 2}[r.Outcome]; r.Batches != batches || r.Pairs != 20 {
					t.Errorf("%+v", r)
				}
			}
			if got := outcomes(rows); got != want {
				t.Errorf("seed %d, change %g: %s, want %s: %+v", seed, change, got, want, rows)
			}
			batches := 1
			if change == 0.8 {
				batches = 2
			}
			if want := 2 * (1 + 20*batches); w.runs != want {
				t.Errorf("seed %d, change %g: %d runs, want %d", seed, change, w.runs, want)
			}
			// The first pair is for warming up; then the order turns.
			if got := strings.Join(w.order[:10], " "); got != "old new old new new old new old old new" {
				t.Errorf("order %s", got)
			}
		}
	}
}

// TestSecondBatch: what only the first batch shows does not fail.
func TestSecondBatch(t *testing.T) {
	w := newWorld(1)
	rows, err := gate.Measured(context.Background(), trial(w.program("old", always(1)), w.program("new", func(n int) float64 {
		if n <= 20 {
			return 0.9
		}
		return 1
	})))
	if err != nil || strings.Contains(outcomes(rows), "fail") {
		t.Errorf("%+v, %v", rows, err)
	}
	for _, r := range rows {
		if r.Note == "" || r.Pairs != 40 {
			t.Errorf("%+v", r)
		}
	}
}

// TestFalseAlarms: of 300 comparisons of a program with itself at most 1 % fail.
func TestFalseAlarms(t *testing.T) {
	alarms := 0
	for seed := range uint64(300) {
		w := newWorld(seed)
		rows, err := gate.Measured(context.Background(), trial(w.program("old", always(1)), w.program("new", always(1))))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(outcomes(rows), "fail") {
			alarms++
		}
	}
	if alarms > 3 {
		t.Errorf("%d of 300", alarms)
	}
}

// TestMeasuredErrors: what cannot be compared is none of the verdicts.
func TestMeasuredErrors(t *testing.T) {
	w := newWorld(3)
	good := w.program("good", always(1))
	spoil := func(f func(*result.File)) gate.Program {
		return func(ctx context.Context, c bench.Config) (*result.File, error) {
			file, err := good(ctx, c)
			f(file)
			return file, err
		}
	}
	incorrect := spoil(func(f *result.File) { f.Runs[0].Verdict.Correct = false })
	broken := spoil(func(f *result.File) { f.Runs[0].Error = "no leader" })
	none := spoil(func(f *result.File) { f.Runs = nil })
	blank := spoil(func(f *result.File) { f.Runs[0].Latency.Response.P99 = nil })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx      context.Context
		old, new gate.Program
		want     error
	}{
		{context.Background(), good, incorrect, gate.ErrIncorrect},
		{context.Background(), incorrect, good, gate.ErrBroken},
		{context.Background(), good, broken, gate.ErrBroken},
		{context.Background(), good, none, gate.ErrBroken},
		{context.Background(), good, blank, gate.ErrNothing},
		{ctx, good, good, bench.ErrInterrupted},
	} {
		_, err := gate.Measured(c.ctx, trial(c.old, c.new))
		if !errors.Is(err, c.want) || c.want != gate.ErrIncorrect && errors.Is(err, gate.ErrIncorrect) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}

// TestBudget: without time for enough pairs nothing is told, and what would be needed
// is.
func TestBudget(t *testing.T) {
	w := newWorld(4)
	tr := trial(w.program("old", always(1)), w.program("new", always(0.5)))
	tr.Deadline = time.Now()
	rows, err := gate.Measured(context.Background(), tr)
	if !errors.Is(err, gate.ErrBudget) || len(rows) != 0 || !strings.Contains(err.Error(), "two batches of at least 6 pairs need") || w.runs != 2 {
		t.Errorf("%d runs, %+v, %v", w.runs, rows, err)
	}
}
