package stat

import (
	"math"

	"github.com/consbench/consbench/bench/measure"
)

// Verdict is what a comparison comes to, seen from side B.
type Verdict uint8

// Verdicts.
const (
	CannotTell Verdict = iota // the bounds hold no change, but also changes that would matter
	Same                      // equal, or within the tolerance
	Better
	Worse
	Different // changed, and the metric has no better direction
)

func (v Verdict) String() string {
	return [...]string{"cannot tell", "same", "better", "worse", "different"}[v]
}

// DefaultTolerance is a relative change that nobody would act upon.
const DefaultTolerance = 0.02

// Negligible is a relative change that is none, however sure it is.
const Negligible = 0.001

// Verdict judges a ratio. If the bounds lie within [Negligible], it is the same. If the bounds exclude no change, it is better or worse as
// the metric has it; if they lie within the tolerance (0.02: 1/1.02 to 1.02), it
// is the same. Of exact values over several seeds the bounds are the extremes: if one
// seed says better and another one worse, that cannot be told.
func (e Estimate) Verdict(better measure.Direction, tolerance float64) Verdict {
	within := func(t float64) bool { return e.Low >= 1/(1+t) && e.High <= 1+t }
	switch {
	case within(Negligible), !e.Changed() && within(tolerance):
		return Same
	case !e.Changed():
		return CannotTell
	case better == measure.Neither:
		return Different
	case (e.Low > 1) == (better == measure.Higher):
		return Better
	}
	return Worse
}

// Needed is about how many pairs would turn [CannotTell] into another verdict: as
// many as show a change of the size that was estimated, or of the tolerance if
// that is larger. It is more than there were, and 0 if nobody would run so many.
func (e Estimate) Needed(tolerance, power float64) int {
	change := tolerance
	if e.Value > 0 && !math.IsInf(e.Value, 1) {
		change = max(change, math.Expm1(math.Abs(math.Log(e.Value))))
	}
	n := e.PairsFor(change, power)
	if n > 0 && n <= e.Pairs {
		n = 2 * e.Pairs // an unlucky sample: as many again
	}
	return n
}
