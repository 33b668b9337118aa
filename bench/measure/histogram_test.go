package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

const (
	us = smr.Time(1e3)
	ms = smr.Time(1e6)
	s  = smr.Time(1e9)
)

func TestHistogramAgainstTheSortedSample(t *testing.T) {
	const seed, n = 3, 50_000
	r := rand.New(rand.NewPCG(seed, 0))
	parts := []*Histogram{NewHistogram(), NewHistogram(), NewHistogram()}
	whole := NewHistogram()
	var all []smr.Time
	sum := 0.0
	for range n {
		v := smr.Time(math.Exp(r.Float64() * 25)) // 1 ns to 72 s
		times := 1 + r.IntN(3)
		parts[r.IntN(3)].RecordN(v, times)
		for range times {
			all = append(all, v)
			sum += float64(v)
			whole.Record(v)
		}
	}
	merged := NewHistogram()
	for _, p := range parts {
		merged.Merge(p)
	}
	slices.Sort(all)
	for name, h := range map[string]*Histogram{"whole": whole, "merged": merged} {
		if h.Count() != uint64(len(all)) || h.Min() != all[0] || h.Max() != all[len(all)-1] {
			t.Errorf("%s: count %d min %v max %v", name, h.Count(), h.Min(), h.Max())
		}
		if mean := sum / float64(len(all)); math.Abs(h.Mean()/mean-1) > 1e-12 {
			t.Errorf("%s: mean %v, want %v", name, h.Mean(), mean)
		}
		for _, q := range []float64{.01, .5, .9, .99, .999, .9999} {
			got, _ := h.Quantile(q)
			want := all[int(math.Round(q*float64(len(all))))-1]
			if math.Abs(float64(got)/float64(want)-1) > 0.001 {
				t.Errorf("seed %d, %s: quantile %v is %v, want %v", seed, name, q, got, want)
			}
		}
	}
}

func TestConstantLatencyIsExact(t *testing.T) {
	h := NewHistogram()
	h.RecordN(20*ms+1, 1000)
	for _, q := range []float64{0, .5, .99, 1} {
		if v, _ := h.Quantile(q); v != 20*ms+1 {
			t.Errorf("quantile %v is %v", q, v)
		}
	}
	if h.Mean() != float64(20*ms+1) {
		t.Errorf("mean %v", h.Mean())
	}
}

func TestSmallSamplesSayNothingOfTheTail(t *testing.T) {
	for _, c := range []struct {
		q float64
		n int
	}{{.5, 20}, {.9, 100}, {.99, 1000}, {.999, 10_000}, {.9999, 100_000}} {
		h := NewHistogram()
		h.RecordN(ms, c.n-1)
		if _, enough := h.Quantile(c.q); enough {
			t.Errorf("%d values are enough for %v", c.n-1, c.q)
		}
		h.Record(ms)
		if _, enough := h.Quantile(c.q); !enough {
			t.Errorf("%d values are not enough for %v", c.n, c.q)
		}
	}
	if v, enough := NewHistogram().Quantile(0); v != 0 || enough {
		t.Error("an empty histogram has a quantile")
	}
}

func TestOutOfRangeIsCounted(t *testing.T) {
	h := NewHistogram()
	h.Record(2 * Highest)
	h.Record(Highest)
	h.RecordN(-5, 2)
	h.RecordN(ms, 0)
	if h.Count() != 4 || h.Overflow() != 1 || h.Underflow() != 2 || h.Max() != 2*Highest || h.Min() != 0 {
		t.Errorf("count %d, over %d, under %d, min %v, max %v", h.Count(), h.Overflow(), h.Underflow(), h.Min(), h.Max())
	}
	if v, _ := h.Quantile(1); v != Highest {
		t.Errorf("the largest quantile is %v", v)
	}
	if h.Mean() != 0.75*float64(Highest) {
		t.Errorf("mean %v", h.Mean())
	}
	m := NewHistogram()
	m.Merge(h)
	m.Merge(NewHistogram())
	if m.Count() != 4 || m.Overflow() != 1 || m.Underflow() != 2 {
		t.Error("merging lost what was out of range")
	}
	h.Reset()
	if h.Count() != 0 || h.Overflow() != 0 || h.Max() != 0 || h.Min() != 0 || h.Mean() != 0 {
		t.Error("Reset left something")
	}
	big := NewHistogram()
	big.RecordN(Highest, math.MaxInt64/2)
	big.RecordN(Highest, math.MaxInt64/2)
	if math.Abs(big.Mean()/float64(Highest)-1) > 1e-12 {
		t.Errorf("the sum overflowed: mean %v", big.Mean())
	}
}

func TestEncoding(t *testing.T) {
	h := NewHistogram()
	r := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		h.Record(smr.Time(r.ExpFloat64() * float64(ms)))
	}
	h.Record(2 * Highest)
	d, err := Decode(h.Encode())
	if err != nil || d.Count() != h.Count() {
		t.Fatalf("%d values, %v", d.Count(), err)
	}
	for _, q := range []float64{.5, .9, .99} {
		a, _ := h.Quantile(q)
		b, _ := d.Quantile(q)
		if math.Abs(float64(a)/float64(b)-1) > 0.001 {
			t.Errorf("quantile %v: %v, decoded %v", q, a, b)
		}
	}
	if d.Encode() != h.Encode() {
		t.Error("decoded and encoded again it is not the same")
	}
	for _, bad := range []string{"", "x", "AAAA", h.Encode()[:20]} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("%q was decoded", bad)
		}
	}
}

func TestBuckets(t *testing.T) {
	h := NewHistogram()
	h.RecordN(1500*us, 90)
	h.RecordN(2*ms, 5) // just on an edge: above it
	h.RecordN(400*us, 1)
	h.RecordN(20*ms, 4)
	want := []Bucket{
		{250 * us, 500 * us, 1, .01},
		{500 * us, 1 * ms, 0, 0},
		{1 * ms, 2 * ms, 90, .9},
		{2 * ms, 4 * ms, 5, .05},
		{4 * ms, 8 * ms, 0, 0},
		{8 * ms, 16 * ms, 0, 0},
		{16 * ms, 32 * ms, 4, .04},
	}
	if got := h.Buckets(ms); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if NewHistogram().Buckets(ms) != nil {
		t.Error("an empty histogram has buckets")
	}
	h.Record(0)
	h.Record(1)
	h.Record(2 * Highest)
	var n uint64
	last := smr.Time(0)
	for _, b := range h.Buckets(ms) {
		if b.From != last || b.To <= b.From {
			t.Errorf("bucket %v after %v", b, last)
		}
		last = b.To
		n += b.Count
	}
	if n != h.Count() || len(h.Buckets(ms)) > 60 {
		t.Errorf("%d values in %d buckets, want %d", n, len(h.Buckets(ms)), h.Count())
	}
	if Unit(3*s) != s || Unit(1500*us) != ms || Unit(999) != 1 || Unit(us) != us {
		t.Error("a unit is wrong")
	}
}

func TestMemoryOfAHistogram(t *testing.T) {
	if got := NewHistogram().hdr.ByteSize(); got > 271<<10 {
		t.Errorf("%d bytes", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	h := NewHistogram()
	v := smr.Time(1)
	for b.Loop() {
		v = v*1103515245 + 12345&0xffffff
		h.Record(v & 0xffffff)
	}
}

func FuzzDecode(f *testing.F) {
	h := NewHistogram()
	h.RecordN(ms, 100)
	f.Add(h.Encode())
	f.Add("HISTFAAAAB")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := Decode(text); err == nil {
			if again, err := Decode(h.Encode()); err != nil || again.Count() != h.Count() {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
