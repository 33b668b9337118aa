package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Hand-made files. The figures are invented.

func ptr[T any](v T) *T { return &v }

// encoded is a histogram of n values.
func encoded(n int) string {
	h := measure.NewHistogram()
	for i := range n {
		h.Record(smr.Time(1e6 + 1000*i))
	}
	return h.Encode()
}

var histograms = map[int]string{3: encoded(3), 50: encoded(50), 100: encoded(100)}

func latency(n int) result.Latency {
	return result.Latency{
		Count: uint64(n), Min: ptr(int64(1e6)), Mean: ptr(1.5e6), P50: ptr(int64(1.5e6)), P90: ptr(int64(1.9e6)), Max: ptr(int64(2e6)),
		HDR: histograms[n],
	}
}

func run(protocol string) result.Run {
	return result.Run{
		Protocol: protocol, Network: "sim", Nodes: 3, Seed: 1<<64 - 1, Rep: 1, Fingerprint: "0123456789abcdef",
		Measured: 2e9, Wall: 1e9, Throughput: 1000.5, Goodput: 1000,
		Commands: result.Commands{Offered: 2001, Acknowledged: 2001},
		Latency:  result.Latencies{Response: latency(100), Service: latency(100), Commit: latency(50)},
		Series: []result.Interval{
			{T: 0, Acknowledged: 1000, P50: ptr(int64(15e5)), P99: ptr(int64(19e5)), Leader: 2},
			{T: 1e9, Acknowledged: 0},
		},
		PerCommit: result.PerCommit{Messages: 4, Heartbeats: 0.00003, WireBytes: 600, LogBytes: 850.25},
		Totals:    result.Totals{Commits: 2001},
		Verdict: result.Verdict{Correct: true, Checks: []result.Check{
			{Name: "logs agree", OK: true, Detail: "12 entries"}, {Name: "acknowledged once", OK: true, Detail: "2001 commands"},
		}},
	}
}

// resultFile has a run of each standing.
func resultFile() *result.File {
	bad := run("paxos")
	bad.Verdict = result.Verdict{Checks: []result.Check{{Name: "logs agree", Detail: "n1 and n2 differ"}, {Name: "acknowledged once", OK: true, Detail: "fine"}}}
	bad.Warnings = []string{"the load generator was late"}
	broken := result.Run{Protocol: "multipaxos", Network: "tcp", Nodes: 5, Error: "listen: address in use"}
	cut := run("raft")
	cut.Rep, cut.Interrupted, cut.Verdict = 2, true, result.Verdict{}
	return &result.File{
		Schema: result.Schema, Started: "2025-01-02T03:04:05Z", Config: json.RawMessage(`{}`),
		Environment: result.Environment{Version: "v0.1.0", Revision: "0123456", Go: "go1.26.8", OS: "linux", Arch: "amd64", CPU: "Example CPU", GOMAXPROCS: 2},
		Interrupted: true, Runs: []result.Run{run("raft"), bad, broken, cut},
		Scenario: "mine.yaml", Expectations: []result.Expectation{
			{Protocol: "raft", Seed: 1<<64 - 1, Metric: "throughput", Threshold: "throughput>=500/s", Value: ptr(1000.5), Met: true},
			{Protocol: "raft", Seed: 1<<64 - 1, Metric: "election.elected", Threshold: "election.elected<=1s"},
		},
	}
}

