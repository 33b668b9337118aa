package park

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/consbench/consbench/bench/smr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func modes(t *testing.T, f func(t *testing.T, o Options)) {
	t.Run("timer", func(t *testing.T) { f(t, Options{}) })
	t.Run("precise", func(t *testing.T) { f(t, Options{Precise: true}) })
}

func TestWakeBeforePark(t *testing.T) {
	p := New(NewClock(), Options{})
	defer p.Close()
	p.Wake()
	p.Wake()
	if !p.Park(smr.Never) {
		t.Fatal("not woken")
	}
	if p.Park(0) {
		t.Fatal("two Wakes before a Park are one")
	}
}

func TestParkEndsAtItsDeadline(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		c := NewClock()
		p := New(c, o)
		defer p.Close()
		for i := range smr.Time(20) {
			deadline := c.Now() + i*100_000
			if p.Park(deadline) {
				t.Fatal("nobody called Wake")
			}
			if c.Now() < deadline {
				t.Fatal("too early")
			}
		}
	})
}

// TestDeadlineMoves: an alarm that rings for an earlier deadline must neither end
// the Park nor be the last one to ring.
func TestDeadlineMoves(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		c := NewClock()
		p := New(c, o)
		defer p.Close()
		for range 50 {
			p.set(c.Now()+20_000, c.Now())
			later := c.Now() + 300_000
			if p.Park(later) || c.Now() < later {
				t.Fatal("woken by an alarm that was set for earlier")
			}
		}
	})
}

// TestNoWakeIsLost passes a ball between goroutines that sleep without a deadline:
// one lost Wake and it stops.
func TestNoWakeIsLost(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		const players, rounds = 4, 5_000
		o.Yields = -1
		var ball atomic.Int64
		var ps [players]*Parker
		c := NewClock()
		for i := range ps {
			ps[i] = New(c, o)
			defer ps[i].Close()
		}
		var wg sync.WaitGroup
		for i := range ps {
			wg.Go(func() {
				for {
					b := ball.Load()
					if b >= rounds {
						break
					}
					if b%players == int64(i) {
						ball.Add(1)
						ps[(i+1)%players].Wake()
						continue
					}
					if i%2 == 0 { // alarms that ring all the time must not disturb
						p := c.Now() + smr.Time(b%50)*1000
						ps[i].Park(p)
					} else {
						ps[i].Park(smr.Never)
					}
				}
				ps[(i+1)%players].Wake()
			})
		}
		wg.Wait()
	})
}

func TestParkAllocatesNothing(t *testing.T) {
	c := NewClock()
	p := New(c, Options{Precise: true})
	defer p.Close()
	if n := testing.AllocsPerRun(100, func() { p.Park(c.Now() + 1000); p.Wake(); p.Park(smr.Never) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkWakeRunning(b *testing.B) {
	p := New(NewClock(), Options{})
	defer p.Close()
	for b.Loop() {
		p.Wake()
		p.Take()
	}
}

// BenchmarkLateness reports by how much a Park of 100 us on an idle machine is late.
func BenchmarkLateness(b *testing.B) {
	for _, precise := range []bool{false, true} {
		b.Run(map[bool]string{false: "timer", true: "precise"}[precise], func(b *testing.B) {
			c := NewClock()
			p := New(c, Options{Precise: precise})
			defer p.Close()
			var late []time.Duration
			for b.Loop() {
				deadline := c.Now() + 100_000
				p.Park(deadline)
				late = append(late, time.Duration(c.Now()-deadline))
			}
			slices.Sort(late)
			b.ReportMetric(float64(late[len(late)/2]), "p50-ns")
			b.ReportMetric(float64(late[len(late)*99/100]), "p99-ns")
		})
	}
}

// BenchmarkPingPong wakes two goroutines by turns.
func BenchmarkPingPong(b *testing.B) {
	c := NewClock()
	x, y := New(c, Options{}), New(c, Options{})
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			y.Park(smr.Never)
			x.Wake()
		}
	})
	for b.Loop() {
		y.Wake()
		x.Park(smr.Never)
	}
	stop.Store(true)
	y.Wake()
	wg.Wait()
	x.Close()
	y.Close()
}
