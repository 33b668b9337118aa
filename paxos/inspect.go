package paxos

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Slot shows an inspector the entry accepted in a slot: its ballot and its checksum.
func (m *MultiPaxos) Slot(slot uint64) (ballot uint64, sum uint32, ok bool) {
	s := m.win.At(slot)
	if s == nil {
		return 0, 0, false
	}
	return s.Ballot, s.Sum, true
}

// Slot shows an inspector the entry accepted in a slot: its ballot and its checksum.
func (c *basic) Slot(slot uint64) (ballot uint64, sum uint32, ok bool) {
	s := c.log.At(slot)
	if s == nil {
		return 0, 0, false
	}
	return s.Ballot, s.Sum, true
}

// describeMulti writes a frame of Multi-Paxos as a transcript shows it: of one that is
// cut short behind its head, what there is of it.
func describeMulti(frame []byte) string {
	var m message
	err := m.parse(frame)
	if err != nil && !m.ballot.valid() { // not even a head
		return err.Error()
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %v", m.typ, m.ballot)
	switch m.typ {
	case msgPollReply:
		if m.flags&flagGranted != 0 {
			fmt.Fprint(&out, " granted")
		} else {
			fmt.Fprintf(&out, " refused, promised %v", Ballot(m.other))
		}
	case msgPrepare:
		fmt.Fprintf(&out, " from slot %d", m.slot)
	case msgPromise:
		if m.flags&flagBehind != 0 {
			fmt.Fprintf(&out, ": slot %d is below %d, the first held", m.slot, m.last)
			break
		}
		if m.last < m.slot {
			fmt.Fprintf(&out, " from slot %d, none accepted", m.slot)
		} else {
			fmt.Fprintf(&out, " slots %d..%d", m.slot, m.last)
		}
		fmt.Fprintf(&out, ", chosen to %d", m.known)
		if m.flags&flagFinal != 0 {
			fmt.Fprint(&out, ", no more")
		}
	case msgReject:
		fmt.Fprintf(&out, ": promised %v", Ballot(m.other))
	case msgAccept:
		fmt.Fprintf(&out, " base %d, sent to %d, chosen to %d", m.slot, m.last, m.known)
	case msgAccepted:
		fmt.Fprintf(&out, " to %d", m.slot)
		if m.last != 0 {
			fmt.Fprintf(&out, ", missing %d", m.last)
		}
	case msgFetch, msgLearn:
		fmt.Fprintf(&out, " slots %d..%d", m.slot, m.last)
	}
	for i := range m.countSpans() {
		s := m.span(i)
		fmt.Fprintf(&out, ", %d..%d of %v", s.lo, s.hi, s.ballot)
	}
	for _, e := range m.entries {
		fmt.Fprintf(&out, ", slot %d = %s", e.Index, smr.Name(e.Data))
		if b := Ballot(e.Ballot); b != m.ballot {
			fmt.Fprintf(&out, " of %v", b)
		}
	}
	if err != nil {
		fmt.Fprintf(&out, " (%v)", err)
	}
	return out.String()
}

// describeBasic writes a frame of basic Paxos as its items: what, slot and ballot, and
// the value where there is one. Of a frame that is cut short it writes the items that are
// there.
func describeBasic(frame []byte) string {
	b, err := ParseBatch(frame)
	if err != nil {
		if len(frame) < BatchHeadSize || frame[0] != kindBatch {
			return err.Error()
		}
		claimed, there := binary.LittleEndian.Uint32(frame[4:]), (len(frame)-BatchHeadSize)/ItemSize
		b.Known = binary.LittleEndian.Uint64(frame[8:])
		b.items = frame[BatchHeadSize:][:ItemSize*int(min(uint64(claimed), uint64(there)))]
	}
	var out []string
	entries := b.Entries
	for i := range b.Len() {
		it := b.Item(i)
		value := ""
		if carries, _ := it.Carries(); carries && len(entries) > 0 {
			value, entries = " = "+smr.Name(entries[0].Data), entries[1:]
		}
		s := fmt.Sprintf("%v slot %d", it.Op, it.Slot)
		if it.Ballot != 0 {
			s += " ballot " + it.Ballot.String()
		}
		switch {
		case it.Op == OpPromise && it.Other != 0:
			s += " (accepted " + it.Other.String() + value + ")"
		case it.Op == OpReject:
			s += " (promised " + it.Other.String() + ")"
		default:
			s += value
		}
		out = append(out, s)
	}
	if b.Len() == 0 {
		out = append(out, "heartbeat")
	}
	out = append(out, fmt.Sprintf("chosen to %d", b.Known))
	if err != nil {
		out = append(out, "("+err.Error()+")")
	}
	return strings.Join(out, ", ")
}
