package cluster

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// standing is what can be seen of a replica from outside.
type standing struct {
	id       smr.NodeID
	up       bool // it is there
	live     bool // and takes turns
	gone     bool // it is down and cannot come back
	nonVoter bool // it has lost its log
	view     replica.View
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
		if !s.live || s.nonVoter {
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
//
// Replicas that cannot come back are left out. The others must then be able to elect
// and to commit by themselves, under a leader of the highest term: then whatever was
// committed is known to one of them, and so to all.
func settled[N visible](nodes []N, o *replica.Options) bool {
	leaderless := o.Protocol.Leaderless
	leader := leader(nodes, leaderless)
	if leader == smr.None {
		return false
	}
	lead := nodes[leader-1].standing().view
	voters, highest := 0, uint64(0)
	for _, n := range nodes {
		s := n.standing()
		if s.gone {
			continue
		}
		open := s.view.Last > s.view.Applied && (s.id == leader || leaderless)
		if !s.live || s.view.Applied != lead.Applied || s.view.Commit != s.view.Applied || open {
			return false
		}
		highest = max(highest, s.view.Term)
		if !s.nonVoter {
			voters++
		}
	}
	q1, q2 := o.Core.Quorums()
	complete := voters == len(nodes)
	return complete || voters >= max(q1, q2) && (leaderless || lead.Term == highest)
}

// describe says where each replica stands, for a person.
func describe[N visible](nodes []N) string {
	var out []string
	for _, n := range nodes {
		s := n.standing()
		role := s.view.Role.String()
		if s.nonVoter {
			role = "non-voter"
		}
		switch {
		case s.gone:
			out = append(out, fmt.Sprintf("%v is down for good", s.id))
		case !s.up:
			out = append(out, fmt.Sprintf("%v is down", s.id))
		default:
			out = append(out, fmt.Sprintf("%v (%s) has applied %d of %d", s.id, role, s.view.Applied, s.view.Last))
		}
	}
	return strings.Join(out, ", ")
}
