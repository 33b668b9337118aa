package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const (
	added   = "runs"     // where [Store.Add] puts files
	removed = ".removed" // and [Store.Remove]
	maxFile = 256 << 20  // more than any result takes
)

// Store is a directory of results.
type Store struct{ dir string }

// Open returns the store in a directory that is there.
func Open(dir string) (*Store, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such directory", dir)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", dir, cause(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s: is a file, not a directory of results", dir)
	}
	return &Store{dir}, nil
}

// Create returns the store in a directory, which is made if it is not there, and
// checks that results can be added.
func Create(dir string) (*Store, error) {
	s := &Store{dir}
	if err := os.MkdirAll(s.path(added), 0o777); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, cause(err))
	}
	f, err := s.scratch()
	if err != nil {
		return nil, fmt.Errorf("%s: cannot write: %w", s.path(added), cause(err))
	}
	f.Close()
	return s, os.Remove(f.Name())
}

// Dir is the directory of the store.
func (s *Store) Dir() string { return s.dir }

func (s *Store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// cause drops the operation and the path from an error of the file system.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	if l := (*os.LinkError)(nil); errors.As(err, &l) {
		return l.Err
	}
	return err
}

// Skipped is a file or directory that could not be read.
type Skipped struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// List returns all results, the oldest first, and what had to be skipped.
func (s *Store) List() ([]Entry, []Skipped, error) {
	var paths []string
	var skipped []Skipped
	root := s.dir
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real // the store itself may be a link; below it links are left alone
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := s.relative(root, path)
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			skipped = append(skipped, Skipped{name, cause(err).Error()})
			return nil
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular() && strings.HasSuffix(d.Name(), ".json"):
			paths = append(paths, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.dir, cause(err))
	}

	entries, errs := make([]Entry, len(paths)), make([]error, len(paths))
	var work sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		work.Go(func() {
			var buf bytes.Buffer
			for i := range next {
				entries[i], errs[i] = s.head(paths[i], &buf)
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	work.Wait()

	all := entries[:0]
	for i := range entries {
		if errors.Is(errs[i], errOther) {
			continue
		}
		if errs[i] != nil {
			skipped = append(skipped, Skipped{paths[i], errs[i].Error()})
			continue
		}
		all = append(all, entries[i])
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Path, b.Path)) })
	slices.SortFunc(skipped, func(a, b Skipped) int { return cmp.Compare(a.Path, b.Path) })
	return all, skipped, nil
}

func (s *Store) relative(root, path string) string {
	name, err := filepath.Rel(root, path)
	if err != nil {
		name = path
	}
	return filepath.ToSlash(name)
}

// head reads what a list shows of a file, through a buffer that is used again.
func (s *Store) head(name string, buf *bytes.Buffer) (Entry, error) {
	buf.Reset()
	if err := s.read(name, buf); err != nil {
		return Entry{}, err
	}
	e, err := parse(buf.Bytes())
	e.Path = name
	return e, err
}

