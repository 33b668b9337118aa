package stat

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(a, b, eps float64) bool { return math.Abs(a-b) <= eps }

// TestDepression is Hollander and Wolfe's example 3.1 (Hamilton depression scale
// factor IV before and after a tranquilizer), with the estimate and bounds that the
// book gives and R repeats:
//
//	wilcox.test(x, y, paired = TRUE, conf.int = TRUE)   # V = 40, p-value = 0.03906
func TestDepression(t *testing.T) {
	x := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	y := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	d := make([]float64, len(x))
	for i := range x {
		d[i] = y[i] - x[i]
	}
	l := SignedRank(d, .95)
	if !near(l.Center, -0.46, 1e-9) || !near(l.Low, -0.786, 1e-9) || !near(l.High, -0.010, 1e-9) || !near(l.Confidence, 1-2*0.01953125, 1e-9) {
		t.Errorf("%+v", l)
	}
	// V = 40 of 45: P(T >= 40) = P(T <= 5).
	sum := 0.0
	for _, p := range signedRankPMF(9)[:6] {
		sum += p
	}
	if !near(sum, 0.01953125, 1e-12) {
		t.Errorf("p = %g", sum)
	}
}

// TestCriticalValues are those of the usual table for a two-sided test at 5 %: T is
// rejected up to the value.
func TestCriticalValues(t *testing.T) {
	for n, want := range map[int]int{
		1: -1, 5: -1, 6: 0, 7: 2, 8: 3, 9: 5, 10: 8, 11: 10, 12: 13, 13: 17, 14: 21, 15: 25, 16: 29, 17: 34, 18: 40, 19: 46,
		20: 52, 21: 58, 22: 65, 23: 73, 24: 81, 25: 89, 30: 137, 35: 195, 40: 264, 45: 343, 50: 434,
	} {
		if c, _ := critical(n, .025); c-1 != want {
			t.Errorf("n = %d: %d, want %d", n, c-1, want)
		}
	}
}

// TestDistribution counts all signs of up to 14 ranks.
func TestDistribution(t *testing.T) {
	for n := 1; n <= 14; n++ {
		counts := make([]int, n*(n+1)/2+1)
		for signs := range 1 << n {
			sum := 0
			for s := uint(signs); s != 0; s &= s - 1 {
				sum += bits.TrailingZeros(s) + 1
			}
			counts[sum]++
		}
		for v, p := range signedRankPMF(n) {
			if !near(p, float64(counts[v])/float64(int(1)<<n), 1e-15) {
				t.Errorf("n = %d: P(T = %d) = %g", n, v, p)
			}
		}
	}
}

// TestNormalMeetsExact: where one takes over from the other they agree.
func TestNormalMeetsExact(t *testing.T) {
	for _, p := range []float64{.05, .025, .005} {
		n := exactLimit + 1
		got, tail := critical(n, p)
		sum, want := 0.0, 0
		for v, q := range computePMF(n) {
			if sum+q > p {
				want = v
				break
			}
			sum += q
		}
		if math.Abs(float64(got-want)) > 3 || !near(tail, p, p/20) {
			t.Errorf("p = %g: %d (%g), exactly %d", p, got, tail, want)
		}
	}
}

// TestBruteForce inverts the test itself: the bounds are the least and the largest
// centre that it does not reject.
func TestBruteForce(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := MinPairs + rng.IntN(20)
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64() + 1
		}
		confidence := []float64{.8, .9, .95}[rng.IntN(3)]
		pmf := signedRankPMF(n)
		reject := func(center float64) bool {
			d := slices.Clone(x)
			for i := range d {
				d[i] -= center
			}
			slices.SortFunc(d, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) })
			sum := 0
			for i, v := range d {
				if v > 0 {
					sum += i + 1
				}
			}
			sum = min(sum, n*(n+1)/2-sum)
			p := 0.0
			for _, q := range pmf[:sum+1] {
				p += 2 * q
			}
			return p <= 1-confidence
		}
		l := SignedRank(x, confidence)
		const eps = 1e-9
		if !reject(l.Low-eps) || reject(l.Low+eps) || reject(l.High-eps) || !reject(l.High+eps) || reject(l.Center) {
			t.Errorf("seed %d: %+v at %g of %v", seed, l, confidence, x)
		}
	}
}

