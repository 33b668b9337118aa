package trend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/stat"
)

// nile is the annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 m^3 (Cobb, The
// problem of the Nile: conditional solution to a change-point problem, Biometrika 65,
// 1978, table 1).
var nile = []float64{
	1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
	1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
	831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
	781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
	744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
}

// TestNile: the change point that the literature finds in this series is the one year
// after which the mean falls from 1098 to 850, 1898 (Cobb, section 5).
func TestNile(t *testing.T) {
	mean := func(v []float64) float64 {
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		return sum / float64(len(v))
	}
	if a, b := mean(nile[:28]), mean(nile[28:]); math.Abs(a-1097.75) > .01 || math.Abs(b-849.97) > .01 {
		t.Fatalf("the data is not Cobb's: means %v and %v", a, b)
	}
	splits := Divisive(nile, DefaultOptions())
	if len(splits) != 1 || splits[0].At != 1899-1871 || splits[0].P > 0.001 {
		t.Errorf("changes %+v, want one at %d", splits, 1899-1871)
	}
}

// naive is the scaled energy distance by its definition.
func naive(x, y []float64) float64 {
	across := func(x, y []float64) float64 {
		sum := 0.0
		for _, a := range x {
			for _, b := range y {
				sum += math.Abs(a - b)
			}
		}
		return sum
	}
	m, n := float64(len(x)), float64(len(y))
	e := 2 * across(x, y) / (m * n)
	if m > 1 {
		e -= across(x, x) / (m * (m - 1))
	}
	if n > 1 {
		e -= across(y, y) / (n * (n - 1))
	}
	return m * n / (m + n) * e
}

func TestBestSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		v := make([]float64, 2+rng.IntN(20))
		for i := range v {
			v[i] = float64(rng.IntN(10)) + 3*float64(rng.IntN(2)*i)
		}
		least := 1 + rng.IntN(4)
		at, q := bestSplit(v, least)
		want, wantAt := 0.0, 0
		for k := least; k <= len(v)-least; k++ {
			if e := naive(v[:k], v[k:]); e > want+1e-9 {
				want, wantAt = e, k
			}
		}
		if math.Abs(q-want) > 1e-6*(1+want) || wantAt != at && math.Abs(naive(v[:max(at, 1)], v[max(at, 1):])-want) > 1e-6 {
			t.Fatalf("%v, at least %d: split %d with %v, want %d with %v", v, least, at, q, wantAt, want)
		}
	}
}

// series is n values around level after level, with noise.
func series(seed uint64, noise float64, n int, levels ...float64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 9))
	var v []float64
	for _, l := range levels {
		for range n {
			v = append(v, l*(1+noise*rng.NormFloat64()))
		}
	}
	return v
}

// TestNoise: of series that did not change, about as many show a change as the level
// says. With 500 series at 0.01 more than 14 would come once in a thousand times.
func TestNoise(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	found := 0
	for seed := range uint64(500) {
		if len(Divisive(series(seed, .05, 20, 100), DefaultOptions())) > 0 {
			found++
		}
	}
	if found > 14 {
		t.Errorf("changes in %d of 500 series without one", found)
	}
	if got := Divisive(make([]float64, 50), DefaultOptions()); len(got) > 0 {
		t.Errorf("changes in a constant series: %v", got)
	}
	for n := range 2 * DefaultOptions().Least {
		if got := Divisive(series(1, 0, 1, []float64{1, 1, 1, 9, 9, 9}[:n]...), DefaultOptions()); len(got) > 0 {
			t.Errorf("changes in %d values: %v", n, got)
		}
	}
}

// TestSteps: steps of four times the noise are found, at the right places.
func TestSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	exact, all := 0, 0
	for seed := range uint64(60) {
		splits := Divisive(series(seed, .02, 12, 100, 110, 95), DefaultOptions())
		all += len(splits)
		for _, s := range splits {
			if s.At == 12 || s.At == 24 {
				exact++
			}
		}
	}
	if all < 118 || all > 124 || exact < 112 {
		t.Errorf("%d changes in 60 series with two each, %d of them in their places", all, exact)
	}
	if got := Divisive(series(3, 0, 5, 100, 101), DefaultOptions()); len(got) != 1 || got[0].At != 5 {
		t.Errorf("the shortest series with a clean step: %+v", got)
	}
	a, b := Divisive(series(5, .1, 30, 100, 110), DefaultOptions()), Divisive(series(5, .1, 30, 100, 110), DefaultOptions())
	if !slices.Equal(a, b) {
		t.Errorf("equal series, %v and %v", a, b)
	}
}

