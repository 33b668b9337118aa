package netsim

import "github.com/consbench/consbench/bench/smr"

// queue orders numbered slots by time, and by order of insertion within the same
// time. It is a 4-ary heap of 16-byte keys without pointers: a node's children
// share a cache line, and moving keys costs no write barriers.
type queue struct {
	keys []key
	seq  uint64
}

// key is a time, and a sequence number above a slot number: comparing rank
// compares sequence numbers, for those are unique.
type key struct {
	at   smr.Time
	rank uint64
}

const (
	slotBits = 24
	maxSlots = 1 << slotBits
	maxSeq   = 1<<(64-slotBits) - 1
)

func (k key) slot() uint32 { return uint32(k.rank & (maxSlots - 1)) }

func before(a, b key) bool { return a.at < b.at || a.at == b.at && a.rank < b.rank }

func (q *queue) push(at smr.Time, slot uint32) {
	if slot >= maxSlots || q.seq == maxSeq {
		panic("netsim: more events than the queue can number")
	}
	k := key{at, q.seq<<slotBits | uint64(slot)}
	q.seq++
	q.keys = append(q.keys, k)
	i := len(q.keys) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if before(q.keys[parent], k) {
			break
		}
		q.keys[i] = q.keys[parent]
		i = parent
	}
	q.keys[i] = k
}

// pop removes the first key. The queue must not be empty.
func (q *queue) pop() key {
	top := q.keys[0]
	n := len(q.keys) - 1
	k := q.keys[n]
	q.keys = q.keys[:n]
	if n == 0 {
		return top
	}
	keys := q.keys
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := keys[child]
		for j := child + 1; j < min(4*i+5, n); j++ {
			if before(keys[j], least) {
				least, child = keys[j], j
			}
		}
		if before(k, least) {
			break
		}
		keys[i] = least
		i = child
	}
	keys[i] = k
	return top
}
