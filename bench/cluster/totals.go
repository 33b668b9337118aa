package cluster

import (
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// Totals is what the whole cluster has done so far.
type Totals struct {
	replica.Counters        // of all replicas, log entries and commands excepted
	Commits          uint64 // distinct commands that took effect
	Entries          uint64 // entries of the log
	Duplicates       uint64 // commands that stood in the log again
}

// Totals adds up all replicas in all their incarnations. Commits, Entries and
// Duplicates are those of the replica that has come furthest.
func (c *Cluster) Totals() Totals {
	var t Totals
	for i, n := range c.nodes {
		c.driver.Do(i, func() {
			network, counters := n.network, n.past
			if n.now != nil {
				current := n.now.Counters()
				counters.Add(&current)
				network.Add(n.port.Stats())
				t.reach(n.now.State())
			}
			t.add(&counters, n.log.Stats(), &network)
		})
	}
	return t
}

// add adds what one replica has done, with its log and on its network.
func (t *Totals) add(c *replica.Counters, l wal.Stats, n *netsim.Stats) {
	t.Counters.Add(c)
	t.LogRecords += l.Records
	t.LogBytes += l.Bytes
	t.Fsyncs += l.Syncs
	t.Snapshots += l.Snapshots
	t.Overflowed += n.Dropped[netsim.DropFull]
	t.Dropped += n.DroppedFrames() - n.Dropped[netsim.DropFull]
}

// reach notes how far a replica has come, if none has come further.
func (t *Totals) reach(s *replica.State) {
	if s.Index >= t.Entries {
		t.Entries, t.Commits, t.Duplicates = s.Index, s.Commands, s.Duplicates
	}
}

// Usage is what the whole cluster has spent, clients and measuring included.
func (c *Cluster) Usage() measure.Usage { return measure.ReadUsage() }

// Sub takes off what u, an earlier state of t, had counted.
func (t *Totals) Sub(u *Totals) {
	t.Counters.Sub(&u.Counters)
	t.Commits -= u.Commits
	t.Entries -= u.Entries
	t.Duplicates -= u.Duplicates
}

// Settled reports whether all replicas are up and have applied the same entry, the
// last one that the leader has; without leaders, the last one that any of them has.
func (c *Cluster) Settled() bool { return settled(c.nodes, &c.opts.Replica) }

// Standing says where each replica stands, for a person.
func (c *Cluster) Standing() string { return describe(c.nodes) }

// What follows reads what belongs to the actors: after Stop only.

// States returns the state machine of each replica that is up, by name.
func (c *Cluster) States() (names []string, states []*replica.State) {
	for _, n := range c.nodes {
		if n.now != nil {
			names = append(names, n.id.String())
			states = append(states, n.now.State())
		}
	}
	return names, states
}

// CommitLatency is that of all replicas in all incarnations.
func (c *Cluster) CommitLatency() *measure.Histogram {
	h := measure.NewHistogram()
	for _, n := range c.nodes {
		h.Merge(n.commit)
		if n.now != nil {
			h.Merge(n.now.CommitLatency())
		}
	}
	return h
}

// Events are what the replicas reported of elections.
func (c *Cluster) Events() []*measure.EventLog {
	logs := make([]*measure.EventLog, len(c.nodes))
	for i, n := range c.nodes {
		logs[i] = &n.events
	}
	return logs
}

// Simulated is how many events the simulator has had; 0 in a live cluster.
func (c *Cluster) Simulated() uint64 { return c.driver.Events() }
