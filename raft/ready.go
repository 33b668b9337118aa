package raft

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// Bounds of one Ready: bytes of records, of entries to one peer and of committed
// entries, each; and committed entries by count. A Baseline is not bounded.
const (
	maxReady     = 1 << 20
	maxCommitted = 4096
)

// Ready drains what the inputs have left to be done. Replies and requests are built
// here, from what Persisted has confirmed by now.
func (c *core) Ready(now smr.Time, rd *smr.Ready) {
	rd.Reset()
	c.heads = c.heads[:0]
	if !c.started { // between Replays
		rd.More = c.committed(rd)
		return
	}
	c.proposeNoop()
	rd.More = c.records(rd)
	c.replies(rd)
	if c.role == smr.Leader {
		rd.More = c.appends(now, rd) || rd.More
	} else {
		c.requests(now, rd)
	}
	rd.More = c.committed(rd) || rd.More

	rd.Lost = append(rd.Lost, c.lost...)
	rd.Events = append(rd.Events, c.events...)
	c.lost, c.events = c.lost[:0], c.events[:0]
	rd.Leader = c.leader
	rd.Deadline = c.deadline()
}

// send adds a frame whose head is what c.heads holds from at on.
func (c *core) send(rd *smr.Ready, to smr.NodeID, kind smr.Kind, at int, body []byte) {
	rd.Frames = append(rd.Frames, smr.Frame{To: to, Kind: kind, Head: c.heads[at:len(c.heads):len(c.heads)], Body: body})
}

// records builds the log records: entries not yet logged, a new term or vote, a
// commit mark, a Baseline. It reports whether entries were held back.
func (c *core) records(rd *smr.Ready) (more bool) {
	l := &c.log
	if c.baseline && l.base() > c.snapIndex {
		c.reached(probe.RaftBaselineGivenUp)
		c.baseline = false // the window had to let go of what it would need; the next snapshot brings another
	}
	hard := c.termReady == unlogged || c.voteReady == unlogged
	if !hard && !c.baseline && !c.markDue && l.handed == l.last() {
		return false
	}
	c.number++
	rd.Number = c.number
	if l.handed < l.last() {
		rd.Sync = smr.SyncEntries
	}
	if c.termReady == unlogged {
		c.termReady = c.number
		rd.Sync = max(rd.Sync, smr.SyncEntries) // frames wait for it
	}
	if c.voteReady == unlogged {
		c.voteReady = c.number
		if c.vote == c.cfg.ID {
			rd.Sync = max(rd.Sync, smr.SyncCampaign)
		} else {
			rd.Sync = max(rd.Sync, smr.SyncVote)
		}
	}
	r := record{vote: c.vote, term: c.term}
	next, budget := l.handed+1, maxReady
	if c.baseline {
		c.baseline, rd.Baseline = false, true
		r.baseline, r.snapIndex, r.snapTerm = true, c.snapIndex, c.snapTerm
		next, budget = c.snapIndex+1, l.w.Capacity()
	}
	for {
		var body []byte
		if next <= l.last() {
			lo := next
			body, next = l.w.Run(lo, l.last(), maxReady)
			l.stamp(lo, next, c.number)
			budget -= len(body)
		}
		r.commit = min(l.commit, next-1)
		at := len(c.heads)
		c.heads = r.encode(c.heads)
		rd.Records = append(rd.Records, smr.Record{Head: c.heads[at:len(c.heads):len(c.heads)], Body: body})
		r.baseline = false
		if next > l.last() || budget <= 0 {
			break
		}
	}
	c.markDue = false
	c.markAt = smr.Never
	return l.handed < l.last()
}

// committed hands out committed entries, a bounded number of them.
func (c *core) committed(rd *smr.Ready) (more bool) {
	l := &c.log
	top := min(l.commit, l.last()) // while replaying, a mark may come before its entries
	for budget := maxReady; l.delivered < top; {
		if budget <= 0 || len(rd.Committed) == maxCommitted {
			return true
		}
		l.delivered++
		s := l.w.At(l.delivered)
		rd.Committed = append(rd.Committed, smr.Entry{Index: l.delivered, Tag: s.Tag, Sum: s.Sum, Data: l.w.Data(l.delivered)})
		budget -= s.Size()
	}
	return false
}

// deadline is when Tick has something to do.
func (c *core) deadline() smr.Time {
	d := min(c.election.Deadline(), c.markAt)
	switch c.role {
	case smr.Leader:
		d = min(d, c.checkAt)
		for i := range c.peers {
			if i != c.self {
				d = min(d, c.peers[i].sentAt+c.cfg.Heartbeat)
			}
		}
	case smr.PreCandidate, smr.Candidate:
		for i := range c.peers {
			if p := &c.peers[i]; !p.answered && !p.ask {
				d = min(d, p.sentAt+c.cfg.Heartbeat)
			}
		}
	}
	return d
}
