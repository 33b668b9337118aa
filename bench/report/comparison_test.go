package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// comparisons are hand-made. The figures are invented.
func comparisons(t testing.TB) map[string]*result.Comparison {
	cfg := bench.Defaults()
	cfg.Network = bench.NetworkInproc
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	side := func(name string, good int) result.Side {
		s := result.Side{Name: name, Protocol: name, Network: cfg.Network, Config: raw, Good: good}
		for i := range good {
			s.Samples = append(s.Samples, result.Sample{Pair: i, Seed: 42 + uint64(i), Status: result.Good, Faults: 1})
		}
		return s
	}
	middle := func(n int, median, spread float64) result.Middle {
		return result.Middle{Count: n, Median: median, Q1: median * (1 - spread), Q3: median * (1 + spread)}
	}
	line := func(metric string, a, b, spread, width, sees float64, verdict, lacks string) result.Line {
		r := b / a
		return result.Line{
			Metric: metric, Method: "signed-rank", A: middle(20, a, spread), B: middle(20, b, spread/2),
			Ratio: ptr(r), Low: ptr(r / (1 + width)), High: ptr(r * (1 + width)), Visible: ptr(sees), Verdict: verdict, Lacks: lacks,
		}
	}
	exact := func(metric string, a, b float64, verdict string) result.Line {
		return result.Line{Metric: metric, Method: "exact", A: middle(1, a, 0), B: middle(1, b, 0), Ratio: ptr(b / a), Verdict: verdict}
	}
	env := files(t)["one"].Environment
	base := func(exact bool, sides ...result.Side) *result.Comparison {
		return &result.Comparison{
			Schema: result.ComparisonSchema, Environment: env, Exact: exact, Pairs: 20,
			Confidence: .95, Power: .95, Tolerance: .02, Sides: sides,
		}
	}
	all := map[string]*result.Comparison{}

	c := base(false, side("raft", 20), side("raft:batch=1,heartbeat=20ms", 18))
	c.Sides[1].Incorrect, c.Sides[1].Failed = 1, 1
	c.Sides[1].Samples = append(c.Sides[1].Samples,
		result.Sample{Pair: 18, Seed: 60, Status: result.Incorrect, Detail: "logs agree: n1 and n3 differ at the end"},
		result.Sample{Pair: 19, Seed: 61, Status: result.Failed, Detail: "no leader was elected within 1m0s"})
	c.Differences = []result.Difference{{Option: "batch", Values: []string{"1024", "1"}}, {Option: "heartbeat", Values: []string{"50ms", "20ms"}}}
	c.Against = []result.Against{{Base: 0, Side: 1, Pairs: 18, Lines: []result.Line{
		line("throughput", 1.1e6, 5.2e5, .04, .03, .032, "worse", ""),
		line("response.p50", 54e3, 121e3, .03, .02, .021, "worse", ""),
		line("response.p90", 80e3, 81e3, .03, .015, .021, "same", ""),
		line("response.p99", 1.25e6, 1.21e6, .3, .16, .22, "cannot tell", "needs about 1200 pairs"),
		line("response.max", 9e6, 1e6, .3, .16, .22, "better", ""),
		line("commit.p50", 30e3, 61e3, .03, .02, .021, "worse", ""),
		line("election.first_commit", 207e6, 209e6, .12, .09, .19, "cannot tell", "needs 30 elections"),
		{Metric: "election.unavailable", A: middle(31, 2e8, .1), Verdict: result.OneSided},
		line("messages/commit", .0501, .0501, .01, .005, .007, "same", ""),
		line("wire_bytes/commit", 564, 627, .0001, .0001, .0003, "worse", ""),
		line("allocs/commit", .0002, .0021, .5, 4, 21, "worse", ""),
		line("cpu/commit", 475, 462, .08, .01, .05, "better", ""),
	}}}
	c.Notes = []string{}
	all["live"] = c

	c = base(true, side("raft", 1), side("raft", 1))
	c.Against = []result.Against{{Side: 1, Pairs: 1, Lines: []result.Line{
		exact("throughput", 33536, 33536, "same"), exact("response.p50", 1.9e6, 1.9e6, "same"), exact("messages/commit", .0625, .0625, "same"),
		{Metric: "cpu/commit", Method: "signed-rank", A: middle(1, 900, 0), B: middle(1, 950, 0), Ratio: ptr(950. / 900), Verdict: "cannot tell", Lacks: "needs 6 pairs"},
	}}}
	c.Notes = []string{"Virtual time: exact for seed 42, one run a side."}
	all["self"] = c

	c = base(true, side("raft", 3), side("multipaxos", 3), side("paxos", 3))
	ranged := exact("throughput", 26560, 26778, "better")
	ranged.Low, ranged.High, ranged.A, ranged.B = ptr(1.005), ptr(1.011), middle(3, 26560, .001), middle(3, 26778, .001)
	disagree := exact("response.p99", 2.28e6, 2.28e6, "cannot tell")
	disagree.Low, disagree.High, disagree.Lacks = ptr(.93), ptr(1.08), "seeds disagree"
	c.Against = []result.Against{
		{Base: 0, Side: 1, Pairs: 3, Lines: []result.Line{
			ranged, exact("response.p50", 1.92e6, 1.92002e6, "same"), disagree,
			exact("unavailable", 3.1e8, 2.8e8, "better"), exact("messages/commit", .0593, .0614, "worse"),
		}},
		{Base: 0, Side: 2, Pairs: 3, Lines: []result.Line{
			exact("throughput", 26560, 11628, result.OfferedRate), {Metric: "late", Method: "exact", A: middle(1, 0, 0), B: middle(1, 5, 0), Verdict: "worse"},
			{Metric: "allocs/commit", Method: "exact", A: middle(1, 0, 0), B: middle(1, 5, 0), Low: ptr(1.), High: ptr(2.), Verdict: "worse"},
		}},
	}
	all["three"] = c

	c = base(false, side("a\x1b[31m", 0), side(strings.Repeat("long", 30), 0))
	c.Interrupted = true
	c.Against = []result.Against{{Side: 1, Lines: []result.Line{}}}
	c.Notes = []string{"A was given up after 3 runs.\x1b"}
	c.Sides[0].File = "x\x1b.json"
	c.Differences = []result.Difference{{Option: "fault", Values: []string{"", "crash leader at 2s \x1b"}}}
	all["nothing"] = c
	all["none"] = &result.Comparison{}
	return all
}

