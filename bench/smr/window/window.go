// Package window is the part of a replicated log that is held in memory: a ring
// of slots over a byte arena, shared by all protocols so that none has a better
// log than another.
//
// An entry is encoded once, when it is put in, and its encoding is what goes to
// the durable log and to the peers: [Window.Run] hands out views of neighbouring
// entries without copying. Slots may be filled, overwritten and emptied in any
// order; memory is given back from the oldest allocation on.
package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/consbench/consbench/bench/smr"
)

// An encoded entry, little endian, padded with zeros to a multiple of 8 bytes:
//
//	0        8        16      20      24      28      32
//	+--------+--------+-------+-------+-------+-------+---- - -
//	| ballot | index  | size  | sum   | check | flags | data
//	+--------+--------+-------+-------+-------+-------+---- - -
//
// size is the length of data in bytes, sum the CRC-32C of data, check the CRC-32C
// of the 24 bytes before it and of flags; flags must be zero.
const HeaderSize = 32

// MaxData bounds the data of one entry.
const MaxData = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the checksum of an entry's data.
func Sum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// EncodedSize is how many bytes an entry with n bytes of data takes.
func EncodedSize(n int) int { return (HeaderSize + n + 7) &^ 7 }

// Errors of Decode.
var (
	ErrShort    = errors.New("window: entry cut short")
	ErrChecksum = errors.New("window: entry checksum does not match")
)

// Encoded is an entry as read from its encoding.
type Encoded struct {
	Ballot uint64 // term (Raft) or ballot (Paxos)
	Index  uint64
	Sum    uint32
	Data   []byte // view of what was decoded
}

// Decode reads the first entry of run and verifies it. rest is what follows.
func Decode(run []byte) (e Encoded, rest []byte, err error) {
	if len(run) < HeaderSize {
		return e, nil, ErrShort
	}
	size := int(binary.LittleEndian.Uint32(run[16:]))
	if size > MaxData || EncodedSize(size) > len(run) {
		return e, nil, ErrShort
	}
	if binary.LittleEndian.Uint32(run[24:]) != headerCheck(run) || binary.LittleEndian.Uint32(run[28:]) != 0 {
		return e, nil, ErrChecksum
	}
	end := HeaderSize + size
	for _, b := range run[end:EncodedSize(size)] {
		if b != 0 {
			return e, nil, ErrChecksum
		}
	}
	e = Encoded{
		Ballot: binary.LittleEndian.Uint64(run),
		Index:  binary.LittleEndian.Uint64(run[8:]),
		Sum:    binary.LittleEndian.Uint32(run[20:]),
		Data:   run[HeaderSize:end:end],
	}
	if Sum(e.Data) != e.Sum {
		return e, nil, ErrChecksum
	}
	return e, run[EncodedSize(size):], nil
}

func headerCheck(header []byte) uint32 { return crc32.Checksum(header[:24], castagnoli) }

func encodeHeader(dst []byte, ballot, index uint64, size int, sum uint32) {
	binary.LittleEndian.PutUint64(dst, ballot)
	binary.LittleEndian.PutUint64(dst[8:], index)
	binary.LittleEndian.PutUint32(dst[16:], uint32(size))
	binary.LittleEndian.PutUint32(dst[20:], sum)
	binary.LittleEndian.PutUint32(dst[24:], headerCheck(dst))
	binary.LittleEndian.PutUint32(dst[28:], 0)
}

// Slot is one filled slot. X is what the protocol remembers beside it.
type Slot[X any] struct {
	Ballot uint64  // term or ballot of the entry; 0 = the slot is empty
	Number uint64  // Ready in which the entry last went to the log; 0 = not yet
	Tag    smr.Tag // own proposal, else 0
	Sum    uint32  // CRC-32C of the data
	X      X

	size  uint32 // of the data
	off   int    // of the encoding in the arena
	alloc uint64 // sequence number of the allocation
}

// Size is the length of the entry's data in bytes.
func (s *Slot[X]) Size() int { return int(s.size) }

type allocation struct {
	off, size int
	skipped   int // bytes left unused at the arena's end, because this one would not fit there
	dead      bool
}

