package bench

import (
	"context"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// system is what a run needs of a cluster, wherever its replicas are: a
// [cluster.Cluster] has them in this process, a [cluster.Remote] in others.
type system interface {
	Now() smr.Time
	Await(ctx context.Context, until smr.Time, done func() bool) (bool, error)

	// The load.
	Load(from, until smr.Time)
	Unload()
	Silence()
	Open() int
	Acknowledged() uint64
	Served() smr.Time

	// The replicas, and what is done to them.
	Up(smr.NodeID) bool
	Paused(smr.NodeID) bool
	Leader() smr.NodeID
	Settled() bool
	Standing() string
	Crash(smr.NodeID)
	Restart(smr.NodeID) error
	Pause(smr.NodeID)
	Resume(smr.NodeID)
	ImpairDisk(smr.NodeID, wal.Fault) error
	RepairDisk(smr.NodeID, wal.FaultKind)
	Impair(from, to smr.NodeID, f cluster.LinkFault)
	Repair(from, to smr.NodeID, f cluster.LinkFault)

	// What it has done and spent so far.
	Totals() cluster.Totals
	Usage() measure.Usage

	// The end. What follows Stop only reads.
	Freeze() bool
	Stop()
	States() (names []string, states []*replica.State)
	Workers() []*client.Worker
	History() (history []check.Operation, mask uint32, until smr.Time)
	CommitLatency() *measure.Histogram
	Digests() *check.Digests
	Events() []*measure.EventLog
	Problems() []string
	Traces() []*replica.Trace
	Restarts() []cluster.Restart
	Stops() []cluster.Stop
	Syncs() *cluster.Syncs
	NonVoters() []smr.NodeID
	Simulated() uint64
	Work() (replicas, clients []cluster.Worked)
	Close() error
}
