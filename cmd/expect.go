package cmd

import (
	"fmt"

	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
)

// evaluate holds the expectations of a scenario against every run that they are
// about: each repetition must keep to them.
func evaluate(s *scenario.Scenario, file *result.File) (out []result.Expectation) {
	for _, e := range s.Expect {
		for i := range file.Runs {
			r := &file.Runs[i]
			if e.Protocol != "" && e.Protocol != r.Protocol || r.Error != "" || r.Interrupted {
				continue
			}
			out = append(out, gate.Expect(r, e.Threshold))
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
