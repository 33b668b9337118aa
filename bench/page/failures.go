package page

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

func seconds(ns float64) string { return strconv.FormatFloat(ns/1e9, 'f', 2, 64) + "s" }

// bucket is some intervals of a time series in one.
type bucket struct {
	from float64 // ns
	rate float64 // commands a second
	p99  float64 // highest of its intervals; NaN: unknown
}

// buckets puts the intervals of a run into at most most steps.
func buckets(r *result.Run, most int) (out []bucket, each int) {
	n := len(r.Series)
	if n < 2 {
		return nil, 0
	}
	each = (n + most - 1) / most
	end := func(i int) float64 { // of interval i
		if i+1 < n {
			return float64(r.Series[i+1].T)
		}
		last := 2*float64(r.Series[n-1].T) - float64(r.Series[n-2].T)
		if m := float64(r.Measured); m > float64(r.Series[n-1].T) {
			last = min(last, m)
		}
		return last
	}
	for i := 0; i < n; i += each {
		j := min(i+each, n)
		b := bucket{from: float64(r.Series[i].T), p99: math.NaN()}
		sum := 0.0
		for _, s := range r.Series[i:j] {
			sum += float64(s.Acknowledged)
			if s.P99 != nil && !(b.p99 >= float64(*s.P99)) {
				b.p99 = float64(*s.P99)
			}
		}
		if width := end(j-1) - b.from; width > 0 {
			b.rate = sum / width * 1e9
		}
		out = append(out, b)
	}
	return out, each
}

// stripHeight is the height of one run over time.
const stripHeight = 74

// timelines draws throughput and p99 of all runs over time, a strip for each, with
// faults and elections.
func (m *maker) timelines(c *chapter, list []run) {
	var rate, tail figure.Plot
	highest, end := 0.0, 0.0
	most := min(MostPoints, max(MostPoints/2, 4*MostPoints/len(list))) // of many runs fewer: the page stays light
	note := ""
	rateTable, tailTable := &table{Head: []string{"time"}}, &table{Head: []string{"time"}}
	const rows = 60
	var tables [2][][]string
	var tails [][]float64
	for i := range list {
		r := &list[i]
		if r.Error != "" {
			continue
		}
		all, each := buckets(r.Run, most)
		if len(all) < 2 {
			continue
		}
		if each > 1 {
			note = fmt.Sprintf(" Series of more than %d intervals are drawn in steps of several, here up to %s: throughput as their mean, p99 as their highest.", most, report.Short(r.Series[1].T*int64(each)-r.Series[0].T*int64(each)))
		}
		throughput := figure.Curve{Name: "", Style: i, Area: true, Step: true, Reduce: figure.Mean}
		p99 := figure.Curve{Name: "", Style: i, Reduce: figure.Highest}
		for _, b := range all {
			throughput.X, throughput.Y = append(throughput.X, b.from), append(throughput.Y, b.rate)
			p99.Y = append(p99.Y, b.p99)
			highest, end = max(highest, b.rate), max(end, b.from)
		}
		end = max(end, float64(r.Measured))
		p99.X = throughput.X
		if len(throughput.X) > 0 && float64(r.Measured) > throughput.X[len(throughput.X)-1] { // the last step has an end
			throughput.X = append(slices.Clone(throughput.X), float64(r.Measured))
			throughput.Y = append(throughput.Y, all[len(all)-1].rate)
		}
		panel := figure.Panel{Title: r.name, Height: stripHeight, Bands: bands(r.Run), Events: events(r.Run)}
		perSecond := func(v float64) string { return report.Number(v) + "/s" }
		rp := panel
		rp.Y, rp.Curves = figure.Axis{Title: "commands/s", Format: perSecond}, []figure.Curve{throughput}
		rate.Panels = append(rate.Panels, rp)
		tp := panel
		tp.Curves = []figure.Curve{p99}
		tail.Panels = append(tail.Panels, tp)
		tails = append(tails, p99.Y)

		coarse, _ := buckets(r.Run, rows)
		rateTable.Head, tailTable.Head = append(rateTable.Head, r.name), append(tailTable.Head, r.name)
		var one [2][]string
		for k, b := range coarse {
			if len(tables[0]) == 0 || k >= len(rateTable.Rows) {
				rateTable.Rows, tailTable.Rows = append(rateTable.Rows, []string{seconds(b.from)}), append(tailTable.Rows, []string{seconds(b.from)})
			}
			one[0] = append(one[0], perSecond(b.rate))
			text := ""
			if !math.IsNaN(b.p99) {
				text = report.Duration(b.p99)
			}
			one[1] = append(one[1], text)
		}
		tables[0], tables[1] = append(tables[0], one[0]), append(tables[1], one[1])
	}
	if len(rate.Panels) == 0 {
		return
	}
	for which, t := range []*table{rateTable, tailTable} {
		for k := range t.Rows {
			for _, column := range tables[which] {
				cell := ""
				if k < len(column) {
					cell = column[k]
				}
				t.Rows[k] = append(t.Rows[k], cell)
			}
		}
	}
	zero := 0.0
	axis := figure.Axis{Title: "time since the start of the measured window, s", Unit: 1e9, From: &zero, To: &end, Format: seconds}
	y := spanOf("p99", tails)
	lo, hi := extent(tails)
	if y.Scale == figure.Log {
		y.From = &lo
	}
	y.To = &hi
	for i := range rate.Panels {
		rate.Panels[i].Y.From, rate.Panels[i].Y.To = &zero, &highest
		tail.Panels[i].Y = y
	}
	rate.X, tail.X = axis, axis
	rate.Title, tail.Title = "Throughput over time", "p99 over time"
	rate.Desc = fmt.Sprintf("Commands acknowledged a second in %s; at most %s a second.", plural(len(rate.Panels), "run"), report.Number(highest))
	tail.Desc = fmt.Sprintf("99th percentile of the response time in each interval of %s; at most %s.", plural(len(tail.Panels), "run"), report.Duration(hi))
	legend := " All strips have the same scale."
	if marked(list) {
		legend += " Shaded: a fault. A line with a foot: a leader had its majority."
	}
	s := c.section(m, "Over time")
	s.figure(m, &rate, rate.Title, "Commands acknowledged in each interval."+legend+note, rateTable)
	if hi > 0 {
		s.figure(m, &tail, tail.Title, "99th percentile of the response times of the commands acknowledged in each interval; none where nothing was."+legend+note, tailTable)
	}
}

