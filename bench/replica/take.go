package replica

import (
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
)

// What follows is for a replica that reports bit by bit to somewhere else. Like
// Counters it belongs to the turns.

// TakeCommitLatency returns what CommitLatency does and goes on with empty.
func (r *Replica) TakeCommitLatency(empty *measure.Histogram) *measure.Histogram {
	taken := r.commit
	r.commit = empty
	return taken
}

// Status is the core's: what the board shows, and more.
func (r *Replica) Status() (s smr.Status) {
	r.core.Status(&s)
	return s
}
