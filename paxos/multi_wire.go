package paxos

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/smr/window"
)

// The head of a frame of Multi-Paxos; the body is a run of encoded entries.
//
//	0      1      2       3    4       8        16     24     32      40      48
//	+------+------+-------+----+-------+--------+------+------+-------+-------+-- - -
//	| 'm'  | type | flags | 0  | count | ballot | slot | last | known | other | count spans
//	+------+------+-------+----+-------+--------+------+------+-------+-------+-- - -
//
//	a span, 24 bytes: lo, hi (both inclusive), ballot
const (
	kindMulti     = 'm'
	multiHeadSize = 48 // bytes, without the spans
	spanSize      = 24 // bytes of an encoded span
	maxSpans      = 16 // spans in one frame
)

// kind of a message of Multi-Paxos.
type multiType uint8

// What the fields of a head mean. A field that is not named is 0.
const (
	msgPoll      multiType = iota + 1 // would you promise? ballot: the one that would be used
	msgPollReply                      // flagGranted; ballot: as asked; other: highest promised
	msgPrepare                        // phase 1a for all slots >= slot; spans: what the candidate holds there, by ballot
	msgPromise                        // phase 1b, one page: slots slot..last, and flags; known: all <= known in it is chosen; body: accepted entries
	msgReject                         // to a prepare or accept of ballot; other: the higher ballot promised
	msgAccept                         // phase 2a: body; slot: base; last: highest slot sent to this peer; known: all <= known is chosen; other: sequence number
	msgAccepted                       // phase 2b: all in (base, slot] and in spans is durably accepted; last: lowest slot missing, if any; known: sender's; other: echo
	msgFetch                          // asks for the chosen entries slot..last; spans: what the sender holds there, by ballot
	msgLearn                          // chosen: in slot..last the entries of the body, and what the receiver holds under the ballots in spans
	msgEnd
)

var multiTypeNames = [...]string{"?", "poll", "poll-reply", "prepare", "promise", "reject", "accept", "accepted", "fetch", "learn"}

func (t multiType) String() string {
	if t < msgEnd {
		return multiTypeNames[t]
	}
	return "?"
}

const (
	flagGranted  = 1 << iota // poll-reply: yes
	flagFinal                // promise: nothing else is accepted above last
	flagMore                 // promise, learn: ask again for what follows last
	flagBehind               // promise: slot is below the acceptor's window, which begins at last
	flagNonVoter             // accepted: the sender is in no quorum (smr.Config.NonVoter)
	flagsAll     = 1<<iota - 1
)

// span is a range of slots, both ends inclusive, that hold entries of one ballot.
type span struct {
	lo, hi uint64
	ballot Ballot
}

// message is a parsed frame, or the head of one to be written.
type message struct {
	typ    multiType
	flags  uint8
	ballot Ballot
	slot   uint64
	last   uint64
	known  uint64
	other  uint64

	spans   []byte           // encoded
	entries []window.Encoded // decoded and verified
}

func appendMessage(dst []byte, m *message, spans []span) []byte {
	dst = append(dst, kindMulti, byte(m.typ), m.flags, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(spans)))
	for _, v := range [...]uint64{uint64(m.ballot), m.slot, m.last, m.known, m.other} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	for _, s := range spans {
		dst = binary.LittleEndian.AppendUint64(dst, s.lo)
		dst = binary.LittleEndian.AppendUint64(dst, s.hi)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(s.ballot))
	}
	return dst
}

func (m *message) countSpans() int { return len(m.spans) / spanSize }

func (m *message) span(i int) span {
	p := m.spans[i*spanSize:]
	return span{
		lo:     binary.LittleEndian.Uint64(p),
		hi:     binary.LittleEndian.Uint64(p[8:]),
		ballot: Ballot(binary.LittleEndian.Uint64(p[16:])),
	}
}

const maxSlot = 1 << 62 // slots above are refused, so that slot+1 never wraps

// parse reads and verifies a whole frame, reusing m.entries. It copies nothing.
// After an error m is of no use.
func (m *message) parse(frame []byte) error {
	m.entries = m.entries[:0]
	if len(frame) < multiHeadSize || frame[0] != kindMulti || frame[3] != 0 {
		return malformed("no multipaxos head in %d bytes", len(frame))
	}
	m.typ, m.flags = multiType(frame[1]), frame[2]
	count := binary.LittleEndian.Uint32(frame[4:])
	if m.typ == 0 || m.typ >= msgEnd || m.flags > flagsAll || count > maxSpans || int(count)*spanSize > len(frame)-multiHeadSize {
		return malformed("head of type %d, flags %x, %d spans in %d bytes", m.typ, m.flags, count, len(frame))
	}
	m.ballot = Ballot(binary.LittleEndian.Uint64(frame[8:]))
	m.slot = binary.LittleEndian.Uint64(frame[16:])
	m.last = binary.LittleEndian.Uint64(frame[24:])
	m.known = binary.LittleEndian.Uint64(frame[32:])
	m.other = binary.LittleEndian.Uint64(frame[40:])
	end := multiHeadSize + int(count)*spanSize
	m.spans = frame[multiHeadSize:end]
	if !m.ballot.valid() || m.slot > maxSlot || m.last > maxSlot || m.known > maxSlot {
		return malformed("%v of ballot %v, slots %d..%d, known %d", m.typ, m.ballot, m.slot, m.last, m.known)
	}
	if (m.typ == msgPollReply || m.typ == msgReject) && m.other != 0 && !Ballot(m.other).valid() {
		return malformed("%v names ballot %v", m.typ, Ballot(m.other))
	}
	for i := range m.countSpans() {
		if s := m.span(i); s.lo == 0 || s.lo > s.hi || s.hi > maxSlot || !s.ballot.valid() {
			return malformed("span %d of %v is %d..%d of %v", i, m.typ, s.lo, s.hi, s.ballot)
		}
	}
	return m.parseEntries(frame[end:])
}

// parseEntries verifies the body: entries in ascending order that belong there.
func (m *message) parseEntries(run []byte) error {
	lo, hi := m.slot, m.last
	switch {
	case m.typ == msgAccept:
		lo++
	case m.typ == msgPromise && m.flags&flagBehind == 0 || m.typ == msgLearn:
	case len(run) != 0:
		return malformed("%d bytes behind a %v", len(run), m.typ)
	}
	for len(run) > 0 {
		e, rest, err := window.Decode(run)
		if err != nil {
			return malformed("entry of %v: %v", m.typ, err)
		}
		b := Ballot(e.Ballot)
		if e.Index == 0 || e.Index < lo || e.Index > hi || !b.valid() || b > m.ballot || m.typ == msgAccept && b != m.ballot {
			return malformed("%v of ballot %v, slots %d..%d, holds slot %d of %v", m.typ, m.ballot, m.slot, m.last, e.Index, b)
		}
		m.entries, run, lo = append(m.entries, e), rest, e.Index+1
	}
	return nil
}
