package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/result"
)

// Kind is the command that a file is the result of.
type Kind string

// Kinds of results.
const (
	Run        Kind = "run"
	Comparison Kind = "compare"
	Elections  Kind = "elections"
	Gate       Kind = "gate"
	Sweep      Kind = "sweep"
)

// kinds are the schemas of results.
var kinds = map[string]Kind{
	result.Schema: Run, result.ComparisonSchema: Comparison, result.ElectionsSchema: Elections,
	result.GateSchema: Gate, result.SweepSchema: Sweep,
}

// Entry is one result in a store, as far as a list shows it.
type Entry struct {
	ID          string             `json:"id"`   // SHA-256 of the file, in hexadecimal
	Path        string             `json:"path"` // below the store, with slashes
	Kind        Kind               `json:"kind"`
	Started     time.Time          `json:"started"`
	Environment result.Environment `json:"environment"`
	Revision    string             `json:"revision,omitempty"` // perhaps abbreviated; "" = unknown
	Modified    bool               `json:"modified,omitempty"` // with changes on top of it
	Interrupted bool               `json:"interrupted,omitempty"`
	Runs        []Head             `json:"runs,omitempty"` // of kind run
	About       string             `json:"about,omitempty"`
	Verdict     string             `json:"verdict,omitempty"` // of kind gate
}

// Short is an ID as people see and type it.
func (e *Entry) Short() string { return e.ID[:ShortID] }

// ShortID is how many digits of an ID are shown; MinID is the fewest that name one.
const (
	ShortID = 8
	MinID   = 4
)

// Head is what a list shows of a run.
type Head struct {
	Protocol    string  `json:"protocol"`
	Network     string  `json:"network"`
	Nodes       int     `json:"nodes"`
	Seed        uint64  `json:"seed"`
	Fingerprint string  `json:"fingerprint"`
	Verdict     string  `json:"verdict"` // CORRECT, INCORRECT, ..., FAILED, INTERRUPTED
	Throughput  float64 `json:"throughput_per_s"`
	P99         *int64  `json:"response_p99_ns"`
	Unavailable int64   `json:"unavailable_ns"`
}

// Name is raft/3/sim.
func (h *Head) Name() string { return fmt.Sprintf("%s/%d/%s", h.Protocol, h.Nodes, h.Network) }

// Verdict is a run's verdict in a word, of those that did not end as well.
func Verdict(r *result.Run) string {
	switch {
	case r.Error != "":
		return "FAILED"
	case r.Interrupted:
		return "INTERRUPTED"
	}
	return r.Verdict.Word()
}

// file is the part of a file that a list needs. Whatever is not here is skipped.
type file struct {
	Schema      string
	Started     string
	Environment result.Environment
	Interrupted bool
	Runs        []struct {
		Protocol, Network, Fingerprint, Error string
		Nodes                                 int
		Seed                                  uint64
		Interrupted                           bool
		Throughput                            float64 `json:"throughput_per_s"`
		Unavailable                           int64   `json:"unavailable_ns"`
		Latency                               struct {
			Response struct{ P99 *int64 }
		} `json:"latency_ns"`
		Verdict result.Verdict
	}
	Pairs    int
	Sides    []struct{ Name, Network string }
	Settings []struct {
		Config struct {
			Protocol string
			Nodes    int
		}
		Trials int
	}
	Curves []struct {
		Protocol string
		Points   []struct{}
	}
	Over    []struct{ Setting string }
	Against json.RawMessage // a text in the verdict of a gate, something else elsewhere
	Verdict json.RawMessage
}

// errOther is what a file is that consbench has written and that is no result.
var errOther = errors.New("is no result: a cost model, or a trial of the gate")

// others are the schemas of such files.
var others = map[string]bool{"consbench.cost/v1": true, "consbench.trial/v1": true}

// parse reads what a list shows of a file.
func parse(data []byte) (Entry, error) {
	var f file
	err := json.Unmarshal(data, &f)
	kind, known := kinds[f.Schema]
	if err != nil || !known { // no result that is in order is read twice
		var other struct{ Schema string }
		if json.Unmarshal(data, &other) == nil && others[other.Schema] {
			return Entry{}, errOther
		}
	}
	if err != nil {
		return Entry{}, damage(data, err)
	}
	switch {
	case f.Schema == "":
		return Entry{}, errors.New("has no schema: no result of consbench")
	case !known:
		return Entry{}, fmt.Errorf("schema %q is not one of a result that this program knows", f.Schema)
	}
	started, err := time.Parse(time.RFC3339, f.Started)
	if err != nil {
		return Entry{}, fmt.Errorf("started: %q is not a time such as 2006-01-02T15:04:05Z", f.Started)
	}
	sum := sha256.Sum256(data)
	e := Entry{
		ID: hex.EncodeToString(sum[:]), Kind: kind, Started: started.UTC(), Environment: f.Environment, Interrupted: f.Interrupted,
	}
	e.Revision, e.Modified = revision(&f.Environment)
	return e, e.fill(&f)
}

