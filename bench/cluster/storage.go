package cluster

import (
	"github.com/consbench/consbench/bench/wal"
)

// Storage is where replicas keep their logs. The zero value is memory that outlives
// its replica.
type Storage struct{}

// openLogs makes the log of every replica.
func (c *Cluster) openLogs() error {
	for _, n := range c.nodes {
		log := wal.NewMemory(c.opts.SyncLatency)
		log.Probes = c.opts.Replica.Core.Probes
		n.log = log
	}
	return nil
}
