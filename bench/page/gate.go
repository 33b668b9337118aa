package page

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// gate is the chapter of a gate.
func (m *maker) gate(f *File) *chapter {
	g := f.Gate
	c := &chapter{ID: m.id("c"), Kicker: "Gate", Title: gateTitle(g)}
	class := map[string]string{"pass": "good", "caught": "good", "updated": "good", "fail": "bad", "incorrect": "bad", "broken": "bad", "missed": "bad"}[g.Verdict]
	if class == "" {
		class = "doubt"
	}
	c.Badges = []badge{{"", strings.ToUpper(clean(g.Verdict)), class}}
	c.Lead = []string{report.GateClosing(g)}

	s := c.section(m, "Changes")
	m.changes(s, g)
	notable := gateTable("What did not pass", g.Rows, func(r *result.GateRow) bool { return r.Outcome != "pass" })
	s.table(notable)
	if len(notable.Rows) == 0 && len(g.Rows) > 0 {
		s.text(fmt.Sprintf("All %s passed.", plural(len(g.Rows), "comparison")))
	}
	every := gateTable("", g.Rows, func(*result.GateRow) bool { return true })
	every.Fold = "Everything that was compared: " + plural(len(every.Rows), "row")
	s.table(every)

	t := &table{Caption: "Not compared", Head: []string{"source", "run", "metric", "why"}, Left: true}
	for _, k := range g.Skipped {
		t.Rows = append(t.Rows, []string{clean(k.Source), clean(k.Run), clean(k.Metric), clean(k.Why)})
	}
	if len(t.Rows) > 12 {
		t.Fold = fmt.Sprintf("%d not compared", len(t.Rows))
	}
	s.table(t)
	m.selfTests(c, g)
	m.origin(c, []*File{f})
	return c
}

func gateTitle(g *result.Gate) string {
	if g.Against != "" {
		return "against " + clean(g.Against)
	}
	var names []string
	for _, b := range g.Baselines {
		names = append(names, clean(b))
	}
	return "against " + and(names)
}

// changes draws the changes that have bounds, and those that did not pass.
func (m *maker) changes(s *section, g *result.Gate) {
	zero := 0.0
	f := &figure.Rows{Title: "Changes", At: &zero, X: &figure.Axis{Title: "relative change, %", Unit: .01, To: &zero, Format: report.Change}}
	shown := 0
	last := ""
	for i := range g.Rows {
		r := &g.Rows[i]
		if r.Change == nil || r.Low == nil && r.Outcome == "pass" {
			continue
		}
		_, _, change, bounds := report.GateCells(r)
		if name := clean(r.Run); name != last {
			f.Groups = append(f.Groups, figure.Group{Title: name})
			last = name
		}
		v := &figure.Interval{Mid: *r.Change, Label: clean(r.Metric) + ": " + change + " " + bounds + ", limit " + clean(r.Limit) + ": " + clean(r.Outcome)}
		if r.Low != nil && r.High != nil {
			v.Bounded, v.Low, v.High = true, *r.Low, *r.High
		}
		row := figure.Row{Name: clean(r.Metric), Interval: v, Value: strings.ToUpper(clean(r.Outcome)) + ", limit " + clean(r.Limit)}
		row.Style = map[string]int{"fail": 1, "pass": 2, "inconclusive": 3}[r.Outcome]
		group := &f.Groups[len(f.Groups)-1]
		group.Rows = append(group.Rows, row)
		shown++
	}
	if shown == 0 {
		return
	}
	f.Desc = fmt.Sprintf("%s. %s", plural(shown, "change"), report.GateClosing(g))
	s.figure(m, f, f.Title, "Points are changes against the baseline, lines their bounds. Squares: fail; triangles: pass; diamonds: inconclusive.", gateTable("", g.Rows, func(r *result.GateRow) bool {
		return r.Change != nil && (r.Low != nil || r.Outcome != "pass")
	}))
}

func gateTable(caption string, rows []result.GateRow, show func(*result.GateRow) bool) *table {
	t := &table{Caption: caption, Head: []string{"run", "metric", "outcome", "change", "bounds", "limit", "before", "now", "note"}}
	for i := range rows {
		r := &rows[i]
		if !show(r) {
			continue
		}
		before, now, change, bounds := report.GateCells(r)
		t.Rows = append(t.Rows, []string{clean(r.Run), clean(r.Metric), strings.ToUpper(clean(r.Outcome)), change, bounds, clean(r.Limit), before, now, clean(r.Note)})
	}
	return t
}

// selfTests is what a gate said of programs made worse on purpose.
func (m *maker) selfTests(c *chapter, g *result.Gate) {
	t := &table{Head: []string{"layer", "made worse", "verdict", "metric", "change", "limit"}, Left: true}
	for _, k := range g.Tests {
		word, flaw := k.Outcome(), cmp.Or(clean(k.Flaw), "nothing")
		row := []string{clean(k.Layer), flaw, word, "", "", ""}
		if k.Row != nil {
			_, _, row[4], _ = report.GateCells(k.Row)
			row[3], row[5] = clean(k.Row.Metric), clean(k.Row.Limit)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 {
		c.section(m, "Self-test").table(t)
	}
}
