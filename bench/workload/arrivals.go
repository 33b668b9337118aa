package workload

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/consbench/consbench/bench/smr"
)

// Arrivals is an open loop: an endless sequence of intended send times.
type Arrivals interface {
	// Next returns the next intended instant. Instants never decrease, and none
	// is skipped however late it is asked for. Beyond the end of time it returns
	// [smr.Never].
	Next() smr.Time
}

// Names of arrival processes.
const (
	ArrivalPoisson  = "poisson"
	ArrivalConstant = "constant"
)

// NewArrivals returns the arrival process of that name, from start on.
func NewArrivals(name string, start smr.Time, rate Rate, seed uint64) (Arrivals, error) {
	if !(rate > 0) || math.IsInf(float64(rate), 0) {
		return nil, fmt.Errorf("%g/s is not a rate of arrivals: it must be positive", float64(rate))
	}
	switch name {
	case ArrivalPoisson:
		return NewPoisson(start, rate, seed), nil
	case ArrivalConstant:
		return NewConstant(start, rate), nil
	}
	return nil, fmt.Errorf("%q is not %s or %s", name, ArrivalPoisson, ArrivalConstant)
}

// Constant is arrivals at equal distances, the first one at the start.
type Constant struct {
	start smr.Time
	i     uint64  // of the next arrival
	gap   uint64  // whole nanoseconds between two arrivals; 0 = not a whole number
	rate  float64 // arrivals a second
}

// NewConstant returns arrivals at start + i/rate seconds, i = 0, 1, 2 ...
func NewConstant(start smr.Time, rate Rate) *Constant {
	c := &Constant{start: start, rate: float64(rate)}
	if gap := 1e9 / c.rate; gap == math.Trunc(gap) && gap < 1<<53 && gap*c.rate == 1e9 {
		c.gap = uint64(gap)
	}
	return c
}

// Next returns the next intended instant, computed from its index: nothing adds
// up, so that the long-run rate is exact. It is rounded down to a nanosecond.
func (c *Constant) Next() smr.Time {
	i := c.i
	c.i++
	if c.gap != 0 {
		hi, lo := bits.Mul64(i, c.gap)
		if hi != 0 || lo > math.MaxInt64 {
			return smr.Never
		}
		return later(c.start, lo)
	}
	// Relative error 2^-52: less than 0.1 ns in a run of a day.
	offset := float64(i) * 1e9 / c.rate
	if offset >= math.MaxInt64 {
		return smr.Never
	}
	return later(c.start, uint64(offset))
}

// Poisson is arrivals that know nothing of each other: exponential gaps.
type Poisson struct {
	start  smr.Time
	offset float64 // of the last arrival from start, in nanoseconds
	mean   float64 // gap, in nanoseconds
	rng    *rand.Rand
}

// NewPoisson returns a Poisson process of that rate. The first arrival is one
// gap after start, as for every later one.
func NewPoisson(start smr.Time, rate Rate, seed uint64) *Poisson {
	return &Poisson{start: start, mean: 1e9 / float64(rate), rng: rand.New(rand.NewPCG(seed, streamArrivals))}
}

// Next returns the next intended instant, rounded down to a nanosecond; the
// fraction is carried on.
func (p *Poisson) Next() smr.Time {
	p.offset += p.rng.ExpFloat64() * p.mean
	if p.offset >= math.MaxInt64 {
		return smr.Never
	}
	return later(p.start, uint64(p.offset))
}

// later adds without overflow; offset is at most MaxInt64.
func later(start smr.Time, offset uint64) smr.Time {
	if start > 0 && offset > uint64(smr.Never-start) {
		return smr.Never
	}
	return start + smr.Time(offset)
}
