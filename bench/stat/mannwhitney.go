package stat

import "math"

// differences are those of every value of b and every value of a, both sorted. They
// are counted, never made: two sides of 10,000 elections have 100 million.
type differences struct{ a, b []float64 }

func (d differences) len() int { return len(d.a) * len(d.b) }

// atMost counts the differences of at most x. Subtraction is monotone after rounding
// too, so one pass over both sides will do.
func (d differences) atMost(x float64) int {
	n, first := 0, 0
	for _, v := range d.b { // the greater v, the fewer of a are close enough
		for first < len(d.a) && v-d.a[first] > x {
			first++
		}
		n += len(d.a) - first
	}
	return n
}

// at is the difference of rank k, from 0, as if they were sorted: the least float64
// that more than k of them are at most.
func (d differences) at(k int) float64 {
	low, high := orderOf(d.b[0]-d.a[len(d.a)-1]), orderOf(d.b[len(d.b)-1]-d.a[0])
	for low < high {
		middle := low + (high-low)/2
		if d.atMost(valueAt(middle)) > k {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return valueAt(low)
}

// side is how many differences lie on the emptier side of 0, zeros counted on
// either.
func (d differences) side() int {
	return min(d.atMost(0), d.len()-d.atMost(math.Nextafter(0, -1)))
}

// orderOf numbers the floats in their order.
func orderOf(v float64) uint64 {
	bits := math.Float64bits(v)
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

func valueAt(order uint64) float64 {
	if order>>63 == 1 {
		return math.Float64frombits(order &^ (1 << 63))
	}
	return math.Float64frombits(^order)
}