func (s *Store) read(name string, buf *bytes.Buffer) error {
	f, err := os.Open(s.path(name))
	if err != nil {
		return cause(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxFile {
		return fmt.Errorf("is larger than %d MiB: no result", maxFile>>20)
	}
	if _, err := buf.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return cause(err)
	}
	return nil
}

// Load reads a result whole into v, a pointer to the type of its kind.
func (s *Store) Load(e *Entry, v any) error {
	var buf bytes.Buffer
	if err := s.read(e.Path, &buf); err != nil {
		return fmt.Errorf("%s: %w", s.path(e.Path), err)
	}
	if err := json.Unmarshal(buf.Bytes(), v); err != nil {
		return fmt.Errorf("%s: %w", s.path(e.Path), damage(buf.Bytes(), err))
	}
	return nil
}

// Find returns the entry of a name: the first digits of its ID, or its path, below
// the store or from where the program was started.
func (s *Store) Find(all []Entry, name string) (*Entry, error) {
	clean := filepath.ToSlash(filepath.Clean(name))
	var found []*Entry
	for i := range all {
		e := &all[i]
		if e.Path == clean || e.Path == clean+".json" || filepath.Clean(s.path(e.Path)) == filepath.Clean(name) {
			return e, nil
		}
		if len(name) >= MinID && strings.HasPrefix(e.ID, strings.ToLower(name)) {
			found = append(found, e)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var paths []string
		for _, e := range found[:min(len(found), 4)] {
			paths = append(paths, e.Path)
		}
		if len(found) > 4 {
			paths = append(paths, "...")
		}
		return nil, fmt.Errorf("%s names %d results of %s: %s", name, len(found), s.dir, strings.Join(paths, ", "))
	case name == "":
		return nil, errors.New("the name of a result is empty")
	case len(name) < MinID && strings.Trim(strings.ToLower(name), "0123456789abcdef") == "":
		return nil, fmt.Errorf("%s is too short: a result goes by at least %d digits of its ID", name, MinID)
	}
	return nil, fmt.Errorf("%s has no result %s", s.dir, name)
}

// Add keeps the result that data holds, and returns its entry. known is true if it
// was there already.
func (s *Store) Add(data []byte) (e Entry, known bool, err error) {
	if e, err = parse(data); err != nil {
		return e, false, err
	}
	e.Path = added + "/" + fileName(&e)
	f, err := s.scratch()
	if err != nil {
		return e, false, fmt.Errorf("%s: cannot write: %w", s.path(added), cause(err))
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return e, false, fmt.Errorf("%s: %w", s.path(added), cause(err))
	}
	err = place(f.Name(), s.path(e.Path))
	if errors.Is(err, fs.ErrExist) {
		var there bytes.Buffer
		if err := s.read(e.Path, &there); err != nil {
			return e, false, fmt.Errorf("%s: %w", s.path(e.Path), err)
		}
		if !bytes.Equal(there.Bytes(), data) {
			return e, false, fmt.Errorf("%s: is there already, and damaged: move it away", s.path(e.Path))
		}
		return e, true, nil
	}
	if err != nil {
		return e, false, fmt.Errorf("%s: %w", s.path(e.Path), cause(err))
	}
	return e, false, syncDir(s.path(added))
}

// fileName is 20250102T030405Z-raft+paxos-sim-0123456789ab.json.
func fileName(e *Entry) string {
	what := string(e.Kind)
	if e.Kind == Run {
		var names []string
		for _, r := range e.Runs {
			if !slices.Contains(names, r.Protocol) {
				names = append(names, r.Protocol)
			}
		}
		what = strings.Join(names, "+") + "-" + e.Runs[0].Network
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '-' {
			return r
		}
		return '_'
	}, what)
	return e.Started.Format("20060102T150405Z") + "-" + plain[:min(len(plain), 60)] + "-" + e.ID[:12] + ".json"
}

// scratch makes a new file that no list shows.
func (s *Store) scratch() (*os.File, error) {
	for try := 0; ; try++ {
		name := s.path(added + "/.new-" + strconv.FormatUint(rand.Uint64(), 36))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		return f, err
	}
}

// place gives a file the name to, in one step, unless there is a file of that name:
// then the error is [fs.ErrExist]. The old name may go or stay.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A file system without hard links: whoever makes the name may replace it.
	claim, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	claim.Close()
	return os.Rename(from, to)
}

// Remove moves a result to the directory .removed of the store and returns where it
// is now. It refuses what has become something else since it was listed.
func (s *Store) Remove(e *Entry) (string, error) {
	info, err := os.Lstat(s.path(e.Path))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", s.path(e.Path), cause(err))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: is no regular file any more", s.path(e.Path))
	}
	var buf bytes.Buffer
	if now, err := s.head(e.Path, &buf); err != nil || now.ID != e.ID {
		return "", fmt.Errorf("%s: has changed since it was looked at", s.path(e.Path))
	}
	if err := os.MkdirAll(s.path(removed), 0o777); err != nil {
		return "", fmt.Errorf("%s: %w", s.path(removed), cause(err))
	}
	base := strings.TrimSuffix(strings.ReplaceAll(e.Path, "/", "-"), ".json")
	for n := 1; ; n++ {
		to := removed + "/" + base + ".json"
		if n > 1 {
			to = removed + "/" + base + "." + strconv.Itoa(n) + ".json"
		}
		err := place(s.path(e.Path), s.path(to))
		if errors.Is(err, fs.ErrExist) && n < 10_000 {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.path(e.Path), cause(err))
		}
		if err := os.Remove(s.path(e.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: %w", s.path(e.Path), cause(err))
		}
		return to, errors.Join(syncDir(s.path(removed)), syncDir(filepath.Dir(s.path(e.Path))))
	}
}

// syncDir makes what happened to names durable, where directories can be synced.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // it may be written but not read
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("sync %s: %w", dir, cause(err))
	}
	return nil
}
