package paxos

import "github.com/consbench/consbench/bench/smr"

// roundTrip estimates how long a request takes from its sending to its answer, the
// acceptor's disk included (Jacobson and Karels; RFC 6298). Back-offs and
// retransmissions are measured in it.
type roundTrip struct{ mean, deviation smr.Time }

// sample takes one answer. Answers to what was sent twice must not be given to it.
func (r *roundTrip) sample(d smr.Time) {
	if r.mean == 0 {
		r.mean, r.deviation = max(d, 1), d/2
		return
	}
	diff := r.mean - d
	if diff < 0 {
		diff = -diff
	}
	r.deviation += (diff - r.deviation) / 4
	r.mean = max(r.mean+(d-r.mean)/8, 1)
}

// timeout is when to send a request again that was sent `again` times already.
func (r *roundTrip) timeout(cfg *smr.Config, again int) smr.Time {
	if r.mean == 0 {
		return cfg.ElectionMin << min(again, 3)
	}
	return max(cfg.Heartbeat, r.mean+4*r.deviation) << min(again, 3)
}

// backoff is the range [0, backoff] of the pause before the ballot that follows
// `beaten` beaten ones. An undisturbed proposer needs two round trips, so that with
// the range doubling one of any number of rivals soon has them for itself.
func (r *roundTrip) backoff(cfg *smr.Config, beaten int) smr.Time {
	mean := r.mean
	if mean == 0 {
		mean = cfg.Heartbeat
	}
	return mean << min(beaten, 7)
}
