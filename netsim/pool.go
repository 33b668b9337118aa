package netsim

import "math/bits"

// pool recycles byte slices in classes of powers of two. What is on loan is
// bounded by its users; what comes back is kept.
type pool struct {
	free [64][][]byte // free[c]: slices with a capacity of 1<<c
}

const minClass = 6 // the smallest slices have 64 bytes

// get returns a slice of length n with arbitrary content, nil for n = 0.
func (p *pool) get(n int) []byte {
	if n == 0 {
		return nil
	}
	c := max(bits.Len(uint(n-1)), minClass)
	if f := p.free[c]; len(f) > 0 {
		b := f[len(f)-1]
		f[len(f)-1] = nil
		p.free[c] = f[:len(f)-1]
		return b[:n]
	}
	return make([]byte, n, 1<<c)
}

// put takes back what get returned.
func (p *pool) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := bits.Len(uint(cap(b) - 1))
	p.free[c] = append(p.free[c], b[:0])
}
