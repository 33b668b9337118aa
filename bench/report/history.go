package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/store"
)

// revisionDigits is how much of a revision tables show.
const revisionDigits = 7

// Revision shows a revision in brief, with a plus if there were changes on top; "" if
// it is unknown.
func Revision(revision string, modified bool) string {
	if revision == "" {
		return ""
	}
	r := Clean(revision[:min(len(revision), revisionDigits)])
	if modified {
		r += "+"
	}
	return r
}

// when shows an instant in UTC.
const when = "2006-01-02 15:04"

// narrow is the width below which a list leaves the time of day out.
const narrow = 72

// History lists results, a line for each run.
func History(w io.Writer, all []store.Entry, o Options) error {
	p := newPage(o)
	started, head := when, "STARTED (UTC)"
	if p.width < narrow {
		started, head = when[:len("2006-01-02")], "STARTED"
	}
	left := store.ShortID + 2 + len(started) + 2 + revisionDigits + 1 + 2 // ID, time, revision
	name := len("RUN")
	var rates []string
	var tails []*int64
	var unavailable []*int64
	for i := range all {
		for j := range all[i].Runs {
			h := &all[i].Runs[j]
			name = max(name, columns(Clean(h.Name())))
			rate, tail, gap := about(h.Throughput), h.P99, &h.Unavailable
			if h.Network == simulated {
				rate = sig3(h.Throughput)
			}
			if h.Verdict != correct {
				rate, tail, gap = "", nil, nil
			}
			rates, tails, unavailable = append(rates, rate), append(tails, tail), append(unavailable, gap)
		}
		if len(all[i].Runs) == 0 {
			name = max(name, len(all[i].Kind)+8)
		}
	}
	p99, gaps := times(tails)[0], times(unavailable)[0]
	rateWidth, tailWidth, gapWidth := max(longest(rates), len("commits/s")), max(longest(p99), len("p99")), max(longest(gaps), len("unavailable"))
	figures := 2 + rateWidth + 2 + tailWidth
	if p.wide() {
		figures += 2 + gapWidth + 2 + len("INTERRUPTED")
	}
	name = min(name, p.width-left-figures)
	file := p.width - left - name - figures - 2 // a path, where there is room for a good part of it
	if file < 24 {
		file = 0
	}
	header := fmt.Sprintf("%-*s%-*s%-*s%-*s  %*s  %*s", store.ShortID+2, "ID", len(started)+2, head, revisionDigits+3, "REVISION",
		name, "RUN", rateWidth, "commits/s", tailWidth, "p99")
	if p.wide() {
		header += fmt.Sprintf("  %*s  %-*s", gapWidth, "unavailable", len("INTERRUPTED"), "VERDICT")
	}
	if file > 0 {
		header += "  FILE"
	}
	p.line(p.paint(bold, strings.TrimRight(header, " ")))

	row := 0
	for i := range all {
		e := &all[i]
		lead := fmt.Sprintf("%-*s%-*s%-*s", store.ShortID+2, e.Short(), len(started)+2, e.Started.Format(started), revisionDigits+3, Revision(e.Revision, e.Modified))
		path := ""
		if file > 0 {
			path = "  " + tail(Clean(e.Path), file)
		}
		for j := range e.Runs {
			h := &e.Runs[j]
			line := lead + fmt.Sprintf("%-*s", name, clip(Clean(h.Name()), name))
			verdict, c := h.Verdict, code("")
			if verdict != correct {
				c = red
			}
			switch {
			case p.wide():
				line += fmt.Sprintf("  %*s  %*s  %*s  ", rateWidth, rates[row], tailWidth, p99[row], gapWidth, gaps[row]) + p.paint(c, verdict)
				if path != "" {
					line += strings.Repeat(" ", max(0, len("INTERRUPTED")-len(verdict)))
				}
			case verdict != correct:
				line += "  " + p.paint(c, fmt.Sprintf("%*s", rateWidth+2+tailWidth, verdict))
			default:
				line += fmt.Sprintf("  %*s  %*s", rateWidth, rates[row], tailWidth, p99[row])
			}
			p.line(line + path)
			lead, path = strings.Repeat(" ", left), ""
			row++
		}
		if len(e.Runs) == 0 {
			text := strings.Join(strings.Fields(string(e.Kind)+" "+Clean(e.Verdict)+" "+Clean(e.About)), " ")
			room := name + figures
			p.line(lead + fmt.Sprintf("%-*s", room, clip(text, room)) + path)
		}
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

const (
	simulated = "sim" // the network of virtual runs
	correct   = "CORRECT"
)

// newPage is a page of no file.
func newPage(o Options) *page {
	p := &page{file: &result.File{}, width: o.Width, color: o.Color, plots: o.Plots}
	if p.width == 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, minWidth)
	return p
}

// clip cuts text to n columns, and says so.
func clip(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:max(n-2, 0)]) + ".."
	}
	return text
}

// tail cuts text to its last n columns, and says so.
func tail(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return ".." + string(r[len(r)-n+2:])
	}
	return text
}

// Beside says which two results are compared and what their environments differ in.
func Beside(w io.Writer, a, b *store.Entry, o Options) error {
	p := newPage(o)
	for i, e := range []*store.Entry{a, b} {
		var names []string
		for j := range e.Runs {
			names = append(names, Clean(e.Runs[j].Name()))
		}
		if len(e.Runs) == 0 {
			names = []string{string(e.Kind) + " " + Clean(e.About)}
		}
		parts := append([]string{e.Short(), Clean(e.Path), e.Started.Format(when) + " UTC"}, names...)
		p.labelled(Letter(i), ", ", parts...)
	}
	x, y := &a.Environment, &b.Environment
	var parts []string
	differ := func(name, u, v string) {
		if u != v {
			parts = append(parts, fmt.Sprintf("%s %s and %s", name, orNone(Clean(u)), orNone(Clean(v))))
		}
	}
	differ("version", x.Version, y.Version)
	differ("revision", Revision(a.Revision, a.Modified), Revision(b.Revision, b.Modified))
	differ("Go", x.Go, y.Go)
	differ("GOGC", fmt.Sprint(x.GOGC), fmt.Sprint(y.GOGC))
	for _, d := range store.Unlike(x, y) {
		parts = append(parts, Clean(d))
	}
	if len(parts) == 0 {
		parts = []string{"the same"}
	}
	p.labelled("ENVIRONMENT", ", ", parts...)
	p.line("")
	_, err := w.Write(p.out.Bytes())
	return err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
