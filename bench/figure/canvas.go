package figure

import (
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// canvas is a drawing in the making. Lengths are user units, y grows downwards.
type canvas struct {
	ID, Size    string
	Title, Desc string
	W, H        float64
	Items       []item
	narrow      bool
	places      string // where the values of the last curve are
}

// item is one element of the drawing.
type item struct {
	Kind   string // line, rect, path, text, curve, mark, marks, open (of a group) or close
	Class  string
	X, Y   string
	X2, Y2 string // of a line; width and height of a rectangle
	D      string // of a path
	Text   string // of a text; the name of a curve
	Label  string // of a mark: what it says; of marks: what each says; of a curve: its values
	XLabel string // of a curve: where its values are; "": where those of the one before it are
	Anchor string // of a text
}

const (
	letter = 7.6  // width of a letter in wide fonts, or of most
	bold   = 1.12 // times that
	row    = 15   // height of a line of text
)

// textWidth is about the width of s in a wide font.
func textWidth(s string) float64 {
	sum := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljtfr.,:;|!'()[] /", r):
			sum += 4.6
		case strings.ContainsRune("mwMW@%", r), r >= 0x1100:
			sum += 12
		case r >= 'A' && r <= 'Z', strings.ContainsRune("<>=+#~^", r):
			sum += 9.5
		default:
			sum += 7.6
		}
	}
	return sum
}

// clip shortens s to the room of n letters.
func clip(s string, n int) string { return fit(s, letter*float64(max(n, 1))) }

// fit shortens s to that width.
func fit(s string, room float64) string {
	if textWidth(s) <= room {
		return s
	}
	end := 0
	for i, r := range s {
		if textWidth(s[:i]+string(r)+"…") > room {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return s[:end] + "…"
}

func u(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.Items = append(c.Items, item{Kind: "line", Class: class, X: u(x1), Y: u(y1), X2: u(x2), Y2: u(y2)})
}

func (c *canvas) rect(class string, x, y, w, h float64, label string) {
	c.Items = append(c.Items, item{Kind: "rect", Class: class, X: u(x), Y: u(y), X2: u(w), Y2: u(h), Label: label})
}

// text writes s; anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.Items = append(c.Items, item{Kind: "text", Class: class, Anchor: anchor, X: u(x), Y: u(y), Text: s})
}

func (c *canvas) path(class, d string) {
	c.Items = append(c.Items, item{Kind: "path", Class: class, D: d})
}

// mark is a path that says something when pointed at.
func (c *canvas) mark(class, d, label string) {
	c.Items = append(c.Items, item{Kind: "mark", Class: class, D: d, Label: label})
}

// marks is a path of bands or events, a stretch each, that say something when the pointer is
// at them.
func (c *canvas) marks(class, d string, labels []string) {
	if len(labels) == 0 {
		return
	}
	for i := range labels {
		labels[i] = strings.ReplaceAll(labels[i], "|", "/")
	}
	c.Items = append(c.Items, item{Kind: "marks", Class: class, D: d, Label: strings.Join(labels, "|")})
}

func (c *canvas) open(class, name string) {
	c.Items = append(c.Items, item{Kind: "open", Class: class, Text: name})
}
func (c *canvas) close() { c.Items = append(c.Items, item{Kind: "close"}) }

// marker is the shape that belongs to a style, around x, y.
func marker(style int, x, y, r float64) string {
	p := func(points ...float64) string {
		var b strings.Builder
		for i := 0; i < len(points); i += 2 {
			cmd := "L"
			if i == 0 {
				cmd = "M"
			}
			b.WriteString(cmd + u(x+points[i]*r) + " " + u(y+points[i+1]*r))
		}
		return b.String() + "Z"
	}
	switch style % Styles {
	case 1:
		return p(-.9, -.9, .9, -.9, .9, .9, -.9, .9)
	case 2:
		return p(0, -1.2, 1.1, .8, -1.1, .8)
	case 3:
		return p(0, -1.35, 1.2, 0, 0, 1.35, -1.2, 0)
	case 4:
		return p(-1.2, -.4, -.4, -.4, -.4, -1.2, .4, -1.2, .4, -.4, 1.2, -.4, 1.2, .4, .4, .4, .4, 1.2, -.4, 1.2, -.4, .4, -1.2, .4)
	case 5:
		return p(-1.1, -.8, 1.1, -.8, 0, 1.2)
	}
	return "M" + u(x-r) + " " + u(y) + "a" + u(r) + " " + u(r) + " 0 1 0 " + u(2*r) + " 0a" + u(r) + " " + u(r) + " 0 1 0 " + u(-2*r) + " 0Z"
}

var svg = template.Must(template.New("svg").Parse(`<svg class="{{.Size}}" viewBox="0 0 {{.Width}} {{.Height}}" role="img" aria-labelledby="{{.ID}}-t {{.ID}}-d" tabindex="0">
<title id="{{.ID}}-t">{{.Title}}</title><desc id="{{.ID}}-d">{{.Desc}}</desc>
{{range .Items}}{{if eq .Kind "line"}}<line class="{{.Class}}" x1="{{.X}}" y1="{{.Y}}" x2="{{.X2}}" y2="{{.Y2}}"/>
{{- else if eq .Kind "text"}}<text class="{{.Class}}" x="{{.X}}" y="{{.Y}}"{{with .Anchor}} text-anchor="{{.}}"{{end}}>{{.Text}}</text>
{{- else if eq .Kind "rect"}}<rect class="{{.Class}}" x="{{.X}}" y="{{.Y}}" width="{{.X2}}" height="{{.Y2}}"{{with .Label}} data-m="{{.}}"{{end}}/>
{{- else if eq .Kind "path"}}<path class="{{.Class}}" d="{{.D}}"/>
{{- else if eq .Kind "mark"}}<path class="{{.Class}}" d="{{.D}}" data-m="{{.Label}}"/>
{{- else if eq .Kind "marks"}}<path class="{{.Class}}" d="{{.D}}" data-e="{{.Label}}"/>
{{- else if eq .Kind "curve"}}<path class="{{.Class}}" d="{{.D}}" data-n="{{.Text}}" data-l="{{.Label}}"{{with .XLabel}} data-x="{{.}}"{{end}}/>
{{- else if eq .Kind "open"}}<g class="{{.Class}}"{{with .Text}} data-n="{{.}}"{{end}}>
{{- else}}</g>
{{- end}}{{end}}</svg>`))

func (c *canvas) Width() string  { return u(c.W) }
func (c *canvas) Height() string { return u(c.H) }

func (c *canvas) html() (template.HTML, error) {
	var b strings.Builder
	if err := svg.Execute(&b, c); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}