func comparisonFile() *result.Comparison {
	middle := func(v float64) result.Middle { return result.Middle{Count: 20, Q1: v * .9, Median: v, Q3: v * 1.1} }
	return &result.Comparison{
		Schema: result.ComparisonSchema, Started: "2025-01-02T03:04:05Z", Environment: resultFile().Environment,
		Pairs: 20, Confidence: .95, Power: .9, Tolerance: .02,
		Sides: []result.Side{
			{Name: "raft", Protocol: "raft", Network: "inproc", Config: json.RawMessage(`{}`), Good: 20, Samples: []result.Sample{
				{Pair: 3, Seed: 7, Status: result.Good, Values: map[string]float64{"throughput": 1000.5, "acknowledged": 2001}},
			}},
			{Name: "raft:batch=1", Protocol: "raft", Network: "inproc", Config: json.RawMessage(`{}`), Good: 19, Incorrect: 1, Samples: []result.Sample{
				{Pair: 3, Seed: 7, Status: result.Incorrect, Detail: "logs agree: no"},
			}},
		},
		Differences: []result.Difference{{Option: "batch", Values: []string{"1024", "1"}}},
		Against: []result.Against{{Base: 0, Side: 1, Pairs: 19, Lines: []result.Line{
			{Metric: "throughput", Method: "signed-rank", A: middle(1e6), B: middle(4e5), Ratio: ptr(.4), Low: ptr(.39), High: ptr(.41), Visible: ptr(.02), Verdict: "worse"},
			{Metric: "response.p99", Method: "signed-rank", A: middle(1e6), B: middle(1.01e6), Ratio: ptr(1.01), Low: ptr(.9), High: ptr(1.2), Verdict: "cannot tell", Lacks: "needs about 80 pairs", Needed: 80},
			{Metric: "commit.max", Verdict: "one side", A: middle(3e6)},
		}}},
		Notes: []string{"pairs were interleaved"},
	}
}

func gateFile() *result.Gate {
	row := func(metric, outcome string, old, now float64) result.GateRow {
		return result.GateRow{
			Layer: result.LayerExact, Source: "results/base.json", Run: "raft/3/sim", Metric: metric, Unit: "1",
			Old: &old, New: &now, Change: ptr(now/old - 1), Limit: "+-0.1%", Outcome: outcome,
		}
	}
	live := row("throughput", "inconclusive", 1e6, 9.9e5)
	live.Layer, live.Source, live.Run, live.Unit, live.Limit = result.LayerMeasured, "main", "raft/3/inproc", "1/s", ">=-3%"
	live.Low, live.High, live.Pairs, live.Needs = ptr(-.05), ptr(.03), 20, 80
	return &result.Gate{
		Schema: result.GateSchema, Started: "2025-01-02T03:04:05Z", Environment: resultFile().Environment,
		Baselines: []string{"results/base.json"}, Against: "main", Revision: "0123456",
		Rows:    []result.GateRow{row("messages/commit", "fail", 4, 5), row("fsyncs/commit", "pass", 2, 2), live},
		Skipped: []result.GateSkip{{Source: "results/base.json", Run: "raft/3/tcp", Why: "live: not repeatable"}},
		Passed:  1, Failed: 1, Inconclusive: 1, Verdict: "fail", Exit: 99,
	}
}

// files by kind, as if read.
func files() map[Kind]Document {
	return map[Kind]Document{
		Result:     {Name: "r.json", Result: resultFile()},
		Comparison: {Name: "c.json", Comparison: comparisonFile()},
		Verdict:    {Name: "g.json", Gate: gateFile()},
		Elections:  {Name: "e.json", Elections: electionsFile()},
		Sweep:      {Name: "s.json", Sweep: sweepFile()},
	}
}

func electionsFile() *result.Elections {
	phase := result.Phase{Mean: ptr(2e8), P50: ptr(int64(19e7)), P90: ptr(int64(25e7)), Max: ptr(int64(3e8)), Quantiles: make([]*int64, 101)}
	phase.Quantiles[0] = ptr(int64(1e8))
	s := result.ElectionSetting{
		Config: result.ElectionConfig{Protocol: "raft", Nodes: 5, Start: result.StartCrash, Logs: result.LogsEqual, Trials: 300, Seed: 7, ElectionMin: 15e7, ElectionMax: 3e8},
		Trials: 300, Unfinished: 1, SplitVoteRate: .25, Rounds: result.ElectionRounds{Mean: 1.5, Max: 4},
		Phases: result.ElectionPhases{Detected: phase, Elected: phase, Announced: phase, FirstCommit: phase},
	}
	return &result.Elections{Schema: result.ElectionsSchema, Started: "2025-01-02T03:04:05Z", Environment: resultFile().Environment, Settings: []result.ElectionSetting{s}}
}

