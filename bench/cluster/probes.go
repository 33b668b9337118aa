package cluster

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/netsim"
)

// Probes of the fault plane. They count in virtual time only, where one goroutine does
// everything; elsewhere the set is nil.

func (c *Cluster) reached(place probe.ID) { c.opts.Replica.Core.Probes.Hit(place) }

// reachedBy counts a fault that befell replica id, and counts leading if it led. It
// comes before the fault.
func (c *Cluster) reachedBy(id smr.NodeID, leading probe.ID) {
	if c.opts.Replica.Core.Probes != nil && c.Leader() == id {
		c.reached(leading)
	}
}

// reachedAllDown counts that nobody is up.
func (c *Cluster) reachedAllDown() {
	if c.opts.Replica.Core.Probes == nil {
		return
	}
	for _, n := range c.nodes {
		if n.now != nil {
			return
		}
	}
	c.reached(probe.FaultAllDown)
}

// reachedLinks counts what the links have done to the frames of an incarnation.
func (c *Cluster) reachedLinks(n *node) {
	if c.opts.Replica.Core.Probes == nil || n.now == nil {
		return
	}
	s := n.port.Stats()
	for place, frames := range map[probe.ID]uint64{
		probe.FaultCut:        s.Dropped[netsim.DropCut],
		probe.FaultLost:       s.Dropped[netsim.DropLost],
		probe.FaultDown:       s.Dropped[netsim.DropDown],
		probe.FaultDuplicated: s.Duplicated,
	} {
		if frames > 0 {
			c.reached(place)
		}
	}
}
