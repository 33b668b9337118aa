package wal

import (
	"math/rand/v2"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
)

// Impair implements [Log].
func (d *Disk) Impair(now smr.Time, f Fault) error {
	d.advance(now)
	switch f.Kind {
	case Stall:
		d.fault.stalled = true
	case Slow:
		d.fault.slow = f.Extra
	case Full:
		d.fault.full = true
	case Fail:
		d.fault.failing = true
	case Corrupt:
		return d.corrupt(f.Seed)
	case Lose:
		d.dev.halt()
		d.lost = true
		d.fail(ErrLost)
		return d.store.wipe()
	case Torn:
		d.tear = &f
	}
	d.dev.impair(now, d.fault)
	d.advance(now)
	return nil
}

// Repair implements [Log].
func (d *Disk) Repair(now smr.Time, kind FaultKind) {
	d.advance(now)
	switch kind {
	case Stall:
		d.fault.stalled = false
	case Slow:
		d.fault.slow = 0
	case Full:
		d.fault.full = false
	case Fail:
		d.fault.failing = false
	case Torn:
		d.tear = nil
	}
	d.dev.impair(now, d.fault)
	d.advance(now)
}

// corrupt flips a bit of what is durable.
func (d *Disk) corrupt(seed uint64) error {
	total := int64(0)
	for _, e := range d.segments {
		if e.segment >= d.base.segment && e.entry {
			total += max(0, e.synced-segmentHeader)
		}
	}
	if total == 0 || d.lost {
		return ErrNothing
	}
	rng := rand.New(rand.NewPCG(seed, 0xb17))
	n, bit := rng.Int64N(total), uint8(rng.UintN(8))
	for _, e := range d.segments {
		if e.segment < d.base.segment || !e.entry {
			continue
		}
		if size := max(0, e.synced-segmentHeader); n >= size {
			n -= size
			continue
		}
		f, off := fileID{segmentFile, e.segment}, segmentHeader+n
		data, err := d.store.load(f, off&^(sector-1))
		if err != nil {
			return err
		}
		s := span{from: off &^ (sector - 1), data: data}
		if i := off - s.from; data[i] == 1<<bit && s.blank(s.from, i) && s.blank(off+1, sector-i-1) {
			bit ^= 1 // without its only bit the sector would be one that was never written: nobody could tell
		}
		return d.store.flip(f, off, bit)
	}
	panic("wal: a byte beyond what is durable")
}

// Crash implements [Log]. What was written and not synced is erased, as if it had
// only been in the kernel's memory, and what was synced is read from the device again.
// A sync that has ended without anybody knowing counts as not done.
func (d *Disk) Crash(now smr.Time) {
	if d.dev.virtual() {
		d.advance(now)
	}
	d.dev.halt()
	if !d.lost {
		d.fail(d.erase())
		d.store.evict()
	}
}

// erase takes from the files what a power failure takes.
func (d *Disk) erase() error {
	if d.flying {
		for _, o := range d.fly.ops[d.fly.settled:] {
			if o.kind == opWrite {
				d.note(&o)
			}
		}
	}
	var unsynced int64
	for _, e := range d.segments {
		if e.entry { // its name is durable
			unsynced += e.written - e.synced
		}
	}
	keep := tear{rest: 0}
	if mutant.Enabled && unsynced > 0 && mutant.Strike(mutant.LogUnsynced) {
		keep.rest = unsynced
	} else if d.tear != nil && d.opts.Policy != Off {
		keep = newTear(d.tear.Seed^uint64(d.durable.end), unsynced)
	}
	files, err := d.store.list()
	if err != nil {
		return err
	}
	for _, f := range files {
		e := d.extent(f)
		switch {
		case f.kind == segmentFile && e != nil && (e.entry || keep.name()):
			err = keep.apply(d.store, f, *e, d.opts.Segment)
		case f.kind == snapshotFile && d.durableSnapshot(f.n), f.kind == segmentFile && f.n < d.base.segment:
		default:
			err = d.store.remove(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// durableSnapshot reports whether the name of a snapshot outlives a crash.
func (d *Disk) durableSnapshot(index uint64) bool {
	if d.opts.Policy == Off || index == d.saving.index {
		return false
	}
	return index <= d.saved
}

// seal closes the log in an orderly way: all that was appended becomes durable and
// says so itself.
func (d *Disk) seal() {
	if d.err != nil || d.fault.stalled || d.next == 0 || d.dev.virtual() {
		return
	}
	wait := func() bool {
		d.wanted = d.wanted || len(d.fill.parts) > 0
		for d.err == nil && (d.flying || d.wanted || len(d.house) > 0) {
			d.advance(0)
			if d.err == nil && (d.flying || len(d.house) > 0) {
				d.dev.wait()
			}
		}
		return d.err == nil
	}
	if wait() && d.opts.Policy != Off {
		d.frame(kindSeal, 0, nil, nil)
		wait()
	}
}
