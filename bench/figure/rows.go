package figure

import "math"

// Rows is a figure of named rows: bars from the left, segments one after another, or intervals
// around a point.
type Rows struct {
	Title  string
	Desc   string
	X      *Axis    // nil: each group has a scale of its own from 0, and no axis
	At     *float64 // where a line of reference stands
	Parts  []string // names of the styles of segments, for the legend
	Groups []Group
}

// Group is rows under one heading.
type Group struct {
	Title string // "": none
	Rows  []Row
}

// Row is one line.
type Row struct {
	Name     string
	Style    int
	Value    string // written at the right end
	Segments []Segment
	Interval *Interval
}

// Segment is a part of a bar.
type Segment struct {
	From, To float64
	Style    int
	Label    string
}

// Interval is a value with its bounds. A bound that is not finite is open: its line
// goes to the edge.
type Interval struct {
	Low, Mid, High float64
	Bounded        bool // has bounds at all
	Label          string
}

func (r *Rows) head() (string, string) { return r.Title, r.Desc }

const (
	rowHeight  = 22
	barHeight  = 11
	mostNarrow = 24 // letters of a row's name on a narrow page
	mostWide   = 34
)

func (r *Rows) draw(c *canvas) {
	most, value := mostWide, 0.0
	if c.narrow {
		most = mostNarrow
	}
	left := 40.0
	for _, g := range r.Groups {
		for _, row := range g.Rows {
			left = max(left, textWidth(clip(row.Name, most))+8)
			value = max(value, textWidth(row.Value))
		}
	}
	left = min(left, c.W*.42)
	room := left - 8 + .01
	right := max(value+10, 14)
	y := 6.0
	if len(r.Parts) > 0 {
		y = c.parts(r.Parts, y)
	}
	if r.X != nil && r.X.Title != "" {
		y += row
		c.text("axis", "start", left, y, r.X.Title)
		y += 4
	}
	var shared *axis
	if r.X != nil {
		shared = r.X.place(r.values(r.Groups), left, c.W-right)
		shared.pad(.02, .02)
		if r.X.Scale == Linear && r.X.From != nil {
			shared.lo = *r.X.From
		}
	}
	top := y
	var grid []int // where lines of the grid will be, once the height is known
	if shared != nil {
		for _, t := range shared.ticks(map[bool]int{true: 4, false: 7}[c.narrow]) {
			grid = append(grid, len(c.Items))
			c.line("grid", t.pos, top, t.pos, top)
		}
		if r.At != nil {
			grid = append(grid, len(c.Items))
			c.line("reference", shared.pos(*r.At), top, shared.pos(*r.At), top)
		}
	}
	for _, g := range r.Groups {
		if g.Title != "" {
			y += row + 5
			c.text("panel", "start", 0, y-2, clip(g.Title, int(c.W/letter)))
		}
		x := shared
		if x == nil {
			zero := 0.0
			own := Axis{From: &zero}
			x = own.place(r.values([]Group{g}), left, c.W-right)
			x.lo = 0
		}
		for i := range g.Rows {
			y += rowHeight
			c.row(&g.Rows[i], x, y-rowHeight/2, room)
		}
		y += 3
	}
	y += 4
	for _, i := range grid {
		c.Items[i].Y2 = u(y)
	}
	if shared != nil {
		c.line("frame", shared.at, y, shared.to, y)
		free := math.Inf(-1)
		for _, t := range shared.ticks(map[bool]int{true: 4, false: 7}[c.narrow]) {
			half := textWidth(t.text) / 2
			if t.pos-half >= free {
				c.text("tick", "middle", t.pos, y+row+1, t.text)
				free = t.pos + half + 6
			}
		}
		y += row + 4
	}
	c.H = y + 4
}

func (r *Rows) values(groups []Group) [][]float64 {
	var all []float64
	for _, g := range groups {
		for _, row := range g.Rows {
			for _, s := range row.Segments {
				all = append(all, s.From, s.To)
			}
			if v := row.Interval; v != nil {
				all = append(all, v.Mid)
				if v.Bounded {
					all = append(all, v.Low, v.High)
				}
			}
		}
	}
	return [][]float64{all}
}

// row draws one row around height y, with room for its name.
func (c *canvas) row(r *Row, x *axis, y, room float64) {
	c.open("row", r.Name)
	c.text("rowname", "end", x.at-8, y+4, fit(r.Name, room))
	edge := x.at
	for _, s := range r.Segments {
		if !x.shows(s.From) || !x.shows(s.To) {
			continue
		}
		from, to := x.pos(s.From), x.pos(s.To)
		c.rect(class("bar", s.Style), from, y-barHeight/2, max(to-from, .8), barHeight, s.Label)
		edge = max(edge, to)
	}
	if v := r.Interval; v != nil && x.shows(v.Mid) {
		if v.Bounded {
			low, high := x.at, x.to
			if x.shows(v.Low) {
				low = x.pos(v.Low)
			}
			if x.shows(v.High) {
				high = x.pos(v.High)
			}
			c.mark(class("interval", r.Style), "M"+u(low)+" "+u(y)+"H"+u(high)+"M"+u(low)+" "+u(y-4)+"v8M"+u(high)+" "+u(y-4)+"v8", v.Label)
		}
		c.mark(class("dot", r.Style), marker(r.Style, x.pos(v.Mid), y, 4), v.Label)
		edge = x.to
	}
	if r.Value != "" {
		if x.hi > 0 && r.Interval == nil {
			c.text("value", "start", edge+6, y+4, r.Value)
		} else {
			c.text("value", "end", c.W, y+4, r.Value)
		}
	}
	c.close()
}

// parts names the styles of segments.
func (c *canvas) parts(names []string, y float64) float64 {
	x := 0.0
	y += row
	for i, n := range names {
		width := 18 + textWidth(n) + 16
		if x > 0 && x+width > c.W {
			x, y = 0, y+row+2
		}
		c.rect(class("bar", i), x, y-9, 12, 10, "")
		c.text("tick", "start", x+18, y, n)
		x += width
	}
	return y + 8
}
