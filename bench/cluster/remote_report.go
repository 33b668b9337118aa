package cluster

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// report is what a node tells of itself. What is in vitals is as of now, since the
// node's start; the rest is what came since the last report.
type report struct {
	vitals
	events   []smr.Event
	marks    []digestMark
	problems []string
	samples  [histograms][]byte // in the sparse form of a histogram
}

// The histograms of a report.
const (
	commitLatency = iota
	syncTook
	syncRecords
	syncBytes
	histograms
)

// vitals has numbers only: encoding/binary writes them as they stand here.
type vitals struct {
	View   replica.View
	Totals Totals
	Usage  measure.Usage
	Halted bool // no turns are taken: paused, or not started
}

// digestMark is the running digest behind an entry.
type digestMark struct{ Index, Digest uint64 }

// A report: vitals, then events, marks, problems and histograms, each behind its
// length as a uvarint: the number of events, marks and problems, and of the bytes
// of each problem and each histogram.
var (
	vitalsSize = binary.Size(vitals{})
	eventSize  = binary.Size(smr.Event{})
	markSize   = binary.Size(digestMark{})
)

func (r *report) append(dst []byte) []byte {
	dst = mustAppend(dst, &r.vitals)
	dst = binary.AppendUvarint(dst, uint64(len(r.events)))
	dst = mustAppend(dst, r.events)
	dst = binary.AppendUvarint(dst, uint64(len(r.marks)))
	dst = mustAppend(dst, r.marks)
	dst = binary.AppendUvarint(dst, uint64(len(r.problems)))
	for _, p := range r.problems {
		dst = binary.AppendUvarint(dst, uint64(len(p)))
		dst = append(dst, p...)
	}
	for _, h := range r.samples {
		dst = binary.AppendUvarint(dst, uint64(len(h)))
		dst = append(dst, h...)
	}
	return dst
}

func mustAppend(dst []byte, v any) []byte {
	dst, err := binary.Append(dst, binary.LittleEndian, v)
	if err != nil {
		panic(err) // a field whose size is not fixed
	}
	return dst
}

// read reads what append wrote, into memory that r has. It does not refer to data.
func (r *report) read(data []byte) error {
	bad := func(what string) error { return fmt.Errorf("%w: a report with a bad %s", errMessage, what) }
	if len(data) < vitalsSize {
		return bad("length")
	}
	if _, err := binary.Decode(data, binary.LittleEndian, &r.vitals); err != nil {
		return err
	}
	data = data[vitalsSize:]
	// count reads a length and reports whether so many things of a size can follow.
	count := func(size int) (int, bool) {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, false
		}
		data = data[n:]
		return int(v), v <= uint64(len(data)/size)
	}
	n, ok := count(eventSize)
	if !ok {
		return bad("number of events")
	}
	r.events = slices.Grow(r.events[:0], n)[:n]
	if _, err := binary.Decode(data, binary.LittleEndian, r.events); err != nil {
		return err
	}
	data = data[n*eventSize:]
	if n, ok = count(markSize); !ok {
		return bad("number of digests")
	}
	r.marks = slices.Grow(r.marks[:0], n)[:n]
	if _, err := binary.Decode(data, binary.LittleEndian, r.marks); err != nil {
		return err
	}
	data = data[n*markSize:]
	problems, ok := count(1)
	if !ok {
		return bad("number of problems")
	}
	r.problems = r.problems[:0]
	for range problems {
		if n, ok = count(1); !ok {
			return bad("problem")
		}
		r.problems = append(r.problems, string(data[:n]))
		data = data[n:]
	}
	for i := range r.samples {
		if n, ok = count(1); !ok {
			return bad("histogram")
		}
		r.samples[i] = append(r.samples[i][:0], data[:n]...)
		data = data[n:]
	}
	if len(data) > 0 {
		return bad("end")
	}
	return nil
}
