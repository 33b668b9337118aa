package smrtest

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"

	"github.com/consbench/consbench/bench/smr"
)

// Options describe a world. The zero value of most fields is a perfect world.
type Options struct {
	Seed   uint64
	Nodes  int
	Config smr.Config // of every replica but for ID, Peers and Seed; see [DefaultConfig]
	Link   Link       // of every directed pair of replicas
	Sync   Range      // how long a durable write takes
	Lag    smr.Time   // inputs of up to this span are drained by one Ready
	Late   float64    // share of Persisted and Applied calls that come late

	Compact     int  // bytes of log after which a replica takes a snapshot; 0 = 2 x Retain, at least 16 KiB
	LogMatching bool // of cores that offer [Slots], compare whole prefixes
	Manual      bool // frames and writes wait for Deliver and Persist
}

// Range is a span of times to draw from, both ends included.
type Range struct{ Min, Max smr.Time }

// Link is what can happen to a frame between two replicas.
type Link struct {
	Delay   Range
	Loss    float64 // share of frames that do not arrive
	Dup     float64 // share of frames that arrive twice
	Reorder float64 // share of frames that do not keep to the order sent
}

// DefaultConfig is a configuration for small worlds: timeouts of 150 to 300 ms,
// windows so small that they wrap.
func DefaultConfig() smr.Config {
	return smr.Config{
		ElectionMin: 150e6, ElectionMax: 300e6, Heartbeat: 50e6,
		MaxFrame: 4 << 10, Inflight: 16 << 10, Retain: 16 << 10,
		PreVote: true, CheckQuorum: true,
	}
}

// World is a cluster of cores in virtual time, with the network and the logs
// between them, and a judge of everything they say. It is deterministic: equal
// options and equal calls give an equal Hash.
type World struct {
	Protocol smr.Protocol
	Events   uint64            // events handled so far
	Frames   [smr.Kinds]uint64 // frames sent so far, by kind

	opts     Options
	now      smr.Time
	rng      *rand.Rand
	queue    queue
	bufs     buffers
	replicas []*replica
	links    []link // [from*Nodes+to]
	held     []*Held
	check    checker
	hash     uint64
	err      error
	payload  []byte
	serial   uint64

	observe observer
	storm   func(r *replica, rd *smr.Ready) bool // whether r crashes after sending rd
}

// observer is told what goes on; for transcripts. Any of its members may be nil.
type observer struct {
	frame    func(from, to smr.NodeID, f *smr.Frame, size int, dropped bool)
	event    func(at smr.NodeID, e *smr.Event)
	commit   func(at smr.NodeID, e *smr.Entry)
	lost     func(at smr.NodeID, tag smr.Tag)
	records  func(at smr.NodeID, rd *smr.Ready)
	snapshot func(at, to smr.NodeID, index uint64)
	arrive   func(r *replica, from smr.NodeID, frame []byte)
	tick     func(r *replica)
	propose  func(r *replica, tag smr.Tag, data []byte)
}

type link struct {
	cut     bool
	arrival smr.Time // of the latest frame in order
}

// maxEvents ends a world in which a chain of events never does.
const maxEvents = 50e6

// NewWorld starts a cluster at time 0.
func NewWorld(p smr.Protocol, o Options) (*World, error) { return newWorld(p, o, observer{}) }

func newWorld(p smr.Protocol, o Options, watch observer) (*World, error) {
	w := &World{
		observe:  watch,
		Protocol: p,
		opts:     o,
		rng:      rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)),
		links:    make([]link, o.Nodes*o.Nodes),
		check:    newChecker(),
	}
	if o.Compact == 0 {
		w.opts.Compact = max(2*o.Config.Retain, 16<<10)
	}
	peers := make([]smr.NodeID, o.Nodes)
	for i := range peers {
		peers[i] = smr.NodeID(i + 1)
	}
	for i := range peers {
		r := &replica{w: w, pos: i, config: o.Config, sending: make([]smr.Time, o.Nodes), tickAt: smr.Never}
		r.config.ID, r.config.Peers = peers[i], peers
		w.replicas = append(w.replicas, r)
	}
	for _, r := range w.replicas {
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	return w, w.err
}

// Now is the time in this world.
func (w *World) Now() smr.Time { return w.now }

// Hash is a digest of everything that the cores were told and said.
func (w *World) Hash() uint64 { return w.hash }

// Err is the first violation of the contract or of an invariant.
func (w *World) Err() error { return w.err }

// Chosen is the highest index that any replica has reported as committed.
func (w *World) Chosen() uint64 { return w.check.last() }

func (w *World) fail(r *replica, format string, args ...any) {
	if w.err == nil {
		who := ""
		if r != nil {
			who = r.config.ID.String() + ": "
		}
		w.err = fmt.Errorf("at %v: %s%s", w.now, who, fmt.Sprintf(format, args...))
	}
}

