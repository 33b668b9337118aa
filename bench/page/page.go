package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the style sheet, the script and the template
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/figure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

var (
	//go:embed style.css
	style string
	//go:embed script.js
	script string
	//go:embed page.html
	source string
)

var pageTemplate = template.Must(template.New("page").Parse(source))

// MostPoints is how many steps of a time series a figure shows.
const MostPoints = figure.MostPoints

// view is the whole page.
type view struct {
	Title, Policy, Program string
	Style                  template.CSS
	Script                 template.JS
	Chapters               []*chapter
}

// chapter is what one file, or all files of runs together, come to.
type chapter struct {
	ID, Title string
	Kicker    string // what kind of file it is
	Lead      []string
	Badges    []badge
	Sections  []*section
}

// badge is a verdict.
type badge struct{ Name, Word, Class string }

// section is a part of a chapter, with a heading.
type section struct {
	ID, Title string
	Blocks    []block
}

// block is one of its pointers or texts.
type block struct {
	Text    string
	Notes   []string
	Warn    []string
	Figure  *figureBlock
	Table   *table
	Command string
}

type figureBlock struct {
	ID, Title, Caption string
	figure.Drawing
	Table *table
}

// table has one row of headings; the first column heads its rows.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
	Left    bool // text: nothing is set right
	Fold    string
}

// compact leaves out columns in which nothing stands.
func (t *table) compact() {
	for c := len(t.Head) - 1; c > 0; c-- {
		if slices.ContainsFunc(t.Rows, func(row []string) bool { return row[c] != "" }) {
			continue
		}
		t.Head = slices.Delete(t.Head, c, c+1)
		for i, row := range t.Rows {
			t.Rows[i] = slices.Delete(row, c, c+1)
		}
	}
}

// maker makes the parts of a page; an error stays with it.
type maker struct {
	ids int
	err error
}

func (m *maker) id(word string) string {
	m.ids++
	return word + "-" + strconv.Itoa(m.ids)
}

func (c *chapter) section(m *maker, title string) *section {
	s := &section{ID: m.id("s"), Title: title}
	c.Sections = append(c.Sections, s)
	return s
}

func (s *section) add(b block) { s.Blocks = append(s.Blocks, b) }

func (s *section) text(text string) {
	if text != "" {
		s.add(block{Text: text})
	}
}

func (s *section) table(t *table) {
	if t != nil && len(t.Rows) > 0 {
		t.compact()
		s.add(block{Table: t})
	}
}

// figure draws f, with its values as a table for who cannot see it.
func (s *section) figure(m *maker, f figure.Figure, title, caption string, values *table) {
	id := m.id("f")
	d, err := figure.Draw(f, id)
	if err != nil {
		m.err = err
		return
	}
	s.add(block{Figure: &figureBlock{ID: id, Title: title, Caption: caption, Drawing: d, Table: values}})
}

// Write writes the page of files.
func Write(w io.Writer, files []*File) error {
	m := &maker{}
	v := &view{Style: template.CSS(style), Script: template.JS(script), Policy: policy, Program: report.Clean(program(files))}
	var runs []*File
	for _, f := range files {
		if f.Result != nil {
			runs = append(runs, f)
		}
	}
	if len(runs) > 0 {
		v.Chapters = append(v.Chapters, m.runs(runs))
	}
	for _, f := range files {
		switch {
		case f.Comparison != nil:
			v.Chapters = append(v.Chapters, m.comparison(f))
		case f.Elections != nil:
			v.Chapters = append(v.Chapters, m.elections(f))
		case f.Sweep != nil:
			v.Chapters = append(v.Chapters, m.sweep(f))
		case f.Gate != nil:
			v.Chapters = append(v.Chapters, m.gate(f))
		}
	}
	if m.err != nil {
		return fmt.Errorf("page: %w", m.err)
	}
	var titles []string
	for _, c := range v.Chapters {
		titles = append(titles, c.Title)
	}
	v.Title = strings.Join(titles, "; ")
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, v); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// policy is the content security policy: nothing is loaded, and only this style sheet
// and this script count.
var policy = "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; img-src data:; base-uri 'none'; form-action 'none'"

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// program names the versions that wrote the files.
func program(files []*File) string {
	var all []string
	for _, f := range files {
		v := strings.TrimSpace("consbench " + f.environment().Version)
		if len(all) == 0 || all[len(all)-1] != v {
			all = append(all, v)
		}
	}
	return strings.Join(all, ", ")
}

func (f *File) environment() *result.Environment {
	switch {
	case f.Result != nil:
		return &f.Result.Environment
	case f.Comparison != nil:
		return &f.Comparison.Environment
	case f.Elections != nil:
		return &f.Elections.Environment
	case f.Sweep != nil:
		return &f.Sweep.Environment
	}
	return &f.Gate.Environment
}

func (f *File) started() string {
	switch {
	case f.Result != nil:
		return f.Result.Started
	case f.Comparison != nil:
		return f.Comparison.Started
	case f.Elections != nil:
		return f.Elections.Started
	case f.Sweep != nil:
		return f.Sweep.Started
	}
	return f.Gate.Started
}

// origin adds the sections that every chapter ends with: how to repeat a file, its
// configuration, and the machine.
func (m *maker) origin(c *chapter, files []*File) {
	s := c.section(m, "Repeat it")
	for _, f := range files {
		what := clean(f.Name) + ", begun " + clean(f.started()) + "."
		s.text(what)
		if len(f.Rerun) > 0 {
			s.add(block{Command: command(f.Rerun)})
		}
	}
	s = c.section(m, "Measured on")
	said := map[string]bool{}
	for _, f := range files {
		lines := report.Machine(f.environment())
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], "   ", ", ")
		}
		text := strings.Join(lines, "\n")
		if said[text] {
			continue
		}
		said[text] = true
		if len(files) > 1 && len(said) > 1 {
			lines = append([]string{clean(f.Name) + ":"}, lines...)
		}
		s.add(block{Notes: lines})
		s.table(modules(f.environment()))
	}
	if len(said) > 1 {
		s.add(block{Warn: []string{"The files were measured on unlike machines or by unlike versions: what differs between them may be theirs."}})
	}
	for _, f := range files {
		if len(f.Settings) == 0 {
			continue
		}
		title := "Configuration"
		if len(files) > 1 {
			title += " of " + clean(f.Name)
		}
		t := &table{Head: []string{"setting", "value", ""}, Left: true, Fold: "All settings"}
		for _, one := range f.Settings {
			mark := "default"
			if !one.Default {
				mark = "set"
			}
			t.Rows = append(t.Rows, []string{clean(one.Name), clean(one.Value), mark})
		}
		c.section(m, title).table(t)
	}
}

func modules(e *result.Environment) *table {
	t := &table{Head: []string{"module", "version"}, Left: true, Fold: "Versions of modules"}
	for _, name := range sortedKeys(e.Modules) {
		t.Rows = append(t.Rows, []string{clean(name), clean(e.Modules[name])})
	}
	return t
}

// command sets the parts of a shell command on lines of at most 76 letters, if they can be
// that short.
func command(parts []string) string {
	var b strings.Builder
	line := 0
	for i, p := range parts {
		p = report.Clean(p)
		n := utf8.RuneCountInString(p)
		switch {
		case i == 0:
		case line+1+n > 74:
			b.WriteString(" \\\n  ")
			line = 2
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(p)
		line += n
	}
	return b.String()
}
