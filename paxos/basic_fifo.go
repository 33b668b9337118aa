package paxos

// fifo is a queue in a ring. It grows by doubling and never shrinks, so that in
// steady state it allocates nothing; who pushes is bounded elsewhere.
type fifo[T any] struct {
	ring       []T // power of two
	head, tail uint64
}

func (q *fifo[T]) len() int { return int(q.tail - q.head) }

// at returns item i, counted from the front.
func (q *fifo[T]) at(i int) *T { return &q.ring[(q.head+uint64(i))&uint64(len(q.ring)-1)] }

func (q *fifo[T]) push(v T) {
	if q.len() == len(q.ring) {
		ring := make([]T, max(16, 2*len(q.ring)))
		for i := range q.len() {
			ring[i] = *q.at(i)
		}
		q.ring, q.head, q.tail = ring, 0, uint64(q.len())
	}
	q.tail++
	*q.at(q.len() - 1) = v
}

func (q *fifo[T]) pop() T {
	v := *q.at(0)
	q.head++
	return v
}

func (q *fifo[T]) drop(n int) { q.head += uint64(n) }
