package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// runs is the chapter of all runs, over each other.
func (m *maker) runs(files []*File) *chapter {
	list := all(files)
	c := &chapter{ID: m.id("c"), Kicker: "Runs"}
	c.Title = title(list)
	for i := range list {
		word, class := list[i].word()
		c.Badges = append(c.Badges, badge{list[i].name, word, class})
	}
	for _, f := range files {
		if len(f.Result.Runs) > 0 {
			head := report.Headline(&f.Result.Runs[0], f.Result.Config)[1:]
			text := strings.Join(head, ", ")
			if len(files) > 1 {
				text = clean(f.Name) + ": " + text
			}
			c.Lead = append(c.Lead, text)
		}
	}
	m.figures(c, list)
	m.timelines(c, list)
	m.failures(c, list)
	m.regions(c, list)
	m.costs(c, list)
	m.checks(c, files, list)
	m.origin(c, files)
	return c
}

func title(list []run) string {
	var names []string
	for i := range list {
		if p := clean(list[i].Protocol); !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	return and(names)
}

func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// figures are the table of all runs and their latencies.
func (m *maker) figures(c *chapter, list []run) {
	s := c.section(m, "Results")
	var plain []result.Run
	var names []string
	for i := range list {
		plain, names = append(plain, *list[i].Run), append(names, list[i].name)
	}
	if len(list) > 1 {
		s.text(report.Ahead(plain, names))
	}
	t := &table{Head: append([]string{"metric"}, names...)}
	for _, metric := range report.Compared() {
		if cells := report.Cells(metric, plain); cells != nil {
			t.Rows = append(t.Rows, append([]string{metric.Name}, cells...))
		}
	}
	verdict := []string{"verdict"}
	for i := range list {
		word, _ := list[i].word()
		verdict = append(verdict, word)
	}
	t.Rows = append(t.Rows, verdict)
	s.table(t)

	var warn []string
	for i := range list {
		r := &list[i]
		if r.Error != "" {
			warn = append(warn, r.name+" failed: "+clean(r.Error))
		} else if word, class := r.word(); class != "good" {
			warn = append(warn, r.name+": "+word+": its figures do not count")
		}
		for _, w := range r.Warnings {
			warn = append(warn, r.name+": "+clean(w))
		}
	}
	if len(warn) > 0 {
		s.add(block{Warn: warn})
	}
	m.latency(c, list)
}

// distribution is a histogram that was read.
type distribution struct {
	*hdrhistogram.Histogram
	l     *result.Latency
	name  string
	style int
}

// quantile is the value that a share q of the sample does not exceed, never outside of
// what was exact.
func (d *distribution) quantile(q float64) float64 {
	v := float64(d.ValueAtPercentile(100 * q))
	if d.l.Min != nil {
		v = max(v, float64(*d.l.Min))
	}
	if d.l.Max != nil {
		v = min(v, float64(*d.l.Max))
	}
	return v
}

// known is the highest share with ten values beyond it.
func (d *distribution) known() float64 { return 1 - 10/float64(d.TotalCount()) }

// distributions reads the latencies of runs that can be drawn; what cannot is said.
func distributions(list []run, of func(*result.Run) *result.Latency) (out []distribution, notes []string) {
	for i := range list {
		l := of(list[i].Run)
		if list[i].Error != "" || l == nil || l.Count == 0 || l.HDR == "" {
			continue
		}
		h, err := hdrhistogram.Decode([]byte(l.HDR))
		if err != nil || h.TotalCount() <= 0 {
			notes = append(notes, list[i].name+": its histogram cannot be read")
			continue
		}
		out = append(out, distribution{h, l, list[i].name, i})
	}
	return out, notes
}

// latency draws the distributions of the response time, and of the others where they
// say something else.
func (m *maker) latency(c *chapter, list []run) {
	s := c.section(m, "Latency")
	for _, kind := range []struct {
		name, title, from string
		of                func(*result.Run) *result.Latency
	}{
		{"response", "Response time", "From when a command was meant to be sent to its acknowledgement at the client.", func(r *result.Run) *result.Latency { return &r.Latency.Response }},
		{"service", "Service time", "From when a command was first sent to its acknowledgement at the client.", func(r *result.Run) *result.Latency {
			if r.Latency.Service.HDR == r.Latency.Response.HDR {
				return nil
			}
			return &r.Latency.Service
		}},
		{"commit", "Commit", "From the leader taking a command to the leader learning that it is chosen.", func(r *result.Run) *result.Latency { return &r.Latency.Commit }},
		{"sync", "Syncs of logs", "From the first write that a sync covers to its end.", func(r *result.Run) *result.Latency {
			if r.Storage == nil {
				return nil
			}
			return &r.Storage.Sync
		}},
	} {
		all, notes := distributions(list, kind.of)
		if len(notes) > 0 {
			s.add(block{Warn: notes})
		}
		if len(all) == 0 {
			continue
		}
		s.figure(m, percentiles(kind.title+" by percentile", all), kind.title+" by percentile",
			kind.from+" The axis stretches the tail: each tick to the right has a tenth of the commands beyond it. Dotted: fewer than ten samples lie beyond.", quantiles(all))
		if kind.name == "response" {
			s.figure(m, shares(kind.title+", distribution", all), kind.title+", distribution",
				"The share of commands that took no longer.", bounds(all))
		}
	}
	if len(s.Blocks) == 0 {
		s.text("No command was acknowledged.")
	}
}

// spanOf is the axis of a latency: logarithmic where values are far apart.
func spanOf(title string, values [][]float64) figure.Axis {
	least, most := math.Inf(1), 0.0
	for _, list := range values {
		for _, v := range list {
			if v > 0 {
				least = min(least, v)
			}
			if !math.IsNaN(v) {
				most = max(most, v)
			}
		}
	}
	unit, name := timeUnit(most)
	a := figure.Axis{Format: report.Duration}
	if most > 12*least {
		if unit >= 1e9 && least < 1e8 { // ms from one end to the other
			unit, name = 1e6, "ms"
		}
		a.Scale, a.Title = figure.Log, title+", "+name+", logarithmic"
	} else {
		zero := 0.0
		a.From, a.Title = &zero, title+", "+name
	}
	a.Unit = unit
	return a
}

func percent(q float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(100*q, 'f', 5, 64), "0"), ".") + "%"
}

