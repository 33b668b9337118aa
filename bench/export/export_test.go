package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
)

// readCSV reads RFC 4180 strictly: every line ends in CR LF, every record has as
// many fields as the first.
func readCSV(t testing.TB, text string) [][]string {
	t.Helper()
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\r") != strings.Count(text, "\n") {
		t.Errorf("not all lines end in CR LF: %q", text)
	}
	r := csv.NewReader(strings.NewReader(text))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	if len(rows) != strings.Count(text, "\n") {
		t.Errorf("%d records on %d lines", len(rows), strings.Count(text, "\n"))
	}
	return rows
}

func TestCSV(t *testing.T) {
	d := files()[Result]
	text, notes := write(t, "csv", Options{}, d, d)
	rows := readCSV(t, text)
	if want := 1 + 2*len(d.Result.Runs)*len(measure.Metrics()); len(rows) != want || notes != nil {
		t.Errorf("%d rows, want %d; notes %q", len(rows), want, notes)
	}
	want := "file protocol network nodes seed rep fingerprint status metric unit value"
	if got := strings.Join(rows[0], " "); got != want {
		t.Errorf("header %s", got)
	}
	found := map[string]bool{}
	for _, r := range rows {
		found[strings.Join(r, " ")] = true
	}
	for _, want := range []string{
		"r.json raft sim 3 18446744073709551615 1 0123456789abcdef correct throughput 1/s 1000.5",
		"r.json raft sim 3 18446744073709551615 1 0123456789abcdef correct response.p99 ns ",
		"r.json raft sim 3 18446744073709551615 1 0123456789abcdef correct heartbeats/commit 1 0.00003",
		"r.json paxos sim 3 18446744073709551615 1 0123456789abcdef incorrect response.max ns 2000000",
		"r.json multipaxos tcp 5 0 0  failed throughput 1/s ",
		"r.json raft sim 3 18446744073709551615 2 0123456789abcdef interrupted goodput 1/s 1000",
	} {
		if !found[want] {
			t.Errorf("no row %q", want)
		}
	}
	text, _ = write(t, "csv", Options{Series: true}, d)
	rows = readCSV(t, text)
	if len(rows) != 1+3*2 {
		t.Errorf("%d rows of series", len(rows))
	}
	if got := strings.Join(rows[1][8:], " ") + "|" + strings.Join(rows[2][8:], " "); got != "0 1000 1500000 1900000 2|1000000000 0   " {
		t.Errorf("series %q", got)
	}
	text, _ = write(t, "csv", Options{}, files()[Comparison])
	rows = readCSV(t, text)
	if got := strings.Join(rows[2], ","); got != "c.json,raft,raft:batch=1,19,response.p99,ns,signed-rank,20,900000,1000000,1100000,20,909000,1010000,1111000,1.01,0.9,1.2,,cannot tell,needs about 80 pairs,80," {
		t.Errorf("comparison %q", got)
	}
}

func TestJSONL(t *testing.T) {
	d := files()[Result]
	text, _ := write(t, "jsonl", Options{}, d)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if want := len(d.Result.Runs) * len(measure.Metrics()); len(lines) != want {
		t.Fatalf("%d lines, want %d", len(lines), want)
	}
	i := 0
	for j := range d.Result.Runs {
		r := &d.Result.Runs[j]
		for _, m := range measure.Metrics() {
			var got metricLine
			dec := json.NewDecoder(strings.NewReader(lines[i]))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&got); err != nil {
				t.Fatalf("%v in %s", err, lines[i])
			}
			i++
			if got.runFields != fieldsOf("r.json", r) || got.Metric != m.Name || got.Unit != m.Unit || got.Better != m.Better.String() || got.Exact != (m.Exact && r.Network == "sim") {
				t.Errorf("%+v", got)
			}
			v, known := report.Value(r, m.Name)
			if known != (got.Value != nil) || known && *got.Value != v {
				t.Errorf("%s: %v, want %v, %v", m.Name, got.Value, v, known)
			}
		}
	}
	text, _ = write(t, "jsonl", Options{Series: true}, d)
	if want := `"t_ns":1000000000,"acknowledged":0,"response.p50_ns":null,"response.p99_ns":null,"leader":null}`; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// readHlog reads a log with the library, tags and histograms in order.
