package figure

import "html/template"

// Figure is one that can be drawn.
type Figure interface {
	// head returns the title and what a reader who cannot see it is told.
	head() (title, desc string)
	draw(c *canvas)
}

// Styles is how many curves differ in colour; further ones begin again.
const Styles = 6

// A Drawing is both sizes of a figure, ready for a page.
type Drawing struct {
	Wide, Narrow template.HTML
}

// Widths of the two sizes, in user units; a letter is 12 of them high.
const (
	wide   = 800
	narrow = 400
)

// Draw draws f. id must be unique on the page and a word of letters, digits and dashes.
func Draw(f Figure, id string) (Drawing, error) {
	var d Drawing
	for _, size := range []struct {
		width int
		name  string
		to    *template.HTML
	}{{wide, "wide", &d.Wide}, {narrow, "narrow", &d.Narrow}} {
		c := &canvas{W: float64(size.width), Size: size.name, ID: id + "-" + size.name, narrow: size.width == narrow}
		c.Title, c.Desc = f.head()
		f.draw(c)
		html, err := c.html()
		if err != nil {
			return Drawing{}, err
		}
		*size.to = html
	}
	return d, nil
}
