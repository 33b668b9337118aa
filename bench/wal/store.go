package wal

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

type fileKind uint8

const (
	segmentFile fileKind = iota
	snapshotFile
	scratchFile // of a snapshot that is not whole yet
)

// fileID names a file of a log.
type fileID struct {
	kind fileKind
	n    uint64 // sequence of a segment, index of a snapshot
}

// store is the files of one log: the kernel's view of them, which is not what a
// power failure leaves. Its calls block. Different files may be used at once.
type store interface {
	// create makes a file of size bytes that read as zeros.
	create(f fileID, size int64) error
	write(f fileID, off int64, data []byte) error
	sync(f fileID) error
	syncDir() error
	rename(from, to fileID) error
	remove(f fileID) error
	// zero makes a file of size bytes end at from: what is behind reads as zeros.
	zero(f fileID, from, size int64) error
	// load returns what a file holds from an offset on, as far as it is not known
	// to be zeros. Nobody writes to the file while the result is looked at.
	load(f fileID, from int64) ([]byte, error)
	// stream reads files from end to end, one after another, like load.
	stream(kind fileKind, numbers []uint64) stream
	// head reads the beginning of a file, as much of it as fits into buf.
	head(f fileID, buf []byte) ([]byte, error)
	flip(f fileID, off int64, bit uint8) error
	// list returns the files of the log, sorted by kind and number.
	list() ([]fileID, error)
	name(f fileID) string
	// evict takes the files out of the page cache, as far as they are synced.
	evict()
	// now is the time that recoveries take, on any clock.
	now() smr.Time
	wipe() error
	close() error
}

// stream hands out files in pieces.
type stream interface {
	// next returns the next piece. Whoever has asked for more than there is of the
	// files waits for ever.
	next() (piece, error)
	free(buf []byte) // of a piece that is not used any more; nil is none
	stop()
}

// piece is a piece of a file: buf[front:]. What is before front may be written to.
type piece struct {
	buf   []byte
	front int
	last  bool // of its file
}

// memStore keeps files in memory, for simulated devices.
type memStore struct {
	files map[fileID][]byte
	spare [][]byte
	piece int // bytes of a piece of a stream; 0 = whole files
}

func newMemStore() *memStore { return &memStore{files: map[fileID][]byte{}} }

func (s *memStore) create(f fileID, _ int64) error {
	var b []byte
	if n := len(s.spare); n > 0 && f.kind == segmentFile {
		b, s.spare = s.spare[n-1], s.spare[:n-1]
	}
	s.files[f] = b[:0]
	return nil
}

func (s *memStore) write(f fileID, off int64, data []byte) error {
	b, ok := s.files[f]
	if !ok {
		return fs.ErrNotExist
	}
	if grow := int(off) + len(data) - len(b); grow > 0 {
		end := len(b)
		b = slices.Grow(b, grow)[:end+grow]
		if gap := int(off) - end; gap > 0 {
			clear(b[end : end+gap])
		}
	}
	copy(b[off:], data)
	s.files[f] = b
	return nil
}

func (s *memStore) rename(from, to fileID) error {
	b, ok := s.files[from]
	if !ok {
		return fs.ErrNotExist
	}
	delete(s.files, from)
	s.files[to] = b
	return nil
}

func (s *memStore) remove(f fileID) error {
	if b, ok := s.files[f]; ok && f.kind == segmentFile && len(s.spare) < 4 {
		s.spare = append(s.spare, b)
	}
	delete(s.files, f)
	return nil
}

func (s *memStore) zero(f fileID, from, _ int64) error {
	if b := s.files[f]; int64(len(b)) > from {
		s.files[f] = b[:from]
	}
	return nil
}

func (s *memStore) load(f fileID, from int64) ([]byte, error) {
	b, ok := s.files[f]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return b[min(from, int64(len(b))):], nil
}

func (s *memStore) head(f fileID, buf []byte) ([]byte, error) {
	b, err := s.load(f, 0)
	return b[:min(len(b), len(buf))], err
}

func (s *memStore) stream(kind fileKind, numbers []uint64) stream {
	return &memStream{s, kind, numbers, 0}
}

// memStream hands out the memory of a memStore.
type memStream struct {
	store   *memStore
	kind    fileKind
	numbers []uint64 // to be read
	off     int      // in the first of them
}

func (m *memStream) next() (piece, error) {
	data, err := m.store.load(fileID{m.kind, m.numbers[0]}, int64(m.off))
	if n := m.store.piece; n > 0 && len(data) > n {
		m.off += n
		return piece{buf: data[:n:n]}, err
	}
	m.numbers, m.off = m.numbers[1:], 0
	return piece{buf: data[:len(data):len(data)], last: true}, err
}

func (m *memStream) free([]byte) {}
func (m *memStream) stop()       {}

func (s *memStore) flip(f fileID, off int64, bit uint8) error {
	b := s.files[f]
	if off >= int64(len(b)) {
		return errors.New("wal: no such byte")
	}
	b[off] ^= 1 << bit
	return nil
}

func (s *memStore) list() ([]fileID, error) {
	all := make([]fileID, 0, len(s.files))
	for f := range s.files {
		all = append(all, f)
	}
	slices.SortFunc(all, byFile)
	return all, nil
}

func byFile(a, b fileID) int {
	switch {
	case a.kind != b.kind:
		return int(a.kind) - int(b.kind)
	case a.n < b.n:
		return -1
	case a.n > b.n:
		return 1
	}
	return 0
}

func (s *memStore) wipe() error {
	clear(s.files)
	return nil
}

func (s *memStore) sync(fileID) error    { return nil }
func (s *memStore) syncDir() error       { return nil }
func (s *memStore) name(f fileID) string { return "simulated/" + fileName(f) }
func (s *memStore) evict()               {}
func (s *memStore) now() smr.Time        { return 0 }
func (s *memStore) close() error         { return nil }
