package swarm

import (
	"slices"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// strike begins a fault and schedules its end.
func (r *run) strike(f *Fault) {
	r.out.Faults[f.Kind]++
	id := smr.NodeID(f.Node)
	if id == smr.None {
		if id = r.cluster.Leader(); id == smr.None {
			id = 1
		}
	}
	end := r.cluster.Now() + smr.Time(f.For)
	r.judge.record.fault(r.cluster.Now(), f, id)
	switch f.Kind {
	case Crash:
		r.crash(id, end)
	case CrashPoint:
		at, _ := boundary(f.Point)
		r.cluster.CrashAt(id, cluster.CrashPoint{At: at, Nth: f.Nth, Restart: smr.Time(f.For)})
	case PowerLoss:
		for n := range smr.NodeID(r.Nodes) {
			r.crash(n+1, r.cluster.Now()+smr.Time(r.rng.Int64N(int64(f.For)+1)))
		}
	case Pause:
		r.cluster.Pause(id)
		r.at(end, func() { r.cluster.Resume(id) })
	case Isolate:
		r.cut(end, 1<<(id-1), f.OneWay)
	case Partition:
		r.cut(end, f.Side, f.OneWay)
	case Cut:
		r.impair(end, id, smr.NodeID(f.Peer), cluster.LinkFault{Cut: true})
		if !f.OneWay {
			r.impair(end, smr.NodeID(f.Peer), id, cluster.LinkFault{Cut: true})
		}
	case Lossy:
		r.everywhere(end, cluster.LinkFault{Loss: f.P})
	case Doubling:
		r.everywhere(end, cluster.LinkFault{Duplicate: f.P})
	case Shuffled:
		r.everywhere(end, cluster.LinkFault{Reorder: f.P})
	case SlowDisk:
		r.impairDisk(id, end, wal.Fault{Kind: wal.Slow, Extra: smr.Time(f.Extra)})
	case StalledDisk:
		r.impairDisk(id, end, wal.Fault{Kind: wal.Stall})
	case FullDisk:
		r.impairDisk(id, end, wal.Fault{Kind: wal.Full})
	case FailingDisk:
		r.impairDisk(id, end, wal.Fault{Kind: wal.Fail})
	case TornTail:
		r.impairDisk(id, end, wal.Fault{Kind: wal.Torn, Seed: r.rng.Uint64()})
	case RottenDisk:
		if !r.rotten.Add(int(id - 1)) {
			return // two bits in what the last sync covered look like a write that was cut short: see bench/wal
		}
		_ = r.cluster.ImpairDisk(id, wal.Fault{Kind: wal.Corrupt, Seed: r.rng.Uint64()}) // an empty log has nothing that could rot
	case LostLog:
		if r.cluster.ImpairDisk(id, wal.Fault{Kind: wal.Lose}) == nil {
			r.judge.nodes[id-1].forget()
			r.at(end, func() { r.restart(id) })
		}
	case Depose:
		r.judge.crowned = func(id smr.NodeID) {
			if now := r.cluster.Now(); now < end {
				r.judge.record.deposed(now, id, f.Extra)
				r.cut(now+smr.Time(f.Extra), 1<<(id-1), false)
				r.impairDisk(id, now+smr.Time(f.Extra), wal.Fault{Kind: wal.Slow, Extra: smr.Time(f.Sync)})
			}
		}
	case Drift:
		r.cluster.Drift(id, f.P)
		r.drifts = append(r.drifts, drift{id, f.P})
		r.at(end, func() { r.undrift(drift{id, f.P}) })
	case Jump:
		r.cluster.Jump(id, smr.Time(f.Extra))
	case Slow:
		for n := range smr.NodeID(r.Nodes) {
			if n+1 != id && f.Extra > 0 {
				r.impair(end, id, n+1, cluster.LinkFault{DelayMax: smr.Time(f.Extra)})
				r.impair(end, n+1, id, cluster.LinkFault{DelayMax: smr.Time(f.Extra)})
			}
		}
	}
}

// crash crashes a replica until end.
func (r *run) crash(id smr.NodeID, end smr.Time) {
	if !r.cluster.Up(id) {
		return
	}
	r.cluster.Crash(id)
	r.at(end, func() { r.restart(id) })
}

// restart brings a replica back. That it cannot recover is among the cluster's problems.
func (r *run) restart(id smr.NodeID) { _ = r.cluster.Restart(id) }

// impairDisk begins a fault of a disk, and ends it at end. A replica that it has stopped
// is then restarted.
func (r *run) impairDisk(id smr.NodeID, end smr.Time, f wal.Fault) {
	if r.cluster.ImpairDisk(id, f) != nil {
		return
	}
	r.at(end, func() {
		r.cluster.RepairDisk(id, f.Kind)
		if f.Kind == wal.Full || f.Kind == wal.Fail {
			r.restart(id)
		}
	})
}

// drift is how a clock in force goes wrong.
type drift struct {
	id    smr.NodeID
	share float64
}

func (r *run) undrift(d drift) {
	if i := slices.Index(r.drifts, d); i >= 0 {
		r.drifts = slices.Delete(r.drifts, i, i+1)
		r.cluster.Undrift(d.id, d.share)
	}
}

// cut parts the nodes in side from the others.
func (r *run) cut(end smr.Time, side uint64, oneWay bool) {
	for a := range smr.NodeID(r.Nodes) {
		for b := range smr.NodeID(r.Nodes) {
			if side>>a&1 == 1 && side>>b&1 == 0 {
				r.impair(end, a+1, b+1, cluster.LinkFault{Cut: true})
				if !oneWay {
					r.impair(end, b+1, a+1, cluster.LinkFault{Cut: true})
				}
			}
		}
	}
}

func (r *run) everywhere(end smr.Time, f cluster.LinkFault) {
	for a := range smr.NodeID(r.Nodes) {
		for b := range smr.NodeID(r.Nodes) {
			if a != b {
				r.impair(end, a+1, b+1, f)
			}
		}
	}
}

// impair adds a fault to a link until end.
func (r *run) impair(end smr.Time, from, to smr.NodeID, f cluster.LinkFault) {
	r.cluster.Impair(from, to, f)
	r.links = append(r.links, linkFault{from, to, f})
	r.at(end, func() { r.repair(linkFault{from, to, f}) })
}

// linkFault is a fault in force on a link.
type linkFault struct {
	from, to smr.NodeID
	fault    cluster.LinkFault
}

func (r *run) repair(l linkFault) {
	for i := range r.links {
		if r.links[i] == l {
			r.links = append(r.links[:i], r.links[i+1:]...)
			r.cluster.Repair(l.from, l.to, l.fault)
			return
		}
	}
}

// undoAll ends all faults, and makes the links lossless.
func (r *run) undoAll() {
	r.judge.crowned = nil
	for len(r.links) > 0 {
		r.repair(r.links[len(r.links)-1])
	}
	for len(r.drifts) > 0 {
		r.undrift(r.drifts[0])
	}
	for id := smr.NodeID(1); int(id) <= r.Nodes; id++ {
		r.cluster.CrashAt(id, cluster.CrashPoint{})
		r.cluster.Resume(id)
		for _, kind := range []wal.FaultKind{wal.Slow, wal.Stall, wal.Full, wal.Fail, wal.Torn} {
			r.cluster.RepairDisk(id, kind)
		}
		r.restart(id)
	}
	r.judge.record.healed(r.cluster.Now())
}
