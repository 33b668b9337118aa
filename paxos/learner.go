package paxos

import "github.com/consbench/consbench/bench/smr"

// Learner finds out that a proposal is chosen, by counting who accepted it (Paxos
// Made Simple, 2.3). The proposer of a ballot is its distinguished learner: the
// acceptors answer only to it, and it tells the others with a notice.
type Learner struct {
	Ballot    Ballot  // the proposal counted
	Acceptors smr.Set // who has durably accepted exactly that one
}

// Accepted counts a member's acceptance of ballot b and reports whether the
// proposal has become chosen by it: the phase 2 quorum q2 is complete now and was
// not before. Acceptances of other ballots do not count: two acceptors may have
// accepted the same value under different ballots without its being chosen.
func (l *Learner) Accepted(from int, b Ballot, q2 int) (chosen bool) {
	return b == l.Ballot && b != 0 && l.Acceptors.Add(from) && l.Acceptors.Len() == q2
}

// Chosen reports whether a phase 2 quorum has accepted the proposal.
func (l *Learner) Chosen(q2 int) bool { return l.Ballot != 0 && l.Acceptors.Len() >= q2 }

// Confirms is the rule for a notice that says: the proposal numbered chosen is
// chosen in this slot. A replica whose own highest accepted proposal there has
// exactly that number holds the chosen value, for a ballot has one value a slot. Any
// other replica, one with a lower ballot too, may hold another value and has to
// fetch the chosen one.
func Confirms(accepted, chosen Ballot) bool { return accepted == chosen && chosen != 0 }
