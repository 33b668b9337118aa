package wal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// A record in a block: its length as u32, then head and body. Records do not
// cross blocks.
const (
	recordHeader = 4
	blockSize    = 1 << 20
)

// position is a place in the log: bytes since the beginning of time.
type position = uint64

type block struct {
	start position // of its first byte
	data  []byte   // what is written; cap is the block's size
}

// Memory is a device of memory whose syncs take a given time.
type Memory struct {
	Block int // bytes of a block of memory; 0 = 1 MiB

	latency smr.Time
	blocks  []block // from the newest durable baseline on
	spare   [][]byte

	base     position // start of the newest durable baseline
	end      position // behind the last record
	durable  position // end of what is synced
	number   uint64   // last Ready appended
	persists uint64   // last Ready that is durable

	running bool     // a sync is under way
	until   smr.Time // when it ends
	covers  point    // what it covers
	wanted  point    // what the next one must cover; nothing if not beyond covers

	pending []point // baselines that are not durable yet: where each starts, its Ready

	saved, saving snapshot
	stats         Stats

	began   smr.Time // when the sync under way began
	before  Stats    // what was appended when it began
	counted Stats    // what earlier syncs cover
	observe func(Sync)
	stalled bool
	slow    smr.Time
	full    bool
	failing bool
	lost    bool
	err     error

	Probes *probe.Set // nil = not counted
}

type point struct {
	at     position
	number uint64
}

type snapshot struct {
	index       uint64
	meta, image []byte
	busy        bool     // it is being saved
	until       smr.Time // when it is durable; Never if it is not being saved, or if that is stalled
}

// NewMemory returns an empty device whose syncs take latency.
func NewMemory(latency smr.Time) *Memory {
	m := &Memory{latency: latency}
	m.saving.until = smr.Never
	return m
}

// Append implements [Log].
func (m *Memory) Append(now smr.Time, number uint64, sync smr.SyncKind, baseline bool, records []smr.Record) {
	if number <= m.number {
		panic(fmt.Sprintf("wal: Ready %d appended after %d", number, m.number))
	}
	m.advance(now)
	if m.full && m.err == nil {
		m.err = ErrFull
	}
	if m.err != nil {
		return
	}
	m.number = number
	if baseline {
		if mutant.Enabled && mutant.On(mutant.LogBaselineEarly) {
			m.base = m.end
		}
		m.pending = append(m.pending, point{m.end, number})
	}
	for _, r := range records {
		m.write(r)
	}
	if sync == smr.SyncNone {
		return
	}
	m.wanted = point{m.end, number}
	if !m.running {
		m.sync(now)
		m.advance(now)
	}
}

func (m *Memory) write(r smr.Record) {
	n := len(r.Head) + len(r.Body)
	need := recordHeader + n
	last := len(m.blocks) - 1
	if last < 0 || cap(m.blocks[last].data)-len(m.blocks[last].data) < need {
		m.blocks = append(m.blocks, block{m.end, m.newBlock(need)})
		last++
	}
	b := m.blocks[last].data
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = append(b, r.Head...)
	b = append(b, r.Body...)
	m.blocks[last].data = b
	m.end += uint64(need)
	m.stats.Records++
	m.stats.Bytes += uint64(need)
}

func (m *Memory) newBlock(need int) []byte {
	if n := len(m.spare); n > 0 && need <= m.blockSize() {
		b := m.spare[n-1]
		m.spare = m.spare[:n-1]
		return b[:0]
	}
	return make([]byte, 0, max(need, m.blockSize()))
}

func (m *Memory) blockSize() int {
	if m.Block > 0 {
		return m.Block
	}
	return blockSize
}

// sync starts a sync at now of all that is wanted.
func (m *Memory) sync(now smr.Time) {
	m.running, m.until, m.covers = true, m.ends(now), point{m.end, m.number}
	m.began, m.before = now, m.stats
	m.stats.Syncs++
}

// ends is when a sync ends that begins at now.
func (m *Memory) ends(now smr.Time) smr.Time {
	if m.stalled {
		return smr.Never
	}
	return now + m.latency + m.slow
}

// advance finishes what ends by now.
func (m *Memory) advance(now smr.Time) {
	if m.err != nil {
		return
	}
	for m.running && m.until <= now {
		m.running = false
		if m.failing {
			m.fail(ErrSync)
			return
		}
		if m.observe != nil {
			m.observe(Sync{m.until - m.began, int(m.before.Records - m.counted.Records), int(m.before.Bytes - m.counted.Bytes)})
		}
		m.counted = m.before
		if m.covers.number > m.persists+1 {
			m.Probes.Hit(probe.LogGroupCommit)
		}
		m.durable, m.persists = m.covers.at, m.covers.number
		if mutant.Enabled && mutant.On(mutant.LogSyncCoversLater) {
			m.persists = m.number
		}
		m.settle()
		if m.wanted.number > m.persists {
			m.sync(m.until)
		}
	}
	if m.saving.until <= now {
		m.saving.until = smr.Never
		if m.failing {
			m.fail(ErrSync)
			return
		}
		m.saved, m.saving = m.saving, m.saved
		m.saved.busy, m.saving.busy, m.saving.until = false, false, smr.Never
	}
}

// settle moves to the newest durable baseline and gives back the blocks before it.
func (m *Memory) settle() {
	n := 0
	for n < len(m.pending) && m.pending[n].number <= m.persists {
		m.base = m.pending[n].at
		n++
	}
	if n == 0 {
		return
	}
	m.pending = append(m.pending[:0], m.pending[n:]...)
	n = 0
	for n < len(m.blocks)-1 && m.blocks[n+1].start <= m.base {
		if b := m.blocks[n].data; cap(b) == m.blockSize() {
			m.spare = append(m.spare, b)
		}
		n++
	}
	m.blocks = append(m.blocks[:0], m.blocks[n:]...)
}

