package paxos

import (
	"encoding/binary"
	"fmt"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// A frame is a head of fixed fields, little endian, and a body: encoded entries
// behind one another, each with its own checksums (bench/smr/window). What follows
// is the head of a Batch, the frame of basic Paxos:
//
//	0      1     4        8        16
//	+------+-----+--------+--------+----------------- - -
//	| 'b'  | 0   | count  | known  | count items of 32 bytes
//	+------+-----+--------+--------+----------------- - -
//
//	an item:
//	0      1     8        16       24       32
//	+------+-----+--------+--------+--------+
//	| op   | 0   | slot   | ballot | other  |
//	+------+-----+--------+--------+--------+
const (
	kindBatch     = 'b'
	BatchHeadSize = 16 // bytes, without the items
	ItemSize      = 32 // bytes of an encoded Item
)

// Batch is a parsed frame of basic Paxos: views of the frame.
type Batch struct {
	Known   uint64           // the sender knows everything up to this slot to be chosen
	Body    []byte           // entries of the items that carry one, in their order
	Entries []window.Encoded // the same, decoded and verified
	items   []byte
}

// AppendBatchHead begins the head of a Batch; AppendItem adds to it, FinishBatch
// closes it.
func AppendBatchHead(dst []byte, known uint64) []byte {
	dst = append(dst, kindBatch, 0, 0, 0, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint64(dst, known)
}

// AppendItem adds an item to a head.
func AppendItem(head []byte, it Item) []byte {
	head = append(head, byte(it.Op), 0, 0, 0, 0, 0, 0, 0)
	head = binary.LittleEndian.AppendUint64(head, it.Slot)
	head = binary.LittleEndian.AppendUint64(head, uint64(it.Ballot))
	return binary.LittleEndian.AppendUint64(head, uint64(it.Other))
}

// FinishBatch writes the count of items into a head that is otherwise complete.
func FinishBatch(head []byte) {
	binary.LittleEndian.PutUint32(head[4:], uint32((len(head)-BatchHeadSize)/ItemSize))
}

// Len is the number of items.
func (b *Batch) Len() int { return len(b.items) / ItemSize }

// Item returns item i.
func (b *Batch) Item(i int) Item {
	p := b.items[i*ItemSize:]
	return Item{
		Op:     Op(p[0]),
		Slot:   binary.LittleEndian.Uint64(p[8:]),
		Ballot: Ballot(binary.LittleEndian.Uint64(p[16:])),
		Other:  Ballot(binary.LittleEndian.Uint64(p[24:])),
	}
}

// ParseBatch is Parse into a new Batch.
func ParseBatch(frame []byte) (b Batch, err error) {
	err = b.Parse(frame)
	return b, err
}

// Parse reads a whole frame and verifies it: every item makes sense and every entry
// is the one that its item announces. It copies nothing and reuses b.Entries. After
// an error b is empty.
func (b *Batch) Parse(frame []byte) error {
	*b = Batch{Entries: b.Entries[:0]}
	if len(frame) < BatchHeadSize || frame[0] != kindBatch || frame[1]|frame[2]|frame[3] != 0 {
		return malformed("no batch head in %d bytes", len(frame))
	}
	count := uint64(binary.LittleEndian.Uint32(frame[4:]))
	if count > uint64(len(frame)-BatchHeadSize)/ItemSize {
		return malformed("%d items claimed in a frame of %d bytes", count, len(frame))
	}
	end := BatchHeadSize + int(count)*ItemSize
	p := Batch{Known: binary.LittleEndian.Uint64(frame[8:]), items: frame[BatchHeadSize:end], Body: frame[end:], Entries: b.Entries}
	rest := p.Body
	for i := range p.Len() {
		it := p.Item(i)
		if !it.sound() || binary.LittleEndian.Uint64(p.items[i*ItemSize:])>>8 != 0 {
			return malformed("item %d: %v", i, it)
		}
		carries, ballot := it.Carries()
		if !carries {
			continue
		}
		e, tail, err := window.Decode(rest)
		if err != nil {
			return malformed("entry of item %d: %v", i, err)
		}
		if e.Index != it.Slot || e.Ballot != uint64(ballot) {
			return malformed("item %d is for slot %d and %v, its entry for %d and %v", i, it.Slot, ballot, e.Index, Ballot(e.Ballot))
		}
		p.Entries, rest = append(p.Entries, e), tail
	}
	if len(rest) != 0 {
		return malformed("%d bytes behind the last entry", len(rest))
	}
	*b = p
	return nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("paxos: %w: %s", smr.ErrMalformed, fmt.Sprintf(format, args...))
}
