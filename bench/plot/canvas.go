package plot

import (
	"math"
	"strings"
)

// Owners of a cell, beside the numbers of curves.
const (
	nobody  = -1
	several = -2
)

// canvas is a field of cells. A cell holds a character, or else the dots of the
// curves that pass through it. Row 0 is the top.
type canvas struct {
	o          *Options
	cols, rows int
	cells      []cell
}

type cell struct {
	dots  uint8 // braille, bits as in U+2800
	owner int   // of the dots
	char  rune  // goes before dots; 0 = none
	whose int   // the character's curve
}

func newCanvas(o *Options, cols, rows int) *canvas {
	c := &canvas{o: o, cols: max(cols, 1), rows: max(rows, 1)}
	c.cells = make([]cell, c.cols*c.rows)
	for i := range c.cells {
		c.cells[i].owner, c.cells[i].whose = nobody, nobody
	}
	return c
}

// grain is how many dots a cell has in each direction.
func (c *canvas) grain() (x, y int) {
	if c.o.ASCII {
		return 1, 1
	}
	return 2, 4
}

// brailleBits are the dots of a cell by row and column (Unicode, Braille Patterns).
var brailleBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// dot sets one dot, counted from the upper left corner.
func (c *canvas) dot(x, y, curve int) {
	gx, gy := c.grain()
	if x < 0 || y < 0 || x >= c.cols*gx || y >= c.rows*gy {
		return
	}
	at := &c.cells[y/gy*c.cols+x/gx]
	at.dots |= brailleBits[y%gy][x%gx]
	switch {
	case at.owner == nobody:
		at.owner = curve
	case at.owner != curve:
		at.owner = several
	}
}

// spot is the dot nearest to a place: x from the left and y from the bottom edge,
// both in 0 to 1.
func (c *canvas) spot(x, y float64) (int, int) {
	gx, gy := c.grain()
	w, h := c.cols*gx-1, c.rows*gy-1
	return int(math.Round(clamp(x) * float64(w))), h - int(math.Round(clamp(y)*float64(h)))
}

// clamp keeps v in 0 to 1; what is no number is 0.
func clamp(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1)
}

// line draws from one place to another (Bresenham).
func (c *canvas) line(x0, y0, x1, y1 float64, curve int) {
	ax, ay := c.spot(x0, y0)
	bx, by := c.spot(x1, y1)
	dx, dy := abs(bx-ax), -abs(by-ay)
	sx, sy := sign(bx-ax), sign(by-ay)
	for e := dx + dy; ; {
		c.dot(ax, ay, curve)
		if ax == bx && ay == by {
			return
		}
		if e2 := 2 * e; e2 >= dy {
			e, ax = e+dy, ax+sx
			if e2 <= dx {
				e, ay = e+dx, ay+sy
			}
		} else {
			e, ay = e+dx, ay+sy
		}
	}
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

func sign(x int) int {
	if x < 0 {
		return -1
	}
	return 1
}

// put writes a character into the cell of a place. A second curve's letter there
// makes it a star.
func (c *canvas) put(x, y float64, char rune, curve int) {
	gx, gy := c.grain()
	dx, dy := c.spot(x, y)
	at := &c.cells[dy/gy*c.cols+dx/gx]
	if at.char != 0 && at.whose != curve {
		char, curve = '*', several
	}
	at.char, at.whose = char, curve
}

// row is a line of the drawing.
func (c *canvas) row(i int) string {
	var b, run strings.Builder
	curve := nobody
	flush := func() {
		b.WriteString(c.o.paint(curve, run.String()))
		run.Reset()
	}
	cells := c.cells[i*c.cols : (i+1)*c.cols]
	last := len(cells)
	for last > 0 && cells[last-1].char == 0 && cells[last-1].dots == 0 {
		last--
	}
	for _, at := range cells[:last] {
		r, whose := c.show(at)
		if whose != curve {
			flush()
			curve = whose
		}
		run.WriteRune(r)
	}
	flush()
	return b.String()
}

func (c *canvas) show(at cell) (rune, int) {
	switch {
	case at.char != 0:
		return at.char, at.whose
	case at.dots == 0:
		return ' ', nobody
	case !c.o.ASCII:
		return 0x2800 + rune(at.dots), at.owner
	case at.owner == several:
		return '*', several
	}
	return letter(at.owner), at.owner
}