// sweepFile is a curve of three points with a knee at the second.
func sweepFile() *result.Sweep {
	c := result.SweepCurve{Protocol: "raft", At: "64B", Knee: &result.SweepKnee{Point: 1}}
	for i, overload := range []string{"", "", "1,900/s of 4,000/s"} {
		middle := func(v float64) result.Middle { return result.Middle{Count: 2, Q1: v - 1, Median: v, Q3: v + 1} }
		rate := float64(int(1000) << i)
		c.Points = append(c.Points, result.SweepPoint{
			Value: strconv.Itoa(1<<i) + "k/s", Number: &rate, Config: json.RawMessage(`{"network":"inproc"}`), Good: 2, Offered: &rate, Backlog: ptr(0.), Overload: overload, Power: ptr(rate * rate),
			Values:  map[string]result.Middle{"throughput": middle(min(rate, 1900)), "response.mean": middle(1e6 * float64(i+1))},
			Samples: []result.SweepSample{{Sample: result.Sample{Seed: 42, Status: result.Good}}, {Sample: result.Sample{Pair: 1, Seed: 43, Status: result.Good}}},
		})
	}
	return &result.Sweep{
		Schema: result.SweepSchema, Started: "2025-01-02T03:04:05Z", Environment: resultFile().Environment, Config: json.RawMessage(`{"network":"inproc"}`),
		Over:   []result.SweepAxis{{Setting: "rate", Kind: "rate", Values: []string{"1k/s", "2k/s", "4k/s"}}, {Setting: "size", Kind: "size", Values: []string{"64B"}}},
		Repeat: 2, Curves: []result.SweepCurve{c}, Notes: []string{"of a test"},
	}
}

// TestSweep: every point has its place in each format, with both settings and what is
// said of it.
func TestSweep(t *testing.T) {
	d := Document{Name: "s.json", Sweep: sweepFile()}
	for format, want := range map[string][]string{
		"csv": {"s.json,raft,inproc,rate,4k/s,4000,size,64B,2,0,0,4000,0,\"1,900/s of 4,000/s\",,throughput,1/s,2,1899,1900,1901\r\n"},
		"jsonl": {`{"file":"s.json","protocol":"raft","network":"inproc","setting":"rate","value":"2k/s","number":2000,"setting2":"size","value2":"64B","good":2,"failed":0,"incorrect":0,` +
			`"offered_per_s":2000,"backlog":0,"metric":"response.mean","unit":"ns","better":"lower","exact":false,"count":2,"q1":1999999,"median":2000000,"q3":2000001}`},
		"markdown": {"| raft size=64B, rate | | throughput |", "| 2k/s | knee | 1,900/s |", "| 4k/s | overload | 1,900/s |", "- KNEE raft size=64B: rate 2k/s (between 1k/s and 4k/s)", "- NOTES of a test"},
	} {
		got, _ := write(t, format, Options{}, d)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", format, w, got)
			}
		}
	}
	for _, bad := range []func(*result.Sweep){
		func(s *result.Sweep) { s.Over = nil },
		func(s *result.Sweep) { s.Curves = nil },
		func(s *result.Sweep) { s.Curves[0].Knee.Point = 2 },
		func(s *result.Sweep) { s.Curves[0].Knee.Again = 3 },
		func(s *result.Sweep) { s.Curves[0].Points[0].Values["nonesuch"] = result.Middle{} },
	} {
		s := sweepFile()
		bad(s)
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read("s.json", bytes.NewReader(data)); err == nil {
			t.Errorf("no error for %s", data)
		}
	}
}

func write(t testing.TB, format string, o Options, docs ...Document) (string, []string) {
	t.Helper()
	var b bytes.Buffer
	notes, err := Write(&b, format, docs, o)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String(), notes
}

// cases calls f for each format and each kind of file that it takes.
func cases(f func(format string, kind Kind, o Options)) {
	for _, x := range formats {
		for _, kind := range x.kinds {
			f(x.name, kind, Options{})
			if x.series && kind == Result {
				f(x.name, kind, Options{Series: true})
			}
		}
	}
}

// hostile is text that means something somewhere.
var hostile = []string{
	"=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1+1", "\uff1d1",
	"a|b", `a\|b`, "a\\", "`code`", "**bold**", "<script>alert(1)</script>", "</details>", "<!--", "&lt;", "[x](http://e.example)", "![x](y)", "http://e.example", "www.e.example",
	"@mention", "a@b.example", "#1", "$x$", "~~x~~", "_x_", "a_b",
	"a,b", `a"b`, `"`, "a;b", "a\tb", "a\rb", "a\nb", "a\r\nb", "\n\n# x", "a\n| x | y |",
	"a\x00b", "a\x1b[31mb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u202eb", "a\ufeffb", "a\ufffeb", "\xff\xfe", "a\xc3", "]]>", "&amp;", "%41", "%",
	"::error::x", "a\n::error::x", "a%0A::error::x", "a: b", "a,b:c",
	"\nBenchmarkX 1 1 ns/op", "\nUnit ns/op better=higher", "\ncpu: other", "a/b=c", "x-8", " ", "",
	"#[StartTime: 5", "\n#[BaseTime: 7", "Tag=x,1,2,3", strings.Repeat("x", 10_000),
}

