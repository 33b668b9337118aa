package wal

import (
	"errors"
	"io/fs"
	"slices"
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
	// load returns all of a file that is not known to be zeros; scratch may be
	// used for it and belongs to the store from then on. Nobody writes to the file
	// while the result is looked at.
	load(f fileID, scratch []byte) ([]byte, error)
	// head reads the beginning of a file, as much of it as fits into buf.
	head(f fileID, buf []byte) ([]byte, error)
	// expect says that these files will be loaded soon, in this order.
	expect(kind fileKind, numbers []uint64)
	flip(f fileID, off int64, bit uint8) error
	// list returns the files of the log, sorted by kind and number.
	list() ([]fileID, error)
	name(f fileID) string
	wipe() error
	close() error
}

// memStore keeps files in memory, for simulated devices.
type memStore struct {
	files map[fileID][]byte
	spare [][]byte
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

func (s *memStore) load(f fileID, _ []byte) ([]byte, error) {
	b, ok := s.files[f]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return b, nil
}

func (s *memStore) head(f fileID, buf []byte) ([]byte, error) {
	b, err := s.load(f, nil)
	return b[:min(len(b), len(buf))], err
}

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

func (s *memStore) sync(fileID) error         { return nil }
func (s *memStore) syncDir() error            { return nil }
func (s *memStore) expect(fileKind, []uint64) {}
func (s *memStore) name(f fileID) string      { return "simulated/" + fileName(f) }
func (s *memStore) close() error              { return nil }
