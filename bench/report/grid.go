package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// grid is a table without borders whose first column is set left and whose
// others are set right.
type grid struct {
	header []string
	rows   [][]string
	left   int // columns set left; 0 = 1
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// extend adds a column to the rows there are. Its header is added apart.
func (g *grid) extend(cells []string) {
	for i := range g.rows {
		g.rows[i] = append(g.rows[i], cells[i])
	}
}

// lines renders the grid. Colour comes later: escape sequences inside cells would
// count as text.
func (g *grid) lines() []string {
	align := make(tw.Alignment, max(len(g.header), 1))
	for i := range align {
		align[i] = tw.AlignRight
		if i < max(g.left, 1) {
			align[i] = tw.AlignLeft
		}
	}
	var buf bytes.Buffer
	table := tablewriter.NewTable(&buf,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off), // it would turn p99 into P 99
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithPadding(tw.Padding{Right: "  ", Overwrite: true}),
		tablewriter.WithAlignment(align),
	)
	table.Header(g.header)
	for _, row := range g.rows {
		if err := table.Append(row); err != nil {
			panic("report: " + err.Error()) // only cells of another type can fail
		}
	}
	if err := table.Render(); err != nil {
		panic("report: " + err.Error()) // writes go to memory
	}
	out := strings.Split(strings.TrimRight(buf.String(), "\n"), "\n")
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	return out
}

// drop removes column i, if there is one.
func (g *grid) drop(i int) {
	if i < 0 {
		return
	}
	cut := func(cells []string) []string {
		if i >= len(cells) {
			return cells
		}
		return append(append([]string(nil), cells[:i]...), cells[i+1:]...)
	}
	g.header = cut(g.header)
	for r := range g.rows {
		g.rows[r] = cut(g.rows[r])
	}
}

// headerLines is how many lines the header takes.
func (g *grid) headerLines() int {
	n := 1
	for _, h := range g.header {
		n = max(n, 1+strings.Count(h, "\n"))
	}
	return n
}

// table writes a grid with its header in bold. Where it is too wide for the page
// it loses the columns named in spare, by header, first to last; what is still
// too wide is cut off in its first column.
func (p *page) table(g *grid, spare ...string) {
	lines := g.lines()
	var dropped []string
	for ; widest(lines) > p.width && len(spare) > 0; spare = spare[1:] {
		if i := slices.Index(g.header, spare[0]); i >= 0 {
			g.drop(i)
			dropped = append(dropped, spare[0])
		}
		lines = g.lines()
	}
	if over := widest(lines) - p.width; over > 0 {
		longest := 0
		for _, row := range g.rows {
			longest = max(longest, columns(row[0]))
		}
		room := max(longest-over, 8)
		for _, row := range g.rows {
			if r := []rune(row[0]); len(r) > room {
				row[0] = string(r[:room-2]) + ".."
			}
		}
		lines = g.lines()
	}
	for i, l := range lines {
		if i < g.headerLines() {
			l = p.paint(bold, strings.TrimRight(l, " "))
		}
		p.line(l)
	}
	if len(dropped) > 0 {
		for _, l := range Wrap("(no room for "+and(dropped)+": COLUMNS sets the width)", p.width-1) {
			p.line(" " + p.paint(dim, l))
		}
	}
}

func widest(lines []string) int {
	most := 0
	for _, l := range lines {
		most = max(most, columns(l))
	}
	return most
}

// times turns columns of times into cells. All have the same unit if there is
// one that shows them well; otherwise each column has its own. A nil is a blank
// cell.
func times(columns ...[]*int64) [][]string {
	known := func(columns ...[]*int64) (ns []float64) {
		for _, c := range columns {
			for _, v := range c {
				if v != nil {
					ns = append(ns, float64(*v))
				}
			}
		}
		return ns
	}
	all, one := oneUnit(known(columns...))
	cells := make([][]string, len(columns))
	for i, c := range columns {
		u := all
		if !one {
			u = unitFor(known(c))
		}
		cells[i] = make([]string, len(c))
		for j, v := range c {
			if v != nil {
				cells[i][j] = u.format(float64(*v))
			}
		}
	}
	return cells
}