// described is a version that ends with a revision: that of git describe --always
// --dirty (make build), or a pseudo-version of Go's modules.
var described = regexp.MustCompile(`^(?:.*-g|v\d.*[-.]\d{14}-)?([0-9a-f]{7,40})([-+]dirty)?$`)

// revision is what the program was built from: as the build says, or its version.
func revision(e *result.Environment) (name string, modified bool) {
	if e.Revision != "" {
		return e.Revision, e.Modified
	}
	if m := described.FindStringSubmatch(e.Version); m != nil {
		return m[1], m[2] != ""
	}
	return "", false
}

// fill takes over what the kinds of files have of their own.
func (e *Entry) fill(f *file) error {
	switch e.Kind {
	case Run:
		for i := range f.Runs {
			r := &f.Runs[i]
			switch {
			case r.Protocol == "" || r.Network == "" || r.Nodes < 1:
				return fmt.Errorf("runs[%d]: has no protocol, network or nodes", i)
			case r.Throughput < 0 || r.Unavailable < 0 || r.Latency.Response.P99 != nil && *r.Latency.Response.P99 < 0:
				return fmt.Errorf("runs[%d]: a figure is negative: it cannot be", i)
			}
			e.Runs = append(e.Runs, Head{
				Protocol: r.Protocol, Network: r.Network, Nodes: r.Nodes, Seed: r.Seed, Fingerprint: r.Fingerprint,
				Throughput: r.Throughput, P99: r.Latency.Response.P99, Unavailable: r.Unavailable,
				Verdict: Verdict(&result.Run{Error: r.Error, Interrupted: r.Interrupted, Verdict: r.Verdict}),
			})
		}
		if len(e.Runs) == 0 {
			return errors.New("runs: empty: nothing was measured")
		}
	case Comparison:
		var names []string
		for _, s := range f.Sides {
			names = append(names, s.Name)
		}
		e.About = strings.Join(names, " ") + ", pairs: " + strconv.Itoa(f.Pairs)
	case Elections:
		var names []string
		trials := 0
		for _, s := range f.Settings {
			if !slices.Contains(names, s.Config.Protocol) {
				names = append(names, s.Config.Protocol)
			}
			trials += s.Trials
		}
		e.About = fmt.Sprintf("%s, settings: %d, trials: %d", strings.Join(names, " "), len(f.Settings), trials)
	case Gate:
		e.About, e.Verdict = "baselines", strings.ToUpper(text(f.Verdict))
		if revision := text(f.Against); revision != "" {
			e.About = "against " + revision
		}
	case Sweep:
		var names []string
		points := 0
		for _, c := range f.Curves {
			if !slices.Contains(names, c.Protocol) {
				names = append(names, c.Protocol)
			}
			points += len(c.Points)
		}
		e.About = strings.Join(names, " ")
		for _, o := range f.Over {
			e.About += " over " + o.Setting
		}
		e.About += fmt.Sprintf(", points: %d", points)
	}
	return nil
}

// text is a JSON text; "" if raw is something else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// damage says what is wrong with a file that is not what it should be.
func damage(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(data) == 0:
		return errors.New("is empty")
	case errors.As(err, &syntax) && strings.Contains(err.Error(), "unexpected end"):
		return fmt.Errorf("is truncated: it ends in the middle of a value (%d bytes)", len(data))
	case errors.As(err, &syntax):
		return fmt.Errorf("is not JSON: %w (byte %d)", err, syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: %s where %s must be (byte %d)", strings.ToLower(kind.Field), kind.Value, kind.Type.Kind(), kind.Offset)
	}
	return err
}

// Machine names what decides the figures of live runs: processor, processors that
// were used, system and memory. Results of one machine have one name.
func Machine(e *result.Environment) string {
	return fmt.Sprintf("%s, %d CPUs, GOMAXPROCS %d, %s/%s, %.0f GiB", e.CPU, e.CPUs, e.GOMAXPROCS, e.OS, e.Arch, math.Round(float64(e.Memory)/(1<<30)))
}

// Unlike lists what two machines differ in, nothing if they are alike.
func Unlike(a, b *result.Environment) []string {
	var out []string
	differ := func(name string, x, y any) {
		if x != y {
			out = append(out, fmt.Sprintf("%s %v and %v", name, x, y))
		}
	}
	gib := func(e *result.Environment) string {
		return fmt.Sprintf("%.0f GiB", math.Round(float64(e.Memory)/(1<<30)))
	}
	differ("CPU", a.CPU, b.CPU)
	differ("CPUs", a.CPUs, b.CPUs)
	differ("GOMAXPROCS", a.GOMAXPROCS, b.GOMAXPROCS)
	differ("system", a.OS+"/"+a.Arch, b.OS+"/"+b.Arch)
	differ("memory", gib(a), gib(b))
	differ("file system", a.FileSystem, b.FileSystem)
	return out
}
