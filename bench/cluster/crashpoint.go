package cluster

import (
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// CrashPoint is where in its turns a replica is to crash.
type CrashPoint struct {
	At      replica.Boundary // Anywhere: every boundary counts
	Nth     int              // it crashes when it comes there for the Nth time; 1 = the next time
	Restart smr.Time         // it restarts so long after: 0 = at the same instant, Never = not by itself
}

// CrashAt makes replica id crash inside one of its turns, in virtual time only. The
// point waits, over crashes and restarts, until the replica has come there or another
// call replaces it; one with Nth 0 only takes it back.
func (c *Cluster) CrashAt(id smr.NodeID, p CrashPoint) {
	if _, ok := c.driver.(*virtual); !ok {
		panic("cluster: crash points are for virtual time")
	}
	n := c.nodes[id-1]
	n.point = p
	c.arm(n)
}

// Armed reports whether a crash point of replica id still waits.
func (c *Cluster) Armed(id smr.NodeID) bool { return c.nodes[id-1].point.Nth > 0 }

// Crashes counts, by boundary, the crashes at crash points.
func (c *Cluster) Crashes() [replica.Boundaries]uint64 { return c.crashes }

// arm hands the crash point of n to the incarnation that runs, if one does.
func (c *Cluster) arm(n *node) {
	if n.now == nil {
		return
	}
	n.now.Dies = nil
	if n.point.Nth <= 0 {
		return
	}
	n.now.Dies = func(b replica.Boundary) bool {
		p := &n.point
		if p.At != replica.Anywhere && b != p.At {
			return false
		}
		if p.Nth--; p.Nth > 0 {
			return false
		}
		c.crashes[b]++
		if p.Restart != smr.Never {
			sim := c.driver.(*virtual).sim
			sim.At(sim.Now()+p.Restart, (*restarter)(c), uint64(n.id))
		}
		return true
	}
}

// restarter restarts replicas at an instant of the simulator.
type restarter Cluster

// Fire implements netsim.Handler. A replica that cannot recover stays down; the
// cluster's problems say why.
func (r *restarter) Fire(_ smr.Time, id uint64) { _ = (*Cluster)(r).Restart(smr.NodeID(id)) }
