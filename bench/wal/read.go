package wal

import (
	"bytes"
	"fmt"
)

// reader walks through the segments of a log that nobody writes to.
type reader struct {
	store    store
	id       uint32
	segments []uint64 // ascending
	heads    []head   // of the segments
	scratch  []byte

	i    int    // of the segment that data is
	data []byte // the segment as far as it is not known to be zeros
	off  int64  // of the next frame

	known place    // records say that the log was synced up to here
	ended []extent // segments that next has gone through, as far as they are used
}

// stop is a place where no frame can be read.
type stop struct {
	segment uint64
	off     int64
	reason  string // "" = nothing was written there
}

// load goes to the beginning of segment i.
func (r *reader) load(i int) (*stop, error) {
	f := fileID{segmentFile, r.segments[i]}
	data, err := r.store.load(f, r.scratch)
	if err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	r.scratch = data
	r.i, r.data, r.off = i, data, segmentHeader
	id, reason := readSegmentHeader(data, f.n)
	if reason == "" && id != r.id {
		reason = fmt.Sprintf("the segment is of another log, %08x; this one is %08x", id, r.id)
	}
	if reason != "" {
		return &stop{f.n, 0, reason}, nil
	}
	return nil, nil
}

// next reads the next record. Through the end of a segment it goes on to the
// following one; where there is nothing more it returns a stop.
func (r *reader) next() (f frame, s *stop, err error) {
	for {
		segment := r.segments[r.i]
		if blank(r.data, r.off, frameHeader) {
			return f, &stop{segment, r.off, ""}, nil
		}
		f, reason := readFrame(r.data, r.id, segment, r.off)
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
			if s, err := r.load(r.i + 1); s != nil || err != nil {
				if s != nil { // it was durable before its predecessor ended
					err = &RotError{r.store.name(fileID{segmentFile, s.segment}), 0, s.reason}
				}
				return f, nil, err
			}
		}
	}
}

// blank reports whether the n bytes at off, as far as they are there, are zeros.
func blank(data []byte, off, n int64) bool {
	data = data[min(off, int64(len(data))):min(off+n, int64(len(data)))]
	for len(data) >= len(zeros) {
		if !bytes.Equal(data[:len(zeros)], zeros[:]) {
			return false
		}
		data = data[len(zeros):]
	}
	return bytes.Equal(data, zeros[:len(data)])
}

var zeros [4096]byte

// verdict tells a torn tail from rot. What had been synced must be there; of what
// had not, any part may be missing after a power failure. It is rot
//
//   - if a frame that was written later says that the log was durable beyond the
//     stop, whatever stands there now; the first frame after every sync says so, and
//     the seal of a log that was closed;
//   - if a single bit is all that is wrong: a write that was cut short leaves zeros,
//     and takes the last byte of the frame with it, which is eight bits away.
//
// What is left is damage of several bits to what the very last sync before a crash
// covered. It looks like a torn write, and no log without a second place to write to
// can tell; it is cut. torn is how many bytes are cut off behind the stop.
func (r *reader) verdict(s stop) (torn uint64, err error) {
	name := func(n uint64) string { return r.store.name(fileID{segmentFile, n}) }
	if s.off > 0 && s.reason != "" && oneBit(r.data, r.id, s.segment, s.off) {
		return 0, &RotError{name(s.segment), s.off, s.reason + " for a single bit"}
	}
	for i := r.i; i < len(r.segments); i++ {
		data, from := r.data, s.off
		if i > r.i {
			f := fileID{segmentFile, r.segments[i]}
			if data, err = r.store.load(f, nil); err != nil {
				return 0, fmt.Errorf("wal: %w", err)
			}
			from = segmentHeader
		}
		last := from
		for off := from; off < int64(len(data)); off += 8 {
			if blank(data, off, int64(len(zeros))) {
				off += int64(len(zeros)) - 8
				continue
			}
			if blank(data, off, 8) {
				continue
			}
			last = min(off+8, int64(len(data)))
			if !header(data, r.id, r.segments[i], off) {
				continue
			}
			if f, reason := readFrame(data, r.id, r.segments[i], off); reason == "" && f.durable > at(s.segment, s.off) {
				why := s.reason
				if why == "" {
					why = "nothing is written here"
				}
				return 0, &RotError{name(s.segment), s.off,
					fmt.Sprintf("%s, and a record at offset %d of %s says that it was synced", why, off, fileName(fileID{segmentFile, r.segments[i]}))}
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
	e.base = -1
	half := uint64(0) // the segment of a baseline that is not whole
	loaded := false   // segments[e.base] is
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
				e.base, loaded = i, r.i == i
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
	if loaded {
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

// enter goes to the beginning of segment i and has the following ones read ahead.
func (r *reader) enter(i int) error {
	r.store.expect(segmentFile, r.segments[i:])
	s, err := r.load(i)
	if s != nil {
		err = &RotError{r.store.name(fileID{segmentFile, s.segment}), 0, s.reason}
	}
	return err
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
	data, err := st.load(f, nil)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("wal: %w", err)
	}
	id, meta, image, off, reason := readSnapshot(data, index)
	if reason != "" {
		return 0, nil, nil, &RotError{st.name(f), off, reason}
	}
	return id, meta, image, nil
}
