package cluster

import (
	"fmt"
	"path/filepath"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// Storage is where replicas keep their logs. The zero value is memory that outlives
// its replica.
type Storage struct {
	Disk   bool
	Policy wal.Policy
	Dir    string // of live clusters: each replica has a directory of its own in it
}

// Log opens the log of replica id in a live cluster.
func (s Storage) Log(id smr.NodeID, latency smr.Time, wake wal.Waker) (wal.Log, error) {
	if !s.Disk {
		return wal.NewMemory(latency), nil
	}
	return wal.Open(s.dir(id), wal.Options{Policy: s.Policy, Owner: fmt.Sprintf("consbench run, node %d", id), Wake: wake})
}

func (s Storage) dir(id smr.NodeID) string { return filepath.Join(s.Dir, id.String()) }

// simulated is the log of replica id in virtual time: the same code, on a device
// whose syncs take latency.
func (s Storage) simulated(id smr.NodeID, latency smr.Time, seed uint64) wal.Log {
	if !s.Disk {
		return wal.NewMemory(latency)
	}
	return wal.NewSimulated(wal.Options{Policy: s.Policy}, wal.Model{Sync: latency, Seed: seed<<8 + uint64(id)})
}

// openLogs makes the log of every replica.
func (c *Cluster) openLogs() (err error) {
	for i, n := range c.nodes {
		if _, ok := c.driver.(*virtual); ok {
			n.log = c.opts.Storage.simulated(n.id, c.opts.SyncLatency, c.opts.Replica.Core.Seed)
			if log, ok := n.log.(*wal.Memory); ok {
				log.Probes = c.opts.Replica.Core.Probes
				if c.opts.Lean {
					log.Block = 16 << 10
				}
			}
		} else if n.log, err = c.opts.Storage.Log(n.id, c.opts.SyncLatency, c.driver.Waker(i)); err != nil {
			return err
		}
		c.watch(n)
	}
	return nil
}
