package stat

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Confidence of bounds and power of comparisons, unless asked for otherwise.
const (
	DefaultConfidence = 0.95
	DefaultPower      = 0.95
)

// MinPairs is the fewest pairs that bounds of the default confidence can be drawn
// from: with five, even if all agree, chance does it once in 16.
const MinPairs = 6

// Estimate is a figure with its bounds: the ratio of side B to side A, 1 being no
// change, or the value of one side in the metric's unit.
type Estimate struct {
	Value      float64 // may be +Inf or 0 where one side is 0 and the other is not
	Low, High  float64 // 0 and +Inf: too few pairs for bounds
	Confidence float64 // that was asked of the bounds; 1 if exact
	Pairs      int     // pairs, or values of one side
	Exact      bool    // virtual time: the bounds are the extremes, of one pair the value itself
	Spread     float64 // standard deviation of the logarithms
	P          float64 // of the two-sided test that nothing changed; the bounds exclude no change if it is at most 1-Confidence; 0 or 1 if exact
}

// First is the side, 0 or 1, that runs first in a pair, the pairs of a batch being
// counted from 0: A B, B A, B A, A B and so on in the Thue-Morse sequence. Each four
// pairs have either side first twice and leave out what drifts evenly. In plain
// turns, A B B A A B B A, one side would always run next to itself at the border of
// two pairs; where a run resembles the one before, neighbouring pairs would then err
// alike, each time. Here they do so twice and the contrary once.
func First(pair int) int { return bits.OnesCount(uint(pair)) & 1 }

// ErrSample says that a sample cannot be used.
var ErrSample = errors.New("stat: unusable sample")

// Paired compares b to a, pair by pair. The values are not negative; a pair of
// zeros is one without change. confidence is that of the bounds, such as
// [DefaultConfidence].
func Paired(a, b []float64, confidence float64) (Estimate, error) {
	if len(a) != len(b) {
		return Estimate{}, fmt.Errorf("%w: %d values against %d", ErrSample, len(a), len(b))
	}
	logs := make([]float64, len(a))
	for i := range a {
		if err := errors.Join(usable(a[i]), usable(b[i])); err != nil {
			return Estimate{}, err
		}
		if a[i] != b[i] {
			logs[i] = log(b[i]) - log(a[i])
		}
	}
	return estimate(logs, confidence)
}

// Unpaired compares two samples whose values do not belong together, such as the
// elections of two sides: the ratio is the exponential of the median of all
// differences of logarithms, and its bounds are those of the Mann-Whitney test,
// approximated by a normal distribution (Hollander et al., sections 4.2 and 4.3).
// Fewer than ten values a side are too few for that: there are no bounds. Pairs is
// the size of the smaller sample.
func Unpaired(a, b []float64, confidence float64) (Estimate, error) {
	if len(a) == 0 || len(b) == 0 {
		return Estimate{}, fmt.Errorf("%w: empty", ErrSample)
	}
	if !(confidence > 0 && confidence < 1) {
		return Estimate{}, fmt.Errorf("stat: %g is not a confidence between 0 and 1", confidence)
	}
	la, lb := make([]float64, len(a)), make([]float64, len(b))
	for i, v := range a {
		if err := usable(v); err != nil {
			return Estimate{}, err
		}
		la[i] = log(v)
	}
	for j, v := range b {
		if err := usable(v); err != nil {
			return Estimate{}, err
		}
		lb[j] = log(v)
	}
	slices.Sort(la)
	slices.Sort(lb)
	d := differences{la, lb}
	n, m := float64(len(a)), float64(len(b))
	sa, sb := deviation(la), deviation(lb)
	e := Estimate{
		Value: math.Exp((d.at((d.len()-1)/2) + d.at(d.len()/2)) / 2), High: math.Inf(1), Confidence: confidence, Pairs: min(len(a), len(b)),
		// Two values differ by the noise of both.
		Spread: math.Sqrt(2 * ((n-1)*sa*sa + (m-1)*sb*sb) / max(n+m-2, 1)),
	}
	c := int(math.Floor(n*m/2 + normalQuantile((1-confidence)/2)*math.Sqrt(n*m*(n+m+1)/12)))
	e.P = 1
	if e.Pairs >= 10 {
		// The bounds exclude 0 if fewer than c differences are on its side.
		k := float64(d.side())
		e.P = min(1, 2*normalCDF((k+1-n*m/2)/math.Sqrt(n*m*(n+m+1)/12)))
		if c > 0 {
			e.Low, e.High = math.Exp(d.at(c-1)), math.Exp(d.at(d.len()-c))
		}
	}
	return e, nil
}

// Single estimates the value of one side from its values, which are not negative.
func Single(values []float64, confidence float64) (Estimate, error) {
	logs := make([]float64, len(values))
	for i, v := range values {
		if err := usable(v); err != nil {
			return Estimate{}, err
		}
		logs[i] = log(v)
	}
	return estimate(logs, confidence)
}

// Exact is the ratio of b to a where neither is subject to chance.
func Exact(a, b float64) Estimate {
	ratio := b / a
	if a == b {
		ratio = 1 // of zeros too
	}
	return ExactValue(ratio)
}

