package paxos

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// Start implements smr.Core.
func (c *basic) Start(now smr.Time) {
	c.started = true
	for slot := c.frontier + 1; slot <= c.used && c.holds(slot); slot++ {
		c.at(slot).heard = now
	}
	for i := range c.peers {
		c.peers[i].sent = now - c.cfg.Heartbeat // say at once how far the log is
	}
	c.watch(now)
}

// Peer implements smr.Core.
func (c *basic) Peer(now smr.Time, id smr.NodeID, up bool) {
	i := c.cfg.Position(id)
	if i < 0 || i == c.self || !up {
		return
	}
	c.peers[i].sent = min(c.peers[i].sent, now-c.cfg.Heartbeat)
	for slot := c.frontier + 1; slot <= c.used && c.holds(slot); slot++ {
		if p := c.at(slot).attempt; p != nil && p.Phase != Idle && p.deadline != smr.Never {
			c.due(p, now)
		}
	}
}

// Tick implements smr.Core.
func (c *basic) Tick(now smr.Time) {
	c.rehouse(now)
	if now >= c.wake {
		c.wake = smr.Never
		for slot := c.frontier + 1; slot <= c.used && c.holds(slot); slot++ {
			p := c.at(slot).attempt
			if p == nil || p.deadline == smr.Never {
				continue
			}
			if now >= p.deadline {
				c.repeat(now, p)
			} else {
				c.wake = min(c.wake, p.deadline)
			}
		}
	}
	if now >= c.fetchAt {
		c.fetch(now)
	}
	if c.gap.Expired(now) {
		c.gap.Restart(now)
		if c.fetchAt == smr.Never || c.stalled { // first ask those who may know
			c.fill(now)
		}
		c.stalled = true
	}
	c.watch(now)
}

// watch keeps the timers that depend on the frontier. Every input ends with it.
func (c *basic) watch(now smr.Time) {
	c.now = now
	if !c.started {
		return
	}
	if c.cramped {
		c.cram(now)
	}
	moved := c.watched != c.frontier
	if moved {
		c.nudge(now, c.frontier+1)
	}
	switch {
	case c.frontier >= c.used:
		c.gap.Stop()
	case c.gap.Deadline() == smr.Never || moved:
		c.gap.Restart(now)
		c.stalled = false
	}
	c.watched = c.frontier

	ahead := uint64(0)
	for i := range c.peers {
		ahead = max(ahead, c.peers[i].known)
	}
	switch {
	case ahead <= c.frontier:
		c.fetchAt, c.fetching = smr.Never, 0
	case c.fetching != 0 && c.frontier >= c.fetching: // all that was asked for is here
		c.fetch(now)
	case c.fetching == 0 && (c.fetchAt == smr.Never || moved):
		// Notices on their way may say the same: do not hurry, unless far behind.
		c.fetchAt = now + c.cfg.Heartbeat
		if ahead-c.frontier > basicMaxRepeat {
			c.fetch(now)
		}
	}
}

// nudge repeats the own phase 2 of a slot at once, if it has been repeated before: a
// replica has come to know all slots below as chosen. Acceptors without room drop
// what is further on, see put, and the timeouts that doubled meanwhile would be
// waited out slot by slot.
func (c *basic) nudge(now smr.Time, slot uint64) {
	if !c.holds(slot) {
		return
	}
	if p := c.at(slot).attempt; p != nil && p.Phase == Accepting && p.repeated > 0 && p.deadline != smr.Never {
		c.reached(probe.BasicAcceptNudged)
		p.repeated = 1 // not 0: its answers are still no samples
		c.due(p, now)
	}
}

// fetch asks a peer that knows more slots to be chosen for what is missing here.
func (c *basic) fetch(now smr.Time) {
	c.fetching = 0
	for range c.peers {
		c.fetchee = (c.fetchee + 1) % len(c.peers)
		p := &c.peers[c.fetchee]
		if c.fetchee == c.self || p.known <= c.frontier {
			continue
		}
		c.reached(probe.BasicFetched)
		for slot := c.frontier + 1; slot <= min(p.known, c.frontier+basicMaxRepeat, c.log.Limit()); slot++ {
			if !c.at(slot).chosen {
				p.again = AppendItem(p.again, Item{Op: OpFetch, Slot: slot})
			}
			c.fetching = slot
		}
		break
	}
	c.fetchAt = now + c.rtt.timeout(&c.cfg, 0)
}

// fill puts proposers with a no-op to work at the open slots that nobody has asked
// about for a while. They adopt what they find.
func (c *basic) fill(now smr.Time) {
	filled := 0
	for slot := c.frontier + 1; slot <= c.used && c.holds(slot) && filled < basicMaxRepeat; slot++ {
		in := c.at(slot)
		if !in.chosen && in.attempt == nil && now-in.heard >= c.cfg.ElectionMin {
			c.reached(probe.BasicHoleFilled)
			c.propose(now, slot, 0)
			filled++
		}
	}
}

// deadline is when to call Tick.
func (c *basic) deadline() smr.Time {
	d := min(c.wake, c.gap.Deadline(), c.fetchAt)
	for i := range c.peers {
		if i != c.self {
			d = min(d, c.peers[i].sent+c.cfg.Heartbeat)
		}
	}
	return d
}
