package client

import (
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
)

// Operation is one command on a key, as its client saw it: ID is the value that it
// gives the key, if it gives it one, and Found was there before.
type Operation struct {
	Session uint32
	Key     uint32
	ID      uint64
	Op      command.Op
	Expect  uint64   // of a compare-and-swap
	Call    smr.Time // first sent
	Return  smr.Time // answered; Never if it was not
	Found   uint64   // if it was answered
}

// History holds operations to be checked for linearizability. It is bounded: when
// it is full it forgets half of the keys, with all their operations; when only the
// first key is left, it forgets all that is called later. What remains is a whole
// history of fewer keys, or its beginning: see check.Linearizable.
type History struct {
	Operations []Operation
	Mask       uint32   // keys k with (k-1) & Mask == 0 are kept
	Until      smr.Time // operations called from here on are not to be looked at
	limit      int
}

// NewHistory returns an empty history of up to limit operations.
func NewHistory(limit int) *History {
	return &History{limit: limit, Until: smr.Never, Operations: make([]Operation, 0, limit)}
}

func (h *History) add(o Operation) {
	for h.Until == smr.Never && len(h.Operations) >= h.limit {
		if !h.thin() {
			h.Until = o.Call
		}
	}
	// Beyond the limit only what was open then is still added.
	if (o.Key-1)&h.Mask == 0 && o.Call < h.Until {
		h.Operations = append(h.Operations, o)
	}
}

// thin forgets half of the keys. It reports false if there is nothing to forget.
func (h *History) thin() bool {
	if h.Mask == 1<<24-1 {
		return false
	}
	h.Mask = h.Mask<<1 | 1
	kept := h.Operations[:0]
	for _, o := range h.Operations {
		if (o.Key-1)&h.Mask == 0 {
			kept = append(kept, o)
		}
	}
	h.Operations = kept
	return true
}
