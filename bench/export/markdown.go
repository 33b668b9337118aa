package export

import (
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// runsBeside is how many runs stand in one table.
const runsBeside = 8

// writeMarkdown writes tables that GitHub renders.
func writeMarkdown(o *output, docs []Document, _ Options) error {
	var b strings.Builder
	for i := range docs {
		if i > 0 {
			b.WriteByte('\n')
		}
		d := &docs[i]
		switch d.Kind() {
		case Result:
			markdownResult(&b, d)
		case Comparison:
			markdownComparison(&b, d)
		case Verdict:
			markdownGate(&b, d.Name, d.Gate)
		case Elections:
			markdownElections(&b, d)
		case Sweep:
			markdownSweep(&b, d)
		}
	}
	return o.print("%s", b.String())
}

// table writes a table: the first column to the left, the others as right says.
// Cells are Markdown already.
func table(b *strings.Builder, right bool, header []string, rows [][]string) {
	line := func(cells []string) {
		b.WriteByte('|')
		for _, c := range cells {
			b.WriteByte(' ')
			if c != "" {
				b.WriteString(c)
				b.WriteByte(' ')
			}
			b.WriteByte('|')
		}
		b.WriteByte('\n')
	}
	line(header)
	for i := range header {
		if i > 0 && right {
			b.WriteString("|---:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, r := range rows {
		line(r)
	}
}

func heading(b *strings.Builder, what, name string) {
	b.WriteString("### " + what + " " + md(name) + "\n\n")
}

// machine says what the figures were measured on.
func machine(b *strings.Builder, e *result.Environment) {
	parts := []string{"consbench " + e.Version}
	for _, p := range []string{e.Revision, e.Go, strings.Trim(e.OS+"/"+e.Arch, "/"), e.CPU} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	b.WriteString("\n" + md(strings.Join(parts, ", ")) + "\n")
}

// markdownResult sets the runs of a file side by side.
func markdownResult(b *strings.Builder, d *Document) {
	f := d.Result
	heading(b, "Result", d.Name)
	if f.Interrupted {
		b.WriteString("**INTERRUPTED**: the figures cover only what was measured until then.\n\n")
	}
	titles := titles(f.Runs)
	for from := 0; from < len(f.Runs); from += runsBeside {
		if from > 0 {
			b.WriteByte('\n')
		}
		to := min(from+runsBeside, len(f.Runs))
		header := []string{"Metric"}
		verdicts := []string{"verdict"}
		for i := from; i < to; i++ {
			header = append(header, md(titles[i]))
			v := strings.ToUpper(standing(&f.Runs[i]))
			if v != "CORRECT" {
				v = "**" + v + "**"
			}
			verdicts = append(verdicts, v)
		}
		var rows [][]string
		for _, m := range report.Compared() {
			if cells := report.Cells(m, f.Runs[from:to]); cells != nil {
				for i := range cells {
					cells[i] = md(cells[i])
				}
				rows = append(rows, append([]string{md(m.Name)}, cells...))
			}
		}
		table(b, true, header, append(rows, verdicts))
	}
	markdownExpectations(b, f)
	var remarks []string
	remark := func(run int, text string) { remarks = append(remarks, "- "+md(titles[run])+": "+text) }
	for i := range f.Runs {
		r := &f.Runs[i]
		if r.Error != "" {
			remark(i, "**FAILED**: "+md(r.Error))
			continue
		}
		for _, c := range r.Verdict.Checks {
			if !c.OK {
				remark(i, "**INCORRECT**: "+md(c.Name)+": "+md(c.Detail))
			}
		}
		for _, w := range r.Warnings {
			remark(i, md(w))
		}
	}
	if len(remarks) > 0 {
		b.WriteString("\n" + strings.Join(remarks, "\n") + "\n")
	}
	machine(b, &f.Environment)
}

// titles of the runs: as short as tells them apart.
func titles(runs []result.Run) []string {
	seen := map[string]int{}
	for i := range runs {
		seen[runs[i].Name()]++
	}
	out := make([]string, len(runs))
	for i := range runs {
		if out[i] = runs[i].Name(); seen[out[i]] > 1 {
			out[i] = identity(&runs[i])
		}
	}
	return out
}

// markdownExpectations says what the scenario of a file expected and what was found.
func markdownExpectations(b *strings.Builder, f *result.File) {
	if len(f.Expectations) == 0 {
		return
	}
	var rows [][]string
	for i := range f.Expectations {
		x := &f.Expectations[i]
		met := "met"
		if !x.Met {
			met = "**MISSED**"
		}
		rows = append(rows, []string{met, md(x.Protocol), strconv.FormatUint(x.Seed, 10), md(x.Threshold), md(report.Found(x))})
	}
	b.WriteString("\nExpected by " + md(f.Scenario) + ":\n\n")
	table(b, false, []string{"", "Protocol", "Seed", "Expected", "Found"}, rows)
}
