package raft

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// acks is what a follower owes the leader of its term: at most one reply a Ready.
type acks struct {
	matched uint64 // up to here the log is known to be the leader's
	acked   uint64 // highest match told to this leader
	seq     uint64 // highest append taken

	now     bool     // an answer is due whatever it says
	kind    smr.Kind // of that answer
	waiting bool     // entries were taken that are not yet acknowledged as durable
	first   bool     // among them some that came for the first time

	rejected bool // the newest append to be rejected, as found then
	reject   appendReply
}

// handleAppend is AppendEntries (5.3). Nothing is changed before all of the frame
// has been checked.
func (c *core) handleAppend(now smr.Time, from int, m *appendEntries, entries []window.Encoded) error {
	p := &c.peers[from]
	if m.term < c.term {
		c.reached(probe.RaftAppendStale)
		p.staleOwed = true
		return nil
	}
	if m.term == c.term && (c.role == smr.Leader || c.leader != smr.None && c.leader != p.id) {
		return errTwoHeads
	}
	if c.contradicts(m, entries) {
		return errCommitted
	}
	if m.term > c.term || c.role != smr.Follower || c.leader != p.id {
		c.becomeFollower(now, m.term, p.id) // a candidate yields
	}
	c.heardAt = now
	c.election.Restart(now)

	a := &c.acks
	if conflict, ok := c.matches(m); !ok {
		c.reached(probe.RaftAppendRejected)
		a.rejected, a.reject = true, conflict
		return nil
	}
	a.seq = max(a.seq, m.seq)
	a.matched = max(a.matched, c.take(m.prevIndex, entries))
	if m.commit > a.matched {
		c.reached(probe.RaftCommitCapped)
	}
	if mutant.Enabled && mutant.On(mutant.RaftCommitUnchecked) {
		a.matched = max(a.matched, min(m.commit, c.log.last()))
	}
	c.commitTo(now, min(m.commit, a.matched))
	switch {
	case len(entries) == 0:
		a.now = true
	case min(a.matched, c.log.durable) > a.acked || a.matched > c.log.durable:
		a.waiting, a.first = true, a.first || !m.again
	default: // all known already: the acknowledgement was lost
		c.reached(probe.RaftAppendRepeated)
		a.now, a.kind = true, smr.CatchUp
	}
	return nil
}

// contradicts reports whether a frame of a current leader disputes what is
// committed, or what the same leader said before: no honest one does (5.3, 5.4.3).
func (c *core) contradicts(m *appendEntries, entries []window.Encoded) bool {
	settled, base := c.log.commit, c.log.base()
	if m.term == c.term && c.role == smr.Follower {
		settled = max(settled, c.acks.matched)
	}
	if m.prevIndex >= base && m.prevIndex <= settled && c.log.term(m.prevIndex) != m.prevTerm {
		return true
	}
	for i := range entries {
		e := &entries[i]
		if e.Index > settled {
			break
		}
		if e.Index >= base && c.log.term(e.Index) != e.Ballot {
			return true
		}
	}
	return false
}

// matches makes AppendEntries' consistency check. If it fails it returns the hints
// that let the leader skip a whole term at a time (5.3, end).
func (c *core) matches(m *appendEntries) (appendReply, bool) {
	l := &c.log
	if m.prevIndex < l.base() || m.prevIndex <= l.last() && l.term(m.prevIndex) == m.prevTerm {
		return appendReply{}, true
	}
	if mutant.Enabled && mutant.On(mutant.RaftTermUnchecked) && m.prevIndex <= l.last() {
		return appendReply{}, true
	}
	k := min(m.prevIndex, l.last())
	t := l.term(k)
	return appendReply{seq: m.seq, rejected: true, last: k, conflictTerm: t, conflictIndex: l.firstFrom(t)}, false
}

// take puts into the log what it lacks of the entries behind prev, and returns up
// to where the log is now the leader's. What finds no room counts as lost.
func (c *core) take(prev uint64, entries []window.Encoded) uint64 {
	l := &c.log
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Index <= l.base():
		case mutant.Enabled && mutant.On(mutant.RaftKeepsConflict) && e.Index <= l.last():
		case e.Index <= l.last() && l.term(e.Index) == e.Ballot && !(mutant.Enabled && mutant.On(mutant.RaftTruncatesOnMatch) && e.Index > l.commit):
		default:
			if e.Index <= l.last() {
				c.reached(probe.RaftLogTruncated)
				l.truncate(e.Index)
			}
			if !c.appendEntry(e.Ballot, 0, e.Sum, e.Data) {
				c.reached(probe.RaftAppendNoRoom)
				return prev
			}
		}
		prev = e.Index
	}
	return prev
}

