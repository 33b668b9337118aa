package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// Options say how a table looks.
type Options struct {
	Width int      // columns; 0 = 80; below 60 counts as 60
	Color bool     // ANSI colours
	Plots Plots    // which plots there are, and of what
	Rerun []string // the command that repeats the runs, quoted for a shell, in parts to keep on one line
	Part  bool     // of a page on which something follows: a comparison leaves the machine to the last
}

// Plots says which plots a report has and what they are made of. The zero value is
// ASCII, where a plot tells what tables cannot.
type Plots struct {
	Unicode bool // braille and blocks
	None    bool
	All     bool // those that tell the same as a table, too
}

const (
	defaultWidth = 80
	minWidth     = 60
	wideWidth    = 100 // from here on tables show more columns
)

// JSON writes a file, such as a [result.File] or a [result.Comparison], as it is
// saved: indented, one trailing newline.
func JSON(w io.Writer, file any) error {
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// Table writes file for people: a section per run, a comparison if there are
// several, the machine, the command that reruns it.
func Table(w io.Writer, file *result.File, o Options) error {
	var cfg bench.Config
	if len(file.Config) > 0 {
		if err := json.Unmarshal(file.Config, &cfg); err != nil {
			return fmt.Errorf("report: config of the result: %w", err)
		}
	}
	p := &page{file: file, cfg: cfg, width: o.Width, color: o.Color, plots: o.Plots}
	if p.width == 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, minWidth)

	if len(file.Runs) == 0 {
		p.line("nothing was measured")
		p.line("")
	}
	for i := range file.Runs {
		p.run(&file.Runs[i])
		p.line("")
	}
	p.latencyPlot(file.Runs)
	if file.Interrupted {
		p.marked(yellow, "INTERRUPTED", "the figures cover only what was measured until then")
		p.line("")
	}
	if len(file.Runs) > 1 {
		p.summary()
		p.line("")
	}
	p.expectations()
	p.machine()
	p.rerun(o.Rerun)
	_, err := w.Write(p.out.Bytes())
	return err
}

// page is a table being written.
type page struct {
	file  *result.File
	cfg   bench.Config
	width int
	color bool
	plots Plots
	out   bytes.Buffer
}

func (p *page) wide() bool { return p.width >= wideWidth }

// line writes one line, without blanks at its end.
func (p *page) line(s string) {
	p.out.WriteString(strings.TrimRight(s, " "))
	p.out.WriteByte('\n')
}

// margin is how far the text beside a label is set in.
const margin = 12

// labelled writes a label and, beside it, parts: as many a line as fit, gap
// between them; a part longer than a line is broken at blanks.
func (p *page) labelled(label, gap string, parts ...string) {
	p.beside(bold, label, fill(parts, gap, p.width-margin))
}

// marked writes a label in a colour and, beside it, text broken at blanks.
func (p *page) marked(c code, label, text string) {
	p.beside(c, label, Wrap(text, p.width-margin))
}

// beside writes a label and lines to the right of it.
func (p *page) beside(c code, label string, lines []string) {
	head := p.paint(c, label) + strings.Repeat(" ", max(1, margin-len(label)))
	if len(lines) == 0 {
		p.line(head)
	}
	for _, l := range lines {
		p.line(head + l)
		head = strings.Repeat(" ", margin)
	}
}

// code is an ANSI colour or weight.
type code string

const (
	bold   code = "1"
	dim    code = "2"
	red    code = "1;31"
	green  code = "1;32"
	yellow code = "1;33"
)

func (p *page) paint(c code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// machine says what the figures were measured on.
func (p *page) machine() {
	e := &p.file.Environment
	parts := []string{strings.TrimSpace("consbench " + Clean(e.Version))}
	if e.Revision != "" {
		revision := Clean(e.Revision[:min(len(e.Revision), 12)])
		if e.Modified {
			revision += " with changes"
		}
		parts = append(parts, revision)
	}
	if e.Go != "" {
		parts = append(parts, Clean(e.Go))
	}
	if e.OS != "" {
		parts = append(parts, Clean(e.OS)+"/"+Clean(e.Arch))
	}
	if e.CPU != "" {
		parts = append(parts, Clean(e.CPU))
	}
	if e.CPUs > 0 {
		parts = append(parts, fmt.Sprintf("%d CPUs", e.CPUs))
	}
	if e.GOMAXPROCS > 0 && e.GOMAXPROCS != e.CPUs {
		parts = append(parts, fmt.Sprintf("GOMAXPROCS %d", e.GOMAXPROCS))
	}
	if e.GOGC > 0 {
		parts = append(parts, fmt.Sprintf("GOGC %d", e.GOGC))
	}
	if e.Memory > 0 {
		parts = append(parts, fmt.Sprintf("%s GiB", sig3(float64(e.Memory)/(1<<30))))
	}
	p.labelled("MACHINE", ", ", parts...)

	var floors []string
	for _, f := range []struct {
		name string
		ns   *int64
	}{
		{"clock step", e.Floors.Clock}, {"wake-up", e.Floors.Wake},
		{"loopback round trip", e.Floors.Loopback}, {"fdatasync", e.Floors.Fdatasync},
	} {
		if f.ns != nil {
			floors = append(floors, f.name+" "+duration(float64(*f.ns)))
		}
	}
	if len(floors) > 0 {
		p.labelled("FLOORS", "   ", floors...)
	}
}

// rerun shows a command, broken so that it can still be copied into a shell.
func (p *page) rerun(command []string) {
	if len(command) == 0 {
		return
	}
	p.beside(bold, "RERUN", breakCommand(command, p.width-margin))
}
