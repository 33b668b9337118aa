package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/measure"
)

// TestHolm is the example of p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") in R.
func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if !near(got[i], want, 1e-12) {
			t.Errorf("%v", got)
		}
	}
	if Holm(nil) == nil || len(Holm(nil)) != 0 || Holm([]float64{.7, .9})[0] != 1 {
		t.Error("of none, or above 1")
	}
}

// TestTestAgreesWithBounds: the bounds exclude no change just if the test says so.
func TestTestAgreesWithBounds(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 3))
		n := 3 + rng.IntN(90)
		a, b := pairs(rng, n, .1, 1+.1*rng.Float64())
		if seed%3 == 0 { // ties and zeros
			for i := range a {
				a[i], b[i] = math.Round(a[i]/100), math.Round(b[i]/100)
			}
		}
		for _, confidence := range []float64{.9, .95, .995} {
			paired, err := Paired(a, b, confidence)
			if err != nil {
				t.Fatal(err)
			}
			if paired.Changed() != (paired.P <= 1-confidence+1e-12) {
				t.Errorf("seed %d, %d pairs at %g: %+v", seed, n, confidence, paired)
			}
			unpaired, err := Unpaired(a, b, confidence)
			if err != nil {
				t.Fatal(err)
			}
			if unpaired.Changed() != (unpaired.P <= 1-confidence) {
				t.Errorf("seed %d, %d values at %g: %+v", seed, n, confidence, unpaired)
			}
		}
	}
	// R: wilcox.test(c(1.1,2.2,0.3,4.4,-0.5,3.6,2.7,1.8)), V = 34, p = 0.02344.
	if l := SignedRank([]float64{1.1, 2.2, 0.3, 4.4, -0.5, 3.6, 2.7, 1.8}, .95); !near(l.P, 0.0234375, 1e-12) {
		t.Errorf("%+v", l)
	}
}

func TestPairsAt(t *testing.T) {
	for _, c := range []float64{.95, .99, .995, .9995} {
		n := PairsAt(c)
		up := make([]float64, n)
		for i := range up {
			up[i] = float64(i + 1)
		}
		if SignedRank(up, c).Low < 0 || n > MinPairs && SignedRank(up[1:], c).Low > 0 {
			t.Errorf("%g: %d pairs", c, n)
		}
	}
}

// noise is what live runs are like: heavy tails (Student's t with three degrees of
// freedom), a drift that pairs share, and errors that follow each other.
type noise struct {
	rng         *rand.Rand
	follows     float64 // how much of an error is left in the next run
	drift, last float64
}

func (n *noise) next() float64 {
	z := n.rng.NormFloat64()
	chi := 0.0
	for range 3 {
		x := n.rng.NormFloat64()
		chi += x * x
	}
	n.last = n.follows*n.last + z/math.Sqrt(chi/3)
	n.drift += .05 * n.rng.NormFloat64()
	return .03 * (n.last + n.drift)
}

// batch is pairs in alternating order of two sides, the second ratio times the first.
func (n *noise) batch(pairs int, ratio float64) (a, b []float64) {
	a, b = make([]float64, pairs), make([]float64, pairs)
	for i := range pairs {
		first, second := 1000*math.Exp(n.next()), 1000*math.Exp(n.next())
		if First(i) != 0 {
			first, second = second, first
		}
		a[i], b[i] = first, ratio*second
	}
	return a, b
}

// TestManyMetrics: with ten metrics, half of them alike, a third of the tables of a
// side against itself had something to say if each bound stood for itself; Holm's
// adjustment keeps it to one in twenty. Where runs resemble the one before, it may
// err a little more often.
func TestManyMetrics(t *testing.T) {
	const tables = 1000
	for follows, most := range map[float64]int{0: 60, .3: 110} {
		alone, together := 0, 0
		for seed := range uint64(tables) {
			one, all := selfTable(t, seed, follows)
			alone, together = alone+one, together+all
		}
		t.Logf("errors that leave %g in the next run: of %d tables %d with bounds alone, %d together", follows, tables, alone, together)
		if alone < tables/5 || together > most {
			t.Errorf("errors that leave %g in the next run: of %d tables of a side against itself %d say something, %d with bounds alone", follows, tables, together, alone)
		}
	}
}

