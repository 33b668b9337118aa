package netsim

import (
	"iter"

	"github.com/consbench/consbench/bench/smr"
)

// denseIDs bounds the part of a Table that is a slice.
const denseIDs = 1024

// Table maps node ids to values, fast for the small ids that clusters have. The
// zero Table is empty; an absent id has the zero V.
type Table[V comparable] struct {
	dense  []V
	sparse map[smr.NodeID]V
}

// Get returns the value of id.
func (t *Table[V]) Get(id smr.NodeID) V {
	if uint(id) < uint(len(t.dense)) {
		return t.dense[id]
	}
	return t.sparse[id]
}

// Put sets the value of id.
func (t *Table[V]) Put(id smr.NodeID, v V) {
	if id < denseIDs {
		for len(t.dense) <= int(id) {
			t.dense = append(t.dense, *new(V))
		}
		t.dense[id] = v
		return
	}
	if t.sparse == nil {
		t.sparse = make(map[smr.NodeID]V)
	}
	t.sparse[id] = v
}

// All iterates over what is not zero. Ids from 1024 on come in no fixed order.
func (t *Table[V]) All() iter.Seq2[smr.NodeID, V] {
	return func(yield func(smr.NodeID, V) bool) {
		for id, v := range t.dense {
			if v != *new(V) && !yield(smr.NodeID(id), v) {
				return
			}
		}
		for id, v := range t.sparse {
			if v != *new(V) && !yield(id, v) {
				return
			}
		}
	}
}
