package bench

import (
	"strings"
	"time"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// maxCores bounds the processors that replicas and clients share.
const maxCores = 1024

// costModel is what work costs, nil if it takes no time.
func (c *Config) costModel() *cost.Model {
	if c.CostModel != nil {
		return c.CostModel
	}
	return cost.Builtin(c.Cost)
}

// RanksThroughput reports whether throughputs of the run say what the protocols can do:
// not in virtual time in which work takes none.
func (c *Config) RanksThroughput() bool { return c.Network != NetworkSim || c.Cost != "" }

func (c *Config) validateCost() (errs []error) {
	add := func(bad bool, flag, format string, args ...any) {
		if bad {
			errs = append(errs, wrong(flag, format, args...))
		}
	}
	names := cost.Names()
	if c.Cost != "" {
		add(c.costModel() == nil, "cost", "%q is not none, %s or a file%s", c.Cost, strings.Join(names, ", "), nearest.Hint(c.Cost, append(names, "none")))
		add(c.Network != NetworkSim, "cost", "a model of what work costs is for virtual time: on %s work takes the time that it takes", c.Network)
		if c.CostModel != nil {
			err := c.CostModel.Validate()
			add(err != nil, "cost", "%v", err)
		}
	}
	add(c.Cores < 0 || c.Cores > maxCores, "cores", "%d is not in 0 (each replica has its own) to %d", c.Cores, maxCores)
	add(c.Cores != 0 && c.Cost == "", "cores", "processors are busy only where work costs something: it needs --cost, such as --cost %s", names[0])
	return errs
}

// unslowable says why this run cannot slow down processors.
func (c *Config) unslowable() string {
	if c.Cost == "" {
		return "work takes no time in this run, so no processor can be slow: it needs --network sim and --cost, such as --cost " + cost.Names()[0]
	}
	return ""
}

// slow makes processors slower by the factors of all faults in force on them.
func (j *injector) slow(id smr.NodeID) {
	factor := 1.0
	for _, s := range j.active {
		if s.action.Fault.Verb == fault.CPUSlow {
			for _, struck := range s.effect.Nodes {
				if struck == id {
					factor *= s.action.Fault.Amount.Factor
				}
			}
		}
	}
	j.cluster.(*cluster.Cluster).Slow(id, min(factor, fault.MaxFactor))
}

// cost is what processors did, nil if nobody counted.
func (r *runner) cost() *result.Cost {
	replicas, clients := r.cluster.Work()
	if replicas == nil {
		return nil
	}
	c := &result.Cost{}
	for _, w := range replicas {
		c.Replicas = append(c.Replicas, worked(&w))
	}
	for _, w := range clients {
		c.Clients = append(c.Clients, worked(&w))
	}
	if r.cfg.Network != NetworkSim {
		c.CPU = int64(r.busy)
	}
	return c
}

func worked(w *cluster.Worked) result.Work {
	return result.Work{Busy: int64(w.Busy), Sending: int64(w.Sending), Done: w.Work}
}

// bottleneck is the replica whose processor or network interface was busiest, and for
// what share of the window.
func bottleneck(run *result.Run) (node int, what string, share float64) {
	if run.Cost == nil || run.Measured <= 0 {
		return 0, "", 0
	}
	for i, w := range run.Cost.Replicas {
		if s := float64(w.Busy) / float64(run.Measured); s > share {
			node, what, share = i+1, "processor", s
		}
		if s := float64(w.Sending) / float64(run.Measured); s > share {
			node, what, share = i+1, "network interface", s
		}
	}
	return node, what, share
}

// saturation tells that a run was at the limit of a replica, "" if it was not.
func (r *runner) saturation(run *result.Run) string {
	node, what, share := bottleneck(run)
	if r.cfg.Network != NetworkSim || share < saturated || time.Duration(run.Measured) < time.Millisecond {
		return ""
	}
	return "the " + what + " of n" + count(uint64(node)) + " was busy for " + count(uint64(100*share+0.5)) + "% of the window: this is what the cluster can do under --cost " + r.cfg.Cost
}
