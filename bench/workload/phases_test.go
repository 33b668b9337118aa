package workload

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

func phases(t testing.TB, s string) []Phase {
	t.Helper()
	p, err := ParsePhases(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all takes the arrivals of every worker, in order of time.
func all(t testing.TB, name, text string, seed uint64, workers int) (out []smr.Time) {
	t.Helper()
	for w := range workers {
		p, err := NewPacer(name, 1000, phases(t, text), seed+uint64(w), w, workers)
		if err != nil {
			t.Fatal(err)
		}
		last := smr.Time(0)
		for at := p.Next(); at != smr.Never; at = p.Next() {
			if at < last {
				t.Fatalf("%s: %d comes after %d", text, at, last)
			}
			last = at
			out = append(out, at-1000)
		}
		if p.Next() != smr.Never {
			t.Fatal("something comes after the end")
		}
	}
	slices.Sort(out)
	return out
}

// TestConstantPhases: arrival k is at the instant by which k are due, whoever the
// workers are that share them.
func TestConstantPhases(t *testing.T) {
	const text = "steady 100/s for 1s; pause for 500ms; ramp 100/s to 300/s for 2s; burst 7 every 400ms for 1s; steady 10/s for 1s"
	var want []smr.Time
	for k := range 100 {
		want = append(want, smr.Time(k)*10_000_000)
	}
	for k := range 400 { // r t + a t^2/2 = k with r = 100, a = 100
		sec := -1 + math.Sqrt(1+2*float64(k)/100)
		want = append(want, 1_500_000_000+smr.Time(sec*1e9))
	}
	for i := range 3 {
		for range 7 {
			want = append(want, 3_500_000_000+smr.Time(i)*400_000_000)
		}
	}
	for k := range 10 {
		want = append(want, 4_500_000_000+smr.Time(k)*100_000_000)
	}
	for _, workers := range []int{1, 3} {
		got := all(t, ArrivalConstant, text, 1, workers)
		if len(got) != len(want) {
			t.Fatalf("%d workers: %d arrivals, want %d", workers, len(got), len(want))
		}
		for i := range got {
			if d := got[i] - want[i]; d < -1 || d > 1 { // the root of the ramp is rounded
				t.Fatalf("%d workers: arrival %d at %v, want %v", workers, i, got[i], want[i])
			}
		}
	}
	p := phases(t, text)
	if Length(p) != 5500*time.Millisecond || math.Abs(float64(MeanRate(p))-(100+400+21+10)/5.5) > 1e-9 || OpeningRate(p) != 100 {
		t.Errorf("length %v, mean %v, opening %v", Length(p), MeanRate(p), OpeningRate(p))
	}
}

// TestPoissonPhases: the number in any interval has the mean and the variance of the
// integral of the rate; so have the parts of a ramp.
func TestPoissonPhases(t *testing.T) {
	const text = "ramp 0.001/s to 2000/s for 10s; pause for 1s; ramp 2000/s to 500/s for 5s"
	for _, workers := range []int{1, 4} {
		var counts [3]float64
		const runs = 40
		for seed := range uint64(runs) {
			for _, at := range all(t, ArrivalPoisson, text, 100*seed, workers) {
				switch {
				case at < 5e9:
					counts[0]++
				case at < 10e9:
					counts[1]++
				case at < 11e9:
					t.Fatalf("an arrival in the pause, at %v", at)
				default:
					counts[2]++
				}
			}
		}
		// Integrals: 200 t^2/2 over [0,5] and [5,10]; (2000+500)/2 x 5.
		for i, mean := range []float64{2500 * runs, 7500 * runs, 6250 * runs} {
			if z := (counts[i] - mean) / math.Sqrt(mean); math.Abs(z) > 4 {
				t.Errorf("%d workers, part %d: %g arrivals, want %g (%.1f standard deviations)", workers, i, counts[i], mean, z)
			}
		}
	}
	if !slices.Equal(all(t, ArrivalPoisson, text, 7, 2), all(t, ArrivalPoisson, text, 7, 2)) {
		t.Error("the same seed gives other arrivals")
	}
}

func TestParsePhase(t *testing.T) {
	for _, s := range []string{
		"steady 10k/s for 5s", "ramp 1k/s to 50k/s for 20s", "burst 500 for 1s", "burst 500 every 100ms for 2s", "pause for 1m30s",
	} {
		p, err := ParsePhase(s)
		if err != nil || p.String() != s {
			t.Errorf("%q: %q, %v", s, p, err)
		}
	}
	for _, s := range []string{
		"", "steadyy 10k/s for 5s", "steady 10k for 5s", "steady 10k/s", "steady 10k/s for 5", "steady 10k/s for 0s", "steady for 5s",
		"ramp 10k/s for 5s", "ramp 1k/s to for 5s", "burst 0 for 1s", "burst x for 1s", "burst 5 every 0s for 1s", "burst 9999999 for 1s",
		"burst 1 every 1ns for 1h", "pause 5s", "pause for 5s for 6s", "steady -1/s for 5s", "steady 10/s for -5s", "pause for 48h",
	} {
		if p, err := ParsePhase(s); err == nil {
			t.Errorf("%q was read as %q", s, p)
		}
	}
}

func FuzzParsePhase(f *testing.F) {
	f.Add("ramp 1k/s to 50k/s for 20s")
	f.Add("burst 500 every 100ms for 2s")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePhase(s)
		if err != nil {
			return
		}
		if q, err := ParsePhase(p.String()); err != nil || q != p {
			t.Fatalf("%q is printed as %q, which is %q, %v", s, p, q, err)
		}
	})
}

func TestPacingAllocatesNothing(t *testing.T) {
	for _, name := range []string{ArrivalConstant, ArrivalPoisson} {
		p, err := NewPacer(name, 0, phases(t, "ramp 1k/s to 1M/s for 1h"), 1, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1000, func() { p.Next() }); n != 0 {
			t.Errorf("%s: %v allocations an arrival", name, n)
		}
	}
}
