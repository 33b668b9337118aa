package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/plot"
	"github.com/consbench/consbench/bench/trend"
)

// latestChanges is how many changes of a group are told; earlier ones are counted.
const latestChanges = 10

// Trends writes series over results: those that measured the same together, each with
// a line over time, and below where they changed.
func Trends(w io.Writer, all []trend.Series, o Options) error {
	p := newPage(o)
	groups := map[string][]*trend.Series{}
	single := map[string]bool{}
	var order []string
	for i := range all {
		k := groupName(&all[i])
		if len(all[i].Points) < 2 {
			single[k] = true
			continue
		}
		delete(single, k)
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], &all[i])
	}
	for i, k := range order {
		if i > 0 {
			p.line("")
		}
		p.trends(k, groups[k])
	}
	for k := range groups {
		delete(single, k)
	}
	if len(single) > 0 {
		if len(order) > 0 {
			p.line("")
		}
		for _, l := range Wrap("("+plural(len(single), "run")+" without another of the same configuration, seed and machine)", p.width) {
			p.line(p.paint(dim, l))
		}
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// groupName says what the results of a series have in common.
func groupName(s *trend.Series) string {
	name := fmt.Sprintf("%s, seed %d, configuration %s", Clean(s.Run), s.Seed, Clean(s.Fingerprint[:min(len(s.Fingerprint), 8)]))
	if s.Exact {
		return name + ", virtual time on " + Clean(s.Machine)
	}
	return name + ", " + Clean(s.Machine)
}

func (p *page) trends(name string, group []*trend.Series) {
	longestSeries := group[0]
	for _, s := range group {
		if len(s.Points) > len(longestSeries.Points) {
			longestSeries = s
		}
	}
	for i, l := range fill(strings.Split(name, ", "), ", ", p.width-2) {
		if i > 0 {
			l = "  " + l
		}
		p.line(p.paint(bold, l))
	}
	points := longestSeries.Points
	span := plural(len(points), "result")
	if n := revisions(points); n > 0 {
		span += " of " + plural(n, "revision")
	}
	first, last := points[0].Result.Started, points[len(points)-1].Result.Started

	g := &grid{header: []string{" METRIC", "FIRST", "LATEST", "CHANGES"}}
	for _, s := range group {
		v := s.Values()
		changes := strconv.Itoa(len(s.Changes))
		if !s.Exact && len(v) < trend.FewestValues {
			changes = "too few"
		}
		cells := metricCells(s.Metric, v[0], v[len(v)-1])
		g.add(" "+s.Metric.Name, cells[0], cells[1], changes)
	}
	lines := g.lines()
	label := widest(lines)
	room := max(p.width-label-2, 1)
	each := (len(points) + room - 1) / room // values a character
	parts := []string{span, first.Format(when) + " to " + last.Format(when) + " UTC"}
	if each > 1 && !p.plots.None {
		parts = append(parts, plural(each, "result")+" a character")
	}
	for _, l := range fill(parts, ", ", p.width-1) {
		p.line(" " + l)
	}
	for i, l := range lines {
		over := clip("OVER TIME", room)
		if i > 0 {
			over = plot.Spark(trend.Means(group[i-1].Values(), each), !p.plots.Unicode)
		}
		if !p.plots.None {
			l = fmt.Sprintf("%-*s  %s", label, l, over)
		}
		if i == 0 {
			l = p.paint(bold, l)
		}
		p.line(l)
	}
	p.changes(group)
	step := 1
	for _, s := range group {
		step = max(step, s.Step)
	}
	if step > 1 {
		for _, l := range Wrap(fmt.Sprintf("Changes were looked for in the means of %d results each: a single one that is off does not show.", step), p.width-2) {
			p.line(" " + l)
		}
	}
}

func revisions(points []trend.Point) int {
	seen := map[string]bool{}
	for _, q := range points {
		if r := q.Result.Revision; r != "" {
			seen[r] = true
		}
	}
	return len(seen)
}

// changes tells where series changed, the latest first.
func (p *page) changes(group []*trend.Series) {
	for _, s := range group {
		for i := len(s.Changes) - 1; i >= 0; i-- {
			if n := len(s.Changes) - latestChanges; i < n {
				p.line(fmt.Sprintf(" %s: %d earlier changes", s.Metric.Name, n))
				break
			}
			c := &s.Changes[i]
			at := s.Points[c.At].Result
			where := "result " + at.ID
			if at.Revision != "" {
				where = Revision(at.Revision, at.Modified)
			}
			cells := metricCells(s.Metric, c.Before, c.After)
			text := fmt.Sprintf("%s changed at %s of %s: %s to %s", s.Metric.Name, where, at.Started.Format(when), cells[0], cells[1])
			if r := c.Ratio() - 1; !math.IsInf(r, 0) && !math.IsNaN(r) {
				text += ", " + percentChange(r)
			}
			col, word := yellow, ""
			switch {
			case c.Better:
				col, word = green, "better"
			case c.Worse:
				col, word = red, "worse"
			}
			if word != "" {
				text += ", " + word
			}
			if !s.Exact {
				text += fmt.Sprintf(" (p %.3f)", c.P)
			}
			for j, l := range Wrap(text, p.width-3) {
				if j > 0 {
					l = "  " + l
				}
				p.line(" " + p.paint(col, l))
			}
		}
	}
}

func percentChange(r float64) string {
	if x := 100 * r; math.Abs(x) < 0.1 && x != 0 { // two digits, however small
		digits := 1 - int(math.Floor(math.Log10(math.Abs(x))))
		return fmt.Sprintf("%+.*f%%", min(digits, 15), x)
	}
	return fmt.Sprintf("%+.1f%%", 100*r)
}

// metricCells shows two values of a metric in one unit.
func metricCells(m measure.Metric, a, b float64) [2]string {
	switch m.Unit {
	case measure.Nanoseconds:
		x, y := int64(math.Round(a)), int64(math.Round(b))
		cells := times([]*int64{&x, &y})[0]
		if cells[0] == cells[1] && x != y {
			return [2]string{Count(uint64(max(x, 0))) + "ns", Count(uint64(max(y, 0))) + "ns"}
		}
		return [2]string{cells[0], cells[1]}
	case measure.PerSecond:
		return distinct(a, b, "/s")
	case measure.Bytes:
		return distinct(a, b, "B")
	}
	return distinct(a, b, "")
}

// distinct shows two values with as many digits as it takes to tell them apart.
func distinct(a, b float64, unit string) [2]string {
	x, y := sig3(a), sig3(b)
	if x == y && a != b {
		for digits := 4; digits <= 17 && x == y; digits++ {
			x, y = strconv.FormatFloat(a, 'g', digits, 64), strconv.FormatFloat(b, 'g', digits, 64)
		}
	}
	return [2]string{x + unit, y + unit}
}
