package wal

import "fmt"

// head is what the first bytes of a segment say. They are enough to tell where replay
// begins, without reading what it does not need.
type head struct {
	id      uint32 // of the log
	reason  string // what is wrong with the header of the segment; "" = nothing
	frame   bool   // the header of the first frame is whole; what follows is of it
	flags   byte
	durable place
}

func readHead(st store, n uint64) (h head, err error) {
	var buf [segmentHeader + frameHeader]byte
	data, err := st.head(fileID{segmentFile, n}, buf[:])
	if err != nil {
		return h, fmt.Errorf("wal: %w", err)
	}
	h.id, h.reason = readSegmentHeader(data, n)
	if first := (span{h.id, n, 0, data}); h.reason == "" && first.header(segmentHeader) {
		f := first.peek(segmentHeader)
		h.frame, h.flags, h.durable = true, f.flags, f.durable
	}
	return h, nil
}

// survey lists a log's files, reads the beginning of each segment and finds out the
// log's id.
func survey(st store) (r reader, snapshots, other []uint64, err error) {
	r = reader{store: st}
	files, err := st.list()
	if err != nil {
		return r, nil, nil, fmt.Errorf("wal: %w", err)
	}
	for _, f := range files {
		switch f.kind {
		case segmentFile:
			h, err := readHead(st, f.n)
			if err != nil {
				return r, nil, nil, err
			}
			r.segments, r.heads = append(r.segments, f.n), append(r.heads, h)
		case snapshotFile:
			snapshots = append(snapshots, f.n)
		default:
			other = append(other, f.n)
		}
	}
	// A gap parts what a removal left behind from the log.
	for i := len(r.segments) - 1; i > 0; i-- {
		if r.segments[i-1]+1 != r.segments[i] {
			if r.heads[i].flags&flagBaseline == 0 {
				return r, nil, nil, &RotError{st.name(fileID{segmentFile, r.segments[i] - 1}), 0, "the segment is missing"}
			}
			r.segments, r.heads = r.segments[i:], r.heads[i:]
			break
		}
	}
	i := len(r.heads) - 1
	for i >= 0 && r.heads[i].reason != "" {
		i--
	}
	if i >= 0 {
		r.id = r.heads[i].id
		return r, snapshots, other, nil
	}
	switch n := len(r.segments); {
	case n == 1:
		f := fileID{segmentFile, r.segments[0]}
		data, err := st.load(f, 0)
		if err != nil {
			return r, nil, nil, fmt.Errorf("wal: %w", err)
		}
		if f.n != 1 || len(snapshots) > 0 || !(&span{data: data}).blank(0, int64(len(data))) {
			return r, nil, nil, &RotError{st.name(f), 0, r.heads[0].reason}
		}
		r.segments, r.heads = nil, nil // the process that made it died before it could write
	case n > 1:
		return r, nil, nil, &RotError{st.name(fileID{segmentFile, r.segments[0]}), 0, "no segment has a header"}
	case len(snapshots) > 0:
		return r, nil, nil, &RotError{st.name(fileID{segmentFile, 1}), 0, "there is a snapshot, and no segment"}
	}
	return r, nil, other, nil
}

// headed reports whether segment i has its header.
func (r *reader) headed(i int) bool { return r.heads[i].reason == "" && r.heads[i].id == r.id }
