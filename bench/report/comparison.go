package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// Letter names a side of a comparison in tables: A, B, C ...
func Letter(i int) string { return string(rune('A' + i)) }

// important are the metrics that a comparison shows unless all are asked for. Those
// of failover are there if leaders were removed. They are judged together.
var important = []string{
	"throughput", "response.p50", "response.p90", "response.p99", "commit.p50", "unavailable", "election.first_commit", "election.unavailable",
	"messages/commit", "wire_bytes/commit", "log_bytes/commit", "allocs/commit", "cpu/commit",
}

// importantOfTrials are those of elections by the thousand.
var importantOfTrials = []string{
	"election.detected", "election.elected", "election.announced", "election.announced.p90", "election.announced.p99", "election.announced.p99.9",
	"election.first_commit", "election.first_commit.p90", "election.first_commit.p99", "election.rounds", "election.split_votes",
}

// Key reports whether a metric is one of those that a comparison shows unless all
// are asked for.
func Key(metric string) bool { return slices.Contains(important, metric) }

// Comparison writes c for people: the sides, a table for each side against the
// first with a closing sentence, what to know about it, the machine, and the
// command that repeats it. all shows every metric.
func Comparison(w io.Writer, c *result.Comparison, o Options, all bool) error {
	p := &page{file: &result.File{Environment: c.Environment}, width: o.Width, color: o.Color}
	if p.width == 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, minWidth)
	p.sides(c)
	if len(c.Against) == 0 {
		p.line("nothing was compared")
	}
	for i := range c.Against {
		p.line("")
		p.against(c, &c.Against[i], all)
	}
	p.line("")
	before := p.out.Len()
	if c.Interrupted {
		p.marked(yellow, "INTERRUPTED", "only the pairs that were finished are compared")
	}
	p.footnotes(c, all)
	if p.out.Len() > before {
		p.line("")
	}
	if !o.Part {
		p.machine()
		p.rerun(o.Rerun)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// sides says what is compared and what was left out.
func (p *page) sides(c *result.Comparison) {
	for i := range c.Sides {
		s := &c.Sides[i]
		text := Clean(s.Name)
		if s.File != "" && s.Protocol != "" {
			text += " (" + Clean(s.Protocol) + ", recorded)"
		}
		runs := " runs"
		if s.Good == 1 {
			runs = " run"
		}
		parts := []string{text, Count(uint64(s.Good)) + " good" + runs}
		if s.Trials > 0 {
			parts[1] = plural(s.Good, "setting") + " of elections, " + plural(s.Trials, "trial")
		} else if i == 0 {
			parts = append(parts, p.common(s)...)
		}
		p.labelled(Letter(i), ", ", parts...)
	}
	for i := range c.Differences {
		p.different(&c.Differences[i])
	}
	for i := range c.Sides {
		if text := leftOut(&c.Sides[i]); text != "" {
			p.marked(red, "LEFT OUT", Letter(i)+": "+Clean(text))
		}
	}
}

// different writes an option that is not the same on all sides.
func (p *page) different(d *result.Difference) {
	var values []string
	for i, v := range d.Values {
		values = append(values, Letter(i)+" "+orNone(Clean(v)))
	}
	p.labelled("DIFFERENT", "   ", append([]string{"--" + Clean(d.Option) + ":"}, values...)...)
}

// common is what a run of the first side is like; what the others do not share is
// among the differences.
func (p *page) common(s *result.Side) []string {
	if json.Unmarshal(s.Config, &p.cfg) != nil {
		return nil
	}
	return p.headline(&result.Run{Network: s.Network, Nodes: p.cfg.Nodes, Seed: p.cfg.Seed})[1:]
}

// leftOut says how many runs of a side were not compared, and why; "" if all were.
func leftOut(s *result.Side) string {
	var parts []string
	for _, k := range []struct {
		n            int
		status, word string
	}{{s.Incorrect, result.Incorrect, "INCORRECT"}, {s.Failed, result.Failed, "failed"}, {s.Interrupted, result.Unfinished, "interrupted"}} {
		if k.n == 0 {
			continue
		}
		part := fmt.Sprintf("%d %s", k.n, k.word)
		for _, sample := range s.Samples {
			if sample.Status == k.status && sample.Detail != "" {
				part += fmt.Sprintf(" (seed %d: %s)", sample.Seed, sample.Detail)
				break
			}
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "of " + plural(len(s.Samples), "run") + " " + strings.Join(parts, ", ")
}

// against writes the table of two sides, on one line a metric if the page is wide
// enough, else on two.
func (p *page) against(c *result.Comparison, a *result.Against, all bool) {
	lines := shown(c, a, all)
	if a.Setting != "" {
		p.line(p.paint(bold, "Election timeout "+Clean(a.Setting)+", "+plural(a.Pairs, "trial")))
	}
	if len(lines) == 0 {
		p.line(p.paint(bold, Letter(a.Side)+" against "+Letter(a.Base)))
		for _, l := range Wrap("Nothing to compare: no pair has a good run on both sides.", p.width) {
			p.line(l)
		}
		return
	}
	g := wideComparison(c, a, lines, false)
	if widest(g.lines()) > p.width {
		g = wideComparison(c, a, lines, true)
	}
	if widest(g.lines()) > p.width {
		g = narrowComparison(c, a, lines)
	}
	p.table(g, "sees", Letter(a.Base), Letter(a.Side))
	p.line("")
	for _, l := range Wrap(closingComparison(c, a, lines), p.width) {
		p.line(l)
	}
}

// shown are the lines of a table.
func shown(c *result.Comparison, a *result.Against, all bool) []result.Line {
	var out []result.Line
	if a.Setting != "" {
		for _, l := range a.Lines {
			if all || slices.Contains(importantOfTrials, l.Metric) {
				out = append(out, l)
			}
		}
		return out
	}
	outages := false // of every leader that was removed on both sides: more than each run's longest
	for _, l := range a.Lines {
		outages = outages || l.Metric == "election.unavailable" && l.Verdict != result.OneSided
	}
	for _, l := range a.Lines {
		show := all || Key(l.Metric)
		m, err := measure.Find(l.Metric)
		if err != nil {
			continue // of a later version
		}
		switch {
		case all:
		case l.Metric == "unavailable" && (outages || !struck(c, a)), l.Metric == "election.unavailable" && !outages:
			show = false
		case measuredOnce(c, m, &l):
			show = false
		}
		if show {
			out = append(out, l)
		}
	}
	return out
}

// struck reports whether leaders were taken away on either side, so that being
// unavailable says something: with no fault it is a pause like any other.
func struck(c *result.Comparison, a *result.Against) bool {
	for _, i := range []int{a.Base, a.Side} {
		for _, s := range c.Sides[i].Samples {
			if s.Faults > 0 {
				return true
			}
		}
	}
	return false
}

// measuredOnce: the costs of the process in a few runs in virtual time have
// neither exactness nor bounds.
func measuredOnce(c *result.Comparison, m measure.Metric, l *result.Line) bool {
	return c.Exact && !m.Exact && l.Low == nil
}

// lacking is what a verdict lacks, in the fewest words if brief: the notes below
// the table tell what is needed.
func lacking(l *result.Line, brief bool) string {
	s := Clean(l.Lacks)
	if brief && strings.HasPrefix(s, "needs ") {
		s = strings.Replace(s, "about ", "~", 1)
		s = strings.TrimSuffix(strings.TrimSuffix(s, " pairs"), " elections")
	}
	return s
}

// wideComparison has one line a metric.
func wideComparison(c *result.Comparison, a *result.Against, lines []result.Line, brief bool) *grid {
	g := &grid{header: heads(c, a), left: 2}
	for i := range lines {
		l := &lines[i]
		m := middles(l)
		verdict := Clean(l.Verdict)
		if l.Lacks != "" {
			verdict += ": " + lacking(l, brief)
		}
		ratio := ratioText(l)
		if b := boundsText(l); b != "" {
			ratio += " (" + b + ")"
		}
		cells := []string{" " + Clean(l.Metric), verdict, beside(m[0], spreadText(&l.A)), beside(m[1], spreadText(&l.B)), ratio}
		g.add(append(cells, sees(l, len(g.header) > len(cells))...)...)
	}
	return g
}

// narrowComparison has a second line for spreads and bounds.
func narrowComparison(c *result.Comparison, a *result.Against, lines []result.Line) *grid {
	g := &grid{header: heads(c, a), left: 2}
	for i := range lines {
		l := &lines[i]
		m := middles(l)
		verdict := Clean(l.Verdict)
		lacks := lacking(l, true)
		if lacks != "" {
			verdict += ":"
		}
		cells := []string{" " + Clean(l.Metric), verdict, m[0], m[1], ratioText(l)}
		wide := len(g.header) > len(cells)
		g.add(append(cells, sees(l, wide)...)...)
		second := []string{"", lacks, spreadText(&l.A), spreadText(&l.B), boundsText(l)}
		if strings.Join(second, "") != "" {
			if wide {
				second = append(second, "")
			}
			g.add(second...)
		}
	}
	return g
}

func heads(c *result.Comparison, a *result.Against) []string {
	h := []string{Letter(a.Side) + " AGAINST " + Letter(a.Base), Letter(a.Side) + " is", Letter(a.Base), Letter(a.Side), Letter(a.Side) + "/" + Letter(a.Base)}
	for _, l := range a.Lines {
		if l.Visible != nil {
			return append(h, "sees")
		}
	}
	return h
}

// sees is the cell of the smallest change that would have shown, if the table has
// that column.
func sees(l *result.Line, wide bool) []string {
	switch {
	case !wide:
		return nil
	case l.Visible == nil:
		return []string{""}
	}
	return []string{shareOf(*l.Visible)}
}

func beside(a, b string) string { return strings.TrimSpace(a + " " + b) }

// middles are both medians in one unit; blank where there is none.
func middles(l *result.Line) [2]string {
	var out [2]string
	m, err := measure.Find(l.Metric)
	if err != nil {
		return out
	}
	values := make([]*int64, 2)
	for i, s := range []*result.Middle{&l.A, &l.B} {
		if s.Count == 0 {
			continue
		}
		switch m.Unit {
		case measure.Nanoseconds:
			ns := int64(math.Round(s.Median))
			values[i] = &ns
		case measure.PerSecond:
			if out[i] = sig3(s.Median) + "/s"; l.Method != "exact" {
				out[i] = about(s.Median) + "/s"
			}
		case measure.Bytes:
			out[i] = sig3(s.Median) + "B"
		default:
			out[i] = sig3(s.Median)
		}
	}
	if m.Unit == measure.Nanoseconds {
		cells := times(values)[0]
		out = [2]string{cells[0], cells[1]}
	}
	return out
}

// spreadText is half the distance between the quartiles, relative to the median.
func spreadText(m *result.Middle) string {
	if m.Count < 2 || m.Median == 0 {
		return ""
	}
	return "+-" + shareOf((m.Q3-m.Q1)/2/m.Median)
}

func ratioText(l *result.Line) string {
	switch {
	case l.Ratio != nil:
		return ratio3(*l.Ratio)
	case l.A.Count > 0 && l.B.Count > 0 && l.A.Median == 0:
		return "from 0"
	}
	return ""
}

func boundsText(l *result.Line) string {
	if l.Low == nil || l.High == nil {
		return ""
	}
	return ratio3(*l.Low) + "-" + ratio3(*l.High)
}

// ratio3 shows a ratio with three digits after the point where it is about one,
// and more where these would hide a change.
func ratio3(x float64) string {
	for digits := 4; x != 1 && math.Abs(x-1) < .0005 && digits <= 6; digits++ {
		if math.Abs(x-1) >= .5*math.Pow10(-digits) {
			return strconv.FormatFloat(x, 'f', digits, 64)
		}
	}
	if x >= .1 && x < 9.9995 {
		return strconv.FormatFloat(x, 'f', 3, 64)
	}
	return sig3(x)
}

// shareOf shows a share with two significant digits.
func shareOf(x float64) string {
	x *= 100
	switch {
	case x == 0:
		return "0%"
	case x < .01:
		return "<0.01%"
	case x < .995:
		return strconv.FormatFloat(x, 'f', 2, 64) + "%"
	case x < 9.95:
		return strconv.FormatFloat(x, 'f', 1, 64) + "%"
	case x >= 999.5:
		return ">999%"
	}
	return strconv.FormatFloat(x, 'f', 0, 64) + "%"
}

// footnotes say what the figures rest on.
func (p *page) footnotes(c *result.Comparison, all bool) {
	var notes []string
	bounded, ranged, needs, hidden := false, false, false, false
	for i := range c.Against {
		for _, l := range shown(c, &c.Against[i], all) {
			bounded = bounded || l.Visible != nil && l.Low != nil
			ranged = ranged || l.Method == "exact" && l.Low != nil
			needs = needs || strings.HasPrefix(l.Lacks, "needs")
		}
		for _, l := range c.Against[i].Lines {
			m, err := measure.Find(l.Metric)
			hidden = hidden || !all && err == nil && measuredOnce(c, m, &l)
		}
	}
	if !c.Exact {
		most, fresh := 0, false
		for _, s := range c.Sides {
			fresh = fresh || s.File == ""
		}
		for _, a := range c.Against {
			most = max(most, a.Pairs)
		}
		if fresh && most > 0 {
			notes = append(notes, fmt.Sprintf("%s after a warm-up, the sides in turns: A B, B A ...", plural(most, "pair")))
		}
	}
	for _, n := range c.Notes {
		notes = append(notes, Clean(n))
	}
	if ranged {
		notes = append(notes, "Below a ratio of exact values stand the smallest and the largest of any seed.")
	}
	if bounded {
		of := "each ratio"
		if ranged {
			of = "the other ratios"
		}
		notes = append(notes, fmt.Sprintf("Bounds hold %s with %s confidence, each on its own; better and worse hold with that confidence for the whole table (Holm), so bounds may exclude 1 where it cannot be told. +- is half the distance of the quartiles. sees: the smallest change that would have shown %s of the time.",
			of, shareOf(c.Confidence), shareOf(c.Power)))
	}
	if needs {
		notes = append(notes, "needs: about so many pairs (for elections: elections a side) would tell.")
	}
	if hidden {
		notes = append(notes, "Allocations and CPU time are measured, not exact: compare them live, or over at least 7 seeds.")
	}
	if len(notes) > 0 {
		p.marked(bold, "NOTES", notes[0])
		for _, n := range notes[1:] {
			for _, l := range Wrap(n, p.width-margin) {
				p.line(strings.Repeat(" ", margin) + l)
			}
		}
	}
}
