package paxos

import (
	"encoding/binary"
	"math"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// storage is what of the log is in memory, what went to the durable log, and what
// of that is known to be durable.
type storage struct {
	win       *window.Window[slotState]
	number    uint64 // of the last Ready with records
	persisted uint64 // highest Ready known to be durable
	durable   uint64 // all up to here is durable, as far as was looked; see advanceDurable

	dirtyLo, dirtyHi uint64 // every slot with Number 0 is within
	entriesNumber    uint64 // last Ready that carried entries
	voided           uint64 // last Ready that logged an entry overwritten since; for a probe

	applied  uint64 // by the state machine
	retained int    // bytes of the window that are applied
	snapshot uint64 // newest durable own snapshot or installed one
	pinned   uint64 // a snapshot here is being written: its Baseline needs what follows; 0 = none
	baseline bool   // the next Ready writes a Baseline at snapshot
}

// replayed stands in Slot.Number for what was read from the durable log.
const replayed = math.MaxUint64

func (m *MultiPaxos) isDurable(number uint64) bool {
	return number == replayed || number != 0 && number <= m.persisted
}

// soil notes that slot s must go to the log.
func (m *MultiPaxos) soil(s uint64) {
	m.dirtyLo, m.dirtyHi = min(m.dirtyLo, s), max(m.dirtyHi, s)
	m.durable = min(m.durable, s-1)
}

// clean notes that nothing must.
func (m *MultiPaxos) clean() { m.dirtyLo, m.dirtyHi = math.MaxUint64, 0 }

// advanceDurable moves durable over what has become so.
func (m *MultiPaxos) advanceDurable() {
	for {
		slot := m.win.At(m.durable + 1)
		if slot == nil || !m.isDurable(slot.Number) {
			return
		}
		m.durable++
	}
}

// put fills or overwrites a slot. nil: there is no room.
func (m *MultiPaxos) put(s uint64, b Ballot, tag smr.Tag, sum uint32, data []byte) *window.Slot[slotState] {
	slot := m.win.Put(s, uint64(b), tag, sum, data)
	if slot == nil {
		if s < m.win.First() || !m.makeRoom(s, window.EncodedSize(len(data))) {
			return nil
		}
		if slot = m.win.Put(s, uint64(b), tag, sum, data); slot == nil {
			return nil
		}
	}
	m.soil(s)
	return slot
}

// mustPut fills slot s with a no-op.
func (m *MultiPaxos) mustPut(s uint64, b Ballot) {
	if m.put(s, b, 0, window.Sum(nil), nil) == nil {
		m.grow()
		m.put(s, b, 0, window.Sum(nil), nil)
	}
}

// makeRoom gives up what is retained for others, and, if the room is there but in
// pieces, puts it together. That happens only after several leaders have overwritten
// one another's proposals.
func (m *MultiPaxos) makeRoom(s uint64, size int) bool {
	m.release(m.applied)
	if s > m.win.Limit() {
		return false
	}
	if m.win.Capacity()-m.win.Bytes() >= 2*size {
		return true // at least one of the two ends may do
	}
	live := 0
	for i := m.win.First(); i <= m.win.Last(); i++ {
		if slot := m.win.At(i); slot != nil {
			live += window.EncodedSize(slot.Size())
		}
	}
	if live+size > m.win.Capacity() {
		return false
	}
	m.reached(probe.MultiRoomMade)
	m.win.Pack()
	return true
}

// grow moves the entries into a window of twice the capacity.
func (m *MultiPaxos) grow() {
	old := m.win
	m.win = window.New[slotState](2*old.Capacity(), old.First()-1)
	for s := old.First(); s <= old.Last(); s++ {
		was := old.At(s)
		if was == nil {
			continue
		}
		is := m.win.Put(s, was.Ballot, was.Tag, was.Sum, old.Data(s))
		is.Number, is.X = was.Number, was.X
	}
	m.ring = m.win.Limit() - m.win.First() + 1
}

// release lets go of the slots up to upTo, which are applied, as far as they are
// durable and no Baseline that is due needs them.
func (m *MultiPaxos) release(upTo uint64) {
	if m.baseline {
		upTo = min(upTo, m.snapshot)
	}
	hi := m.win.First() - 1
	for hi < upTo {
		slot := m.win.At(hi + 1)
		if !m.isDurable(slot.Number) {
			break
		}
		hi++
		m.retained -= window.EncodedSize(slot.Size())
		if m.role == smr.Leader && hi > m.base {
			m.releasedEnd = slot.X.end
		}
	}
	m.win.Release(hi)
	m.durable = max(m.durable, hi)
}

// Applied implements smr.Core.
func (m *MultiPaxos) Applied(index uint64) {
	if index > m.emitted {
		panic("paxos: applied what was not handed out")
	}
	for ; m.applied < index; m.applied++ {
		m.retained += window.EncodedSize(m.win.At(m.applied + 1).Size())
	}
	first, retained := m.win.First(), m.retained
	for first <= m.applied && (retained > m.cfg.Retain || m.applied-first >= m.ring/2) {
		if m.pinned != 0 && first > m.pinned && retained <= m.cfg.Retain+m.cfg.Inflight && m.applied-first < m.ring/2 {
			break
		}
		retained -= window.EncodedSize(m.win.At(first).Size())
		first++
	}
	m.release(first - 1)
}

// A record is a head and a run of entries, little endian:
//
//	0     1    8          16       24
//	+-----+----+----------+--------+-------- - -
//	| typ | 0  | promised | commit | entries
//	+-----+----+----------+--------+-------- - -
//
// promised is the promise, and commit says that everything up to it is chosen, once
// the entries of the record have taken their slots. In a baseline, commit is the
// index of the snapshot; there are no entries, they follow in records of their own.
const (
	recordEntries  = 'e'
	recordBaseline = 'b'
	recordHeadSize = 24
)

func (m *MultiPaxos) record(rd *smr.Ready, typ byte, commit uint64, run []byte) {
	at := len(m.heads)
	m.heads = append(m.heads, typ, 0, 0, 0, 0, 0, 0, 0)
	m.heads = binary.LittleEndian.AppendUint64(m.heads, uint64(m.promised))
	m.heads = binary.LittleEndian.AppendUint64(m.heads, commit)
	rd.Records = append(rd.Records, smr.Record{Head: m.heads[at:len(m.heads):len(m.heads)], Body: run})
}

// writeRecords logs what has changed. The commit mark rides along: it is never
// worth a record of its own.
func (m *MultiPaxos) writeRecords(rd *smr.Ready) {
	newPromise := m.promised != 0 && m.promiseNumber == 0
	dirty := m.dirtyLo <= m.dirtyHi
	if !newPromise && !dirty && !m.baseline {
		return
	}
	m.number++
	lo, hi := m.dirtyLo, m.dirtyHi
	if m.baseline {
		rd.Baseline = true
		m.record(rd, recordBaseline, m.snapshot, nil)
		lo, hi = m.snapshot+1, m.win.Last()
	}
	entries := m.writeEntries(rd, max(lo, m.win.First()), min(hi, m.win.Last()))
	if n := len(rd.Records); n == 0 || rd.Records[n-1].Head[0] == recordBaseline {
		m.record(rd, recordEntries, m.commit, nil)
	} else {
		binary.LittleEndian.PutUint64(rd.Records[n-1].Head[16:], m.commit)
	}
	switch {
	case newPromise && m.role == smr.Candidate:
		rd.Sync = smr.SyncCampaign
	case newPromise && m.pledge.ballot == m.promised:
		rd.Sync = smr.SyncVote
	case newPromise || entries:
		rd.Sync = smr.SyncEntries
	}
	if newPromise {
		m.promiseNumber = m.number
	}
	if entries {
		m.entriesNumber = m.number
	}
	m.clean()
	m.baseline = false
}

// writeEntries logs the slots lo..hi that are not logged yet; in a baseline, all.
// Their commit marks are 0: only the last record of a Ready may say what is chosen.
func (m *MultiPaxos) writeEntries(rd *smr.Ready, lo, hi uint64) (fresh bool) {
	for lo <= hi {
		end := lo
		for end <= hi && m.toLog(end) {
			if slot := m.win.At(end); slot.Number == 0 {
				slot.Number = m.number
				fresh = true
			}
			end++
		}
		for lo < end {
			var run []byte
			run, lo = m.win.Run(lo, end-1, math.MaxInt)
			m.record(rd, recordEntries, 0, run)
		}
		lo = max(lo, end+1)
	}
	return fresh
}

func (m *MultiPaxos) toLog(s uint64) bool {
	slot := m.win.At(s)
	return slot != nil && (m.baseline || slot.Number == 0 || slot.Number == m.number)
}
