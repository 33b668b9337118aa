package replica

import "github.com/consbench/consbench/bench/measure"

// TakeCommitLatency returns what CommitLatency does and goes on with empty: for a
// replica that reports bit by bit. Like CommitLatency it belongs to the turns.
func (r *Replica) TakeCommitLatency(empty *measure.Histogram) *measure.Histogram {
	taken := r.commit
	r.commit = empty
	return taken
}
