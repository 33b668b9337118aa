package page

import (
	"io"

	"github.com/consbench/consbench/bench/export"
)

// File is a file that was read, and what only the caller knows of it.
type File struct {
	export.Document
	Rerun    []string  // the command that repeats it, in parts to keep on one line; the caller's to set
	Settings []Setting // of its configuration; the caller's to set
}

// Setting is one line of a configuration.
type Setting struct {
	Name, Value string
	Default     bool
}

// Read reads a file that consbench has written, of any schema but that of cases. It
// must be complete and sound in form. The error names the file.
func Read(name string, r io.Reader) (*File, error) {
	d, err := export.Read(name, r)
	if err != nil {
		return nil, err
	}
	return &File{Document: d}, nil
}
