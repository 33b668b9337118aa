package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

func figure(x float64) *float64 { return &x }

// gates are verdicts of every kind.
func gates() map[string]*result.Gate {
	exact := func(run, metric, unit string, old, now float64) result.GateRow {
		r := result.GateRow{
			Layer: result.LayerExact, Source: "results/baseline/crash.json", Run: run, Metric: metric, Unit: unit,
			Old: &old, New: &now, Limit: "+-0.1%", Outcome: "fail",
		}
		switch {
		case old == now:
			r.Change, r.Outcome = figure(0), "pass"
		case old != 0:
			r.Change = figure(now/old - 1)
		}
		return r
	}
	live := func(metric, unit string, old, now, change, low, high float64, limit, outcome string) result.GateRow {
		return result.GateRow{
			Layer: result.LayerMeasured, Source: "main", Run: "multipaxos/3/tcp", Metric: metric, Unit: unit,
			Old: &old, New: &now, Change: &change, Low: &low, High: &high, Limit: limit, Outcome: outcome, Pairs: 20, Visible: figure(0.063), Confidence: 0.95,
		}
	}
	gone := exact("raft/3/sim", "response.p99.99", "ns", 3.1e6, 0)
	gone.New, gone.Change, gone.Note = nil, nil, "has no figure any more"
	unsure := live("response.p99", "ns", 1_920_000, 2_000_000, 0.041, -0.02, 0.11, "<=+5%", "inconclusive")
	unsure.Needs = 1240
	failed := live("response.p50", "ns", 1_123_000, 1_261_000, 0.123, 0.098, 0.149, "<=+5%", "fail")
	failed.Note, failed.Confidence = "two batches say so", 1-0.05/3
	fails := &result.Gate{
		Rows: []result.GateRow{
			exact("raft/3/sim", "throughput", "1/s", 33_536, 33_536),
			exact("raft/3/sim", "unknown", "1", 0, 3),
			exact("raft/3/sim", "election.first_commit.p90", "ns", 253_600_000, 253_900_000),
			exact("raft/3/sim", "messages/commit", "1", 4, 5),
			gone,
			exact("multipaxos/5/sim", "wire_bytes/commit", "B", 1_234.5, 1_230.1),
			exact("paxos/5/sim", "wire_bytes/commit", "B", 1_234.5, 1_234.5),
			live("throughput", "1/s", 1_383_296, 1_377_762, -0.004, -0.009, 0.002, ">=-3%", "pass"),
			failed, unsure,
		},
		Skipped: []result.GateSkip{
			{Source: "results/baseline/live.json", Run: "raft/3/tcp", Why: "live: not repeatable, hold it against a revision (--against)"},
			{Source: "results/baseline/crash.json", Run: "raft/3/sim", Metric: "allocs/commit", Why: "not counted where there are faults"},
		},
		Against: "main", Failed: 6, Passed: 3, Inconclusive: 1, Verdict: "fail", Exit: 99,
	}
	odd := exact("raft\x1b[31m/3/sim", "messages/commit", "1", 1e-7, 1.00001e-7)
	odd.Source, odd.Note = strings.Repeat("very long name ", 10), "two\nlines"
	return map[string]*result.Gate{
		"gate-fail":  fails,
		"gate-pass":  {Rows: []result.GateRow{exact("raft/3/sim", "throughput", "1/s", 33_536, 33_536)}, Passed: 1, Verdict: "pass"},
		"gate-empty": {Verdict: "inconclusive", Exit: 4, Why: "no time for live runs (--budget)"},
		"gate-odd":   {Rows: []result.GateRow{odd}, Failed: 1, Verdict: "fail", Exit: 99},
		"gate-tests": {Verdict: "missed", Exit: 99, Tests: []result.GateTest{
			{Layer: result.LayerExact, Caught: true},
			{Layer: result.LayerExact, Flaw: "one more message", Caught: true, Row: &fails.Rows[3]},
			{Layer: result.LayerMeasured, Flaw: "20us more", Caught: true, Row: &fails.Rows[8]},
			{Layer: result.LayerMeasured, Row: &fails.Rows[8]},
			{Layer: result.LayerExact, Flaw: "one more allocation"},
		}},
	}
}

func renderGate(t *testing.T, g *result.Gate, o Options, verbose bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Gate(&b, g, o, verbose); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGateGolden(t *testing.T) {
	for name, g := range gates() {
		for _, verbose := range []bool{false, true} {
			file := name + ".txt"
			if verbose {
				file = name + "-v.txt"
			}
			t.Run(file, func(t *testing.T) {
				golden(t, file, renderGate(t, g, Options{}, verbose))
			})
		}
	}
}

// TestGateShape: no line too long or with blanks at its end, and colour adds nothing
// but colour.
func TestGateShape(t *testing.T) {
	for name, g := range gates() {
		for _, width := range []int{60, 80, 100, 160} {
			plain := renderGate(t, g, Options{Width: width}, true)
			for line := range strings.Lines(plain) {
				line = strings.TrimSuffix(line, "\n")
				if columns(line) > width || strings.HasSuffix(line, " ") || strings.ContainsFunc(line, func(r rune) bool { return !printable(r) }) {
					t.Errorf("%s at %d: %q", name, width, line)
				}
			}
			if colored := escape.ReplaceAllString(renderGate(t, g, Options{Width: width, Color: true}, true), ""); colored != plain {
				t.Errorf("%s at %d: colour changes the text", name, width)
			}
		}
	}
}

// TestGateFigures: what differs looks different.
func TestGateFigures(t *testing.T) {
	for _, c := range []struct {
		unit        string
		old, now    float64
		before, aft string
	}{
		{"1", 4, 5, "4", "5"}, {"1", 4.001, 4.002, "4.001", "4.002"}, {"ns", 2_270_000, 2_270_100, "2.2700ms", "2.2701ms"},
		{"1/s", 33_536, 33_536.5, "33,536.0/s", "33,536.5/s"}, {"1", 0.0000012, 0.0000013, "0.000001200", "0.000001300"}, {"1", 0, 7, "0", "7"},
		{"B", 600, 600, "600B", "600B"},
	} {
		before, aft := gateValues(&result.GateRow{Unit: c.unit, Old: &c.old, New: &c.now})
		if before != c.before || aft != c.aft {
			t.Errorf("%g, %g: %s, %s; want %s, %s", c.old, c.now, before, aft, c.before, c.aft)
		}
	}
	for x, want := range map[float64]string{0: "0%", 0.123: "+12.3%", -0.004: "-0.40%", -0.014: "-1.4%", 0.00042: "+0.042%", 21.5: "+2,150%", -1: "-100%"} {
		if got := signedPercent(x); got != want {
			t.Errorf("%s: %s, want %s", fmt.Sprint(x), got, want)
		}
	}
}
