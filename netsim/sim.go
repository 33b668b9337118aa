package netsim

import "github.com/consbench/consbench/bench/smr"

// Handler is called when the time of an event has come. arg is what it was
// scheduled with.
type Handler interface {
	Fire(now smr.Time, arg uint64)
}

type event struct {
	handler Handler
	arg     uint64
}

// Sim is a virtual clock with its events. It belongs to one goroutine, and it is
// deterministic: events of the same instant fire in the order in which they were
// scheduled. Scheduling allocates nothing in steady state.
//
// Events that are scheduled for the current instant, as most wake-ups are, do not
// pass through the heap. That keeps the order: all events of this instant that
// are in the heap were scheduled earlier.
type Sim struct {
	now   smr.Time
	queue queue
	slots []event // of the events in queue
	idle  []uint32

	instant []event // scheduled at now for now
	next    int     // in instant
	fired   uint64
}

// NewSim returns a clock that stands at 0.
func NewSim() *Sim { return new(Sim) }

// Now is the current instant.
func (s *Sim) Now() smr.Time { return s.now }

// Fired is how many events have been fired.
func (s *Sim) Fired() uint64 { return s.fired }

// Len is how many events are scheduled.
func (s *Sim) Len() int { return len(s.queue.keys) + len(s.instant) - s.next }

// At schedules h.Fire(t, arg). A t that has passed means now; Never means never.
func (s *Sim) At(t smr.Time, h Handler, arg uint64) {
	if t <= s.now {
		s.instant = append(s.instant, event{h, arg})
		return
	}
	if t == smr.Never {
		return
	}
	var slot uint32
	if n := len(s.idle); n > 0 {
		slot = s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.slots[slot] = event{h, arg}
	} else {
		slot = uint32(len(s.slots))
		s.slots = append(s.slots, event{h, arg})
	}
	s.queue.push(t, slot)
}

// Next is when the next event fires, Never if there is none.
func (s *Sim) Next() smr.Time {
	if s.next < len(s.instant) {
		return s.now
	}
	if len(s.queue.keys) > 0 {
		return s.queue.keys[0].at
	}
	return smr.Never
}

// Step advances the clock to the next event and fires it. It reports whether
// there was one.
func (s *Sim) Step() bool {
	var e event
	switch {
	case len(s.queue.keys) > 0 && (s.queue.keys[0].at == s.now || s.next == len(s.instant)):
		k := s.queue.pop()
		s.now = k.at
		slot := k.slot()
		e = s.slots[slot]
		s.slots[slot] = event{}
		s.idle = append(s.idle, slot)
	case s.next < len(s.instant):
		e = s.instant[s.next]
		s.next++
		if s.next == len(s.instant) || s.next >= 1024 && s.next >= len(s.instant)/2 {
			n := copy(s.instant, s.instant[s.next:])
			clear(s.instant[n:])
			s.instant, s.next = s.instant[:n], 0
		}
	default:
		return false
	}
	s.fired++
	e.handler.Fire(s.now, e.arg)
	return true
}

// Run fires all events up to until (inclusive), those that they schedule
// included, and leaves the clock at until.
func (s *Sim) Run(until smr.Time) {
	for !s.RunN(until, 1<<30) {
	}
}

// RunN is Run, but fires at most n events. It reports whether it got to until.
func (s *Sim) RunN(until smr.Time, n int) bool {
	for s.Next() <= until {
		if n == 0 {
			return false
		}
		n--
		if !s.Step() {
			break
		}
	}
	if until != smr.Never {
		s.now = max(s.now, until)
	}
	return true
}
