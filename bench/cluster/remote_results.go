package cluster

import (
	"errors"
	"fmt"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// take takes a report of m.
func (r *Remote) take(m *member, rep *report) {
	m.mu.Lock()
	m.view, m.now, m.spent = rep.View, rep.Totals, rep.Usage
	m.events.Add(rep.events)
	err := errors.Join(m.commit.MergeSparse(rep.samples[commitLatency]), m.syncs.Took.MergeSparse(rep.samples[syncTook]),
		m.syncs.Records.MergeSparse(rep.samples[syncRecords]), m.syncs.Bytes.MergeSparse(rep.samples[syncBytes]))
	if err == nil && m.fresh && rep.View.Last < m.kept {
		err = fmt.Errorf("came back with entries up to %d where those up to %d were committed and on its disk", rep.View.Last, m.kept)
	}
	// A log may lose what is durable and not committed, to another leader's entries.
	m.fresh, m.kept = false, max(m.kept, min(rep.View.Commit, rep.View.Durable))
	m.mu.Unlock()
	if err != nil {
		r.failed(m.id, err)
	}
	for _, mark := range rep.marks {
		if r.digests.Wants(mark.Index) {
			r.digests.Mark(m.id, mark.Index, mark.Digest)
		}
	}
	for _, p := range rep.problems {
		r.failed(m.id, errors.New(p))
	}
}

// Totals adds up all replicas in all their incarnations, as [Cluster.Totals] does.
func (r *Remote) Totals() Totals {
	r.refresh()
	var t Totals
	for i, s := range r.talks {
		r.driver.Do(i, func() { t.Malformed += s.malformed })
	}
	for _, m := range r.members {
		m.mu.Lock()
		t.Counters.Add(&m.past.Counters)
		t.Counters.Add(&m.now.Counters)
		if m.process != nil && m.now.Entries >= t.Entries {
			t.Entries, t.Commits, t.Duplicates = m.now.Entries, m.now.Commits, m.now.Duplicates
		}
		m.mu.Unlock()
	}
	return t
}

// Usage is what this process and those of all replicas have spent, as of their last
// reports.
func (r *Remote) Usage() measure.Usage {
	u := measure.ReadUsage()
	for _, m := range r.members {
		m.mu.Lock()
		u.Allocs += m.before.Allocs + m.spent.Allocs
		u.CPU += m.before.CPU + m.spent.CPU
		m.mu.Unlock()
	}
	return u
}

// States returns the state machine of each replica that was up at Stop, by name.
func (r *Remote) States() (names []string, states []*replica.State) {
	for _, m := range r.members {
		if m.state != nil {
			names = append(names, m.id.String())
			states = append(states, m.state)
		}
	}
	return names, states
}

// CommitLatency is that of all replicas in all incarnations.
func (r *Remote) CommitLatency() *measure.Histogram {
	h := measure.NewHistogram()
	for _, m := range r.members {
		h.Merge(m.commit)
	}
	return h
}

// Events are what the replicas reported of elections.
func (r *Remote) Events() []*measure.EventLog {
	logs := make([]*measure.EventLog, len(r.members))
	for i, m := range r.members {
		logs[i] = &m.events
	}
	return logs
}

// Processes are those of the replicas that are up, in order.
func (r *Remote) Processes() (pids []int) {
	for _, m := range r.members {
		if m.process != nil {
			pids = append(pids, m.process.cmd.Process.Pid)
		}
	}
	return pids
}

// Syncs is that of all replicas in all incarnations.
func (r *Remote) Syncs() *Syncs {
	all := newSyncs(measure.NewHistogram)
	for _, m := range r.members {
		all.merge(&m.syncs)
	}
	return &all
}

// NonVoters is nobody: no log is lost as a whole.
func (r *Remote) NonVoters() []smr.NodeID { return nil }

// Simulated is 0: no simulator is at work.
func (r *Remote) Simulated() uint64 { return 0 }

// Work is nothing: work in other processes takes the time that it takes, and nobody
// counts it.
func (r *Remote) Work() (replicas, clients []Worked) { return nil, nil }

// Traces are none: they would end with their processes.
func (r *Remote) Traces() []*replica.Trace { return nil }
