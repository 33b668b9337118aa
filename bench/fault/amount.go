package fault

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// time reads the word t, which stands where a time belongs.
func (p *parser) time(t token, where, example string) (smr.Time, error) {
	if example == "" {
		example = "2s"
	}
	abs, negative := strings.CutPrefix(t.text, "-")
	d, err := time.ParseDuration(abs)
	switch {
	case isNumber(abs) && abs != "":
		return 0, p.fail(t, "%s: a time needs a unit, such as %ss or %sms", t.text, abs, abs)
	case err != nil && isNumber(strings.TrimRight(abs, "nuµmsh")) && abs != "" && abs[0] <= '9':
		return 0, p.fail(t, "%s: that is longer than any run", t.text)
	case err != nil || abs != "" && abs[0] == '+':
		return 0, p.fail(t, "expected a time %s, such as %s", where, example)
	case negative || d < 0:
		return 0, p.fail(t, "%s: a time cannot be negative", t.text)
	case d == 0 && strings.ContainsAny(abs, "123456789"):
		return 0, p.fail(t, "%s: shorter than a nanosecond", t.text)
	}
	return smr.Time(d), nil
}

// percent reads a number above 0 with a percent sign.
func (p *parser) percent(t token, where, example string) (float64, error) {
	num, found := strings.CutSuffix(t.text, "%")
	v, err := strconv.ParseFloat(num, 64)
	switch {
	case !isNumber(num) || err != nil:
		return 0, p.fail(t, "expected a percentage %s, such as %s", where, example)
	case !found:
		return 0, p.fail(t, "%s: a percentage needs its sign, such as %s%%", num, num)
	case v <= 0 || v > 1e6:
		return 0, p.fail(t, "%s: a percentage must be above zero", t.text)
	}
	return v, nil
}

// bandwidth reads a size a second.
func (p *parser) bandwidth(t token) (int64, error) {
	size, perSecond := strings.CutSuffix(strings.ToLower(t.text), "/s")
	end := 0
	for end < len(size) && (size[end] >= '0' && size[end] <= '9' || size[end] == '.') {
		end++
	}
	v, err := strconv.ParseFloat(size[:end], 64)
	unit := slices.IndexFunc(sizeUnits, func(u sizeUnit) bool { return strings.ToLower(u.name) == size[end:] })
	switch {
	case err != nil || !isNumber(size[:end]):
		return 0, p.fail(t, `expected a bandwidth after "slow", such as 1MB/s`)
	case unit < 0:
		return 0, p.fail(t, "%s: a bandwidth needs a unit, such as %sMB/s", t.text, size[:end])
	case !perSecond:
		return 0, p.fail(t, "%s: a bandwidth is a size a second, such as %s/s", t.text, t.text)
	}
	v *= float64(sizeUnits[unit].factor)
	if v < 1 || v > 1e15 || v != math.Trunc(v) {
		return 0, p.fail(t, "%s: not a whole number of bytes a second from 1B/s to 1000000GB/s", t.text)
	}
	return int64(v), nil
}

// factor reads how many times slower, such as 4x.
func (p *parser) factor(t token) (float64, error) {
	num, found := strings.CutSuffix(strings.ToLower(t.text), "x")
	v, err := strconv.ParseFloat(num, 64)
	switch {
	case !isNumber(num) || err != nil:
		return 0, p.fail(t, "expected how many times slower, such as 4x")
	case !found:
		return 0, p.fail(t, "%s: how many times slower needs an x, such as %sx", num, num)
	case v <= 1 || v > MaxFactor:
		return 0, p.fail(t, "%s: not in above 1x to %.0fx", t.text, float64(MaxFactor))
	}
	return v, nil
}

// isNumber reports whether s is digits with at most one point among them.
func isNumber(s string) bool {
	points := strings.Count(s, ".")
	return strings.Trim(s, "0123456789.") == "" && points <= 1 && len(s) > points
}