func readHlog(t testing.TB, text string) (tags []string, all []*hdrhistogram.Histogram) {
	t.Helper()
	r := hdrhistogram.NewHistogramLogReader(strings.NewReader(text))
	for {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if h == nil {
			return tags, all
		}
		tags, all = append(tags, h.Tag()), append(all, h)
	}
}

func TestHlog(t *testing.T) {
	d := files()[Result]
	text, notes := write(t, "hlog", Options{}, d)
	tags, all := readHlog(t, text)
	if got := strings.Join(tags, " "); got != "raft.response raft.service raft.commit" {
		t.Errorf("tags %s", got)
	}
	if want := 3; len(notes) != want {
		t.Errorf("%d notes, want %d: %q", len(notes), want, notes)
	}
	for i, n := range []int64{100, 100, 50} {
		want, err := hdrhistogram.Decode([]byte(latency(int(n)).HDR))
		if err != nil {
			t.Fatal(err)
		}
		if h := all[i]; h.TotalCount() != n || !h.Equals(want) || h.StartTimeMs() != 1735787045000 || h.EndTimeMs() != 1735787047000 {
			t.Errorf("histogram %d: %d values, from %d to %d", i, h.TotalCount(), h.StartTimeMs(), h.EndTimeMs())
		}
	}
	for name, damage := range map[string]func(*Document){
		"not an encoded histogram": func(d *Document) { d.Result.Runs[0].Latency.Commit.HDR = "nonsense" },
		"holds 50 values, not 51":  func(d *Document) { d.Result.Runs[0].Latency.Commit.Count++ },
	} {
		d := files()[Result]
		damage(&d)
		if _, err := Write(io.Discard, "hlog", []Document{d}, Options{}); err == nil ||
			!strings.HasPrefix(err.Error(), "r.json: runs[0].latency_ns.commit.hdr: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzHlog(f *testing.F) {
	f.Add(latency(3).HDR)
	f.Fuzz(func(t *testing.T, hdr string) {
		d := files()[Result]
		d.Result.Runs[0].Latency.Response.HDR = hdr
		d.Result.Runs[0].Latency.Response.Count = 3
		var b bytes.Buffer
		if _, err := Write(&b, "hlog", []Document{d}, Options{}); err == nil {
			readHlog(t, b.String())
		}
	})
}

func TestGobench(t *testing.T) {
	d := files()[Result]
	text, notes := write(t, "gobench", Options{}, d, d)
	if len(notes) != 2*3 || !strings.Contains(notes[0], "r.json: paxos/3/sim seed 18446744073709551615 rep 1: incorrect: left out") {
		t.Errorf("notes %q", notes)
	}
	const line = "BenchmarkConsbench/protocol=raft/network=sim/nodes=3-2\t2001\t1000.5 commits/s\t1000 goodput-commits/s\t"
	if strings.Count(text, "\nBenchmark") != 2 || strings.Count(text, "\n"+line) != 2 {
		t.Errorf("no two lines %q in\n%s", line, text)
	}
	for _, want := range []string{
		"Unit commits/s better=higher\n", "Unit p50-ns better=lower\n", "Unit cpu-ns/commit better=lower\n", "\ngoos: linux\n", "\ncpu: Example CPU\n",
		"\t1500000 p50-ns", "\t600 wire-B/commit", "\n# left out, failed: multipaxos/5/tcp seed 0\n",
	} {
		if strings.Count(text, want) != 1+strings.Count(want, "\t")+strings.Count(want, "left out") {
			t.Errorf("%q is there %d times in\n%s", want, strings.Count(text, want), text)
		}
	}
	if strings.Contains(text, "p99.99-ns") || strings.Contains(text, "assume=exact") {
		t.Errorf("a unit that no run has, or noise called exact:\n%s", text)
	}
	if text, _ := write(t, "gobench", Options{}, d); !strings.Contains(text, "Unit commits/s better=higher assume=exact\n") || strings.Contains(text, "Unit allocs/commit better=lower assume") {
		t.Errorf("one virtual run is not exact, or its allocations are:\n%s", text)
	}
	seen := map[string]bool{}
	for _, m := range measure.Metrics() {
		u := benchUnit(m)
		if seen[u] || strings.ContainsAny(u, " \t=") {
			t.Errorf("unit %q of %s", u, m.Name)
		}
		seen[u] = true
	}
}

func TestMarkdown(t *testing.T) {
	for kind, want := range map[Kind][]string{
		Result: {
			"### Result r.json\n", "| Metric | raft/3/sim seed 18446744073709551615 rep 1 | paxos/3/sim | multipaxos/5/tcp | raft/3/sim seed 18446744073709551615 rep 2 |\n|---|---:|---:|---:|---:|\n",
			"| throughput | 1,000/s | 1,000/s | | 1,000/s |\n", "| verdict | CORRECT | **INCORRECT** | **FAILED** | **INTERRUPTED** |\n",
			"- paxos/3/sim: **INCORRECT**: logs agree: n1 and n2 differ\n", "- multipaxos/5/tcp: **FAILED**: listen: address in use\n",
		},
		Comparison: {
			"- B: raft&#58;&#8203;batch=1, inproc, 19 good runs; **LEFT OUT**: of 1 run 1 INCORRECT (seed 7: logs agree: no)\n",
			"| throughput | 1,000,000/s +-10% | 400,000/s +-10% | 0.400 | 0.390-0.410 | **worse** | 2.0% |\n",
			"| cannot tell: needs about 80 pairs | |\n", "- different: batch: A 1024, B 1\n", "<summary>All 3 metrics</summary>",
		},
		Verdict: {
			"### Gate g.json: FAIL\n", "1 failed, 1 passed, 1 inconclusive: exit 99\n",
			"| **FAIL** | exact | results/base.json | raft/3/sim | messages/commit | 4 | 5 | +25.0% | | +-0.1% | |\n",
			"| **INCONCLUSIVE** | measured | main | raft/3/inproc | throughput | 1,000,000/s | 990,000/s | -1.0% | &#91;-5.0%, +3.0%&#93; | &#62;=-3% | needs about 80 pairs |\n",
			"- skipped: results/base.json: raft/3/tcp: live: not repeatable\n",
		},
	} {
		text, _ := write(t, "markdown", Options{}, files()[kind])
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in\n%s", w, text)
			}
		}
		columns(t, text)
	}
}