// selfTable reports 1 if a table of ten metrics of a side against itself calls any
// better or worse: by bounds alone, and by all together.
func selfTable(t *testing.T, seed uint64, follows float64) (alone, together int) {
	const metrics, n = 10, 20
	rng := rand.New(rand.NewPCG(seed, 4))
	shared := noise{rng: rng, follows: follows}
	sa, sb := shared.batch(n, 1)
	var all []Estimate
	var p []float64
	for m := range metrics {
		own := noise{rng: rng, follows: follows}
		a, b := own.batch(n, 1)
		if m%2 == 0 {
			for i := range a {
				a[i], b[i] = a[i]/1000*sa[i]*sa[i], b[i]/1000*sb[i]*sb[i]
			}
		}
		e, err := Paired(a, b, .95)
		if err != nil {
			t.Fatal(err)
		}
		all, p = append(all, e), append(p, e.P)
	}
	told := func(v Verdict) bool { return v == Better || v == Worse }
	for i, adjusted := range Holm(p) {
		if told(all[i].Verdict(measure.Lower, DefaultTolerance)) {
			alone = 1
		}
		if told(all[i].VerdictIf(adjusted <= .05, measure.Lower, DefaultTolerance)) {
			together = 1
		}
	}
	return alone, together
}

// TestRule is what a gate does with noise of that kind: it hardly ever fails a
// program that is the same, and catches what it says it catches.
func TestRule(t *testing.T) {
	limit, err := ParseThreshold("throughput>=-3%")
	if err != nil {
		t.Fatal(err)
	}
	const trials, n = 1500, 20
	fails := func(w *noise, ratio float64) (Estimate, bool) {
		a, b := w.batch(n, ratio)
		e, err := Paired(a, b, .95)
		if err != nil {
			t.Fatal(err)
		}
		return e, limit.Evaluate(e, DefaultPower) == Fail
	}
	alarms, single, caught := 0, 0, 0
	for seed := range uint64(trials) {
		w := &noise{rng: rand.New(rand.NewPCG(seed, 5)), follows: .3}
		e, failed := fails(w, 1)
		if failed {
			single++
			if _, again := fails(w, 1); again {
				alarms++
			}
		}
		change := limit.Catches(e, 2, DefaultPower)
		if _, failed := fails(w, 1-change); failed {
			if _, again := fails(w, 1-change); again {
				caught++
			}
		}
	}
	t.Logf("of %d: %d failed one batch, %d two; %d of the changes caught", trials, single, alarms, caught)
	if alarms > trials/100 || caught < trials*95/100 {
		t.Errorf("of %d: %d false alarms, %d of the changes caught", trials, alarms, caught)
	}
}

func TestCatches(t *testing.T) {
	e := Estimate{Value: 1, Low: .97, High: 1.03, Confidence: .95, Pairs: 20, Spread: .05}
	parse := func(s string) Threshold {
		th, err := ParseThreshold(s)
		if err != nil {
			t.Fatal(err)
		}
		return th
	}
	small, large := parse("throughput>=-3%").Catches(e, 2, .95), parse("throughput>=-20%").Catches(e, 2, .95)
	if small <= e.Visible(.95)/1.5 || small <= .03 || large <= .2 || large > .3 {
		t.Errorf("%g, %g", small, large)
	}
	if one := parse("throughput>=-3%").Catches(e, 1, .95); one >= small {
		t.Errorf("one batch catches %g, two %g", one, small)
	}
	for _, s := range []string{"p99<=2ms", "throughput>=+10%"} {
		if v := parse(s).Catches(e, 2, .95); !math.IsNaN(v) {
			t.Errorf("%s: %g", s, v)
		}
	}
	e.Pairs = 5
	if v := parse("p99<=+5%").Catches(e, 2, .95); !math.IsInf(v, 1) {
		t.Errorf("of five pairs %g", v)
	}
	if v := parse("p99<=+5%").Catches(Exact(1, 1), 2, .95); v != 0 {
		t.Errorf("exact: %g", v)
	}
}
