package wal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// Disk is a log of segment files, on a device of this machine or a simulated one.
type Disk struct {
	opts  Options
	store store
	dev   device
	id    uint32 // of the log, in all its files

	number uint64 // last Ready appended
	linear uint64 // bytes of records appended since the beginning of time
	next   place  // of the next frame
	wanted bool   // what is in fill must become durable
	fill   *batch // what comes in
	fly    *batch // what the device has
	flying bool

	segments []extent // that exist and are not below the base, ascending
	ready    uint64   // the last segment that records may go to
	durable  mark
	base     baseline   // the newest that is durable
	pending  []baseline // that are not durable yet

	house    []op // under way beside the log; empty = nothing
	settled  int  // of house
	creating bool // house makes a segment
	header   []byte
	saved    uint64   // index of the newest durable snapshot
	old      []uint64 // snapshots to be removed
	saving   snapshotBytes
	waiting  snapshotBytes // the next to be saved

	fault   impairment
	tear    *Fault // how crashes tear
	lost    bool
	closed  bool
	err     error
	observe func(Sync)
	stats   Stats
}

type snapshotBytes struct {
	index uint64 // 0 = none
	bytes []byte
}

type baseline struct {
	number  uint64 // its Ready
	segment uint64 // which it begins
	linear  uint64
}

// extent is what is known of a segment.
type extent struct {
	segment uint64
	written int64 // by writes that are done
	synced  int64
	entry   bool // its name is durable
}

// batch is what goes to the device at once.
type batch struct {
	buf     []byte
	parts   []part
	ops     []op
	settled int
}

// part is what is written in one piece.
type part struct {
	at             place
	from, to       int // in buf
	mark           mark
	records, bytes int
	closed         bool // it has a sync of its own
}

func newDisk(o Options, s store, dev device, id uint32) *Disk {
	return &Disk{opts: o, store: s, dev: dev, id: id, fill: new(batch), fly: new(batch)}
}

// NewSimulated returns an empty log on a device in virtual time.
func NewSimulated(o Options, m Model) *Disk {
	if o.Segment == 0 {
		o.Segment = 1 << 20
	}
	s := newMemStore()
	return newDisk(o, s, newSimDevice(s, m), uint32(m.Seed))
}

// Open returns the log in dir, which is made if it is not there. A directory that
// holds something else is refused, and one that another process uses.
func Open(dir string, o Options) (*Disk, error) {
	if o.Segment == 0 {
		o.Segment = 16 << 20
	}
	s, err := openDir(dir, o.Owner)
	if err != nil {
		return nil, err
	}
	var id [4]byte
	rand.Read(id[:]) // never fails
	return newDisk(o, s, newLiveDevice(s, o.Wake), binary.LittleEndian.Uint32(id[:])), nil
}

// Append implements [Log].
func (d *Disk) Append(now smr.Time, number uint64, sync smr.SyncKind, isBaseline bool, records []smr.Record) {
	if number <= d.number {
		panic(fmt.Sprintf("wal: Ready %d appended after %d", number, d.number))
	}
	d.advance(now)
	if d.err != nil {
		return
	}
	flags := byte(0)
	if isBaseline {
		flags = flagBaseline
		if d.next.offset() != segmentHeader {
			d.roll()
		}
		d.pending = append(d.pending, baseline{number, d.next.segment(), d.linear})
	}
	for i, r := range records {
		if i == len(records)-1 {
			flags |= flagLast
		}
		d.record(flags, r)
		if isBaseline {
			flags = flagRest
		}
	}
	d.number = number
	if n := len(d.fill.parts); d.opts.Policy == Always && n > 0 {
		d.fill.parts[n-1].mark.number = number
	}
	if sync != smr.SyncNone || d.opts.Policy == Off {
		d.wanted = true
		d.advance(now)
	}
}

func (d *Disk) record(flags byte, r smr.Record) {
	size := int64(frameSize(len(r.Head) + len(r.Body)))
	if off := d.next.offset(); off != segmentHeader && off+size+int64(frameSize(0)) > d.opts.Segment {
		d.roll()
	}
	d.frame(kindRecord, flags, r.Head, r.Body)
	d.linear += uint64(size)
	d.stats.Records++
	d.stats.Bytes += uint64(size)
	p := &d.fill.parts[len(d.fill.parts)-1]
	p.records++
	p.bytes += int(size)
	if d.opts.Policy == Always {
		p.mark, p.closed = mark{d.number, d.next, d.linear}, true
	}
}

