package report

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// names of the runs, as columns: the protocol, and what tells two of one protocol
// apart.
func names(runs []result.Run) []string {
	seen := map[string]int{}
	for _, r := range runs {
		seen[r.Protocol]++
	}
	out := make([]string, len(runs))
	for i, r := range runs {
		out[i] = Clean(r.Protocol)
		if seen[r.Protocol] > 1 {
			out[i] += " " + strconv.Itoa(i+1)
		}
	}
	return out
}

// summary sets the runs side by side.
func (p *page) summary() {
	runs, titles := p.file.Runs, names(p.file.Runs)
	// As many runs beside each other as fit.
	width := longest(titles)
	atOnce := max(1, (p.width-24)/(max(width, 10)+2))
	for from := 0; from < len(runs); from += atOnce {
		to := min(from+atOnce, len(runs))
		p.sideBySide(runs[from:to], titles[from:to])
		p.line("")
	}
	for _, l := range Wrap(closing(runs, titles), p.width) {
		p.line(l)
	}
}

func (p *page) sideBySide(runs []result.Run, titles []string) {
	g := &grid{header: append([]string{"SIDE BY SIDE"}, titles...)}
	for _, m := range Compared() {
		if row := Cells(m, runs); row != nil {
			g.rows = append(g.rows, append([]string{" " + m.Name}, row...))
		}
	}
	row := []string{" verdict"}
	for i := range runs {
		switch {
		case runs[i].Error != "":
			row = append(row, "FAILED")
		case runs[i].Verdict.Correct && runs[i].Interrupted:
			row = append(row, "INTERRUPTED")
		default:
			row = append(row, runs[i].Verdict.Word())
		}
	}
	g.rows = append(g.rows, row)
	p.table(g)
}

// closing says in words who was ahead, of the runs that count.
func closing(runs []result.Run, titles []string) string {
	var tails, failovers []entrant
	var out []string
	counted, live, repeated := 0, false, false
	for i := range runs {
		r := &runs[i]
		if r.Error != "" || r.Interrupted || !r.Verdict.Correct {
			out = append(out, titles[i])
			continue
		}
		counted++
		live = live || r.Network != bench.NetworkSim
		if v, known := Value(r, "response.p99"); known {
			tails = append(tails, entrant{titles[i], v})
		}
		if v, known := Value(r, "election.first_commit"); known {
			failovers = append(failovers, entrant{titles[i], v})
			repeated = repeated || len(outages(r)) > 1
		}
	}
	var text []string
	if s := ranking(tails); s != "" && !live {
		text = append(text, "At response.p99 "+s+".")
	}
	if s := ranking(failovers); s != "" && !live {
		how := "From the fault to the first commit "
		if repeated {
			how += "(median) "
		}
		text = append(text, how+s+".")
	}
	if s := struckDifferently(runs, titles); s != "" {
		text = append(text, s)
	}
	if len(out) > 0 {
		text = append(text, "Not counted: "+strings.Join(out, ", ")+".")
	}
	switch {
	case counted < 2:
	case live:
		text = append(text, "One live run of each is not ranked: they differ by chance, and by their order (the first one touches the memory that the next ones find). consbench compare runs them in turns and says what is real.")
	default:
		text = append(text, fmt.Sprintf("Exact for seed %d in virtual time; another seed draws other timeouts and delays.", runs[0].Seed))
	}
	return strings.Join(text, " ")
}

// struckDifferently says so if a fault found its victims in one run and not in
// another: the runs then did not meet the same failures.
func struckDifferently(runs []result.Run, titles []string) string {
	var parts []string
	differ := false
	for i := range runs {
		if runs[i].Error != "" || runs[i].Interrupted {
			return ""
		}
		n := 0
		for _, f := range runs[i].Faults {
			if f.Skipped == "" {
				n++
			}
		}
		parts = append(parts, titles[i]+" "+strconv.Itoa(n))
		differ = differ || parts[i] != titles[i]+strings.TrimPrefix(parts[0], titles[0])
	}
	if !differ {
		return ""
	}
	return "Not all faults found their victims everywhere: " + strings.Join(parts, ", ") + " struck."
}

// entrant is one run's time in a ranking.
type entrant struct {
	name string
	ns   float64
}

// ranking says who took least, and how many times as long the others took. Times
// are the same if they read the same.
func ranking(list []entrant) string {
	if len(list) < 2 {
		return ""
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].ns < list[j].ns })
	best := list[0].ns
	first := []string{list[0].name}
	rest := list[1:]
	same := func(ns float64) bool { return duration(ns) == duration(best) }
	for len(rest) > 0 && same(rest[0].ns) {
		first = append(first, rest[0].name)
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return and(first) + " took the same: " + duration(best)
	}
	s := and(first) + " took " + duration(best)
	var others []string
	for i, e := range rest {
		o := e.name
		if i == 0 {
			o += " took"
		}
		o += " " + duration(e.ns)
		if ratio := sig3(e.ns / best); best > 0 && ratio != "1.00" {
			o += " (" + ratio + " x)"
		}
		others = append(others, o)
	}
	return s + ", " + and(others)
}

func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
