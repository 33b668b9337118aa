package gate_test

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// TestExpectations: what a scenario expected of the runs of a baseline is held against
// the fresh ones, and an update keeps it.
func TestExpectations(t *testing.T) {
	limit, err := stat.ParseThreshold("throughput>=1k/s")
	if err != nil {
		t.Fatal(err)
	}
	run := func(throughput float64) *result.Run {
		return &result.Run{Protocol: "raft", Network: "sim", Nodes: 3, Seed: 7, Throughput: throughput, Totals: result.Totals{Commits: 1}}
	}
	old := result.File{Scenario: "mine", Runs: []result.Run{*run(2000)}, Expectations: []result.Expectation{gate.Expect(run(2000), limit)}}
	s := &gate.Source{Name: "baseline", File: &old}
	for throughput, outcome := range map[float64]stat.Outcome{2000: stat.Pass, 500: stat.Fail} {
		fresh := result.File{Runs: []result.Run{*run(throughput)}}
		rows, _ := gate.Exact(s, &fresh, nil)
		found := false
		for _, r := range rows {
			if r.Metric == "throughput" && r.Limit == ">=1k/s" {
				found = true
				if r.Outcome != outcome.String() || *r.New != throughput || *r.Old != 2000 {
					t.Errorf("%v/s: %+v", throughput, r)
				}
			}
		}
		if !found {
			t.Errorf("no row for what is expected among %d", len(rows))
		}
		next := s.Replacement(&fresh)
		if next.Scenario != "mine" || len(next.Expectations) != 1 || *next.Expectations[0].Value != throughput || next.Expectations[0].Met != (outcome == stat.Pass) {
			t.Errorf("%v/s: an update makes of it %+v", throughput, next.Expectations)
		}
	}
	old.Runs[0].Verdict = result.Verdict{Correct: true, Checks: []result.Check{{OK: true}}}
	if err := s.Usable(); err != nil {
		t.Error(err)
	}
	old.Expectations[0].Threshold = "throughput=1"
	if err := s.Usable(); err == nil || !strings.Contains(err.Error(), "baseline: expectations[0].threshold: ") {
		t.Errorf("a threshold that cannot be read: %v", err)
	}
}
