package plot

import (
	"math"
	"strings"
)

// Options say how a plot looks. The zero value is 80 columns of Unicode without
// colour.
type Options struct {
	Width  int  // columns; 0 = 80; less than 40 counts as 40, more than 500 as 500
	Height int  // rows of the drawing, axes excluded; 0 = what suits the kind of plot; at most 100
	ASCII  bool // nothing but ASCII
	Color  bool // ANSI colours, beside the letters
}

const (
	defaultWidth = 80
	minWidth     = 40
	maxWidth     = 500
	maxHeight    = 100
)

func (o Options) complete(height int) Options {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = min(max(o.Width, minWidth), maxWidth)
	if o.Height <= 0 {
		o.Height = height
	}
	o.Height = min(o.Height, maxHeight)
	return o
}

// maxCurves is how many curves a plot can tell apart: as many as there are letters.
const maxCurves = 26

// letter is the name of curve i in a plot.
func letter(i int) rune { return 'a' + rune(i) }

// frame is what axes are made of.
type frame struct {
	side, tail, corner, bottom, tick, mark rune
}

func (o *Options) frame() frame {
	if o.ASCII {
		return frame{'|', ':', '+', '-', '+', '+'}
	}
	return frame{'│', '┊', '└', '─', '┴', '┤'}
}

// palette is the colours of curves, in turn.
var palette = [...]string{"36", "33", "35", "32", "34", "31"}

// paint colours text that belongs to a curve; several and none have no colour.
func (o *Options) paint(curve int, text string) string {
	if !o.Color || curve < 0 || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + palette[curve%len(palette)] + "m" + text + "\x1b[0m"
}

func drawable(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// legend puts entries on as few lines as they need, each line set in by indent.
func legend(entries []entry, indent int, o *Options) []string {
	const gap = 3
	var lines []string
	var line strings.Builder
	used := 0
	flush := func() {
		if used > 0 {
			lines = append(lines, strings.Repeat(" ", indent)+line.String())
			line.Reset()
			used = 0
		}
	}
	for _, e := range entries {
		text := clip(e.text, o.Width-indent)
		n := width(text)
		if used > 0 && indent+used+gap+n > o.Width {
			flush()
		}
		if used > 0 {
			line.WriteString(strings.Repeat(" ", gap))
			used += gap
		}
		line.WriteString(o.paint(e.curve, text))
		used += n
	}
	flush()
	return lines
}

// entry is one word of a legend.
type entry struct {
	curve int // whose colour it has; -1 = none
	text  string
}

func width(s string) int { return len([]rune(s)) }

// clip cuts text to n columns and says so with two points.
func clip(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	if n <= 2 {
		return string(r[:max(n, 0)])
	}
	return string(r[:n-2]) + ".."
}

// right sets text to the right in n columns.
func right(text string, n int) string {
	text = clip(text, n)
	return strings.Repeat(" ", n-width(text)) + text
}

func trim(line string) string { return strings.TrimRight(line, " ") }
