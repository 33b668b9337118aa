package trend

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Options of [Divisive]. The zero value is not of use: see [DefaultOptions].
type Options struct {
	Level        float64 // a split counts if its p is at most this
	Permutations int     // per test: the smallest p is 1/(Permutations+1)
	Least        int     // values on each side of a split, at least 1
	Seed         uint64  // of the permutations
}

// DefaultOptions find nothing in 99 of 100 series that did not change, and need at
// least three values on each side.
func DefaultOptions() Options {
	return Options{Level: 0.01, Permutations: 999, Least: 3, Seed: 1}
}

// FewestValues is how long a series must be for a clean step in its middle to be
// found at level 0.01: of the 252 ways to choose five values of ten, two are as good.
const FewestValues = 10

// A Split is a change point: the first index after the change.
type Split struct {
	At int
	P  float64 // share of permutations, itself included, that split at least as well
}

// Divisive returns the change points of values, which are finite, in the order of the
// series. Equal input gives equal output.
//
// The distance of two samples of m and n values is their scaled energy distance with
// exponent 1 (Matteson and James, equation 5), mn/(m+n) times 2 E|X-Y| - E|X-X'| -
// E|Y-Y'|, the last two over distinct pairs. It sees a change of any kind, and most
// of all one of the middle. Each step takes the best split of all segments there are
// and tests it by permuting values within the segments; the search ends with the first
// that does not count. A segment is split with all that follows in it on one side, as
// Daly et al. do; the paper lets the far side end earlier too, which takes time in the
// cube of the length.
func Divisive(values []float64, o Options) []Split {
	o.Least = max(o.Least, 1)
	rng := rand.New(rand.NewPCG(o.Seed, uint64(len(values))))
	segments := []*segment{newSegment(values, 0, o.Least)}
	var splits []Split
	for {
		best := slices.MaxFunc(segments, func(a, b *segment) int {
			return compare(a.q, b.q)
		})
		if best.q <= 0 {
			break
		}
		p := test(segments, best.q, o, rng)
		if p > o.Level {
			break
		}
		splits = append(splits, Split{best.from + best.at, p})
		i := slices.Index(segments, best)
		segments = slices.Replace(segments, i, i+1,
			newSegment(best.values[:best.at], best.from, o.Least), newSegment(best.values[best.at:], best.from+best.at, o.Least))
	}
	slices.SortFunc(splits, func(a, b Split) int { return a.At - b.At })
	return splits
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// segment is a stretch of the series with its best split.
type segment struct {
	values []float64
	from   int
	at     int
	q      float64 // of the split; 0 = there is none
}

func newSegment(values []float64, from, least int) *segment {
	s := &segment{values: values, from: from}
	s.at, s.q = bestSplit(values, least)
	return s
}

// test is the share of permutations within the segments whose best split is at least
// as good as q. It stops early where it is clear that the level is not met.
func test(segments []*segment, q float64, o Options, rng *rand.Rand) float64 {
	as := 1 // the series itself
	total := o.Permutations + 1
	shuffled := make([][]float64, len(segments))
	for i, s := range segments {
		shuffled[i] = slices.Clone(s.values)
	}
	for range o.Permutations {
		most := 0.0
		for _, v := range shuffled {
			rng.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
			_, one := bestSplit(v, o.Least)
			most = max(most, one)
		}
		if most >= q*(1-1e-12) { // equal but for rounding is equal
			as++
		}
		if float64(as) > o.Level*float64(total) {
			return float64(as) / float64(total)
		}
	}
	return float64(as) / float64(total)
}

// bestSplit is the split of values with the largest distance between its sides, which
// have at least least values each. Moving the split by one value updates the three
// sums of differences by one row each, so it takes time in the square of the length.
func bestSplit(values []float64, least int) (at int, q float64) {
	n := len(values)
	if n < 2*least {
		return 0, 0
	}
	var within, between, after float64 // sums of |x-y| over pairs: both before, across, both behind
	for i := range values {
		for j := i + 1; j < n; j++ {
			after += math.Abs(values[i] - values[j])
		}
	}
	for k := 1; k <= n-least; k++ { // values[k-1] changes sides
		x := values[k-1]
		for i := range k - 1 {
			d := math.Abs(values[i] - x)
			within += d
			between -= d
		}
		for j := k; j < n; j++ {
			d := math.Abs(values[j] - x)
			after -= d
			between += d
		}
		if k < least {
			continue
		}
		if e := energy(within, between, after, k, n-k); e > q {
			at, q = k, e
		}
	}
	return at, q
}

// energy is the scaled energy distance of m and n values from sums over pairs.
func energy(within, between, after float64, m, n int) float64 {
	a, b := float64(m), float64(n)
	e := 2 * between / (a * b)
	if m > 1 {
		e -= within / (a * (a - 1) / 2)
	}
	if n > 1 {
		e -= after / (b * (b - 1) / 2)
	}
	return a * b / (a + b) * e
}
