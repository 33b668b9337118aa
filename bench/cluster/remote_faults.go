package cluster

import (
	"errors"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// Crash kills the process of replica id.
func (r *Remote) Crash(id smr.NodeID) {
	m := r.member(id)
	if m.process == nil {
		return
	}
	if m.process.alive() {
		m.process.kill()
		r.bury(m)
	} // else it has ended by itself, and Await says so
}

// bury closes the books of an incarnation whose process is gone.
func (r *Remote) bury(m *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	spent := m.process.usage(m.spent)
	m.before.Allocs += spent.Allocs
	m.before.CPU += spent.CPU
	m.past.Counters.Add(&m.now.Counters)
	m.process, m.paused = nil, false
	m.view, m.now, m.spent = replica.View{}, Totals{}, measure.Usage{}
}

// Restart starts a new process for a replica that was killed. An error means that
// it could not recover; it then stays down and the verdict knows.
func (r *Remote) Restart(id smr.NodeID) error {
	m := r.member(id)
	if m.process != nil {
		return nil
	}
	at := r.Now()
	ready, err := r.spawn(m)
	if err == nil {
		r.restarts = append(r.restarts, Restart{id, at, r.Now() - at, ready.Read})
		r.announce(m, ready)
		err = r.join(m)
	}
	if err != nil {
		r.failed(id, err)
	}
	return err
}

// Pause keeps replica id from taking turns. Its clock runs on; its mail fills.
func (r *Remote) Pause(id smr.NodeID) {
	if m := r.member(id); m.process != nil && !m.paused {
		r.tell(m, msgPause, nil)
		m.mu.Lock()
		m.paused = true
		m.mu.Unlock()
	}
}

// Resume ends a pause.
func (r *Remote) Resume(id smr.NodeID) {
	if m := r.member(id); m.process != nil && m.paused {
		m.mu.Lock()
		m.paused = false
		m.mu.Unlock()
		r.tell(m, msgResume, nil)
	}
}

// SetLink changes a directed link at both of its ends.
func (r *Remote) SetLink(from, to smr.NodeID, l netsim.Link) {
	k := linkKey{from, to}
	if _, ok := r.changed[k]; !ok && l == r.opts.Link {
		return
	}
	r.changed[k] = l
	for _, m := range r.members {
		if m.id == from || m.id == to {
			r.tell(m, msgLink, nodeLink{from, to, l})
		}
	}
}

// ImpairDisk is not carried out in other processes yet.
func (r *Remote) ImpairDisk(smr.NodeID, wal.Fault) error {
	return errors.New("the storage of another process cannot be impaired")
}

// RepairDisk has nothing to repair.
func (r *Remote) RepairDisk(smr.NodeID, wal.FaultKind) {}
