package measure

import (
	"reflect"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics() {
		if seen[m.Name] {
			t.Errorf("%s stands twice", m.Name)
		}
		seen[m.Name] = true
		if m.Unit == "" || !strings.HasSuffix(m.Doc, ".") || strings.Contains(m.Doc, "  ") || m.Name != strings.ToLower(m.Name) {
			t.Errorf("%+v", m)
		}
		if found, err := Find(m.Name); err != nil || found != m {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	for alias, name := range aliases {
		if m, err := Find(alias); err != nil || m.Name != name || seen[alias] {
			t.Errorf("%s: %s, %v; want %s", alias, m.Name, err, name)
		}
	}
	Metrics()[0].Name = "x"
	if registry[0].Name == "x" {
		t.Error("the registry can be changed from outside")
	}
}

func TestFind(t *testing.T) {
	for alias, want := range map[string]string{
		"p99": "response.p99", "p50": "response.p50", "election.detected.p50": "election.detected", "commits/s": "throughput",
	} {
		if m, err := Find(alias); err != nil || m.Name != want {
			t.Errorf("%s: %s, %v", alias, m.Name, err)
		}
	}
	for in, want := range map[string]string{
		"troughput":      `unknown metric "troughput": did you mean throughput?`,
		"p95":            `unknown metric "p95": did you mean p90?`,
		"responce.p99":   "did you mean response.p99?",
		"mesages/commit": "did you mean messages/commit?",
		"first_commit":   "did you mean election.first_commit?",
		"Goodput":        "did you mean goodput?",
		"beauty":         "see the list of metrics",
		"":               "see the list of metrics",
	} {
		if _, err := Find(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", in, err, want)
		}
	}
}

func TestCosts(t *testing.T) {
	var a, b Costs
	for k := range smr.Kind(smr.Kinds) {
		for range k + 1 {
			a.Sent(k, 100)
		}
	}
	a.LogBytes, a.Fsyncs = 640, 5
	before := a
	fill := reflect.ValueOf(&b).Elem() // every counter of Costs is added and taken off
	for i := range fill.NumField() {
		if f := fill.Field(i); f.Kind() == reflect.Array {
			for j := range f.Len() {
				f.Index(j).SetUint(uint64(100*i + j + 1))
			}
		} else {
			f.SetUint(uint64(i + 1))
		}
	}
	var sum Costs
	sum.Add(&b)
	if sum != b {
		t.Errorf("Add forgets a field: %+v, want %+v", sum, b)
	}
	sum.Sub(&b)
	if sum != (Costs{}) {
		t.Errorf("Sub forgets a field: %+v", sum)
	}
	if a != before {
		t.Error("an operand was changed")
	}
	got := a.Per(10, Usage{Allocs: 20, CPU: 3000})
	want := PerCommit{Messages: .3, Heartbeats: .3, CatchUp: .4, WireBytes: 30, LogBytes: 64, Fsyncs: .5, Allocs: 2, CPU: 300}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a.Per(0, Usage{}) != (PerCommit{}) {
		t.Error("no commits cost something")
	}
}

var sink []byte

func TestUsage(t *testing.T) {
	before := ReadUsage()
	for range 1000 {
		sink = make([]byte, 4096)
	}
	if d := ReadUsage().Sub(before); d.Allocs < 1000 || d.CPU < 0 {
		t.Errorf("%+v", d)
	}
}

func TestLittlesLaw(t *testing.T) {
	if w := LittlesLaw(10, 1000, 10e6, 5000); w != "" {
		t.Error(w)
	}
	if w := LittlesLaw(10.9, 1000, 10e6, 5000); w != "" {
		t.Error(w)
	}
	if w := LittlesLaw(12, 1000, 10e6, 5000); !strings.Contains(w, "off by 17%") {
		t.Error(w)
	}
	if w := LittlesLaw(12, 1000, 10e6, 5); w != "" {
		t.Error(w)
	}
	if w := LittlesLaw(0, 0, 0, 5000); w != "" {
		t.Error(w)
	}
	var f InFlight
	f.Change(-10*ms, 4) // open when the window begins
	f.Change(10*ms, 2)
	f.Change(30*ms, -6)
	if got := f.Mean(40 * ms); got != 4 || f.Open() != 0 {
		t.Errorf("mean %v, open %d", got, f.Open())
	}
	if f.Mean(0) != 0 {
		t.Error("a window of no length has a mean")
	}
}
