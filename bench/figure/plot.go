package figure

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Plot is curves in one or more panels above each other that share the horizontal
// axis.
type Plot struct {
	Title string
	Desc  string // what it shows, for those who cannot see it
	X     Axis
	// Legend names the curves above the panels: for those that all end at the same height.
	Legend bool
	Panels
}

// Panels of a plot, from the top.
type Panels []Panel

// Panel has a vertical axis of its own.
type Panel struct {
	Title  string // "": there is one panel, which needs none
	Height float64
	Y      Axis
	Curves []Curve
	Bands  []Band
	Events []Event
}

// Reduce says how points that are too many become fewer.
type Reduce uint8

// Ways to reduce.
const (
	Keep    Reduce = iota
	Mean           // each point the mean of several
	Highest        // each point the highest of several
)

// Curve is a sequence of points. A value that is not finite breaks it.
type Curve struct {
	Name   string
	Style  int
	X, Y   []float64
	Labels []string // of the points; nil: their values
	Step   bool     // values hold until the next point
	Area   bool     // filled down to the axis
	Dots   bool     // a marker at every point
	Faint  bool     // continues the curve of this name and style where it is uncertain
	Reduce Reduce
}

// Band is a stretch of the horizontal axis in which something was the matter.
type Band struct {
	From, To float64
	Name     string // short, written above
	Label    string // in full, shown when pointed at
}

// Event is an instant of the horizontal axis.
type Event struct {
	At    float64
	Label string
}

// MostPoints is how many points of a curve are drawn, of the wide size.
const MostPoints = 600

func (p *Plot) head() (string, string) { return p.Title, p.Desc }

func (p *Plot) draw(c *canvas) {
	shown := p.reduced(c)
	names := shown.names()
	left, right := shown.margins(c, names)
	y := 6.0
	if (c.narrow || p.Legend) && len(names) > 0 {
		y = c.legend(names, y)
	}
	var xs [][]float64
	for _, panel := range shown.Panels {
		for _, curve := range panel.Curves {
			xs = append(xs, curve.X)
		}
	}
	x := p.X.place(xs, left, c.W-right)
	for i := range shown.Panels {
		panel := &shown.Panels[i]
		y += row
		after := 0.0
		if panel.Title != "" {
			title := clip(panel.Title, int((c.W-textWidth(panel.Y.Title))/letter/bold)-2)
			c.text("panel", "start", 0, y-2, title)
			after = textWidth(title)*bold + 10
		}
		c.text("axis", "start", after, y-2, panel.Y.Title)
		noted := len(panel.Bands) > 0 && !(i > 0 && len(shown.Panels) > mostNoted && sameBands(panel.Bands, shown.Panels[i-1].Bands))
		if noted {
			y += row - 3
		}
		y += 6
		bottom := y + panel.Height
		panel.draw(c, x, y, bottom, len(names) > 0 && !p.Legend, noted)
		y = bottom + 8
	}
	c.xAxis(x, y-8, p.X.Title)
	c.H = y + 2*row + 4
}

// mostNoted is of how many panels each has the names of its bands; of more, those that are
// the same are said once.
const mostNoted = 4

// sameBands reports whether two panels have the same bands: the names above the upper one
// do for both.
func sameBands(a, b []Band) bool {
	return slices.EqualFunc(a, b, func(a, b Band) bool { return a.From == b.From && a.To == b.To && a.Name == b.Name })
}

// reduced is the plot with as many points as the size has room for.
func (p *Plot) reduced(c *canvas) *Plot {
	most := MostPoints
	if c.narrow {
		most = MostPoints * 2 / 5
	}
	q := *p
	q.Panels = slices.Clone(p.Panels)
	for i := range q.Panels {
		q.Panels[i].Curves = slices.Clone(p.Panels[i].Curves)
		for j := range q.Panels[i].Curves {
			q.Panels[i].Curves[j].reduce(most)
		}
	}
	return &q
}

