package bench

import (
	"slices"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// injector carries out a schedule of faults on a cluster.
type injector struct {
	cluster system
	nodes   int
	regions []string // by node
	from    smr.Time // start of the measured window
	actions []fault.Action

	active  []*strike // in the order in which they began
	strikes []*strike // all of them
	crashed map[smr.NodeID]int
	paused  map[smr.NodeID]int
	disks   disks

	transcript *replica.Transcript // nil: nobody follows
}

// strike is one instance of a fault that was carried out.
type strike struct {
	action fault.Action
	effect fault.Effect
	record result.Fault
	leader smr.NodeID // that it took away, None if it did not
	until  smr.Time   // actual, since the start of the window; Never = it lasted to the end
}

func newInjector(c system, cfg *Config, faults []fault.Fault) *injector {
	return &injector{
		cluster: c, nodes: cfg.Nodes, regions: cfg.nodeRegions(),
		actions: fault.Expand(faults, smr.Time(cfg.Duration), cfg.Seed),
		crashed: make(map[smr.NodeID]int), paused: make(map[smr.NodeID]int), disks: newDisks(),
	}
}

// Members implements [fault.View].
func (j *injector) Members() []smr.NodeID {
	ids := make([]smr.NodeID, j.nodes)
	for i := range ids {
		ids[i] = smr.NodeID(i + 1)
	}
	return ids
}

// Live implements [fault.View].
func (j *injector) Live(id smr.NodeID) bool { return j.cluster.Up(id) && !j.cluster.Paused(id) }

// Leader implements [fault.View].
func (j *injector) Leader() smr.NodeID { return j.cluster.Leader() }

// Region implements [fault.View].
func (j *injector) Region(id smr.NodeID) string { return j.regions[id-1] }

// next is when the next action is due, Never if there is none.
func (j *injector) next() smr.Time {
	if len(j.actions) == 0 {
		return smr.Never
	}
	return j.from + j.actions[0].At
}

// heals reports whether a fault in force waits for the cluster to heal.
func (j *injector) heals() bool {
	return slices.ContainsFunc(j.active, func(s *strike) bool { return s.action.Fault.UntilHealed })
}

// heal lifts the faults that wait for it and have been overcome: a command sent
// after they struck was acknowledged. It reports whether there were any.
func (j *injector) heal() (any bool) {
	served := j.cluster.Served() - j.from
	for _, s := range slices.Clone(j.active) {
		if s.action.Fault.UntilHealed && served > smr.Time(s.record.At) {
			j.lift(s)
			any = true
		}
	}
	return any
}

// lift undoes a fault in force.
func (j *injector) lift(s *strike) {
	i := slices.Index(j.active, s)
	j.active = slices.Delete(j.active, i, i+1)
	s.until = j.cluster.Now() - j.from // a recovery takes its time, after that
	until := int64(s.until)
	s.record.Until = &until
	j.transcript.Note(j.cluster.Now(), "FAULT ends: %s", struck(&s.record))
	j.undo(s)
}

// step carries out the next action.
func (j *injector) step() {
	a := j.actions[0]
	j.actions = j.actions[1:]
	if a.Undo {
		if i := slices.IndexFunc(j.active, func(s *strike) bool { return s.action.ID == a.ID }); i >= 0 {
			j.lift(j.active[i])
		}
		return
	}
	s := &strike{action: a, until: smr.Never}
	s.record = result.Fault{
		At: int64(j.cluster.Now() - j.from), Intended: int64(a.At), Action: a.Fault.Verb.String(), Amount: a.Fault.Quantity(), Role: a.Fault.Where(), Nodes: []uint32{},
	}
	j.strikes = append(j.strikes, s)
	effect, err := a.Resolve(j)
	if err != nil {
		s.record.Skipped = err.Error()
		j.transcript.Note(j.cluster.Now(), "FAULT: %s", struck(&s.record))
		return
	}
	s.effect, s.record.Target = effect, effect.Text
	for _, id := range effect.Nodes {
		s.record.Nodes = append(s.record.Nodes, uint32(id))
	}
	if leader := j.Leader(); slices.Contains(effect.Out(a.Fault.Verb, j.Members()), leader) {
		s.leader = leader
	}
	if !a.Fault.Verb.Instant() {
		j.active = append(j.active, s)
	}
	j.transcript.Note(j.cluster.Now(), "FAULT: %s", struck(&s.record))
	j.do(s)
}

// end undoes whatever is still in force.
func (j *injector) end() {
	for _, s := range slices.Backward(slices.Clone(j.active)) {
		j.undo(s)
	}
	j.active, j.actions = nil, nil
	j.tend()
}

func (j *injector) do(s *strike) {
	switch s.action.Fault.Verb {
	case fault.Crash:
		for _, id := range s.effect.Nodes {
			if j.crashed[id]++; j.crashed[id] == 1 {
				j.cluster.Crash(id)
			}
		}
	case fault.DiskLose:
		for _, id := range s.effect.Nodes {
			j.crashed[id]++
			j.impairDisk(s, id, wal.Fault{Kind: wal.Lose})
		}
	case fault.DiskStall, fault.DiskSlow, fault.DiskFull, fault.DiskFail, fault.DiskCorrupt:
		for _, id := range s.effect.Nodes {
			j.breakDisk(s, id)
		}
	case fault.Pause:
		for _, id := range s.effect.Nodes {
			if j.paused[id]++; j.paused[id] == 1 {
				j.cluster.Pause(id)
			}
		}
	case fault.ClockDrift:
		for _, id := range s.effect.Nodes {
			j.clocks().Drift(id, s.action.Fault.Amount.Probability())
		}
	case fault.ClockJump:
		for _, id := range s.effect.Nodes {
			j.clocks().Jump(id, s.action.Fault.Amount.Min)
		}
	case fault.CPUSlow:
		for _, id := range s.effect.Nodes {
			j.slow(id)
		}
	default:
		for _, l := range s.effect.Links {
			j.cluster.Impair(l.From, l.To, impairment(s.action.Fault))
		}
	}
}

func (j *injector) undo(s *strike) {
	switch s.action.Fault.Verb {
	case fault.Crash, fault.DiskLose:
		for _, id := range s.effect.Nodes {
			if j.crashed[id]--; j.crashed[id] == 0 {
				j.restart(id)
			}
		}
	case fault.DiskStall, fault.DiskSlow, fault.DiskFull, fault.DiskFail, fault.DiskCorrupt:
		for _, id := range s.effect.Nodes {
			j.mendDisk(s, id)
		}
	case fault.Pause:
		for _, id := range s.effect.Nodes {
			if j.paused[id]--; j.paused[id] == 0 {
				j.cluster.Resume(id)
			}
		}
	case fault.ClockDrift:
		for _, id := range s.effect.Nodes {
			j.clocks().Undrift(id, s.action.Fault.Amount.Probability())
		}
	case fault.CPUSlow:
		j.active = slices.DeleteFunc(j.active, func(other *strike) bool { return other == s })
		for _, id := range s.effect.Nodes {
			j.slow(id)
		}
	default:
		for _, l := range s.effect.Links {
			j.cluster.Repair(l.From, l.To, impairment(s.action.Fault))
		}
	}
}

// restart brings back a replica that is down. One that cannot come back is down for
// good; the verdict says why.
func (j *injector) restart(id smr.NodeID) {
	if j.cluster.Restart(id) == nil && j.paused[id] > 0 {
		j.cluster.Pause(id)
	}
}

// impairment is what a fault does to each link that it strikes.
func impairment(f *fault.Fault) cluster.LinkFault {
	switch f.Verb {
	case fault.Delay:
		return cluster.LinkFault{DelayMin: f.Amount.Min, DelayMax: f.Amount.Max}
	case fault.Loss:
		return cluster.LinkFault{Loss: f.Amount.Probability()}
	case fault.Duplicate:
		return cluster.LinkFault{Duplicate: f.Amount.Probability()}
	case fault.Reorder:
		return cluster.LinkFault{Reorder: f.Amount.Probability()}
	case fault.Slow:
		return cluster.LinkFault{Bandwidth: f.Amount.Bandwidth}
	}
	return cluster.LinkFault{Cut: true} // isolate, partition, cut
}

// disturbsClocks reports whether a schedule has faults of clocks.
func disturbsClocks(faults []fault.Fault) bool {
	return slices.ContainsFunc(faults, func(f fault.Fault) bool { return f.Verb == fault.ClockDrift || f.Verb == fault.ClockJump })
}

// clocks are the clocks of the replicas, where they can be disturbed: see
// Config.verbs.
func (j *injector) clocks() interface {
	Drift(id smr.NodeID, share float64)
	Undrift(id smr.NodeID, share float64)
	Jump(id smr.NodeID, by smr.Time)
} {
	return j.cluster.(*cluster.Cluster)
}

// verbs are what the run can carry out. Other processes have the machine's clock.
func (c *Config) verbs() []fault.Verb {
	return slices.Concat(fault.Basic, fault.Disk, []fault.Verb{fault.ClockDrift, fault.ClockJump, fault.CPUSlow})
}
