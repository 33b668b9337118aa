// Package mailbox is the queue in front of everything live: many goroutines put
// bytes in, one takes them out.
//
// A [Box] has two buffers. Writers append to one under a short lock; the reader
// swaps it for the other and reads in place, without a lock. So the lock is taken
// once per batch by the reader, and a batch is one piece of memory without
// pointers. The bytes have whatever framing the writers and the reader agree on.
//
//	box.Begin()                     // frames, commands, acknowledgements
//	if b := box.Reserve(n); b != nil {
//		... // write all n bytes of b
//	}
//	box.Commit()
//	...                             // end of the writer's turn:
//	waker.Wake()                    // once, not for each message
//
// Capacity is bounded. What does not fit is refused and counted. Memory grows by
// doubling up to the bound and stays.
package mailbox

import (
	"sync"
	"sync/atomic"
)

// Box is a bounded queue of bytes with many writers and one reader.
type Box struct {
	mu      sync.Mutex
	in      []byte // being filled; guarded by mu
	bound   int
	closed  bool
	dropped uint64

	full atomic.Bool // in is not empty: lets the reader look without the lock
	_    [64]byte    // the reader's part below does not share the writers' cache line
	out  []byte      // being read; belongs to the reader
}

// pageSize is how far apart the bytes are that New touches.
const pageSize = 4 << 10

// New returns a box that holds up to bound bytes that have not been taken (and as
// many that have). Memory for initial bytes is allocated and touched at once, twice.
func New(initial, bound int) *Box {
	initial = min(initial, bound)
	return &Box{in: touched(initial), out: touched(initial), bound: bound}
}

func touched(n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += pageSize {
		b[i] = 1 // a fresh page costs microseconds: pay now
	}
	return b[:0]
}

// Begin locks the box for Reserve. Nothing slow may happen before Commit.
func (b *Box) Begin() { b.mu.Lock() }

// Reserve makes n more bytes part of the queue, between Begin and Commit. The
// caller must write all of them, and before it calls Reserve again. If there is no
// room it counts a drop and returns nil.
func (b *Box) Reserve(n int) []byte {
	used := len(b.in)
	if n > cap(b.in)-used && !b.grow(n) {
		b.dropped++
		return nil
	}
	b.in = b.in[:used+n]
	return b.in[used : used+n : used+n]
}

func (b *Box) grow(n int) bool {
	need := len(b.in) + n
	if n > b.bound-len(b.in) || b.closed {
		return false
	}
	in := make([]byte, len(b.in), min(max(2*cap(b.in), need), b.bound))
	copy(in, b.in)
	b.in = in
	return true
}

// Commit unlocks the box. What was reserved can now be taken.
func (b *Box) Commit() {
	if len(b.in) > 0 && !b.full.Load() {
		b.full.Store(true)
	}
	b.mu.Unlock()
}

// Append puts the bytes of x and then those of y into the queue, both or none, and
// reports whether there was room.
func (b *Box) Append(x, y []byte) bool {
	b.Begin()
	dst := b.Reserve(len(x) + len(y))
	if dst != nil {
		copy(dst[copy(dst, x):], y)
	}
	b.Commit()
	return dst != nil
}

// Waiting reports whether there is something to take.
func (b *Box) Waiting() bool { return b.full.Load() }

// Len is how many bytes there are to take.
func (b *Box) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.in)
}

// Swap takes everything in the queue. What it returned before is invalid from now
// on. An empty batch costs one atomic load.
func (b *Box) Swap() []byte {
	if !b.full.Load() {
		return nil
	}
	b.mu.Lock()
	b.in, b.out = b.out[:0], b.in
	b.full.Store(false)
	b.mu.Unlock()
	return b.out
}

// Dropped is how many reservations were refused.
func (b *Box) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// Close empties the box and refuses everything from now on. No batch may be in use.
func (b *Box) Close() { b.shut() }

// Recycle closes b and returns an empty box with its memory and its bound: for a
// replica that restarts. A writer that still holds b cannot reach the new one.
func (b *Box) Recycle() *Box {
	in, out := b.shut()
	return &Box{in: in[:0], out: out[:0], bound: b.bound}
}

func (b *Box) shut() (in, out []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	in, out = b.in, b.out
	b.closed = true
	b.in, b.out = nil, nil
	b.full.Store(false)
	return in, out
}
