package replica

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

// Trace is what one replica, in all its incarnations, was told and has said last: a
// ring of its latest moments, for a person who wants to know how it came to where it
// is. It is written by the replica's turns and allocates nothing; the nil Trace keeps
// nothing.
//
// When something is found to be wrong, the rings of a cluster are held: each goes on
// for a quarter of its length and then stands still, so that what led there is not
// overwritten by what came after.
type Trace struct {
	node  smr.NodeID
	ring  []moment
	count uint64 // moments so far
	held  *atomic.Bool
	left  int // moments until it stands still, once held
	spare moment
	tells *Transcript // nil: nobody is told as it happens
	why   string      // the replica has died by itself, and is about to be crashed
}

// traceKeep is how many bytes of a frame or record are kept: all of a reply or a vote,
// the head of what carries entries.
const traceKeep = 128

// happening is what a moment is about.
type happening uint8

const (
	started happening = iota
	crashed
	arrived
	sent
	proposed
	logged
	persisted
	committed
	told
	saved
	installed
	broke
)

// moment is one thing that happened at a replica.
type moment struct {
	at   smr.Time
	a, b uint64
	peer smr.NodeID
	size uint32 // of the whole frame or record
	what happening
	kind uint8 // of a frame, an event or a sync
	kept uint8
	data [traceKeep]byte
}

// NewTraces returns traces of the last events of n replicas, which are held together by
// hold. An event takes 176 bytes.
func NewTraces(n, events int) (traces []*Trace, hold func()) {
	held := new(atomic.Bool)
	for i := range n {
		traces = append(traces, &Trace{node: smr.NodeID(i + 1), ring: make([]moment, events), held: held, left: events / 4})
	}
	return traces, func() { held.Store(true) }
}

// add returns the next moment, to be filled in.
func (t *Trace) add(now smr.Time, what happening) *moment {
	if t.tells != nil {
		t.tells.put() // the moment before is complete
	}
	m := &t.ring[t.count%uint64(len(t.ring))]
	switch {
	case !t.held.Load():
		t.count++
	case t.left > 0:
		t.left--
		t.count++
	default:
		m = &t.spare
	}
	m.at, m.what, m.kept, m.size = now, what, 0, 0
	if t.tells != nil {
		t.tells.take(t.node, m)
	}
	return m
}

// keep notes what a frame or record consists of.
func (t *Trace) keep(m *moment, head, body []byte) {
	m.size = uint32(len(head) + len(body))
	n := copy(m.data[:], head)
	m.kept = uint8(n + copy(m.data[n:], body))
	if t.tells != nil {
		t.tells.whole = append(append(t.tells.whole[:0], head...), body...)
	}
}

func (t *Trace) starts(now smr.Time, s *smr.Status) {
	if t != nil {
		m := t.add(now, started)
		m.a, m.b = s.Term, s.Commit
	}
}

// dies notes why a replica takes no turns any more.
func (t *Trace) dies(why string) {
	if t != nil {
		t.why = why
	}
}

// Crashed notes the end of an incarnation.
func (t *Trace) Crashed(now smr.Time) {
	if t != nil {
		m := t.add(now, crashed)
		m.kept = uint8(copy(m.data[:], t.why))
		t.why = ""
	}
}

func (t *Trace) arrives(now smr.Time, from smr.NodeID, channel uint8, data []byte) {
	if t != nil {
		m := t.add(now, arrived)
		m.peer, m.kind = from, channel
		t.keep(m, data, nil)
	}
}

func (t *Trace) sends(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	if t != nil {
		m := t.add(now, sent)
		m.peer, m.kind = to, channel
		t.keep(m, head, body)
	}
}

func (t *Trace) proposes(now smr.Time, tag smr.Tag, data []byte) {
	if t != nil {
		m := t.add(now, proposed)
		m.a, m.size = uint64(tag), uint32(len(data))
		if t.tells != nil {
			t.keep(m, data, nil)
		}
	}
}

// logs notes each record of a Ready.
func (t *Trace) logs(now smr.Time, rd *smr.Ready) {
	if t == nil {
		return
	}
	for i := range rd.Records {
		m := t.add(now, logged)
		m.a, m.kind = rd.Number, uint8(rd.Sync)
		t.keep(m, rd.Records[i].Head, rd.Records[i].Body)
	}
}

func (t *Trace) persists(now smr.Time, number uint64) {
	if t != nil {
		t.add(now, persisted).a = number
	}
}

