package paxos

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// metaSize is the length of Meta: a snapshot's index, as a check. An acceptor
// remembers nothing of slots that a snapshot covers: they are decided, and the
// promise stands in the log.
const metaSize = 8

// Meta implements smr.Core. The slots above index are kept, if there is room, until
// the snapshot is durable.
func (m *MultiPaxos) Meta(index uint64, dst []byte) []byte {
	if m.pinned == 0 {
		m.pinned = index
	}
	return binary.LittleEndian.AppendUint64(dst, index)
}

func checkMeta(index uint64, meta []byte) error {
	if len(meta) != metaSize || binary.LittleEndian.Uint64(meta) != index {
		return malformed("meta of %d bytes is not that of a snapshot at %d", len(meta), index)
	}
	return nil
}

// Restore implements smr.Core.
func (m *MultiPaxos) Restore(index uint64, meta []byte) error {
	if index == 0 {
		return nil
	}
	if err := checkMeta(index, meta); err != nil {
		return err
	}
	m.win.Release(index)
	m.commit, m.emitted, m.applied, m.snapshot, m.durable = index, index, index, index, index
	return nil
}

// Replay implements smr.Core.
func (m *MultiPaxos) Replay(record []byte) error {
	if len(record) < recordHeadSize {
		return malformed("record of %d bytes", len(record))
	}
	typ := binary.LittleEndian.Uint64(record)
	promised := Ballot(binary.LittleEndian.Uint64(record[8:]))
	commit := binary.LittleEndian.Uint64(record[16:])
	run := record[recordHeadSize:]
	switch {
	case promised != 0 && !promised.valid():
		return malformed("record with promise %v", promised)
	case typ == recordBaseline && len(run) == 0:
		if commit > m.snapshot {
			return malformed("baseline at %d, but the snapshot is at %d", commit, m.snapshot)
		}
		commit = 0
	case typ != recordEntries:
		return malformed("record of type %d", typ)
	}
	if promised > m.promised && !(mutant.Enabled && mutant.On(mutant.MultiForgetsPromise)) {
		m.promised, m.promiseNumber = promised, replayed
	}
	for len(run) > 0 {
		e, rest, err := window.Decode(run)
		if err != nil {
			return malformed("entry of a record: %v", err)
		}
		if e.Index == 0 || e.Index > maxSlot || !Ballot(e.Ballot).valid() {
			return malformed("record of slot %d, ballot %v", e.Index, Ballot(e.Ballot))
		}
		if err := m.replayEntry(&e); err != nil {
			return err
		}
		run = rest
	}
	for m.commit < commit {
		slot := m.win.At(m.commit + 1)
		if slot == nil {
			return malformed("commit mark %d, but slot %d is empty", commit, m.commit+1)
		}
		slot.X.chosen = true
		m.commit++
	}
	return nil
}

// maxGrowth bounds how much larger than configured the window may get while a long
// log is replayed without being applied.
const maxGrowth = 16

func (m *MultiPaxos) replayEntry(e *window.Encoded) error {
	if e.Index <= m.commit {
		return nil // decided: covered by the snapshot, or a later ballot of the same value
	}
	limit := maxGrowth * (m.cfg.Retain + 2*m.cfg.Inflight + 4*m.cfg.MaxFrame)
	for !m.accept(e) {
		if m.win.Capacity() >= limit {
			return malformed("slot %d does not fit into the window", e.Index)
		}
		m.grow()
	}
	m.win.At(e.Index).Number = replayed
	return nil
}

// Snapshotted implements smr.Core.
func (m *MultiPaxos) Snapshotted(index uint64) {
	if index > m.applied {
		panic("paxos: a snapshot of what is not applied")
	}
	if m.pinned <= index {
		m.pinned = 0
	}
	// If slots above index are released already, the log cannot begin there. It
	// stays as it is until the next snapshot.
	switch {
	case index <= m.snapshot:
	case m.win.First() <= index+1:
		m.snapshot, m.baseline = index, true
	default:
		m.reached(probe.MultiBaselineGivenUp)
	}
}

// Installed implements smr.Core.
func (m *MultiPaxos) Installed(now smr.Time, index uint64, meta []byte) {
	if checkMeta(index, meta) != nil || index <= m.emitted {
		return
	}
	switch m.role {
	case smr.Leader:
		m.reached(probe.MultiInstalledLeading)
	case smr.Candidate, smr.PreCandidate:
		m.reached(probe.MultiInstalledCampaigning)
	default:
		m.reached(probe.MultiInstalledFollowing)
	}
	if m.role == smr.Leader {
		m.becomeFollower(now, smr.None) // it cannot have led: others decided without it
	}
	for s := m.emitted + 1; s <= min(index, m.win.Last()); s++ {
		if slot := m.win.At(s); slot != nil && slot.Tag != 0 {
			m.lost = append(m.lost, slot.Tag) // committed, but not seen here
		}
	}
	m.win.Release(index)
	m.commit = max(m.commit, index)
	m.emitted, m.applied, m.snapshot, m.retained = index, index, index, 0
	m.durable = max(m.durable, index)
	m.baseline, m.pinned = true, 0
	m.notice()
	m.fetching.asked = false
	m.following.repeat = true
	for i := range m.peers {
		p := &m.peers[i].polling
		p.cursor = max(p.cursor, m.commit+1)
		p.ask = m.role == smr.Candidate && !p.complete && m.peers[m.self].complete
	}
	if m.dirtyLo <= index {
		m.dirtyLo = index + 1
		if m.dirtyHi <= index {
			m.clean()
		}
	}
}
