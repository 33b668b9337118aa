package plot

import (
	"math"
	"strings"
)

// Run is what a [Timeline] shows. Times are ns from its start.
type Run struct {
	End   int64  // length of the time axis
	Steps []Step // one after the other from 0 on, equally long, the last to End
	Spans []Span // what happened; those with one label share a row below the drawing
	Holds []Hold // a row of letters or digits; nil = no such row
	Held  string // the label of that row, such as leader
}

// Step is a stretch of time.
type Step struct {
	Rate    float64  // a second
	Latency *float64 // ns, such as the 99th percentile; nil = none
}

// Span is something that lasted. Its label is cut to 10 columns.
type Span struct {
	Label    string
	From, To int64
	Point    bool // an instant, at From
}

// Hold says who held something from an instant on; 0 = nobody.
type Hold struct {
	From int64
	Who  int
}

const (
	gutter    = 12 // columns before the drawing
	rateRows  = 4
	latRows   = 4
	blocks    = " ▁▂▃▄▅▆▇█"
	asciiBars = " .:#"
)

// Timeline draws throughput as bars and a latency as a line over the same time, and
// below them when something happened. rate and latency say what the two are.
func Timeline(rate, latency string, r *Run, o Options) []string {
	o = o.complete(0)
	n := len(r.Steps)
	if n == 0 || r.End <= 0 {
		return nil
	}
	room := o.Width - gutter - 1
	cols := room
	if n <= room {
		cols = n * (room / n) // all steps are equally wide
	}
	d := &drawing{run: r, o: &o, f: o.frame(), cols: cols, rates: make([]float64, cols), lats: make([]float64, cols)}
	for c := range cols {
		from, to := c*n/cols, max((c+1)*n/cols, c*n/cols+1)
		d.lats[c] = -1
		for _, s := range r.Steps[from:to] {
			if drawable(s.Rate) {
				d.rates[c] += s.Rate / float64(to-from)
			}
			if s.Latency != nil && drawable(*s.Latency) {
				d.lats[c] = max(d.lats[c], *s.Latency)
			}
		}
	}
	d.bars(rate)
	d.latencies(latency)
	time := newAxis(0, float64(r.End), duration)
	d.lines = append(d.lines, time.below(cols, gutter-1, d.f)...)
	d.spans()
	d.holds()
	return d.lines
}

type drawing struct {
	run         *Run
	o           *Options
	f           frame
	cols        int
	rates, lats []float64 // by column; -1 = no latency
	lines       []string
}

func (d *drawing) caption(text string) {
	if text != "" {
		d.lines = append(d.lines, strings.Repeat(" ", gutter)+clip(text, d.o.Width-gutter))
	}
}

func (d *drawing) line(label, content string) {
	d.lines = append(d.lines, trim(right(label, gutter-2)+" "+string(d.f.side)+content))
}

// bars draws throughput.
func (d *drawing) bars(caption string) {
	most := 0.0
	for _, v := range d.rates {
		most = max(most, v)
	}
	levels := []rune(blocks)
	if d.o.ASCII {
		levels = []rune(asciiBars)
	}
	fine := len(levels) - 1
	d.caption(caption)
	for row := rateRows - 1; row >= 0; row-- {
		b := make([]rune, d.cols)
		for c, v := range d.rates {
			filled := 0
			if most > 0 {
				filled = int(math.Ceil(v/most*float64(rateRows*fine) - 1e-9)) // not nothing, if it is not nothing
			}
			b[c] = levels[min(max(filled-row*fine, 0), fine)]
		}
		label := ""
		switch row {
		case rateRows - 1:
			label = amount(round3(most)) + "/s"
		case 0:
			label = "0"
		}
		d.line(label, d.o.paint(0, trim(string(b))))
	}
}

// latencies draws a line that is broken where nothing was answered.
func (d *drawing) latencies(caption string) {
	least, most := math.Inf(1), 0.0
	for _, v := range d.lats {
		if v >= 0 {
			least, most = min(least, v), max(most, v)
		}
	}
	if most == 0 {
		return
	}
	y := newAxis(least, most, duration)
	if !y.log {
		y = newAxis(0, most, duration)
	}
	c := newCanvas(d.o, d.cols, latRows)
	middle := func(i int) float64 { return (float64(i) + .5) / float64(d.cols) }
	for i, v := range d.lats {
		switch {
		case v < 0:
		case d.o.ASCII:
			c.put(middle(i), y.at(v), '*', 1)
		case i > 0 && d.lats[i-1] >= 0:
			c.line(middle(i-1), y.at(d.lats[i-1]), middle(i), y.at(v), 1)
		default:
			c.line(middle(i), y.at(v), middle(i), y.at(v), 1)
		}
	}
	d.caption(caption)
	for row := range latRows {
		label := ""
		switch row {
		case 0:
			label = duration(round3(most))
		case latRows - 1:
			if label = "0"; y.log {
				label = duration(round3(least))
			}
		}
		d.line(label, c.row(row))
	}
}

// column is the one that an instant falls into.
func (d *drawing) column(t int64) int {
	return min(max(int(float64(t)/float64(d.run.End)*float64(d.cols)), 0), d.cols-1)
}

// spans writes a row for each label: > where something began, then = for as long as
// it lasted; an instant is a ^.
func (d *drawing) spans() {
	const begin, lasts, instant = '>', '=', '^'
	rows := map[string][]rune{}
	var order []string
	for _, s := range d.run.Spans {
		if s.From < 0 || s.From >= d.run.End {
			continue
		}
		b, known := rows[s.Label]
		if !known {
			b = []rune(strings.Repeat(" ", d.cols))
			rows[s.Label] = b
			order = append(order, s.Label)
		}
		from := d.column(s.From)
		if s.Point {
			b[from] = instant
			continue
		}
		for c := from + 1; c <= d.column(min(max(s.To-1, s.From), d.run.End-1)); c++ {
			if b[c] == ' ' {
				b[c] = lasts
			}
		}
		b[from] = begin
	}
	for _, label := range order {
		d.lines = append(d.lines, trim(right(label, gutter-2)+"  "+string(rows[label])))
	}
}

// holds writes who held what, a digit a column.
func (d *drawing) holds() {
	if len(d.run.Holds) == 0 {
		return
	}
	b := []rune(strings.Repeat(" ", d.cols))
	h := 0
	for c := range b {
		end := int64(float64(c+1) / float64(d.cols) * float64(d.run.End))
		for h+1 < len(d.run.Holds) && d.run.Holds[h+1].From < end {
			h++
		}
		switch hold := d.run.Holds[h]; {
		case hold.From >= end:
		case hold.Who <= 0:
			b[c] = '-'
		default:
			b[c] = rune('0' + hold.Who%10)
		}
	}
	d.lines = append(d.lines, trim(right(d.run.Held, gutter-2)+"  "+string(b)))
}