// reduce replaces neighbours by one point, at the place of the first of them.
func (v *Curve) reduce(most int) {
	n := len(v.X)
	if v.Reduce == Keep || n <= most || v.Labels != nil {
		return
	}
	k := (n + most - 1) / most
	x, y := make([]float64, 0, most), make([]float64, 0, most)
	for i := 0; i < n; i += k {
		sum, high, known := 0.0, math.NaN(), 0
		for _, one := range v.Y[i:min(i+k, n)] {
			if math.IsNaN(one) {
				continue
			}
			sum, known = sum+one, known+1
			if known == 1 || one > high {
				high = one
			}
		}
		if v.Reduce == Mean {
			high = sum / float64(known) // NaN of none
		}
		x, y = append(x, v.X[i]), append(y, high)
	}
	v.X, v.Y = x, y
}

type name struct {
	text  string
	style int
}

// names are the curves that have to be told apart, in the order of the legend.
func (p *Plot) names() []name {
	var out []name
	for _, panel := range p.Panels {
		for _, v := range panel.Curves {
			if n := (name{v.Name, v.Style}); v.Name != "" && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// longestName is how many letters of a name stand beside a curve.
const longestName = 20

// margins leave room for the ticks at the left and the names at the right.
func (p *Plot) margins(c *canvas, names []name) (left, right float64) {
	left, right = 24, 16
	for i := range p.Panels {
		panel := &p.Panels[i]
		for _, t := range panel.place(0, 1).ticks(panel.most()) {
			left = max(left, textWidth(t.text)+10)
		}
	}
	if !c.narrow && !p.Legend {
		for _, n := range names {
			right = max(right, bold*textWidth(clip(n.text, longestName))+20)
		}
	}
	return left, right
}

// most is how many ticks the vertical axis has room for.
func (panel *Panel) most() int { return max(2, int(panel.Height/45)) }

// place lays the vertical axis between two heights.
func (panel *Panel) place(bottom, top float64) *axis {
	var ys [][]float64
	for _, v := range panel.Curves {
		ys = append(ys, v.Y)
	}
	y := panel.Y.place(ys, bottom, top)
	switch y.Scale {
	case Linear:
		y.pad(0, .04)
	case Log:
		y.pad(.04, .04)
	}
	return y
}

func (panel *Panel) draw(c *canvas, x *axis, top, bottom float64, named, noted bool) {
	y := panel.place(bottom, top)
	group := "panel"
	if panel.Title != "" {
		group = "panel strip" // its curves need no dashes to be told apart
	}
	c.open(group, panel.Title)
	var shades, lines, flags strings.Builder
	var shaded, instants []string
	for _, b := range panel.Bands {
		from, to := max(x.pos(b.From), x.at), min(x.pos(b.To), x.to)
		if to >= from {
			shades.WriteString("M" + u(from) + " " + u(top) + "H" + u(max(to, from+1.5)) + "V" + u(bottom) + "H" + u(from) + "Z")
			shaded = append(shaded, b.Label)
		}
	}
	c.marks("band", shades.String(), shaded)
	last := math.Inf(-1)
	for _, b := range panel.Bands {
		if !noted {
			break
		}
		at := max(x.pos(b.From), x.at)
		text := clip(b.Name, 24)
		at = min(at, c.W-textWidth(text)*.86)
		if x.pos(b.From) <= x.to && at > last {
			c.text("note", "start", at, top-4, text)
			last = at + textWidth(text)*.86 + 6
		}
	}
	grid := ""
	for _, t := range y.ticks(panel.most()) {
		grid += "M" + u(x.at) + " " + u(t.pos) + "H" + u(x.to)
		c.text("tick", "end", x.at-6, t.pos+4, t.text)
	}
	c.path("grid", grid)
	for _, e := range panel.Events {
		if at := x.pos(e.At); at >= x.at-.1 && at <= x.to+.1 {
			lines.WriteString("M" + u(at) + " " + u(top) + "V" + u(bottom))
			flags.WriteString("M" + u(at-4) + " " + u(bottom+6) + "h8L" + u(at) + " " + u(bottom) + "Z")
			instants = append(instants, e.Label)
		}
	}
	c.marks("event", lines.String(), instants)
	if len(instants) > 0 {
		c.path("flag", flags.String())
	}
	var ends []end
	for i := range panel.Curves {
		v := &panel.Curves[i]
		if e, ok := c.curve(v, len(panel.Curves) > 1, x, y); ok && !v.Faint && v.Name != "" {
			ends = append(ends, e)
		}
	}
	if named && !c.narrow {
		c.labels(ends, x.to, top, bottom)
	}
	c.close()
}

// end is where a curve ends and what its name is.
type end struct {
	x, y, label float64
	name        string
	style       int
}

func class(base string, style int) string {
	class := base + " s" + string(rune('0'+style%Styles))
	if style >= Styles {
		class += " again" // thinner, its markers hollow
	}
	return class
}

// curve draws one curve, with markers if there are several; ok is false if it has no
// point.
func (c *canvas) curve(v *Curve, several bool, x, y *axis) (e end, ok bool) {
	var values, places strings.Builder
	var t trace
	joined := false
	for i := range v.X {
		if !x.shows(v.X[i]) || !y.shows(v.Y[i]) {
			joined = false
			continue
		}
		if len(t.points) > 0 {
			values.WriteByte('|')
			places.WriteByte('|')
		}
		t.to(x.pos(v.X[i]), y.pos(v.Y[i]), joined, v.Step)
		joined = true
		if v.Labels != nil {
			values.WriteString(strings.ReplaceAll(v.Labels[i], "|", "/"))
		} else {
			values.WriteString(y.format(v.Y[i]))
		}
		places.WriteString(x.format(v.X[i]))
	}
	if len(t.points) == 0 {
		return e, false
	}
	if v.Area {
		c.path(class("area", v.Style), t.area(y.at))
	}
	kind := "curve"
	if v.Faint {
		kind = "curve faint"
	}
	d := t.path()
	if len(t.points) == 1 && !v.Dots {
		d += "h.1"
	}
	where := places.String()
	if where == c.places { // of the curve before it, also in another panel
		where = ""
	} else {
		c.places = where
	}
	c.Items = append(c.Items, item{Kind: "curve", Class: class(kind, v.Style), D: d, Text: v.Name, Label: values.String(), XLabel: where})
	switch {
	case v.Dots:
		var dots strings.Builder
		for _, p := range t.points {
			dots.WriteString(marker(v.Style, p[0], p[1], 3.5))
		}
		c.path(class("dot", v.Style), dots.String())
	case !v.Faint && !v.Area && several:
		c.spaced(v.Style, t.points, x)
	}
	last := t.points[len(t.points)-1]
	return end{last[0], last[1], last[1], v.Name, v.Style}, true
}

// spaced puts a few markers on a curve, where those of other styles are not.
func (c *canvas) spaced(style int, points [][2]float64, x *axis) {
	const every = 130
	next := x.at + 12 + float64(style%Styles)*every/Styles
	var dots strings.Builder
	for _, p := range points {
		if p[0] >= next {
			dots.WriteString(marker(style, p[0], p[1], 3))
			next = p[0] + every
		}
	}
	if dots.Len() > 0 {
		c.path(class("dot", style), dots.String())
	}
}

// trace is the path of a curve in the making: stretches, each from an absolute point on by
// relative steps, which are half as long to write.
type trace struct {
	points    [][2]float64
	stretches []stretch
	x, y      int // where the last step ended, in tenths
}

type stretch struct {
	d     strings.Builder
	first int // index of its first point
}

// to goes on to a point: joined to the one before it by a line, or by a step, or from anew.
func (t *trace) to(px, py float64, joined, step bool) {
	x, y := int(math.Round(px*10)), int(math.Round(py*10))
	if !joined {
		t.stretches = append(t.stretches, stretch{first: len(t.points)})
	}
	d := &t.stretches[len(t.stretches)-1].d
	switch {
	case !joined:
		d.WriteString("M" + tenths(x) + " " + tenths(y))
	case step:
		d.WriteString("h" + tenths(x-t.x) + "v" + tenths(y-t.y))
	default:
		d.WriteString("l" + tenths(x-t.x))
		if y >= t.y {
			d.WriteByte(' ')
		}
		d.WriteString(tenths(y - t.y))
	}
	t.x, t.y = x, y
	t.points = append(t.points, [2]float64{px, py})
}

// tenths writes a number of tenths.
func tenths(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	switch {
	case n%10 == 0:
		return sign + strconv.Itoa(n/10)
	case n < 10:
		return sign + "." + strconv.Itoa(n)
	}
	return sign + strconv.Itoa(n/10) + "." + strconv.Itoa(n%10)
}

func (t *trace) path() string {
	var b strings.Builder
	for i := range t.stretches {
		b.WriteString(t.stretches[i].d.String())
	}
	return b.String()
}

// area closes the path down to the axis, stretch by stretch.
func (t *trace) area(floor float64) string {
	var b strings.Builder
	for i := range t.stretches {
		b.WriteString(t.stretches[i].d.String() + "V" + u(floor) + "H" + u(t.points[t.stretches[i].first][0]) + "Z")
	}
	return b.String()
}

// labels writes the names of curves at their ends, none over another.
func (c *canvas) labels(ends []end, right, top, bottom float64) {
	sort.SliceStable(ends, func(i, j int) bool { return ends[i].y < ends[j].y })
	const gap = row - 1
	for i := range ends { // push down, then back up from the bottom
		ends[i].label = max(ends[i].label, top+4)
		if i > 0 {
			ends[i].label = max(ends[i].label, ends[i-1].label+gap)
		}
	}
	low := max(bottom, top+gap*float64(len(ends)))
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i].label = min(ends[i].label, low)
		low = ends[i].label - gap
	}
	for _, e := range ends {
		if right-e.x > 4 || math.Abs(e.label-e.y) > 2 {
			c.path("leader", "M"+u(e.x+3)+" "+u(e.y)+"L"+u(max(right+2, e.x+3))+" "+u(e.y)+"L"+u(right+12)+" "+u(e.label))
		}
		c.text(class("name", e.style), "start", right+15, e.label+4, clip(e.name, longestName))
	}
}

// legend names the curves above the panels of a narrow figure.
func (c *canvas) legend(names []name, y float64) float64 {
	x := 0.0
	y += row
	for _, n := range names {
		text := clip(n.text, 40)
		width := 30 + bold*textWidth(text) + 14
		if x > 0 && x+width > c.W {
			x, y = 0, y+row+2
		}
		c.path(class("curve", n.style), "M"+u(x)+" "+u(y-4)+"h24")
		c.path(class("dot", n.style), marker(n.style, x+12, y-4, 3))
		c.text(class("name", n.style), "start", x+30, y, text)
		x += width
	}
	return y + 4
}

// xAxis draws the horizontal axis at height y.
func (c *canvas) xAxis(x *axis, y float64, title string) {
	c.line("frame", x.at, y, x.to, y)
	most := 8
	if c.narrow {
		most = 5
	}
	free := math.Inf(-1)
	for _, t := range x.ticks(most) {
		half := textWidth(t.text) / 2
		c.line("frame", t.pos, y, t.pos, y+4)
		at := min(t.pos, c.W-half)
		if at-half >= free {
			c.text("tick", "middle", at, y+row+2, t.text)
			free = at + half + 6
		}
	}
	c.text("axis", "start", x.at, y+2*row+2, title)
}
