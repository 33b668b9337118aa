package workload

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Rate is arrivals a second.
type Rate float64

// Size is a number of bytes.
type Size int

// Duration is a length of time in nanoseconds.
type Duration time.Duration

// ParseRate reads a rate such as 10k/s, 2.5M/s or 600/m. The number may carry k,
// M or G; the unit of time is s, m or h. A rate is positive.
func ParseRate(s string) (Rate, error) {
	num, unit, err := split(s, "a rate", "10k/s")
	if err != nil {
		return 0, err
	}
	scale, per, found := strings.Cut(unit, "/")
	if !found {
		if _, ok := rateScales[scale]; !ok {
			return 0, fmt.Errorf("%s: %q is not a unit of a rate: use /s, /m or /h, such as 10k/s", s, unit)
		}
		return 0, fmt.Errorf("%s: a rate needs a unit of time, such as %s/s", s, s)
	}
	factor, ok := rateScales[scale]
	switch {
	case scale == "m":
		return 0, fmt.Errorf("%s: a million is M, as in %sM/%s", s, strings.TrimSuffix(s, unit), per)
	case !ok:
		return 0, fmt.Errorf("%s: %q is not a multiple: use k, M or G, such as 10k/s", s, scale)
	}
	second, ok := ratePer[per]
	if !ok {
		return 0, fmt.Errorf("%s: %q is not a unit of time for a rate: use s, m or h, such as 10k/s", s, per)
	}
	num.Mul(num, new(big.Rat).SetFrac64(factor, second))
	v, _ := num.Float64()
	switch {
	case v == 0:
		return 0, fmt.Errorf("%s: a rate must be positive", s)
	case v < 1e-6:
		return 0, fmt.Errorf("%s: the rate is too low: less than one arrival in 11 days", s)
	case v > 1e12:
		return 0, fmt.Errorf("%s: the rate is too high to be true", s)
	}
	return Rate(v), nil
}

