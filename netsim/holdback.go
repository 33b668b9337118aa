package netsim

import "github.com/consbench/consbench/bench/smr"

// HoldBack keeps frames at a live network's receiver until they are due. Frames
// of one sender stay in order, except those that the link model took out of it. It
// copies frames into recycled memory and is bounded in bytes. It belongs to the
// port's goroutine.
type HoldBack struct {
	bound   int
	bytes   int
	queue   queue
	frames  []heldFrame
	idle    []uint32
	senders Table[*heldSender]
	pool    pool
	out     [][]byte // returned by Next since the last Release
}

type heldFrame struct {
	mail      Mail
	reordered bool
}

// heldSender describes the frames of one sender that are held in order.
type heldSender struct {
	n    int
	last smr.Time // when the last of them is due
}

// NewHoldBack returns an empty one that keeps up to bound bytes.
func NewHoldBack(bound int) *HoldBack { return &HoldBack{bound: bound} }

// Passes reports whether a frame of sender from, due at due, may be delivered at
// now: it need not wait, nor would it overtake one that does.
func (h *HoldBack) Passes(now, due smr.Time, from smr.NodeID) bool {
	if due > now {
		return false
	}
	if len(h.queue.keys) == 0 {
		return true
	}
	s := h.senders.Get(from)
	return s == nil || s.n == 0
}

// Add keeps a copy of m until due, or until the frames before it are due unless it
// was reordered. It reports whether there was room.
func (h *HoldBack) Add(due smr.Time, reordered bool, m Mail) bool {
	cost := len(m.Data) + frameCost
	if h.bytes+cost > h.bound {
		return false
	}
	h.bytes += cost
	data := h.pool.get(len(m.Data))
	copy(data, m.Data)
	m.Data = data
	if !reordered {
		s := h.senders.Get(m.From)
		if s == nil {
			s = new(heldSender)
			h.senders.Put(m.From, s)
		}
		if s.n > 0 {
			due = max(due, s.last)
		}
		s.n++
		s.last = due
	}
	var slot uint32
	if n := len(h.idle); n > 0 {
		slot = h.idle[n-1]
		h.idle = h.idle[:n-1]
	} else {
		slot = uint32(len(h.frames))
		h.frames = append(h.frames, heldFrame{})
	}
	h.frames[slot] = heldFrame{m, reordered}
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

// Next returns the first frame if it is due at now; frames due at the same time
// come in the order of Add. Its data is valid until Release.
func (h *HoldBack) Next(now smr.Time) (Mail, bool) {
	if h.Due() > now || len(h.queue.keys) == 0 {
		return Mail{}, false
	}
	slot := h.queue.pop().slot()
	f := h.frames[slot]
	h.frames[slot] = heldFrame{}
	h.idle = append(h.idle, slot)
	if !f.reordered {
		h.senders.Get(f.mail.From).n--
	}
	h.bytes -= len(f.mail.Data) + frameCost
	h.out = append(h.out, f.mail.Data)
	return f.mail, true
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
