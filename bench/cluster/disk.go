package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// disk is what is known of a replica's storage, over all its incarnations.
type disk struct {
	nonVoter  bool  // the log was lost as a whole, once
	corrupted bool  // a fault has damaged it
	torn      bool  // a crash may keep some of what was not synced
	gone      error // why the replica cannot come back

	fell   atomic.Bool  // live: the replica takes no turns any more and is to be crashed
	fellAt atomic.Int64 // since when
}

// Stop is a replica whose log has failed: it stops rather than forget. One that
// could not read its log when it was to restart stays down.
type Stop struct {
	Node smr.NodeID
	At   smr.Time
	Why  error
	Gone bool // for good
}

// fell is called in the turn in which replica n has died. In virtual time it crashes
// at once; live, the goroutine that Await belongs to sees to it.
func (c *Cluster) fell(n *node) {
	if c.driver.Parallel() {
		if !n.disk.fell.Load() {
			n.disk.fellAt.Store(int64(c.driver.Now()))
			n.disk.fell.Store(true)
		}
		return
	}
	c.Crash(n.id)
}

// reap crashes the replicas that have stopped.
func (c *Cluster) reap() {
	for _, n := range c.nodes {
		if n.disk.fell.Load() {
			c.Crash(n.id)
		}
	}
}

// stopped notes why n is crashed, if its log has failed.
func (c *Cluster) stopped(n *node) {
	var why error
	c.driver.Do(int(n.id-1), func() { why = n.now.Failure() })
	if why != nil {
		at := c.driver.Now()
		if n.disk.fell.Load() {
			at = smr.Time(n.disk.fellAt.Load())
		}
		c.stops = append(c.stops, Stop{Node: n.id, At: at, Why: why})
	}
}

// lost notes that n could not recover.
func (c *Cluster) lost(n *node, err error) {
	n.disk.gone = err
	var rot *wal.RotError
	if errors.As(err, &rot) && !n.disk.corrupted || !errors.As(err, &rot) && !ofDevice(err) {
		c.failed(n.id, err) // nobody damaged what it cannot read
	}
	c.stops = append(c.stops, Stop{Node: n.id, At: c.driver.Now(), Why: err, Gone: true})
}

// ofDevice reports whether an error is the device's, and says nothing of the log.
func ofDevice(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) || errors.Is(err, wal.ErrFull) || errors.Is(err, wal.ErrSync) || errors.Is(err, wal.ErrLost)
}

// forgot says what is wrong with a recovery after a crash at which the log had so many
// bytes to keep.
func (d *disk) forgot(durable uint64, r wal.Recovery) error {
	switch {
	case r.Lost && r.Bytes == 0:
		return nil
	case d.torn:
		return nil // some more may have survived, even a baseline that replaces all before
	case r.Bytes != durable:
		return fmt.Errorf("recovered %d B of its log where %d B had been synced", r.Bytes, durable)
	}
	return nil
}

// ImpairDisk begins a fault of replica id's storage; RepairDisk ends it. The error says
// why this storage cannot have it.
func (c *Cluster) ImpairDisk(id smr.NodeID, f wal.Fault) (err error) {
	n := c.nodes[id-1]
	if f.Kind == wal.Lose {
		c.Crash(id)
	}
	c.driver.Do(int(id-1), func() {
		if err = n.log.Impair(c.driver.Now(), f); err != nil {
			return
		}
		switch f.Kind {
		case wal.Lose:
			n.log.Crash(c.driver.Now())
			n.durable, n.disk.nonVoter, n.disk.corrupted, n.disk.gone = 0, true, false, nil
		case wal.Corrupt:
			n.disk.corrupted = true
		case wal.Torn:
			n.disk.torn = true
		}
	})
	c.driver.Waker(int(id - 1)).Wake()
	return err
}

// RepairDisk ends a fault of replica id's storage. A replica that it has stopped stays
// down until Restart.
func (c *Cluster) RepairDisk(id smr.NodeID, kind wal.FaultKind) {
	c.driver.Do(int(id-1), func() { c.nodes[id-1].log.Repair(c.driver.Now(), kind) })
	c.driver.Waker(int(id - 1)).Wake()
}

// Await lets time pass until it is until or done() is true, and reports which. done
// may be nil.
func (c *Cluster) Await(ctx context.Context, until smr.Time, done func() bool) (bool, error) {
	look := done
	if done != nil && c.driver.Parallel() {
		look = func() bool { c.reap(); return done() }
	}
	ok, err := c.load.Await(ctx, until, look)
	c.reap()
	return ok, err
}
