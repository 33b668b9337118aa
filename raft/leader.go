package raft

import (
	"errors"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// errTooLong answers proposals that no frame could carry.
var errTooLong = errors.New("raft: a proposal is at most MaxFrame - Overhead bytes")

// Propose encodes data, once, behind the last entry. Records and frames are views
// of that encoding.
func (c *core) Propose(_ smr.Time, tag smr.Tag, data []byte) error {
	if c.role != smr.Leader {
		return smr.ErrNotLeader
	}
	if len(data) > c.cfg.MaxFrame-smr.Overhead {
		return errTooLong
	}
	open := c.log.bytes(c.log.commit, c.log.last())
	if c.noop == 0 || open+window.EncodedSize(len(data)) > c.cfg.Inflight || c.log.crowded() {
		c.reached(probe.RaftWindowFull)
		return smr.ErrFull
	}
	if !c.appendEntry(c.term, tag, window.Sum(data), data) {
		return smr.ErrFull
	}
	return nil
}

// proposeNoop begins the leader's term in the log: only an entry of its own term
// tells it what of the earlier ones is committed (5.4.2, 8). A window without room
// puts it off: that takes a hundred leaders in a row that commit nothing, see crowded.
func (c *core) proposeNoop() {
	switch {
	case c.role != smr.Leader || c.noop != 0:
	case c.appendEntry(c.term, 0, 0, nil):
		c.noop = c.log.last()
	}
}

// handleAppendReply moves the sender's progress and, with it, the commit index.
func (c *core) handleAppendReply(now smr.Time, from int, m *appendReply) error {
	if m.term > c.term {
		c.becomeFollower(now, m.term, smr.None)
		return nil
	}
	if m.term < c.term && !(mutant.Enabled && mutant.On(mutant.RaftStaleReply)) || c.role != smr.Leader {
		c.reached(probe.RaftReplyStale)
		return nil
	}
	p, last := &c.peers[from], c.log.last()
	if m.match > last || !m.rejected && m.last > last || m.seq > p.seq {
		return errBeyond
	}
	if m.nonVoter {
		p.forget(m)
	} else {
		c.contacts.Heard(from, now)
	}
	if m.match > p.match {
		p.match = m.match
		p.next = max(p.next, m.match+1)
	}
	news := m.seq > p.reset // not an answer to what was sent under an earlier plan
	switch base := c.log.base(); {
	case p.state == snapshot:
		if p.match >= base || news && !m.rejected && m.last >= base {
			p.become(replicate, c.resumeAt(p, m))
		}
	case m.rejected:
		if news {
			c.backUp(p, m)
		} else {
			c.reached(probe.RaftRejectionStale)
		}
	case p.state == probing && news:
		p.become(replicate, c.resumeAt(p, m))
	}
	if m.match > c.log.commit {
		c.advanceCommit(now)
	}
	return nil
}

// resumeAt is the first entry that a peer lacks for all the leader knows.
func (c *core) resumeAt(p *peer, m *appendReply) uint64 {
	next := max(p.match+1, c.log.w.First())
	if !m.rejected {
		next = max(next, m.last+1)
	}
	return next
}

// backUp finds where a peer's log may still match, by the hints of its rejection:
// it holds conflictTerm from conflictIndex to last. Each rejection moves next
// below the prevIndex rejected, and over a term at once.
func (c *core) backUp(p *peer, m *appendReply) {
	l := &c.log
	k := min(m.last, p.next-1, l.last())
	next := k + 1 // below the base: a matter for a snapshot
	if k >= l.base() {
		// j: the last entry here, up to k, that is of conflictTerm or an earlier one.
		switch j := min(k+1, l.firstFrom(m.conflictTerm+1)) - 1; {
		case j < l.base():
			next = l.base() // they differ at the base already
		case j >= m.conflictIndex && l.term(j) == m.conflictTerm:
			next = j + 1 // both hold (j, conflictTerm): they agree up to there
		default:
			next = min(m.conflictIndex, j+1)
			if next < k {
				c.reached(probe.RaftTermSkipped)
			}
		}
	}
	p.sent = max(p.sent, p.next-1)
	p.become(probing, max(next, 1))
	p.released(l.w.First())
}

// advanceCommit commits what a majority holds, if it is of the own term (5.4.2), and
// returns the commit index.
func (c *core) advanceCommit(now smr.Time) uint64 {
	n := c.majorityMatch()
	if n <= c.log.commit {
		return c.log.commit
	}
	if (c.noop == 0 || n < c.noop) && !(mutant.Enabled && mutant.On(mutant.RaftCommitsOldTerms)) {
		c.reached(probe.RaftCommitOldTerm)
		return c.log.commit
	}
	if n > c.log.durable {
		c.reached(probe.RaftCommitBeforeOwnDisk)
	}
	c.commitTo(now, n)
	if !c.serving {
		c.serving = true
		c.event(smr.Serving, now, c.cfg.ID)
	}
	return n
}

// majorityMatch is the highest index that a majority holds durably, the leader's
// own log included, non-voters left out. Clusters are small: it selects by counting.
func (c *core) majorityMatch() uint64 {
	best := uint64(0)
	for i := range c.peers {
		m := c.matchOf(i)
		if m <= best {
			continue
		}
		have := 0
		for j := range c.peers {
			if c.matchOf(j) >= m {
				have++
			}
		}
		if have >= c.quorum {
			best = m
		}
	}
	return best
}

// matchOf is what counts of replica i's log.
func (c *core) matchOf(i int) uint64 {
	if i == c.self {
		if mutant.Enabled && mutant.On(mutant.RaftCountsUnsynced) {
			return c.log.last()
		}
		return c.log.durable
	}
	if c.peers[i].nonVoter {
		return 0
	}
	return c.peers[i].match
}

// tickLeader steps down without a quorum, if asked to (dissertation, 6.2), and
// notes to whom nothing was said for a heartbeat interval.
func (c *core) tickLeader(now smr.Time) {
	if now >= c.checkAt {
		if c.contacts.Within(now, c.cfg.ElectionMin) < c.quorum {
			c.reached(probe.RaftQuorumLost)
			c.becomeFollower(now, c.term, smr.None)
			return
		}
		c.checkAt = c.contacts.LosesQuorum(c.quorum, c.cfg.ElectionMin)
	}
	for i := range c.peers {
		if p := &c.peers[i]; i != c.self && now >= p.sentAt+c.cfg.Heartbeat {
			p.beat = true
		}
	}
}

// appends builds what the peers are to be sent, and reports whether the bound on
// one Ready held some of it back.
func (c *core) appends(now smr.Time, rd *smr.Ready) (more bool) {
	for i := range c.peers {
		if i == c.self {
			continue
		}
		p := &c.peers[i]
		budget := maxReady
		switch p.state {
		case probing:
			if !p.probed {
				p.probed = true
				if p.next <= c.log.last() {
					c.sendEntries(now, rd, p, c.cfg.MaxFrame)
				} else {
					p.beat = true
				}
			}
		case replicate:
			// A peer that has not acknowledged what is let go of already is far
			// behind, or gone: it gets no more before it answers.
			for p.match >= c.log.base() && p.next <= c.log.last() {
				flight := c.log.bytes(p.match, p.next-1)
				if flight >= c.cfg.Inflight {
					c.reached(probe.RaftFlightFull)
					break
				}
				if budget <= 0 {
					more = true
					break
				}
				run, next := c.sendEntries(now, rd, p, c.cfg.Inflight-flight)
				p.next = next
				budget -= run
			}
		case snapshot:
			c.reached(probe.RaftSnapshotWanted)
			rd.SnapshotTo = append(rd.SnapshotTo, p.id)
		}
		if p.beat {
			c.sendAppend(now, rd, p, smr.Heartbeat, p.next-1, nil)
		}
	}
	return more
}

// sendEntries sends a run of entries from p.next on, at most limit bytes and what
// fits a frame. It returns the run's size and the index behind it.
func (c *core) sendEntries(now smr.Time, rd *smr.Ready, p *peer, limit int) (size int, next uint64) {
	run, next := c.log.w.Run(p.next, c.log.last(), min(limit, c.cfg.MaxFrame-appendSize))
	kind := smr.Replication
	if p.next <= p.sent {
		c.reached(probe.RaftRetransmitted)
		kind = smr.CatchUp
	}
	p.sent = max(p.sent, next-1)
	c.sendAppend(now, rd, p, kind, p.next-1, run)
	return len(run), next
}

func (c *core) sendAppend(now smr.Time, rd *smr.Ready, p *peer, kind smr.Kind, prev uint64, run []byte) {
	p.seq++
	p.sentAt, p.beat = now, false
	m := appendEntries{term: c.term, seq: p.seq, prevIndex: prev, prevTerm: c.log.term(prev), commit: c.log.commit,
		again: kind == smr.CatchUp}
	at := len(c.heads)
	c.heads = m.encode(c.heads)
	c.send(rd, p.id, kind, at, run)
}
