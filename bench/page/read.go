package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/consbench/consbench/bench/export"
	"github.com/consbench/consbench/bench/result"
)

// File is a file that was read. One of its pointers is set.
type File struct {
	Name       string // as the user gave it
	Result     *result.File
	Comparison *result.Comparison
	Gate       *result.Gate
	Elections  *result.Elections
	Sweep      *result.Sweep
	Rerun      []string  // the command that repeats it, in parts to keep on one line; the caller's to set
	Settings   []Setting // of its configuration; the caller's to set
}

// Setting is one line of a configuration.
type Setting struct {
	Name, Value string
	Default     bool
}

// Read reads a file that consbench has written, of any schema but that of cases. It
// must be complete and sound in form. The error names the file.
func Read(name string, r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, export.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	f := &File{Name: name}
	if json.Unmarshal(data, &head) == nil {
		switch head.Schema {
		case result.ElectionsSchema:
			f.Elections = new(result.Elections)
			return f.parsed(data, f.Elections, func() error { return checkElections(f.Elections) })
		case result.Schema, result.ComparisonSchema, result.GateSchema, result.SweepSchema, "":
		default:
			return nil, fmt.Errorf("%s: schema: %q is not one that this program reads: %s, %s, %s, %s, %s", name, head.Schema,
				result.Schema, result.ComparisonSchema, result.ElectionsSchema, result.SweepSchema, result.GateSchema)
		}
	}
	d, err := export.Read(name, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f.Result, f.Comparison, f.Gate, f.Sweep = d.Result, d.Comparison, d.Gate, d.Sweep
	return f, nil
}

// parsed is the file, once data was read into v and found sound.
func (f *File) parsed(data []byte, v any, check func() error) (*File, error) {
	err := result.Unmarshal(data, v)
	if err == nil {
		err = check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return f, nil
}

// checkElections checks what the types do not say.
func checkElections(e *result.Elections) error {
	if len(e.Settings) == 0 {
		return errors.New("settings: empty: nothing was measured")
	}
	for i := range e.Settings {
		s := &e.Settings[i]
		for name, p := range map[string]*result.Phase{
			"detected": &s.Phases.Detected, "elected": &s.Phases.Elected, "announced": &s.Phases.Announced, "first_commit": &s.Phases.FirstCommit,
		} {
			if n := len(p.Quantiles); n != 101 {
				return fmt.Errorf("settings[%d].phases.%s.quantiles_ns: %d values where 101 must be", i, name, n)
			}
		}
		if p := s.Published; p != nil && len(p.Quantiles) != 101 {
			return fmt.Errorf("settings[%d].published.quantiles_ns: %d values where 101 must be", i, len(p.Quantiles))
		}
	}
	return nil
}
