package cost

import (
	"errors"
	"math"
)

// Row is work that was measured, and the processor time that it took in nanoseconds.
type Row struct {
	Work
	Time float64
}

// ErrTooFew is returned where rows cannot tell the terms apart at all.
var ErrTooFew = errors.New("cost: fewer rows than terms")

// Fit finds the times, none of them negative, that explain rows best: it minimises the
// sum of squares of relative errors, so that short rows count as much as long ones.
// Terms for which use is false stay 0, as do those that nothing in rows has. stderr are
// the standard errors of the others; of terms that are 0 because they would be negative,
// that of the fit without them is 0. (Coordinate descent: the problem is convex.)
func Fit(rows []Row, use [Terms]bool) (m, stderr Model, err error) {
	var a [Terms][Terms]float64
	var b, scale [Terms]float64
	n := 0
	scaled := make([][Terms]float64, 0, len(rows))
	for i := range rows {
		if rows[i].Time <= 0 {
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
		return m, stderr, ErrTooFew
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
	t := descend(&a, &b)
	var active []int
	for j := range t {
		if t[j] > 0 {
			active = append(active, j)
		}
	}
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
	variance := residual / float64(max(1, n-len(active)))
	spread := inverseDiagonal(&a, active)
	var times, errs [Terms]float64
	for i, j := range active {
		times[j] = t[j] / scale[j]
		errs[j] = math.Sqrt(variance*spread[i]) / scale[j]
	}
	m.SetTimes(times)
	stderr.SetTimes(errs)
	return m, stderr, nil
}

// descend minimises t'At/2 - b't over t >= 0. The diagonal of a is 1 or 0.
func descend(a *[Terms][Terms]float64, b *[Terms]float64) (t [Terms]float64) {
	for range 200_000 {
		moved := 0.0
		for j := range t {
			if a[j][j] == 0 {
				continue
			}
			g := b[j]
			for k := range t {
				g -= a[j][k] * t[k]
			}
			next := max(0, t[j]+g/a[j][j])
			moved = max(moved, math.Abs(next-t[j]))
			t[j] = next
		}
		if moved < 1e-12 {
			break
		}
	}
	return t
}

// inverseDiagonal is the diagonal of the inverse of a, of its active rows and columns.
// Terms that the rows cannot tell apart have large entries.
func inverseDiagonal(a *[Terms][Terms]float64, active []int) []float64 {
	n := len(active)
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, 2*n)
		for j := range n {
			m[i][j] = a[active[i]][active[j]]
		}
		m[i][i] += 1e-9 // collinear terms have no inverse
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
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Abs(m[i][n+i])
	}
	return out
}
