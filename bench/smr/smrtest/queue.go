package smrtest

import "github.com/consbench/consbench/bench/smr"

type eventKind uint8

const (
	evDeliver   eventKind = iota // frame arrives
	evTick                       // deadline comes
	evDurable                    // records up to number are on the device
	evPersisted                  // the core is told of it
	evTurn                       // inputs taken earlier are drained
	evSnapshot                   // own snapshot is on the device
	evTransfer                   // a peer's snapshot arrives
	evInstalled                  // and is on the device
	evCall                       // fn: clients and faults
)

// event is something that happens to replica to at a time. incarnation keeps
// what a crash must not outlive from reaching the next incarnation.
type event struct {
	kind        eventKind
	frameKind   smr.Kind
	from, to    int16
	incarnation uint32
	number      uint64
	buf         []byte
	snap        *snapshot
	fn          func()
}

type timed struct {
	at   smr.Time
	seq  uint64
	slot int32
}

func (a timed) before(b timed) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// queue is a heap of events, ordered by time and then by when they were pushed.
type queue struct {
	heap  []timed
	slots []event
	free  []int32
	seq   uint64
}

func (q *queue) push(at smr.Time, e event) {
	var slot int32
	if n := len(q.free); n > 0 {
		slot = q.free[n-1]
		q.free = q.free[:n-1]
		q.slots[slot] = e
	} else {
		slot = int32(len(q.slots))
		q.slots = append(q.slots, e)
	}
	q.seq++
	t := timed{at, q.seq, slot}
	q.heap = append(q.heap, t)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = t
}

func (q *queue) next() smr.Time {
	if len(q.heap) == 0 {
		return smr.Never
	}
	return q.heap[0].at
}

func (q *queue) pop() event {
	top := q.heap[0]
	n := len(q.heap) - 1
	last := q.heap[n]
	q.heap = q.heap[:n]
	if n > 0 {
		i := 0
		for {
			child := 4*i + 1
			if child >= n {
				break
			}
			least := child
			for c := child + 1; c < min(child+4, n); c++ {
				if q.heap[c].before(q.heap[least]) {
					least = c
				}
			}
			if !q.heap[least].before(last) {
				break
			}
			q.heap[i] = q.heap[least]
			i = least
		}
		q.heap[i] = last
	}
	e := q.slots[top.slot]
	q.slots[top.slot] = event{}
	q.free = append(q.free, top.slot)
	return e
}

// buffers reuses the memory of frames, by powers of two.
type buffers struct{ free [32][][]byte }

func (b *buffers) get(n int) []byte {
	class := 0
	for 64<<class < n {
		class++
	}
	if f := b.free[class]; len(f) > 0 {
		buf := f[len(f)-1]
		b.free[class] = f[:len(f)-1]
		return buf[:n]
	}
	return make([]byte, n, 64<<class)
}

func (b *buffers) put(buf []byte) {
	class := 0
	for 64<<class < cap(buf) {
		class++
	}
	b.free[class] = append(b.free[class], buf)
}

// poison overwrites a buffer that a core has given back, so that a core that
// kept it is found out.
func poison(buf []byte) {
	for i := range buf {
		buf[i] = 0xdb
	}
}