// commits notes that the state machine has come from entry first to where s stands.
func (t *Trace) commits(now smr.Time, first uint64, s *State) {
	if t != nil {
		m := t.add(now, committed)
		m.a, m.b = first, s.Index
		m.kept = uint8(len(binary.LittleEndian.AppendUint64(m.data[:0], s.Digest)))
	}
}

func (t *Trace) events(events []smr.Event) {
	if t == nil {
		return
	}
	for i := range events {
		m := t.add(events[i].Time, told)
		m.kind, m.a, m.peer = uint8(events[i].Type), events[i].Term, events[i].Node
	}
}

// at notes something that concerns one entry.
func (t *Trace) at(now smr.Time, what happening, index uint64) {
	if t != nil {
		t.add(now, what).a = index
	}
}

// WriteTraces writes what the traces hold to w, in the order of time, a line for each
// moment. It is called when the replicas take no turns.
func WriteTraces(w io.Writer, p *smr.Protocol, traces []*Trace) error {
	type line struct {
		*moment
		of *Trace
	}
	var lines []line
	for _, t := range traces {
		n := min(t.count, uint64(len(t.ring)))
		for i := t.count - n; i < t.count; i++ {
			lines = append(lines, line{&t.ring[i%uint64(len(t.ring))], t})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "%14.6fms  %-4v %s\n", float64(l.at)/1e6, l.of.node, l.words(p, l.data[:l.kept])); err != nil {
			return err
		}
	}
	return nil
}

var syncNames = [...]string{"nothing", "entries", "a vote", "a campaign"}

// words is the moment as a person reads it. data is what is known of its frame or record.
func (m *moment) words(p *smr.Protocol, data []byte) string {
	switch m.what {
	case started:
		return fmt.Sprintf("STARTS in term %d, commit %d", m.a, m.b)
	case crashed:
		if m.kept > 0 {
			return "CRASHES, " + string(m.data[:m.kept])
		}
		return "CRASHES"
	case arrived:
		return fmt.Sprintf("<- %v  %s", m.peer, m.frame(p, data))
	case sent:
		return fmt.Sprintf("-> %v  %s", m.peer, m.frame(p, data))
	case proposed:
		return fmt.Sprintf("takes proposal %d, %d bytes", m.a, m.size)
	case logged:
		return fmt.Sprintf("writes %d for %s: %s", m.a, syncNames[m.kind%uint8(len(syncNames))], m.described(p.DescribeRecord, "a record", data))
	case persisted:
		return fmt.Sprintf("durable: writes up to %d", m.a)
	case committed:
		digest := binary.LittleEndian.Uint64(m.data[:])
		return fmt.Sprintf("applies %d to %d, digest %016x", m.a, m.b, digest)
	case told:
		return fmt.Sprintf("%v, term %d, leader %v", smr.EventType(m.kind), m.a, m.peer)
	case saved:
		return fmt.Sprintf("own snapshot at %d is durable", m.a)
	case installed:
		return fmt.Sprintf("installs a peer's snapshot at %d", m.a)
	}
	return fmt.Sprintf("VIOLATED at entry %d: see the verdict", m.a)
}

// frame is a frame of any channel.
func (m *moment) frame(p *smr.Protocol, data []byte) string {
	le := binary.LittleEndian
	switch {
	case m.kind == channelCore:
		return m.described(p.Describe, "a frame", data)
	case m.kind == channelChunk && m.kept >= chunkHeader:
		return fmt.Sprintf("snapshot %d at %d: %d bytes from %d of %d", le.Uint64(m.data[:]), le.Uint64(m.data[8:]), m.size-chunkHeader, le.Uint64(m.data[32:]), le.Uint64(m.data[24:]))
	case m.kind == channelAck && m.kept == ackSize:
		return fmt.Sprintf("snapshot %d: has %d bytes", le.Uint64(m.data[:]), le.Uint64(m.data[8:]))
	}
	return fmt.Sprintf("%d bytes on channel %d", m.size, m.kind)
}

// described is data in the protocol's own words, as far as it was kept.
func (m *moment) described(describe func([]byte) string, what string, data []byte) string {
	words := what
	if describe != nil {
		words = describe(data)
	}
	if int(m.size) > len(data) || describe == nil {
		words += fmt.Sprintf(" [%d bytes", m.size)
		if int(m.size) > len(data) {
			words += fmt.Sprintf(", %d kept", len(data))
		}
		words += "]"
	}
	return words
}
