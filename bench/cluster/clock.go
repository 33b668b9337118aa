package cluster

import (
	"math"

	"github.com/consbench/consbench/bench/smr"
)

// clock is a replica's own clock, as its core sees it: it may run faster or slower
// than time does, and jump. What the replica does with network, log and clients goes
// by the true time, and what the core reports is translated back to it. It never
// runs backwards, as no monotonic clock does: set back, it stands still until it is
// where it was. It survives a crash of its replica.
type clock struct {
	at, shown smr.Time // true time and what the clock showed then
	rate      float64  // of the clock against time
	last      smr.Time // the latest that the core has been told
}

func newClock() clock { return clock{rate: 1} }

// read is what the clock shows at the true time now.
func (c *clock) read(now smr.Time) smr.Time {
	c.last = max(c.last, c.raw(now))
	return c.last
}

func (c *clock) raw(now smr.Time) smr.Time {
	if c.rate == 1 {
		return c.shown + now - c.at
	}
	return c.shown + smr.Time(math.Floor(float64(now-c.at)*c.rate))
}

// when is the first true time at which the clock shows t, Never if t is.
func (c *clock) when(t smr.Time) smr.Time {
	if t == smr.Never {
		return t
	}
	now := c.at + t - c.shown
	if c.rate != 1 {
		now = c.at + smr.Time(float64(t-c.shown)/c.rate)
		for c.raw(now) < t {
			now++
		}
	}
	return now
}

// set changes the rate at the true time now and jumps by so much.
func (c *clock) set(now smr.Time, rate float64, jump smr.Time) {
	c.shown, c.at = c.raw(now)+jump, now
	c.rate = rate
}

// wrap makes cores that go by c. If first, the clock jumps ahead by the longest
// election timeout when the core has started, so that it campaigns at once, before
// anybody else's timer has run out.
func (c *clock) wrap(newCore func(smr.Config) (smr.Core, error), first bool) func(smr.Config) (smr.Core, error) {
	return func(cfg smr.Config) (smr.Core, error) {
		core, err := newCore(cfg)
		if err != nil {
			return nil, err
		}
		k := &clockedCore{Core: core, clock: c}
		if first {
			k.ahead = cfg.ElectionMax
		}
		return k, nil
	}
}

// clockedCore is a core that goes by a clock of its own.
type clockedCore struct {
	smr.Core
	clock *clock
	ahead smr.Time // to jump once started
}

func (k *clockedCore) Start(now smr.Time) {
	k.Core.Start(k.clock.read(now))
	k.clock.set(now, k.clock.rate, k.ahead)
}

func (k *clockedCore) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	return k.Core.Step(k.clock.read(now), from, frame)
}

func (k *clockedCore) Tick(now smr.Time) { k.Core.Tick(k.clock.read(now)) }

func (k *clockedCore) Propose(now smr.Time, tag smr.Tag, data []byte) error {
	return k.Core.Propose(k.clock.read(now), tag, data)
}

func (k *clockedCore) Peer(now smr.Time, id smr.NodeID, up bool) {
	k.Core.Peer(k.clock.read(now), id, up)
}

func (k *clockedCore) Persisted(now smr.Time, number uint64) {
	k.Core.Persisted(k.clock.read(now), number)
}

func (k *clockedCore) Installed(now smr.Time, index uint64, meta []byte) {
	k.Core.Installed(k.clock.read(now), index, meta)
}

func (k *clockedCore) Ready(now smr.Time, rd *smr.Ready) {
	k.Core.Ready(k.clock.read(now), rd)
	rd.Deadline = k.clock.when(rd.Deadline)
	for i := range rd.Events {
		rd.Events[i].Time = min(now, k.clock.when(rd.Events[i].Time))
	}
}

// Drift has the clock of replica id run faster by a share, slower if it is
// negative; Undrift takes it back. Options.Clocks must be set.
func (c *Cluster) Drift(id smr.NodeID, share float64) { c.adjust(id, 1+share, 0) }

// Undrift takes back one Drift of the same share.
func (c *Cluster) Undrift(id smr.NodeID, share float64) { c.adjust(id, 1/(1+share), 0) }

// Jump sets the clock of replica id forward, or back if by is negative: it then
// stands still.
func (c *Cluster) Jump(id smr.NodeID, by smr.Time) { c.adjust(id, 1, by) }

func (c *Cluster) adjust(id smr.NodeID, factor float64, jump smr.Time) {
	n, i := c.nodes[id-1], int(id-1)
	c.driver.Do(i, func() {
		rate := n.clock.rate * factor
		if math.Abs(rate-1) < 1e-12 { // taken back: exact again
			rate = 1
		}
		n.clock.set(c.driver.Now(), rate, jump)
		if n.now != nil && !n.paused {
			c.driver.Set(i, n) // its deadline has moved
		}
	})
}
