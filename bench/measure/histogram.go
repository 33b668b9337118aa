package measure

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/smr"
)

// Highest is the largest latency that a Histogram tells apart from longer ones.
const Highest smr.Time = 3600e9

const digits = 3 // significant decimal digits of a bucket

// Histogram is a distribution of latencies: an HDR histogram from 1 ns to an hour
// at 3 significant digits (264 KiB), with count, sum, min and max kept exact beside
// it. It is not safe for concurrent use.
type Histogram struct {
	hdr          *hdrhistogram.Histogram
	count        uint64
	sumHi, sumLo uint64 // 128 bits: hours of latencies at millions a second
	min, max     smr.Time
	over, under  uint64
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	h := NewLazyHistogram()
	h.counts()
	return h
}

// NewLazyHistogram returns an empty histogram that takes its memory when something is
// recorded: for many short runs in which hardly anything is.
func NewLazyHistogram() *Histogram { return &Histogram{min: smr.Never} }

func (h *Histogram) counts() *hdrhistogram.Histogram {
	if h.hdr == nil {
		h.hdr = hdrhistogram.New(1, int64(Highest), digits)
	}
	return h.hdr
}

// Record adds one latency.
func (h *Histogram) Record(v smr.Time) { h.RecordN(v, 1) }

// RecordN adds n equal latencies. One above Highest goes to the bucket of Highest
// and is counted as overflow; its true value enters sum and max. A negative one,
// the mark of a clock that ran backwards, counts as 0 and as underflow.
func (h *Histogram) RecordN(v smr.Time, n int) {
	if n <= 0 {
		return
	}
	un := uint64(n)
	if v < 0 {
		v = 0
		h.under += un
	}
	h.count += un
	hi, lo := bits.Mul64(uint64(v), un)
	var carry uint64
	h.sumLo, carry = bits.Add64(h.sumLo, lo, 0)
	h.sumHi += hi + carry
	h.min, h.max = min(h.min, v), max(h.max, v)
	if v > Highest {
		v = Highest
		h.over += un
	}
	if err := h.counts().RecordValues(int64(v), int64(n)); err != nil {
		panic("measure: a value in range was refused: " + err.Error())
	}
}

// Merge adds what other holds.
func (h *Histogram) Merge(other *Histogram) {
	if other.count == 0 {
		return
	}
	if dropped := h.counts().Merge(other.hdr); dropped != 0 {
		panic(fmt.Sprintf("measure: merging dropped %d values", dropped))
	}
	h.add(other)
}

// add adds what stands beside the buckets of other.
func (h *Histogram) add(other *Histogram) {
	h.count += other.count
	var carry uint64
	h.sumLo, carry = bits.Add64(h.sumLo, other.sumLo, 0)
	h.sumHi += other.sumHi + carry
	h.min, h.max = min(h.min, other.min), max(h.max, other.max)
	h.over += other.over
	h.under += other.under
}

// Reset empties the histogram and keeps its memory.
func (h *Histogram) Reset() {
	if h.hdr != nil {
		h.hdr.Reset()
	}
	*h = Histogram{hdr: h.hdr, min: smr.Never}
}

// Count is how many latencies were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Overflow is how many of them were above Highest.
func (h *Histogram) Overflow() uint64 { return h.over }

// Underflow is how many of them were negative.
func (h *Histogram) Underflow() uint64 { return h.under }

// Min is the smallest latency, exact; 0 if there is none.
func (h *Histogram) Min() smr.Time {
	if h.count == 0 {
		return 0
	}
	return h.min
}

// Max is the largest latency, exact; 0 if there is none.
func (h *Histogram) Max() smr.Time { return h.max }

// Mean is the arithmetic mean in nanoseconds, of the exact sum; 0 if there is none.
func (h *Histogram) Mean() float64 {
	if h.count == 0 {
		return 0
	}
	if h.sumHi == 0 {
		return float64(h.sumLo) / float64(h.count)
	}
	return (float64(h.sumHi)*0x1p64 + float64(h.sumLo)) / float64(h.count)
}