// Save implements [Log].
func (m *Memory) Save(now smr.Time, index uint64, meta, image []byte) {
	m.advance(now)
	if m.full && m.err == nil {
		m.err = ErrFull
	}
	if m.err != nil {
		return
	}
	s := &m.saving
	s.index, s.busy, s.until = index, true, m.ends(now)
	s.meta = append(s.meta[:0], meta...)
	s.image = append(s.image[:0], image...)
	m.stats.Syncs++
	m.stats.Snapshots++
	m.stats.SnapshotBytes += uint64(len(meta) + len(image))
	m.advance(now)
}

// Poll implements [Log].
func (m *Memory) Poll(now smr.Time) Progress {
	m.advance(now)
	p := Progress{Number: m.persists, Snapshot: m.saved.index, Next: m.saving.until, Err: m.err}
	if m.running {
		p.Next = min(p.Next, m.until)
	}
	if mutant.Enabled && mutant.On(mutant.LogAcksBeforeSync) {
		p.Number = m.number
	}
	if mutant.Enabled && mutant.On(mutant.LogSnapshotEarly) && m.saving.until != smr.Never {
		p.Snapshot = m.saving.index
	}
	return p
}

// Durable implements [Log].
func (m *Memory) Durable(now smr.Time) uint64 {
	m.advance(now)
	return m.durable - m.base
}

// Crash implements [Log].
func (m *Memory) Crash(now smr.Time) {
	m.advance(now)
	keep := m.durable
	if m.end > keep {
		m.Probes.Hit(probe.LogTailLost)
	}
	if len(m.pending) > 0 {
		m.Probes.Hit(probe.LogBaselineLost)
	}
	if m.saving.until != smr.Never {
		m.Probes.Hit(probe.LogSnapshotLost)
	}
	if mutant.Enabled && mutant.On(mutant.LogBaselineEarly) {
		m.base = min(m.base, keep)
	}
	if mutant.Enabled && m.end > keep && mutant.Strike(mutant.LogUnsynced) {
		keep++
	}
	for n := len(m.blocks) - 1; n >= 0 && m.blocks[n].start+uint64(len(m.blocks[n].data)) > keep; n-- {
		if b := &m.blocks[n]; b.start < keep {
			b.data = b.data[:keep-b.start]
		} else {
			m.spare = append(m.spare, b.data[:0])
			m.blocks = m.blocks[:n]
		}
	}
	m.end, m.number, m.wanted, m.pending = keep, m.persists, point{}, m.pending[:0]
	m.running, m.saving.busy, m.saving.until = false, false, smr.Never
	m.counted = m.stats
}

// fail is the end of the device, until Recover.
func (m *Memory) fail(err error) {
	m.err = err
	m.running, m.saving.busy, m.saving.until = false, false, smr.Never
}

// Impair implements [Log].
func (m *Memory) Impair(now smr.Time, f Fault) error {
	m.advance(now)
	switch f.Kind {
	case Stall:
		m.stalled = true
		if m.running {
			m.until = smr.Never
		}
		m.saving.until = smr.Never
	case Slow:
		m.slow = f.Extra
	case Full:
		m.full = true
	case Fail:
		m.failing = true
	case Lose:
		m.durable, m.persists = m.base, 0
		m.saved.index = 0
		m.fail(ErrLost)
		m.lost = true
	default:
		return ErrUnsupported
	}
	return nil
}

// Repair implements [Log].
func (m *Memory) Repair(now smr.Time, kind FaultKind) {
	m.advance(now)
	switch kind {
	case Stall:
		m.stalled = false
		if m.running {
			m.until = m.ends(now)
		}
		if m.saving.busy {
			m.saving.until = m.ends(now)
		}
	case Slow:
		m.slow = 0
	case Full:
		m.full = false
	case Fail:
		m.failing = false
	}
}

// Observe implements [Log].
func (m *Memory) Observe(f func(Sync)) { m.observe = f }

// Close implements [Log].
func (m *Memory) Close() error { return nil }

// ErrTorn is returned by Recover for a record that is not whole.
var ErrTorn = errors.New("wal: the last record is cut short")

// Recover implements [Log]. The Readys of the new incarnation number from 1 again.
func (m *Memory) Recover(restore func(index uint64, meta, image []byte) error, replay func(record []byte) error) (Recovery, error) {
	rec := Recovery{Bytes: m.end - m.base, Lost: m.lost}
	m.number, m.persists, m.err, m.lost = 0, 0, nil, false
	if s := &m.saved; s.index != 0 {
		rec.Snapshot = s.index
		if err := restore(s.index, s.meta, s.image); err != nil {
			return rec, err
		}
	}
	for i, b := range m.blocks {
		data := b.data
		if b.start < m.base {
			data = data[min(m.base-b.start, uint64(len(data))):]
		}
		for len(data) > 0 {
			if len(data) < recordHeader {
				return rec, ErrTorn
			}
			n := int(binary.LittleEndian.Uint32(data))
			if n > len(data)-recordHeader {
				return rec, ErrTorn
			}
			if mutant.Enabled && mutant.On(mutant.LogDropsLast) && recordHeader+n == len(data) && i == len(m.blocks)-1 {
				break
			}
			if rec.Snapshot != 0 && rec.Records == 0 {
				m.Probes.Hit(probe.LogReadWithSnapshot)
			}
			if err := replay(data[recordHeader : recordHeader+n]); err != nil {
				return rec, err
			}
			rec.Records++
			data = data[recordHeader+n:]
		}
	}
	return rec, nil
}

// Stats implements [Log].
func (m *Memory) Stats() Stats { return m.stats }
