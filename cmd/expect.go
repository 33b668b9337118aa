package cmd

import (
	"fmt"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/stat"
)

// evaluate holds the expectations of a scenario against every run that they are
// about: each repetition must keep to them. A figure that a run does not have, such as
// the time of an election that never ended, keeps to nothing.
func evaluate(s *scenario.Scenario, file *result.File) (out []result.Expectation) {
	for _, e := range s.Expect {
		for i := range file.Runs {
			r := &file.Runs[i]
			if e.Protocol != "" && e.Protocol != r.Protocol || r.Error != "" || r.Interrupted {
				continue
			}
			x := result.Expectation{Protocol: r.Protocol, Seed: r.Seed, Metric: e.Threshold.Metric.Name, Threshold: e.Threshold.String()}
			if v, known := report.Value(r, e.Threshold.Metric.Name); known {
				x.Value = &v
				x.Met = e.Threshold.Evaluate(stat.Estimate{Value: v, Low: v, High: v, Exact: true}, 0) == stat.Pass
			}
			out = append(out, x)
		}
	}
	return out
}

// missed says which expectations were, for standard error.
func missed(list []result.Expectation) (errs []error) {
	for _, x := range list {
		if !x.Met {
			errs = append(errs, fmt.Errorf("%s, seed %d: expected %s, %s", x.Protocol, x.Seed, x.Threshold, report.Found(&x)))
		}
	}
	return errs
}

// unmatched are expectations about protocols that do not run, though the scenario
// names those that do. (Where a flag chooses others, some expectations have no run.)
func (b *binding) unmatched() (errs []error) {
	if b.scenario == nil || b.origins["protocol"].layer > byFile || b.bad["protocol"] {
		return nil
	}
	for _, e := range b.scenario.Expect {
		if e.Protocol != "" && !contains(b.config.Protocols, e.Protocol) {
			errs = append(errs, fmt.Errorf("%s:%d:%d: expect: %q is not among the protocols of the scenario%s", b.scenario.Name, e.Line, e.Column, e.Protocol, nearest.Hint(e.Protocol, b.config.Protocols)))
		}
	}
	return errs
}
