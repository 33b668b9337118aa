package client

import (
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
)

// Ledger is what a worker knows of the commands intended within the measured
// window. Throughput and Goodput count by the instant of the answer instead.
type Ledger struct {
	Issued       uint64 // given to a client
	Acknowledged uint64
	Late         uint64 // of these, past their deadline
	Retried      uint64 // times a command was sent again
	Refused      uint64 // the last replica asked turned it away
	TimedOut     uint64 // never handed to a replica
	Unknown      uint64 // handed over, no answer

	Throughput  uint64 // answered within the window, whenever intended
	Goodput     uint64 // of these, by their deadline
	Superfluous uint64 // answers to commands that had theirs

	Terms    []FirstCommit // in the order of time
	InFlight measure.InFlight

	Response, Service *measure.Histogram
	Lateness          *measure.Histogram // open loop: from an arrival to when the generator dealt with it, a client being free
}

// FirstCommit is the first command acknowledged of those sent to a new leader.
type FirstCommit struct {
	Term   uint64
	Leader smr.NodeID
	At     smr.Time
}

func newLedger(histogram func() *measure.Histogram) Ledger {
	if histogram == nil {
		histogram = measure.NewHistogram
	}
	return Ledger{Response: histogram(), Service: histogram(), Lateness: histogram()}
}

// Add adds another worker's ledger.
func (l *Ledger) Add(m *Ledger) {
	for _, f := range []struct {
		sum *uint64
		add uint64
	}{
		{&l.Issued, m.Issued}, {&l.Acknowledged, m.Acknowledged}, {&l.Late, m.Late}, {&l.Retried, m.Retried},
		{&l.Refused, m.Refused}, {&l.TimedOut, m.TimedOut}, {&l.Unknown, m.Unknown},
		{&l.Throughput, m.Throughput}, {&l.Goodput, m.Goodput}, {&l.Superfluous, m.Superfluous},
	} {
		*f.sum += f.add
	}
	l.Terms = append(l.Terms, m.Terms...)
	l.Response.Merge(m.Response)
	l.Service.Merge(m.Service)
	l.Lateness.Merge(m.Lateness)
}

// Ledger closes the books: what is still open is counted, as are the arrivals
// before until that never found a client. The worker must not be used after it.
func (w *Worker) Ledger(until smr.Time) Ledger {
	l := w.ledger
	for n := range w.slots {
		o := &w.slots[n]
		if !w.Window.Has(o.intended) {
			continue
		}
		switch {
		case o.fate == free:
		case o.first == smr.Never:
			l.TimedOut++
		case o.fate == refused:
			l.Refused++
		default:
			l.Unknown++
		}
	}
	if w.Rate != 0 {
		if e := w.Control.epoch.Load(); e != w.epoch { // not one turn since the window began
			w.epoch = e
			w.begin(smr.Time(w.Control.from.Load()))
		}
		for ; w.next < until; w.next = w.arrivals.Next() {
			l.Issued++
			l.TimedOut++
		}
	}
	return l
}

// Session is what its client knows of one session.
type Session struct {
	Acked command.Seen // acknowledged commands
	Next  uint64       // commands Next and above were never sent
}

// Sessions calls f for each session of the worker.
func (w *Worker) Sessions(f func(id uint32, s Session)) {
	for i := range w.sessions {
		s := &w.sessions[i]
		f(uint32(i*w.Workers+w.Worker), Session{s.acked, s.next})
	}
}

// OpenOperations adds to the history the commands without an answer: they may or
// may not have taken effect.
func (w *Worker) OpenOperations() {
	if w.History == nil {
		return
	}
	for n := range w.slots {
		o := &w.slots[n]
		if o.fate == free || o.first == smr.Never {
			continue
		}
		i := n / w.Inflight
		id := uint32(i*w.Workers + w.Worker)
		w.History.add(Operation{
			Session: id, Key: o.key, ID: command.Command{Session: id, Seq: w.seq(&w.sessions[i], n)}.ID(),
			Op: o.op, Expect: o.expect, Call: o.first, Return: smr.Never,
		})
	}
}

// ring is a queue of numbers with a fixed capacity.
type ring struct {
	at         []uint32
	head, tail int // tail - head numbers; positions modulo the length
}

func newRing(n int) ring {
	size := 1
	for size < n {
		size *= 2
	}
	return ring{at: make([]uint32, size)}
}

func (r *ring) len() int     { return r.tail - r.head }
func (r *ring) peek() uint32 { return r.at[r.head&(len(r.at)-1)] }

func (r *ring) pop() uint32 {
	v := r.peek()
	r.head++
	return v
}

func (r *ring) push(v uint32) {
	if r.len() == len(r.at) {
		panic("client: a number stands twice in a ring")
	}
	r.at[r.tail&(len(r.at)-1)] = v
	r.tail++
}
