package cluster

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// standing is what can be seen of a replica from outside.
type standing struct {
	id   smr.NodeID
	up   bool // it is there
	live bool // and takes turns
	view replica.View
}

// visible is a replica wherever it is.
type visible interface{ standing() standing }

// leader is the live replica that leads in the highest term, None if there is none.
// Without leaders it is the last one that had a value of its own chosen, else the
// lowest live one.
func leader[N visible](nodes []N, leaderless bool) smr.NodeID {
	leader, best := smr.None, uint64(0)
	for _, n := range nodes {
		s := n.standing()
		if !s.live {
			continue
		}
		rank := s.view.Term + 1
		if leaderless {
			rank = uint64(s.view.Chose) + 1
		} else if s.view.Role != smr.Leader {
			continue
		}
		if rank > best {
			leader, best = s.id, rank
		}
	}
	return leader
}

// settled reports whether all replicas are up and have applied the same entry, the
// last one that the leader has; without leaders, the last one that any of them
// has. (A follower may keep what no leader has heard of and nobody will choose.)
func settled[N visible](nodes []N, leaderless bool) bool {
	leader := leader(nodes, leaderless)
	if leader == smr.None {
		return false
	}
	first := nodes[0].standing().view
	for _, n := range nodes {
		s := n.standing()
		open := s.view.Last > s.view.Applied && (s.id == leader || leaderless)
		if !s.live || s.view.Applied != first.Applied || s.view.Commit != s.view.Applied || open {
			return false
		}
	}
	return true
}

// describe says where each replica stands, for a person.
func describe[N visible](nodes []N) string {
	var out []string
	for _, n := range nodes {
		if s := n.standing(); s.up {
			out = append(out, fmt.Sprintf("%v (%v) has applied %d of %d", s.id, s.view.Role, s.view.Applied, s.view.Last))
		} else {
			out = append(out, fmt.Sprintf("%v is down", s.id))
		}
	}
	return strings.Join(out, ", ")
}