func TestComparisonGolden(t *testing.T) {
	for name, c := range comparisons(t) {
		for _, width := range []int{80, 120} {
			var b bytes.Buffer
			if err := Comparison(&b, c, Options{Width: width, Rerun: []string{"consbench", "compare", "raft", "multipaxos"}}, false); err != nil {
				t.Fatal(err)
			}
			golden(t, fmt.Sprintf("comparison-%s-%d.txt", name, width), b.String())
		}
	}
}

// TestComparisonShape: no line too long, nothing but printable text, and colour
// adds nothing but colour.
func TestComparisonShape(t *testing.T) {
	for name, c := range comparisons(t) {
		for _, width := range []int{0, 60, 72, 80, 100, 120, 200} {
			for _, all := range []bool{false, true} {
				var plain, colored bytes.Buffer
				if err := Comparison(&plain, c, Options{Width: width}, all); err != nil {
					t.Fatal(err)
				}
				limit := width
				if limit == 0 {
					limit = 80
				}
				for i, l := range strings.Split(plain.String(), "\n") {
					if utf8.RuneCountInString(l) > limit || strings.TrimRight(l, " ") != l || Clean(l) != l {
						t.Errorf("%s at %d: line %d: %q", name, width, i+1, l)
					}
				}
				if strings.Contains(plain.String(), "\n\n\n") || strings.HasSuffix(plain.String(), "\n\n") || strings.HasPrefix(plain.String(), "\n") {
					t.Errorf("%s at %d: blank lines out of place:\n%s", name, width, &plain)
				}
				if err := Comparison(&colored, c, Options{Width: width, Color: true}, all); err != nil {
					t.Fatal(err)
				}
				if got := escape.ReplaceAllString(colored.String(), ""); got != plain.String() {
					t.Errorf("%s at %d: colour changes the text", name, width)
				}
			}
		}
	}
}

func TestRatio3(t *testing.T) {
	for x, want := range map[float64]string{1: "1.000", 1.0123: "1.012", .99998: "0.99998", 1.0004: "1.0004", 1.0000001: "1.000", .5: "0.500", 9.9996: "10.0", .0123: "0.0123", 1234: "1,234", math.Inf(1): "-"} {
		if got := ratio3(x); got != want {
			t.Errorf("%g: %s, want %s", x, got, want)
		}
	}
	for x, want := range map[float64]string{0: "0%", .00001: "<0.01%", .0012: "0.12%", .032: "3.2%", .5: "50%", 42: ">999%"} {
		if got := shareOf(x); got != want {
			t.Errorf("%g: %s, want %s", x, got, want)
		}
	}
}
