package figure

import (
	"math"
	"strconv"
	"strings"
)

// Scale is how values become lengths.
type Scale uint8

// Scales of an axis.
const (
	Linear Scale = iota
	Log
	Percentile // of shares q: the logarithm of 1/(1-q), as HdrHistogram plots them
	Tail       // of shares still to come, 1 at the top: logarithmic
)

// Axis is one axis. Values that are shown decide its range, widened by From and To.
type Axis struct {
	Title    string // with the unit in which ticks are
	Scale    Scale
	Unit     float64              // ticks show values divided by it; 0 = 1
	From, To *float64             // that the range must hold
	Format   func(float64) string // one value in words, with its unit
}

// axis is one in place.
type axis struct {
	Axis
	lo, hi float64 // of transformed values
	at, to float64 // where they lie
}

func (a *Axis) transform(v float64) float64 {
	switch a.Scale {
	case Log, Tail:
		return math.Log10(v)
	case Percentile:
		return -math.Log10(1 - v)
	}
	return v
}

// shows reports whether the axis has a place for v.
func (a *Axis) shows(v float64) bool {
	t := a.transform(v)
	return !math.IsNaN(t) && !math.IsInf(t, 0)
}

func (a *Axis) format(v float64) string {
	if a.Format == nil {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return a.Format(v)
}

// place gives an axis its range and lays it between two ends.
func (a *Axis) place(values [][]float64, at, to float64) *axis {
	p := &axis{Axis: *a, lo: math.Inf(1), hi: math.Inf(-1), at: at, to: to}
	add := func(v float64) {
		if a.shows(v) {
			t := a.transform(v)
			p.lo, p.hi = min(p.lo, t), max(p.hi, t)
		}
	}
	for _, list := range values {
		for _, v := range list {
			add(v)
		}
	}
	for _, v := range []*float64{a.From, a.To} {
		if v != nil {
			add(*v)
		}
	}
	if p.lo > p.hi {
		p.lo, p.hi = 0, 1
	}
	switch width := p.hi - p.lo; {
	case width > 0:
	case a.Scale == Linear:
		p.lo, p.hi = p.lo-math.Abs(p.lo)/10-1e-9, p.hi+math.Abs(p.hi)/10+1e-9
	default:
		p.lo, p.hi = p.lo-.15, p.hi+.15
	}
	return p
}

// pad widens the range by a share of it at both ends.
func (p *axis) pad(low, high float64) {
	width := p.hi - p.lo
	p.lo, p.hi = p.lo-low*width, p.hi+high*width
}

func (p *axis) pos(v float64) float64 {
	return p.at + (p.transform(v)-p.lo)/(p.hi-p.lo)*(p.to-p.at)
}

// tick is a value with a name.
type tick struct {
	pos  float64
	text string
}

// ticks returns about n ticks.
func (p *axis) ticks(n int) []tick {
	unit := p.Unit
	if unit == 0 {
		unit = 1
	}
	var out []tick
	add := func(v float64, text string) {
		if t := p.transform(v); t >= p.lo-1e-9 && t <= p.hi+1e-9 {
			out = append(out, tick{p.pos(v), text})
		}
	}
	switch {
	case p.Scale == Percentile:
		add(0, "0")
		add(.5, "50")
		for i := 1; i <= 9; i++ {
			rest := math.Pow10(-i)
			add(1-rest, strconv.FormatFloat(100*(1-rest), 'f', max(0, i-2), 64))
		}
	case p.Scale == Linear:
		step := nice((p.hi - p.lo) / unit / float64(n))
		for i := math.Ceil(p.lo/unit/step - 1e-9); i*step <= p.hi/unit*(1+1e-12)+step*1e-9; i++ {
			add(i*step*unit, plain(i*step, step))
		}
	case p.hi-p.lo < 1:
		lo, hi := math.Pow(10, p.lo)/unit, math.Pow(10, p.hi)/unit
		step := nice((hi - lo) / float64(n))
		for i := math.Ceil(lo / step); i*step <= hi; i++ {
			add(i*step*unit, plain(i*step, step))
		}
	default:
		digits := []float64{1}
		if p.hi-p.lo <= float64(n)*.4 {
			digits = []float64{1, 2, 5}
		}
		for e := math.Floor(p.lo - math.Log10(unit) - 1); e <= p.hi-math.Log10(unit)+1; e++ {
			for _, d := range digits {
				v := d * math.Pow(10, e)
				add(v*unit, plain(v, v))
			}
		}
	}
	return out
}

// nice is the step 1, 2 or 5 times a power of ten next to x.
func nice(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return 1
	}
	scale := math.Pow(10, math.Floor(math.Log10(x)))
	for _, d := range []float64{1, 2, 5} {
		if x <= d*scale*1.4 {
			return d * scale
		}
	}
	return 10 * scale
}

// plain writes v with as many decimals as its step needs, and commas.
func plain(v, step float64) string {
	decimals := 0
	if step < 1 {
		decimals = min(int(math.Ceil(-math.Log10(step)-1e-9)), 9)
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if v > -step/2 && v < step/2 {
		return "0"
	}
	whole, fraction, _ := strings.Cut(s, ".")
	minus := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if minus {
		whole = "−" + whole
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}
