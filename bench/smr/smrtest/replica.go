package smrtest

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

const (
	maxMail  = 64    // frames kept for a paused replica
	maxMores = 10000 // Readys in one turn
)

// replica is what a driver is to a core: log, network, state machine and clock.
type replica struct {
	w      *World
	pos    int
	config smr.Config
	core   smr.Core
	rd     smr.Ready
	status smr.Status

	up, paused  bool
	incarnation uint32
	started     smr.Time
	scheduled   bool // an evTurn is under way
	ticked      bool // the next Ready must move the deadline
	deadline    smr.Time
	tickAt      smr.Time // of the earliest evTick under way
	mail        []event  // while paused

	disk      disk
	number    uint64 // of the last Ready with records
	confirmed uint64 // what the core was told to be durable
	synced    uint64 // what is durable
	syncAt    smr.Time
	promised  []promise // terms that durable records must bring back

	applied    uint64 // state machine: index and digest of what it has applied
	digest     uint64
	told       uint64 // what Applied was called with
	snapping   bool
	baseline   uint64     // the next Ready owes a Baseline behind this index, if the core still holds what lies there
	sending    []smr.Time // by peer: no other snapshot before then
	wanted     smr.Set    // peers that need a snapshot now
	installing uint64

	open       map[smr.Tag]value
	tag        smr.Tag
	campaigned uint64 // latest term with an own candidacy
	serving    uint64 // term whose Serving is to be judged

	crashAt boundary // where in its next turn with output the replica dies
	keep    int      // and how many of its records not yet durable survive
	scratch []byte
}

type promise struct{ number, term uint64 }

// boundary is a place in a turn where a crash may fall.
type boundary uint8

const (
	nowhere     boundary = iota
	beforeReady          // inputs taken, nothing drained
	afterAppend          // records written, nothing sent
	amidSend             // some frames sent
	afterSend            // all frames sent, nothing applied
	afterTurn            // all done, nothing confirmed
	boundaries  = 6
)

func (r *replica) fail(format string, args ...any) { r.w.fail(r, format, args...) }

// start begins an incarnation with what the disk holds.
func (r *replica) start() error {
	r.incarnation++
	r.config.Seed = mix(mix(r.w.opts.Seed, uint64(r.config.ID)), uint64(r.incarnation))
	core, err := r.w.Protocol.New(r.config)
	if err != nil {
		return fmt.Errorf("the protocol makes no core: %w", err)
	}
	d := &r.disk
	r.core, r.open, r.tag = core, make(map[smr.Tag]value), 0
	r.number, r.confirmed, r.synced, r.syncAt = 0, 0, 0, 0
	r.applied, r.digest, r.told = d.snap.index, d.snap.digest, d.snap.index
	r.snapping, r.baseline, r.installing, r.campaigned, r.serving, r.wanted = false, 0, 0, 0, 0, smr.Set{}
	r.scheduled, r.ticked, r.tickAt, r.deadline = false, false, smr.Never, smr.Never
	r.crashAt, r.paused, r.mail = nowhere, false, r.mail[:0]
	r.started = r.w.now
	clear(r.sending)
	durable, term := r.status.Durable, uint64(0)
	if n := len(r.promised); n > 0 {
		term = r.promised[n-1].term
	}
	r.status = smr.Status{}

	meta := append([]byte(nil), d.snap.meta...)
	if err := core.Restore(d.snap.index, meta); err != nil {
		return fmt.Errorf("Restore: %w", err)
	}
	poison(meta)
	for i := range d.records {
		rec := append(r.scratch[:0], d.record(i)...)
		r.scratch = rec
		if err := core.Replay(rec); err != nil {
			return fmt.Errorf("Replay of record %d of %d: %w", i+1, len(d.records), err)
		}
		poison(rec)
		r.drain(true) // a log longer than the window passes through it
	}
	core.Start(r.w.now)
	r.up = true
	r.turn()
	switch {
	case r.w.err != nil || !r.up: // crashed again in its first turn
	case !r.w.Protocol.Leaderless && r.status.Term < term:
		return fmt.Errorf("restarts in term %d, %d was durable", r.status.Term, term)
	case r.status.Durable < r.durableFloor(durable):
		return fmt.Errorf("restarts with entries up to %d durable, was %d", r.status.Durable, durable)
	}
	return nil
}

// durableFloor is what must still be durable after a restart, if before it was
// durable up to index: all, unless a truncation survived that was not confirmed.
func (r *replica) durableFloor(index uint64) uint64 {
	if r.keep > 0 {
		return 0
	}
	return index
}

