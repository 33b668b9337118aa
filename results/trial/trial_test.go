package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// TestMain makes the test a program that carries out jobs, too.
func TestMain(m *testing.M) {
	if os.Getenv(jobEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// machine makes runs up: lognormal noise, bias in the second side, and a price of a
// delay.
func machine(seed uint64, noise, bias, price float64) func(context.Context, bench.Config, time.Duration) (*result.File, error) {
	rng := rand.New(rand.NewPCG(seed, 8))
	n := 0
	return func(_ context.Context, c bench.Config, burn time.Duration) (*result.File, error) {
		side := n % 2
		if i := c.Seed - defaults().Seed; i > 0 { // not of the warm-up
			side ^= stat.First(int(uint32(i - 1)))
		}
		if burn > 0 {
			side = 1
		}
		n++
		x := 2e6 * math.Exp(noise*rng.NormFloat64()) / (1 + price*float64(burn))
		if side == 1 {
			x *= bias
		}
		f := played(c, metrics, []float64{x, 64e9 / x, 300e9 / x})
		f.Runs[0].Totals.Entries, f.Runs[0].Measured = 8000, int64(c.Duration)
		return f, nil
	}
}

func try(t *testing.T, s Settings, run func(context.Context, bench.Config, time.Duration) (*result.File, error)) *Trial {
	t.Helper()
	e := &experiment{Trial: newTrial(s), run: run, save: func(*Trial) error { return nil }}
	if err := e.all(context.Background()); err != nil {
		t.Fatal(err)
	}
	return &e.Trial
}

// TestHolds: it holds on a machine of little noise, whatever a delay costs there.
func TestHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("draws thousands of comparisons")
	}
	for seed, price := range []float64{1e-4, 1e-6} {
		got := try(t, defaults(), machine(uint64(seed), .04, 1, price))
		if got.Verdict != "held" || got.Live.Failed != 0 || got.Injected.Fall < got.Sees || len(got.Pairs) < 800 {
			t.Errorf("seed %d: %q %q, live %+v, resampled %+v, saw %g, injected %+v, caught %+v", seed, got.Verdict, got.Why, got.Live, got.Resampled, got.Sees, got.Injected, got.Caught)
		}
		text := summary(got)
		for _, want := range []string{"**All of it held.**", "| **0 of 40** |", " of 2000** |"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
}

// TestFails: a side that is always slower although it is the same, noise that hides
// everything, too few comparisons, and a delay that costs nothing are all noticed.
func TestFails(t *testing.T) {
	all := defaults()
	all.Resamples = 40
	few := all
	few.Comparisons = 12
	for want, got := range map[string]*Trial{
		"live comparisons of a program with itself failed": try(t, all, machine(1, .04, .8, 1e-4)),
		"0 of 0 changes were caught":                       try(t, all, machine(2, 3, 1, 1e-4)),
		"12 live comparisons are fewer than 40":            try(t, few, machine(3, .04, 1, 1e-4)),
		"is not as large as the smallest":                  try(t, all, machine(4, .04, 1, 0)),
	} {
		if got.Verdict != "failed" || !strings.Contains(strings.Join(got.Why, "\n"), want) || !strings.Contains(summary(got), want) {
			t.Errorf("%s: %q %q", want, got.Verdict, got.Why)
		}
	}
}

// TestResume: an experiment that was interrupted comes to what it would have.
func TestResume(t *testing.T) {
	s := defaults()
	s.Comparisons, s.Resamples = 5, 50
	dir := t.TempDir()
	real := machine(5, .04, 1, 1e-4)
	calls := 0
	e := &experiment{Trial: newTrial(s), save: func(t *Trial) error { return save(dir, t) }, run: func(ctx context.Context, c bench.Config, burn time.Duration) (*result.File, error) {
		if calls++; calls > 100 {
			return nil, bench.ErrInterrupted
		}
		return real(ctx, c, burn)
	}}
	if err := e.all(context.Background()); !errors.Is(err, bench.ErrInterrupted) {
		t.Fatal(err)
	}
	again := &experiment{run: real, save: e.save}
	if err := load(filepath.Join(dir, "trial.json"), &again.Trial); err != nil {
		t.Fatal(err)
	}
	if len(again.Comparisons) != 2 || len(again.Pairs) != 40 || !strings.Contains(summary(&again.Trial), "Not finished") {
		t.Errorf("%d comparisons, %d pairs", len(again.Comparisons), len(again.Pairs))
	}
	if err := again.all(context.Background()); err != nil || again.Live.Comparisons != 5 || len(again.Changed) == 0 {
		t.Errorf("%v: %+v", err, again.Live)
	}
	var saved Trial
	if err := load(filepath.Join(dir, "trial.json"), &saved); err != nil || !reflect.DeepEqual(saved.Pairs, again.Pairs) {
		t.Errorf("%v", err)
	}
}

// TestProcess carries out one real run in a process, with the floors that it is told.
func TestProcess(t *testing.T) {
	s := defaults()
	s.Duration, s.Warmup = 20*time.Millisecond, 10*time.Millisecond
	c := s.config()
	step := int64(123)
	bench.KnowFloors(c.Dir, result.Floors{Clock: &step})
	file, err := process(context.Background(), c, time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Runs) != 1 || !file.Runs[0].Verdict.Correct || *file.Environment.Floors.Clock != step {
		t.Errorf("%+v", file.Environment.Floors)
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "trial.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"x"}, {"-pairs", "5"}, {"-budget", "0s"}, {"-network", "sim"}, {"-protocol", "zab"}, {"-nonesuch"}, {"-resume", "-o", dir}, {"-resume", "-o", filepath.Join(dir, "none")}} {
		var out bytes.Buffer
		if status := run(context.Background(), args, &out, &out); status != 2 || out.Len() == 0 {
			t.Errorf("%v: status %d: %s", args, status, &out)
		}
	}
}

func TestCompact(t *testing.T) {
	in := Pair{Old: []float64{1, 2.5}, New: []float64{3}}
	data, err := json.MarshalIndent(in, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var out Pair
	if got := string(compact(data)); !strings.Contains(got, "[1,2.5]") || json.Unmarshal([]byte(got), &out) != nil || !reflect.DeepEqual(in, out) {
		t.Error(got)
	}
}

// TestCalibrates: whatever a delay costs, from nothing to speak of to a hundred times
// what was to be expected, the change that is recorded is as large as was asked for.
func TestCalibrates(t *testing.T) {
	for noise, price := range []float64{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3} {
		for seed := range uint64(20) {
			s := defaults()
			s.Resamples, s.LiveInjected = 1, 0
			e := &experiment{Trial: newTrial(s), save: func(*Trial) error { return nil }, run: machine(seed, .02+.01*float64(noise%3), 1, price), now: time.Now}
			e.until, e.Sees = time.Now().Add(time.Hour), .05
			if err := e.calibrate(context.Background(), func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			if fall := 1 - 1/(1+price*float64(e.Injected.Burn)); e.Injected.Fall < e.Sees || e.Injected.Fall > most*e.Sees || math.Abs(fall/e.Sees-aim) > .3 || len(e.Changed) != 200 {
				t.Errorf("price %g, seed %d: %d tries, %+v, in truth %g", price, seed, len(e.Calibration), e.Injected, fall)
			}
		}
	}
}

// TestTime: the budget is kept, whatever a run takes, by fewer pairs first; where it
// cannot be, what was done is kept and gone on with.
func TestTime(t *testing.T) {
	for took, finished := range map[time.Duration]bool{300 * time.Millisecond: true, 450 * time.Millisecond: true, 800 * time.Millisecond: true, 3 * time.Second: false} {
		s := defaults()
		s.Resamples = 20
		now := time.Unix(0, 0)
		real := machine(7, .04, 1, 1e-5)
		runs := 0
		e := &experiment{Trial: newTrial(s), save: func(*Trial) error { return nil }, now: func() time.Time { return now }, run: func(ctx context.Context, c bench.Config, burn time.Duration) (*result.File, error) {
			runs++
			now = now.Add(took)
			return real(ctx, c, burn)
		}}
		err := e.all(context.Background())
		if spent := now.Sub(time.Unix(0, 0)); spent > s.Budget+time.Minute || finished != (err == nil) || !finished && !errors.Is(err, errTime) || finished && (e.Verdict == "" || len(e.Changed) < leastInjected) {
			t.Errorf("runs of %v: %v, %v spent, %q, %d injected", took, err, spent, e.Verdict, len(e.Changed))
		}
		t.Logf("runs of %v: %d in %v, %d pairs, %d injected, %d live", took, runs, now.Sub(time.Unix(0, 0)), len(e.Pairs), len(e.Changed), len(e.LiveInjected))
		for try := 0; err != nil && try < 20; try++ {
			if err = e.all(context.Background()); err != nil && !errors.Is(err, errTime) {
				t.Fatal(err)
			}
		}
		if err != nil || len(e.Comparisons) != 40 {
			t.Errorf("runs of %v, resumed: %v, %d comparisons", took, err, len(e.Comparisons))
		}
	}
}
