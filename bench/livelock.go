package bench

import (
	"slices"

	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// standstill is from how many of the longest election timeouts on an outage is held
// to be one that does not end by itself. Elections that are only unlucky take one or
// two, and whoever recovers from a partial partition takes at most five (Ng, Haridi,
// Carbone, "Omni-Paxos", EuroSys 2023, 7.2).
const standstill = 10

// livelocks are the outages in which some replica could have led all the time, for
// it could speak with a quorum, and nobody stayed: elections were held in vain, or
// not held at all.
func (r *runner) livelocks(o *measure.Outages) (out []result.Livelock) {
	if r.protocol.Leaderless {
		return nil
	}
	for _, gap := range o.Gaps(standstill * smr.Time(r.cfg.ElectionMax)) {
		if r.hub((gap.From+gap.To)/2) == smr.None {
			continue
		}
		out = append(out, r.livelock(gap))
	}
	return out
}

// livelock reads from the events of a gap what was tried in it.
func (r *runner) livelock(gap measure.Gap) result.Livelock {
	l := result.Livelock{From: int64(gap.From), Until: int64(gap.To), Hub: uint32(r.hub((gap.From + gap.To) / 2))}
	from, to := r.from+gap.From, r.from+gap.To
	terms := map[uint64]bool{}
	for _, log := range r.cluster.Events() {
		for i, e := range log.Events {
			if e.Time < from || e.Time >= to {
				continue
			}
			switch e.Type {
			case smr.TimedOut:
				l.Timeouts++
			case smr.Campaign:
				terms[e.Term] = true
			case smr.Elected:
				end := smr.Never
				for _, next := range log.Events[i+1:] {
					if next.Type == smr.SteppedDown {
						end = next.Time
						break
					}
				}
				if end >= to && to < r.to {
					break // it was the one that ended the outage
				}
				l.Elected++
				l.Longest = max(l.Longest, int64(min(end, to)-e.Time))
			}
		}
	}
	l.Campaigns = len(terms)
	return l
}

// hub is a replica that could speak with a quorum at an instant of the window, both
// ways, the first if there are several; None if there is none.
func (r *runner) hub(at smr.Time) smr.NodeID {
	down, cut := map[smr.NodeID]bool{}, map[fault.Link]bool{}
	for _, s := range r.faults.strikes {
		if s.record.Skipped != "" || smr.Time(s.record.At) > at || s.until <= at {
			continue
		}
		switch s.action.Fault.Verb {
		case fault.Crash, fault.Pause:
			for _, id := range s.effect.Nodes {
				down[id] = true
			}
		case fault.Isolate, fault.Partition, fault.Cut:
			for _, l := range s.effect.Links {
				cut[l] = true
			}
		}
	}
	q1, q2 := r.cfg.Quorums()
	members := r.faults.Members()
	i := slices.IndexFunc(members, func(id smr.NodeID) bool {
		reached := 0
		for _, other := range members {
			if !down[id] && !down[other] && !cut[fault.Link{From: id, To: other}] && !cut[fault.Link{From: other, To: id}] {
				reached++
			}
		}
		return reached >= max(q1, q2)
	})
	if i < 0 {
		return smr.None
	}
	return members[i]
}
