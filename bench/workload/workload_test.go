package workload

import (
	"bytes"
	"math"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

const second = smr.Time(1e9)

func TestConstantHasNoDrift(t *testing.T) {
	for _, rate := range []Rate{1, 3, 7, 600.0 / 60, 10e3, 33333, 2.5e6, 6.8e6, 0.7} {
		c := NewConstant(5*second, rate)
		c.i = 1_000_000_000 // as if so many had been asked for
		for range 3 {
			i := c.i
			got := c.Next()
			want := 5e9 + float64(i)*1e9/float64(rate)
			if math.Abs(float64(got)-want) > 1+want*1e-15 {
				t.Errorf("rate %v, arrival %d: %v, want %.1f ns", rate, i, got, want)
			}
		}
	}
	c := NewConstant(0, 10e3)
	for i := range 100 {
		if got := c.Next(); got != smr.Time(i)*100_000 {
			t.Fatalf("arrival %d at %v", i, got)
		}
	}
	c.i = math.MaxUint64 / 4
	if c.Next() != smr.Never {
		t.Error("beyond the end of time comes Never")
	}
}

func TestConstantStartsBeforeZero(t *testing.T) {
	c := NewConstant(-second, 2)
	for _, want := range []smr.Time{-second, -second / 2, 0, second / 2} {
		if got := c.Next(); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestPoisson(t *testing.T) {
	const n = 1_000_000
	for _, rate := range []Rate{1, 10e3, 2.5e6, 1e9} {
		const seed = 7
		p, again := NewPoisson(0, rate, seed), NewPoisson(0, rate, seed)
		mean := 1e9 / float64(rate)
		var last smr.Time
		var sum, squares float64
		short := 0
		for range n {
			at := p.Next()
			if at != again.Next() {
				t.Fatal("the same seed gave other arrivals")
			}
			if at < last {
				t.Fatalf("time ran backwards: %v after %v", at, last)
			}
			gap := float64(at - last)
			last = at
			sum += gap
			squares += gap * gap
			if gap < mean*math.Ln2 {
				short++
			}
		}
		// Standard errors at n = 1e6: mean 0.1 %, standard deviation 0.14 %, half 0.05 %.
		if m := sum / n; math.Abs(m/mean-1) > 0.005 {
			t.Errorf("rate %v: mean gap %g ns, want %g", rate, m, mean)
		}
		if rate <= 2.5e6 { // below, the whole nanosecond shows
			if sd := math.Sqrt(squares/n - (sum/n)*(sum/n)); math.Abs(sd/mean-1) > 0.01 {
				t.Errorf("rate %v: standard deviation of gaps %g ns, want %g", rate, sd, mean)
			}
			if half := float64(short) / n; math.Abs(half-0.5) > 0.005 {
				t.Errorf("rate %v: %.4f of the gaps below the median", rate, half)
			}
		}
	}
	if NewPoisson(0, 1e3, 1).Next() == NewPoisson(0, 1e3, 2).Next() {
		t.Error("two seeds gave the same arrival")
	}
	p := NewPoisson(0, 1e-12, 1)
	for range 10 {
		p.Next()
	}
	if p.Next() != smr.Never {
		t.Error("beyond the end of time comes Never")
	}
}

func TestNewArrivals(t *testing.T) {
	for _, name := range []string{ArrivalPoisson, ArrivalConstant} {
		if a, err := NewArrivals(name, 0, 10, 1); err != nil || a == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewArrivals("bursts", 0, 10, 1); err == nil {
		t.Error("an unknown process was accepted")
	}
	for _, rate := range []Rate{0, -1, Rate(math.NaN()), Rate(math.Inf(1))} {
		if _, err := NewArrivals(ArrivalPoisson, 0, rate, 1); err == nil {
			t.Errorf("rate %v was accepted", float64(rate))
		}
	}
}

func TestKeysAreUniform(t *testing.T) {
	const n, draws = 100, 1_000_000
	k, again := NewKeys(n, 3), NewKeys(n, 3)
	var counts [n]int
	for range draws {
		key := k.Next()
		if key != again.Next() {
			t.Fatal("the same seed gave other keys")
		}
		counts[key]++
	}
	chi := 0.0
	for _, c := range counts {
		d := float64(c) - draws/n
		chi += d * d / (draws / n)
	}
	if chi > 160 { // 99 degrees of freedom: above 148 once in a thousand
		t.Errorf("chi squared %.1f over %d keys", chi, n)
	}
}

func TestPayloads(t *testing.T) {
	for _, size := range []int{0, 1, 7, 8, 256, 1 << 20} {
		p, again := NewPayloads(size, 9), NewPayloads(size, 9)
		other := NewPayloads(size, 10)
		for i := range uint64(1000) {
			got := p.At(i, size)
			if len(got) != size || cap(got) != size {
				t.Fatalf("payload of %d bytes, capacity %d; want %d", len(got), cap(got), size)
			}
			if !bytes.Equal(got, again.At(i, size)) {
				t.Fatal("the same seed gave another payload")
			}
			if size >= 8 && bytes.Equal(got, p.At(i+1, size)) {
				t.Fatalf("commands %d and %d carry the same payload", i, i+1)
			}
			if size >= 8 && bytes.Equal(got, other.At(i, size)) {
				t.Fatal("two seeds gave the same payload")
			}
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	c, p := Arrivals(NewConstant(0, 1e6)), Arrivals(NewPoisson(0, 1e6, 1))
	k, pay := NewKeys(1000, 1), NewPayloads(256, 1)
	var buf [256]byte
	if n := testing.AllocsPerRun(1000, func() {
		c.Next()
		p.Next()
		copy(buf[:], pay.At(k.Next(), 256))
	}); n != 0 {
		t.Errorf("%v allocations a command", n)
	}
}

func BenchmarkPoisson(b *testing.B) {
	p := Arrivals(NewPoisson(0, 1e6, 1))
	for b.Loop() {
		p.Next()
	}
}

func BenchmarkPayload(b *testing.B) {
	p := NewPayloads(256, 1)
	var buf [256]byte
	i := uint64(0)
	for b.Loop() {
		copy(buf[:], p.At(i, 256))
		i++
	}
}
