package report

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/workload"
)

// unit is a unit of time that figures are shown in.
type unit struct {
	name string
	ns   float64
}

var units = []unit{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}

// unitFor is the unit of a column that shows all of ns: the one that suits the
// largest, or the next smaller one if the smallest would be lost in it.
func unitFor(ns []float64) unit {
	least, most := extent(ns)
	i := suits(most)
	if i > 0 && least < units[i].ns/100 {
		i--
	}
	return units[i]
}

// oneUnit is the unit that shows all of ns well, so that a whole table can do
// with it, if there is one.
func oneUnit(ns []float64) (unit, bool) {
	least, most := extent(ns)
	small, large := units[suits(least)], units[suits(most)]
	switch {
	case most < 1e4*small.ns:
		return small, true
	case least >= large.ns/100:
		return large, true
	case most < 1e5*small.ns:
		return small, true
	}
	return unit{}, false
}

// suits is the largest unit of which ns is at least one.
func suits(ns float64) int {
	i := 0
	for i+1 < len(units) && ns >= units[i+1].ns {
		i++
	}
	return i
}

// extent returns the smallest and largest of ns, zeros left out.
func extent(ns []float64) (least, most float64) {
	for _, v := range ns {
		if v > 0 && (least == 0 || v < least) {
			least = v
		}
		most = max(most, v)
	}
	return least, most
}

func (u unit) format(ns float64) string {
	if ns == 0 {
		return "0"
	}
	return sig3(ns/u.ns) + u.name
}

// duration shows one time on its own.
func duration(ns float64) string { return unitFor([]float64{ns}).format(ns) }

// seconds shows an instant of the run.
func seconds(ns int64) string { return strconv.FormatFloat(float64(ns)/1e9, 'f', 2, 64) + "s" }

// short shows a time that somebody chose: 1ms, 1.5s, 2m30s.
func short(ns int64) string { return workload.FormatDuration(time.Duration(ns)) }

// plusMinus shows a delay and its jitter in one unit: 1ms +-0.2ms.
func plusMinus(delay, jitter int64) string {
	if jitter == 0 {
		return short(delay)
	}
	u := unitFor([]float64{float64(delay)})
	plain := func(ns int64) string { return strconv.FormatFloat(float64(ns)/u.ns, 'f', -1, 64) + u.name }
	return plain(delay) + " +-" + plain(jitter)
}

// sig3 shows x with three significant digits, all digits of its whole part, and
// commas between thousands.
func sig3(x float64) string {
	a := math.Abs(x)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "-"
	case a == 0:
		return "0"
	case a >= 99.95:
		return group(strconv.FormatFloat(x, 'f', 0, 64))
	case a >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= 0.9995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a < 0.0001 && x > 0:
		return "<0.0001"
	}
	return strconv.FormatFloat(x, 'f', 2-int(math.Floor(math.Log10(a))), 64)
}

// about shows a rate measured once: four digits say as much as it is worth.
func about(x float64) string {
	scale := 1.0
	for x/scale >= 10_000 {
		scale *= 10
	}
	return sig3(math.Round(x/scale) * scale)
}

// Count shows a whole number with commas between its thousands.
func Count(n uint64) string { return group(strconv.FormatUint(n, 10)) }

// group puts commas between the thousands of a string of digits.
func group(digits string) string { return workload.Group(digits) }

// plural is "1 node", "3 nodes".
func plural(n int, noun string) string {
	if n != 1 && strings.HasSuffix(noun, "ry") {
		noun = strings.TrimSuffix(noun, "y") + "ies"
	} else if n != 1 {
		noun += "s"
	}
	return group(strconv.Itoa(n)) + " " + noun
}

// Clean escapes whatever could move a cursor, change a colour or reorder the
// text around it.
func Clean(s string) string {
	ok := true
	for _, r := range s {
		ok = ok && printable(r)
	}
	if ok && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hex(s[i]))
		case printable(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

func printable(r rune) bool {
	return r == ' ' || unicode.IsPrint(r) && !unicode.In(r, unicode.Bidi_Control)
}

func hex(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}

// columns is how many columns of a terminal s takes; every printable rune counts
// as one.
func columns(s string) int { return utf8.RuneCountInString(s) }

// Wrap breaks text at blanks into lines of at most width columns, and words that
// are longer anywhere.
func Wrap(text string, width int) []string {
	var lines []string
	var line string
	for _, word := range strings.Fields(text) {
		for {
			if line != "" && columns(line)+1+columns(word) <= width {
				line += " " + word
				break
			}
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			if columns(word) <= width {
				line = word
				break
			}
			runes := []rune(word)
			lines = append(lines, string(runes[:width]))
			word = string(runes[width:])
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fill puts as many parts on a line as fit, gap between them.
func fill(parts []string, gap string, width int) []string {
	var lines []string
	var line string
	mark := strings.TrimRight(gap, " ") // stands at the end of a line that goes on
	for i, part := range parts {
		room := width
		if i+1 < len(parts) {
			room -= columns(mark)
		}
		if line != "" && columns(line)+columns(gap)+columns(part) <= room {
			line += gap + part
			continue
		}
		if line != "" {
			lines = append(lines, line+mark)
		}
		broken := Wrap(part, width-2)
		if len(broken) == 0 {
			line = ""
			continue
		}
		lines = append(lines, broken[:len(broken)-1]...)
		line = broken[len(broken)-1]
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakCommand sets the parts of a shell command in lines, a backslash at the end
// of each but the last.
func breakCommand(words []string, width int) []string {
	var lines []string
	var line string
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word)+2 <= width:
			line += " " + word
		default:
			lines = append(lines, line+` \`)
			line = "  " + word
		}
	}
	return append(lines, line)
}
