package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// elections is the chapter of trials of elections.
func (m *maker) elections(f *File) *chapter {
	e := f.Elections
	c := &chapter{ID: m.id("c"), Kicker: "Elections", Lead: []string{report.Conditions(e)}}
	var names []string
	for i := range e.Settings {
		if p := clean(e.Settings[i].Config.Protocol); !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	c.Title = and(names)
	if e.Interrupted {
		c.Badges = append(c.Badges, badge{"", "INTERRUPTED", "doubt"})
	}
	held, published := 0, 0
	for i := range e.Settings {
		if p := e.Settings[i].Published; p != nil {
			published++
			if p.OK {
				held++
			}
		}
	}
	if published > 0 {
		b := badge{"published", fmt.Sprintf("%d of %d HELD", held, published), "good"}
		if held < published {
			b.Class = "bad"
		}
		c.Badges = append(c.Badges, b)
	}

	s := c.section(m, "Distributions")
	lines := timesOf(e)
	s.figure(m, cumulative(lines), "Share of trials over time", captionOf(e), lineTable(lines))
	s.figure(m, tails(lines), "Trials still waiting", "The same, counted from the end: the share of trials that took longer, logarithmic, so that one in a thousand shows. Nothing is drawn where fewer than ten trials lie beyond.", nil)

	m.medians(c, e)
	m.published(c, e)
	m.origin(c, []*File{f})
	return c
}

func captionOf(e *result.Elections) string {
	text := "From the fault until every live server had heard from the leader that stayed."
	if len(e.Settings) == 1 {
		text = "From the fault, phase by phase."
	}
	if e.Settings[0].Config.Start == result.StartFresh {
		text = "Counted from 0, when all timers start." + text[len("From the fault"):]
	}
	for i := range e.Settings {
		if e.Settings[i].Published != nil {
			return text + " Dotted: as published."
		}
	}
	return text
}

// line is one distribution over trials.
type line struct {
	name      string
	style     int
	published bool
	trials    int
	values    []float64 // at 0, 0.01 ... 1; NaN: unknown
	p999      float64
}

// timesOf are the phases of a single setting, else the time without a leader in
// each.
func timesOf(e *result.Elections) []line {
	var out []line
	add := func(name string, style, trials int, p *result.Phase) {
		l := line{name: name, style: style, trials: trials, values: make([]float64, 101), p999: math.NaN()}
		for i, v := range p.Quantiles {
			l.values[i] = math.NaN()
			if v != nil {
				l.values[i] = float64(*v)
			}
		}
		if p.P999 != nil {
			l.p999 = float64(*p.P999)
		}
		out = append(out, l)
	}
	for i := range e.Settings {
		s := &e.Settings[i]
		if len(e.Settings) == 1 {
			add("detected", 0, s.Trials, &s.Phases.Detected)
			add("elected", 1, s.Trials, &s.Phases.Elected)
			add("announced", 2, s.Trials, &s.Phases.Announced)
			add("first commit", 3, s.Trials, &s.Phases.FirstCommit)
		} else {
			add(report.Setting(&s.Config), i, s.Trials, &s.Phases.Announced)
		}
		if p := s.Published; p != nil {
			l := line{name: report.Setting(&s.Config), style: i, published: true, trials: p.Trials, values: make([]float64, 101), p999: math.NaN()}
			for k, v := range p.Quantiles {
				l.values[k] = float64(v)
			}
			out = append(out, l)
		}
	}
	return out
}

func describeLines(lines []line) string {
	text := ""
	for _, l := range lines {
		if !l.published && !math.IsNaN(l.values[50]) {
			text += l.name + ": median " + report.Duration(l.values[50]) + ". "
		}
	}
	return text
}

// cumulative plots shares of trials, tails the shares that are still to come.
func cumulative(lines []line) *figure.Plot {
	zero, one := 0.0, 1.0
	panel := figure.Panel{Height: 250, Y: figure.Axis{Title: "share of trials, %", Unit: .01, From: &zero, To: &one, Format: percent}}
	var values [][]float64
	for _, l := range lines {
		v := figure.Curve{Name: l.name, Style: l.style, Faint: l.published}
		for i, x := range l.values {
			if !math.IsNaN(x) {
				v.X, v.Y = append(v.X, x), append(v.Y, float64(i)/100)
			}
		}
		values = append(values, v.X)
		panel.Curves = append(panel.Curves, v)
	}
	x := spanOf("time", values)
	return &figure.Plot{Title: "Share of trials over time", Desc: describeLines(lines), Legend: true, X: x, Panels: []figure.Panel{panel}}
}

func tails(lines []line) *figure.Plot {
	panel := figure.Panel{Height: 190, Y: figure.Axis{Title: "share of trials that took longer, %, logarithmic", Scale: figure.Log, Unit: .01, Format: percent}}
	var values [][]float64
	for _, l := range lines {
		v := figure.Curve{Name: l.name, Style: l.style, Faint: l.published}
		for i, x := range l.values[:100] {
			rest := 1 - float64(i)/100
			if !math.IsNaN(x) && rest*float64(l.trials) >= 10-1e-6 {
				v.X, v.Y = append(v.X, x), append(v.Y, rest)
			}
		}
		if !math.IsNaN(l.p999) && float64(l.trials)*.001 >= 10-1e-6 {
			v.X, v.Y = append(v.X, l.p999), append(v.Y, .001)
		}
		values = append(values, v.X)
		panel.Curves = append(panel.Curves, v)
	}
	return &figure.Plot{Title: "Trials still waiting", Desc: describeLines(lines), Legend: true, X: spanOf("time", values), Panels: []figure.Panel{panel}}
}

func lineTable(lines []line) *table {
	t := &table{Head: []string{"share of trials"}}
	list := []int{1, 5, 10, 25, 50, 75, 90, 95, 99}
	var columns [][]*int64
	for _, l := range lines {
		name := l.name
		if l.published {
			name += ", published"
		}
		t.Head = append(t.Head, name)
		var column []*int64
		for _, q := range list {
			var cell *int64
			if v := l.values[q]; !math.IsNaN(v) && float64(l.trials)*(1-float64(q)/100) >= 10-1e-6 {
				ns := int64(v)
				cell = &ns
			}
			column = append(column, cell)
		}
		columns = append(columns, column)
	}
	cells := report.Times(columns...)
	for k, q := range list {
		row := []string{strconv.Itoa(q) + "%"}
		for i := range lines {
			row = append(row, cells[i][k])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// medians sets the settings under each other, phase by phase.
func (m *maker) medians(c *chapter, e *result.Elections) {
	f := &figure.Rows{Title: "Medians, phase by phase", Parts: phaseNames, X: &figure.Axis{Format: report.Duration}}
	t := &table{Head: []string{"setting", "detected", "elected", "announced", "first commit", "p99 announced", "rounds", "split votes", "unfinished"}}
	g := figure.Group{}
	var columns [5][]*int64
	most := 0.0
	for i := range e.Settings {
		s := &e.Settings[i]
		p := &s.Phases
		instants := [4]*int64{p.Detected.P50, p.Elected.P50, p.Announced.P50, p.FirstCommit.P50}
		for k, v := range append(instants[:], p.Announced.P99) {
			columns[k] = append(columns[k], v)
		}
		row := phaseRow(report.Setting(&s.Config), instants)
		for _, seg := range row.Segments {
			most = max(most, seg.To)
		}
		g.Rows = append(g.Rows, row)
	}
	cells := report.Times(columns[:]...)
	for i := range e.Settings {
		s := &e.Settings[i]
		row := []string{report.Setting(&s.Config)}
		for k := range cells {
			row = append(row, cells[k][i])
		}
		t.Rows = append(t.Rows, append(row, report.Number(s.Rounds.Mean), report.Number(100*s.SplitVoteRate)+"%", plain(s.Unfinished)+" of "+plain(s.Trials)))
	}
	f.Groups = []figure.Group{g}
	phaseAxis(f.X, most, "median time")
	f.Desc = "Median time of each phase, setting by setting."
	s := c.section(m, "Phases")
	s.figure(m, f, f.Title, "Each phase ends at the median of its own: half of the trials were there by then.", nil)
	s.table(t)
}

func plain(n int) string { return report.Count(uint64(max(n, 0))) }

// published lists what was published beside what was measured.
func (m *maker) published(c *chapter, e *result.Elections) {
	t := &table{Head: []string{"setting", "published median", "measured median", "difference", "gap", "at most", "verdict"}}
	source := ""
	for i := range e.Settings {
		s := &e.Settings[i]
		p := s.Published
		if p == nil {
			continue
		}
		source = clean(p.Source)
		row := []string{report.Setting(&s.Config), report.Duration(float64(p.Quantiles[50])), "", "", "", "", "HELD"}
		if s.Phases.Announced.P50 != nil {
			row[2] = report.Duration(float64(*s.Phases.Announced.P50))
		}
		if p.Median != nil {
			row[3] = report.Change(*p.Median)
		}
		if p.Gap != nil {
			row[4] = strconv.FormatFloat(*p.Gap, 'f', 3, 64)
		}
		if p.GapLimit != nil {
			row[5] = strconv.FormatFloat(*p.GapLimit, 'f', 2, 64)
		}
		if !p.OK {
			row[6] = "NOT HELD"
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return
	}
	s := c.section(m, "Published and measured")
	s.text(source + ". The gap is the largest difference between the two distribution functions.")
	s.table(t)
}
