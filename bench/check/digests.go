package check

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

// Digests compares the running digests of all replicas, in all their
// incarnations, at checkpoints: the first to pass an index sets what every other
// must have there. It may be used from several goroutines.
type Digests struct {
	stride atomic.Uint64 // checkpoints are at multiples of it; a power of two

	// Found is called when two digests differ, from where it shows; nil: nobody is
	// told. It is set before the first Mark.
	Found func()

	mu       sync.Mutex
	marks    map[uint64]mark
	compared uint64
	diverged []string

	relay   func(node smr.NodeID, index, digest uint64) // nil unless made by NewRelay
	relayed int                                         // at this stride
}

type mark struct {
	node   smr.NodeID
	digest uint64
}

// maxMarks bounds the memory of Digests; beyond it every second one is forgotten.
const maxMarks = 1 << 14

// NewDigests returns an empty comparison that begins with every entry.
func NewDigests() *Digests {
	d := &Digests{marks: make(map[uint64]mark)}
	d.stride.Store(1)
	return d
}

// NewRelay returns a Digests that compares nothing and hands what it is told to f,
// which passes it on to where all replicas' digests meet. It begins with checkpoints
// at multiples of stride, a power of two, and doubles that as NewDigests does.
func NewRelay(stride uint64, f func(node smr.NodeID, index, digest uint64)) *Digests {
	d := &Digests{relay: f}
	d.stride.Store(stride)
	return d
}

// Stride is the distance between checkpoints now, a power of two.
func (d *Digests) Stride() uint64 { return d.stride.Load() }

// Wants reports whether index is a checkpoint. It is cheap.
func (d *Digests) Wants(index uint64) bool { return index&(d.stride.Load()-1) == 0 }

// Mark says that the state of node after the entry at index has this digest.
func (d *Digests) Mark(node smr.NodeID, index, digest uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.relay != nil {
		d.relay(node, index, digest)
		if d.relayed++; d.relayed == maxMarks {
			d.relayed = 0
			d.stride.Store(2 * d.stride.Load())
		}
		return
	}
	if m, ok := d.marks[index]; ok {
		d.compared++
		if m.digest != digest && len(d.diverged) < 8 {
			d.diverged = append(d.diverged, fmt.Sprintf("%v and %v differ at entry %d", m.node, node, index))
			if d.Found != nil {
				d.Found()
			}
		}
		return
	}
	if len(d.marks) >= maxMarks {
		stride := d.stride.Load() * 2
		d.stride.Store(stride)
		for i := range d.marks {
			if i&(stride-1) != 0 {
				delete(d.marks, i)
			}
		}
	}
	if d.Wants(index) {
		d.marks[index] = mark{node, digest}
	}
}

// Compared is how many times two digests of one index have met.
func (d *Digests) Compared() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.compared
}

// Diverged lists what differed, at most a few cases.
func (d *Digests) Diverged() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.diverged...)
}
