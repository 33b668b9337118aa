package stat

import (
	"cmp"
	"math"
	"slices"

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

// Verdict judges a ratio on its own. If the bounds lie within [Negligible], it is
// the same. If the bounds exclude no change, it is better or worse as the metric has
// it; if they lie within the tolerance (0.02: 1/1.02 to 1.02), it is the same. Of
// exact values over several seeds the bounds are the extremes: if one seed says
// better and another one worse, that cannot be told.
func (e Estimate) Verdict(better measure.Direction, tolerance float64) Verdict {
	return e.VerdictIf(e.Changed(), better, tolerance)
}

// VerdictIf is the verdict on one of several ratios, of which [Holm] has decided
// whether it changed: each bound for itself would err too often.
func (e Estimate) VerdictIf(changed bool, better measure.Direction, tolerance float64) Verdict {
	within := func(t float64) bool { return e.Low >= 1/(1+t) && e.High <= 1+t }
	changed = changed && e.Changed()
	switch {
	case within(Negligible), !changed && within(tolerance):
		return Same
	case !changed:
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

// Holm adjusts the probabilities of several tests so that the chance of even one
// false finding among those that come out at most alpha is alpha, however the tests
// depend on each other (Holm, A simple sequentially rejective multiple test
// procedure, Scand. J. Stat. 6 (1979)). The order is that of p.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	out := make([]float64, len(p))
	most := 0.0
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(len(p)-rank)))
		out[i] = most
	}
	return out
}

// Simultaneous is the confidence that each of n bounds needs for all of them to
// hold with confidence (Bonferroni).
func Simultaneous(confidence float64, n int) float64 {
	return 1 - (1-confidence)/float64(max(n, 1))
}

// PairsAt is the fewest pairs whose bounds of a confidence can exclude anything: all
// of them must point the same way.
func PairsAt(confidence float64) int {
	n := MinPairs
	for math.Exp2(float64(1-n)) > 1-confidence {
		n++
	}
	return n
}
