package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// comparison is the chapter of a comparison: every side against the first.
func (m *maker) comparison(f *File) *chapter {
	k := f.Comparison
	c := &chapter{ID: m.id("c"), Kicker: "Comparison"}
	var names []string
	for i := range k.Sides {
		names = append(names, report.Letter(i)+" "+clean(k.Sides[i].Name))
	}
	c.Title = strings.Join(names, ", ")
	if len(k.Sides) > 0 {
		s := &k.Sides[0]
		head := report.Headline(&result.Run{Protocol: s.Protocol, Network: s.Network, Nodes: nodes(s), Seed: seed(s)}, s.Config)
		c.Lead = append(c.Lead, strings.Join(head[1:], ", "))
	}
	if k.Interrupted {
		c.Badges = append(c.Badges, badge{"", "INTERRUPTED", "doubt"})
	}
	s := c.section(m, "Verdicts")
	var warn []string
	for i := range k.Sides {
		if text := report.LeftOut(&k.Sides[i]); text != "" {
			warn = append(warn, "Left out of "+names[i]+": "+text)
		}
	}
	if len(warn) > 0 {
		s.add(block{Warn: warn})
	}
	for i := range k.Against {
		m.against(s, k, &k.Against[i])
	}
	if len(k.Against) == 0 {
		s.text("Nothing was compared.")
	}
	d := &table{Caption: "Options that are not the same", Head: append([]string{"option"}, names...), Left: true}
	for _, one := range k.Differences {
		row := []string{"--" + clean(one.Option)}
		for i := range k.Sides {
			v := "unset"
			if i < len(one.Values) && one.Values[i] != "" {
				v = clean(one.Values[i])
			}
			row = append(row, v)
		}
		d.Rows = append(d.Rows, row)
	}
	s.table(d)
	var notes []string
	for _, n := range k.Notes {
		notes = append(notes, clean(n))
	}
	if slices.ContainsFunc(k.Against, func(a result.Against) bool {
		return !k.Exact && slices.ContainsFunc(a.Lines, func(l result.Line) bool { return l.Low != nil })
	}) {
		notes = append(notes, fmt.Sprintf("Bounds hold each ratio on its own with %s %% confidence; better and worse hold for the whole table (Holm), so bounds may leave out 1 where it cannot be told.", report.Number(100*k.Confidence)))
	}
	if len(notes) > 0 {
		s.add(block{Notes: notes})
	}
	m.origin(c, []*File{f})
	return c
}

// nodes and seed of a side are those of its first run.
func nodes(s *result.Side) int {
	var cfg struct {
		Nodes int `json:"nodes"`
	}
	decode(s.Config, &cfg)
	return cfg.Nodes
}

func seed(s *result.Side) uint64 {
	var cfg struct {
		Seed uint64 `json:"seed"`
	}
	decode(s.Config, &cfg)
	return cfg.Seed
}

// against draws the ratios of two sides and lists them.
func (m *maker) against(s *section, k *result.Comparison, a *result.Against) {
	lines := report.Shown(k, a)
	base, side := report.Letter(a.Base), report.Letter(a.Side)
	title := fmt.Sprintf("%s over %s", side, base)
	if len(lines) == 0 {
		s.text(title + ": no pair has a good run on both sides.")
		return
	}
	s.text(report.Closing(k, a))
	one, less, more := 1.0, .98, 1.02 // whatever is nearer to 1 is small
	f := &figure.Rows{Title: "Ratios, " + title, At: &one, X: &figure.Axis{Scale: figure.Log, Title: "ratio of medians, " + title + ", logarithmic", Format: report.Ratio, From: &less, To: &more}}
	t := &table{Head: []string{"metric", side + " is", title, "bounds", base, side, "sees"}}
	g := figure.Group{}
	for i := range lines {
		l := &lines[i]
		va, vb, ratio, bounds, sees := report.LineCells(l)
		verdict := clean(l.Verdict)
		if l.Lacks != "" {
			verdict += ": " + clean(l.Lacks)
		}
		t.Rows = append(t.Rows, []string{clean(l.Metric), verdict, ratio, bounds, va, vb, sees})
		if l.Ratio == nil || !(*l.Ratio > 0) {
			continue
		}
		row := figure.Row{Name: clean(l.Metric), Style: verdictStyle(l.Verdict), Value: ratio + " " + clean(l.Verdict)}
		v := &figure.Interval{Mid: *l.Ratio, Label: row.Name + ": " + ratio}
		if l.Low != nil && l.High != nil {
			v.Bounded, v.Low, v.High = true, *l.Low, *l.High
			v.Label += ", bounds " + bounds
		}
		v.Label += ": " + verdict
		row.Interval = v
		g.Rows = append(g.Rows, row)
	}
	f.Desc = report.Closing(k, a)
	if len(g.Rows) > 0 {
		f.Groups = []figure.Group{g}
		s.figure(m, f, f.Title, "Points are ratios of medians, lines their bounds. The line at 1: no difference. Circles: same, or not told; squares: worse; triangles: better; diamonds: different.", nil)
	}
	t.Caption = "A metric is compared if both sides have it; +- is half the distance of the quartiles, relative; sees is the smallest change that would have shown."
	s.table(t)
}

// verdictStyle gives verdicts colours and shapes.
func verdictStyle(verdict string) int {
	switch verdict {
	case "worse":
		return 1
	case "better":
		return 2
	case "different":
		return 3
	}
	return 0
}