// frame adds a frame to what comes in.
func (d *Disk) frame(kind, flags byte, head, body []byte) {
	f := d.fill
	n := len(f.parts) - 1
	if n < 0 || f.parts[n].closed || f.parts[n].at.segment() != d.next.segment() {
		f.parts = append(f.parts, part{at: d.next, from: len(f.buf)})
		n++
	}
	known := d.durable.end
	if d.opts.Policy == Off {
		known = 0
	}
	f.buf = appendFrame(f.buf, d.id, d.next, kind, flags, known, head, body)
	d.next += place(len(f.buf) - max(f.parts[n].to, f.parts[n].from))
	f.parts[n].to = len(f.buf)
}

// roll ends the segment.
func (d *Disk) roll() {
	d.frame(kindEnd, 0, nil, nil)
	d.fill.parts[len(d.fill.parts)-1].mark = mark{d.number, d.next, d.linear}
	d.next = at(d.next.segment()+1, segmentHeader)
}

// advance takes note of what the device has done and gives it what waits.
func (d *Disk) advance(now smr.Time) {
	for again := true; again && d.err == nil; {
		again = d.settleLog(now)
		again = d.settleHouse(now) || again
		if d.err == nil {
			again = d.kick(now) || again
			again = d.keepHouse(now) || again
		}
	}
}

// kick gives the device what has come in, if it is idle.
func (d *Disk) kick(now smr.Time) bool {
	f := d.fill
	if d.flying || !d.wanted || len(f.parts) == 0 || f.parts[len(f.parts)-1].at.segment() > d.ready {
		return false
	}
	f.parts[len(f.parts)-1].mark = mark{d.number, d.next, d.linear}
	f.ops, f.settled = f.ops[:0], 0
	for i := range f.parts {
		p := &f.parts[i]
		file := fileID{segmentFile, p.at.segment()}
		write := op{kind: opWrite, file: file, off: p.at.offset(), data: f.buf[p.from:p.to:p.to]}
		if d.opts.Policy == Off {
			write.mark = p.mark
			f.ops = append(f.ops, write)
			continue
		}
		f.ops = append(f.ops, write, op{kind: opSync, file: file, mark: p.mark, records: p.records, bytes: p.bytes})
	}
	d.fill, d.fly, d.flying, d.wanted = d.fly, f, true, false
	d.fill.buf, d.fill.parts = d.fill.buf[:0], d.fill.parts[:0]
	d.dev.submit(now, laneLog, f.ops)
	return true
}

// settleLog takes note of what is done of the log. It reports whether the device
// has become idle.
func (d *Disk) settleLog(now smr.Time) bool {
	if !d.flying {
		return false
	}
	done, err := d.dev.poll(now, laneLog)
	f := d.fly
	for ; f.settled < done; f.settled++ {
		o := &f.ops[f.settled]
		d.note(o)
		if o.kind == opSync && d.observe != nil {
			d.observe(Sync{o.took, o.records, o.bytes})
		}
		if o.mark.end != 0 {
			d.durable = o.mark
			d.rebase()
		}
	}
	d.fail(err)
	d.flying = f.settled < len(f.ops)
	return !d.flying
}

// note keeps the book of what is on the device.
func (d *Disk) note(o *op) {
	switch o.kind {
	case opWrite:
		if e := d.extent(o.file); e != nil {
			e.written = max(e.written, o.off+int64(len(o.data)))
		}
	case opSync:
		d.stats.Syncs++
		if e := d.extent(o.file); e != nil {
			e.synced = e.written
		}
	case opSyncDir:
		d.stats.Syncs++
		for i := range d.segments {
			d.segments[i].entry = true
		}
	}
}

func (d *Disk) extent(f fileID) *extent {
	if f.kind == segmentFile {
		for i := len(d.segments) - 1; i >= 0; i-- {
			if d.segments[i].segment == f.n {
				return &d.segments[i]
			}
		}
	}
	return nil
}

// rebase moves to the newest baseline that is durable.
func (d *Disk) rebase() {
	n := 0
	for n < len(d.pending) && d.pending[n].number <= d.durable.number {
		d.base = d.pending[n]
		n++
	}
	d.pending = append(d.pending[:0], d.pending[n:]...)
}

func (d *Disk) fail(err error) {
	if err != nil && d.err == nil {
		d.err = err
	}
}

