package gate_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// TestNoTime: a budget that ends is no verdict on the program, but hides none either.
func TestNoTime(t *testing.T) {
	late := fmt.Errorf("--budget 1m: %w", gate.ErrBudget)
	broken := errors.Join(gate.ErrBuild, errors.New("does not build"))
	row := func(o stat.Outcome) []result.GateRow { return []result.GateRow{{Outcome: o.String()}} }
	for name, c := range map[string]struct {
		errs []error
		rows []result.GateRow
		want string
	}{
		"nothing was run":     {[]error{late}, nil, gate.Inconclusive},
		"what was run passed": {[]error{late}, row(stat.Pass), gate.Inconclusive},
		"what was run failed": {[]error{late}, row(stat.Fail), gate.Fail},
		"then broken":         {[]error{late, broken}, nil, gate.Broken},
		"broken before":       {[]error{broken, late}, nil, gate.Broken},
		"incorrect":           {[]error{late, gate.ErrIncorrect}, row(stat.Fail), gate.Incorrect},
		"interrupted":         {[]error{late, bench.ErrInterrupted}, nil, gate.Interrupted},
	} {
		g := gate.New()
		g.Rows = c.rows
		for _, err := range c.errs {
			gate.Blame(g, err)
		}
		if gate.Conclude(g); g.Verdict != c.want {
			t.Errorf("%s: %s, want %s", name, g.Verdict, c.want)
		}
	}
}
