package page

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

func clean(s string) string { return report.Clean(s) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// run is one run of one file, with a name of its own on the page.
type run struct {
	*result.Run
	file *File
	name string
}

// all returns the runs of files, each with the shortest name that tells it apart from all
// others.
func all(files []*File) []run {
	var out []run
	for _, f := range files {
		for i := range f.Result.Runs {
			out = append(out, run{&f.Result.Runs[i], f, ""})
		}
	}
	forms := []func(r *run) string{
		func(r *run) string { return r.Protocol },
		func(r *run) string { return r.Name() },
		func(r *run) string { return r.Protocol + " " + r.file.Name },
		func(r *run) string { return fmt.Sprintf("%s seed %d", r.Protocol, r.Seed) },
		func(r *run) string { return fmt.Sprintf("%s %s seed %d", r.Protocol, r.file.Name, r.Seed) },
	}
	for _, form := range forms {
		seen := map[string]bool{}
		for i := range out {
			out[i].name = clean(form(&out[i]))
			seen[out[i].name] = true
		}
		if len(seen) == len(out) {
			return out
		}
	}
	for i := range out {
		out[i].name = clean(out[i].Protocol) + " #" + strconv.Itoa(i+1)
	}
	return out
}

// word is the verdict on a run, and the class of its colour.
func (r *run) word() (word, class string) {
	switch {
	case r.Error != "":
		return "FAILED", "bad"
	case r.Verdict.Correct && r.Interrupted:
		return "INTERRUPTED", "doubt"
	case r.Verdict.Correct:
		return "CORRECT", "good"
	case r.Verdict.Word() == "INCORRECT":
		return "INCORRECT", "bad"
	}
	return r.Verdict.Word(), "doubt"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return report.Count(uint64(n)) + " " + noun + "s"
}

// timeUnit is the unit of time that suits an axis up to most, and its name.
func timeUnit(most float64) (float64, string) {
	for _, u := range []struct {
		ns   float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
		if most >= u.ns {
			return u.ns, u.name
		}
	}
	return 1, "ns"
}

// decode reads a configuration as far as it goes.
func decode(raw json.RawMessage, into any) {
	_ = json.Unmarshal(raw, into) // of another version some fields may be missing: they stay 0
}
