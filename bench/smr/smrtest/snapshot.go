package smrtest

import "github.com/consbench/consbench/bench/smr"

// capture takes a snapshot of the state machine as it is.
func (r *replica) capture() *snapshot {
	r.tellApplied()
	if want := r.w.check.digest(r.applied); want != r.digest {
		r.fail("digest at index %d is %x, should be %x", r.applied, r.digest, want)
	}
	return &snapshot{r.applied, r.digest, r.core.Meta(r.applied, nil)}
}

// compact starts a snapshot when the log has grown enough.
func (r *replica) compact() {
	if r.snapping || r.disk.grown <= r.w.opts.Compact || r.applied <= r.disk.snap.index {
		return
	}
	r.snapping = true
	r.push(r.w.draw(r.w.opts.Sync), event{kind: evSnapshot, snap: r.capture()})
}

// snapshotted makes an own snapshot durable.
func (r *replica) snapshotted(s *snapshot) {
	if r.paused {
		r.push(1e6, event{kind: evSnapshot, snap: s})
		return
	}
	r.snapping = false
	if s.index <= r.disk.snap.index {
		return // a peer's was newer
	}
	r.disk.snap = *s
	r.w.note(s.index)
	r.core.Snapshotted(s.index)
	r.baseline = s.index
	r.input()
}

// transfer sends snapshots to the peers that need one.
func (r *replica) transfer() {
	w := r.w
	for to := range w.replicas {
		if !r.wanted.Has(to) || r.sending[to] > w.now {
			continue
		}
		var st smr.Status
		r.core.Status(&st)
		s := &r.disk.snap
		if st.First > s.index+1 || w.rng.IntN(2) == 0 {
			s = r.capture()
		} else {
			s = &snapshot{s.index, s.digest, s.meta}
		}
		if s.index == 0 {
			r.fail("wants to send a snapshot of nothing to %v", r.config.Peers[to])
			break
		}
		r.sending[to] = w.now + 8*w.opts.Link.Delay.Max + w.opts.Sync.Max + r.config.Heartbeat
		if w.observe.snapshot != nil {
			w.observe.snapshot(r.config.ID, r.config.Peers[to], s.index)
		}
		l := &w.links[r.pos*w.opts.Nodes+to]
		switch {
		case l.cut || w.chance(w.opts.Link.Loss):
		case w.opts.Manual:
			w.held = append(w.held, &Held{From: r.config.ID, To: r.config.Peers[to], snap: s})
		default:
			w.queue.push(w.transit(l), event{kind: evTransfer, from: int16(r.pos), to: int16(to), snap: s})
		}
	}
	r.wanted = smr.Set{}
}

// installed makes a peer's snapshot durable and the state machine stand there.
func (r *replica) installed(s *snapshot) {
	if r.paused {
		r.push(1e6, event{kind: evInstalled, snap: s})
		return
	}
	r.installing = 0
	if s.index <= r.applied {
		return // overtaken by the log
	}
	r.disk.snap = *s
	r.applied, r.digest, r.told = s.index, s.digest, s.index
	r.w.note(s.index)
	meta := append([]byte(nil), s.meta...)
	r.core.Installed(r.w.now, s.index, meta)
	poison(meta)
	r.input()
}
