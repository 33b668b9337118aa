package measure

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func TestAvailability(t *testing.T) {
	a := NewAvailability()
	a.Asking(-10*ms, true)
	a.Acknowledged(-5 * ms)
	a.Acknowledged(20 * ms) // cut off at the start of the window: 0-20
	a.Acknowledged(25 * ms)
	a.Asking(25*ms, false)
	a.Asking(100*ms, true) // nobody asked 25-100
	a.Acknowledged(110 * ms)
	a.Asking(150*ms, false) // given up: asked 110-150 and 160-200
	a.Asking(160*ms, true)
	a.Acknowledged(200 * ms)
	a.Acknowledged(200 * ms)
	// nothing more until the end at 260
	a.Acknowledged(500 * ms)
	o := NewOutages(260*ms, a)
	want := []Gap{{0, 20 * ms}, {20 * ms, 25 * ms}, {100 * ms, 110 * ms}, {110 * ms, 150 * ms}, {160 * ms, 200 * ms}, {200 * ms, 260 * ms}}
	if got := o.Gaps(0); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if o.Longest() != 60*ms || o.Resolution != 0 {
		t.Errorf("longest %v, resolution %v", o.Longest(), o.Resolution)
	}
	for _, c := range []struct{ from, to, want smr.Time }{
		{105 * ms, 300 * ms, 60 * ms}, {105 * ms, 150 * ms, 40 * ms}, {30 * ms, 90 * ms, 0},
		{100 * ms, 202 * ms, 40 * ms}, // what begins before 202 and lasts 60 is of the next fault
		{100 * ms, 112 * ms, 10 * ms}, // likewise, but for what lies before
		{190 * ms, 240 * ms, 60 * ms}, // began soon after this fault, and goes on past the next
		{-smr.Never, smr.Never, 60 * ms},
		{10 * ms, 30 * ms, 20 * ms}, // began before
		{25 * ms, 26 * ms, 0},       // touches the end
	} {
		if got := o.During(c.from, c.to); got != c.want {
			t.Errorf("during %v-%v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if got := o.Gaps(50 * ms); len(got) != 1 {
		t.Errorf("gaps of at least 50 ms: %v", got)
	}
}

func TestNothingEverAcknowledged(t *testing.T) {
	a, idle := NewAvailability(), NewAvailability()
	a.Asking(30*ms, true)
	if got := NewOutages(s, a, idle).Longest(); got != 970*ms {
		t.Errorf("unavailable for %v", got)
	}
	if got := NewOutages(s, idle, idle).Longest(); got != 0 {
		t.Errorf("nobody asked, unavailable for %v", got)
	}
	if got := NewOutages(s).Longest(); got != 0 {
		t.Errorf("no workers, unavailable for %v", got)
	}
}

// Several workers against the definition, taken literally on a fine grid.
func TestMergedAvailability(t *testing.T) {
	const seed = 4
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 300 {
		const end = 400
		n := 1 + r.IntN(4)
		workers := make([]*Availability, n)
		var acked [end + 1]bool
		var asked [end]bool // in [i, i+1)
		for w := range workers {
			a := NewAvailability()
			workers[w] = a
			asking := false
			for now := smr.Time(-20); now < end; now++ {
				if asking && r.IntN(20) == 0 {
					a.Acknowledged(now)
					if now >= 0 {
						acked[now] = true
					}
				}
				if r.IntN(15) == 0 {
					asking = !asking
					a.Asking(now, asking)
				}
				if asking && now >= 0 {
					asked[now] = true
				}
			}
		}
		var want []Gap
		for i := range smr.Time(end) {
			if !asked[i] {
				continue
			}
			if k := len(want) - 1; k >= 0 && want[k].To == i && !acked[i] {
				want[k].To++
			} else {
				want = append(want, Gap{i, i + 1})
			}
		}
		if got := NewOutages(end, workers...).Gaps(0); !slices.Equal(got, want) {
			t.Fatalf("seed %d, round %d, %d workers:\ngot  %v\nwant %v", seed, round, n, got, want)
		}
	}
}

func TestMemoryOfAvailabilityIsBounded(t *testing.T) {
	const seed = 6
	for name, gap := range map[string]func(*rand.Rand) smr.Time{
		"random":   func(r *rand.Rand) smr.Time { return smr.Time(r.ExpFloat64() * float64(ms)) },
		"constant": func(*rand.Rand) smr.Time { return ms },
		"rising":   func() func(*rand.Rand) smr.Time { g := smr.Time(0); return func(*rand.Rand) smr.Time { g++; return g } }(),
	} {
		r := rand.New(rand.NewPCG(seed, 0))
		a, b := NewAvailability(), NewAvailability()
		b.Asking(0, false)
		a.Asking(0, true)
		a.Acknowledged(0)
		var now, longest smr.Time
		for i := range 200_000 {
			g := gap(r)
			if i == 70_000 {
				g = 3 * s
			}
			now += g
			longest = max(longest, g)
			a.Acknowledged(now)
		}
		if len(a.kept) > keptQuiet || cap(a.kept) > keptQuiet {
			t.Errorf("%s: %d quiet intervals are kept", name, len(a.kept))
		}
		o := NewOutages(now, a, b)
		if o.Longest() != longest {
			t.Errorf("%s: longest %v, want %v", name, o.Longest(), longest)
		}
		if o.Resolution <= 0 || o.Resolution > longest {
			t.Errorf("%s: resolution %v", name, o.Resolution)
		}
		if n := len(o.Gaps(o.Resolution + 1)); n > keptQuiet {
			t.Errorf("%s: %d gaps", name, n)
		}
	}
}
