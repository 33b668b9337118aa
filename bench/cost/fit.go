package cost

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Row is work that was measured, and the processor time that it took in nanoseconds.
type Row struct {
	Work
	Time float64
}

// Errors of Fit, where rows say nothing of the terms.
var (
	ErrTooFew = errors.New("too few to tell terms apart")
	ErrAlike  = errors.New("all alike: only what they cost together can be known")
)

// alike is from which variance inflation on a term cannot be told from others at all:
// what differs is rounding.
const alike = 1e6

// Fit finds the times, none of them negative, that explain rows best: it minimises the
// sum of squares of relative errors, so that short rows count as much as long ones.
// Rows without time are left out; a time that is none is an error. Terms for which use is
// false stay 0, as do those that nothing in rows has. stderr are the standard errors of
// the others, of those that are 0 because they would be negative, too: they are those of
// a fit without signs, for the others are no better known. A term that always comes in
// proportion to others could be all or nothing of their sum: its error is as large as that.
func Fit(rows []Row, use [Terms]bool) (m, stderr Model, err error) {
	var a [Terms][Terms]float64
	var b, scale [Terms]float64
	n := 0
	scaled := make([][Terms]float64, 0, len(rows))
	for i := range rows {
		if t := rows[i].Time; math.IsNaN(t) || math.IsInf(t, 0) || t < 0 {
			return m, stderr, fmt.Errorf("cost: row %d of %d took %g ns, which is no time", i+1, len(rows), t)
		} else if t == 0 {
			continue
		}
		var x [Terms]float64
		for j, c := range rows[i].Counts() {
			if use[j] {
				x[j] = float64(c) / rows[i].Time
			}
		}
		scaled = append(scaled, x)
		for j := range x {
			scale[j] += x[j] * x[j]
		}
		n++
	}
	terms := 0
	for j := range scale {
		if scale[j] = math.Sqrt(scale[j]); scale[j] > 0 {
			terms++
		}
	}
	if n <= terms {
		return m, stderr, fmt.Errorf("cost: %d rows for %d terms are %w", n, terms, ErrTooFew)
	}
	for _, x := range scaled {
		for j := range x {
			if scale[j] == 0 {
				continue
			}
			x[j] /= scale[j]
			b[j] += x[j]
			for k := range j + 1 {
				if scale[k] > 0 {
					a[j][k] += x[j] * x[k]
				}
			}
		}
	}
	for j := range a {
		for k := range j {
			a[k][j] = a[j][k]
		}
	}
	var known []int
	for j := range scale {
		if scale[j] > 0 {
			known = append(known, j)
		}
	}
	if terms > 1 && proportional(&a, known) {
		return m, stderr, fmt.Errorf("cost: %d rows are %w", n, ErrAlike)
	}
	t := nonNegative(&a, &b, known)
	residual := 0.0
	for _, x := range scaled {
		e := 1.0
		for j := range x {
			if scale[j] > 0 {
				e -= t[j] * x[j] / scale[j]
			}
		}
		residual += e * e
	}
	variance := residual / float64(n-terms)
	var times, errs [Terms]float64
	for i, row := range inverse(&a, known) {
		j, inflation := known[i], math.Abs(row[i])
		times[j] = t[j] / scale[j]
		errs[j] = math.Sqrt(variance*inflation) / scale[j]
		if inflation > alike { // it is at most what it would be alone
			errs[j] = max(errs[j], b[j]/scale[j])
		}
	}
	m.SetTimes(times)
	stderr.SetTimes(errs)
	return m, stderr, nil
}

// proportional reports whether all terms come in the same proportions: the cosine of the
// angle between any two is 1.
func proportional(a *[Terms][Terms]float64, terms []int) bool {
	for _, j := range terms {
		if a[terms[0]][j] < 1-1e-9 {
			return false
		}
	}
	return true
}

// nonNegative minimises t'At/2 - b't over t >= 0, of the terms known (Lawson and Hanson,
// Solving Least Squares Problems, 1974, chapter 23). Steps that only rounding asks for
// are not taken, so it ends.
func nonNegative(a *[Terms][Terms]float64, b *[Terms]float64, known []int) (t [Terms]float64) {
	var free []int // terms above 0
	for range 10 * Terms {
		next, steepest := -1, 1e-10
		for _, j := range known {
			g := b[j]
			for _, k := range free {
				g -= a[j][k] * t[k]
			}
			if g > steepest && !slices.Contains(free, j) {
				next, steepest = j, g
			}
		}
		if next < 0 {
			break
		}
		free = append(free, next)
		for len(free) > 0 {
			z, step := solve(a, b, free), 1.0
			for i, j := range free { // as far as nothing becomes negative
				if z[i] <= 0 {
					step = min(step, t[j]/(t[j]-z[i]))
				}
			}
			for i, j := range free {
				t[j] += step * (z[i] - t[j])
			}
			if step == 1 {
				break
			}
			free = slices.DeleteFunc(free, func(j int) bool {
				if t[j] < 1e-12 {
					t[j] = 0
				}
				return t[j] == 0
			})
		}
	}
	return t
}

// solve is the t for which At = b, of some terms alone.
func solve(a *[Terms][Terms]float64, b *[Terms]float64, terms []int) []float64 {
	out := make([]float64, len(terms))
	for i, row := range inverse(a, terms) {
		for k, j := range terms {
			out[i] += row[k] * b[j]
		}
	}
	return out
}

// inverse is the inverse of some rows and columns of a, by elimination. Terms that cannot
// be told apart have large entries.
func inverse(a *[Terms][Terms]float64, terms []int) [][]float64 {
	n := len(terms)
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, 2*n)
		for j := range n {
			m[i][j] = a[terms[i]][terms[j]]
		}
		m[i][i] += 1e-12 // what is collinear has no inverse
		m[i][n+i] = 1
	}
	for i := range n {
		pivot := i
		for r := i; r < n; r++ {
			if math.Abs(m[r][i]) > math.Abs(m[pivot][i]) {
				pivot = r
			}
		}
		m[i], m[pivot] = m[pivot], m[i]
		p := m[i][i]
		if p == 0 {
			continue
		}
		for c := range m[i] {
			m[i][c] /= p
		}
		for r := range n {
			if f := m[r][i]; r != i && f != 0 {
				for c := range m[r] {
					m[r][c] -= f * m[i][c]
				}
			}
		}
	}
	for i := range m {
		m[i] = m[i][n:]
	}
	return m
}