func extent(values [][]float64) (lo, hi float64) {
	lo = math.Inf(1)
	for _, list := range values {
		for _, v := range list {
			if v > 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	return lo, hi
}

func marked(list []run) bool {
	for i := range list {
		if len(list[i].Faults)+len(list[i].Elections) > 0 {
			return true
		}
	}
	return false
}

// bands are the faults of a run that were carried out.
func bands(r *result.Run) []figure.Band {
	var out []figure.Band
	for _, f := range r.Faults {
		if f.Skipped != "" {
			continue
		}
		b := figure.Band{From: float64(f.At), To: float64(r.Measured), Name: clean(trimmed(f.Action + " " + f.Target))}
		text := b.Name
		if f.Amount != "" {
			text = clean(trimmed(f.Action + " " + f.Amount + " " + f.Target))
		}
		if f.Until != nil {
			b.To = float64(*f.Until)
			text += fmt.Sprintf(", %s to %s", seconds(b.From), seconds(b.To))
		} else {
			text += ", from " + seconds(b.From) + " to the end"
		}
		b.Label = text + "; no acknowledgement for " + report.Duration(float64(f.Unavailable))
		out = append(out, b)
	}
	return out
}

func trimmed(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// events are the elections of a run.
func events(r *result.Run) []figure.Event {
	var out []figure.Event
	for _, e := range r.Elections {
		if e.Elected != nil {
			out = append(out, figure.Event{At: float64(*e.Elected), Label: fmt.Sprintf("n%d elected at %s, term or ballot %d", e.Leader, seconds(float64(*e.Elected)), e.Term)})
		}
	}
	return out
}

// mostElections is how many elections are drawn one by one, of all runs together.
const mostElections = 36

var phaseNames = []string{"until detected", "until elected", "until announced", "until the first commit"}

// failures draws the phases of the elections that faults caused, and lists faults.
func (m *maker) failures(c *chapter, list []run) {
	f := &figure.Rows{Title: "Elections, phase by phase", Parts: phaseNames, X: &figure.Axis{Format: report.Duration}}
	t := &table{Head: []string{"election", "detected", "elected", "announced", "first commit", "rounds", "new leader"}}
	var columns [4][]*int64
	note := ""
	each := max(3, mostElections/len(list))
	most := 0.0
	for i := range list {
		r := &list[i]
		if r.Error != "" {
			continue
		}
		g := figure.Group{Title: r.name}
		var caused []*result.Election
		for j := range r.Elections {
			if r.Elections[j].Crash != nil {
				caused = append(caused, &r.Elections[j])
			}
		}
		shown := caused
		if len(caused) > each {
			shown = slices.Clone(caused)
			sort.SliceStable(shown, func(a, b int) bool { return lasted(shown[a]) > lasted(shown[b]) })
			shown = shown[:each]
			sort.SliceStable(shown, func(a, b int) bool { return *shown[a].Crash < *shown[b].Crash })
			note = fmt.Sprintf(" Of runs with more than %d elections the %d longest are drawn; the table has all.", each, each)
		}
		for _, e := range caused {
			instants := since(e)
			name := "at " + seconds(float64(*e.Crash))
			for k, v := range instants {
				columns[k] = append(columns[k], v)
			}
			t.Rows = append(t.Rows, []string{r.name + " " + name})
			leader := ""
			if e.Leader != 0 {
				leader = "n" + strconv.FormatUint(uint64(e.Leader), 10)
			}
			t.Rows[len(t.Rows)-1] = append(t.Rows[len(t.Rows)-1], strconv.Itoa(e.Rounds), leader)
			if slices.Contains(shown, e) {
				row := phaseRow(name, instants)
				for _, s := range row.Segments {
					most = max(most, s.To)
				}
				g.Rows = append(g.Rows, row)
			}
		}
		if len(g.Rows) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	s := c.section(m, "Failures")
	if len(f.Groups) > 0 {
		cells := report.Times(columns[:]...)
		for k, row := range t.Rows {
			t.Rows[k] = []string{row[0], cells[0][k], cells[1][k], cells[2][k], cells[3][k], row[1], row[2]}
		}
		phaseAxis(f.X, most, "time since the fault")
		f.Desc = fmt.Sprintf("%s that a fault caused; the longest took %s to the first commit.", plural(len(t.Rows), "election"), report.Duration(most))
		s.figure(m, f, f.Title, "Each bar begins with the fault that took the leader away."+note, t)
	}
	for i := range list {
		s.table(faultTable(&list[i]))
	}
	if len(s.Blocks) == 0 {
		c.Sections = c.Sections[:len(c.Sections)-1]
	}
}

// phaseAxis is the axis of bars of time from 0.
func phaseAxis(a *figure.Axis, most float64, title string) {
	zero := 0.0
	unit, name := timeUnit(most)
	if unit == 1e9 && most < 3e9 {
		unit, name = 1e6, "ms"
	}
	a.Unit, a.From, a.Title = unit, &zero, title+", "+name
}

func lasted(e *result.Election) int64 {
	if e.FirstCommit == nil {
		return math.MaxInt64
	}
	return *e.FirstCommit - *e.Crash
}

// since are the instants of an election, counted from its fault.
func since(e *result.Election) [4]*int64 {
	var out [4]*int64
	for i, t := range []*int64{e.Detected, e.Elected, e.Announced, e.FirstCommit} {
		if t != nil {
			d := *t - *e.Crash
			out[i] = &d
		}
	}
	return out
}

// phaseRow is the bar of an election. A phase that another one overtook has no part
// of its own; one that never came ends the bar.
func phaseRow(name string, instants [4]*int64) figure.Row {
	row := figure.Row{Name: name}
	at := 0.0
	for i, v := range instants {
		if v == nil {
			continue
		}
		to := float64(*v)
		if to < at {
			continue
		}
		row.Segments = append(row.Segments, figure.Segment{From: at, To: to, Style: i, Label: name + ": " + phaseNames[i] + " " + report.Duration(to)})
		at = to
	}
	row.Value = report.Duration(at)
	if instants[3] == nil {
		row.Value += ", no commit"
	}
	return row
}

// faultTable lists the faults of a run.
func faultTable(r *run) *table {
	t := &table{Caption: "Faults of " + r.name, Head: []string{"fault", "at", "until", "asked for", "unavailable", ""}}
	if len(r.Faults) > 6 {
		t.Fold = fmt.Sprintf("%d faults of %s", len(r.Faults), r.name)
	}
	column := make([]*int64, len(r.Faults))
	for i := range r.Faults {
		if r.Faults[i].Skipped == "" {
			column[i] = &r.Faults[i].Unavailable
		}
	}
	cells := report.Times(column)[0]
	for i, f := range r.Faults {
		until, note := "the end", ""
		if f.Until != nil {
			until = seconds(float64(*f.Until))
		}
		if f.Skipped != "" {
			until, note = "", "skipped: "+clean(f.Skipped)
		}
		t.Rows = append(t.Rows, []string{clean(trimmed(trimmed(f.Action+" "+f.Amount) + " " + f.Target)), seconds(float64(f.At)), until, clean(f.Role), cells[i], note})
	}
	return t
}
