package wal

import (
	"math"
	"math/rand/v2"

	"github.com/consbench/consbench/bench/smr"
)

// Options of a log of segment files.
type Options struct {
	Policy  Policy
	Segment int64  // bytes of a segment file; 0 = 16 MiB on disk, 1 MiB simulated
	Owner   string // of Open: who the directory belongs to, a line for people such as "consbench run, node 2"
	Wake    Waker  // of Open: woken when Poll has something new; may be nil
}

// Model says how long a simulated device takes. The zero Model takes no time.
type Model struct {
	Sync      smr.Time // of a sync
	Jitter    smr.Time // mean of what comes on top of it, exponentially distributed
	Bandwidth int64    // bytes written in a second; 0 = no limit
	Seed      uint64
}

type opKind uint8

const (
	opCreate opKind = iota
	opWrite
	opSync
	opSyncDir
	opRename
	opRemove
)

// op is one operation of a device.
type op struct {
	kind     opKind
	file, to fileID
	off      int64  // of a write; the size of what is created
	data     []byte // borrowed until the op is done
	mark     mark   // what is durable in the log once this is done; nothing if its number and place are 0
	records  int    // that this sync covers
	bytes    int    // likewise
	took     smr.Time
}

// mark is a state of the log.
type mark struct {
	number uint64 // last Ready that is whole
	end    place
	linear uint64 // bytes of records since the beginning of time
}

// Lanes of a device: what goes through one of them is done in order. Segments and
// snapshots are prepared beside the log, so that commits do not wait for them.
const (
	lanes     = 2
	laneLog   = 0
	laneHouse = 1
)

// device carries out operations while the replica goes on.
type device interface {
	// submit begins ops on a lane that has nothing to do. They belong to the
	// device until all are done or one has failed.
	submit(now smr.Time, lane int, ops []op)
	// poll says how many of a lane's ops are done, and why the next one failed.
	poll(now smr.Time, lane int) (done int, err error)
	// next is when poll has more to say; Never if a Waker tells.
	next() smr.Time
	impair(now smr.Time, f impairment)
	// halt ends what is under way, as a power failure does.
	halt()
	// virtual reports whether what is done by now is known at now.
	virtual() bool
	// wait waits until nothing is under way.
	wait()
	close()
}

// impairment is the state of a device's faults.
type impairment struct {
	stalled, full, failing bool
	slow                   smr.Time
}

// refuse returns the error that an op meets because of a fault.
func (f *impairment) refuse(o *op) error {
	switch {
	case f.full && (o.kind == opWrite || o.kind == opCreate):
		return ErrFull
	case f.failing && (o.kind == opSync || o.kind == opSyncDir):
		return ErrSync
	}
	return nil
}

// perform does an op on a store.
func perform(s store, o *op) error {
	switch o.kind {
	case opCreate:
		return s.create(o.file, o.off)
	case opWrite:
		return s.write(o.file, o.off, o.data)
	case opSync:
		return s.sync(o.file)
	case opSyncDir:
		return s.syncDir()
	case opRename:
		return s.rename(o.file, o.to)
	case opRemove:
		return s.remove(o.file)
	}
	panic("wal: unknown operation")
}

// simDevice does ops in virtual time. Writes are in the page cache at once; what
// they cost is charged before the sync that follows.
type simDevice struct {
	store store
	model Model
	rng   *rand.Rand
	fault impairment
	lanes [lanes]simLane
}

type simLane struct {
	ops   []op
	done  int
	err   error
	until smr.Time // when ops[done] ends; Never if stalled
	first smr.Time // when the first write of the sync to come began
	cost  smr.Time // of ops[done]
	fresh bool     // no write since the last sync
}

func newSimDevice(s store, m Model) *simDevice {
	return &simDevice{store: s, model: m, rng: rand.New(rand.NewPCG(m.Seed, 0x5eed))}
}

func (d *simDevice) virtual() bool { return true }
func (d *simDevice) wait()         {}
func (d *simDevice) close()        {}

func (d *simDevice) submit(now smr.Time, lane int, ops []op) {
	l := &d.lanes[lane]
	*l = simLane{ops: ops, fresh: true}
	d.begin(l, now)
	d.advance(l, now)
}

func (d *simDevice) begin(l *simLane, now smr.Time) {
	if l.done == len(l.ops) {
		return
	}
	o := &l.ops[l.done]
	l.cost = 0
	switch o.kind {
	case opWrite:
		if d.model.Bandwidth > 0 {
			l.cost = smr.Time(float64(len(o.data)) / float64(d.model.Bandwidth) * 1e9)
		}
	case opSync, opSyncDir:
		l.cost = d.model.Sync + d.fault.slow
		if d.model.Jitter > 0 {
			l.cost += smr.Time(-math.Log1p(-d.rng.Float64()) * float64(d.model.Jitter))
		}
	}
	if l.fresh && (o.kind == opWrite || o.kind == opSync) {
		l.first, l.fresh = now, false
	}
	l.until = smr.Never
	if !d.fault.stalled {
		l.until = now + l.cost
	}
}

func (d *simDevice) advance(l *simLane, now smr.Time) {
	for l.err == nil && l.done < len(l.ops) && l.until <= now {
		o := &l.ops[l.done]
		if l.err = d.fault.refuse(o); l.err != nil {
			return
		}
		if l.err = perform(d.store, o); l.err != nil {
			return
		}
		if o.kind == opSync {
			o.took, l.fresh = l.until-l.first, true
		}
		l.done++
		d.begin(l, l.until)
	}
}

func (d *simDevice) poll(now smr.Time, lane int) (int, error) {
	l := &d.lanes[lane]
	d.advance(l, now)
	return l.done, l.err
}

func (d *simDevice) next() smr.Time {
	next := smr.Never
	for i := range d.lanes {
		if l := &d.lanes[i]; l.err == nil && l.done < len(l.ops) {
			next = min(next, l.until)
		}
	}
	return next
}

func (d *simDevice) impair(now smr.Time, f impairment) {
	was := d.fault.stalled
	for i := range d.lanes {
		d.advance(&d.lanes[i], now)
	}
	d.fault = f
	for i := range d.lanes {
		if l := &d.lanes[i]; l.done < len(l.ops) && was != f.stalled {
			l.until = smr.Never
			if !f.stalled {
				l.until = now + l.cost
			}
		}
	}
}

func (d *simDevice) halt() {
	for i := range d.lanes {
		l := &d.lanes[i]
		if l.done < len(l.ops) && l.err == nil && l.ops[l.done].kind == opWrite {
			for j := l.done; j < len(l.ops); j++ { // the page cache has it, and a torn crash may keep it
				if o := &l.ops[j]; o.kind == opWrite && d.fault.refuse(o) == nil {
					_ = perform(d.store, o)
				}
			}
		}
		*l = simLane{}
	}
}
