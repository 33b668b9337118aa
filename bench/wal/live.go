package wal

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// liveDevice does ops on real files: one goroutine a lane.
type liveDevice struct {
	store   store
	wake    Waker
	lanes   [lanes]liveLane
	running sync.WaitGroup

	mu     sync.Mutex
	change sync.Cond // of anything below
	fault  impairment
	halted bool // ops that have not begun are given up
	closed bool
}

type liveLane struct {
	ops    []op   // guarded by mu
	given  uint64 // how often ops were submitted; likewise
	taken  uint64 // how many of them are over; likewise
	done   atomic.Int64
	failed atomic.Pointer[error]
}

func newLiveDevice(s store, wake Waker) *liveDevice {
	d := &liveDevice{store: s, wake: wake}
	d.change.L = &d.mu
	for i := range d.lanes {
		d.running.Go(func() { d.run(&d.lanes[i]) })
	}
	return d
}

func (d *liveDevice) virtual() bool  { return false }
func (d *liveDevice) next() smr.Time { return smr.Never }

func (d *liveDevice) submit(_ smr.Time, lane int, ops []op) {
	l := &d.lanes[lane]
	l.done.Store(0)
	d.mu.Lock()
	l.ops = ops
	l.given++
	d.mu.Unlock()
	d.change.Broadcast()
}

func (d *liveDevice) poll(_ smr.Time, lane int) (int, error) {
	l := &d.lanes[lane]
	if p := l.failed.Load(); p != nil {
		return int(l.done.Load()), *p
	}
	return int(l.done.Load()), nil
}

// run is a lane's goroutine.
func (d *liveDevice) run(l *liveLane) {
	for {
		d.mu.Lock()
		for l.given == l.taken && !d.closed {
			d.change.Wait()
		}
		if l.given == l.taken {
			d.mu.Unlock()
			return
		}
		ops, given := l.ops, l.given
		d.mu.Unlock()
		d.work(l, ops)
		d.mu.Lock()
		l.taken = given // more may have come since the last op was seen to be done
		d.mu.Unlock()
		d.change.Broadcast()
	}
}

// work does ops, until one fails or the device is halted.
func (d *liveDevice) work(l *liveLane, ops []op) {
	var began time.Time
	for i := range ops {
		o := &ops[i]
		if began.IsZero() {
			began = time.Now()
		}
		goOn, err := d.gate(o)
		if !goOn {
			return
		}
		if err == nil {
			err = perform(d.store, o)
		}
		if o.kind == opSync {
			o.took = smr.Time(time.Since(began))
			began = time.Time{}
		}
		if err != nil {
			failure := err // of its own: err itself would be on the heap, once for each op
			l.failed.Store(&failure)
		} else {
			l.done.Store(int64(i + 1))
		}
		if d.wake != nil && (err != nil || i+1 == len(ops) || o.mark.number != 0) {
			d.wake.Wake()
		}
		if err != nil {
			return
		}
	}
}

// gate applies faults before an op: it waits, or has it fail. It reports false when
// the device was halted meanwhile.
func (d *liveDevice) gate(o *op) (goOn bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.fault.stalled && !d.halted {
		d.change.Wait()
	}
	if extra := d.fault.slow; extra > 0 && (o.kind == opSync || o.kind == opSyncDir) {
		over := false
		timer := time.AfterFunc(time.Duration(extra), func() {
			d.mu.Lock()
			over = true
			d.mu.Unlock()
			d.change.Broadcast()
		})
		for !over && !d.halted {
			d.change.Wait()
		}
		timer.Stop()
	}
	return !d.halted, d.fault.refuse(o)
}

func (d *liveDevice) impair(_ smr.Time, f impairment) {
	d.mu.Lock()
	d.fault = f
	d.mu.Unlock()
	d.change.Broadcast()
}

// halt waits for the operation in the kernel, if there is one; the others do not
// begin.
func (d *liveDevice) halt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.halted = true
	d.change.Broadcast()
	d.settle()
	d.halted = false
	for i := range d.lanes {
		d.lanes[i].done.Store(0)
		d.lanes[i].failed.Store(nil)
	}
}

// settle waits until no lane has anything to do.
func (d *liveDevice) settle() {
	for i := range d.lanes {
		for d.lanes[i].given != d.lanes[i].taken {
			d.change.Wait()
		}
	}
}

func (d *liveDevice) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
}

func (d *liveDevice) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.change.Broadcast()
	d.running.Wait()
}