// Window holds the slots First to Last. Both ends are inclusive; an empty window
// has Last = First-1. Slots between may be empty (Paxos) or not (Raft).
type Window[X any] struct {
	arena []byte
	head  int // where the next allocation goes
	tail  int // where the oldest live allocation starts
	live  int // bytes in [tail, head), dead allocations and skipped ends included

	slots []Slot[X] // power of two; slot i at slots[i&mask]
	mask  uint64
	first uint64
	last  uint64

	allocs      []allocation // power of two; allocation a at allocs[a&amask]
	amask       uint64
	afirst, aft uint64 // live allocations are [afirst, aft)
}

// New returns a window that holds up to capacity bytes of encoded entries, and
// starts behind index base. All memory is allocated here.
func New[X any](capacity int, base uint64) *Window[X] {
	capacity = max((capacity+7)&^7, 4<<10)
	nslots := pow2(max(capacity/256, 256))
	return &Window[X]{
		arena:  make([]byte, capacity),
		slots:  make([]Slot[X], nslots),
		mask:   uint64(nslots - 1),
		allocs: make([]allocation, 2*nslots),
		amask:  uint64(2*nslots - 1),
		first:  base + 1,
		last:   base,
	}
}

// Prefault writes to every page of the window's memory: a fresh one costs
// microseconds when it is first used. The window must be empty.
func (w *Window[X]) Prefault() {
	for i := 0; i < len(w.arena); i += 4096 {
		w.arena[i] = 1
	}
	clear(w.slots)
	clear(w.allocs)
}