func (w *World) draw(r Range) smr.Time {
	if r.Max <= r.Min {
		return r.Min
	}
	return r.Min + smr.Time(w.rng.Int64N(int64(r.Max-r.Min)+1))
}

func (w *World) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// After runs fn when d has passed.
func (w *World) After(d smr.Time, fn func()) { w.queue.push(w.now+d, event{kind: evCall, fn: fn}) }

// Run handles all events up to time until, and stops early at a violation.
func (w *World) Run(until smr.Time) error {
	for w.err == nil && w.queue.next() <= until {
		w.Step()
	}
	if w.err == nil && until > w.now {
		w.now = until
	}
	return w.err
}

// RunUntil handles events until done reports true. It gives up at time limit
// and reports whether done did.
func (w *World) RunUntil(limit smr.Time, done func() bool) bool {
	for w.err == nil && !done() {
		if w.queue.next() > limit {
			return false
		}
		w.Step()
	}
	return w.err == nil
}

// Step handles the next event.
func (w *World) Step() {
	w.now = w.queue.next()
	e := w.queue.pop()
	if w.Events++; w.Events == maxEvents {
		w.fail(nil, "%d events and no end: who talks to whom?%v", w.Events, w)
	}
	if w.Events%64 == 0 {
		if err := w.inspect(); err != nil {
			w.fail(nil, "%v", err)
		}
	}
	if e.kind == evCall {
		e.fn()
		return
	}
	r := w.replicas[e.to]
	if e.kind == evDeliver || e.kind == evTransfer {
		w.arrive(r, &e)
		return
	}
	if !r.up || e.incarnation != r.incarnation {
		return
	}
	switch e.kind {
	case evTick:
		if r.tickAt == w.now { // else another was armed since
			r.timer()
		}
	case evDurable:
		r.durable(e.number)
	case evPersisted:
		r.persisted(e.number)
	case evTurn:
		r.scheduled = false
		if !r.paused {
			r.turn()
		}
	case evSnapshot:
		r.snapshotted(e.snap)
	case evInstalled:
		r.installed(e.snap)
	}
}

func (w *World) note(v uint64) { w.hash = mix(w.hash, v) }

func (w *World) noteBytes(b []byte) {
	w.hash = mix(w.hash, uint64(crc32.Checksum(b, castagnoli))<<32|uint64(len(b)))
}

// send puts one frame on its link.
func (w *World) send(r *replica, f *smr.Frame) {
	to := r.config.Position(f.To)
	size := len(f.Head) + len(f.Body)
	switch {
	case to < 0 || to == r.pos:
		w.fail(r, "sends a frame to %v", f.To)
		return
	case size > r.config.MaxFrame || size == 0:
		w.fail(r, "sends a frame of %d bytes, MaxFrame is %d", size, r.config.MaxFrame)
		return
	case f.Kind >= smr.Kinds:
		w.fail(r, "sends a frame of %v", f.Kind)
		return
	}
	w.note(uint64(to)<<8 | uint64(f.Kind))
	w.noteBytes(f.Head)
	w.noteBytes(f.Body)
	w.Frames[f.Kind]++
	l := &w.links[r.pos*w.opts.Nodes+to]
	dropped := l.cut || w.chance(w.opts.Link.Loss)
	if w.observe.frame != nil {
		w.observe.frame(r.config.ID, f.To, f, size, dropped)
	}
	if dropped {
		return
	}
	buf := w.bufs.get(size)
	copy(buf[copy(buf, f.Head):], f.Body)
	if w.opts.Manual {
		w.held = append(w.held, &Held{From: r.config.ID, To: f.To, Kind: f.Kind, Frame: buf})
		return
	}
	e := event{kind: evDeliver, frameKind: f.Kind, from: int16(r.pos), to: int16(to), buf: buf}
	w.queue.push(w.transit(l), e)
	if w.chance(w.opts.Link.Dup) {
		e.buf = append(w.bufs.get(size)[:0], buf...)
		w.queue.push(w.transit(l), e)
	}
}

// transit draws when what is sent now arrives over l.
func (w *World) transit(l *link) smr.Time {
	at := w.now + w.draw(w.opts.Link.Delay)
	if w.chance(w.opts.Link.Reorder) {
		return at + w.draw(Range{0, 4 * w.opts.Link.Delay.Max})
	}
	l.arrival = max(l.arrival, at)
	return l.arrival
}

// arrive hands a frame or a snapshot to its replica, or to its mailbox.
func (w *World) arrive(r *replica, e *event) {
	switch {
	case !r.up || w.links[int(e.from)*w.opts.Nodes+int(e.to)].cut:
		w.drop(e)
	case r.paused && len(r.mail) < maxMail:
		r.mail = append(r.mail, *e)
	case r.paused:
		w.drop(e)
	default:
		r.take(e)
	}
}

func (w *World) drop(e *event) {
	if e.buf != nil {
		w.bufs.put(e.buf)
	}
}
