package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/store"
	"github.com/consbench/consbench/bench/trend"
)

// kept is a list of results. The figures are invented.
func kept() []store.Entry {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	head := func(name, network string, throughput float64, p99 float64, verdict string) store.Head {
		return store.Head{Protocol: name, Network: network, Nodes: 3, Seed: 42, Throughput: throughput, P99: ptr(ms(p99)), Unavailable: ms(p99 * 2), Verdict: verdict}
	}
	id := func(b byte) string { return strings.Repeat(string(rune(b)), 64) }
	return []store.Entry{
		{ID: id('a'), Path: "runs/20260304T050607Z-raft+paxos-sim-aaaaaaaaaaaa.json", Kind: store.Run, Started: at, Revision: "0123456789abcdef", Runs: []store.Head{
			head("raft", "sim", 32_141, 2.27, "CORRECT"), head("paxos", "sim", 16_777.4, 4.27, "CORRECT"),
		}},
		{ID: id('b'), Path: "b.json", Kind: store.Run, Started: at.Add(time.Hour), Revision: "89abcdef", Modified: true, Runs: []store.Head{
			head("multipaxos", "inproc", 3_412_345.6, 0.8, "CORRECT"),
		}},
		{ID: id('c'), Path: "broken/c.json", Kind: store.Run, Started: at.Add(2 * time.Hour), Runs: []store.Head{
			head("raft", "tcp", 1, 1, "INCORRECT"), head("raft", "tcp", 1, 1, "FAILED"), head("raft", "tcp", 100, 1, "INTERRUPTED"),
		}},
		{ID: id('d'), Path: "elections/figure16.json", Kind: store.Elections, Started: at.Add(3 * time.Hour), About: "raft, settings: 9, trials: 90000"},
		{ID: id('e'), Path: "g\x1b[2Jate.json", Kind: store.Gate, Started: at.Add(4 * time.Hour), Verdict: "FAIL", About: "against a-very-long-name-of-a-branch/with-parts\x07-and-more"},
		{ID: id('f'), Path: "x.json", Kind: store.Run, Started: at.Add(5 * time.Hour), Revision: "\x1b[31m", Runs: []store.Head{
			head("ra\x1b]0;title\x07ft-with-a-name-that-is-far-too-long-for-any-table", "sim\n", 5, 1, "CORRECT"),
		}},
	}
}

// followed are series with changes of each kind.
func followed(t testing.TB) []trend.Series {
	var results []trend.Result
	add := func(n int, virtual bool, of func(i int) map[string]float64) {
		for i := range n {
			values := of(i)
			results = append(results, trend.Result{
				ID: fmt.Sprintf("%08x", i), Revision: fmt.Sprintf("%07x%033d", (i/2+1)*0x123457, 0), Modified: i%5 == 4,
				Started: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Run: map[bool]string{true: "raft/3/sim", false: "ra\x1bft/3/inproc"}[virtual], Seed: 42,
				Fingerprint: "0123456789abcdef", Machine: "Example CPU @ 2.50GHz, 2 CPUs, GOMAXPROCS 2, linux/amd64, 8 GiB", Arch: "amd64", Virtual: virtual,
				Value: func(m string) (float64, bool) { v, ok := values[m]; return v, ok },
			})
		}
	}
	noise := func(i int) float64 { return 1 + float64(i*7919%11-5)/500 }
	add(14, true, func(i int) map[string]float64 {
		v := map[string]float64{"throughput": 32_141, "response.p99": 2_270_000, "messages/commit": 4.02}
		if i > 5 {
			v["throughput"], v["messages/commit"] = 33_000, 4.020001
		}
		if i > 9 {
			v["response.p99"] = 2_300_001
		}
		return v
	})
	add(90, false, func(i int) map[string]float64 {
		v := map[string]float64{"throughput": 3.4e6 * noise(i), "allocs/commit": 0}
		if i >= 60 {
			v["throughput"] *= .9
		}
		if i > 80 {
			v["response.p99"] = 1e6
		}
		return v
	})
	add(1, true, func(int) map[string]float64 { return nil })
	var metrics []measure.Metric
	for _, m := range measure.Metrics() {
		if Key(m.Name) {
			metrics = append(metrics, m)
		}
	}
	return trend.Follow(results, metrics, nil, trend.DefaultOptions())
}

func histories(t testing.TB, o Options) map[string]string {
	var list, trends, beside bytes.Buffer
	a, b := kept()[0], kept()[5]
	a.Environment = result.Environment{Version: "v1", Go: "go1.26", CPU: "x", CPUs: 2, Arch: "amd64", OS: "linux"}
	b.Environment = result.Environment{Version: "v2\x1b", Go: "go1.26", CPU: "y\x07", CPUs: 4, Arch: "amd64", OS: "linux"}
	if err := History(&list, kept(), o); err != nil {
		t.Fatal(err)
	}
	if err := Trends(&trends, followed(t), o); err != nil {
		t.Fatal(err)
	}
	if err := Beside(&beside, &a, &b, o); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"history": list.String() + "\n" + beside.String(), "trend": trends.String()}
}

func TestGoldenHistory(t *testing.T) {
	for _, width := range []int{80, 120} {
		for _, unicode := range []bool{false, true} {
			for name, got := range histories(t, Options{Width: width, Plots: Plots{Unicode: unicode}}) {
				if unicode && name == "trend" {
					name += "-unicode"
				}
				golden(t, fmt.Sprintf("%s-%d.txt", name, width), got)
			}
		}
	}
}

func TestHistoryShape(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, width := range []int{0, 60, 72, 80, 99, 100, 120, 160, 200} {
		limit := max(width, minWidth)
		if width == 0 {
			limit = defaultWidth
		}
		colored := histories(t, Options{Width: width, Color: true})
		for name, plain := range histories(t, Options{Width: width}) {
			for i, l := range strings.Split(plain, "\n") {
				if n := utf8.RuneCountInString(l); n > limit || strings.TrimRight(l, " ") != l || Clean(l) != l {
					t.Errorf("%s at %d: line %d of %d columns: %q", name, width, i+1, n, l)
				}
			}
			if got := escape.ReplaceAllString(colored[name], ""); got != plain || got == colored[name] {
				t.Errorf("%s at %d: colour changes the text:\n%s\nwithout:\n%s", name, width, got, plain)
			}
		}
	}
	var none bytes.Buffer
	if err := History(&none, nil, Options{}); err != nil || !strings.HasPrefix(none.String(), "ID ") {
		t.Errorf("nothing: %q, %v", none.String(), err)
	}
}
