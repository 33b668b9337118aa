package measure_test

import (
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
)

func same(a, b *measure.Histogram) bool {
	return a.Count() == b.Count() && a.Min() == b.Min() && a.Max() == b.Max() && a.Mean() == b.Mean() &&
		a.Overflow() == b.Overflow() && a.Underflow() == b.Underflow() && a.Encode() == b.Encode()
}

// TestSparse: a histogram that travels in pieces is the one that was recorded.
func TestSparse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	whole, merged := measure.NewHistogram(), measure.NewHistogram()
	for range 5 {
		piece := measure.NewHistogram()
		for range rng.IntN(2000) {
			v, n := smr.Time(rng.Int64N(1<<rng.IntN(43))), 1+rng.IntN(5)
			if rng.IntN(100) == 0 {
				v = -v
			}
			whole.RecordN(v, n)
			piece.RecordN(v, n)
		}
		if err := merged.MergeSparse(piece.AppendSparse(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if !same(whole, merged) {
		t.Error("pieces do not add up to the whole")
	}
	if b := measure.NewHistogram().AppendSparse(nil); len(b) != 0 {
		t.Errorf("an empty histogram takes %d bytes", len(b))
	}
}

// FuzzSparse: what is not a sparse form is an error and changes nothing; what is one
// comes out the same again.
func FuzzSparse(f *testing.F) {
	h := measure.NewHistogram()
	f.Add(h.AppendSparse(nil))
	h.RecordN(12345, 3)
	h.Record(2 * measure.Highest)
	h.Record(-1)
	f.Add(h.AppendSparse(nil))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		h := measure.NewHistogram()
		if err := h.MergeSparse(data); err != nil {
			if h.Count() != 0 {
				t.Error("an error left something behind")
			}
			return
		}
		again := measure.NewHistogram()
		if err := again.MergeSparse(h.AppendSparse(nil)); err != nil || !same(h, again) {
			t.Errorf("it does not come back: %v", err)
		}
	})
}
