package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// target is the file that a result will be saved in. It is replaced as a whole or
// not at all: the result goes to a new file beside it, which takes its name once
// it is durable.
type target struct {
	path   string
	mode   fs.FileMode // of the file there is
	exists bool
	direct bool // a device or pipe: nothing that could be replaced
}

// openTarget checks, without leaving a trace, that path can be written, so that
// nobody waits for a run whose result is lost.
func openTarget(path string) (*target, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	t := &target{path: path}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory: it must be a file, such as %s", path, filepath.Join(path, "result.json"))
	case err == nil && !info.Mode().IsRegular():
		t.direct = true
		return t, nil
	case err == nil:
		t.exists, t.mode = true, info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, plain(err)
	}
	f, err := t.beside()
	if err != nil {
		return nil, fmt.Errorf("cannot write in %s: %w", filepath.Dir(path), plain(err))
	}
	f.Close()
	return t, os.Remove(f.Name())
}

// plain drops the operation and the path from an error of the file system.
func plain(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// beside makes a new file in the directory of the target.
func (t *target) beside() (*os.File, error) {
	for try := 0; ; try++ {
		name := filepath.Join(filepath.Dir(t.path), "."+filepath.Base(t.path)+"."+strconv.FormatUint(uint64(rand.Uint32()), 36)+".tmp")
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		return f, err
	}
}

// write replaces the target by file.
func (t *target) write(file *result.File) error {
	return t.replace(func(w io.Writer) error { return report.JSON(w, file) })
}

// replace replaces the target by what content writes.
func (t *target) replace(content func(io.Writer) error) (err error) {
	if t.direct {
		f, err := os.OpenFile(t.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(content(f), f.Close())
	}
	f, err := t.beside()
	if err != nil {
		return fmt.Errorf("cannot write in %s: %w", filepath.Dir(t.path), plain(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if t.exists {
		if err := f.Chmod(t.mode); err != nil {
			return err
		}
	}
	if err := content(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), t.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(t.path))
}

// syncDir makes a rename durable, where directories can be synced.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // a directory that may be written but not read
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("sync %s: %w", dir, plain(err))
	}
	return nil
}
