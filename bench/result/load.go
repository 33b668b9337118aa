package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxFile is more than any result takes.
const maxFile = 256 << 20

// Load reads a result file that is complete and sound in form; anything else is an
// error that names the file and the field. Whether the runs in it are of use (none
// failed, all correct), and whether they are of its configuration, the caller says.
func Load(path string) (*File, error) {
	data, err := read(path)
	if err == nil {
		var file *File
		if file, err = Parse(data); err == nil {
			return file, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// LoadLeniently reads what another version of this program may have written, for
// replacing it: it must be JSON of the schema, but fields may be missing or unknown
// and their values are not looked at.
func LoadLeniently(path string) (*File, error) {
	data, err := read(path)
	if err == nil {
		err = checkSchema(data, Schema)
	}
	file := new(File)
	if err == nil {
		err = json.Unmarshal(data, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// read reads a file of a sensible size.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("is a directory, not a result file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, cause(err)
	case len(data) > maxFile:
		return nil, fmt.Errorf("is larger than %d MiB: no result file", maxFile>>20)
	}
	return data, nil
}

// cause drops the operation and the path from an error of the file system.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Parse is [Load] for the contents of a file.
func Parse(data []byte) (*File, error) {
	if err := checkSchema(data, Schema); err != nil {
		return nil, err
	}
	file := new(File)
	if err := Unmarshal(data, file); err != nil {
		return nil, err
	}
	return file, file.validate()
}

// LoadElections is [Load] for a file of consbench elections.
func LoadElections(path string) (*Elections, error) {
	data, err := read(path)
	if err == nil {
		var file *Elections
		if file, err = ParseElections(data); err == nil {
			return file, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// ParseElections is [LoadElections] for the contents of a file.
func ParseElections(data []byte) (*Elections, error) {
	if err := checkSchema(data, ElectionsSchema); err != nil {
		return nil, err
	}
	file := new(Elections)
	if err := Unmarshal(data, file); err != nil {
		return nil, err
	}
	return file, file.validate()
}

// HoldsElections reports whether a file is one of consbench elections, by its schema.
func HoldsElections(path string) bool {
	data, err := read(path)
	return err == nil && checkSchema(data, ElectionsSchema) == nil
}

// validate checks what the types do not say.
func (e *Elections) validate() error {
	if _, err := time.Parse(time.RFC3339, e.Started); err != nil {
		return &FormatError{"started", -1, 0, fmt.Sprintf("%q is not a time such as 2006-01-02T15:04:05Z", e.Started)}
	}
	if len(e.Settings) == 0 {
		return &FormatError{"settings", -1, 0, "empty: nothing was measured"}
	}
	seen := map[ElectionConfig]int{}
	for i := range e.Settings {
		s := &e.Settings[i]
		bad := func(field, format string, args ...any) error {
			return &FormatError{fmt.Sprintf("settings[%d]%s", i, field), -1, 0, fmt.Sprintf(format, args...)}
		}
		if first, twice := seen[s.Config]; twice {
			return bad("", "the same setting as settings[%d]", first)
		}
		seen[s.Config] = i
		switch {
		case s.Trials < 1 || s.Trials > s.Config.Trials:
			return bad(".trials", "%d is not in 1 to config.trials, %d", s.Trials, s.Config.Trials)
		case s.Unfinished < 0 || s.Unfinished > s.Trials:
			return bad(".unfinished", "%d is not in 0 to %d", s.Unfinished, s.Trials)
		case s.SplitVoteRate < 0 || s.SplitVoteRate > 1:
			return bad(".split_vote_rate", "%v is not a share", s.SplitVoteRate)
		case s.Rounds.Mean < 0 || s.Rounds.Max < 0:
			return bad(".rounds", "is negative")
		}
		for _, p := range []struct {
			name string
			of   *Phase
		}{{"detected", &s.Phases.Detected}, {"elected", &s.Phases.Elected}, {"announced", &s.Phases.Announced}, {"first_commit", &s.Phases.FirstCommit}} {
			if len(p.of.Quantiles) != 101 {
				return bad(".phases."+p.name+".quantiles_ns", "%d values where 101 must be", len(p.of.Quantiles))
			}
			for _, v := range append([]*int64{p.of.P50, p.of.P90, p.of.P99, p.of.P999, p.of.Max}, p.of.Quantiles...) {
				if v != nil && *v < 0 {
					return bad(".phases."+p.name, "%d is negative", *v)
				}
			}
			if s.Samples == nil {
				continue
			}
			if n := len(s.Samples.Of(p.name)); n != s.Trials {
				return bad(".samples."+p.name+"_ns", "%d values of %d trials", n, s.Trials)
			}
			for k, v := range s.Samples.Of(p.name) {
				if v != nil && *v < 0 {
					return bad(fmt.Sprintf(".samples.%s_ns[%d]", p.name, k), "%d is negative", *v)
				}
			}
		}
		if p := s.Published; p != nil && len(p.Quantiles) != 101 {
			return bad(".published.quantiles_ns", "%d values where 101 must be", len(p.Quantiles))
		}
	}
	return nil
}

// checkSchema comes first: of another schema nothing else can be said.
func checkSchema(data []byte, want string) error {
	if err := wellFormed(data); err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields == nil {
		return &FormatError{"", -1, 0, "not an object: no result file"}
	}
	raw, ok := fields["schema"]
	if !ok {
		return &FormatError{"schema", -1, 0, "missing: no result file"}
	}
	var schema string
	if json.Unmarshal(raw, &schema) != nil || string(raw) == "null" {
		return &FormatError{"schema", -1, 0, "must be a text"}
	}
	if schema != want {
		return &FormatError{"schema", -1, 0, fmt.Sprintf("%q is not %q, which is what this program reads", schema, want)}
	}
	return nil
}

// validate checks what the types do not say.
func (f *File) validate() error {
	if _, err := time.Parse(time.RFC3339, f.Started); err != nil {
		return &FormatError{"started", -1, 0, fmt.Sprintf("%q is not a time such as 2006-01-02T15:04:05Z", f.Started)}
	}
	if len(f.Runs) == 0 {
		return &FormatError{"runs", -1, 0, "empty: nothing was measured"}
	}
	type identity struct {
		protocol, network, fingerprint string
		nodes, rep                     int
		seed                           uint64
	}
	seen := map[identity]int{}
	for i := range f.Runs {
		r := &f.Runs[i]
		path := fmt.Sprintf("runs[%d]", i)
		id := identity{r.Protocol, r.Network, r.Fingerprint, r.Nodes, r.Rep, r.Seed}
		if first, twice := seen[id]; twice {
			return &FormatError{path, -1, 0, fmt.Sprintf("the same run as runs[%d]: %s, seed %d, rep %d", first, r.Name(), r.Seed, r.Rep)}
		}
		seen[id] = i
		if err := r.validate(path); err != nil {
			return err
		}
	}
	return nil
}

// Name is what a run goes by in a table: raft/3/sim.
func (r *Run) Name() string { return fmt.Sprintf("%s/%d/%s", r.Protocol, r.Nodes, r.Network) }

func (r *Run) validate(path string) error {
	for name, text := range map[string]string{"protocol": r.Protocol, "network": r.Network} {
		if text == "" {
			return &FormatError{path + "." + name, -1, 0, "empty"}
		}
	}
	if r.Nodes < 1 {
		return &FormatError{path + ".nodes", -1, 0, fmt.Sprintf("%d is not a cluster", r.Nodes)}
	}
	if r.Error != "" {
		return nil // it has no figures
	}
	if r.Fingerprint == "" {
		return &FormatError{path + ".fingerprint", -1, 0, "empty"}
	}
	for _, f := range r.unsigned() {
		if f.value < 0 {
			return &FormatError{path + "." + f.name, -1, 0, fmt.Sprintf("%g is negative: it cannot be", f.value)}
		}
	}
	return nil
}

type field struct {
	name  string
	value float64
}

// unsigned are the figures that cannot be negative, although their types can.
func (r *Run) unsigned() []field {
	p := &r.PerCommit
	fields := []field{
		{"rep", float64(r.Rep)}, {"measured_ns", float64(r.Measured)}, {"wall_ns", float64(r.Wall)},
		{"throughput_per_s", r.Throughput}, {"goodput_per_s", r.Goodput}, {"unavailable_ns", float64(r.Unavailable)},
		{"per_commit.messages", p.Messages}, {"per_commit.heartbeats", p.Heartbeats}, {"per_commit.catch_up", p.CatchUp},
		{"per_commit.wire_bytes", p.WireBytes}, {"per_commit.log_bytes", p.LogBytes}, {"per_commit.fsyncs", p.Fsyncs},
		{"per_commit.allocs", p.Allocs}, {"per_commit.cpu_ns", p.CPU},
	}
	whole := func(name string, v *int64) {
		if v != nil {
			fields = append(fields, field{name, float64(*v)})
		}
	}
	for _, l := range []struct {
		name string
		of   *Latency
	}{{"response", &r.Latency.Response}, {"service", &r.Latency.Service}, {"commit", &r.Latency.Commit}} {
		at := "latency_ns." + l.name + "."
		for _, q := range []struct {
			name string
			v    *int64
		}{
			{"min", l.of.Min}, {"p50", l.of.P50}, {"p90", l.of.P90}, {"p99", l.of.P99}, {"p99.9", l.of.P999}, {"p99.99", l.of.P9999}, {"max", l.of.Max},
		} {
			whole(at+q.name, q.v)
		}
		if l.of.Mean != nil {
			fields = append(fields, field{at + "mean", *l.of.Mean})
		}
	}
	for i, e := range r.Elections {
		fields = append(fields, field{fmt.Sprintf("elections[%d].rounds", i), float64(e.Rounds)})
	}
	for i, f := range r.Faults {
		fields = append(fields, field{fmt.Sprintf("faults[%d].unavailable_ns", i), float64(f.Unavailable)})
	}
	return fields
}
