package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// The name and the first line of the file that makes a directory a log of ours.
const (
	markerName  = "consbench-wal"
	markerMagic = "consbench log directory, format 1\n"
)

func fileName(f fileID) string {
	switch f.kind {
	case segmentFile:
		return fmt.Sprintf("%016x.seg", f.n)
	case snapshotFile:
		return fmt.Sprintf("%016x.snap", f.n)
	}
	return fmt.Sprintf("%016x.tmp", f.n)
}

func parseFileName(name string) (f fileID, ok bool) {
	hex, ext, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(hex, 16, 64)
	switch ext {
	case "seg":
		f.kind = segmentFile
	case "snap":
		f.kind = snapshotFile
	case "tmp":
		f.kind = scratchFile
	default:
		return f, false
	}
	f.n = n
	return f, err == nil && fileName(f) == name
}

// dirStore is a directory of files.
type dirStore struct {
	dir     string
	lock    *os.File // the marker; nil if only reading
	reading bool

	mu   sync.Mutex
	open map[fileID]*os.File

	piece int // bytes of a piece of a stream; 0 = 1 MiB
}

// openDir takes a directory into possession: one that is ours, or one that is empty
// or not there yet.
func openDir(dir, owner string) (*dirStore, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	if err := checkOurs(dir, true); err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, markerName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	s := &dirStore{dir: dir, lock: lock, open: map[fileID]*os.File{}}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("wal: %s is in use by another process: %w", dir, err)
	}
	content := markerMagic + owner + "\n"
	if _, err = lock.WriteAt([]byte(content), 0); err == nil {
		err = lock.Truncate(int64(len(content)))
	}
	if err == nil {
		err = lock.Sync()
	}
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("wal: %w", err)
	}
	return s, nil
}

// checkOurs returns why dir is not a directory that a log may use; an empty one is
// only if that is allowed.
func checkOurs(dir string, empty bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	marker, err := os.ReadFile(filepath.Join(dir, markerName))
	switch {
	case err == nil && bytes.HasPrefix(marker, []byte(markerMagic)):
		return nil
	case err == nil && len(marker) == 0 && len(entries) == 1:
		return nil // somebody died while making it
	case errors.Is(err, fs.ErrNotExist) && len(entries) == 0 && empty:
		return nil
	case err == nil:
		return fmt.Errorf("%s: %s is not a marker that this version of consbench writes", dir, markerName)
	case len(entries) == 0:
		return fmt.Errorf("%s is empty: no log of consbench", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return fmt.Errorf("%s is no log of consbench: it holds files and no %s", dir, markerName)
}

// Remove deletes the log in dir: the files that a log makes and then dir, if that
// leaves it empty. It refuses a directory that is not a log's.
func Remove(dir string) error {
	if err := checkOurs(dir, false); err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	for _, e := range entries {
		if _, ok := parseFileName(e.Name()); ok {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("wal: %w", err)
			}
		}
	}
	if err := os.Remove(filepath.Join(dir, markerName)); err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	if err := os.Remove(dir); err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	return nil
}

func (s *dirStore) now() smr.Time { return smr.Time(time.Since(began)) }

var began = time.Now()

func (s *dirStore) evict() {
	all, _ := s.list()
	for _, f := range all {
		if file, err := s.file(f); err == nil {
			dropCache(file)
		}
	}
}

func (s *dirStore) name(f fileID) string { return filepath.Join(s.dir, fileName(f)) }

// file returns f, open.
func (s *dirStore) file(f fileID) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file, ok := s.open[f]; ok {
		return file, nil
	}
	mode := os.O_RDWR
	if s.reading {
		mode = os.O_RDONLY
	}
	file, err := os.OpenFile(s.name(f), mode, 0)
	if err == nil {
		s.open[f] = file
	}
	return file, err
}

func (s *dirStore) create(f fileID, size int64) error {
	file, err := os.OpenFile(s.name(f), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if was := s.open[f]; was != nil {
		was.Close()
	}
	s.open[f] = file
	s.mu.Unlock()
	return allocate(file, size)
}

func (s *dirStore) write(f fileID, off int64, data []byte) error {
	file, err := s.file(f)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(data, off)
	return err
}

func (s *dirStore) sync(f fileID) error {
	file, err := s.file(f)
	if err != nil {
		return err
	}
	return syncData(file)
}

func (s *dirStore) syncDir() error { return syncDirectory(s.dir) }

func (s *dirStore) rename(from, to fileID) error {
	s.forget(from)
	s.forget(to)
	return os.Rename(s.name(from), s.name(to))
}

func (s *dirStore) remove(f fileID) error {
	s.forget(f)
	return os.Remove(s.name(f))
}

func (s *dirStore) forget(f fileID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file := s.open[f]; file != nil {
		file.Close()
		delete(s.open, f)
	}
}

func (s *dirStore) zero(f fileID, from, size int64) error {
	file, err := s.file(f)
	if err != nil {
		return err
	}
	if err := file.Truncate(from); err != nil {
		return err
	}
	if err := allocate(file, max(from, size)); err != nil {
		return err
	}
	return file.Sync()
}

func (s *dirStore) load(f fileID, from int64) ([]byte, error) {
	file, size, err := s.sized(f)
	if err != nil {
		return nil, err
	}
	data := make([]byte, max(0, size-from))
	n, err := file.ReadAt(data, from)
	if err == io.EOF {
		err = nil
	}
	return data[:n], err
}

// sized returns f, open, and how much of it may have been written to.
func (s *dirStore) sized(f fileID) (*os.File, int64, error) {
	file, err := s.file(f)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	return file, dataEnd(file, info.Size()), nil
}

func (s *dirStore) head(f fileID, buf []byte) ([]byte, error) {
	file, err := s.file(f)
	if err != nil {
		return nil, err
	}
	n, err := file.ReadAt(buf, 0)
	if err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

func (s *dirStore) flip(f fileID, off int64, bit uint8) error {
	file, err := s.file(f)
	if err != nil {
		return err
	}
	var b [1]byte
	if _, err := file.ReadAt(b[:], off); err != nil {
		return err
	}
	b[0] ^= 1 << bit
	_, err = file.WriteAt(b[:], off)
	return err
}

func (s *dirStore) list() ([]fileID, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var all []fileID
	for _, e := range entries {
		if f, ok := parseFileName(e.Name()); ok {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, byFile)
	return all, nil
}

func (s *dirStore) wipe() error {
	all, err := s.list()
	for _, f := range all {
		err = errors.Join(err, s.remove(f))
	}
	return err
}

func (s *dirStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range s.open {
		file.Close()
	}
	clear(s.open)
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}
