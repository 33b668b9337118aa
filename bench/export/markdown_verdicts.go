package export

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// markdownComparison writes a table for each side against the first: the metrics
// that a terminal shows, and all of them folded away.
func markdownComparison(b *strings.Builder, d *Document) {
	c := d.Comparison
	heading(b, "Comparison", d.Name)
	if c.Interrupted {
		b.WriteString("**INTERRUPTED**: only the pairs that were finished are compared.\n\n")
	}
	for i := range c.Sides {
		s := &c.Sides[i]
		if s.Trials > 0 {
			fmt.Fprintf(b, "- %s: %s, %d settings of elections, %s trials", letter(i), md(s.Name), s.Good, report.Count(uint64(s.Trials)))
		} else {
			fmt.Fprintf(b, "- %s: %s, %s, %d good runs", letter(i), md(s.Name), md(s.Network), s.Good)
		}
		if out := report.LeftOut(s); out != "" {
			b.WriteString("; **LEFT OUT**: " + md(out))
		}
		b.WriteByte('\n')
	}
	for _, diff := range c.Differences {
		var values []string
		for i, v := range diff.Values {
			if v == "" {
				v = "none"
			}
			values = append(values, letter(i)+" "+md(v))
		}
		b.WriteString("- different: " + md(diff.Option) + ": " + strings.Join(values, ", ") + "\n")
	}
	for i := range c.Against {
		a := &c.Against[i]
		base, side := letter(a.Base), letter(a.Side)
		b.WriteByte('\n')
		if a.Setting != "" {
			b.WriteString("Election timeout " + md(a.Setting) + ", " + report.Count(uint64(a.Pairs)) + " trials:\n\n")
		}
		if len(a.Lines) == 0 {
			b.WriteString(side + " against " + base + ": nothing to compare: no pair has a good run on both sides.\n")
			continue
		}
		lines := report.Shown(c, a)
		comparisonTable(b, base, side, lines)
		b.WriteString("\n" + md(report.Closing(c, a)) + "\n")
		if len(a.Lines) > len(lines) {
			fmt.Fprintf(b, "\n<details><summary>All %d metrics</summary>\n\n", len(a.Lines))
			comparisonTable(b, base, side, a.Lines)
			b.WriteString("\n</details>\n")
		}
	}
	if len(c.Notes) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range c.Notes {
		b.WriteString("- " + md(n) + "\n")
	}
	machine(b, &c.Environment)
}

// comparisonTable sets two sides beside each other, metric by metric.
func comparisonTable(b *strings.Builder, base, side string, lines []result.Line) {
	var rows [][]string
	for i := range lines {
		l := &lines[i]
		before, after, ratio, bounds, sees := report.LineCells(l)
		verdict := md(l.Verdict)
		switch l.Verdict {
		case stat.Better.String(), stat.Worse.String(), stat.Different.String():
			verdict = "**" + verdict + "**"
		}
		if l.Lacks != "" {
			verdict += ": " + md(l.Lacks)
		}
		rows = append(rows, []string{md(l.Metric), md(before), md(after), md(ratio), md(bounds), verdict, md(sees)})
	}
	table(b, true, []string{"Metric", base, side, side + "/" + base, "bounds", side + " is", "would have seen"}, rows)
}

// letter names a side; beyond Z it is a number.
func letter(i int) string {
	if i < 26 {
		return report.Letter(i)
	}
	return strconv.Itoa(i + 1)
}

// Markdown shows the verdict of a gate for a job summary or a pull request: what did
// not pass, and all of it folded away.
func Markdown(g *result.Gate) string {
	var b strings.Builder
	markdownGate(&b, "consbench", g)
	return b.String()
}

func markdownGate(b *strings.Builder, name string, g *result.Gate) {
	heading(b, "Gate", name+": "+strings.ToUpper(g.Verdict))
	b.WriteString(md(report.GateClosing(g)) + "\n")
	var bad []result.GateRow
	for _, r := range g.Rows {
		if r.Outcome != passed {
			bad = append(bad, r)
		}
	}
	if len(bad) > 0 {
		b.WriteByte('\n')
		gateTable(b, bad)
	}
	if len(g.Skipped) > 0 {
		b.WriteByte('\n')
	}
	for _, s := range g.Skipped {
		b.WriteString("- skipped: " + md(strings.TrimSpace(s.Source+": "+s.Run+" "+s.Metric)) + ": " + md(s.Why) + "\n")
	}
	if len(g.Rows) > len(bad) {
		fmt.Fprintf(b, "\n<details><summary>All %d metrics</summary>\n\n", len(g.Rows))
		gateTable(b, g.Rows)
		b.WriteString("\n</details>\n")
	}
	machine(b, &g.Environment)
}

// Outcomes of a row.
var (
	passed       = stat.Pass.String()
	inconclusive = stat.Inconclusive.String()
)

// intended reports whether rows that failed were to fail: changes that were
// accepted, or those that a self-test had made.
func intended(g *result.Gate) bool {
	return g.Exit == 0 && (g.Verdict == gate.Updated || g.Verdict == gate.Caught)
}

func gateTable(b *strings.Builder, list []result.GateRow) {
	header := []string{"Outcome", "Layer", "Against", "Run", "Metric", "Before", "Now", "Change", "Bounds", "Limit", "Note"}
	var rows [][]string
	for i := range list {
		r := &list[i]
		outcome := md(strings.ToUpper(r.Outcome))
		if r.Outcome != passed {
			outcome = "**" + outcome + "**"
		}
		before, now, change, bounds := report.GateCells(r)
		rows = append(rows, []string{
			outcome, md(r.Layer), md(r.Source), md(r.Run), md(r.Metric), md(before), md(now), md(change), md(bounds), md(r.Limit), md(gateNote(r)),
		})
	}
	table(b, false, header, rows)
}

// gateNote is what else is to be said about a row.
func gateNote(r *result.GateRow) string {
	note := r.Note
	if r.Needs > 0 {
		note = strings.TrimPrefix(note+"; needs about "+strconv.Itoa(r.Needs)+" pairs", "; ")
	}
	return note
}

// gateSentence says in one line what a row found.
func gateSentence(r *result.GateRow) string {
	before, now, change, bounds := report.GateCells(r)
	s := "was " + before + ", is " + now
	if change != "" {
		s += ": " + change
	}
	if bounds != "" {
		s += " " + bounds
	}
	if r.Limit != "" {
		s += ", limit " + r.Limit
	}
	if note := gateNote(r); note != "" {
		s += "; " + note
	}
	return s
}
