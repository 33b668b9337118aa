package smrtest

import "github.com/consbench/consbench/bench/smr"

// Held is a frame or snapshot that waits to be delivered, in a Manual world.
type Held struct {
	From, To smr.NodeID
	Kind     smr.Kind
	Frame    []byte
	snap     *snapshot
}
