package trend

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/stat"
)

// longest is how many values are searched for changes: the search takes time in their
// square. Of a longer series they are the means of as many neighbours.
const longest = 400

// Result is one run with what decides where it belongs.
type Result struct {
	ID          string // of its file
	Revision    string // "" = unknown
	Modified    bool   // with changes that the revision does not have
	Started     time.Time
	Run         string // raft/3/sim
	Seed        uint64
	Fingerprint string
	Machine     string // what decides live figures
	Arch        string // what decides exact ones
	Virtual     bool
	Value       func(metric string) (float64, bool)
}

// Series is one metric of results that measured the same.
type Series struct {
	Metric      measure.Metric
	Run         string
	Seed        uint64
	Fingerprint string
	Machine     string // Arch where it is exact
	Exact       bool
	Points      []Point
	Changes     []Change
	Step        int // points to each value that was searched for changes
}

// Point is one value.
type Point struct {
	Result *Result
	Value  float64
}

// Change is where a series changed.
type Change struct {
	At            int // index of the first point after it
	Before, After float64
	P             float64 // 0 where it is exact
	Better        bool
	Worse         bool
}

// Ratio is after over before; not finite where before is 0.
func (c *Change) Ratio() float64 { return c.After / c.Before }

// Order says which of two results came first: by the place of their revisions in
// history where both have one, else by time.
func Order(place map[string]int) func(a, b *Result) int {
	return func(a, b *Result) int {
		if len(place) > 0 {
			if d := cmp.Compare(place[a.Revision], place[b.Revision]); d != 0 {
				return d
			}
			if a.Modified != b.Modified { // changes come on top of a revision
				if b.Modified {
					return -1
				}
				return 1
			}
		}
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	}
}

// Follow returns the series of metrics over results, the longest first. place is the
// position of every revision in history, or empty: then time decides.
func Follow(results []Result, metrics []measure.Metric, place map[string]int, o Options) []Series {
	type key struct {
		run, fingerprint, machine string
		seed                      uint64
	}
	sorted := make([]*Result, len(results))
	for i := range results {
		sorted[i] = &results[i]
	}
	slices.SortStableFunc(sorted, Order(place))
	var out []Series
	for _, m := range metrics {
		index := map[key]int{}
		first := len(out)
		for _, r := range sorted {
			v, known := r.Value(m.Name)
			if !known || math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			exact := r.Virtual && m.Exact
			k := key{r.Run, r.Fingerprint, r.Machine, r.Seed}
			if exact {
				k.machine = r.Arch
			}
			at, known := index[k]
			if !known {
				at = len(out)
				index[k] = at
				out = append(out, Series{Metric: m, Run: r.Run, Seed: r.Seed, Fingerprint: r.Fingerprint, Machine: k.machine, Exact: exact})
			}
			out[at].Points = append(out[at].Points, Point{r, v})
		}
		slices.SortStableFunc(out[first:], func(a, b Series) int {
			return cmp.Or(cmp.Compare(len(b.Points), len(a.Points)), cmp.Compare(a.Run, b.Run))
		})
	}
	for i := range out {
		out[i].search(o)
	}
	return out
}

// Values are those of the points.
func (s *Series) Values() []float64 {
	v := make([]float64, len(s.Points))
	for i, p := range s.Points {
		v[i] = p.Value
	}
	return v
}

// search finds the changes.
func (s *Series) search(o Options) {
	values := s.Values()
	s.Step = 1
	if s.Exact {
		for i := 1; i < len(values); i++ {
			if values[i] != values[i-1] {
				s.add(i, values[i-1], values[i], 0)
			}
		}
		return
	}
	s.Step = max(1, (len(values)+longest-1)/longest)
	splits := Divisive(Means(values, s.Step), o)
	if s.Step > 1 {
		for i := range splits {
			splits[i].At = place(values, splits, i, s.Step)
		}
	}
	from := 0
	for i, split := range splits {
		to := len(values)
		if i+1 < len(splits) {
			to = splits[i+1].At
		}
		s.add(split.At, middle(values[from:split.At]), middle(values[split.At:to]), split.P)
		from = split.At
	}
}

// Means are those of each so many neighbours; the last may be of fewer. Equal values have
// themselves for a mean.
func Means(values []float64, step int) []float64 {
	var out []float64
	for part := range slices.Chunk(values, step) {
		sum := 0.0
		for _, v := range part {
			sum += v / float64(len(part))
		}
		out = append(out, min(max(sum, slices.Min(part)), slices.Max(part)))
	}
	return out
}

// place finds the value at which split i of means changes the series: the best split of the
// values around it that lies within one step. Those before i are in place already.
func place(values []float64, splits []Split, i, step int) int {
	const around = 8 // steps to each side, or up to the next split
	at := splits[i].At * step
	lo, hi := max(0, at-around*step), min(len(values), at+around*step)
	if i > 0 {
		lo = max(lo, splits[i-1].At)
	}
	if i+1 < len(splits) {
		hi = min(hi, splits[i+1].At*step)
	}
	before, after := min(step, at-lo-1), min(step, hi-at-1)
	best, q := at, 0.0
	for k := at - before; k <= at+after; k++ {
		m, n := float64(k-lo), float64(hi-k)
		apart := Means(values[lo:k], k-lo)[0] - Means(values[k:hi], hi-k)[0]
		if d := m * n / (m + n) * apart * apart; d > q { // what the split explains of the variance
			best, q = k, d
		}
	}
	return best
}

func (s *Series) add(at int, before, after, p float64) {
	c := Change{At: at, Before: before, After: after, P: p}
	switch up := after > before; {
	case after == before || s.Metric.Better == measure.Neither:
	case up == (s.Metric.Better == measure.Higher):
		c.Better = true
	default:
		c.Worse = true
	}
	s.Changes = append(s.Changes, c)
}

func middle(values []float64) float64 { return stat.Summarize(values).Median }
