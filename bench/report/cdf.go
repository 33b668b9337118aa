package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// cdfRows are the shares of trials, in thousandths, that get a row: equal steps up
// to 90 %, then a tail on a logarithmic scale.
var cdfRows = []int{999, 990, 980, 950, 900, 800, 700, 600, 500, 400, 300, 200, 100, 0}

// tailFrom is where the tail begins.
const tailFrom = 900

// cdf is one curve of a plot: letters at its quantiles.
type cdf struct {
	name   string
	trials int
	phase  *result.Phase
}

// at is the time by which a share of the trials had come, nil where that is unknown
// or fewer than ten trials lie beyond it.
func (c *cdf) at(thousandths int) *int64 {
	switch {
	case thousandths > tailFrom && c.trials*(1000-thousandths) < 10*1000:
		return nil
	case thousandths == 999:
		return c.phase.P999
	}
	return c.phase.Quantiles[thousandths/10]
}

// distributionPlot draws distribution functions: of the phases of a single setting,
// else of the time until everybody had heard from the leader, setting by setting.
func (p *page) distributionPlot(all []result.ElectionSetting) {
	var curves []cdf
	title := "time until every live server had heard from the leader"
	if len(all) == 1 {
		title = settingName(&all[0].Config)
		for i, ph := range phasesOf(&all[0]) {
			curves = append(curves, cdf{phaseNames[i], all[0].Trials, ph})
		}
	} else {
		for i := range all {
			curves = append(curves, cdf{settingName(&all[i].Config), all[i].Trials, &all[i].Phases.Announced})
		}
	}
	curves = slices.DeleteFunc(curves, func(c cdf) bool { return c.at(0) == nil })
	p.plot(title, curves[:min(len(curves), 26)])
}

func (p *page) plot(title string, curves []cdf) {
	least, most := int64(math.MaxInt64), int64(0)
	for i := range curves {
		for _, q := range cdfRows {
			if t := curves[i].at(q); t != nil {
				least, most = min(least, *t), max(most, *t)
			}
		}
	}
	if most == 0 {
		return
	}
	const left = 8
	a := newAxis(least, most, p.width-left-2)
	p.marked(bold, "SHARE", "of the trials by then, a logarithmic tail above 90%: "+title)
	for _, q := range cdfRows {
		row := []byte(strings.Repeat(" ", a.cells))
		any := false
		for i := range curves {
			t := curves[i].at(q)
			if t == nil {
				continue
			}
			any = true
			cell := &row[a.cell(*t)]
			if *cell != ' ' {
				*cell = '*'
				continue
			}
			*cell = 'a' + byte(i)
		}
		if !any {
			continue
		}
		mark := "|"
		if q > tailFrom {
			mark = ":"
		}
		p.line(fmt.Sprintf("%6s%% %s%s", shareLabel(q), mark, row))
	}
	ticks, labels := a.ruler()
	p.line(strings.Repeat(" ", left) + "+" + ticks)
	p.line(strings.Repeat(" ", left+1) + labels)
	var legend []string
	for i := range curves {
		legend = append(legend, string(rune('a'+i))+" "+curves[i].name)
	}
	for _, l := range fill(append(legend, "* several"), "   ", p.width-left-1) {
		p.line(strings.Repeat(" ", left+1) + l)
	}
	p.line("")
}

func shareLabel(thousandths int) string {
	if thousandths%10 == 0 {
		return fmt.Sprint(thousandths / 10)
	}
	return fmt.Sprintf("%.1f", float64(thousandths)/10)
}

// axis maps times to the columns of a plot: by their logarithm where they lie far
// apart.
type axis struct {
	lo, hi float64
	log    bool
	cells  int
}

// newAxis covers [least, most], times in ns.
func newAxis(least, most int64, cells int) axis {
	a := axis{lo: float64(max(least, 1)), hi: float64(max(most, least+1, 2)), cells: cells}
	a.log = a.hi > 5*a.lo
	return a
}

func (a *axis) cell(ns int64) int {
	x := (float64(ns) - a.lo) / (a.hi - a.lo)
	if a.log {
		x = math.Log(max(float64(ns), 1)/a.lo) / math.Log(a.hi/a.lo)
	}
	return min(max(int(math.Round(x*float64(a.cells-1))), 0), a.cells-1)
}

// ruler is a line with ticks at round times, and a line with their names where
// there is room.
func (a *axis) ruler() (ticks, labels string) {
	line := []byte(strings.Repeat("-", a.cells))
	names := []byte(strings.Repeat(" ", a.cells))
	end := -1 // of the last name
	put := func(ns int64) {
		c := a.cell(ns)
		line[c] = '+'
		name := short(ns)
		at := max(0, min(c-len(name)/2, a.cells-len(name)))
		if at <= end {
			return
		}
		copy(names[at:], name)
		end = at + len(name)
	}
	for _, ns := range a.round() {
		put(ns)
	}
	return string(line), string(names)
}

// round lists 1, 2 and 5 times powers of ten on the axis; where it is linear,
// multiples of one of them.
func (a *axis) round() []int64 {
	var out []int64
	if a.log {
		for p := math.Pow(10, math.Floor(math.Log10(a.lo))); p <= a.hi; p *= 10 {
			for _, m := range []float64{1, 2, 5} {
				if v := m * p; v >= a.lo && v <= a.hi {
					out = append(out, int64(v))
				}
			}
		}
		return out
	}
	width := a.hi - a.lo
	step := math.Pow(10, math.Floor(math.Log10(width)))
	for _, m := range []float64{0.2, 0.5, 1} {
		if width/(m*step) <= 8 {
			step *= m
			break
		}
	}
	step = max(math.Round(step), 1)
	for v := math.Ceil(a.lo/step) * step; v <= a.hi && len(out) < a.cells; v += step {
		out = append(out, int64(v))
	}
	return out
}
