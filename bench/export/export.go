package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// Options of an export.
type Options struct {
	Series bool // the time series of the runs instead of their metrics
}

// format is one row of the table of formats.
type format struct {
	name   string
	kinds  []Kind // that it has a use for
	series bool   // can show time series
	mixed  bool   // takes files of several kinds at once
	write  func(*output, []Document, Options) error
}

var formats = []format{
	{"csv", []Kind{Result, Comparison, Elections, Sweep}, true, false, writeCSV},
	{"jsonl", []Kind{Result, Comparison, Verdict, Elections, Sweep}, true, false, writeJSONL},
	{"hlog", []Kind{Result}, false, false, writeHlog},
	{"gobench", []Kind{Result, Comparison, Elections}, false, false, writeGobench},
	{"junit", []Kind{Result, Verdict}, false, true, writeJUnit},
	{"markdown", []Kind{Result, Comparison, Verdict, Elections, Sweep}, false, true, writeMarkdown},
}

// Formats returns the names of the formats.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

func find(name string) (format, error) {
	for _, f := range formats {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("%q is not one of %s", name, strings.Join(Formats(), ", "))
}

// Check reports what is asked for and makes no sense: a format without a use for a
// kind of file, and files that do not go together.
func Check(name string, docs []Document, o Options) error {
	f, err := find(name)
	if err != nil {
		return err
	}
	if o.Series && !f.series {
		return fmt.Errorf("%s has no time series: they go to %s", name, list(func(f format) bool { return f.series }))
	}
	var errs []error
	for i := range docs {
		d := &docs[i]
		switch kind := d.Kind(); {
		case !slices.Contains(f.kinds, kind):
			errs = append(errs, fmt.Errorf("%s is %s: %s has no form for it; it goes to %s",
				d.Name, kind, name, list(func(f format) bool { return slices.Contains(f.kinds, kind) })))
		case o.Series && kind != Result:
			errs = append(errs, fmt.Errorf("%s is %s: it has no time series", d.Name, kind))
		case !f.mixed && kind != docs[0].Kind():
			errs = append(errs, fmt.Errorf("%s is %s and %s is %s: %s needs a file for each kind",
				docs[0].Name, docs[0].Kind(), d.Name, kind, name))
		}
	}
	return errors.Join(errs...)
}

// list names the formats that do something.
func list(does func(format) bool) string {
	var names []string
	for _, f := range formats {
		if does(f) {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// Write writes docs in a format. notes say what was left out, and why. What [Check]
// refuses is an error here too.
func Write(w io.Writer, name string, docs []Document, o Options) (notes []string, err error) {
	if err := Check(name, docs, o); err != nil {
		return nil, err
	}
	f, err := find(name)
	if err != nil {
		return nil, err
	}
	out := &output{Writer: w}
	err = f.write(out, docs, o)
	return out.notes, err
}

// output collects what has to be said about what is written.
type output struct {
	io.Writer
	notes []string
}

func (o *output) note(format string, args ...any) {
	o.notes = append(o.notes, fmt.Sprintf(format, args...))
}

func (o *output) print(format string, args ...any) error {
	_, err := fmt.Fprintf(o, format, args...)
	return err
}

// Standings of a run.
const (
	correct     = "correct"
	incorrect   = "incorrect"
	failed      = "failed"      // it has no figures
	interrupted = "interrupted" // it covers less than it was to
	unchecked   = "unchecked"
)

func standing(r *result.Run) string {
	switch {
	case r.Error != "":
		return failed
	case !r.Verdict.Correct && len(r.Verdict.Checks) > 0:
		return incorrect
	case r.Interrupted:
		return interrupted
	case !r.Verdict.Correct:
		return unchecked
	}
	return correct
}

// comparable reports whether a run counts, and notes it if it does not.
func (o *output) comparable(file string, r *result.Run) bool {
	s := standing(r)
	if s != correct {
		o.note("%s: %s: %s: left out", file, identity(r), s)
	}
	return s == correct
}

// identity tells a run from others of its file.
func identity(r *result.Run) string {
	s := fmt.Sprintf("%s seed %d", r.Name(), r.Seed)
	if r.Rep > 0 {
		s += fmt.Sprintf(" rep %d", r.Rep)
	}
	return s
}

// exact reports whether the seed alone decides a metric of a run.
func exact(m measure.Metric, r *result.Run) bool { return m.Exact && r.Network == "sim" }

// number is a value in full, without an exponent.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func decimal(v int64) string { return strconv.FormatInt(v, 10) }

// value is a metric of a run in full, blank where it is unknown.
func value(r *result.Run, m measure.Metric) string {
	if v, known := report.Value(r, m.Name); known {
		return number(v)
	}
	return ""
}

// optional is a number that may be null.
func optional(v *int64) string {
	if v == nil {
		return ""
	}
	return decimal(*v)
}
