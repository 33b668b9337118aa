package netsim

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

type fireFunc func(now smr.Time, arg uint64)

func (f fireFunc) Fire(now smr.Time, arg uint64) { f(now, arg) }

// TestSimFiresInOrder schedules at random, also from within handlers, and checks
// the order by time and then by insertion.
func TestSimFiresInOrder(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s := NewSim()
		type want struct {
			at  smr.Time
			arg uint64
		}
		var planned, fired []want
		var h fireFunc
		schedule := func() {
			at := s.Now() + smr.Time(rng.IntN(20)) - 2
			arg := uint64(len(planned))
			planned = append(planned, want{max(at, s.Now()), arg})
			s.At(at, h, arg)
		}
		h = func(now smr.Time, arg uint64) {
			if now != s.Now() {
				t.Fatalf("seed %d: fired with %v at %v", seed, now, s.Now())
			}
			fired = append(fired, want{now, arg})
			for range rng.IntN(3) {
				if len(planned) < 5_000 {
					schedule()
				}
			}
		}
		for range 100 {
			schedule()
		}
		for s.Step() {
		}
		slices.SortStableFunc(planned, func(a, b want) int { return int(a.at - b.at) })
		if !slices.Equal(planned, fired) {
			t.Fatalf("seed %d: not in the order of time and insertion", seed)
		}
		if s.Len() != 0 || s.Next() != smr.Never || s.Fired() != uint64(len(fired)) {
			t.Fatalf("seed %d: %d events left, next at %v, %d fired", seed, s.Len(), s.Next(), s.Fired())
		}
	}
}

func TestRunStopsAtItsEnd(t *testing.T) {
	s := NewSim()
	var fired []smr.Time
	h := fireFunc(func(now smr.Time, _ uint64) { fired = append(fired, now) })
	for _, at := range []smr.Time{30, 10, 20, 21, smr.Never} {
		s.At(at, h, 0)
	}
	s.Run(20)
	if !slices.Equal(fired, []smr.Time{10, 20}) || s.Now() != 20 || s.Next() != 21 {
		t.Fatalf("fired %v, now %v, next %v", fired, s.Now(), s.Next())
	}
	s.Run(25)
	if s.Now() != 25 || len(fired) != 3 {
		t.Fatalf("fired %v, now %v", fired, s.Now())
	}
}

func TestTimer(t *testing.T) {
	s := NewSim()
	var fired []smr.Time
	tm := NewTimer(s, fireFunc(func(now smr.Time, _ uint64) { fired = append(fired, now) }), 0)
	tm.Set(10)
	tm.Set(30) // back: looked at when 10 comes
	s.Run(29)
	if len(fired) != 0 {
		t.Fatalf("fired at %v, set to 30", fired)
	}
	tm.Wake()
	tm.Wake() // once
	s.Run(29)
	tm.Set(40)
	s.Run(39)
	if !slices.Equal(fired, []smr.Time{29}) {
		t.Fatalf("fired at %v, want one wake-up at 29", fired)
	}
	s.Run(40)
	tm.Set(60)
	tm.Set(50) // forward
	s.Run(100)
	if !slices.Equal(fired, []smr.Time{29, 40, 50}) {
		t.Fatalf("fired at %v", fired)
	}
	tm.Set(110)
	tm.Wake()
	tm.Stop()
	s.Run(200)
	if len(fired) != 3 {
		t.Fatalf("fired at %v after Stop", fired)
	}
}

// TestTimerKeepsFewEvents: a deadline that moves back in every turn must not fill
// the queue.
func TestTimerKeepsFewEvents(t *testing.T) {
	s := NewSim()
	var tm *Timer
	turns := 0
	tm = NewTimer(s, fireFunc(func(now smr.Time, _ uint64) {
		turns++
		tm.Set(now + 1000)
	}), 0)
	for range 10_000 {
		tm.Wake()
		s.Run(s.Now() + 3)
		if s.Len() > 1 {
			t.Fatalf("%d events for one timer", s.Len())
		}
	}
	if turns != 10_000 {
		t.Fatalf("%d turns", turns)
	}
}

func TestSimAllocatesNothing(t *testing.T) {
	s := NewSim()
	var h fireFunc
	h = func(now smr.Time, arg uint64) { s.At(now+smr.Time(arg%7), h, arg+1) }
	for i := range uint64(1000) {
		s.At(smr.Time(i), h, i)
	}
	for range 100_000 {
		s.Step()
	}
	if n := testing.AllocsPerRun(10_000, func() { s.Step() }); n != 0 {
		t.Fatalf("%v allocations an event", n)
	}
}

type pacer struct {
	s *Sim
	x uint64
}

func (p *pacer) Fire(now smr.Time, arg uint64) {
	p.x = p.x*6364136223846793005 + 1442695040888963407
	p.s.At(now+1+smr.Time(p.x>>44), p, arg)
}

// BenchmarkSim fires events among 1,000 that are scheduled.
func BenchmarkSim(b *testing.B) {
	s := NewSim()
	p := &pacer{s: s}
	for i := range uint64(1000) {
		s.At(smr.Time(i), p, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// forever schedules itself for the current instant, again and again.
type forever struct{ sim *Sim }

func (f forever) Fire(now smr.Time, _ uint64) { f.sim.At(now, f, 0) }

func TestRunNStopsWhereTimeStands(t *testing.T) {
	s := NewSim()
	s.At(5, forever{s}, 0)
	if s.RunN(10, 1000) || s.Now() != 5 || s.Fired() != 1000 {
		t.Fatalf("at %d after %d events", s.Now(), s.Fired())
	}
}
