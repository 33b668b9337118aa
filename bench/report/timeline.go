package report

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// levels of throughput, from nothing to the highest, in equal steps.
const levels = " .:-=+*#"

// timeline draws acknowledgements over time, so that one sees where the log stood
// still, and marks the faults below.
func (p *page) timeline(r *result.Run) {
	n := len(r.Series)
	if n < 10 || r.Measured <= 0 {
		return
	}
	room := p.width - margin - 2
	cells := min(n, room)
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

	marks := []byte(strings.Repeat(" ", cells))
	any := false
	for _, f := range r.Faults {
		if f.Skipped == "" && f.At >= 0 && f.At < r.Measured {
			marks[int(f.At*int64(cells)/r.Measured)] = '^'
			any = true
		}
	}
	step := r.Measured / int64(cells)
	note := fmt.Sprintf("%s a character, # is up to %s/s", short(round2(step)), about(most*float64(n)/(float64(r.Measured)/1e9)))
	if any {
		note += ", ^ fault"
	}
	indent := strings.Repeat(" ", margin+1)
	if any {
		p.line(indent + string(marks))
	}
	p.line(p.paint(dim, indent+note))
}

// round2 keeps two digits of ns.
func round2(ns int64) int64 {
	scale := int64(1)
	for ns/scale >= 100 {
		scale *= 10
	}
	return (ns + scale/2) / scale * scale
}
