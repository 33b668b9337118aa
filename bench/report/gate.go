package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// Gate writes the verdict of a gate for people: what failed, what could not be
// told and how many passed; all rows if verbose. The last line sums it up.
func Gate(w io.Writer, g *result.Gate, o Options, verbose bool) error {
	p := &page{file: &result.File{Environment: g.Environment}, width: max(o.Width, minWidth), color: o.Color}
	if o.Width == 0 {
		p.width = defaultWidth
	}
	for _, part := range gateParts(g.Rows) {
		p.gatePart(g, part, verbose)
	}
	p.gateTests(g.Tests)
	p.gateSkipped(g.Skipped, verbose)
	for _, l := range Wrap(gateClosing(g), p.width) {
		p.line(l)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// gateTests writes what a self-test came to.
func (p *page) gateTests(tests []result.GateTest) {
	if len(tests) == 0 {
		return
	}
	p.marked(bold, "SELF-TEST", "a program made worse on purpose must fail, the same program must not")
	g := &grid{header: []string{"", "LAYER", "MADE WORSE", "METRIC", "CHANGE", "BOUNDS", "LIMIT"}, left: 4}
	for _, t := range tests {
		word, flaw := t.Outcome(), cmp.Or(Clean(t.Flaw), "nothing")
		cells := []string{" " + word, Clean(t.Layer), flaw, "", "", "", ""}
		if r := t.Row; r != nil {
			cells[3], cells[4], cells[6] = Clean(r.Metric), gateChange(r), gateLimit(r)
			if r.Layer == result.LayerMeasured {
				cells[5] = gateBounds(r)
			}
		}
		g.add(cells...)
	}
	p.table(g, "BOUNDS", "LIMIT", "LAYER", "METRIC")
	if slices.Contains(g.header, "BOUNDS") {
		var rows []result.GateRow
		for _, t := range tests {
			if t.Row != nil {
				rows = append(rows, *t.Row)
			}
		}
		p.gateLegend(gateConfidence(rows))
	}
	p.line("")
}

// gateSkipped names what was not compared; single metrics only if verbose, those
// with the same reason together.
func (p *page) gateSkipped(skipped []result.GateSkip, verbose bool) {
	type reason struct{ metric, why string }
	runs := map[reason]int{}
	for _, s := range skipped {
		if s.Metric == "" {
			p.marked(yellow, "SKIPPED", Clean(s.Source)+": "+Clean(s.Run)+": "+Clean(s.Why))
		}
		runs[reason{s.Metric, s.Why}]++
	}
	for _, s := range skipped {
		r := reason{s.Metric, s.Why}
		if n := runs[r]; verbose && s.Metric != "" && n > 0 {
			p.marked(yellow, "SKIPPED", Clean(s.Metric)+" of "+plural(n, "run")+": "+Clean(s.Why))
			runs[r] = 0
		}
	}
}

// gatePart is the rows of one source in one layer, run by run.
type gatePart struct {
	layer, source string
	runs          [][]result.GateRow
}

func gateParts(rows []result.GateRow) []gatePart {
	var parts []gatePart
	for _, r := range rows {
		if n := len(parts); n == 0 || parts[n-1].layer != r.Layer || parts[n-1].source != r.Source {
			parts = append(parts, gatePart{layer: r.Layer, source: r.Source})
		}
		part := &parts[len(parts)-1]
		if n := len(part.runs); n == 0 || part.runs[n-1][0].Run != r.Run {
			part.runs = append(part.runs, nil)
		}
		last := &part.runs[len(part.runs)-1]
		*last = append(*last, r)
	}
	return parts
}

func (p *page) gatePart(g *result.Gate, part gatePart, verbose bool) {
	runs := plural(len(part.runs), "virtual run")
	if strings.Contains(part.runs[0][0].Run, "/elections ") {
		runs = plural(len(part.runs), "setting") + " of elections"
	}
	title := fmt.Sprintf("%s: %s repeated", Clean(part.source), runs)
	if g.Verdict == "updated" {
		title += ", the file replaced"
	}
	if g.Against != "" && part.source == g.Against {
		title = fmt.Sprintf("against %s: %s on both", Clean(part.source), plural(len(part.runs), "virtual run"))
	}
	if part.layer == result.LayerMeasured {
		title = fmt.Sprintf("against %s: %s of interleaved live runs", Clean(part.source), plural(part.runs[0][0].Pairs, "pair"))
	}
	p.marked(bold, strings.ToUpper(Clean(part.layer)), title)
	for _, rows := range part.runs {
		p.gateRun(rows, verbose || part.layer == result.LayerMeasured)
	}
	p.line("")
}

var gateColors = map[string]code{"fail": red, "inconclusive": yellow, "pass": green, "changed": yellow}

// gateRun writes a line for the run and the rows that are worth one.
func (p *page) gateRun(rows []result.GateRow, all bool) {
	count := map[string]int{}
	for _, r := range rows {
		count[r.Outcome]++
	}
	worst, said := "pass", plural(len(rows), "metric")
	for _, o := range []string{"fail", "inconclusive", "changed"} {
		if count[o] > 0 {
			worst, said = o, fmt.Sprintf("%d of %s", count[o], said)
			break
		}
	}
	label := strings.ToUpper(worst)
	p.line(" " + p.paint(gateColors[worst], label) + strings.Repeat(" ", len("INCONCLUSIVE")+1-len(label)) + Clean(rows[0].Run) + "  " + said)
	var shown []result.GateRow
	for _, r := range rows {
		if all || r.Outcome != "pass" {
			shown = append(shown, r)
		}
	}
	if len(shown) > 0 {
		p.gateTable(shown)
	}
}

func (p *page) gateTable(rows []result.GateRow) {
	exact := rows[0].Layer == result.LayerExact
	g := &grid{header: []string{"", "METRIC", "BEFORE", "NOW", "CHANGE", "LIMIT"}, left: 2}
	if !exact {
		g.header = []string{"", "METRIC", "BEFORE", "NOW", "CHANGE", "BOUNDS", "LIMIT", "SEES"}
	}
	seen := false
	for i := range rows {
		r := &rows[i]
		before, now := gateValues(r)
		cells := []string{" " + strings.ToUpper(Clean(r.Outcome)), Clean(r.Metric), before, now, gateChange(r), gateLimit(r)}
		if !exact {
			cells = append(cells[:5], gateBounds(r), gateLimit(r), gateSees(r))
			seen = seen || r.Visible != nil
		}
		g.add(cells...)
	}
	if !exact && !seen {
		g.drop(slices.Index(g.header, "SEES"))
	}
	p.table(g, "BEFORE", "NOW", "SEES")
	sees := ""
	if seen && slices.Contains(g.header, "SEES") {
		sees = "SEES: the smallest change for the worse that fails 95 times in 100"
	}
	p.gateLegend(sees, gateConfidence(rows))
	for i := range rows {
		for _, note := range gateNotes(&rows[i]) {
			for j, l := range Wrap(Clean(rows[i].Metric)+": "+note, p.width-4) {
				p.line(strings.Repeat(" ", 2+2*min(j, 1)) + l)
			}
		}
	}
}

// confidence is that of a row's bounds: 95 %; empty where it is not known.
func confidence(r *result.GateRow) string {
	if r.Confidence <= 0 {
		return ""
	}
	return strings.TrimSuffix(strconv.FormatFloat(100*r.Confidence, 'f', 1, 64), ".0") + " %"
}

// gateLegend explains columns of a table, below it.
func (p *page) gateLegend(parts ...string) {
	text := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
	if text == "" {
		return
	}
	for _, l := range Wrap("("+text+")", p.width-2) {
		p.line("  " + p.paint(dim, l))
	}
}

// gateConfidence says how far the bounds of rows can be trusted: bounds hold 98.3 %,
// of response.p99 95 %.
func gateConfidence(rows []result.GateRow) string {
	of := map[string][]string{}
	var order []string
	for i := range rows {
		if s := confidence(&rows[i]); s != "" {
			if of[s] == nil {
				order = append(order, s)
			}
			if !slices.Contains(of[s], Clean(rows[i].Metric)) {
				of[s] = append(of[s], Clean(rows[i].Metric))
			}
		}
	}
	var parts []string
	for i, s := range order {
		if i > 0 {
			s = "of " + and(of[s]) + " " + s
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return ""
	}
	return "bounds hold " + strings.Join(parts, ", ")
}

// gateNotes are what a row has to say beside its figures.
func gateNotes(r *result.GateRow) []string {
	var notes []string
	if r.Note != "" {
		notes = append(notes, Clean(r.Note))
	}
	if r.Outcome == "inconclusive" && (r.Note == "" || r.Visible != nil) {
		s := "these pairs could not tell"
		if r.Needs > 0 {
			s += "; about " + group(strconv.Itoa(r.Needs)) + " would show one as large as the limit"
		}
		notes = append(notes, s)
	}
	return notes
}

// gateSees is the smallest change that the gate would have caught.
func gateSees(r *result.GateRow) string {
	if r.Visible == nil {
		return ""
	}
	return shareOf(*r.Visible)
}

func gateLimit(r *result.GateRow) string { return Clean(r.Limit) }

// gateValues shows both values in one unit, with as many digits as tell them apart.
func gateValues(r *result.GateRow) (before, now string) {
	var known []float64
	for _, v := range []*float64{r.Old, r.New} {
		if v != nil {
			known = append(known, *v)
		}
	}
	suffix, scale := "", 1.0
	switch r.Unit {
	case measure.Nanoseconds:
		u := unitFor(known)
		suffix, scale = u.name, u.ns
	case measure.PerSecond:
		suffix = "/s"
	case measure.Bytes:
		suffix = "B"
	}
	whole := r.Unit == measure.Count
	for _, v := range known {
		whole = whole && v == math.Trunc(v)
	}
	show := func(v *float64, digits int) string {
		switch {
		case v == nil:
			return "-"
		case *v == 0:
			return "0"
		}
		if whole {
			return group(strconv.FormatFloat(*v, 'f', 0, 64))
		}
		if r.Unit == measure.PerSecond && r.Layer == result.LayerMeasured && digits == 3 {
			return about(*v) + suffix
		}
		return significant(*v/scale, digits) + suffix
	}
	for digits := 3; ; digits++ {
		before, now = show(r.Old, digits), show(r.New, digits)
		if before != now || r.Old == nil || r.New == nil || *r.Old == *r.New || digits == 17 {
			return before, now
		}
	}
}

// significant shows x with that many significant digits and all of its whole part.
func significant(x float64, digits int) string {
	if digits == 3 {
		return sig3(x)
	}
	return groupWhole(strconv.FormatFloat(x, 'f', max(0, digits-1-int(math.Floor(math.Log10(math.Abs(x))))), 64))
}

// groupWhole puts commas between the thousands of a number that may have decimals.
func groupWhole(s string) string {
	whole, fraction, some := strings.Cut(s, ".")
	if some {
		fraction = "." + fraction
	}
	return group(whole) + fraction
}

func gateChange(r *result.GateRow) string {
	switch {
	case r.Old == nil && r.New == nil:
		return ""
	case r.Old == nil:
		return "new"
	case r.New == nil:
		return "gone"
	case r.Change == nil:
		return "from 0"
	}
	return signedPercent(*r.Change)
}

func gateBounds(r *result.GateRow) string {
	if r.Low == nil || r.High == nil {
		return "unknown"
	}
	return "[" + signedPercent(*r.Low) + ", " + signedPercent(*r.High) + "]"
}

// signedPercent shows a relative change: +12.3%, -0.04%.
func signedPercent(x float64) string {
	decimals := 1
	switch a := math.Abs(100 * x); {
	case a >= 99.95:
		decimals = 0
	case a >= 0.1 && a < 0.995:
		decimals = 2
	case a > 0 && a < 0.1:
		decimals = min(2-int(math.Ceil(math.Log10(a))), 9)
	}
	s := groupWhole(strconv.FormatFloat(100*x, 'f', decimals, 64))
	if x > 0 {
		s = "+" + s
	}
	if x == 0 {
		s = "0"
	}
	return s + "%"
}

// gateClosing is the last line: 1 failed, 41 passed: exit 99.
func gateClosing(g *result.Gate) string {
	passed := "passed"
	if g.Verdict == "updated" {
		passed = "unchanged"
	}
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{g.Failed, "failed"}, {g.Changed, "changed"}, {g.Passed, passed}, {g.Inconclusive, "inconclusive"}} {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.word)
		}
	}
	caught := 0
	for _, t := range g.Tests {
		if t.Caught {
			caught++
		}
	}
	if len(g.Tests) > 0 {
		return fmt.Sprintf("%d of %s as they should be: exit %d", caught, plural(len(g.Tests), "test"), g.Exit)
	}
	if len(parts) == 0 {
		parts = []string{"nothing was compared"}
	}
	switch g.Verdict {
	case "pass", "fail", "inconclusive", "updated":
	default:
		if g.Why == "" && (len(g.Rows) > 0 || g.Verdict != "broken") {
			parts = append(parts, Clean(g.Verdict))
		}
	}
	if g.Why != "" {
		parts = append(parts, Clean(g.Why))
	}
	return fmt.Sprintf("%s: exit %d", strings.Join(parts, ", "), g.Exit)
}
