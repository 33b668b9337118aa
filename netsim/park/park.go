package park

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// Clock is a monotonic clock that started at 0.
type Clock struct{ start time.Time }

// NewClock returns a clock that stands at 0 now.
func NewClock() *Clock { return &Clock{time.Now()} }

// NewClockAt returns a clock that stands at t now.
func NewClockAt(t smr.Time) *Clock { return &Clock{time.Now().Add(-time.Duration(t))} }

// Now is the time since the clock was made.
func (c *Clock) Now() smr.Time { return smr.Time(time.Since(c.start)) }

// Options of a Parker.
type Options struct {
	// Precise asks for deadlines to be met within about 100 us on an idle machine,
	// instead of 1 ms. It costs a file descriptor, and a system call where a
	// deadline moves forward. Without timerfd it has no effect.
	Precise bool
	// Yields is how often Park lets other goroutines run before it sleeps; 0 means
	// DefaultYields, a negative number none.
	Yields int
}

// DefaultYields is enough for two actors on one core to answer each other without
// ever sleeping.
const DefaultYields = 4

// States of a Parker.
const (
	running  = iota // the goroutine runs and nobody has called Wake since it last looked
	notified        // Wake was called
	parked          // the goroutine sleeps, or is about to
	rang            // the alarm has woken it
)

// Parker parks one goroutine. Wake may be called from anywhere, everything else
// belongs to that goroutine.
type Parker struct {
	state atomic.Uint32
	rung  atomic.Bool   // the alarm has gone off since it was set
	sleep chan struct{} // holds one token for each transition out of parked

	clock  *Clock
	yields int
	armed  smr.Time // when the alarm goes off
	timer  *time.Timer
	alarm  *alarm // nil unless precise
}

// New returns a Parker on clock. Close it when its goroutine ends.
func New(clock *Clock, o Options) *Parker {
	p := &Parker{sleep: make(chan struct{}, 1), clock: clock, yields: o.Yields, armed: smr.Never}
	switch {
	case o.Yields == 0:
		p.yields = DefaultYields
	case o.Yields < 0:
		p.yields = 0
	}
	p.timer = time.AfterFunc(time.Hour, p.ring)
	p.timer.Stop()
	if o.Precise {
		p.alarm = newAlarm(p.ring)
	}
	return p
}

// Wake makes the current or the next Park return true. It never blocks.
func (p *Parker) Wake() {
	if p.state.Load() == notified {
		return
	}
	if p.state.Swap(notified) == parked {
		p.sleep <- struct{}{}
	}
}

func (p *Parker) ring() {
	p.rung.Store(true)
	if p.state.CompareAndSwap(parked, rang) {
		p.sleep <- struct{}{}
	}
}

// Take reports whether Wake was called since Park or Take last returned true, and
// forgets it: a Park that does not wait.
func (p *Parker) Take() bool { return p.state.CompareAndSwap(notified, running) }

// Park waits for Wake or for the deadline (Never: none), and reports whether it
// was Wake. A Wake since the last Park counts, and comes before a deadline.
func (p *Parker) Park(deadline smr.Time) bool {
	if p.Take() {
		return true
	}
	for range p.yields {
		runtime.Gosched()
		if p.Take() {
			return true
		}
	}
	for {
		if deadline != smr.Never {
			now := p.clock.Now()
			if now >= deadline {
				return p.Take()
			}
			if deadline < p.armed || p.rung.Load() {
				p.set(deadline, now)
			}
		}
		if !p.state.CompareAndSwap(running, parked) {
			p.state.Store(running)
			return true
		}
		// The alarm may have rung after it was looked at and before the state was
		// parked. Whoever takes the state out of parked, if not we, sends a token.
		if p.rung.Load() && p.state.CompareAndSwap(parked, running) {
			p.armed = smr.Never
			p.rung.Store(false)
			continue
		}
		<-p.sleep
		if p.state.Swap(running) == notified {
			return true
		}
	}
}

func (p *Parker) set(deadline, now smr.Time) {
	p.rung.Store(false)
	p.armed = deadline
	p.timer.Reset(time.Duration(deadline - now))
	if p.alarm != nil {
		p.alarm.set(time.Duration(deadline - now))
	}
}

// Close frees what the Parker holds. Wake stays harmless.
func (p *Parker) Close() {
	p.timer.Stop()
	if p.alarm != nil {
		p.alarm.close()
		p.alarm = nil
	}
}
