package netsim

import "github.com/consbench/consbench/bench/smr"

// Timer fires a handler at a time that may be changed, and earlier when woken: an
// actor's next turn in virtual time. It is a [Waker].
//
// It keeps at most one wake-up and, unless deadlines move forward, one deadline in
// the Sim: a deadline that moves back is looked at when the old one comes.
type Timer struct {
	sim     *Sim
	handler Handler
	arg     uint64
	at      smr.Time // when to fire
	armed   smr.Time // when the current deadline event comes; at or earlier
	event   uint64   // number of that event; older ones are void
	woken   bool
}

const wakeUp = 0 // argument of a wake-up; deadline events count from 1

// NewTimer returns a stopped timer that calls h.Fire(now, arg).
func NewTimer(sim *Sim, h Handler, arg uint64) *Timer {
	return &Timer{sim: sim, handler: h, arg: arg, at: smr.Never, armed: smr.Never}
}

// Set makes the timer fire at t instead of what was set before; Never stops it. A
// wake-up that is under way is not taken back.
func (t *Timer) Set(at smr.Time) {
	t.at = at
	if at < t.armed {
		t.armed = at
		t.event++
		t.sim.At(at, t, t.event)
	}
}

// Wake makes the timer fire at the current instant, once however often it is
// called before that. The deadline stays.
func (t *Timer) Wake() {
	if !t.woken {
		t.woken = true
		t.sim.At(t.sim.Now(), t, wakeUp)
	}
}

// Stop undoes Set and Wake.
func (t *Timer) Stop() {
	t.at = smr.Never
	t.woken = false
}

// Fire is for the Sim.
func (t *Timer) Fire(now smr.Time, event uint64) {
	if event == wakeUp {
		if !t.woken {
			return // stopped
		}
		t.woken = false
		t.handler.Fire(now, t.arg)
		return
	}
	if event != t.event {
		return
	}
	t.armed = smr.Never
	if t.at > now {
		t.Set(t.at)
		return
	}
	t.at = smr.Never
	t.handler.Fire(now, t.arg)
}