// handleVote is RequestVote (5.2, 5.4.1). The answer is built at Ready.
func (c *core) handleVote(now smr.Time, from int, m *requestVote) {
	p := &c.peers[from]
	if m.term >= c.term && c.cfg.CheckQuorum && c.inLease(now) {
		c.reached(probe.RaftVoteRefusedLease)
		return // a leader lives: neither the term nor the vote (dissertation, 4.2.3)
	}
	if m.term > c.term {
		c.becomeFollower(now, m.term, smr.None)
	}
	p.voteOwed, p.voteRound = true, m.round
	switch behind := !c.log.upToDate(m.lastIndex, m.lastTerm); {
	case m.term < c.term || c.cfg.NonVoter:
	case c.vote == p.id:
		c.reached(probe.RaftVoteRepeated)
	case c.vote != smr.None && !(mutant.Enabled && mutant.On(mutant.RaftVotesTwice)):
		c.reached(probe.RaftVoteRefusedGiven)
	case behind && !(mutant.Enabled && mutant.On(mutant.RaftVotesForShorterLog)):
		c.reached(probe.RaftVoteRefusedLog)
	case c.role != smr.Leader:
		if c.role == smr.PreCandidate {
			c.reached(probe.RaftPreCandidateVotes)
			c.becomeFollower(now, c.term, smr.None)
		}
		c.vote, c.voteReady = p.id, unlogged
		c.election.Restart(now)
	}
}

// handlePreVote answers a poll; it changes nothing (dissertation, 9.6).
func (c *core) handlePreVote(now smr.Time, from int, m *requestVote) {
	p := &c.peers[from]
	term := m.term + 1 // that the sender would campaign in
	free := term > c.term || term == c.term && (c.vote == smr.None || c.vote == p.id)
	p.preOwed, p.preRound = true, m.round
	p.preGranted = !c.cfg.NonVoter && free && !c.inLease(now) && c.log.upToDate(m.lastIndex, m.lastTerm)
	if !p.preGranted {
		c.reached(probe.RaftPreVoteRefused)
	}
}

// replies builds what is owed to peers. Each carries the term, and so waits until
// that is durable; a granted vote waits for the vote.
func (c *core) replies(rd *smr.Ready) {
	hasty := mutant.Enabled && mutant.On(mutant.RaftVoteNotDurable)
	if !c.termDurable() && !hasty {
		return
	}
	for i := range c.peers {
		p := &c.peers[i]
		if p.voteOwed && (c.vote != p.id || c.voteDurable() || hasty) {
			p.voteOwed = false
			m := voteReply{term: c.term, round: p.voteRound, granted: c.vote == p.id}
			at := len(c.heads)
			c.heads = m.encode(c.heads)
			c.send(rd, p.id, smr.Election, at, nil)
		}
		if p.preOwed {
			p.preOwed = false
			m := voteReply{term: c.term, round: p.preRound, granted: p.preGranted, pre: true}
			at := len(c.heads)
			c.heads = m.encode(c.heads)
			c.send(rd, p.id, smr.Election, at, nil)
		}
		if p.staleOwed {
			p.staleOwed = false
			m := appendReply{term: c.term} // no seq: it may lead this term by the time that this arrives
			at := len(c.heads)
			c.heads = m.encode(c.heads)
			c.send(rd, p.id, smr.Heartbeat, at, nil)
		}
	}
	c.acknowledge(rd)
}

// acknowledge builds the one reply to the leader's appends: what is both the
// leader's and durable here.
func (c *core) acknowledge(rd *smr.Ready) {
	a := &c.acks
	if c.role != smr.Follower || c.leader == smr.None {
		return
	}
	match := min(a.matched, c.log.durable)
	if mutant.Enabled && mutant.On(mutant.RaftAcksUnsynced) {
		match = a.matched
	}
	news := match > a.acked
	if !a.now && !a.rejected && !(a.waiting && news) {
		return
	}
	m := appendReply{seq: a.seq, last: a.matched}
	kind := smr.Heartbeat
	switch {
	case a.waiting && news && a.first:
		kind = smr.Replication
	case a.waiting && news || a.rejected:
		kind = smr.CatchUp
	case a.kind != 0:
		kind = a.kind
	}
	if a.rejected {
		m = a.reject
	}
	m.term, m.match, m.nonVoter = c.term, match, c.cfg.NonVoter
	a.now, a.kind, a.rejected = false, 0, false
	a.acked = max(a.acked, match)
	if match == a.matched {
		a.waiting, a.first = false, false
	}
	at := len(c.heads)
	c.heads = m.encode(c.heads)
	c.send(rd, c.leader, kind, at, nil)
}