// percentiles plots distributions as HdrHistogram does.
func percentiles(title string, all []distribution) *figure.Plot {
	const perDecade = 24
	panel := figure.Panel{Height: 260}
	var values [][]float64
	for i := range all {
		d := &all[i]
		sure, rest := figure.Curve{Name: d.name, Style: d.style}, figure.Curve{Name: d.name, Style: d.style, Faint: true}
		most := math.Log10(float64(d.TotalCount()))
		for k := 0; float64(k)/perDecade <= most; k++ {
			q := 1 - math.Pow(10, -float64(k)/perDecade)
			v := d.quantile(q)
			if q <= d.known()+1e-9 {
				sure.X, sure.Y = append(sure.X, q), append(sure.Y, v)
			}
			if q >= d.known()-1e-9 || k > 0 && 1-math.Pow(10, -float64(k+1)/perDecade) > d.known() {
				rest.X, rest.Y = append(rest.X, q), append(rest.Y, v)
			}
		}
		values = append(values, sure.Y, rest.Y)
		if len(sure.X) == 0 { // fewer than ten samples
			rest.Faint, sure = false, figure.Curve{}
		}
		for _, v := range []figure.Curve{sure, rest} {
			if len(v.X) > 0 {
				panel.Curves = append(panel.Curves, v)
			}
		}
	}
	panel.Y = spanOf("latency", values)
	return &figure.Plot{
		Title: title, Desc: describe(all),
		X:      figure.Axis{Scale: figure.Percentile, Title: "percentile, %", Format: percent},
		Panels: []figure.Panel{panel},
	}
}

