package page

import (
	"fmt"
	"math"
	"strings"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// sweep is the chapter of runs over the values of a setting.
func (m *maker) sweep(f *File) *chapter {
	k := f.Sweep
	c := &chapter{ID: m.id("c"), Kicker: "Sweep", Lead: report.SweepConditions(k)}
	var names []string
	for i := range k.Curves {
		if p := clean(k.Curves[i].Protocol); i == 0 || p != names[len(names)-1] {
			names = append(names, p)
		}
	}
	c.Title = and(names) + " over " + clean(k.Over[0].Setting)
	if k.Interrupted {
		c.Badges = append(c.Badges, badge{"", "INTERRUPTED", "doubt"})
	}
	s := c.section(m, "Curves")
	for _, text := range report.SweepFindings(k) {
		s.text(text)
	}
	m.loadCurve(s, k)
	m.overSetting(s, k)
	for i := range k.Curves {
		s.table(sweepTable(k, &k.Curves[i]))
	}
	m.origin(c, []*File{f})
	return c
}

const (
	throughput = "throughput"
	tail       = "response.p99"
)

// sweepPoints adds the points of a curve: those of an overloaded cluster go on
// faintly.
func sweepPoints(panel *figure.Panel, name string, style int, points []result.SweepPoint, x, y func(*result.SweepPoint) (float64, bool), label func(*result.SweepPoint) string) [][]float64 {
	sure := figure.Curve{Name: name, Style: style, Dots: true, Labels: []string{}}
	over := figure.Curve{Name: name, Style: style, Dots: true, Faint: true, Labels: []string{}}
	add := func(v *figure.Curve, px, py float64, text string) {
		v.X, v.Y, v.Labels = append(v.X, px), append(v.Y, py), append(v.Labels, text)
	}
	for i := range points {
		p := &points[i]
		px, known := x(p)
		py, both := y(p)
		if !known || !both {
			continue
		}
		if p.Overload == "" && len(over.X) == 0 {
			add(&sure, px, py, label(p))
			continue
		}
		if n := len(sure.X); len(over.X) == 0 && n > 0 {
			add(&over, sure.X[n-1], sure.Y[n-1], sure.Labels[n-1])
		}
		add(&over, px, py, label(p))
	}
	if len(sure.X) == 0 {
		over.Faint, sure = false, over
		over = figure.Curve{}
	}
	for _, v := range []figure.Curve{sure, over} {
		if len(v.X) > 0 {
			panel.Curves = append(panel.Curves, v)
		}
	}
	return [][]float64{sure.Y, over.Y}
}

func middle(metric string) func(*result.SweepPoint) (float64, bool) {
	return func(p *result.SweepPoint) (float64, bool) {
		v, known := p.Values[metric]
		return v.Median, known && v.Count > 0
	}
}

// pointText says what a point is.
func pointText(k *result.Sweep) func(*result.SweepPoint) string {
	return func(p *result.SweepPoint) string {
		text := clean(k.Over[0].Setting + " " + p.Value)
		if v, known := middle(throughput)(p); known {
			text += ": " + report.Number(v) + "/s"
		}
		if v, known := middle(tail)(p); known {
			text += ", p99 " + report.Duration(v)
		}
		if p.Overload != "" {
			text += ", overload: " + clean(p.Overload)
		}
		return text
	}
}

// loadCurve draws latency against throughput.
func (m *maker) loadCurve(s *section, k *result.Sweep) {
	panel := figure.Panel{Height: 280}
	var ys [][]float64
	for i := range k.Curves {
		v := &k.Curves[i]
		ys = append(ys, sweepPoints(&panel, clean(report.SweepCurve(k, v)), i, v.Points, middle(throughput), middle(tail), pointText(k))...)
	}
	if len(panel.Curves) == 0 {
		return
	}
	panel.Y = spanOf("p99 of the response time", ys)
	zero := 0.0
	f := &figure.Plot{
		Title: "Latency against throughput", Desc: sweepWords(k),
		X:      figure.Axis{Title: "throughput, commands/s", From: &zero, Format: func(v float64) string { return report.Number(v) + "/s" }},
		Panels: []figure.Panel{panel},
	}
	s.figure(m, f, f.Title, "A point for each value of "+clean(k.Over[0].Setting)+", in that order along the curve; medians where there are several runs. Dotted: overload, where latency grows with the length of the run.", nil)
}

// overSetting draws both over a setting that is a number.
func (m *maker) overSetting(s *section, k *result.Sweep) {
	rate, p99 := figure.Panel{Title: "throughput", Height: 130}, figure.Panel{Title: "latency", Height: 130}
	number := func(p *result.SweepPoint) (float64, bool) {
		if p.Number == nil {
			return 0, false
		}
		return *p.Number, true
	}
	least, most := math.Inf(1), 0.0
	var ys [][]float64
	for i := range k.Curves {
		v := &k.Curves[i]
		name := clean(report.SweepCurve(k, v))
		sweepPoints(&rate, name, i, v.Points, number, middle(throughput), pointText(k))
		ys = append(ys, sweepPoints(&p99, name, i, v.Points, number, middle(tail), pointText(k))...)
		for j := range v.Points {
			if n, known := number(&v.Points[j]); known && n > 0 {
				least, most = min(least, n), max(most, n)
			}
		}
	}
	if len(rate.Curves) == 0 || len(p99.Curves) == 0 || most <= least {
		return
	}
	zero := 0.0
	rate.Y = figure.Axis{Title: "commands/s", From: &zero, Format: func(v float64) string { return report.Number(v) + "/s" }}
	p99.Y = spanOf("p99", ys)
	x := figure.Axis{Title: clean(k.Over[0].Setting), Format: report.Number}
	switch k.Over[0].Kind {
	case "duration":
		unit, name := timeUnit(most)
		x.Unit, x.Format, x.Title = unit, report.Duration, x.Title+", "+name
	case "rate":
		x.Title += ", commands/s"
	case "size":
		x.Title += ", B"
	case "share":
		x.Unit, x.Title, x.Format = .01, x.Title+", %", percent
	}
	if most > 12*least {
		x.Scale, x.Title = figure.Log, x.Title+", logarithmic"
	}
	f := &figure.Plot{Title: "Over " + clean(k.Over[0].Setting), Desc: sweepWords(k), X: x, Panels: []figure.Panel{rate, p99}}
	s.figure(m, f, f.Title, "Throughput and the 99th percentile of the response time at each value.", nil)
}

func sweepWords(k *result.Sweep) string {
	return fmt.Sprintf("%s. %s", strings.Join(report.SweepConditions(k), "; "), strings.Join(report.SweepFindings(k), " "))
}

func sweepTable(k *result.Sweep, v *result.SweepCurve) *table {
	t := &table{Caption: clean(report.SweepCurve(k, v)), Head: []string{clean(k.Over[0].Setting), "offered", throughput, "mean", "p50", "p99", "p99.9", "runs", ""}}
	var columns [4][]*int64
	for i := range v.Points {
		p := &v.Points[i]
		for c, name := range []string{"response.mean", "response.p50", tail, "response.p99.9"} {
			var cell *int64
			if x, known := middle(name)(p); known {
				ns := int64(x)
				cell = &ns
			}
			columns[c] = append(columns[c], cell)
		}
	}
	cells := report.Times(columns[:]...)
	for i := range v.Points {
		p := &v.Points[i]
		row := []string{clean(p.Value), "", ""}
		if p.Offered != nil {
			row[1] = report.Number(*p.Offered) + "/s"
		}
		if x, known := middle(throughput)(p); known {
			row[2] = report.Number(x) + "/s"
		}
		for c := range cells {
			row = append(row, cells[c][i])
		}
		mark := ""
		switch {
		case p.Incorrect+p.Failed > 0:
			mark = fmt.Sprintf("%d left out", p.Incorrect+p.Failed)
		case p.Overload != "":
			mark = "overload: " + clean(p.Overload)
		case p.Met != nil && !*p.Met:
			mark = "missed: " + clean(p.Why)
		case v.Knee != nil && v.Knee.Edge == "" && v.Knee.Point == i:
			mark = "knee"
		}
		t.Rows = append(t.Rows, append(row, plain(p.Good), mark))
	}
	return t
}