func pow2(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// First is the lowest slot that the window holds or would take next.
func (w *Window[X]) First() uint64 { return w.first }

// Last is the highest filled slot, First-1 if there is none.
func (w *Window[X]) Last() uint64 { return w.last }

// Bytes is how much of the arena is taken.
func (w *Window[X]) Bytes() int { return w.live }

// Capacity is the size of the arena in bytes.
func (w *Window[X]) Capacity() int { return len(w.arena) }

// Limit is the highest slot that the ring can take without a Release.
func (w *Window[X]) Limit() uint64 { return w.first + w.mask }

// Has reports whether slot i is filled.
func (w *Window[X]) Has(i uint64) bool {
	return i >= w.first && i <= w.last && w.slots[i&w.mask].Ballot != 0
}

// At returns slot i, or nil if it is not filled. The pointer is good until the
// slot is overwritten, truncated or released.
func (w *Window[X]) At(i uint64) *Slot[X] {
	if !w.Has(i) {
		return nil
	}
	return &w.slots[i&w.mask]
}

// Put fills or overwrites slot i; ballot is not 0. It copies data and keeps sum,
// which the caller has computed or verified. It returns nil, and has changed
// nothing, if i is below First or beyond the ring, or if the arena is full.
func (w *Window[X]) Put(i, ballot uint64, tag smr.Tag, sum uint32, data []byte) *Slot[X] {
	if ballot == 0 {
		panic("window: ballot 0 marks an empty slot")
	}
	if i < w.first || i > w.Limit() {
		return nil
	}
	off, ok := w.allocate(EncodedSize(len(data)))
	if !ok {
		return nil
	}
	s := &w.slots[i&w.mask]
	if i <= w.last && s.Ballot != 0 {
		w.free(s.alloc)
	}
	for j := max(w.last+1, w.first); j < i; j++ { // slots skipped over are empty
		w.slots[j&w.mask] = Slot[X]{}
	}
	w.last = max(w.last, i)
	dst := w.arena[off : off+EncodedSize(len(data))]
	encodeHeader(dst, ballot, i, len(data), sum)
	n := HeaderSize + copy(dst[HeaderSize:], data)
	clear(dst[n:])
	*s = Slot[X]{Ballot: ballot, Tag: tag, Sum: sum, size: uint32(len(data)), off: off, alloc: w.aft - 1}
	return s
}

// SetBallot gives the entry in slot i, which must be filled, another ballot: the
// same value accepted again. Its Number becomes 0, for it must be logged again.
func (w *Window[X]) SetBallot(i, ballot uint64) {
	s := w.At(i)
	s.Ballot, s.Number = ballot, 0
	encodeHeader(w.arena[s.off:], ballot, i, int(s.size), s.Sum)
}

// Data returns the data of slot i, which must be filled. It is a view, good until
// the slot is overwritten, truncated or released.
func (w *Window[X]) Data(i uint64) []byte {
	s := w.At(i)
	if s == nil {
		panic(fmt.Sprintf("window: slot %d is not in [%d, %d] or empty", i, w.first, w.last))
	}
	end := s.off + HeaderSize + int(s.size)
	return w.arena[s.off+HeaderSize : end : end]
}

// Run returns the encoding of slot lo and of as many filled slots after it, up to
// hi (inclusive), as lie behind one another in the arena and fit in limit bytes;
// and the slot after the last one in it. The first entry is always in it. The view
// is good until a slot in it is overwritten, truncated or released.
func (w *Window[X]) Run(lo, hi uint64, limit int) (run []byte, next uint64) {
	s := w.At(lo)
	if s == nil {
		panic(fmt.Sprintf("window: slot %d is not in [%d, %d] or empty", lo, w.first, w.last))
	}
	start, end := s.off, s.off+EncodedSize(int(s.size))
	next = lo + 1
	for next <= hi && next <= w.last {
		s = &w.slots[next&w.mask]
		size := EncodedSize(int(s.size))
		if s.Ballot == 0 || s.off != end || end-start+size > limit {
			break
		}
		end += size
		next++
	}
	return w.arena[start:end:end], next
}

// Truncate empties the slots from i on; Last becomes i-1, which is a filled slot
// in a log without holes.
func (w *Window[X]) Truncate(i uint64) {
	i = max(i, w.first)
	for j := i; j <= w.last; j++ {
		w.empty(j)
	}
	w.last = min(w.last, i-1)
}

// Release lets go of the slots up to i (inclusive). i may lie beyond Last: the
// window is then empty and starts at i+1.
func (w *Window[X]) Release(i uint64) {
	if i < w.first {
		return
	}
	for j := w.first; j <= min(i, w.last); j++ {
		w.empty(j)
	}
	w.first = i + 1
	w.last = max(w.last, i)
}

// Pack lays the entries behind one another at the start of the arena, in fresh memory:
// nothing is lost any more to overwritten entries and to ends that were too short. All
// views are void.
func (w *Window[X]) Pack() {
	arena := make([]byte, len(w.arena))
	w.head, w.tail, w.live, w.afirst, w.aft = 0, 0, 0, 0, 0
	for i := w.first; i <= w.last; i++ {
		s := w.At(i)
		if s == nil {
			continue
		}
		size := EncodedSize(int(s.size))
		copy(arena[w.head:], w.arena[s.off:s.off+size])
		w.allocs[w.aft&w.amask] = allocation{off: w.head, size: size}
		s.off, s.alloc = w.head, w.aft
		w.aft++
		w.head += size
		w.live += size
	}
	w.arena = arena
}

func (w *Window[X]) empty(i uint64) {
	s := &w.slots[i&w.mask]
	if s.Ballot != 0 {
		w.free(s.alloc)
	}
	*s = Slot[X]{}
}

// allocate finds size neighbouring bytes.
func (w *Window[X]) allocate(size int) (off int, ok bool) {
	if w.aft-w.afirst == uint64(len(w.allocs)) {
		return 0, false
	}
	off = w.head
	skipped := 0
	switch {
	case w.live == 0:
		off, w.head, w.tail = 0, 0, 0
		if size > len(w.arena) {
			return 0, false
		}
	case w.head > w.tail: // free: [head, end) and [0, tail)
		if size > len(w.arena)-w.head {
			skipped = len(w.arena) - w.head
			if size > w.tail {
				return 0, false
			}
			off = 0
		}
	default: // free: [head, tail); none if head == tail, for something is live
		if size > w.tail-w.head {
			return 0, false
		}
	}
	w.allocs[w.aft&w.amask] = allocation{off: off, size: size, skipped: skipped}
	w.aft++
	w.live += size + skipped
	w.head = off + size
	return off, true
}

// free marks allocation a dead and gives back what is dead at either end.
func (w *Window[X]) free(a uint64) {
	w.allocs[a&w.amask].dead = true
	for w.afirst < w.aft {
		oldest := &w.allocs[w.afirst&w.amask]
		if !oldest.dead {
			break
		}
		w.live -= oldest.size + oldest.skipped
		w.afirst++
	}
	for w.afirst < w.aft {
		newest := &w.allocs[(w.aft-1)&w.amask]
		if !newest.dead {
			break
		}
		w.live -= newest.size + newest.skipped
		w.aft--
		prev := &w.allocs[(w.aft-1)&w.amask] // if there is none, all is reset below
		w.head = prev.off + prev.size
	}
	if w.afirst < w.aft {
		w.tail = w.allocs[w.afirst&w.amask].off
	} else {
		w.live, w.head, w.tail = 0, 0, 0
	}
}
