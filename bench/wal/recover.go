package wal

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// Recover implements [Log].
func (d *Disk) Recover(restore func(index uint64, meta, image []byte) error, replay func(record []byte) error) (Recovery, error) {
	rec := Recovery{Lost: d.lost}
	if d.closed {
		return rec, ErrClosed
	}
	last := d.store.now()
	lap := func(spent *smr.Time) {
		now := d.store.now()
		*spent += now - last
		last = now
	}
	r, snapshots, scratch, err := survey(d.store)
	if err != nil {
		return rec, d.broken(err)
	}
	for _, n := range scratch {
		if err := d.store.remove(fileID{scratchFile, n}); err != nil {
			return rec, d.broken(err)
		}
	}
	if len(r.segments) > 0 {
		d.id = r.id
	}
	if n := len(snapshots); n > 0 {
		index := snapshots[n-1]
		id, meta, image, err := loadSnapshot(d.store, index)
		if err == nil && id != d.id {
			err = &RotError{d.store.name(fileID{snapshotFile, index}), 32, fmt.Sprintf("the snapshot is of another log, %08x; this one is %08x", id, d.id)}
		}
		if err != nil {
			return rec, d.broken(err)
		}
		rec.Snapshot = index
		if err := restore(index, meta, image); err != nil {
			return rec, err
		}
	}
	lap(&rec.Spent.Scan)
	e := end{cut: at(1, 0)}
	if len(r.segments) > 0 {
		e, err = r.walk(func(f frame) error {
			rec.Records++
			return replay(f.payload)
		})
	}
	rec.Bytes, rec.Torn = e.read, e.torn
	lap(&rec.Spent.Replay)
	rec.Spent.Wait, rec.Spent.Replay = r.waited, rec.Spent.Replay-r.waited
	if err != nil {
		return rec, d.broken(err)
	}
	if err := d.begin(&r, e, snapshots); err != nil {
		return rec, d.broken(err)
	}
	lap(&rec.Spent.Sync)
	return rec, nil
}

// broken makes err final.
func (d *Disk) broken(err error) error {
	d.err = err
	return err
}

// begin makes the log ready to be appended to behind its end.
func (d *Disk) begin(r *reader, e end, snapshots []uint64) error {
	d.number, d.linear, d.next, d.wanted, d.flying = 0, e.read, e.cut, false, false
	d.fill.buf, d.fill.parts = d.fill.buf[:0], d.fill.parts[:0]
	d.segments, d.pending, d.house, d.old = d.segments[:0], d.pending[:0], d.house[:0], d.old[:0]
	d.creating, d.waiting.index, d.saving.index, d.saved = false, 0, 0, 0
	d.err, d.lost = nil, false
	if n := len(snapshots); n > 0 {
		d.saved = snapshots[n-1]
		d.old = append(d.old, snapshots[:n-1]...)
	}
	segment := e.cut.segment()
	if len(r.segments) == 0 {
		f := fileID{segmentFile, segment}
		if err := d.store.create(f, d.opts.Segment); err != nil {
			return fmt.Errorf("wal: %w", err)
		}
		if err := d.store.write(f, 0, appendSegmentHeader(nil, d.id, segment)); err != nil {
			return fmt.Errorf("wal: %w", err)
		}
		if err := d.store.sync(f); err != nil {
			return fmt.Errorf("wal: %w", err)
		}
		if err := d.store.syncDir(); err != nil {
			return fmt.Errorf("wal: %w", err)
		}
		d.next = at(segment, segmentHeader)
		d.base = baseline{segment: segment}
	} else {
		d.base = baseline{segment: r.segments[e.base]}
	}
	later, ready := false, segment
	for i, n := range r.segments {
		f := fileID{segmentFile, n}
		switch {
		case n < d.base.segment:
			d.segments = append(d.segments, extent{segment: n, entry: true}) // to be removed
			continue
		case n == segment+1 && e.torn == 0 && r.headed(i): // made ahead, and nothing is in it
			if err := d.store.sync(f); err != nil {
				return fmt.Errorf("wal: %w", err)
			}
			ready, later = n, true
			d.segments = append(d.segments, extent{segment: n, written: segmentHeader, synced: segmentHeader, entry: true})
			continue
		case n > segment:
			later = true
			if err := d.store.remove(f); err != nil {
				return fmt.Errorf("wal: %w", err)
			}
			continue
		}
		x := extent{segment: n, written: e.cut.offset(), synced: e.cut.offset(), entry: true}
		if n == segment {
			if e.torn > 0 {
				if err := d.store.zero(f, e.cut.offset(), d.opts.Segment); err != nil {
					return fmt.Errorf("wal: %w", err)
				}
			}
		} else {
			x = r.ended[n-d.base.segment]
		}
		if n >= r.known.segment() && d.opts.Policy != Off { // a process that was killed may have left it to the kernel
			if err := d.store.sync(f); err != nil {
				return fmt.Errorf("wal: %w", err)
			}
		}
		d.segments = append(d.segments, x)
	}
	if len(r.segments) == 0 {
		d.segments = append(d.segments, extent{segment: segment, written: segmentHeader, synced: segmentHeader, entry: true})
	}
	if later { // a name is gone, or has only been in the kernel's memory
		if err := d.store.syncDir(); err != nil {
			return fmt.Errorf("wal: %w", err)
		}
	}
	d.ready = ready
	d.durable = mark{end: d.next, linear: d.linear}
	return nil
}
