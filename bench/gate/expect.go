package gate

import (
	"fmt"
	"slices"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// Expect holds a threshold that a scenario expects to be kept against a run. A figure
// that the run does not have, such as the time of an election that never ended, keeps
// to nothing.
func Expect(r *result.Run, t stat.Threshold) result.Expectation {
	x := result.Expectation{Protocol: r.Protocol, Seed: r.Seed, Metric: t.Metric.Name, Threshold: t.String()}
	if v, known := report.Value(r, t.Metric.Name); known {
		x.Value = &v
		x.Met = t.Evaluate(stat.Estimate{Value: v, Low: v, High: v, Exact: true}, 0) == stat.Pass
	}
	return x
}

// expectations are the rows of what a source expects of one of its runs.
func expectations(s *Source, old, fresh *result.Run) (rows []result.GateRow) {
	for _, was := range s.File.Expectations {
		if was.Protocol != old.Protocol || was.Seed != old.Seed {
			continue
		}
		t, err := stat.ParseThreshold(was.Threshold)
		if err != nil {
			continue // Usable says so
		}
		now := Expect(fresh, t)
		row := result.GateRow{
			Layer: result.LayerExact, Source: s.Name, Run: s.title(old), Metric: was.Metric, Unit: t.Metric.Unit,
			Old: was.Value, New: now.Value, Limit: limit(t), Outcome: outcome(now.Met),
		}
		if !now.Met {
			row.Note = "the scenario expects it"
		}
		if was.Value != nil && now.Value != nil {
			row.Change = change(*was.Value, *now.Value)
		}
		rows = append(rows, row)
	}
	return rows
}

// readable reports expectations of a file that say nothing.
func readable(s *Source) error {
	for i, x := range s.File.Expectations {
		if _, err := stat.ParseThreshold(x.Threshold); err != nil {
			return fmt.Errorf("%s: expectations[%d].threshold: %w", s.Name, i, err)
		}
	}
	return nil
}

// again is what a source expects, held against fresh runs.
func again(s *Source, fresh []result.Run) (list []result.Expectation) {
	for _, x := range s.File.Expectations {
		t, err := stat.ParseThreshold(x.Threshold)
		i := slices.IndexFunc(fresh, func(r result.Run) bool { return r.Protocol == x.Protocol && r.Seed == x.Seed })
		if err == nil && i >= 0 {
			list = append(list, Expect(&fresh[i], t))
		}
	}
	return list
}
