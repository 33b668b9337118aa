package measure

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"

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
	for i, n := range h.hdr.Export().Counts {
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

// MergeSparse adds what the sparse form holds. After an error h is as it was.
func (h *Histogram) MergeSparse(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	next := func() (v uint64, ok bool) {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, false
		}
		data = data[n:]
		return v, true
	}
	var head [7]uint64
	for i := range head {
		var ok bool
		if head[i], ok = next(); !ok {
			return ErrSparse
		}
	}
	s := NewHistogram()
	snapshot := s.hdr.Export()
	at, total := uint64(0), uint64(0)
	for first := true; len(data) > 0; first = false {
		skip, ok1 := next()
		n, ok2 := next()
		if first {
			at-- // buckets count from 0, and the first is 1 after the one before
		}
		if !ok1 || !ok2 || skip == 0 || skip > uint64(len(snapshot.Counts)) || n == 0 || n > math.MaxInt64-total {
			return ErrSparse
		}
		if at += skip; at >= uint64(len(snapshot.Counts)) {
			return ErrSparse
		}
		snapshot.Counts[at] = int64(n)
		total += n
	}
	s.count, s.sumHi, s.sumLo, s.over, s.under = head[0], head[1], head[2], head[5], head[6]
	s.min, s.max = smr.Time(head[3]), smr.Time(head[4])
	if s.count == 0 || s.count != total || s.min < 0 || s.max < s.min || s.over > total || s.under > total {
		return ErrSparse
	}
	if _, carry := bits.Add64(h.count, total, 0); carry != 0 || h.count+total > math.MaxInt64 {
		return ErrSparse
	}
	s.hdr = hdrhistogram.Import(snapshot)
	h.Merge(s)
	return nil
}
