package stat

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/workload"
)

// Outcome is what an estimate makes of a threshold.
type Outcome uint8

// Outcomes.
const (
	Inconclusive Outcome = iota
	Pass
	Fail
)

func (o Outcome) String() string { return [...]string{"inconclusive", "pass", "fail"}[o] }

// Threshold is a limit on a metric.
type Threshold struct {
	Metric   measure.Metric
	AtLeast  bool    // >=; else <=
	Relative bool    // the limit is a ratio to the other side: 1.05 for +5%
	Limit    float64 // else a value in the metric's unit
}

// ParseThreshold reads a metric, <= or >=, and a limit: a signed percentage
// relative to the other side (p99<=+5%, throughput>=-3%) or a value with its unit
// (p99<=2ms, throughput>=10k/s, wire_bytes/commit<=1KiB, messages/commit<=4).
// Metrics go by the names and aliases of [measure.Find].
func ParseThreshold(s string) (Threshold, error) {
	var t Threshold
	bad := func(format string, args ...any) (Threshold, error) {
		return Threshold{}, fmt.Errorf("threshold %q: %s", s, fmt.Sprintf(format, args...))
	}
	at := strings.IndexAny(s, "<>=!")
	if at < 0 || at+1 >= len(s) || s[at+1] != '=' || s[at] != '<' && s[at] != '>' {
		return bad("needs <= or >= between a metric and its limit, such as p99<=+5%%")
	}
	name, limit := strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+2:])
	t.AtLeast = s[at] == '>'
	var err error
	if t.Metric, err = measure.Find(name); err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %w", s, err)
	}
	if limit == "" {
		return bad("has no limit, such as +5%% or %s", example(t.Metric))
	}
	if number, ok := strings.CutSuffix(limit, "%"); ok {
		t.Relative = true
		change, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		switch {
		case err != nil || math.IsNaN(change) || math.IsInf(change, 0):
			return bad("%q is not a percentage, such as +5%%", limit)
		case change != 0 && number[0] != '+' && number[0] != '-':
			return bad("%s: a change needs a sign: +%s or -%s", limit, limit, limit)
		case change <= -100:
			return bad("%s leaves nothing", limit)
		}
		t.Limit = 1 + change/100
		return t, nil
	}
	t.Limit, err = parseValue(t.Metric, limit)
	if err != nil {
		return bad("%v; or a change, such as +5%%", err)
	}
	return t, nil
}

func parseValue(m measure.Metric, s string) (float64, error) {
	switch m.Unit {
	case measure.Nanoseconds:
		d, err := workload.ParseDuration(s)
		return float64(d), err
	case measure.PerSecond:
		r, err := workload.ParseRate(s)
		return float64(r), err
	case measure.Bytes:
		b, err := workload.ParseSize(s)
		return float64(b), err
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0, fmt.Errorf("%q is not a number of %s, such as %s", s, m.Name, example(m))
	}
	return v, nil
}

func example(m measure.Metric) string {
	switch m.Unit {
	case measure.Nanoseconds:
		return "2ms"
	case measure.PerSecond:
		return "10k/s"
	case measure.Bytes:
		return "1KiB"
	}
	return "4"
}

// String is the canonical form; it parses to an equal threshold.
func (t Threshold) String() string {
	op := "<="
	if t.AtLeast {
		op = ">="
	}
	return t.Metric.Name + op + t.LimitString()
}

// LimitString is the limit alone: +5% or 2ms.
func (t Threshold) LimitString() string {
	if t.Relative {
		percent := strconv.FormatFloat(round(100*(t.Limit-1)), 'f', -1, 64) + "%"
		if t.Limit >= 1 {
			percent = "+" + percent
		}
		return percent
	}
	switch t.Metric.Unit {
	case measure.Nanoseconds:
		return workload.Duration(t.Limit).String()
	case measure.PerSecond:
		return workload.Rate(t.Limit).String()
	case measure.Bytes:
		return workload.Size(t.Limit).String()
	}
	return strconv.FormatFloat(t.Limit, 'g', -1, 64)
}

// round drops what the arithmetic of percentages left over.
func round(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// slack is how far beyond a limit a value may be by the rounding of floats alone.
const slack = 1e-9

// within reports whether v keeps to the limit.
func (t Threshold) within(v float64) bool {
	if t.AtLeast {
		return v >= t.Limit*(1-slack)
	}
	return v <= t.Limit*(1+slack)
}

// Evaluate holds the threshold against an estimate: a ratio if it is relative,
// else the value of one side. power is that of [Estimate.Visible].
//
// A relative limit that no change keeps to, such as p99<=+5%, fails only if the
// bounds exclude no change and the estimate is beyond the limit. It passes if the
// bounds keep to the limit, or if the estimate does and a change up to the limit
// would have shown. Every other limit passes if both bounds keep to it and fails if
// both are beyond. All else is inconclusive.
func (t Threshold) Evaluate(e Estimate, power float64) Outcome {
	worst, best := e.High, e.Low
	if t.AtLeast {
		worst, best = best, worst
	}
	switch {
	case math.IsNaN(e.Value) || math.IsNaN(e.Low) || math.IsNaN(e.High):
		return Inconclusive
	case e.Exact && t.within(e.Value):
		return Pass
	case e.Exact:
		return Fail
	case !e.Bounded():
		return Inconclusive
	case t.within(worst):
		return Pass
	case !t.Relative || !t.within(1):
		if !t.within(best) {
			return Fail
		}
		return Inconclusive
	case !t.within(e.Value):
		if e.Changed() {
			return Fail
		}
		return Inconclusive
	case e.Visible(power) <= math.Abs(math.Expm1(math.Abs(math.Log(t.Limit))))*(1+slack):
		return Pass
	}
	return Inconclusive
}

// Catches is the smallest change beyond the limit that as many batches as these, each
// like the one that e is of, would all fail with probability power: as a share, 0.06
// for throughput that falls by 6 % or a latency that grows by as much. A batch fails
// a change only if its bounds exclude no change and its estimate is beyond the limit;
// so a change as large as the limit is caught every other time. It is 0 if exact,
// +Inf if no change would be caught, and NaN for limits that are not on changes for
// the worse, which Evaluate treats otherwise.
func (t Threshold) Catches(e Estimate, batches int, power float64) float64 {
	switch {
	case !t.Relative || !t.within(1):
		return math.NaN()
	case e.Exact:
		return 0
	}
	each := math.Pow(power, 1/float64(batches))
	seen := math.Log1p(visible(e.Spread, e.Pairs, e.Confidence, each))
	if math.IsInf(seen, 1) {
		return seen
	}
	beyond := math.Abs(math.Log(t.Limit)) + studentQuantile(each, e.Pairs-1)*standardError(e.Spread, e.Pairs)
	if t.AtLeast {
		return -math.Expm1(-max(seen, beyond))
	}
	return math.Expm1(max(seen, beyond))
}
