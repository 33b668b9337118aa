package wal

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// reader walks through the segments of a log that nobody writes to.
type reader struct {
	store    store
	id       uint32
	segments []uint64 // ascending
	heads    []head   // of the segments

	stream  stream // of segments[i:]
	i       int    // of the segment that is read
	span           // what is in memory of it, from off on at least
	buf     []byte // in which span lies; nil if it is not the stream's
	last    bool   // span goes to the end of what the segment holds
	off     int64  // of the next frame
	scratch []byte // for a frame that is in several pieces

	waited smr.Time // for the stream

	known place    // records say that the log was synced up to here
	ended []extent // segments that next has gone through, as far as they are used
}

// stop is a place where no frame can be read.
type stop struct {
	segment uint64
	off     int64
	reason  string // "" = nothing was written there
}

// enter goes to the beginning of segment i, from where on segments are read ahead.
func (r *reader) enter(i int) error {
	r.leave()
	r.stream = r.store.stream(segmentFile, r.segments[i:])
	s, err := r.begin(i)
	if s != nil {
		err = &RotError{r.store.name(fileID{segmentFile, s.segment}), 0, s.reason}
	}
	return err
}

// leave ends the reading.
func (r *reader) leave() {
	if r.stream != nil {
		r.stream.stop()
	}
	r.stream, r.buf, r.last, r.data = nil, nil, true, nil
}

// begin goes to the beginning of segment i, which is the next one in the stream.
func (r *reader) begin(i int) (*stop, error) {
	for !r.last { // what follows the end of a segment is nothing
		r.off = r.end()
		if err := r.more(); err != nil {
			return nil, err
		}
	}
	segment := r.segments[i]
	r.i, r.span, r.off, r.last = i, span{id: r.id, segment: segment}, 0, false
	if err := r.want(segmentHeader); err != nil {
		return nil, err
	}
	id, reason := readSegmentHeader(r.data, segment)
	if reason == "" && id != r.id {
		reason = ofAnotherLog(id, r.id)
	}
	if reason != "" {
		return &stop{segment, 0, reason}, nil
	}
	r.off = segmentHeader
	return nil, nil
}

func ofAnotherLog(id, this uint32) string {
	return fmt.Sprintf("the segment is of another log, %08x; this one is %08x", id, this)
}

// want reads on until the n bytes at off are in memory, if the segment has them.
func (r *reader) want(n int64) (err error) {
	for err == nil && !r.last && r.end() < r.off+n {
		err = r.more()
	}
	return err
}

// more adds the next piece of the segment behind what is left from off on.
func (r *reader) more() error {
	began := r.store.now()
	p, err := r.stream.next()
	r.waited += r.store.now() - began
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	left := r.bytes(r.off, r.end()-r.off)
	from, buf := r.end()-int64(len(left)), r.buf
	r.last = p.last
	switch {
	case len(left) <= p.front:
		copy(p.buf[p.front-len(left):], left)
		r.data, r.buf = p.buf[p.front-len(left):], p.buf
	case r.buf == nil && len(r.scratch) > 0 && &left[0] == &r.scratch[0]:
		r.scratch = append(r.scratch, p.buf[p.front:]...)
		r.data, buf = r.scratch, p.buf
	default:
		r.scratch = append(append(r.scratch[:0], left...), p.buf[p.front:]...)
		r.data, r.buf = r.scratch, nil
		r.stream.free(p.buf)
	}
	r.from = from
	r.stream.free(buf)
	return nil
}

// next reads the next record. Through the end of a segment it goes on to the
// following one; where there is nothing more it returns a stop.
func (r *reader) next() (f frame, s *stop, err error) {
	for {
		segment := r.segments[r.i]
		if err := r.want(frameHeader); err != nil {
			return f, nil, err
		}
		if r.blank(r.off, frameHeader) {
			return f, &stop{segment, r.off, ""}, nil
		}
		if r.header(r.off) {
			if err := r.want(min(r.peek(r.off).size, int64(frameSize(maxPayload)))); err != nil {
				return f, nil, err
			}
		}
		f, reason := r.frame(r.off)
		if reason != "" {
			return f, &stop{segment, r.off, reason}, nil
		}
		r.off += f.size
		r.known = max(r.known, f.durable)
		switch f.kind {
		case kindRecord:
			return f, nil, nil
		case kindEnd:
			r.ended = append(r.ended, extent{segment: segment, written: r.off, synced: r.off, entry: true})
			if r.i+1 == len(r.segments) || r.segments[r.i+1] != segment+1 {
				return f, nil, &RotError{r.store.name(fileID{segmentFile, segment + 1}), 0, "the segment is missing"}
			}
			if s, err := r.begin(r.i + 1); s != nil || err != nil {
				if s != nil { // it was durable before its predecessor ended
					err = &RotError{r.store.name(fileID{segmentFile, s.segment}), 0, s.reason}
				}
				return f, nil, err
			}
		}
	}
}

