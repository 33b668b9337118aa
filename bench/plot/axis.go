package plot

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/workload"
)

// axis maps values to [0, 1]: by their logarithm where they lie far apart, unless
// it begins at 0.
type axis struct {
	lo, hi float64
	log    bool
	name   func(float64) string // of a tick
}

// farApart is the ratio from which on an axis is logarithmic.
const farApart = 5

// newAxis covers [least, most], both drawable.
func newAxis(least, most float64, name func(float64) string) axis {
	a := axis{lo: least, hi: most, name: name}
	if !(a.hi > a.lo) {
		a.hi = a.lo + math.Max(1, math.Abs(a.lo)*0.01)
	}
	a.log = a.lo > 0 && a.hi > farApart*a.lo
	return a
}

// at is where v lies.
func (a *axis) at(v float64) float64 {
	if a.log {
		return clamp((math.Log(v) - math.Log(a.lo)) / (math.Log(a.hi) - math.Log(a.lo)))
	}
	return clamp((v - a.lo) / (a.hi - a.lo))
}

// round lists values for ticks, in order: 1, 2 and 5 times powers of ten, only
// powers of ten where the axis spans many; on a linear axis multiples of one of them,
// as many as there is room for.
func (a *axis) round(room int) []float64 {
	var out []float64
	if a.log {
		first, last := int(math.Floor(math.Log10(a.lo))), int(math.Ceil(math.Log10(a.hi)))
		factors := []float64{1, 2, 5}
		if 3*math.Log10(a.hi/a.lo) > 2*float64(room) {
			factors = factors[:1]
		}
		for p := first; p <= last; p++ {
			for _, m := range factors {
				if v := m * math.Pow(10, float64(p)); v >= a.lo*(1-1e-9) && v <= a.hi*(1+1e-9) {
					out = append(out, v)
				}
			}
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10(a.hi-a.lo))-1)
	for i := 0; (a.hi-a.lo)/step > float64(max(room, 1)) && i < 10; i++ {
		step *= []float64{2, 2.5, 2}[i%3]
	}
	for v := math.Ceil(a.lo/step) * step; v <= a.hi*(1+1e-9) && len(out) <= room; v += step {
		out = append(out, math.Round(v/step)*step)
	}
	return out
}

// below is the axis under a drawing of cols columns: a line with ticks, and a line
// with their names where there is room. Before it stand indent columns.
func (a *axis) below(cols, indent int, f frame) []string {
	line := []rune(strings.Repeat(string(f.bottom), cols))
	names := []rune(strings.Repeat(" ", cols+1)) // from under the corner on
	end := -2                                    // of the last name
	for _, v := range a.round(cols / 8) {
		c := int(math.Round(a.at(v) * float64(cols-1)))
		line[c] = f.tick
		name := []rune(a.name(v))
		at := max(0, min(c+1-len(name)/2, cols+1-len(name)))
		if at < end+2 || len(name) > len(names) {
			continue
		}
		copy(names[at:], name)
		end = at + len(name)
	}
	margin := strings.Repeat(" ", indent)
	return []string{margin + string(f.corner) + string(line), trim(margin + string(names))}
}

// beside names the rows of a drawing: "" where a row has no tick.
func (a *axis) beside(rows int) []string {
	names := make([]string, rows)
	for _, v := range a.round(rows) {
		row := rows - 1 - int(math.Round(a.at(v)*float64(rows-1)))
		if names[row] == "" {
			names[row] = a.name(v)
		}
	}
	return names
}

// duration names a time in ns.
func duration(ns float64) string {
	if ns >= math.MaxInt64 {
		return strconv.FormatFloat(ns/1e9, 'g', 3, 64) + "s"
	}
	return workload.FormatDuration(time.Duration(math.Round(ns)))
}

// amount names a count or rate: 950, 12k, 1.5M.
func amount(v float64) string {
	scale, unit := 1.0, ""
	for _, u := range []struct {
		of   float64
		name string
	}{{1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}} {
		if v >= u.of*(1-1e-9) {
			scale, unit = u.of, u.name
		}
	}
	return strconv.FormatFloat(round3(v/scale), 'f', -1, 64) + unit
}

// round3 keeps three digits.
func round3(v float64) float64 {
	if v == 0 {
		return 0
	}
	s, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return s
}