// TestStudent holds the series against the tables.
func TestStudent(t *testing.T) {
	for _, c := range []struct {
		p    float64
		v    int
		want float64
	}{
		{.975, 5, 2.5706}, {.975, 10, 2.2281}, {.975, 19, 2.0930}, {.95, 5, 2.0150}, {.95, 19, 1.7291}, {.995, 19, 2.8609}, {.975, 120, 1.9799}, {.5, 7, 0},
	} {
		if got := studentQuantile(c.p, c.v); !near(got, c.want, 2e-3) {
			t.Errorf("t(%g; %d) = %g, want %g", c.p, c.v, got, c.want)
		}
	}
}

// pairs draws n pairs of noise with a ratio between the sides.
func pairs(rng *rand.Rand, n int, noise, ratio float64) (a, b []float64) {
	for range n {
		a = append(a, 1000*math.Exp(noise*rng.NormFloat64()))
		b = append(b, 1000*ratio*math.Exp(noise*rng.NormFloat64()))
	}
	return a, b
}

// TestCoverage: the bounds miss the truth no more often than they say.
func TestCoverage(t *testing.T) {
	for _, n := range []int{6, 20} {
		const trials = 4000
		rng := rand.New(rand.NewPCG(7, uint64(n)))
		missed := 0
		for range trials {
			a, b := pairs(rng, n, .1, 1.3)
			e, err := Paired(a, b, .95)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low > 1.3 || e.High < 1.3 {
				missed++
			}
		}
		if share := float64(missed) / trials; share > .06 || share < .02 {
			t.Errorf("n = %d: missed %g", n, share)
		}
	}
}

// TestPower: a change of the size that an A/A comparison says it can show is shown
// by 95 of 100 comparisons that have it.
func TestPower(t *testing.T) {
	for _, n := range []int{6, 10, 20, 40} {
		const trials = 2000
		rng := rand.New(rand.NewPCG(8, uint64(n)))
		seen := 0
		for range trials {
			a, b := pairs(rng, n, .05, 1)
			e, err := Paired(a, b, .95)
			if err != nil {
				t.Fatal(err)
			}
			a, b = pairs(rng, n, .05, 1+e.Visible(.95))
			if e, err = Paired(a, b, .95); err != nil {
				t.Fatal(err)
			}
			if e.Low > 1 {
				seen++
			}
		}
		least := .95
		if n == MinPairs {
			least = .88 // all six must agree: the approximation is poor
		}
		if share := float64(seen) / trials; share < least {
			t.Errorf("n = %d: saw %g of the changes", n, share)
		}
	}
}

func TestPairsFor(t *testing.T) {
	e := Estimate{Value: 1.01, Low: .98, High: 1.04, Confidence: .95, Pairs: 20, Spread: .06}
	for _, change := range []float64{.5, .05, .02, .01} {
		n := e.PairsFor(change, .95)
		e.Pairs = n
		if e.Visible(.95) > change {
			t.Errorf("%d pairs do not show %g", n, change)
		}
		if e.Pairs--; n > MinPairs && e.Visible(.95) <= change {
			t.Errorf("%d pairs show %g, so %d are too many", n-1, change, n)
		}
	}
	if n := e.PairsFor(1e-9, .95); n != 0 {
		t.Errorf("%d pairs for nothing", n)
	}
	few := Estimate{Confidence: .95, Pairs: 5, Spread: .01}
	if v := few.Visible(.95); !math.IsInf(v, 1) {
		t.Errorf("five pairs show %g", v)
	}
}