// Quantile returns the latency that a share q (0 to 1) of the sample does not
// exceed, rounded to 3 digits and never outside [Min, Max]. enough is false where
// the sample is too small to know it, which is when it holds fewer than ten values
// beyond: count < 10/(1-q). A report leaves it blank then.
func (h *Histogram) Quantile(q float64) (v smr.Time, enough bool) {
	if h.count == 0 {
		return 0, false
	}
	v = smr.Time(h.counts().ValueAtPercentile(q * 100))
	if h.max > Highest && v >= Highest {
		v = Highest // the last bucket is wider than what it stands for
	}
	const rounding = 1e-6 // 1-q is not exact: 1000 values are enough for .99
	return min(max(v, h.min), h.max), float64(h.count)*(1-q) >= 10-rounding
}

// Encode returns HdrHistogram's V2 compressed encoding in base64.
func (h *Histogram) Encode() string {
	b, err := h.counts().EncodeV2()
	if err != nil {
		panic("measure: a histogram could not be encoded: " + err.Error())
	}
	return string(b)
}

// Decode reads what Encode wrote, or another program's V2 encoding of values up to
// Highest. The encoding holds buckets alone: min, max and mean of the result are
// rounded to 3 digits, overflow and underflow are 0.
func Decode(encoded string) (*Histogram, error) {
	d, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		return nil, fmt.Errorf("measure: not an encoded histogram: %w", err)
	}
	h := NewHistogram()
	for _, bar := range d.Distribution() {
		if bar.Count == 0 {
			continue
		}
		mid := bar.From + (bar.To-bar.From)/2
		if bar.Count < 0 || mid < 0 || bar.From > int64(Highest) || uint64(bar.Count) > math.MaxInt64-h.count {
			return nil, fmt.Errorf("measure: %d values of %d ns are out of range", bar.Count, bar.From)
		}
		h.RecordN(min(smr.Time(mid), Highest), int(bar.Count))
	}
	return h, nil
}

// Bucket is a bar of a histogram drawn for people.
type Bucket struct {
	From, To smr.Time // [From, To)
	Count    uint64
	Share    float64 // of all, 0 to 1
}

// Buckets returns the distribution in buckets that double: [unit, 2 unit),
// [2 unit, 4 unit) ..., and below unit halves of it, so that all edges print well
// in that unit. The first and the last are not empty. A value within 3 digits of an
// edge may stand on its other side; one just on the edge stands above it.
func (h *Histogram) Buckets(unit smr.Time) []Bucket {
	if h.count == 0 || unit <= 0 {
		return nil
	}
	var out []Bucket
	var to smr.Time = -1
	for _, bar := range h.counts().Distribution() {
		if bar.Count == 0 {
			continue
		}
		v := min(max(smr.Time(bar.To), h.min), h.max)
		for v >= to { // the first value finds its bucket, later ones add empty ones between
			var b Bucket
			if len(out) == 0 {
				b.From, b.To = edges(v, unit)
			} else {
				b.From, b.To = edges(to, unit)
			}
			to = b.To
			out = append(out, b)
		}
		out[len(out)-1].Count += uint64(bar.Count)
	}
	for i := range out {
		out[i].Share = float64(out[i].Count) / float64(h.count)
	}
	return out
}

// edges returns the bucket that v falls into.
func edges(v, unit smr.Time) (from, to smr.Time) {
	if v >= unit {
		from = unit << (bits.Len64(uint64(v/unit)) - 1)
		if from > math.MaxInt64/2 {
			return from, smr.Never
		}
		return from, 2 * from
	}
	to = unit
	for to > 1 && v < to/2 {
		to /= 2
	}
	if to <= 1 {
		return 0, 1
	}
	return to / 2, to
}

// Unit is the unit in which a latency prints with one to three digits before the
// point: a second, a millisecond, a microsecond or a nanosecond.
func Unit(v smr.Time) smr.Time {
	for _, unit := range []smr.Time{1e9, 1e6, 1e3} {
		if v >= unit {
			return unit
		}
	}
	return 1
}