// crash discards the core and what is not durable, but for keep records.
func (r *replica) crash(keep int) {
	if !r.up {
		return
	}
	r.w.note(0xc0de<<16 | uint64(r.pos))
	for len(r.promised) > 0 && r.promised[len(r.promised)-1].number > r.synced {
		r.promised = r.promised[:len(r.promised)-1]
	}
	if n := len(r.promised); n > 0 {
		r.promised = append(r.promised[:0], promise{0, r.promised[n-1].term})
	}
	r.keep = min(keep, r.disk.unsynced())
	r.disk.crash(keep)
	r.up, r.core = false, nil
	for i := range r.mail {
		r.w.drop(&r.mail[i])
	}
	r.mail = r.mail[:0]
}

// input is called after every call on the core that may have changed it.
func (r *replica) input() {
	if r.w.opts.Lag == 0 {
		r.turn()
		return
	}
	if !r.scheduled {
		r.scheduled = true
		r.push(r.w.draw(Range{0, r.w.opts.Lag}), event{kind: evTurn})
	}
}

func (r *replica) push(d smr.Time, e event) {
	e.to, e.incarnation = int16(r.pos), r.incarnation
	r.w.queue.push(r.w.now+d, e)
}

// take gives the core a frame, or the replica a snapshot.
func (r *replica) take(e *event) {
	if e.kind == evTransfer {
		if e.snap.index > max(r.applied, r.installing) {
			r.installing = e.snap.index
			r.push(r.w.draw(r.w.opts.Sync), event{kind: evInstalled, snap: e.snap})
		}
		return
	}
	r.w.note(uint64(r.pos)<<16 | uint64(e.from)<<8)
	r.step(r.w.replicas[e.from].config.ID, e.buf)
	r.w.bufs.put(e.buf)
	r.input()
}

func (r *replica) step(from smr.NodeID, frame []byte) {
	if r.w.observe.arrive != nil {
		r.w.observe.arrive(r, from, frame)
	}
	if err := r.core.Step(r.w.now, from, frame); err != nil {
		r.fail("Step refuses a genuine frame from %v: %v", from, err)
	}
	poison(frame)
}

func (r *replica) timer() {
	r.tickAt = smr.Never
	switch {
	case r.paused:
	case r.w.now < r.deadline:
		r.arm()
	default:
		r.tick()
	}
}

func (r *replica) tick() {
	if r.w.observe.tick != nil {
		r.w.observe.tick(r)
	}
	r.core.Tick(r.w.now)
	r.ticked = true
	r.turn()
}

// arm makes sure that an evTick comes no later than the deadline.
func (r *replica) arm() {
	if r.deadline < r.tickAt && !r.w.opts.Manual {
		r.tickAt = max(r.deadline, r.w.now)
		r.push(r.tickAt-r.w.now, event{kind: evTick})
	}
}

func (r *replica) durable(number uint64) {
	r.synced = max(r.synced, number)
	r.disk.sync(number)
	switch {
	case r.paused: // told on resuming
	case r.w.chance(r.w.opts.Late):
		r.push(r.w.draw(r.w.opts.Sync), event{kind: evPersisted, number: number})
	default:
		r.persisted(number)
	}
}

func (r *replica) persisted(number uint64) {
	if r.paused || number <= r.confirmed {
		return
	}
	r.confirmed = number
	r.core.Persisted(r.w.now, number)
	r.input()
}

// resume takes the mail before the timers.
func (r *replica) resume() {
	if !r.paused {
		return
	}
	r.paused = false
	mail, incarnation := r.mail, r.incarnation
	r.mail = nil
	alive := func() bool { return r.up && r.incarnation == incarnation }
	for i := range mail {
		if alive() {
			r.take(&mail[i])
		} else {
			r.w.drop(&mail[i])
		}
	}
	if alive() {
		r.persisted(r.synced)
	}
	if alive() {
		r.tick()
	}
}

// offer makes a proposal of data, which it overwrites. The caller calls input
// when it has no more.
func (r *replica) offer(data []byte) (smr.Tag, error) {
	v := valueOf(data)
	tag := r.tag + 1
	err := r.core.Propose(r.w.now, tag, data)
	if err == nil && r.w.observe.propose != nil {
		r.w.observe.propose(r, tag, data)
	}
	poison(data)
	if err != nil {
		if err != smr.ErrNotLeader && err != smr.ErrFull {
			r.fail("Propose: %v", err)
		}
		return 0, err
	}
	r.tag = tag
	r.open[tag] = v
	r.w.check.proposed[v]++
	r.w.note(uint64(tag))
	return tag, nil
}
