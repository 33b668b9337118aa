package bench

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/topology"
	"github.com/consbench/consbench/netsim"
)

// matrix is the regions of the run, nil if there are none.
func (c *Config) matrix() *topology.Matrix {
	if c.Matrix != nil {
		return c.Matrix
	}
	return topology.Builtin(c.Topology)
}

// Regions is how many regions the topology has, 0 if there is none.
func (c *Config) Regions() int {
	if m := c.matrix(); m != nil {
		return len(m.Regions)
	}
	return 0
}

// LongestTrip is the longest round trip between two nodes without jitter.
func (c *Config) LongestTrip() time.Duration {
	if m := c.matrix(); m != nil {
		return m.Longest(c.Nodes)
	}
	return 2 * c.Delay
}

// trip is the longest round trip between two nodes.
func (c *Config) trip() time.Duration { return c.LongestTrip() + 2*c.Jitter }

// nodeRegions is the region of each node: "" where there is none.
func (c *Config) nodeRegions() []string {
	out := make([]string, max(c.Nodes, 0))
	if m := c.matrix(); m != nil {
		for i := range out {
			out[i] = m.Regions[m.Of(smr.NodeID(i+1))]
		}
	}
	return out
}

// clientRegions is where clients are, an index for each worker; none without a
// topology.
func (c *Config) clientRegions() (out []int) {
	m := c.matrix()
	if m == nil {
		return nil
	}
	for _, name := range c.ClientRegions {
		out = append(out, m.Index(name))
	}
	if len(out) == 0 {
		for i := range min(len(m.Regions), c.Nodes) {
			out = append(out, i)
		}
	}
	return out
}

// workers is how many goroutines generate load: one a region.
func (c *Config) workers() int { return max(workers, len(c.clientRegions())) }

func (c *Config) validateRegions() (errs []error) {
	m := c.matrix()
	if c.Matrix != nil {
		if err := c.Matrix.Validate(); err != nil {
			return []error{wrong("topology", "%v", err)}
		}
	}
	switch {
	case c.Topology != "" && m == nil:
		return []error{wrong("topology", "%q is not %s, %s or a file%s", c.Topology, topology.WAN5, topology.WAN9, nearest.Hint(c.Topology, []string{topology.WAN5, topology.WAN9}))}
	case c.Topology == "" && len(c.ClientRegions) > 0:
		errs = append(errs, wrong("client-regions", "there are regions with --topology only, such as --topology wan5"))
	case c.Topology != "" && c.Processes:
		errs = append(errs, wrong("topology", "replicas in processes of their own have no regions: leave out --processes"))
	case c.Topology != "" && c.Delay != 0:
		errs = append(errs, wrong("delay", "delays come from --topology %s", c.Topology))
	}
	if m != nil {
		for i, name := range c.ClientRegions {
			switch {
			case m.Index(name) < 0:
				errs = append(errs, wrong("client-regions", "%q is not a region of %s: %s%s", name, c.Topology, strings.Join(m.Regions, ", "), nearest.Hint(name, m.Regions)))
			case slices.Contains(c.ClientRegions[:i], name):
				errs = append(errs, wrong("client-regions", "%s is named twice", name))
			}
		}
		if n := len(c.clientRegions()); c.Clients < n && c.Clients > 0 {
			errs = append(errs, wrong("clients", "%d clients cannot be in %d regions: at least one each, or fewer --client-regions", c.Clients, n))
		}
	}
	if c.Leader != "" && c.Processes {
		errs = append(errs, wrong("leader", "replicas in processes of their own elect whom they will: leave out --processes"))
	}
	if c.Leader != "" && c.firstLeader() == smr.None && c.Nodes > 0 {
		here := c.nodeRegions()
		if m == nil {
			errs = append(errs, wrong("leader", "%q is not a node from 1 to %d; regions come with --topology", c.Leader, c.Nodes))
		} else {
			errs = append(errs, wrong("leader", "%q is neither a node from 1 to %d nor a region with a node%s", c.Leader, c.Nodes, nearest.Hint(c.Leader, here)))
		}
	}
	return errs
}

// firstLeader is the node that is to lead first: of a region, its first. None if
// nobody is, or none answers to the name.
func (c *Config) firstLeader() smr.NodeID {
	if c.Leader == "" {
		return smr.None
	}
	if n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(c.Leader, "node"))); err == nil && n >= 1 && n <= c.Nodes {
		return smr.NodeID(n)
	}
	return smr.NodeID(slices.Index(c.nodeRegions(), c.Leader) + 1)
}

// dist is a way that takes base, more or less.
func (c *Config) dist(base smr.Time) netsim.Dist {
	if spread := min(base, smr.Time(c.Jitter)); spread > 0 {
		return netsim.Uniform(base, spread)
	}
	return netsim.Constant(base)
}

// links is what the link of each pair is like, nil if all are as Config.link.
func (c *Config) links() func(from, to smr.NodeID) netsim.Link {
	m := c.matrix()
	if m == nil {
		return nil
	}
	return func(from, to smr.NodeID) netsim.Link {
		return netsim.Link{Delay: c.dist(m.OneWay(m.Of(from), m.Of(to))), Loss: c.Loss}
	}
}

// distances is how far each worker's clients are from each node, one way; nil if
// they are where the nodes are. Of a matrix that is not symmetric it is the mean of
// both ways.
func (c *Config) distances() func(worker int, node smr.NodeID) netsim.Dist {
	m := c.matrix()
	if m == nil {
		return nil
	}
	places := c.clientRegions()
	return func(worker int, node smr.NodeID) netsim.Dist {
		at, to := places[worker], m.Of(node)
		return c.dist((m.OneWay(at, to) + m.OneWay(to, at)) / 2)
	}
}

// region is what the clients of one region have seen; the ledger is theirs.
func (r *runner) region(worker int, l *client.Ledger) result.Region {
	m, at := r.cfg.matrix(), r.cfg.clientRegions()[worker]
	n := r.cfg.Clients/r.cfg.workers() + 1
	if worker >= r.cfg.Clients%r.cfg.workers() {
		n--
	}
	out := result.Region{
		Name: m.Regions[at], Clients: n, Offered: l.Issued, Acknowledged: l.Acknowledged,
		Response: latency(l.Response), Service: latency(l.Service),
	}
	if leader := r.leader; leader != smr.None {
		trip := int64(m.OneWay(at, m.Of(leader)) + m.OneWay(m.Of(leader), at))
		out.ToLeader = &trip
	}
	return out
}
