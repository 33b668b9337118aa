package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// closingComparison is what a comparison comes to, in one sentence.
func closingComparison(c *result.Comparison, a *result.Against, lines []result.Line) string {
	by := map[string][]string{}
	for i := range lines {
		l := &lines[i]
		name := l.Metric
		if v := l.Verdict; (v == stat.Better.String() || v == stat.Worse.String()) && l.Ratio != nil {
			name += " (" + ratio3(*l.Ratio) + "x)"
		}
		by[l.Verdict] = append(by[l.Verdict], name)
	}
	some := func(list []string) string { // of many the first, which matter most
		const most = 4
		if n := len(list) - most; n > 1 {
			list = append(slices.Clone(list[:most]), fmt.Sprintf("%d others", n))
		}
		return and(list)
	}
	base, side := sideName(c, a.Base), sideName(c, a.Side)
	same := by[stat.Same.String()]
	exactly := (c.Exact || a.Setting != "") && len(same) == len(lines)
	for i := range lines {
		exactly = exactly && equal(&lines[i])
	}
	if exactly {
		return fmt.Sprintf("%s and %s are equal in %s, to the last digit.", base, side, allOf(same))
	}
	var parts []string
	add := func(verdict, words string) {
		if list := by[verdict]; len(list) > 0 {
			parts = append(parts, words+some(list))
		}
	}
	add(stat.Better.String(), "better in ")
	add(stat.Worse.String(), "worse in ")
	add(stat.Different.String(), "different in ")
	switch {
	case len(same) == len(lines):
		parts = append(parts, fmt.Sprintf("the same in %s, within %s", allOf(same), shareOf(c.Tolerance)))
	case len(same) > 0:
		parts = append(parts, "the same in "+some(same))
	}
	text := ""
	if len(parts) > 0 {
		text = fmt.Sprintf("Against %s, %s is %s", base, side, strings.Join(parts, "; "))
	}
	rest := func(format string, list []string) {
		if len(list) == 0 {
			return
		}
		s := fmt.Sprintf(format, some(list))
		if text == "" {
			text = strings.ToUpper(s[:1]) + s[1:]
		} else {
			text += "; " + s
		}
	}
	rest("the offered rate set %s", by[result.OfferedRate])
	rest("without --cost nothing ranks %s", by[result.NotRanked])
	rest("it cannot be told of %s", by[stat.CannotTell.String()])
	rest("only one side has %s", by[result.OneSided])
	return text + "."
}

// allOf names a single metric and counts several.
func allOf(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("all %d metrics", len(list))
}

// equal reports whether both sides had the very same values.
func equal(l *result.Line) bool {
	one := func(v *float64) bool { return v != nil && *v == 1 }
	return one(l.Ratio) && (l.Low == nil || one(l.Low) && one(l.High))
}

// sideName is a side's name, and its letter where that alone tells it apart.
func sideName(c *result.Comparison, i int) string {
	name := Clean(c.Sides[i].Name)
	for j := range c.Sides {
		if j != i && c.Sides[j].Name == c.Sides[i].Name {
			return Letter(i) + " (" + name + ")"
		}
	}
	return name
}
