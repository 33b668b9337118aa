package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
)

// Phase is how far a proposer has come with its ballot.
type Phase uint8

const (
	Idle      Phase = iota // has no ballot under way
	Preparing              // phase 1: asks for promises
	Accepting              // phase 2: asks for acceptance of one value
	Decided                // its proposal is chosen
)

var phaseNames = [...]string{"idle", "preparing", "accepting", "decided"}

func (p Phase) String() string { return phaseNames[p] }

// Proposer is one proposer's conduct of one instance, or, in Multi-Paxos, of phase
// 1 for all instances from some slot on (Paxos Made Simple, 2.2 and 3). It knows
// ballots and who answered; values are kept by its owner, who is told when to
// change the one to be proposed.
//
// Members are named by their position in smr.Config.Peers. The proposer is an
// acceptor too and counts itself only through its own durable answers.
type Proposer struct {
	Phase    Phase
	Ballot   Ballot  // number of the proposal under way
	Adopted  Ballot  // highest-numbered accepted proposal heard of in the promises; 0 = free to choose a value
	Higher   Ballot  // highest number that a rejection named
	Promises smr.Set // who promised Ballot
	Learner  Learner // who accepted Ballot: the proposer is the distinguished learner
}

// Prepare is phase 1a: begin with ballot b, which is above every ballot used here
// before, also before a restart.
func (p *Proposer) Prepare(b Ballot) {
	if b <= p.Ballot {
		panic("paxos: ballot " + b.String() + " used again after " + p.Ballot.String())
	}
	*p = Proposer{Phase: Preparing, Ballot: b, Higher: p.Higher}
}

// Promised takes the promise of ballot b from a member, which names the
// highest-numbered proposal that it had accepted, 0 for none. adopt is true if that
// proposal's value is the one to propose, as far as is known by now: its number is
// the highest heard of. Promises for other ballots and late ones change nothing.
func (p *Proposer) Promised(from int, b, accepted Ballot) (adopt bool) {
	if p.Phase != Preparing || b != p.Ballot {
		return false
	}
	p.Promises.Add(from)
	if !Adopts(p.Adopted, accepted) && !(mutant.Enabled && mutant.On(mutant.BasicAdoptsLast) && accepted != 0) {
		return false
	}
	p.Adopted = accepted
	return true
}

// Prepared reports whether a phase 1 quorum has promised: the value may be fixed
// and Accept called.
func (p *Proposer) Prepared(q1 int) bool { return p.Phase == Preparing && p.Promises.Len() >= q1 }

// Accept is phase 2a: the value is fixed, and acceptance of it under Ballot is
// asked for. It is the adopted value, if there is one; else it is free.
func (p *Proposer) Accept() {
	if p.Phase != Preparing {
		panic("paxos: phase 2 of ballot " + p.Ballot.String() + " begun while " + p.Phase.String())
	}
	p.Phase = Accepting
	p.Learner = Learner{Ballot: p.Ballot}
}

// Accepted takes a member's acceptance of ballot b and reports whether the value
// has become chosen by it.
func (p *Proposer) Accepted(from int, b Ballot, q2 int) (chosen bool) {
	if p.Phase != Accepting || !p.Learner.Accepted(from, b, q2) {
		return false
	}
	p.Phase = Decided
	return true
}

// Rejected takes a rejection of ballot b that names a higher one, and reports
// whether the proposer has to give b up: it then goes idle until Prepare. Giving up
// is never needed for safety; an acceptor that has promised higher just will not
// count, and it is the quickest way to a ballot that can win (2.5).
func (p *Proposer) Rejected(b, higher Ballot) (abandoned bool) {
	p.Higher = max(p.Higher, higher)
	if b != p.Ballot || higher <= b || (p.Phase != Preparing && p.Phase != Accepting) {
		return false
	}
	p.Phase = Idle
	return true
}

// Restart is the ballot to begin again with: above the own last one and above all
// that rejections named.
func (p *Proposer) Restart(node smr.NodeID) Ballot { return Next(max(p.Ballot, p.Higher), node) }

// Adopts reports whether a proposal numbered accepted, reported in a promise,
// takes the place of the best one known so far (rule P2c: the value of the
// highest-numbered proposal among those accepted).
func Adopts(best, accepted Ballot) bool { return accepted > best }
