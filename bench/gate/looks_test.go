package gate

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

func TestPlan(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		pairs      int
		each, left time.Duration
		want       []int
	}{
		{20, 2 * s, 9 * s, nil}, // 4 pairs
		{20, 2 * s, 0, nil},
		{20, 2 * s, -s, nil},
		{20, 2 * s, 13 * s, []int{6}},
		{20, 2 * s, 79 * s, []int{20}},
		{20, 2 * s, 80 * s, []int{20, 40}},
		{20, 2 * s, 1000 * s, []int{20, 40, 80}},
		{20, 0, s, []int{20, 40, 80}}, // a clock too coarse
		{6, s, math.MaxInt64, []int{6, 12, 24}},
	} {
		spent := 0.0
		var got []int
		for _, l := range plan(c.pairs, maxLooks, c.each, c.left) {
			got, spent = append(got, l.pairs), spent+l.level
		}
		if len(got) != len(c.want) || len(got) > 0 && math.Abs(spent-.05) > 1e-12 {
			t.Errorf("%+v: %v, %g spent", c, got, spent)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%+v: %v", c, got)
			}
		}
	}
}

// rig measures pairs of a clock, noise and a change of its own.
type rig struct {
	rng           *rand.Rand
	noise, change float64
	follows       float64 // how much of an error is left in the next run
	second        float64 // log of what the second run of a pair is better by
	last          float64
	runs          int
	now           time.Time
}

func newRig(seed uint64, noise, change float64) *rig {
	return &rig{rng: rand.New(rand.NewPCG(seed, 5)), noise: noise, change: change, now: time.Unix(0, 0)}
}

func (r *rig) program(side int) Program {
	return func(_ context.Context, c bench.Config) (*result.File, error) {
		r.now = r.now.Add(time.Second)
		r.last = r.follows*r.last + r.rng.NormFloat64()
		x := 10_000 * math.Exp(r.noise*r.last+r.second*float64(r.runs%2))
		r.runs++
		if side == 1 {
			x *= r.change
		}
		run := result.Run{Protocol: c.Protocols[0], Network: c.Network, Nodes: c.Nodes, Seed: c.Seed, Throughput: x, Verdict: result.Verdict{Correct: true}}
		return &result.File{Runs: []result.Run{run}}, nil
	}
}

func (r *rig) measure(t testing.TB, budget time.Duration) result.GateRow {
	t.Helper()
	c := bench.Defaults()
	c.Network = bench.NetworkInproc
	rows, err := Measured(context.Background(), Trial{
		Source: "main", Config: c, Old: r.program(0), New: r.program(1), Thresholds: Defaults()[:1], Pairs: 20,
		Deadline: r.now.Add(budget), Now: func() time.Time { return r.now },
	})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return rows[0]
}

// TestMorePairs: what twenty pairs leave open is told by more if there is time, and
// nothing is tried that would not tell.
func TestMorePairs(t *testing.T) {
	const pair = 2 * time.Second
	counts := map[int]map[string]int{}
	for seed := range uint64(100) {
		for pairs, budget := range map[int]time.Duration{20: 2 * 30 * pair, 80: 2 * 81 * pair} {
			r := newRig(seed, .04, 1)
			row := r.measure(t, budget)
			if counts[pairs] == nil {
				counts[pairs] = map[string]int{}
			}
			counts[pairs][row.Outcome]++
			if row.Pairs > row.Batches*pairs || row.Outcome == "inconclusive" && row.Batches == 1 && row.Pairs < pairs && row.Needs <= 160 {
				t.Errorf("seed %d: %+v", seed, row)
			}
		}
	}
	t.Logf("passed with 20 pairs: %v, with up to 80: %v", counts[20], counts[80])
	if counts[20]["pass"] > 75 || counts[80]["pass"] < 90 || counts[20]["fail"]+counts[80]["fail"] > 0 {
		t.Errorf("%v", counts)
	}
	r := newRig(1, 1, 1)
	if row := r.measure(t, time.Hour); row.Outcome != "inconclusive" || row.Pairs != 20 || r.runs != 42 {
		t.Errorf("hopeless: %+v after %d runs", row, r.runs)
	}
}

