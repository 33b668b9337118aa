package measure

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/consbench/consbench/bench/smr"
)

// The sparse form of a histogram, all numbers as uvarints:
//
//	count | sum, high and low word | min | max | overflow | underflow
//	then for each bucket that is not empty: how many after the one before, count
//
// Unlike Encode it keeps count, sum, min and max exact, and its length is that of
// what was recorded since the last Reset.

// AppendSparse appends the sparse form of h to dst: nothing if h is empty.
func (h *Histogram) AppendSparse(dst []byte) []byte {
	if h.count == 0 {
		return dst
	}
	for _, v := range [...]uint64{h.count, h.sumHi, h.sumLo, uint64(h.min), uint64(h.max), h.over, h.under} {
		dst = binary.AppendUvarint(dst, v)
	}
	last := -1
	for i, n := range h.counts().Export().Counts {
		if n != 0 {
			dst = binary.AppendUvarint(dst, uint64(i-last))
			dst = binary.AppendUvarint(dst, uint64(n))
			last = i
		}
	}
	return dst
}

// ErrSparse is returned for bytes that AppendSparse cannot have written.
var ErrSparse = errors.New("measure: not a histogram in sparse form")

// bucketStart is the lowest value of the bucket that stands at index i of the counts:
// HdrHistogram's layout for values from 1 at 3 digits, where buckets come in halves of
// 2048, each twice as wide as the one before.
func bucketStart(i uint64) uint64 {
	const half = 1024
	if i < 2*half {
		return i
	}
	return (i%half + half) << (i/half - 1)
}

// MergeSparse adds what the sparse form holds. After an error h is as it was.
func (h *Histogram) MergeSparse(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	ok := true
	next := func() uint64 {
		v, n := binary.Uvarint(data)
		if ok = ok && n > 0; ok {
			data = data[n:]
		}
		return v
	}
	s := Histogram{count: next(), sumHi: next(), sumLo: next(), min: smr.Time(next()), max: smr.Time(next()), over: next(), under: next()}
	if !ok || s.count == 0 || s.count > math.MaxInt64-h.count || s.min < 0 || s.max < s.min || s.over > s.count || s.under > s.count {
		return ErrSparse
	}
	// Once to see that all is well, and once to do it.
	buckets := data
	for _, record := range [...]bool{false, true} {
		data = buckets
		total := uint64(0)
		for at := uint64(math.MaxUint64); len(data) > 0; { // the first bucket is 0, 1 after that
			skip, n := next(), next()
			if !ok || skip == 0 || skip > 1<<20 || n == 0 || n > s.count-total {
				return ErrSparse
			}
			at += skip
			total += n
			if at > 1<<20 || bucketStart(at) > uint64(Highest) {
				return ErrSparse
			}
			if record {
				if err := h.counts().RecordValues(int64(bucketStart(at)), int64(n)); err != nil {
					panic("measure: a value in range was refused: " + err.Error())
				}
			}
		}
		if total != s.count {
			return ErrSparse
		}
	}
	h.add(&s)
	return nil
}