// verdict tells a torn tail from rot. What had been synced must be there; of what
// had not, any sectors may be missing after a power failure. It is rot
//
//   - if a frame that was written later says that the log was durable beyond the
//     stop, whatever stands there now; the first frame after every sync says so, and
//     the seal of a log that was closed;
//   - if a single bit is all that is wrong, in a sector that holds more than it.
//
// What is left is larger damage to what the very last sync before a crash covered. It
// looks like a torn write and is cut. torn is how many bytes are cut off behind the
// stop.
func (r *reader) verdict(s stop) (torn uint64, err error) {
	name := func(n uint64) string { return r.store.name(fileID{segmentFile, n}) }
	for i := r.i; i < len(r.segments); i++ {
		from := s.off
		if i > r.i {
			from = segmentHeader
		}
		f := fileID{segmentFile, r.segments[i]}
		data, err := r.store.load(f, from)
		if err != nil {
			return 0, fmt.Errorf("wal: %w", err)
		}
		rest := span{r.id, f.n, from, data}
		if i == r.i && s.off > 0 && s.reason != "" && rest.oneBit(s.off) {
			return 0, &RotError{name(s.segment), s.off, s.reason + " for a single bit"}
		}
		last := from
		for off := from; off < rest.end(); off += 8 {
			if rest.blank(off, int64(len(zeros))) {
				off += int64(len(zeros)) - 8
				continue
			}
			if rest.blank(off, 8) {
				continue
			}
			last = min(off+8, rest.end())
			if !rest.header(off) {
				continue
			}
			if g, reason := rest.frame(off); reason == "" && g.durable > at(s.segment, s.off) {
				why := s.reason
				if why == "" {
					why = "nothing is written here"
				}
				return 0, &RotError{name(s.segment), s.off,
					fmt.Sprintf("%s, and a record at offset %d of %s says that it was synced", why, off, fileName(f))}
			}
		}
		torn += uint64(last - from)
	}
	return torn, nil
}

// end is where a log ends.
type end struct {
	base int    // segments[base] is where replay begins
	cut  place  // behind the last record
	torn uint64 // bytes behind cut
	read uint64 // bytes of records, framing included
}

// walk finds the newest whole baseline and calls f for every record from there on.
// It returns a *RotError where what must be there is not.
func (r *reader) walk(f func(frame) error) (e end, err error) {
	defer r.leave()
	e.base = -1
	half := uint64(0) // the segment of a baseline that is not whole
	for i := len(r.segments) - 1; i >= 0 && e.base < 0; i-- {
		switch {
		case r.heads[i].flags&flagBaseline != 0: // else, if it matters, the walk from an earlier one will find out
			if r.durable(i) {
				e.base = i
				break
			}
			if err := r.enter(i); err != nil {
				return e, err
			}
			s, err := r.whole()
			if err != nil {
				return e, err
			}
			if s == nil {
				e.base = i
				break
			}
			torn, err := r.verdict(*s)
			if err != nil {
				return e, err
			}
			half, e.torn = r.segments[i], torn+uint64(s.off-segmentHeader)
			switch {
			case i == 0 && half == 1:
				e.base = 0 // the log began with it
			case i == 0: // nothing would have been removed before this was durable
				return e, &RotError{r.store.name(fileID{segmentFile, s.segment}), s.off, "a baseline is not whole, and there is none before it"}
			}
		case i == 0 && r.segments[0] == 1:
			e.base = 0
		}
	}
	if e.base < 0 {
		first := fileID{segmentFile, r.segments[0]}
		return e, &RotError{r.store.name(first), 0, "the log does not begin with a whole baseline"}
	}
	if r.stream != nil && r.i == e.base && r.from == 0 { // it is in memory, all that was read of it
		r.off = segmentHeader
	} else if err := r.enter(e.base); err != nil {
		return e, err
	}
	r.ended = r.ended[:0]
	for {
		fr, s, err := r.next()
		if err != nil {
			return e, err
		}
		if s == nil && half != 0 && r.segments[r.i] == half {
			e.cut = at(half, segmentHeader)
			return e, nil
		}
		if s != nil {
			e.cut = at(s.segment, s.off)
			e.torn, err = r.verdict(*s)
			return e, err
		}
		e.read += uint64(fr.size)
		if err := f(fr); err != nil {
			return e, err
		}
	}
}

// durable reports whether the beginnings of the segments tell that the baseline which
// begins segment i was all synced. If they do not, it must be read.
func (r *reader) durable(i int) bool {
	known := place(0)
	for _, h := range r.heads[i+1:] {
		known = max(known, h.durable)
	}
	for j := i + 1; j < len(r.heads); j++ {
		if h := r.heads[j]; h.frame && h.flags&flagRest == 0 { // it has ended before this segment
			return known >= at(r.segments[j], segmentHeader)
		}
	}
	return false
}

// whole reads on until the Ready that begins here is over.
func (r *reader) whole() (*stop, error) {
	for {
		f, s, err := r.next()
		if err != nil || s != nil || f.flags&flagLast != 0 {
			return s, err
		}
	}
}

// loadSnapshot reads a snapshot file.
func loadSnapshot(st store, index uint64) (id uint32, meta, image []byte, err error) {
	f := fileID{snapshotFile, index}
	data, err := st.load(f, 0)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("wal: %w", err)
	}
	id, meta, image, off, reason := readSnapshot(data, index)
	if reason != "" {
		return 0, nil, nil, &RotError{st.name(f), off, reason}
	}
	return id, meta, image, nil
}
