package raft

import "github.com/consbench/consbench/bench/smr/window"

// appendEntries asks a follower to take entries behind the one at prevIndex; with
// no entries it is a heartbeat (Ongaro and Ousterhout, Figure 2). The entries are
// the frame's body: the bytes of the leader's own log window.
type appendEntries struct {
	term      uint64 // the leader's
	seq       uint64 // counts the appends to this peer in this term; echoed in the reply
	prevIndex uint64
	prevTerm  uint64
	commit    uint64 // the leader's commit index
	again     bool   // the entries were sent before, or serve a peer that lags: smr.CatchUp
}

// appendReply answers one or several appends at once.
type appendReply struct {
	term  uint64 // the follower's
	seq   uint64 // of the rejected append, else the highest one taken
	match uint64 // up to here the follower's log is the leader's, and durable
	last  uint64 // taken: up to here it is the leader's, durable or not; rejected: the follower's last index, if below prevIndex, else prevIndex

	nonVoter      bool // the follower is in no quorum (smr.Config.NonVoter): match is for flow control only
	rejected      bool
	conflictTerm  uint64 // rejected: the term of the follower's entry at last
	conflictIndex uint64 // rejected: the first index the follower knows to be of that term
}

// requestVote asks for a vote in term. As a pre-vote (dissertation, 9.6) it asks
// whether the receiver would vote for the sender in term+1: a frame never carries
// a term that nobody is in.
type requestVote struct {
	term      uint64 // the candidate's current term
	round     uint64 // counts the sender's elections and polls; echoed in the reply
	lastIndex uint64
	lastTerm  uint64
	pre       bool
}

// voteReply answers a requestVote.
type voteReply struct {
	term    uint64 // the voter's current term
	round   uint64
	granted bool
	pre     bool
}

// maxIndex bounds indexes and terms on the wire, so that sums cannot overflow.
const maxIndex = 1 << 62

// entriesOf verifies an append's body and appends its entries, as views, to dst:
// checksums, neighbouring indexes behind prevIndex, terms that rise from prevTerm
// to at most the leader's.
func (m *appendEntries) entriesOf(body []byte, dst []window.Encoded) ([]window.Encoded, error) {
	index, term := m.prevIndex, m.prevTerm
	for len(body) > 0 {
		e, rest, err := window.Decode(body)
		if err != nil {
			return dst, errEntry
		}
		index++
		if e.Index != index || e.Ballot < max(term, 1) || e.Ballot > m.term {
			return dst, errSequence
		}
		term, body = e.Ballot, rest
		dst = append(dst, e)
	}
	return dst, nil
}