// describe tells the figure in words.
func describe(all []distribution) string {
	var parts []string
	for i := range all {
		d := &all[i]
		part := d.name + ": median " + report.Duration(d.quantile(.5))
		if d.known() >= .99 {
			part += ", 99th percentile " + report.Duration(d.quantile(.99))
		}
		parts = append(parts, part+", longest "+report.Duration(d.quantile(1)))
	}
	return strings.Join(parts, "; ") + "."
}

// quantiles is the table of a plot of percentiles; blank where ten samples beyond are
// lacking.
func quantiles(all []distribution) *table {
	return sharesTable(all, []float64{0, .25, .5, .75, .9, .95, .99, .995, .999, .9995, .9999, .99999, 1})
}

// bounds is the table of a distribution.
func bounds(all []distribution) *table {
	return sharesTable(all, []float64{.01, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99})
}

func sharesTable(all []distribution, list []float64) *table {
	t := &table{Head: []string{"share of commands"}}
	columns := make([][]*int64, len(all))
	for i := range all {
		t.Head = append(t.Head, all[i].name)
		for _, q := range list {
			var cell *int64
			if q <= all[i].known()+1e-9 || q == 0 || q == 1 {
				v := int64(all[i].quantile(q))
				cell = &v
			}
			columns[i] = append(columns[i], cell)
		}
	}
	cells := report.Times(columns...)
	for k, q := range list {
		row := []string{percent(q)}
		for i := range all {
			row = append(row, cells[i][k])
		}
		if strings.Join(row[1:], "") != "" {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// shares plots distribution functions.
func shares(title string, all []distribution) *figure.Plot {
	steps := max(60, 220*4/max(4, len(all))) // of many runs fewer: the page stays light
	panel := figure.Panel{Height: 220, Y: figure.Axis{Title: "share of commands, %", Unit: .01, Format: percent}}
	one := 1.0
	panel.Y.To = &one
	var values [][]float64
	for i := range all {
		d := &all[i]
		v := figure.Curve{Name: d.name, Style: d.style, Step: true}
		least, most := d.quantile(0), d.quantile(1)
		last := -1.0
		var below int64
		total := float64(d.TotalCount())
		step := math.Pow(max(most/max(least, 1), 1+1e-9), 1/float64(steps))
		for _, bar := range d.Distribution() {
			if bar.Count == 0 {
				continue
			}
			below += bar.Count
			x := min(max(float64(bar.To), least), most)
			share := float64(below) / total
			if n := len(v.X); n > 0 && x < last*step && below != d.TotalCount() {
				v.X[n-1], v.Y[n-1] = x, share
				continue
			}
			last = x
			v.X, v.Y = append(v.X, x), append(v.Y, share)
		}
		if len(v.X) > 0 {
			v.X, v.Y = append([]float64{least}, v.X...), append([]float64{0}, v.Y...)
		}
		values = append(values, v.X)
		panel.Curves = append(panel.Curves, v)
	}
	zero := 0.0
	panel.Y.From = &zero
	x := spanOf("latency", values)
	x.From = nil
	return &figure.Plot{Title: title, Desc: describe(all), X: x, Legend: len(all) > 1, Panels: []figure.Panel{panel}}
}

// regions is what the clients of each region have seen.
func (m *maker) regions(c *chapter, list []run) {
	var s *section
	for i := range list {
		r := &list[i]
		if r.Error != "" || len(r.Regions) == 0 {
			continue
		}
		if s == nil {
			s = c.section(m, "Regions")
		}
		t := &table{Caption: r.name, Head: []string{"region", "clients", "acknowledged", "to leader and back", "min", "p50", "p99", "max"}}
		columns := make([][]*int64, 5)
		for j := range r.Regions {
			g := &r.Regions[j]
			for k, v := range []*int64{g.ToLeader, g.Response.Min, g.Response.P50, g.Response.P99, g.Response.Max} {
				columns[k] = append(columns[k], v)
			}
		}
		cells := report.Times(columns...)
		for j := range r.Regions {
			g := &r.Regions[j]
			row := []string{clean(g.Name), strconv.Itoa(g.Clients), report.Count(g.Acknowledged)}
			for k := range cells {
				row = append(row, cells[k][j])
			}
			t.Rows = append(t.Rows, row)
		}
		s.table(t)
	}
}

// costs draws what a commit costs, a group for each metric.
func (m *maker) costs(c *chapter, list []run) {
	f := &figure.Rows{Title: "Costs of a commit"}
	t := &table{Head: []string{"per commit"}}
	for i := range list {
		t.Head = append(t.Head, list[i].name)
	}
	for _, metric := range measure.Metrics() {
		if !strings.HasSuffix(metric.Name, "/commit") {
			continue
		}
		g := figure.Group{Title: strings.ReplaceAll(strings.TrimSuffix(metric.Name, "/commit"), "_", " ")}
		row := []string{g.Title}
		if unit := map[string]string{measure.Nanoseconds: "time", measure.Bytes: "B"}[metric.Unit]; unit != "" {
			g.Title += ", " + unit
		}
		some := false
		for i := range list {
			v, known := report.Value(list[i].Run, metric.Name)
			if metric.Name == "cpu/commit" && list[i].Network == "sim" { // the simulator's
				known = false
			}
			if !known {
				row = append(row, "")
				continue
			}
			some = some || v > 0
			text := report.Number(v)
			switch metric.Unit {
			case measure.Nanoseconds:
				text = report.Duration(v)
			case measure.Bytes:
				text += " B"
			}
			row = append(row, text)
			g.Rows = append(g.Rows, figure.Row{Name: list[i].name, Value: text, Segments: []figure.Segment{{To: v, Style: i, Label: list[i].name + ": " + text + " a commit"}}})
		}
		if some {
			f.Groups, t.Rows = append(f.Groups, g), append(t.Rows, row)
		}
	}
	if len(t.Rows) == 0 {
		return
	}
	f.Desc = fmt.Sprintf("%s; the table below has the values.", plural(len(f.Groups), "cost"))
	s := c.section(m, "Costs")
	s.figure(m, f, "Costs of a commit", "Totals of the whole cluster over distinct commands committed. Each cost has a scale of its own, from 0.", t)
}

// checks is what the verdicts rest on.
func (m *maker) checks(c *chapter, files []*File, list []run) {
	s := c.section(m, "Correctness")
	t := &table{Head: []string{"run", "check", "verdict", "what was seen"}, Left: true}
	var notes []string
	for i := range list {
		r := &list[i]
		for _, k := range r.Verdict.Checks {
			word := "ok"
			switch {
			case k.Undecided:
				word = "OPEN"
			case !k.OK:
				word = "FAIL"
			}
			t.Rows = append(t.Rows, []string{r.name, clean(k.Name), word, clean(k.Detail)})
		}
		if r.Error != "" {
			continue
		}
		for _, l := range report.Remarks(r.Run) {
			notes = append(notes, r.name+": "+l)
		}
	}
	s.table(t)
	if len(t.Rows) == 0 {
		s.text("Nothing was verified.")
	}
	if len(notes) > 0 {
		s.add(block{Notes: notes})
	}
	e := &table{Head: []string{"expected", "run", "found", "verdict"}, Left: true, Caption: "Expectations of the scenario"}
	for _, f := range files {
		for _, x := range f.Result.Expectations {
			found, word := "no such figure", "MISSED"
			if x.Value != nil {
				found = report.Number(*x.Value)
				if metric, err := measure.Find(x.Metric); err == nil && metric.Unit == measure.Nanoseconds {
					found = report.Duration(*x.Value)
				}
			}
			if x.Met {
				word = "met"
			}
			e.Rows = append(e.Rows, []string{clean(x.Metric + " " + x.Threshold), clean(fmt.Sprintf("%s seed %d", x.Protocol, x.Seed)), found, word})
		}
	}
	s.table(e)
}