func metrics(t *testing.T, names ...string) []measure.Metric {
	var out []measure.Metric
	for _, n := range names {
		m, err := measure.Find(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func results(n int, of func(i int, r *Result) map[string]float64) []Result {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	all := make([]Result, n)
	for i := range all {
		r := &all[i]
		*r = Result{ID: fmt.Sprint(i), Revision: fmt.Sprintf("r%d", i), Started: start.Add(time.Duration(i) * time.Hour), Run: "raft/3/sim", Fingerprint: "f", Machine: "m", Arch: "amd64", Virtual: true}
		values := of(i, r)
		r.Value = func(name string) (float64, bool) { v, ok := values[name]; return v, ok }
	}
	return all
}

// TestFollowExact: in virtual time every step counts, on whatever machine; another
// configuration, seed or architecture is another series.
func TestFollowExact(t *testing.T) {
	all := results(12, func(i int, r *Result) map[string]float64 {
		r.Machine = fmt.Sprint("machine ", i)
		switch {
		case i == 9:
			r.Fingerprint = "g"
		case i == 10:
			r.Seed = 7
		case i == 11:
			r.Arch = "arm64"
		}
		v := 100.0
		if i >= 4 {
			v = 101
		}
		if i == 7 {
			v = 99
		}
		return map[string]float64{"throughput": v, "response.p99": v}
	})
	s := Follow(all, metrics(t, "throughput", "response.p99"), nil, DefaultOptions())
	if len(s) != 8 {
		t.Fatalf("%d series, want 4 of each metric", len(s))
	}
	at := func(s *Series) (out string) {
		for _, c := range s.Changes {
			out += fmt.Sprintf("%d:%v>%v b%v w%v ", c.At, c.Before, c.After, c.Better, c.Worse)
		}
		return out
	}
	if got, want := at(&s[0]), "4:100>101 btrue wfalse 7:101>99 bfalse wtrue 8:99>101 btrue wfalse "; got != want || !s[0].Exact || len(s[0].Points) != 9 {
		t.Errorf("%d points, %s, want %s", len(s[0].Points), got, want)
	}
	if got, want := at(&s[4]), "4:100>101 bfalse wtrue 7:101>99 btrue wfalse 8:99>101 bfalse wtrue "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFollowMeasured: live values are noisy, belong to one machine, and are searched.
func TestFollowMeasured(t *testing.T) {
	values := series(4, .02, 15, 1000, 800)
	all := results(32, func(i int, r *Result) map[string]float64 {
		r.Virtual = false
		if i >= 30 {
			r.Machine = "another"
			return map[string]float64{"throughput": 5000}
		}
		return map[string]float64{"throughput": values[i]}
	})
	all[3].Value = func(string) (float64, bool) { return 0, false } // it has no such figure
	s := Follow(all, metrics(t, "throughput"), nil, DefaultOptions())
	if len(s) != 2 || len(s[0].Points) != 29 || len(s[1].Points) != 2 || len(s[1].Changes) != 0 || s[0].Exact {
		t.Fatalf("%d series", len(s))
	}
	c := s[0].Changes
	if len(c) != 1 || c[0].At != 14 || !c[0].Worse || math.Abs(c[0].Ratio()-.8) > .02 {
		t.Errorf("changes %+v", c)
	}
	if m := stat.Summarize(values[15:]).Median; len(c) == 1 && c[0].After != m {
		t.Errorf("after %v, want the median %v", c[0].After, m)
	}
}

// TestOrder: revisions go before times, where history knows them.
func TestOrder(t *testing.T) {
	now := time.Now()
	old := &Result{ID: "1", Revision: "b", Started: now}
	newer := &Result{ID: "2", Revision: "a", Started: now.Add(1)}
	dirty := &Result{ID: "3", Revision: "b", Modified: true, Started: now.Add(-5)}
	list := []*Result{newer, dirty, old}
	slices.SortFunc(list, Order(nil))
	if list[0] != dirty || list[1] != old || list[2] != newer {
		t.Error("by time")
	}
	slices.SortFunc(list, Order(map[string]int{"a": 0, "b": 1}))
	if list[0] != newer || list[1] != old || list[2] != dirty {
		t.Error("by history")
	}
}

// TestLong: a long series is searched whole, in means of neighbours, and a change is placed at
// the value where it is.
func TestLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	o := DefaultOptions()
	o.Permutations = 199
	for _, n := range []int{longest + 50, 3 * longest} {
		for _, at := range []int{100, n - 40} {
			if testing.Short() && n > longest+50 {
				continue
			}
			all := results(n, func(i int, r *Result) map[string]float64 {
				r.Virtual = false
				v := 1000 * (1 + .02*rng.NormFloat64())
				if i >= at {
					v *= .9
				}
				return map[string]float64{"throughput": v}
			})
			s := Follow(all, metrics(t, "throughput"), nil, o)
			if len(s[0].Changes) != 1 || s[0].Changes[0].At < at-3 || s[0].Changes[0].At > at+3 || !s[0].Changes[0].Worse || s[0].Step != (n+longest-1)/longest {
				t.Errorf("%d values that change at %d: step %d, changes %+v", n, at, s[0].Step, s[0].Changes)
			}
		}
	}
	flat := Means([]float64{.1, .1, .1, .1, .1, .1, .1}, 3)
	if flat[0] != .1 || flat[1] != .1 || len(flat) != 3 {
		t.Errorf("means of equal values: %v", flat)
	}
}
