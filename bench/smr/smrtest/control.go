package smrtest

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/smr"
)

// Nodes is the size of the cluster. Replicas are named by position from 0 on;
// the replica at position i has the ID i+1.
func (w *World) Nodes() int { return len(w.replicas) }

// Up reports whether replica i runs.
func (w *World) Up(i int) bool { return w.replicas[i].up }

// Status is what replica i said of itself after its last turn.
func (w *World) Status(i int) smr.Status { return w.replicas[i].status }

// Applied is how far the state machine of replica i is.
func (w *World) Applied(i int) uint64 { return w.replicas[i].applied }

// Leader is the position of the running replica that leads in the highest term,
// -1 if there is none.
func (w *World) Leader() int {
	leader := -1
	for i, r := range w.replicas {
		if r.up && r.status.Role == smr.Leader && (leader < 0 || r.status.Term > w.replicas[leader].status.Term) {
			leader = i
		}
	}
	return leader
}

// Propose proposes size bytes, at least 8, that no other proposal has, at
// replica i.
func (w *World) Propose(i, size int) (smr.Tag, error) {
	tag, err := w.offer(i, size)
	if err == nil {
		w.replicas[i].input()
	}
	return tag, err
}

// offer is Propose without what follows from it.
func (w *World) offer(i, size int) (smr.Tag, error) {
	if cap(w.payload) < size {
		w.payload = make([]byte, size)
	}
	data := w.payload[:size]
	w.serial++
	binary.LittleEndian.PutUint64(data, w.serial)
	fill := byte(w.serial)
	for j := 8; j < size; j++ {
		data[j] = fill + byte(j)
	}
	return w.replicas[i].offer(data)
}

// Crash stops replica i; of its records that are not durable keep survive.
func (w *World) Crash(i, keep int) {
	if r := w.replicas[i]; r.up {
		r.crash(keep)
		w.peers(i, false)
	}
}

// Restart starts replica i again with what its log and snapshot hold.
func (w *World) Restart(i int) {
	r := w.replicas[i]
	if r.up || w.err != nil {
		return
	}
	if err := r.start(); err != nil {
		w.fail(r, "%v", err)
		return
	}
	w.peers(i, true)
}

// peers hints to some that the connection to replica i went up or down.
func (w *World) peers(i int, up bool) {
	if w.opts.Manual {
		return
	}
	for j, r := range w.replicas {
		if j == i || !r.up || r.paused || w.rng.IntN(3) == 0 {
			continue
		}
		r.core.Peer(w.now, w.replicas[i].config.ID, up)
		r.input()
	}
}

// Pause keeps replica i from taking turns until Resume.
func (w *World) Pause(i int) { w.replicas[i].paused = w.replicas[i].up }

// Resume lets a paused replica go on: its mail first, then its timers.
func (w *World) Resume(i int) { w.replicas[i].resume() }

// Cut stops or lets through what goes from one replica to another. What is under
// way on a cut link is lost.
func (w *World) Cut(from, to int, cut bool) { w.links[from*w.opts.Nodes+to].cut = cut }

// Heal restores all links and makes them perfect but for their delay.
func (w *World) Heal() {
	for i := range w.links {
		w.links[i].cut = false
	}
	w.opts.Link.Loss, w.opts.Link.Dup, w.opts.Link.Reorder = 0, 0, 0
}
