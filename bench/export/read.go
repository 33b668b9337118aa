package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/consbench/consbench/bench/result"
)

// Kind is what a file holds.
type Kind uint8

// Kinds of files.
const (
	Result     Kind = iota // of consbench run
	Comparison             // of consbench compare
	Verdict                // of consbench gate
	Elections              // of consbench elections
	Sweep                  // of consbench sweep
)

func (k Kind) String() string {
	return [...]string{"a result", "a comparison", "the verdict of a gate", "a file of elections", "a sweep"}[k]
}

// Document is a file that was read. One of its pointers is set.
type Document struct {
	Name       string // as the user gave it
	Result     *result.File
	Comparison *result.Comparison
	Gate       *result.Gate
	Elections  *result.Elections
	Sweep      *result.Sweep
}

// Kind says what the document holds.
func (d *Document) Kind() Kind {
	switch {
	case d.Comparison != nil:
		return Comparison
	case d.Gate != nil:
		return Verdict
	case d.Elections != nil:
		return Elections
	case d.Sweep != nil:
		return Sweep
	}
	return Result
}

// MaxFile is the size in bytes that [Read] accepts.
const MaxFile = 256 << 20

// Read reads a result, a comparison, a verdict, elections or a sweep. It must be
// complete and sound in form. The error names the file.
func Read(name string, r io.Reader) (Document, error) {
	d := Document{Name: name}
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("is larger than %d MiB: no file of consbench", MaxFile>>20)
	}
	if err == nil {
		err = d.parse(data)
	}
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

func (d *Document) parse(data []byte) (err error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(data, &head) != nil { // result.Parse says what is wrong and where
		head.Schema = result.Schema
	}
	switch head.Schema {
	case result.Schema, "":
		d.Result, err = result.Parse(data)
	case result.ComparisonSchema:
		d.Comparison = new(result.Comparison)
		if err = result.Unmarshal(data, d.Comparison); err == nil {
			err = checkComparison(d.Comparison)
		}
	case result.GateSchema:
		d.Gate = new(result.Gate)
		err = result.Unmarshal(data, d.Gate)
	case result.ElectionsSchema:
		d.Elections, err = result.ParseElections(data)
	case result.SweepSchema:
		d.Sweep = new(result.Sweep)
		if err = result.Unmarshal(data, d.Sweep); err == nil {
			err = checkSweep(d.Sweep)
		}
	default:
		err = fmt.Errorf("schema: %q is not one that this program reads: %s, %s, %s, %s, %s",
			head.Schema, result.Schema, result.ComparisonSchema, result.GateSchema, result.ElectionsSchema, result.SweepSchema)
	}
	return err
}

// checkComparison checks what an export relies on.
func checkComparison(c *result.Comparison) error {
	for i, a := range c.Against {
		for _, side := range []int{a.Base, a.Side} {
			if side < 0 || side >= len(c.Sides) {
				return fmt.Errorf("against[%d]: there is no side %d", i, side)
			}
		}
	}
	if len(c.Sides) == 0 {
		return errors.New("sides: empty: nothing was compared")
	}
	return nil
}
