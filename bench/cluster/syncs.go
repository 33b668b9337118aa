package cluster

import (
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// Syncs is what the logs' syncs in the measured window were like.
type Syncs struct {
	Took    *measure.Histogram // from the first write that a sync covers to its end
	Records *measure.Histogram // that it made durable: numbers in the place of times
	Bytes   *measure.Histogram
}

func newSyncs(histogram func() *measure.Histogram) Syncs {
	return Syncs{histogram(), histogram(), histogram()}
}

// watch notes the syncs of a log.
func (s *Syncs) watch(log wal.Log, window *replica.Window, clock func() smr.Time) {
	log.Observe(func(one wal.Sync) {
		if window.Has(clock()) {
			s.Took.Record(one.Took)
			s.Records.Record(smr.Time(one.Records))
			s.Bytes.Record(smr.Time(one.Bytes))
		}
	})
}

func (s *Syncs) merge(t *Syncs) {
	s.Took.Merge(t.Took)
	s.Records.Merge(t.Records)
	s.Bytes.Merge(t.Bytes)
}

// watch notes the syncs of n's log.
func (c *Cluster) watch(n *node) {
	n.syncs = newSyncs(c.opts.histogram)
	n.syncs.watch(n.log, c.opts.Window, c.driver.Now)
}

// Syncs is that of all replicas.
func (c *Cluster) Syncs() *Syncs {
	all := newSyncs(measure.NewHistogram)
	for _, n := range c.nodes {
		all.merge(&n.syncs)
	}
	return &all
}

// NonVoters are the replicas that have lost their logs.
func (c *Cluster) NonVoters() (ids []smr.NodeID) {
	for _, n := range c.nodes {
		if n.disk.nonVoter {
			ids = append(ids, n.id)
		}
	}
	return ids
}