// keepHouse makes segments, saves snapshots and removes what is no longer needed.
func (d *Disk) keepHouse(now smr.Time) bool {
	if len(d.house) > 0 {
		return false
	}
	segment, off := d.next.segment(), d.next.offset()
	first := 0
	for first < len(d.segments) && d.segments[first].segment < d.base.segment {
		first++
	}
	switch {
	case d.ready < segment || d.ready == segment && off > d.opts.Segment/8:
		d.create(fileID{segmentFile, d.ready + 1})
	case d.waiting.index != 0:
		d.save()
	case first > 0:
		for _, e := range d.segments[:first] {
			d.house = append(d.house, op{kind: opRemove, file: fileID{segmentFile, e.segment}})
		}
		d.segments = append(d.segments[:0], d.segments[first:]...)
	case len(d.old) > 0:
		for _, index := range d.old {
			d.house = append(d.house, op{kind: opRemove, file: fileID{snapshotFile, index}})
		}
		d.old = d.old[:0]
	default:
		return false
	}
	d.settled = 0
	d.dev.submit(now, laneHouse, d.house)
	return true
}

func (d *Disk) create(f fileID) {
	d.creating = true
	d.segments = append(d.segments, extent{segment: f.n})
	d.header = appendSegmentHeader(d.header[:0], d.id, f.n)
	d.house = append(d.house, op{kind: opCreate, file: f, off: d.opts.Segment}, op{kind: opWrite, file: f, data: d.header})
	if d.opts.Policy != Off {
		d.house = append(d.house, op{kind: opSync, file: f}, op{kind: opSyncDir})
	}
}

func (d *Disk) save() {
	d.saving, d.waiting = d.waiting, snapshotBytes{bytes: d.saving.bytes}
	scratch, f := fileID{scratchFile, d.saving.index}, fileID{snapshotFile, d.saving.index}
	d.house = append(d.house, op{kind: opCreate, file: scratch}, op{kind: opWrite, file: scratch, data: d.saving.bytes})
	if d.opts.Policy != Off {
		d.house = append(d.house, op{kind: opSync, file: scratch})
	}
	d.house = append(d.house, op{kind: opRename, file: scratch, to: f})
	if d.opts.Policy != Off {
		d.house = append(d.house, op{kind: opSyncDir})
	}
}

// settleHouse is settleLog for what goes on beside the log.
func (d *Disk) settleHouse(now smr.Time) bool {
	if len(d.house) == 0 {
		return false
	}
	done, err := d.dev.poll(now, laneHouse)
	for ; d.settled < done; d.settled++ {
		d.note(&d.house[d.settled])
	}
	d.fail(err)
	if d.settled < len(d.house) {
		return false
	}
	d.house = d.house[:0]
	switch {
	case d.creating:
		d.creating = false
		d.ready++
	case d.saving.index != 0:
		if d.saved != 0 && d.saved != d.saving.index {
			d.old = append(d.old, d.saved)
		}
		d.saved, d.saving.index = d.saving.index, 0
	}
	return true
}

// Save implements [Log].
func (d *Disk) Save(now smr.Time, index uint64, meta, image []byte) {
	d.advance(now)
	if d.err != nil {
		return
	}
	d.waiting = snapshotBytes{index, appendSnapshot(d.waiting.bytes[:0], d.id, index, meta, image)}
	d.stats.Snapshots++
	d.stats.SnapshotBytes += uint64(len(d.waiting.bytes))
	d.advance(now)
}

// Poll implements [Log].
func (d *Disk) Poll(now smr.Time) Progress {
	d.advance(now)
	p := Progress{Number: d.durable.number, Snapshot: d.saved, Next: d.dev.next(), Err: d.err}
	if d.opts.Policy == Off {
		p.Number = d.number
	}
	if d.err != nil {
		p.Next = smr.Never
	}
	return p
}

// Durable implements [Log]. A crash that tears may leave more.
func (d *Disk) Durable(now smr.Time) uint64 {
	d.advance(now)
	if d.opts.Policy == Off || d.lost {
		return 0
	}
	end := d.durable.linear
	if len(d.pending) > 0 {
		end = min(end, d.pending[0].linear) // what is durable of a baseline is nothing until all of it is
	}
	return end - d.base.linear
}

// Observe implements [Log].
func (d *Disk) Observe(f func(Sync)) { d.observe = f }

// Stats implements [Log].
func (d *Disk) Stats() Stats { return d.stats }

// Close implements [Log].
func (d *Disk) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	d.seal()
	d.dev.halt()
	d.dev.close()
	if d.err == nil {
		d.err = ErrClosed
	}
	return d.store.close()
}
