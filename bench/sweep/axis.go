package sweep

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/workload"
)

// Kind is what the values of a setting are.
type Kind uint8

// Kinds of settings. Only numbers have ranges.
const (
	Word     Kind = iota
	Whole         // a whole number
	Rate          // 1/s
	Size          // bytes
	Duration      // ns
	Share         // of 1
)

func (k Kind) String() string {
	return [...]string{"word", "whole", "rate", "size", "duration", "share"}[k]
}

// example is a range of the kind.
func (k Kind) example() string {
	return [...]string{"", "1..64:log7", "1k..100k:log8", "64B..16KiB:log5", "1ms..32ms:log6", "0%..5%:lin6"}[k]
}

// Value of a setting.
type Value struct {
	Text   string  // as its flag takes it
	Number float64 // in the unit of its kind; NaN: a word
}

// Axis is a setting and its values, or the range that a search goes through.
type Axis struct {
	Setting string
	Kind    Kind
	Values  []Value // rising; words as given
	From    Value   // of a range without a count; else without Text
	To      Value
}

// Ranged reports whether the axis is a range to search.
func (a *Axis) Ranged() bool { return a.From.Text != "" }

// MaxValues is how many values a setting may be given.
const MaxValues = 64

// ParseAxis reads a setting and its values:
//
//	clients=1,2,4,8          a list
//	rate=1k..100k:log8       8 values, each the same multiple of the one before
//	delay=1ms..10ms:lin4     4 values, equally far apart
//	rate=1k..100k            the range of a search
//
// Both ends are among the values. Those between are rounded to three digits, but for
// counts and sizes that come out whole. A rate without a unit of time is one a second. kind tells what the
// values of a setting are, or why it cannot be swept.
func ParseAxis(s string, kind func(setting string) (Kind, error)) (Axis, error) {
	setting, rest, found := strings.Cut(s, "=")
	setting = strings.TrimSpace(strings.TrimLeft(setting, "-"))
	if !found || setting == "" {
		return Axis{}, fmt.Errorf("%q is not SETTING=VALUES, such as rate=%s or clients=1,2,4,8", s, Rate.example())
	}
	a := Axis{Setting: setting}
	var err error
	if a.Kind, err = kind(setting); err != nil {
		return Axis{}, err
	}
	if from, to, isRange := strings.Cut(rest, ".."); isRange {
		err = a.span(from, to)
	} else {
		err = a.list(rest)
	}
	if err != nil {
		return Axis{}, fmt.Errorf("%s: %w", setting, err)
	}
	return a, nil
}

func (a *Axis) list(s string) error {
	for _, text := range strings.Split(s, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			return fmt.Errorf("%q has an empty value in it", s)
		}
		v, err := a.Kind.Parse(text)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(a.Values, func(o Value) bool { return o.Text == v.Text }) {
			return fmt.Errorf("%s is given twice", v.Text)
		}
		a.Values = append(a.Values, v)
	}
	if len(a.Values) > MaxValues {
		return fmt.Errorf("%d values are more than %d", len(a.Values), MaxValues)
	}
	if a.Kind != Word {
		slices.SortFunc(a.Values, func(x, y Value) int { return compareNumbers(x.Number, y.Number) })
	}
	return nil
}

func compareNumbers(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// span reads a range with the rest behind the points: its upper end and, perhaps, how
// many values there are in it.
func (a *Axis) span(from, rest string) error {
	if a.Kind == Word {
		return errors.New("its values are words, of which there is no range: list them, with commas between them")
	}
	to, spacing, counted := strings.Cut(rest, ":")
	lo, err := a.Kind.Parse(strings.TrimSpace(from))
	if err != nil {
		return fmt.Errorf("lower end: %w", err)
	}
	hi, err := a.Kind.Parse(strings.TrimSpace(to))
	if err != nil {
		return fmt.Errorf("upper end: %w", err)
	}
	if lo.Number >= hi.Number {
		return fmt.Errorf("%s..%s: the lower end of a range comes first, and is below the upper one", lo.Text, hi.Text)
	}
	if !counted {
		a.From, a.To = lo, hi
		return nil
	}
	kind, count := strings.TrimRight(spacing, "0123456789"), strings.TrimLeft(spacing, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(count)
	switch {
	case kind != "log" && kind != "lin" || err != nil:
		return fmt.Errorf("%q is not log or lin and how many values, such as %s", spacing, a.Kind.example())
	case n < 2 || n > MaxValues:
		return fmt.Errorf("%s: %d values are not 2 to %d", spacing, n, MaxValues)
	case kind == "log" && lo.Number <= 0:
		return fmt.Errorf("a logarithmic range cannot begin at 0: use lin%d", n)
	}
	for i := range n {
		x := float64(i) / float64(n-1)
		v := lo.Number + x*(hi.Number-lo.Number)
		if kind == "log" {
			v = lo.Number * math.Pow(hi.Number/lo.Number, x)
		}
		point := a.Kind.Round(v)
		switch i {
		case 0:
			point = lo
		case n - 1:
			point = hi
		}
		if last := len(a.Values) - 1; last < 0 || a.Values[last].Number < point.Number {
			a.Values = append(a.Values, point)
		}
	}
	return nil
}

// Parse reads one value.
func (k Kind) Parse(s string) (Value, error) {
	switch k {
	case Whole:
		n, err := strconv.Atoi(s)
		switch {
		case err != nil && strings.TrimLeft(s, "+-0123456789") == "" && s != "":
			return Value{}, fmt.Errorf("%s: not a whole number of a sensible size", s)
		case err != nil:
			return Value{}, fmt.Errorf("%q is not a whole number", s)
		}
		return k.at(float64(n)), nil
	case Rate:
		if s != "" && !strings.Contains(s, "/") {
			s += "/s"
		}
		r, err := workload.ParseRate(s)
		return k.at(float64(r)), err
	case Size:
		z, err := workload.ParseSize(s)
		return k.at(float64(z)), err
	case Duration:
		d, err := workload.ParseDuration(s)
		return k.at(float64(d)), err
	case Share:
		p, err := workload.ParseProbability(s)
		return k.at(p), err
	}
	return Value{Text: s, Number: math.NaN()}, nil
}

// at is the value of a number.
func (k Kind) at(v float64) Value {
	switch k {
	case Rate:
		return Value{rateText(v), v}
	case Size:
		return Value{workload.Size(v).String(), v}
	case Duration:
		return Value{workload.FormatDuration(time.Duration(v)), v}
	case Share:
		return Value{strconv.FormatFloat(trim(100*v), 'f', -1, 64) + "%", v}
	}
	return Value{strconv.FormatFloat(v, 'f', -1, 64), v}
}

// rateText is a rate a second with the multiple that suits it: 1.52M/s.
func rateText(v float64) string {
	for _, m := range []struct {
		name  string
		scale float64
	}{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}} {
		text := strconv.FormatFloat(trim(v/m.scale), 'f', -1, 64) + m.name + "/s"
		if back, err := workload.ParseRate(text); v >= m.scale && err == nil && float64(back) == v {
			return text
		}
	}
	return workload.Rate(v).String()
}

// trim drops what binary fractions leave over.
func trim(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	return v
}

// Round is the value of the kind near v: of three digits, unless it counts things or
// bytes and v is whole.
func (k Kind) Round(v float64) Value {
	counts := k == Whole || k == Size
	whole := math.Round(v)
	if counts && math.Abs(v-whole) <= 1e-9*math.Abs(v) {
		return k.at(whole)
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if counts || k == Duration {
		v = math.Round(v)
	}
	return k.at(v)
}
