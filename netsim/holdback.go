package netsim

import "github.com/consbench/consbench/bench/smr"

// HoldBack keeps frames at a live network's receiver until they are due. It
// copies them into recycled memory and is bounded in bytes. It belongs to the
// port's goroutine.
type HoldBack struct {
	bound  int
	bytes  int
	queue  queue
	frames []Mail
	idle   []uint32
	pool   pool
	out    [][]byte // returned by Next since the last Release
}

// NewHoldBack returns an empty one that keeps up to bound bytes.
func NewHoldBack(bound int) *HoldBack { return &HoldBack{bound: bound} }

// Add keeps a copy of m until due. It reports whether there was room.
func (h *HoldBack) Add(due smr.Time, m Mail) bool {
	cost := len(m.Data) + frameCost
	if h.bytes+cost > h.bound {
		return false
	}
	h.bytes += cost
	data := h.pool.get(len(m.Data))
	copy(data, m.Data)
	m.Data = data
	var slot uint32
	if n := len(h.idle); n > 0 {
		slot = h.idle[n-1]
		h.idle = h.idle[:n-1]
		h.frames[slot] = m
	} else {
		slot = uint32(len(h.frames))
		h.frames = append(h.frames, m)
	}
	h.queue.push(due, slot)
	return true
}

// Due is when the first frame is due, Never if there is none.
func (h *HoldBack) Due() smr.Time {
	if len(h.queue.keys) == 0 {
		return smr.Never
	}
	return h.queue.keys[0].at
}

// Next returns the first frame if it is due at now, frames due at the same time in
// the order of Add. Its data is valid until Release.
func (h *HoldBack) Next(now smr.Time) (Mail, bool) {
	if h.Due() > now {
		return Mail{}, false
	}
	slot := h.queue.pop().slot()
	m := h.frames[slot]
	h.frames[slot] = Mail{}
	h.idle = append(h.idle, slot)
	h.bytes -= len(m.Data) + frameCost
	h.out = append(h.out, m.Data)
	return m, true
}

// Release takes back the memory of all frames that Next has returned.
func (h *HoldBack) Release() {
	for i, b := range h.out {
		h.pool.put(b)
		h.out[i] = nil
	}
	h.out = h.out[:0]
}

// Reset empties it.
func (h *HoldBack) Reset() { *h = HoldBack{bound: h.bound} }