var (
	rateScales = map[string]int64{"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
	ratePer    = map[string]int64{"s": 1, "m": 60, "h": 3600}
)

// String returns a short form that parses to the same rate, per second where that
// is short; "" for 0, which is no rate.
func (r Rate) String() string {
	if r == 0 {
		return ""
	}
	best := ""
	for _, per := range []string{"s", "m", "h"} {
		v := float64(r) * float64(ratePer[per])
		for _, scale := range []string{"", "k", "M", "G"} {
			s := strconv.FormatFloat(v/float64(rateScales[scale]), 'f', -1, 64) + scale + "/" + per
			if back, err := ParseRate(s); err == nil && back == r && (best == "" || len(s) < len(best)) {
				best = s
			}
		}
		if best != "" && len(best) <= len("1234.5k/s") {
			break // per second, if that reads well
		}
	}
	if best == "" { // not in the range that ParseRate takes
		return strconv.FormatFloat(float64(r), 'g', -1, 64) + "/s"
	}
	return best
}

// ParseSize reads a size such as 256B, 64KiB or 1MB. KB, MB and GB are powers of
// 1000; KiB, MiB and GiB powers of 1024; case does not matter.
func ParseSize(s string) (Size, error) {
	num, unit, err := split(s, "a size", "256B or 64KiB")
	if err != nil {
		return 0, err
	}
	if unit == "" {
		if num.Sign() == 0 {
			return 0, nil // zero is zero in any unit
		}
		return 0, fmt.Errorf("%s: a size needs a unit, such as %sB or 64KiB", s, s)
	}
	factor, ok := sizeUnits[strings.ToLower(unit)]
	if !ok {
		if u := strings.ToUpper(unit); u == "K" || u == "M" || u == "G" {
			n := strings.TrimSuffix(s, unit)
			return 0, fmt.Errorf("%s: %q is ambiguous: write %s%sB (powers of 1000) or %s%siB (powers of 1024)", s, unit, n, u, n, u)
		}
		return 0, fmt.Errorf("%s: %q is not a unit of size: use B, KB, MB, GB, KiB, MiB or GiB", s, unit)
	}
	num.Mul(num, new(big.Rat).SetInt64(factor))
	if !num.IsInt() {
		return 0, fmt.Errorf("%s: not a whole number of bytes", s)
	}
	if !num.Num().IsInt64() || num.Num().Int64() > math.MaxInt {
		return 0, fmt.Errorf("%s: the size is too large", s)
	}
	return Size(num.Num().Int64()), nil
}

var sizeUnits = map[string]int64{
	"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// String returns the size in the largest unit in which it is a whole number.
func (z Size) String() string {
	n := int64(z)
	for _, u := range []string{"GiB", "GB", "MiB", "MB", "KiB", "KB"} {
		if f := sizeUnits[strings.ToLower(u)]; n != 0 && n%f == 0 {
			return strconv.FormatInt(n/f, 10) + u
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// ParseDuration reads a duration such as 150ms, 1.5s or 1h30m: what
// [time.ParseDuration] reads, but for signs and fractions of a nanosecond.
func ParseDuration(s string) (time.Duration, error) {
	num, unit, err := split(s, "a duration", "150ms")
	if err != nil {
		return 0, err
	}
	if unit == "" {
		if num.Sign() == 0 {
			return 0, nil
		}
		return 0, fmt.Errorf("%s: a duration needs a unit, such as %sms or %ss", s, s, s)
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && strings.Contains(err.Error(), "unit"):
		return 0, fmt.Errorf("%s: not a duration: the units are ns, us, ms, s, m and h, as in 150ms or 1m30s", s)
	case err != nil && len(s) > 9 && !strings.ContainsAny(unit, "."):
		return 0, fmt.Errorf("%s: the duration is too long (at most 290 years)", s)
	case err != nil:
		return 0, fmt.Errorf("%s: not a duration, such as 150ms", s)
	case d == 0 && strings.ContainsAny(s, "123456789"):
		return 0, fmt.Errorf("%s: shorter than a nanosecond", s)
	}
	return d, nil
}

// FormatDuration prints d as [time.Duration.String] does, without trailing zero
// units: 1m, not 1m0s.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return strings.Replace(s, "µs", "us", 1)
}

// String prints the duration in a form that parses to the same value.
func (d Duration) String() string { return FormatDuration(time.Duration(d)) }

// ParseRange reads a range of durations, lower end first, such as 150ms-300ms. A
// single duration is both ends. Both ends carry their unit.
func ParseRange(s string) (lo, hi time.Duration, err error) {
	if strings.HasPrefix(s, "-") {
		return 0, 0, fmt.Errorf("%s: a duration cannot be negative", s)
	}
	first, second, isRange := strings.Cut(s, "-")
	if lo, err = ParseDuration(first); err != nil {
		if isRange && isNumber(first) && first != "" {
			return 0, 0, fmt.Errorf("%s: both ends of a range need a unit, such as 150ms-300ms", s)
		}
		return 0, 0, err
	}
	if !isRange {
		return lo, lo, nil
	}
	if hi, err = ParseDuration(second); err != nil {
		return 0, 0, err
	}
	if hi < lo {
		return 0, 0, fmt.Errorf("%s: the lower end of a range comes first, as in %s-%s", s, second, first)
	}
	return lo, hi, nil
}

// FormatRange is the inverse of ParseRange.
func FormatRange(lo, hi time.Duration) string {
	if lo == hi {
		return FormatDuration(lo)
	}
	return FormatDuration(lo) + "-" + FormatDuration(hi)
}

// ParseProbability reads a probability from 0 to 1, such as 0.01 or 1%.
func ParseProbability(s string) (float64, error) {
	num, unit, err := split(s, "a probability", "1% or 0.01")
	if err != nil {
		return 0, err
	}
	switch unit {
	case "%":
		num.Mul(num, big.NewRat(1, 100))
	case "":
	default:
		return 0, fmt.Errorf("%s: %q does not belong to a probability, such as 1%% or 0.01", s, unit)
	}
	p, _ := num.Float64()
	if p > 1 {
		return 0, fmt.Errorf("%s: a probability is at most 1 (100%%)", s)
	}
	return p, nil
}

// maxLen bounds what is read as a number; big.Rat does the arithmetic exactly.
const maxLen = 64

// split cuts s into its leading decimal number and the rest. what and example
// name what was expected.
func split(s, what, example string) (num *big.Rat, rest string, err error) {
	if len(s) > maxLen {
		return nil, "", fmt.Errorf("%.20s...: too long for %s, such as %s", s, what, example)
	}
	if s == "" {
		return nil, "", errors.New("nothing given: expected " + what + ", such as " + example)
	}
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
		end++
	}
	if end == 0 && len(s) > 1 && (s[0] == '-' || s[0] == '+') {
		if _, _, err := split(s[1:], what, example); err == nil {
			if s[0] == '-' {
				return nil, "", fmt.Errorf("%s: %s cannot be negative", s, what)
			}
			return nil, "", fmt.Errorf("%s: %s needs no sign, such as %s", s, what, example)
		}
	}
	if !isNumber(s[:end]) {
		return nil, "", fmt.Errorf("%q is not %s, such as %s", s, what, example)
	}
	num, ok := new(big.Rat).SetString(s[:end])
	if !ok {
		return nil, "", fmt.Errorf("%q is not %s, such as %s", s, what, example)
	}
	return num, s[end:], nil
}

// isNumber reports whether s is digits with at most one point among them.
func isNumber(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits > 0 && digits >= len(s)-1 && strings.Count(s, ".") == len(s)-digits
}

// Group puts commas between the thousands of a string of digits.
func Group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
