package raft

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// campaign follows a time-out: with pre-vote a poll first, else an election.
func (c *core) campaign(now smr.Time) {
	if c.role == smr.Candidate {
		c.reached(probe.RaftSplitVote)
	}
	if c.cfg.PreVote && c.quorum > 1 {
		c.becomePreCandidate(now)
		return
	}
	c.becomeCandidate(now)
}

// openPoll asks every peer, and restarts the timer: on one's own campaign.
func (c *core) openPoll(now smr.Time) {
	c.election.Restart(now)
	c.round++
	c.votes = smr.Set{}
	for i := range c.peers {
		p := &c.peers[i]
		p.ask, p.answered = i != c.self, i == c.self
	}
	if c.role == smr.PreCandidate {
		c.votes.Add(c.self) // a candidate's own vote counts when it is durable
	}
}

// askAgain repeats the request to those who have not answered for a heartbeat
// interval: frames may be lost (5.1: "servers retry RPCs").
func (c *core) askAgain(now smr.Time) {
	for i := range c.peers {
		p := &c.peers[i]
		if !p.answered && !p.ask && now >= p.sentAt+c.cfg.Heartbeat {
			p.ask = true
		}
	}
}

// countOwnVote counts the candidate's vote for itself once it is durable.
func (c *core) countOwnVote(now smr.Time) {
	if c.role == smr.Candidate && c.voteDurable() && c.votes.Add(c.self) && c.votes.Len() >= c.quorum {
		c.becomeLeader(now)
	}
}

// handleVoteReply counts grants of the current election or poll.
func (c *core) handleVoteReply(now smr.Time, from int, m *voteReply) {
	if m.term > c.term {
		c.becomeFollower(now, m.term, smr.None)
		return
	}
	// A voter of a poll may be in an earlier term than the pre-candidate; a voter
	// of an election is in the candidate's.
	wanted := c.role == smr.PreCandidate && m.pre || c.role == smr.Candidate && !m.pre && m.term == c.term
	if mutant.Enabled && mutant.On(mutant.RaftPollCountsAsVotes) && c.role == smr.Candidate && m.pre ||
		mutant.Enabled && mutant.On(mutant.RaftVotesAcrossTerms) && c.role == smr.Candidate && !m.pre {
		wanted, m.round = true, c.round
	}
	if !wanted || m.round != c.round {
		c.reached(probe.RaftVoteReplyStale)
		return
	}
	p := &c.peers[from]
	p.answered, p.ask = true, false
	if !m.granted || !c.votes.Add(from) || c.votes.Len() < c.quorum {
		return
	}
	if c.role == smr.PreCandidate {
		c.becomeCandidate(now)
	} else {
		c.becomeLeader(now)
	}
}

// requests builds the vote requests. A RequestVote leaves when the candidacy is
// durable; a poll names the current term, which must be durable too.
func (c *core) requests(now smr.Time, rd *smr.Ready) {
	if c.role != smr.Candidate && c.role != smr.PreCandidate || !c.voteDurable() {
		return
	}
	m := requestVote{term: c.term, round: c.round, pre: c.role == smr.PreCandidate,
		lastIndex: c.log.last(), lastTerm: c.log.lastTerm()}
	for i := range c.peers {
		p := &c.peers[i]
		if p.ask {
			p.ask, p.sentAt = false, now
			at := len(c.heads)
			c.heads = m.encode(c.heads)
			c.send(rd, p.id, smr.Election, at, nil)
		}
	}
}