// columns checks that each row of a table has as many cells as its head.
func columns(t testing.TB, text string) {
	t.Helper()
	cells := 0
	for l := range strings.Lines(text) {
		n := strings.Count(l, "|")
		switch {
		case n == 0:
			cells = 0
		case cells == 0:
			cells = n
		case n != cells:
			t.Errorf("%d cells where the table has %d: %s", n-1, cells-1, l)
		}
	}
}

// TestInert puts hostile text into every name of every kind of file: no format
// lets it out of its place.
func TestInert(t *testing.T) {
	for i, s := range hostile {
		if testing.Short() && i%5 != 0 {
			continue
		}
		all := filled(s)
		cases(func(format string, kind Kind, o Options) {
			if kind == Result && format != "junit" && format != "markdown" { // those that read back show runs that count
				all[kind].Result.Environment.OS = "linux" + s
			}
			text, _ := write(t, format, o, all[kind])
			name := fmt.Sprintf("%s of %v with %.40q", format, kind, s)
			for _, r := range text {
				if r != '\n' && r != '\t' && !(r == '\r' && format == "csv") && (r < 0x20 || r == 0x7f || r == 0x85 || r == 0xfeff || r >= 0x2028 && r <= 0x202e) {
					t.Fatalf("%s: %q gets out", name, r)
				}
			}
			inert[format](t, name, text, all[kind])
		})
	}
}

