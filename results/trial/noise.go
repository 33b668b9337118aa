package main

import (
	"github.com/consbench/consbench/bench/stat"
	"math"
)

// throughputs are the columns of the first metric.
func throughputs(pairs []Pair) (old, new []float64) { return column(pairs, 0) }

func column(pairs []Pair, metric int) (old, new []float64) {
	for _, p := range pairs {
		old, new = append(old, p.Old[metric]), append(new, p.New[metric])
	}
	return old, new
}

// describe says what the noise is like.
func (e *experiment) describe() {
	e.Follows, e.Second = map[string]float64{}, map[string]Bounds{}
	for m, name := range e.Metrics {
		old, new := column(e.Pairs, m)
		logs := make([]float64, len(old))
		for i := range old {
			logs[i] = math.Log(new[i]) - math.Log(old[i])
		}
		e.Follows[name] = correlation(logs)
		for i := range old {
			if e.Pairs[i].Swapped {
				old[i], new[i] = new[i], old[i]
			}
		}
		if b, err := stat.Paired(old, new, stat.DefaultConfidence); err == nil && b.Bounded() {
			e.Second[name] = Bounds{b.Value, b.Low, b.High}
		}
	}
	var sees []float64
	for _, c := range e.Comparisons {
		for _, r := range c.Rows {
			if r.Metric == "throughput" && r.Visible != nil {
				sees = append(sees, *r.Visible)
			}
		}
	}
	e.Sees = stat.Summarize(sees).Median
}

// correlation is that of neighbours.
func correlation(x []float64) float64 {
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	var with, all float64
	for i, v := range x {
		all += (v - mean) * (v - mean)
		if i > 0 {
			with += (v - mean) * (x[i-1] - mean)
		}
	}
	if all == 0 {
		return 0
	}
	return with / all
}
