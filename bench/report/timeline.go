package report

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/plot"
	"github.com/consbench/consbench/bench/result"
)

// enoughSteps is how many intervals it takes for a series to show anything.
const enoughSteps = 10

// struck reports whether something happened that a timeline shows.
func (p *page) struck(r *result.Run) bool {
	return !p.plots.None && len(r.Series) >= enoughSteps && r.Measured > 0 && len(spans(r)) > 0
}

// timeline draws throughput and latency over time, so that one sees where the log
// stood still, with faults, elections and leaders below.
func (p *page) timeline(r *result.Run) {
	t := &plot.Run{End: r.Measured, Spans: spans(r)}
	for i, s := range r.Series {
		if s.T >= r.Measured {
			break
		}
		end := r.Measured
		if i+1 < len(r.Series) {
			end = min(end, r.Series[i+1].T)
		}
		step := plot.Step{}
		if end > s.T {
			step.Rate = float64(s.Acknowledged) * 1e9 / float64(end-s.T)
		}
		if s.P99 != nil {
			v := float64(*s.P99)
			step.Latency = &v
		}
		t.Steps = append(t.Steps, step)
		if !r.Leaderless {
			t.Held = "leader"
			t.Holds = append(t.Holds, plot.Hold{From: s.T, Who: int(s.Leader)})
		}
	}
	lines := plot.Timeline("commands acknowledged", "p99 of response", t, p.drawing())
	if len(lines) == 0 {
		return
	}
	p.line("")
	p.line(p.paint(bold, "OVER TIME") + strings.TrimPrefix(lines[0], strings.Repeat(" ", len("OVER TIME"))))
	for _, l := range lines[1:] {
		p.line(l)
	}
	p.line("")
}

// drawing is how plots on this page look.
func (p *page) drawing() plot.Options {
	return plot.Options{Width: p.width, ASCII: !p.plots.Unicode, Color: p.color}
}

// spans are the faults that struck in the window, and the elections.
func spans(r *result.Run) []plot.Span {
	var out []plot.Span
	for _, f := range r.Faults {
		if f.Skipped != "" || f.At < 0 || f.At >= r.Measured {
			continue
		}
		until := r.Measured
		if f.Until != nil {
			until = *f.Until
		}
		out = append(out, plot.Span{Label: Clean(f.Action), From: f.At, To: until})
	}
	for _, e := range r.Elections {
		if t := e.Elected; t != nil && *t >= 0 && *t < r.Measured {
			out = append(out, plot.Span{Label: "elected", From: *t, Point: true})
		}
	}
	return out
}

// levels of throughput, from nothing to the highest, in equal steps.
const levels = " .:-=+*#"

// strip draws acknowledgements over time in one line, for a run in which nothing
// happened to the log.
func (p *page) strip(r *result.Run) {
	n := len(r.Series)
	if n < enoughSteps || r.Measured <= 0 {
		return
	}
	cells := min(n, p.width-margin-2)
	sums := make([]float64, cells)
	most := 0.0
	for c := range sums {
		from, to := c*n/cells, (c+1)*n/cells
		for _, s := range r.Series[from:to] {
			sums[c] += float64(s.Acknowledged)
		}
		sums[c] /= float64(to - from)
		most = max(most, sums[c])
	}
	if most == 0 {
		return
	}
	bar := make([]byte, cells)
	for c, s := range sums {
		level := int(s/most*float64(len(levels)-1) + 0.999)
		bar[c] = levels[min(level, len(levels)-1)]
	}
	p.line(p.paint(bold, "OVER TIME") + strings.Repeat(" ", margin-len("OVER TIME")) + "|" + string(bar) + "|")
	step := r.Measured / int64(cells)
	note := fmt.Sprintf("%s a character, # is up to %s/s", short(round2(step)), about(most*float64(n)/(float64(r.Measured)/1e9)))
	p.line(p.paint(dim, strings.Repeat(" ", margin+1)+note))
}

// round2 keeps two digits of ns.
func round2(ns int64) int64 {
	scale := int64(1)
	for ns/scale >= 100 {
		scale *= 10
	}
	return (ns + scale/2) / scale * scale
}
