package report

import (
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// The cells of the tables of comparisons and gates, for other formats that show
// them. Names in the arguments are not among them: they are the caller's to clean.

// LineCells shows a metric of a comparison: both medians in one unit with their
// spread, the ratio, its bounds, and the smallest change that would have shown.
// What is unknown is "".
func LineCells(l *result.Line) (a, b, ratio, bounds, sees string) {
	m := middles(l)
	if l.Visible != nil {
		sees = shareOf(*l.Visible)
	}
	return beside(m[0], spreadText(&l.A)), beside(m[1], spreadText(&l.B)), ratioText(l), boundsText(l), sees
}

// Shown are the lines of a comparison that a table shows unless all are asked for.
func Shown(c *result.Comparison, a *result.Against) []result.Line { return shown(c, a, false) }

// Closing is what a comparison of two sides comes to, in one sentence.
func Closing(c *result.Comparison, a *result.Against) string {
	return closingComparison(c, a, shown(c, a, false))
}

// LeftOut says how many runs of a side were not compared, and why; "" if all were.
func LeftOut(s *result.Side) string { return Clean(leftOut(s)) }

// GateCells shows a row of a gate: both values in one unit, the change, and its
// bounds, which are "" where they are unknown or there is no noise.
func GateCells(r *result.GateRow) (before, now, change, bounds string) {
	before, now = gateValues(r)
	if r.Low != nil && r.High != nil {
		bounds = gateBounds(r)
		if c := confidence(r); c != "" {
			bounds += " (" + c + ")"
		}
	}
	return before, now, gateChange(r), bounds
}

// GateClosing sums a gate up: 1 failed, 41 passed: exit 99.
func GateClosing(g *result.Gate) string { return Clean(strings.TrimSpace(gateClosing(g))) }
