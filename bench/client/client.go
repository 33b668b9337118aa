package client

import (
	"sync/atomic"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// Options decide what a worker's clients do.
type Options struct {
	Worker, Workers int // the worker has every session s with s % Workers == Worker
	Sessions        int // of all workers together
	Inflight        int // open commands of a session, at most
	Size            int // payload bytes
	Keys            int
	Seed            uint64

	Rate    workload.Rate // of this worker; zero = closed loop
	Arrival string
	Phases  []workload.Phase // of the open loop within the measured window, shared by all workers; none: Rate there too

	Timeout    smr.Time   // a command's deadline, for goodput
	RetryAfter smr.Time   // silence after which a command is sent again, and another replica tried
	Leaderless bool       // any replica takes commands: stay until it is silent
	First      smr.NodeID // leaderless: where all begin, None = at the first
	Spread     bool       // leaderless: sessions begin at all replicas in turn, not all at the first
}

// Target is the way to one replica's commands.
type Target struct {
	Box  *mailbox.Box
	Wake netsim.Waker
}

// Parts is what a worker is connected to.
type Parts struct {
	Replicas []Target // replica n is at n-1
	Answers  *mailbox.Box
	Payloads *workload.Payloads
	Control  *Control
	Window   *replica.Window
	Series   *measure.SeriesWorker
	Gaps     *measure.Availability
	History  *History // nil without keys

	Histogram func() *measure.Histogram // of latencies; nil = measure.NewHistogram
}

// Control is how the run tells its workers when to send.
type Control struct {
	epoch atomic.Uint64
	from  atomic.Int64
	until atomic.Int64
	halt  atomic.Bool
}

// Halt silences the workers for good: nothing is sent, not even again, and answers
// come too late.
func (c *Control) Halt() { c.halt.Store(true) }

// Start lets the workers send commands intended in [from, until).
func (c *Control) Start(from, until smr.Time) {
	c.from.Store(int64(from))
	c.until.Store(int64(until))
	c.epoch.Add(1)
}

// Stop ends at now what Start began: commands intended later are not sent. Open
// ones go on, as do arrivals that have waited for a client since before.
func (c *Control) Stop(now smr.Time) { c.until.Store(min(int64(now), c.until.Load())) }

// Progress is what a worker shows to others.
type Progress struct {
	Acknowledged atomic.Uint64 // within the measured window
	Served       atomic.Int64  // when the latest-sent of all acknowledged commands was first sent
}

// fate is what has become of the command in a slot.
type fate uint8

const (
	free    fate = iota // no command
	waiting             // to be sent, for the first time or again
	sent                // handed to a replica, no answer yet
	refused             // turned away by the replica it was handed to last; to be sent again
)

// slot is one open command: session s has the Inflight slots from s*Inflight on,
// and its command seq is in number seq % Inflight of them.
type slot struct {
	intended smr.Time
	first    smr.Time // first sent; Never if it has not been
	last     smr.Time // last sent
	expect   uint64   // of a compare-and-swap
	key      uint32
	op       command.Op
	to       uint16 // replica it was last sent to
	fate     fate
	queued   bool  // the slot stands in Worker.unsent
	silences uint8 // times that it was sent again for want of an answer, maxSilences at most
}

type session struct {
	acked  command.Seen
	next   uint64 // number of the next command
	listed bool   // in Worker.ready
}

// group is the sessions that talk to one replica: all of them, or one group per
// replica they were spread over.
type group struct {
	to        uint16 // replica to send to; 0 = none known
	term      uint64
	heard     smr.Time // last answer from to, or when it was chosen
	redirects int      // since the last sign of progress
	open      int      // commands without an answer
	usual     smr.Time // running mean of the time to an answer
	silent    bool     // a scan has taken it to another replica, which has not answered yet
	since     smr.Time // when its leader was announced
	fresh     bool     // nothing that was sent since is acknowledged yet
}

// Worker is the load generator of one goroutine.
type Worker struct {
	Options
	Parts
	Progress Progress

	sessions []session // own ones: session s at s / Workers
	slots    []slot
	groups   []group
	ready    ring // own sessions with room in their window
	unsent   ring // slots to be sent
	touched  []bool

	keys      *workload.Keys
	values    []uint64 // of each key, as last heard: what a compare-and-swap expects
	arrivals  workload.Arrivals
	next      smr.Time // next arrival not yet issued
	blocked   bool     // an arrival found no free client
	freeSince smr.Time // when one was free again
	epoch     uint64
	scanAt    smr.Time
	open      int      // commands in slots
	served    smr.Time // see Progress.Served
	held      uint16   // replica whose box is locked for sending, 0 = none
	batch     int      // commands sent under that lock
	ledger    Ledger
}

// NewWorker returns a worker that waits for Control.Start.
func NewWorker(o Options, p Parts) *Worker {
	n := (o.Sessions - o.Worker + o.Workers - 1) / o.Workers
	groups := 1
	if o.Leaderless && o.Spread {
		groups = len(p.Replicas)
	}
	w := &Worker{
		Options: o, Parts: p,
		sessions: make([]session, n),
		slots:    make([]slot, n*o.Inflight),
		groups:   make([]group, groups),
		ready:    newRing(n),
		unsent:   newRing(n * o.Inflight),
		touched:  make([]bool, len(p.Replicas)),
		next:     smr.Never,
		scanAt:   smr.Never,
		ledger:   newLedger(p.Histogram),
	}
	for i := range w.sessions {
		w.list(i)
	}
	for i := range w.slots {
		w.slots[i].first = smr.Never // touches the memory, too
	}
	if o.Leaderless {
		for g := range w.groups {
			w.groups[g].to = uint16(g + 1)
		}
		if o.First != smr.None && groups == 1 {
			w.groups[0].to = uint16(o.First)
		}
	}
	if o.Keys > 0 {
		w.keys, w.values = workload.NewKeys(o.Keys, o.Seed+uint64(o.Worker)), make([]uint64, o.Keys)
	}
	return w
}

// Outstanding is how many commands have no answer, arrivals that are still to be
// dealt with included. It belongs to the goroutine that takes the turns.
func (w *Worker) Outstanding() int {
	n := w.open
	switch {
	case w.epoch != w.Control.epoch.Load():
		n++ // not one turn since Load
	case w.Rate != 0 && w.next < smr.Time(w.Control.until.Load()):
		n++
	}
	return n
}

// Turn takes answers, sends what is to be sent and returns when it must be called
// again even if no answer comes.
func (w *Worker) Turn(now smr.Time) (wake smr.Time) {
	if w.Control.halt.Load() {
		w.Answers.Swap()
		return smr.Never
	}
	until := smr.Time(w.Control.until.Load())
	if e := w.Control.epoch.Load(); e != w.epoch {
		w.epoch = e
		w.begin(smr.Time(w.Control.from.Load()))
	}
	w.answers(now)
	if now >= w.scanAt {
		w.scan(now)
	}
	w.resend(now)
	wake = w.issue(now, until)
	w.release()
	for i, t := range w.touched {
		if t {
			w.touched[i] = false
			w.Replicas[i].Wake.Wake()
		}
	}
	if from := w.Window.From(); now >= from {
		w.Gaps.Asking(now-from, w.open > 0 || w.Rate != 0 && w.next < until && w.next <= now)
		w.ledger.InFlight.Change(min(now, w.Window.To())-from, w.open-w.ledger.InFlight.Open())
	}
	if w.open > 0 {
		if w.scanAt == smr.Never {
			w.scanAt = now + w.RetryAfter/4
		}
		wake = min(wake, w.scanAt)
	} else {
		w.scanAt = smr.Never
	}
	return wake
}

// begin starts the arrivals anew.
func (w *Worker) begin(from smr.Time) {
	w.next = from
	if w.Rate == 0 {
		return
	}
	seed := w.Seed + uint64(w.Worker)<<32 + w.epoch
	var err error
	if len(w.Phases) > 0 && from == w.Window.From() {
		w.arrivals, err = workload.NewPacer(w.Arrival, from, w.Phases, seed, w.Worker, w.Workers)
	} else {
		w.arrivals, err = workload.NewArrivals(w.Arrival, from, w.Rate, seed)
	}
	if err != nil {
		panic(err) // the configuration was validated
	}
	w.next = w.arrivals.Next()
}

// maxIssue bounds the new commands of one turn: answers must not wait for long.
const maxIssue = 1024

// issue makes new commands of what is intended by now and has a client.
func (w *Worker) issue(now, until smr.Time) (wake smr.Time) {
	if w.Rate == 0 {
		if now < w.next || now >= until {
			if now < w.next && w.next < until {
				return w.next
			}
			return smr.Never
		}
		for n := 0; w.ready.len() > 0; n++ {
			if n == maxIssue {
				return now
			}
			w.open1(int(w.ready.pop()), now, now)
		}
		return smr.Never
	}
	for n := 0; w.next <= now && w.next < until; n++ {
		if n == maxIssue {
			return now
		}
		if w.ready.len() == 0 {
			w.blocked = true
			return smr.Never // an answer will come, or a retry
		}
		if w.blocked {
			w.blocked, w.freeSince = false, now
		}
		if w.Window.Has(w.next) {
			w.ledger.Lateness.Record(now - max(w.next, w.freeSince))
		}
		w.open1(int(w.ready.pop()), w.next, now)
		w.next = w.arrivals.Next()
	}
	if w.next >= until {
		return smr.Never
	}
	return w.next
}

// list puts own session i among those with room.
func (w *Worker) list(i int) {
	if s := &w.sessions[i]; !s.listed && s.next-s.acked.Base < uint64(w.Inflight) {
		s.listed = true
		w.ready.push(uint32(i))
	}
}

// open1 makes and sends the next command of own session i.
func (w *Worker) open1(i int, intended, now smr.Time) {
	s := &w.sessions[i]
	s.listed = false
	n := i*w.Inflight + int(s.next%uint64(w.Inflight))
	s.next++
	w.slots[n] = slot{intended: intended, first: smr.Never, fate: waiting, queued: w.slots[n].queued}
	if w.keys != nil {
		o := &w.slots[n]
		o.key = uint32(w.keys.Next()) + 1
		o.op = w.operation(command.Command{Session: uint32(i*w.Workers + w.Worker), Seq: s.next - 1}.ID())
		o.expect = w.values[o.key-1]
	}
	w.open++
	g := &w.groups[i%len(w.groups)]
	if g.open++; g.open == 1 {
		g.heard = now // silence counts from the first question on
	}
	if w.Window.Has(intended) {
		w.ledger.Issued++
	}
	w.list(i)
	if !w.send(n, now) {
		w.enqueue(n)
	}
}

// operation is what the command id does with its key: in 8 commands 3 reads, 3 writes
// and, if the payload has room for them, 2 compare-and-swaps.
func (w *Worker) operation(id uint64) command.Op {
	switch h := id * 0x9e3779b97f4a7c15 >> 61; { // Fibonacci hashing
	case h < 3:
		return command.Read
	case h < 5 && w.Size >= command.ExpectSize:
		return command.CompareAndSwap
	}
	return command.Write
}

// enqueue puts slot n among those to be sent, once.
func (w *Worker) enqueue(n int) {
	if !w.slots[n].queued {
		w.slots[n].queued = true
		w.unsent.push(uint32(n))
	}
}

// send hands the command in slot n to its group's replica. It reports false if
// none is known or has no room.
func (w *Worker) send(n int, now smr.Time) bool {
	i := n / w.Inflight
	g := &w.groups[i%len(w.groups)]
	if g.to == 0 {
		return false
	}
	s, o := &w.sessions[i], &w.slots[n]
	seq := w.seq(s, n)
	dst := w.hold(g.to).Reserve(command.Size(w.Size))
	if dst == nil {
		return false
	}
	c := command.Command{Session: uint32(i*w.Workers + w.Worker), Seq: seq, Key: o.key, Op: o.op}
	command.Put(dst, c, w.Size)
	copy(dst[command.HeaderSize:], w.Payloads.At(c.ID(), w.Size))
	if o.op == command.CompareAndSwap {
		command.PutExpect(dst, o.expect)
	}
	w.touched[g.to-1] = true
	if o.first == smr.Never {
		o.first = now
	} else if w.Window.Has(o.intended) {
		w.ledger.Retried++
	}
	o.last, o.to, o.fate = now, g.to, sent
	return true
}

// maxHold is how many commands are written under one lock of a replica's box.
const maxHold = 64

// hold locks the box of a replica, if it is not locked already.
func (w *Worker) hold(to uint16) *mailbox.Box {
	if w.held != to || w.batch == maxHold {
		w.release()
		w.Replicas[to-1].Box.Begin()
		w.held = to
	}
	w.batch++
	return w.Replicas[to-1].Box
}

// release unlocks what hold has locked.
func (w *Worker) release() {
	if w.held != 0 {
		w.Replicas[w.held-1].Box.Commit()
	}
	w.held, w.batch = 0, 0
}

// seq is the number of the command in slot n of session s: the one in the
// session's window that belongs there.
func (w *Worker) seq(s *session, n int) uint64 {
	k := uint64(w.Inflight)
	base := s.acked.Base
	return base + (uint64(n%w.Inflight)+k-base%k)%k
}

// resend sends what waits, as long as there is somebody to send it to.
func (w *Worker) resend(now smr.Time) {
	for w.unsent.len() > 0 {
		n := int(w.unsent.peek())
		o := &w.slots[n]
		if (o.fate == waiting || o.fate == refused) && !w.send(n, now) {
			return
		}
		o.queued = false
		w.unsent.pop()
	}
}

// again puts every open command that was sent, and that which says so, back among
// those to be sent.
func (w *Worker) again(as fate, which func(n int, o *slot) bool) {
	for n := range w.slots {
		if o := &w.slots[n]; o.fate == sent && which(n, o) {
			o.fate = as
			w.enqueue(n)
		}
	}
}