func TestZeros(t *testing.T) {
	six := func(v float64) []float64 { return []float64{v, v, v, v, v, v} }
	for _, c := range []struct {
		a, b           float64
		value, low, hi float64
	}{
		{0, 0, 1, 1, 1}, {0, 2, math.Inf(1), math.Inf(1), math.Inf(1)}, {2, 0, 0, 0, 0}, {2, 2, 1, 1, 1}, {1, 2, 2, 2, 2},
	} {
		e, err := Paired(six(c.a), six(c.b), .95)
		if err != nil || !(e.Value == c.value || near(e.Value, c.value, 1e-12)) || !(e.Low == c.low || near(e.Low, c.low, 1e-12)) || !(e.High == c.hi || near(e.High, c.hi, 1e-12)) {
			t.Errorf("%g against %g: %+v, %v", c.a, c.b, e, err)
		}
		if got := Exact(c.a, c.b); got.Value != c.value {
			t.Errorf("%g against %g exactly: %+v", c.a, c.b, got)
		}
	}
	e, err := Paired([]float64{0, 1, 1, 1, 0, 1, 1}, []float64{1, 1, 1, 1, 1, 0, 1}, .95)
	if err != nil || math.IsNaN(e.Value) || e.Changed() {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestBadSamples(t *testing.T) {
	for _, c := range [][2][]float64{{{1}, {1, 2}}, {nil, nil}, {{math.NaN()}, {1}}, {{1}, {-1}}, {{math.Inf(1)}, {1}}} {
		if _, err := Paired(c[0], c[1], .95); !errors.Is(err, ErrSample) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := Paired([]float64{1}, []float64{1}, 1); err == nil {
		t.Error("certainty")
	}
}

func TestSummary(t *testing.T) {
	s := Summarize([]float64{4, 1, 3, 2, 5})
	if s != (Summary{5, 1, 5, 2, 3, 4}) || !near(s.Relative(), 1.0/3, 1e-12) {
		t.Errorf("%+v", s)
	}
	if s := Summarize([]float64{1, 2}); s.Median != 1.5 || s.Q1 != 1.25 {
		t.Errorf("%+v", s)
	}
	if s := Summarize(nil); s != (Summary{}) || s.Relative() != 0 {
		t.Errorf("%+v", s)
	}
}

func ExamplePaired() {
	a := []float64{100, 104, 98, 101, 99, 103, 100, 97}
	b := []float64{108, 110, 107, 109, 104, 112, 106, 105}
	e, _ := Paired(a, b, DefaultConfidence)
	fmt.Printf("x %.3f (%.3f to %.3f)\n", e.Value, e.Low, e.High)
	// Output: x 1.073 (1.058 to 1.087)
}

// TestChorioamnion is Hollander and Wolfe's example 4.1 (permeability of the human
// chorioamnion): the estimate of the shift from the second sample to the first is
// 0.305. Logarithms are taken here, so the example goes in as exponentials.
func TestChorioamnion(t *testing.T) {
	exp := func(x ...float64) []float64 {
		for i := range x {
			x[i] = math.Exp(x[i])
		}
		return x
	}
	term := exp(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46)
	early := exp(1.15, 0.88, 0.90, 0.74, 1.21)
	e, err := Unpaired(early, term, .95)
	if err != nil || !near(math.Log(e.Value), 0.305, 1e-9) || e.Bounded() {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestUnpairedCoverage(t *testing.T) {
	const trials = 1000
	rng := rand.New(rand.NewPCG(9, 9))
	missed, seen := 0, 0
	for range trials {
		a, b := pairs(rng, 30, .3, 1.3)
		e, err := Unpaired(a, b, .95)
		if err != nil {
			t.Fatal(err)
		}
		if e.Low > 1.3 || e.High < 1.3 {
			missed++
		}
		a, b = pairs(rng, 30, .3, 1+e.Visible(.95))
		if e, _ = Unpaired(a, b, .95); e.Low > 1 {
			seen++
		}
	}
	if missed > trials*65/1000 || missed < trials*3/100 || seen < trials*95/100 {
		t.Errorf("missed %d, saw %d of %d", missed, seen, trials)
	}
}

func TestExactOver(t *testing.T) {
	for _, c := range []struct {
		a, b           []float64
		value, low, hi float64
	}{
		{[]float64{2, 4}, []float64{2, 4}, 1, 1, 1},
		{[]float64{1, 1, 1}, []float64{2, 1, 4}, 2, 1, 4},
		{[]float64{0, 0}, []float64{1, 1}, math.Inf(1), math.Inf(1), math.Inf(1)},
		{[]float64{0, 1}, []float64{0, 0}, .5, 0, 1},
	} {
		if e := ExactOver(c.a, c.b); e.Value != c.value || e.Low != c.low || e.High != c.hi || !e.Exact {
			t.Errorf("%v, %v: %+v", c.a, c.b, e)
		}
	}
}

// TestFirst: in every four pairs each side is first twice, in every two once.
func TestFirst(t *testing.T) {
	order := ""
	for i := range 64 {
		if order += "AB"[First(i) : First(i)+1]; i%2 == 1 && First(i) == First(i-1) {
			t.Errorf("pairs %d and %d begin with the same side", i-1, i)
		}
	}
	if order[:16] != "ABBABAABBAABABBA" {
		t.Error(order)
	}
}
