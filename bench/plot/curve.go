package plot

import (
	"fmt"
	"math"
	"strings"
)

// Load is one curve of a [Curve]: a latency at rising loads.
type Load struct {
	Name   string
	Points []LoadPoint // in the order of the load that was offered
	Knee   int         // index in Points; -1 = none was found
}

// LoadPoint is one measurement.
type LoadPoint struct {
	Rate    float64 // commands a second that were answered
	Latency float64 // ns; 0 or NaN = unknown: not drawn
}

func (p LoadPoint) drawable() bool {
	return drawable(p.Rate) && drawable(p.Latency) && p.Latency > 0
}

// Curve draws latency against throughput. Neighbouring points are joined; where the
// drawing is fine enough each has its curve's letter. The knee of a curve is its
// capital letter, and the legend says where that is. A curve that turns back was
// driven beyond what it can answer. Nothing is drawn of nothing.
func Curve(title string, curves []Load, o Options) []string {
	o = o.complete(14)
	if len(curves) > maxCurves {
		curves = curves[:maxCurves]
	}
	fastest, least, most := 0.0, math.Inf(1), 0.0
	for _, c := range curves {
		for _, p := range c.Points {
			if p.drawable() {
				fastest, least, most = max(fastest, p.Rate), min(least, p.Latency), max(most, p.Latency)
			}
		}
	}
	if most == 0 {
		return nil
	}
	const left = 8
	f := o.frame()
	x, y := newAxis(0, fastest, amount), newAxis(least, most, duration)
	if !y.log {
		y = newAxis(0, most, duration)
	}
	c := newCanvas(&o, o.Width-left-1, o.Height)
	for i, d := range curves {
		c.load(&d, i, &x, &y)
	}
	for i, d := range curves { // over whatever else is there
		if d.hasKnee() {
			p := d.Points[d.Knee]
			c.put(x.at(p.Rate), y.at(p.Latency), letter(i)-'a'+'A', i)
		}
	}
	var lines []string
	if title != "" {
		lines = append(lines, clip(title, o.Width))
	}
	for row, name := range y.beside(c.rows) {
		lines = append(lines, trim(right(name, left-1)+" "+string(f.side)+c.row(row)))
	}
	lines = append(lines, x.below(c.cols, left, f)...)
	return append(lines, legend(loadNames(curves, o.ASCII), left+1, &o)...)
}

func (d *Load) hasKnee() bool {
	return d.Knee >= 0 && d.Knee < len(d.Points) && d.Points[d.Knee].drawable()
}

// load draws one curve.
func (c *canvas) load(d *Load, curve int, x, y *axis) {
	var last *LoadPoint
	for j := range d.Points {
		p := &d.Points[j]
		if !p.drawable() {
			continue
		}
		if last != nil {
			c.line(x.at(last.Rate), y.at(last.Latency), x.at(p.Rate), y.at(p.Latency), curve)
		}
		last = p
	}
	for _, p := range d.Points {
		if p.drawable() {
			c.put(x.at(p.Rate), y.at(p.Latency), letter(curve), curve)
		}
	}
}

func loadNames(curves []Load, ascii bool) []entry {
	var out []entry
	stars := len(curves) > 1 && ascii
	for i, d := range curves {
		text := string(letter(i)) + " " + d.Name
		if d.hasKnee() {
			p := d.Points[d.Knee]
			text += fmt.Sprintf(", %s the knee: %s/s at %s", strings.ToUpper(string(letter(i))), amount(p.Rate), duration(round3(p.Latency)))
		}
		out = append(out, entry{i, text})
	}
	if stars {
		out = append(out, entry{nobody, "* several"})
	}
	return out
}