// ExactOver compares b to a where neither is subject to chance and there are
// several pairs, such as one for each seed. The estimate is the median ratio, its
// bounds the smallest and the largest. It panics if there is no pair.
func ExactOver(a, b []float64) Estimate {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = Exact(a[i], b[i]).Value
	}
	s := Summarize(ratios)
	e := Estimate{Value: s.Median, Low: s.Min, High: s.Max, Confidence: 1, Pairs: len(a), Exact: true, P: 1}
	if e.Changed() {
		e.P = 0
	}
	return e
}

// ExactValue is a value that is not subject to chance.
func ExactValue(v float64) Estimate {
	e := Estimate{Value: v, Low: v, High: v, Confidence: 1, Pairs: 1, Exact: true, P: 1}
	if e.Changed() {
		e.P = 0
	}
	return e
}

func usable(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return fmt.Errorf("%w: %g", ErrSample, v)
	}
	return nil
}

// infinite stands for the logarithm of zero, and for its opposite: what is left of
// it in a difference or an average is still beyond exp.
const infinite = 1e6

func log(v float64) float64 {
	if v == 0 {
		return -infinite
	}
	return math.Log(v)
}

func estimate(logs []float64, confidence float64) (Estimate, error) {
	if len(logs) == 0 {
		return Estimate{}, fmt.Errorf("%w: empty", ErrSample)
	}
	if !(confidence > 0 && confidence < 1) {
		return Estimate{}, fmt.Errorf("stat: %g is not a confidence between 0 and 1", confidence)
	}
	l := SignedRank(logs, confidence)
	return Estimate{
		Value: math.Exp(l.Center), Low: math.Exp(l.Low), High: math.Exp(l.High),
		Confidence: confidence, Pairs: len(logs), Spread: deviation(logs), P: l.P,
	}, nil
}

// deviation is the standard deviation of a sample, 0 of a single value.
func deviation(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	sum := 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// Bounded reports whether there are bounds.
func (e Estimate) Bounded() bool { return e.Exact || e.Low > 0 && !math.IsInf(e.High, 1) }

// Changed reports whether the bounds of a ratio exclude that nothing changed.
func (e Estimate) Changed() bool { return e.Low > 1 || e.High < 1 }

// Visible is the smallest relative change, such as 0.03 for +3 %, that as many
// pairs with the same spread would show with probability power: the bounds would
// exclude no change. It is 0 if exact and +Inf if no change would show.
//
// The signed-rank test needs pi/3 times the pairs of Student's test (its
// efficiency at the normal distribution, Hollander et al., section 3.11); the
// power of that one follows from the spread. The spread is itself an estimate:
// what counts is its upper bound at 80 %, so that few pairs promise less.
func (e Estimate) Visible(power float64) float64 {
	if e.Exact {
		return 0
	}
	return visible(e.Spread, e.Pairs, e.Confidence, power)
}

func visible(spread float64, pairs int, confidence, power float64) float64 {
	if c, _ := critical(pairs, (1-confidence)/2); c == 0 || pairs < MinPairs { // below, t is not exact enough
		return math.Inf(1)
	}
	v := pairs - 1
	return math.Expm1((studentQuantile((1+confidence)/2, v) + studentQuantile(power, v)) * standardError(spread, pairs))
}

// standardError is that of the estimate, at most: of its logarithm.
func standardError(spread float64, pairs int) float64 {
	const efficiency = 3 / math.Pi
	return spread * inflation(pairs-1) / math.Sqrt(efficiency*float64(pairs))
}

// inflation is the upper bound at 80 % of a standard deviation with v degrees of
// freedom, over its estimate: by Wilson and Hilferty's quantile of chi-square.
func inflation(v int) float64 {
	a := 2 / (9 * float64(v))
	return math.Pow(1-a+normalQuantile(.2)*math.Sqrt(a), -1.5)
}

// maxPairs ends the search for a number of pairs: nobody runs more.
const maxPairs = 1_000_000

// PairsFor is about how many pairs with the same spread would show a relative
// change, such as 0.03, up or down, with probability power. It is 0 if a million
// would not.
func (e Estimate) PairsFor(change, power float64) int {
	change = math.Abs(change)
	if e.Exact {
		return 1
	}
	enough := func(n int) bool { return visible(e.Spread, n, e.Confidence, power) <= change }
	if !(change > 0) || !enough(maxPairs) {
		return 0
	}
	low, high := MinPairs-1, maxPairs // low is not enough, high is
	for low+1 < high {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// Summary is what a table shows of one side.
type Summary struct {
	Count          int
	Min, Max       float64
	Q1, Median, Q3 float64 // quartiles, interpolated
}

// Summarize returns the summary of values; the zero Summary if there are none.
func Summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	x := slices.Clone(values)
	slices.Sort(x)
	at := func(q float64) float64 {
		pos := q * float64(len(x)-1)
		i := int(pos)
		if i+1 == len(x) {
			return x[i]
		}
		if f := pos - float64(i); f > 0 && x[i] != x[i+1] { // infinities have no difference
			return x[i] + f*(x[i+1]-x[i])
		}
		return x[i]
	}
	return Summary{len(x), x[0], x[len(x)-1], at(.25), at(.5), at(.75)}
}

// Relative is half the distance between the quartiles, over the median: 0.02 is
// half of all values within about 2 % of the median. It is 0 if the median is.
func (s Summary) Relative() float64 {
	if s.Median == 0 {
		return 0
	}
	return (s.Q3 - s.Q1) / 2 / s.Median
}