// fill sets every text in v to s, other than those that say what v is.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Schema", "Started", "HDR", "Config", "Status":
			case "Error":
				if v.Field(i).String() != "" && s != "" {
					v.Field(i).SetString(s)
				}
			default:
				fill(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	case reflect.String:
		v.SetString(s)
	}
}

// filled are the files with s for every name in them.
func filled(s string) map[Kind]Document {
	all := files()
	for kind, d := range all {
		d.Name = s
		fill(reflect.ValueOf(d.Result), s)
		fill(reflect.ValueOf(d.Comparison), s)
		fill(reflect.ValueOf(d.Gate), s)
		fill(reflect.ValueOf(d.Elections), s)
		fill(reflect.ValueOf(d.Sweep), s)
		all[kind] = d
	}
	return all
}

func TestFilesAreSound(t *testing.T) {
	for kind, d := range files() {
		for _, v := range []any{d.Result, d.Comparison, d.Gate, d.Elections, d.Sweep} {
			if reflect.ValueOf(v).IsNil() {
				continue
			}
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read("x", bytes.NewReader(data))
			if err != nil {
				t.Errorf("%v: %v", kind, err)
			} else if got.Kind() != kind {
				t.Errorf("%v is read as %v", kind, got.Kind())
			}
			for n := 0; n < len(data); n += 1 + len(data)/200 { // truncated anywhere
				if _, err := Read("x", bytes.NewReader(data[:n])); err == nil || !strings.HasPrefix(err.Error(), "x: ") {
					t.Errorf("%v cut off at byte %d of %d: %v", kind, n, len(data), err)
				}
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "empty",
		`[]`:                               "no result file",
		`{}`:                               "schema: missing",
		`{"x":1`:                           "truncated",
		`{"schema":"consbench.result/v9"}`: `schema: "consbench.result/v9" is not one that this program reads`,
		`{"schema":"consbench.gate/v1"}`:   "missing",
		`{"schema":5}`:                     "must be a text",
	} {
		_, err := Read("a.json", strings.NewReader(text))
		if err == nil || !strings.HasPrefix(err.Error(), "a.json: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	c := comparisonFile()
	c.Against[0].Side = 2
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read("c", bytes.NewReader(data)); err == nil || !strings.Contains(err.Error(), "no side 2") {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	all := files()
	r, c, g := all[Result], all[Comparison], all[Verdict]
	for _, x := range []struct {
		format string
		o      Options
		docs   []Document
		want   string
	}{
		{"csv", Options{}, []Document{r, r}, ""},
		{"markdown", Options{}, []Document{r, c, g}, ""},
		{"junit", Options{}, []Document{g, r}, ""},
		{"xml", Options{}, []Document{r}, `"xml" is not one of csv,`},
		{"gobench", Options{}, []Document{g}, "g.json is the verdict of a gate: gobench has no form for it; it goes to jsonl, junit, markdown"},
		{"junit", Options{}, []Document{r, c}, "c.json is a comparison: junit has no form for it; it goes to csv, jsonl, gobench, markdown"},
		{"csv", Options{}, []Document{r, c}, "r.json is a result and c.json is a comparison"},
		{"hlog", Options{Series: true}, []Document{r}, "hlog has no time series: they go to csv, jsonl"},
		{"csv", Options{Series: true}, []Document{c}, "c.json is a comparison: it has no time series"},
	} {
		err := Check(x.format, x.docs, x.o)
		if got := fmt.Sprint(err); x.want == "" && err != nil || !strings.Contains(got, x.want) {
			t.Errorf("%s %v: %v, want %q", x.format, x.o, err, x.want)
		}
		if _, werr := Write(&bytes.Buffer{}, x.format, x.docs, x.o); (werr == nil) != (err == nil) {
			t.Errorf("%s %v: Check says %v, Write %v", x.format, x.o, err, werr)
		}
	}
}
