// Package timer is the failure detector that every protocol with a leader
// shares, so that their election times can be compared: a randomized election
// timer and a record of who was heard when.
package timer

import (
	"math/rand/v2"

	"github.com/consbench/consbench/bench/smr"
)

// Election is a randomized election timer (Ongaro and Ousterhout, "In Search of
// an Understandable Consensus Algorithm", 5.2). The owner decides when it
// restarts: on its own campaign, on granting a vote, on a valid leader's message;
// learning a higher term keeps it.
type Election struct {
	min, max smr.Time
	rng      rand.PCG
	deadline smr.Time
	never    bool // of a replica that may not campaign
}

// NewElection returns a timer that draws from [cfg.ElectionMin, cfg.ElectionMax].
// It is stopped. A non-voter's does not start either.
func NewElection(cfg *smr.Config) Election {
	e := Election{min: cfg.ElectionMin, max: cfg.ElectionMax, deadline: smr.Never, never: cfg.NonVoter}
	e.rng.Seed(cfg.Seed, uint64(cfg.ID))
	return e
}

// Restart draws a new timeout that runs from now.
func (e *Election) Restart(now smr.Time) {
	if !e.never {
		e.deadline = now + e.Draw(e.min, e.max)
	}
}

// Stop keeps the timer from running out: a leader has none.
func (e *Election) Stop() { e.deadline = smr.Never }

// Deadline is when the timer runs out, Never if it is stopped.
func (e *Election) Deadline() smr.Time { return e.deadline }

// Expired reports whether the timer has run out.
func (e *Election) Expired(now smr.Time) bool { return now >= e.deadline }

// Draw returns a time uniform in [lo, hi] from the replica's generator: for
// back-offs that must be as random, and as reproducible, as the timer.
func (e *Election) Draw(lo, hi smr.Time) smr.Time {
	if hi <= lo {
		return lo
	}
	return lo + smr.Time(rand.New(&e.rng).Int64N(int64(hi-lo)+1))
}

// Contacts remembers when each peer was last heard.
type Contacts struct {
	self int
	last []smr.Time
}

// NewContacts is for cfg's members, nobody heard yet.
func NewContacts(cfg *smr.Config) Contacts {
	return Contacts{self: cfg.Position(cfg.ID), last: make([]smr.Time, len(cfg.Peers))}
}

// Reset counts everybody as heard at now: a new leader gives each the benefit of
// the doubt for one timeout.
func (c *Contacts) Reset(now smr.Time) {
	for i := range c.last {
		c.last[i] = now
	}
}

// Heard notes that the member at position i was heard at now.
func (c *Contacts) Heard(i int, now smr.Time) { c.last[i] = max(c.last[i], now) }

// Within counts the members heard in (now-span, now], oneself included.
func (c *Contacts) Within(now, span smr.Time) int {
	n := 0
	for i, t := range c.last {
		if i == c.self || t > now-span {
			n++
		}
	}
	return n
}

// LosesQuorum returns the instant at which, if nobody is heard from again, fewer
// than quorum members will have been heard within span; Never if quorum is 1.
func (c *Contacts) LosesQuorum(quorum int, span smr.Time) smr.Time {
	if quorum <= 1 {
		return smr.Never
	}
	// The (quorum-1)-th most recent contact among the others is the one to go.
	// Clusters are small: select by counting, allocate nothing.
	for i, t := range c.last {
		if i == c.self {
			continue
		}
		newer, same := 0, 0
		for j, u := range c.last {
			switch {
			case j == c.self:
			case u > t:
				newer++
			case u == t:
				same++
			}
		}
		if newer < quorum-1 && newer+same >= quorum-1 {
			return t + span
		}
	}
	return smr.Never
}
