package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/result"
)

// Preferred numbers: edges of buckets that are equally wide on a logarithmic
// scale, near enough, and read well. Finest first.
var series = [][]float64{
	{1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9}, // R20 of ISO 3
	{1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8},                                                    // R10
	{1, 1.6, 2.5, 4, 6.3}, // R5
	{1, 2, 5},
	{1},
}

// bucket is one bar: counts of from <= t < to, in nanoseconds.
type bucket struct {
	from, to float64
	count    int64
}

const maxBars = 14

// buckets sorts the values of a distribution into the finest logarithmic buckets
// of which at most maxBars are needed, empty ones left out.
func buckets(l *result.Latency) ([]bucket, error) {
	if l.HDR == "" {
		return nil, nil
	}
	h, err := hdrhistogram.Decode([]byte(l.HDR))
	if err != nil {
		return nil, err
	}
	bars := h.Distribution()
	var out []bucket
	for _, edges := range series {
		out = out[:0]
		for _, b := range bars {
			if b.Count == 0 {
				continue
			}
			// A class of the histogram, a thousandth of its value wide, counts where
			// its upper end falls, as in quantiles: 20 ms is not in 18-20 ms.
			v := float64(b.To)
			if l.Max != nil {
				v = min(v, float64(*l.Max))
			}
			if n := len(out); n > 0 && v < out[n-1].to {
				out[n-1].count += b.Count
				continue
			}
			from, to := enclose(v, edges)
			out = append(out, bucket{from, to, b.Count})
		}
		if len(out) <= maxBars {
			break
		}
	}
	return out, nil
}

// enclose returns the neighbours in the series with from <= v < to.
func enclose(v float64, edges []float64) (from, to float64) {
	if v < 1 {
		return 0, 1
	}
	scale := math.Pow(10, math.Floor(math.Log10(v)))
	if v < scale {
		scale /= 10
	} else if v >= 10*scale {
		scale *= 10
	}
	from, to = scale, 10*scale
	for _, e := range edges {
		if e*scale <= v {
			from = e * scale
		} else {
			to = e * scale
			break
		}
	}
	return from, to
}

// histogram draws l as bars.
func (p *page) histogram(l *result.Latency) {
	bars, err := buckets(l)
	if err != nil {
		p.line(" (histogram unreadable: " + Clean(err.Error()) + ")")
		return
	}
	if len(bars) < 2 {
		return
	}
	var total, most int64
	labels := make([]string, len(bars))
	percents := make([]string, len(bars))
	counts := make([]string, len(bars))
	for i, b := range bars {
		total += b.count
		most = max(most, b.count)
		u := unitFor([]float64{b.from})
		labels[i] = number(b.from/u.ns) + "-" + number(b.to/u.ns) + u.name
	}
	for i, b := range bars {
		percents[i] = percent(b.count, total)
		counts[i] = Count(uint64(b.count))
	}
	wl, wp, wc := longest(labels), longest(percents), longest(counts)
	room := p.width - 1 - wl - 2 - wp - 2 - wc - 2
	for i, b := range bars {
		if i > 0 && b.from > bars[i-1].to*1.001 {
			p.line(fmt.Sprintf(" %*s", wl, "..."))
		}
		n := int(math.Round(float64(b.count) * float64(room) / float64(most)))
		bar := strings.Repeat("#", n)
		if n == 0 {
			bar = "."
		}
		p.line(fmt.Sprintf(" %*s  %*s  %*s  %s", wl, labels[i], wp, percents[i], wc, counts[i], bar))
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// percent never says 0 % of something or 100 % of less than all.
func percent(n, of int64) string {
	x := 100 * float64(n) / float64(of)
	switch {
	case n == of:
		return "100%"
	case x < 0.01:
		return "<0.01%"
	case x < 0.1 || x >= 99.95:
		return strconv.FormatFloat(math.Min(x, 99.99), 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(x, 'f', 1, 64) + "%"
}

func longest(cells []string) int {
	n := 0
	for _, c := range cells {
		n = max(n, columns(c))
	}
	return n
}
