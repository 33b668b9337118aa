package smrtest

import "github.com/consbench/consbench/bench/smr"

// Held is a frame or a snapshot that waits to be delivered in a Manual world.
type Held struct {
	From, To smr.NodeID
	Kind     smr.Kind
	Frame    []byte // nil: a snapshot
	snap     *snapshot
}

// Held lists what waits to be delivered, oldest first.
func (w *World) Held() []*Held { return w.held }

// Deliver hands over what waits at place k; with keep a copy stays there.
func (w *World) Deliver(k int, keep bool) {
	h := w.held[k]
	e := event{kind: evDeliver, frameKind: h.Kind, from: int16(h.From - 1), to: int16(h.To - 1), buf: h.Frame, snap: h.snap}
	if h.snap != nil {
		e.kind = evTransfer
	}
	switch {
	case !keep:
		w.held = append(w.held[:k], w.held[k+1:]...)
	case h.snap == nil:
		e.buf = append(w.bufs.get(len(h.Frame))[:0], h.Frame...)
	}
	w.arrive(w.replicas[e.to], &e)
	w.flush()
}

// Drop loses what waits at place k.
func (w *World) Drop(k int) { w.held = append(w.held[:k], w.held[k+1:]...) }

// Persist makes everything that replica i has written durable, and tells it. It
// reports whether there was anything.
func (w *World) Persist(i int) bool {
	r := w.replicas[i]
	if !r.up || r.disk.unsynced() == 0 && r.confirmed == r.number {
		return false
	}
	r.durable(r.number)
	w.flush()
	return true
}

// Tick moves the clock to the deadline of replica i, and tells it alone.
func (w *World) Tick(i int) {
	r := w.replicas[i]
	if !r.up || r.paused || r.deadline == smr.Never {
		return
	}
	w.now = max(w.now, r.deadline)
	r.tick()
	w.flush()
}

// Snapshot makes replica i take a snapshot now.
func (w *World) Snapshot(i int) {
	if r := w.replicas[i]; r.up && r.applied > r.disk.snap.index {
		r.snapshotted(r.capture())
		w.flush()
	}
}

// Settle delivers and persists until nothing is under way, each frame twice if
// twice is set, the newest first if reverse is. It reports whether it came to
// an end.
func (w *World) Settle(twice, reverse bool) bool {
	for range 100_000 {
		busy := false
		for i := range w.replicas {
			busy = w.Persist(i) || busy
		}
		switch n := len(w.held); {
		case w.err != nil:
			return false
		case n == 0 && !busy:
			return true
		case n == 0:
		case reverse:
			w.Deliver(n-1, false)
		default:
			if twice {
				w.Deliver(0, true)
			}
			w.Deliver(0, false)
		}
	}
	return false
}

// Advance moves the clock by d and ticks each replica when its deadline comes;
// with settle, frames and writes take no time meanwhile.
func (w *World) Advance(d smr.Time, settle bool) bool {
	until := w.now + d
	for w.err == nil {
		if settle && !w.Settle(false, false) {
			return false
		}
		next := -1
		for i, r := range w.replicas {
			if r.up && !r.paused && r.deadline <= until && (next < 0 || r.deadline < w.replicas[next].deadline) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		w.Tick(next)
	}
	w.now = max(w.now, until)
	return w.err == nil
}

// flush handles what is due now.
func (w *World) flush() {
	for w.err == nil && w.queue.next() <= w.now {
		w.Step()
	}
}
