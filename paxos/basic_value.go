package paxos

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// proposed keeps what this replica proposes until it is chosen in some slot: a value
// waits here during phase 1, and goes on to a later slot from here when it is
// beaten. A value is named by its sequence number; 0 is the no-op.
type proposed struct {
	win   *window.Window[struct{ settled bool }]
	limit int // bytes that may be open
	open  int // bytes of values not settled, encoded
}

func newProposed(cfg *smr.Config) proposed {
	// Settled values are let go of in order. The second half of the arena keeps one
	// slow slot from holding up those after it.
	return proposed{win: window.New[struct{ settled bool }](2*cfg.Inflight, 0), limit: cfg.Inflight}
}

// put keeps a value. It returns 0 if there is no room for it.
func (v *proposed) put(tag smr.Tag, data []byte) (seq uint64) {
	size := window.EncodedSize(len(data))
	if v.open+size > v.limit {
		return 0
	}
	seq = v.win.Last() + 1
	if v.win.Put(seq, 1, tag, window.Sum(data), data) == nil {
		return 0
	}
	v.open += size
	return seq
}

func (v *proposed) get(seq uint64) (tag smr.Tag, sum uint32, data []byte) {
	if seq == 0 {
		return 0, 0, nil // CRC-32C of nothing is 0
	}
	s := v.win.At(seq)
	return s.Tag, s.Sum, v.win.Data(seq)
}

// settle lets go of a value that is chosen or given up.
func (v *proposed) settle(seq uint64) {
	s := v.win.At(seq)
	s.X.settled = true
	v.open -= window.EncodedSize(s.Size())
	for first := v.win.First(); first <= v.win.Last() && v.win.At(first).X.settled; first++ {
		v.win.Release(first)
	}
}
