package bench

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/result"
)

// maxCostFile is more than any file of a model takes.
const maxCostFile = 1 << 20

// LoadCost returns the built-in model of that name, or that of a file.
func LoadCost(name string) (*cost.Model, error) {
	if m := cost.Builtin(name); m != nil {
		return m, nil
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		names := append(cost.Names(), "none")
		return nil, fmt.Errorf("%q is not %s or a file%s", name, strings.Join(names, ", "), nearest.Hint(name, names))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, plain(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: consbench calibrate -o cost.json makes a file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxCostFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plain(err))
	}
	file, err := ParseCost(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &file.Model, nil
}

// plain drops the operation and the path from an error of the file system.
func plain(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// ParseCost reads the file of a model. It must be complete: what costs nothing is 0.
func ParseCost(data []byte) (*cost.File, error) {
	if len(data) > maxCostFile {
		return nil, fmt.Errorf("more than %d bytes: no cost model has that", maxCostFile)
	}
	f := new(cost.File)
	if err := result.Unmarshal(data, f); err != nil {
		return nil, err
	}
	if f.Schema != cost.Schema {
		return nil, fmt.Errorf("schema: %.60q is not %s, which consbench calibrate writes", f.Schema, cost.Schema)
	}
	return f, f.Model.Validate()
}
