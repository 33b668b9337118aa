package wal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check returns why dir is not the directory of a log, nil if it is one. It looks at
// no record.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such directory", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is a file; a log is a directory that holds %s", dir, markerName)
	}
	return checkOurs(dir, false)
}

// Dump writes what the log in dir holds, for a person, and changes nothing. describe
// says in words what a record is; it may be nil. The error is a [*RotError] if the
// log has rot: what can be read before it is listed all the same. A log that a run is
// writing to may be looked at, too; what is listed is then of different instants.
func Dump(w io.Writer, dir string, describe func(record []byte) string) error {
	if err := Check(dir); err != nil {
		return err
	}
	s := &dirStore{dir: dir, open: map[fileID]*os.File{}, reading: true}
	defer s.close()
	marker, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	out := &dumper{w: w, describe: describe, store: s}
	out.printf("%s: %s", dir, strings.TrimPrefix(string(marker), markerMagic))
	err = out.dump()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("a run removed files of this log while it was read: try again, or wait for its end: %w", err)
	}
	return errors.Join(err, out.err)
}

type dumper struct {
	w        io.Writer
	store    store
	describe func([]byte) string
	err      error // of w
}

func (d *dumper) printf(format string, args ...any) {
	if d.err == nil {
		_, d.err = fmt.Fprintf(d.w, format, args...)
	}
}

func (d *dumper) dump() error {
	r, snapshots, scratch, err := survey(d.store)
	if err != nil {
		return err
	}
	var rot []error
	for _, index := range snapshots {
		_, meta, image, err := loadSnapshot(d.store, index)
		if err != nil {
			d.printf("%s  ROT\n", fileName(fileID{snapshotFile, index}))
			rot = append(rot, err)
			continue
		}
		d.printf("%s  snapshot up to entry %d, %d B of meta, %d B of image, crc ok\n", fileName(fileID{snapshotFile, index}), index, len(meta), len(image))
	}
	for _, n := range scratch {
		d.printf("%s  not whole: a snapshot that was being written\n", fileName(fileID{scratchFile, n}))
	}
	for i, n := range r.segments {
		if err := d.segment(&r, i, n); err != nil {
			return err
		}
	}
	if len(r.segments) == 0 {
		d.printf("no segments: nothing was written\n")
		return errors.Join(rot...)
	}
	e, err := d.walk(&r)
	if err != nil {
		return errors.Join(append(rot, err)...)
	}
	d.printf("replay from %s on: %d B of records, end at offset %d of %s\n", fileName(fileID{segmentFile, r.segments[e.base]}),
		e.read, e.cut.offset(), fileName(fileID{segmentFile, e.cut.segment()}))
	if e.torn > 0 {
		d.printf("TORN TAIL  %d B behind offset %d of %s are not whole and were never synced; a recovery cuts them off\n", e.torn, e.cut.offset(), fileName(fileID{segmentFile, e.cut.segment()}))
	}
	return errors.Join(rot...)
}

// walk is that of r, made sure of: where a log is written to meanwhile, what stood half
// written at its end is whole a moment later, and only rot looks the same twice.
func (d *dumper) walk(r *reader) (e end, err error) {
	var last *RotError
	for range 8 {
		var rot *RotError
		e, err = r.walk(func(frame) error { return nil })
		if !errors.As(err, &rot) || last != nil && *rot == *last {
			break
		}
		last = rot
		again, _, _, err := survey(d.store)
		if err != nil {
			return e, err
		}
		*r = again
	}
	return e, err
}

// segment lists the frames of a segment as far as they can be read.
func (d *dumper) segment(r *reader, i int, n uint64) error {
	data, err := d.store.load(fileID{segmentFile, n}, 0)
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	s := span{r.id, n, 0, data}
	size := int64(len(data))
	if info, err := os.Stat(d.store.name(fileID{segmentFile, n})); err == nil {
		size = info.Size()
	}
	d.printf("%s  segment %d, %d B, log %08x\n", fileName(fileID{segmentFile, n}), n, size, r.id)
	bad := func(off int64, reason string) { d.printf("%12d  BAD     %s\n", off, reason) }
	if h := r.heads[i]; h.reason != "" {
		bad(0, h.reason)
		return nil
	} else if h.id != r.id {
		bad(0, ofAnotherLog(h.id, r.id))
		return nil
	}
	for off := int64(segmentHeader); !s.blank(off, frameHeader); {
		f, reason := s.frame(off)
		if reason != "" {
			bad(off, reason)
			return nil
		}
		d.printf("%12d  %-6s  %s\n", off, frameNames[f.kind], d.words(f))
		off += f.size
		if f.kind == kindEnd {
			break
		}
	}
	return nil
}

var frameNames = [...]string{kindRecord: "record", kindEnd: "end", kindSeal: "seal"}

func (d *dumper) words(f frame) string {
	switch f.kind {
	case kindEnd:
		return "the log goes on in the next segment"
	case kindSeal:
		return "the log was closed here"
	}
	s := fmt.Sprintf("%6d B  crc ok", len(f.payload))
	if f.flags&flagBaseline != 0 {
		s += "  baseline"
	}
	if d.describe != nil {
		s += "  " + d.describe(f.payload)
	}
	return s
}
