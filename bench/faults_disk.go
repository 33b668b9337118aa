package bench

import (
	"slices"

	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// kinds is what the verbs about disks do to a log.
var kinds = map[fault.Verb]wal.FaultKind{
	fault.DiskStall: wal.Stall, fault.DiskSlow: wal.Slow, fault.DiskFull: wal.Full,
	fault.DiskFail: wal.Fail, fault.DiskCorrupt: wal.Corrupt, fault.DiskLose: wal.Lose,
}

type diskFault struct {
	id   smr.NodeID
	kind wal.FaultKind
}

// disks are the faults of storage that are in force: faults of one kind on one
// replica may overlap.
type disks struct {
	count map[diskFault]int
	slow  map[smr.NodeID]smr.Time // added to each sync, all faults together
	owed  map[smr.NodeID]bool     // a fault that may have stopped it is over: restart it if it has
}

func newDisks() disks {
	return disks{make(map[diskFault]int), make(map[smr.NodeID]smr.Time), make(map[smr.NodeID]bool)}
}

// breakDisk begins a fault of one replica's storage.
func (j *injector) breakDisk(s *strike, id smr.NodeID) {
	f := wal.Fault{Kind: kinds[s.action.Fault.Verb], Seed: s.action.Seed}
	j.disks.count[diskFault{id, f.Kind}]++
	switch f.Kind {
	case wal.Slow:
		j.disks.slow[id] += s.action.Fault.Amount.Min
		f.Extra = j.disks.slow[id]
	case wal.Full, wal.Fail:
		delete(j.disks.owed, id)
	}
	j.impairDisk(s, id, f)
}

func (j *injector) impairDisk(s *strike, id smr.NodeID, f wal.Fault) {
	if err := j.cluster.ImpairDisk(id, f); err != nil {
		s.record.Skipped = err.Error()
	}
}

// mendDisk ends a fault of one replica's storage. What it has stopped restarts.
func (j *injector) mendDisk(s *strike, id smr.NodeID) {
	k := diskFault{id, kinds[s.action.Fault.Verb]}
	j.disks.count[k]--
	switch {
	case k.kind == wal.Slow && j.disks.count[k] > 0:
		j.disks.slow[id] -= s.action.Fault.Amount.Min
		j.impairDisk(s, id, wal.Fault{Kind: wal.Slow, Extra: j.disks.slow[id]})
	case j.disks.count[k] == 0:
		delete(j.disks.slow, id)
		j.cluster.RepairDisk(id, k.kind)
	}
	if k.kind == wal.Full || k.kind == wal.Fail {
		j.disks.owed[id] = true
		j.tend()
	}
}

// tend restarts the replicas that a fault has stopped which is over. A replica may
// find out about a failed sync only after the fault: it is looked after until then.
func (j *injector) tend() {
	for id := smr.NodeID(1); int(id) <= j.nodes; id++ {
		d := &j.disks
		if d.owed[id] && !j.cluster.Up(id) && j.crashed[id] == 0 && d.count[diskFault{id, wal.Full}]+d.count[diskFault{id, wal.Fail}] == 0 {
			delete(d.owed, id)
			j.restart(id)
		}
	}
}

// stops puts the replicas that stopped beside the faults that made them, in the
// records of the strikes: the last one that struck the replica's storage before. It
// returns those that no fault explains.
func (j *injector) stops(records []result.Fault) (others []result.Stop) {
	for _, s := range j.cluster.Stops() {
		stop := result.Stop{Node: uint32(s.Node), At: int64(s.At - j.from), Why: s.Why.Error(), Gone: s.Gone}
		i := len(j.strikes) - 1
		for ; i >= 0; i-- {
			f := j.strikes[i]
			if f.record.Skipped == "" && f.record.At <= stop.At && slices.Contains(fault.Disk, f.action.Fault.Verb) && slices.Contains(f.effect.Nodes, s.Node) {
				records[i].Stopped = append(records[i].Stopped, stop)
				break
			}
		}
		if i < 0 {
			others = append(others, stop)
		}
	}
	return others
}
