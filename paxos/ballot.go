package paxos

import (
	"strconv"

	"github.com/consbench/consbench/bench/smr"
)

// Ballot is a proposal number: round<<16 | node. Ballots are totally ordered, and
// no two replicas ever use the same one, since each puts its own number into it
// ("different proposers choose their numbers from disjoint sets of numbers",
// Paxos Made Simple, 2.5). 0 is no ballot and below all others.
type Ballot uint64

const (
	nodeBits = 16
	// MaxNode is the highest replica number that fits into a ballot.
	MaxNode = 1<<nodeBits - 1
	// maxRound bounds what is taken from the wire and from the log, so that a
	// ballot above it always exists.
	maxRound = 1 << 47
)

// NewBallot is node's ballot in a round.
func NewBallot(round uint64, node smr.NodeID) Ballot {
	if node == smr.None || node > MaxNode || round >= 1<<(64-nodeBits) {
		panic("paxos: no ballot for round " + strconv.FormatUint(round, 10) + " of " + node.String())
	}
	return Ballot(round<<nodeBits | uint64(node))
}

// Next is the lowest ballot of node in a round above that of the ballot given.
func Next(above Ballot, node smr.NodeID) Ballot { return NewBallot(above.Round()+1, node) }

// valid reports whether b can have been made by NewBallot, with rounds to spare.
func (b Ballot) valid() bool { return b.Round() >= 1 && b.Round() < maxRound && b.Node() != smr.None }

// Round is the part of the ballot that is compared first.
func (b Ballot) Round() uint64 { return uint64(b) >> nodeBits }

// Node is the replica that the ballot belongs to.
func (b Ballot) Node() smr.NodeID { return smr.NodeID(b & MaxNode) }

// String writes round and node, as in 3.n2.
func (b Ballot) String() string {
	if b == 0 {
		return "-"
	}
	return strconv.FormatUint(b.Round(), 10) + "." + b.Node().String()
}
