package stat

import (
	"math"
	"slices"
	"sync"
)

// exactLimit is the largest sample for which the signed-rank distribution is
// computed; above it a normal distribution takes its place.
const exactLimit = 60

// Location is the centre of a sample with its confidence bounds.
type Location struct {
	Center     float64 // Hodges-Lehmann: the median of the Walsh averages
	Low, High  float64 // -Inf and +Inf where the sample is too small for any bounds
	Confidence float64 // that the bounds have: at least what was asked for
	P          float64 // of the two-sided test that the centre is 0
}

// SignedRank estimates the centre of the distribution that x was drawn from. The
// bounds hold all centres that Wilcoxon's two-sided signed-rank test at level
// 1-confidence does not reject. It panics if x is empty or holds a NaN.
func SignedRank(x []float64, confidence float64) Location {
	w := walsh(x)
	m := len(w)
	center := w[m/2]
	if m%2 == 0 {
		center = (w[m/2-1] + w[m/2]) / 2
	}
	l := Location{Center: center, Low: math.Inf(-1), High: math.Inf(1), Confidence: 1}
	// As many averages on one side of 0 are what the statistic is, at least: so
	// bounds and test say the same, ties and zeros included.
	l.P = min(1, 2*lowerTail(len(x), sideOf(w)))
	if c, tail := critical(len(x), (1-confidence)/2); c > 0 {
		l.Low, l.High, l.Confidence = w[c-1], w[m-c], 1-2*tail
	}
	return l
}

// sideOf is how many of the sorted values lie on the emptier side of 0, zeros
// counted on either.
func sideOf(sorted []float64) int {
	below, above := 0, 0
	for _, v := range sorted {
		if v <= 0 {
			below++
		}
		if v >= 0 {
			above++
		}
	}
	return min(below, above)
}

// lowerTail is P(T <= t), T being the signed-rank statistic of n values.
func lowerTail(n, t int) float64 {
	if n > exactLimit {
		mean, sd := signedRankNormal(n)
		return normalCDF((float64(t) + 0.5 - mean) / sd)
	}
	sum := 0.0
	for _, q := range signedRankPMF(n)[:t+1] {
		sum += q
	}
	return min(sum, 1)
}

// signedRankNormal is the normal distribution that stands for the statistic of
// large samples.
func signedRankNormal(n int) (mean, sd float64) {
	return float64(n) * float64(n+1) / 4, math.Sqrt(float64(n) * float64(n+1) * float64(2*n+1) / 24)
}

// walsh returns the averages of all pairs of x, each with itself too, in order.
func walsh(x []float64) []float64 {
	if len(x) == 0 {
		panic("stat: empty sample")
	}
	w := make([]float64, 0, len(x)*(len(x)+1)/2)
	for i, a := range x {
		if math.IsNaN(a) {
			panic("stat: NaN in a sample")
		}
		for _, b := range x[:i+1] {
			w = append(w, a/2+b/2)
		}
	}
	slices.Sort(w)
	return w
}

// critical returns the largest c with P(T < c) <= p, and that probability. T is
// the signed-rank statistic of n values. c = 0: there is none.
func critical(n int, p float64) (c int, tail float64) {
	if n > exactLimit {
		// T+1/2 for T: the correction for continuity.
		mean, sd := signedRankNormal(n)
		c = int(math.Floor(mean + sd*normalQuantile(p) + 0.5))
		return c, normalCDF((float64(c) - 0.5 - mean) / sd)
	}
	sum := 0.0
	for t, q := range signedRankPMF(n) {
		if sum+q > p {
			return t, sum
		}
		sum += q
	}
	panic("stat: no critical value") // p < 1/2
}

// signedRankPMF returns P(T = t) for t from 0 to n(n+1)/2, n being at most
// exactLimit and T the sum of those ranks of 1 to n whose coin shows heads. It is the
// caller's to read only.
func signedRankPMF(n int) []float64 { return pmfs[n]() }

// pmfs are computed once each: the search for a number of pairs asks for many.
var pmfs = func() (all [exactLimit + 1]func() []float64) {
	for n := range all {
		all[n] = sync.OnceValue(func() []float64 { return computePMF(n) })
	}
	return all
}()

func computePMF(n int) []float64 {
	pmf := make([]float64, n*(n+1)/2+1)
	pmf[0] = 1
	top := 0
	for rank := 1; rank <= n; rank++ {
		top += rank
		for t := top; t >= 0; t-- {
			pmf[t] /= 2
			if t >= rank {
				pmf[t] += pmf[t-rank] / 2
			}
		}
	}
	return pmf
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// studentQuantile is the p-quantile of Student's t with v degrees of freedom, to
// three digits from v = 5 on (Abramowitz and Stegun, 26.7.5).
func studentQuantile(p float64, v int) float64 {
	z, n := normalQuantile(p), float64(v)
	z2 := z * z
	g1 := (z2 + 1) * z / 4
	g2 := ((5*z2+16)*z2 + 3) * z / 96
	g3 := (((3*z2+19)*z2+17)*z2 - 15) * z / 384
	g4 := ((((79*z2+776)*z2+1482)*z2-1920)*z2 - 945) * z / 92160
	return z + (g1+(g2+(g3+g4/n)/n)/n)/n
}