var inert = map[string]func(t *testing.T, name, text string, d Document){
	"csv": func(t *testing.T, name, text string, _ Document) {
		for i, row := range readCSV(t, text) {
			for _, c := range row {
				if i > 0 && strings.IndexAny(c, "=+-@\t\r\uff1d") == 0 {
					t.Errorf("%s: the cell %q is a formula", name, c)
				}
			}
		}
	},
	"jsonl": func(t *testing.T, name, text string, _ Document) {
		for l := range strings.Lines(text) {
			var v map[string]any
			if err := json.Unmarshal([]byte(l), &v); err != nil || strings.ContainsAny(l, "<>\u2028") {
				t.Errorf("%s: %v: %s", name, err, l)
			}
		}
	},
	"hlog": func(t *testing.T, name, text string, _ Document) {
		tags, all := readHlog(t, text)
		if len(all) != 3 {
			t.Errorf("%s: %d histograms", name, len(all))
		}
		for i, h := range all {
			if h.StartTimeMs() != 1735787045000 || strings.ContainsAny(tags[i], ", |<>`\"=") {
				t.Errorf("%s: tag %q, start %d", name, tags[i], h.StartTimeMs())
			}
		}
		if strings.Count(text, "#[StartTime") != 1 || strings.Contains(text, "#[BaseTime") {
			t.Errorf("%s: time is faked:\n%s", name, text)
		}
	},
	"gobench": func(t *testing.T, name, text string, _ Document) {
		benchmarks := 0
		for l := range strings.Lines(text) {
			key, _, _ := strings.Cut(l, " ")
			switch {
			case key == "#", key == "Unit" && strings.Contains(l, "better="), key == "Unit" && strings.Contains(l, "assume="):
			case key == "pkg:", key == "goos:", key == "goarch:", key == "cpu:":
			case strings.HasPrefix(l, "BenchmarkConsbench/elections/protocol="):
				benchmarks++
				if first, rest, _ := strings.Cut(l, "\t"); strings.ContainsAny(first, " |<>`\"") || strings.Count(first, "/") != 4 || !strings.HasPrefix(rest, "300\t190000000 election.detected-ns\t") {
					t.Errorf("%s: %s", name, l)
				}
			case strings.HasPrefix(l, "BenchmarkConsbench/network="):
				benchmarks++
				if first, rest, _ := strings.Cut(l, "\t"); strings.ContainsAny(first, " |<>`\"") || strings.Count(first, "/") != 2 || !strings.HasPrefix(rest, "2001\t1000.5 commits/s\t") {
					t.Errorf("%s: %s", name, l)
				}
			case strings.HasPrefix(l, "BenchmarkConsbench/protocol="):
				benchmarks++
				first, rest, _ := strings.Cut(l, "\t")
				if strings.ContainsAny(first, " |<>`\"") || strings.Count(first, "/") != 3 || !strings.HasPrefix(rest, "2001\t1000.5 commits/s\t") {
					t.Errorf("%s: %s", name, first)
				}
			default:
				t.Errorf("%s: line %q", name, l)
			}
		}
		if benchmarks != 1 {
			t.Errorf("%s: %d benchmarks", name, benchmarks)
		}
	},
	"junit": func(t *testing.T, name, text string, _ Document) {
		if err := validJUnit([]byte(text)); err != nil {
			t.Errorf("%s: %v:\n%s", name, err, text)
		}
	},
	"markdown": func(t *testing.T, name, text string, d Document) {
		columns(t, text)
		for _, ours := range []string{"<details>", "</details>", "<summary>", "</summary>", "**"} {
			text = strings.ReplaceAll(text, ours, "")
		}
		for l := range strings.Lines(text) {
			l = strings.TrimPrefix(strings.TrimSpace(l), "### ")
			if strings.ContainsAny(l, "`*<>[]\\$~@") || strings.Contains(l, "://") || strings.Contains(l, "www.") ||
				strings.Contains(strings.ReplaceAll(l, "&#", ""), "&") || strings.Contains(strings.ReplaceAll(l, "&#", ""), "#") {
				t.Errorf("%s: markup in %q", name, l)
			}
		}
	},
}

func TestWord(t *testing.T) {
	seen := map[string]string{}
	for _, s := range hostile {
		w := word(s)
		if other, twice := seen[w]; twice {
			t.Errorf("%q and %q are both %s", s, other, w)
		}
		seen[w] = s
	}
	if got := word("a/b c%\n"); got != "a%2Fb%20c%25%0A" {
		t.Error(got)
	}
}

// TestWriteErrors: what the world refuses is reported by every format.
func TestWriteErrors(t *testing.T) {
	all := files()
	cases(func(format string, kind Kind, o Options) {
		if _, err := Write(full{}, format, []Document{all[kind]}, o); err == nil {
			t.Errorf("%s of %v: no error", format, kind)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