// TestLooksKeepTheLevel: a first batch alone, with all of its looks, says of a program
// that is the same that it has changed in one of twenty cases at most, on either side
// together; a confirmed failure comes in none of hundreds. Where runs resemble the
// ones before, it errs a little more often; and where the second run of a pair is
// always better, no more often.
func TestLooksKeepTheLevel(t *testing.T) {
	trials := 2000
	if testing.Short() {
		trials = 60
	}
	for _, c := range []struct {
		what            string
		follows, second float64
		most            float64 // share of first batches
	}{
		{"independent", 0, 0, .025}, {"a run leaves 0.3 in the next", .3, 0, .035}, {"the second of a pair is better", 0, .04, .025},
	} {
		first, failed, moved := 0, 0, 0
		for seed := range uint64(trials) {
			r := newRig(seed, .04, 1)
			r.follows, r.second = c.follows, c.second
			row := r.measure(t, 2*81*2*time.Second)
			if row.Batches > 1 {
				first++
			}
			if row.Outcome == stat.Fail.String() {
				failed++
			}
			if row.Pairs > 20 {
				moved++
			}
		}
		t.Logf("%s: of %d, %d took more pairs, %d failed a first batch, %d failed", c.what, trials, moved, first, failed)
		// Three standard deviations above.
		if limit := c.most + 3*math.Sqrt(c.most/float64(trials)); float64(first) > limit*float64(trials) || float64(failed) > .005*float64(trials) || moved == 0 {
			t.Errorf("%s: of %d, %d took more pairs, %d failed a first batch, %d failed", c.what, trials, moved, first, failed)
		}
	}
}

// TestSeesIsCaught: a change as large as the gate said it would see, at noise that
// makes it look again or not, is caught in 95 of 100.
func TestSeesIsCaught(t *testing.T) {
	trials := 1000
	if testing.Short() {
		trials = 40
	}
	for _, noise := range []float64{.02, .04, .08} {
		var sees []float64
		for seed := range uint64(50) {
			if row := newRig(seed, noise, 1).measure(t, 2*81*2*time.Second); row.Visible != nil {
				sees = append(sees, *row.Visible)
			}
		}
		change, caught := 1-stat.Summarize(sees).Median, 0
		for seed := range uint64(trials) {
			if row := newRig(1000+seed, noise, change).measure(t, 2*81*2*time.Second); row.Outcome == stat.Fail.String() {
				caught++
			}
		}
		t.Logf("noise %g: %d of %d falls to %.3f are caught", noise, caught, trials, change)
		if float64(caught) < .95*float64(trials) {
			t.Errorf("noise %g: %d of %d falls to %.3f are caught", noise, caught, trials, change)
		}
	}
}

// TestSecondBatchIsAnother: it shares no seed with the first.
func TestSecondBatchIsAnother(t *testing.T) {
	seen := map[uint64]int{}
	r := newRig(1, .01, .8)
	count := func(p Program) Program {
		return func(ctx context.Context, c bench.Config) (*result.File, error) {
			seen[c.Seed]++
			return p(ctx, c)
		}
	}
	c := bench.Defaults()
	c.Network = bench.NetworkInproc
	rows, err := Measured(context.Background(), Trial{
		Source: "main", Config: c, Old: count(r.program(0)), New: count(r.program(1)), Thresholds: Defaults()[:1], Pairs: 20,
		Deadline: r.now.Add(time.Hour), Now: func() time.Time { return r.now },
	})
	if err != nil || rows[0].Outcome != "fail" || !strings.Contains(rows[0].Note, "two batches") || len(seen) != 41 {
		t.Errorf("%+v, %v: %d seeds", rows, err, len(seen))
	}
	for seed, n := range seen {
		if n != 2 {
			t.Errorf("seed %d: %d runs", seed, n)
		}
	}
}
