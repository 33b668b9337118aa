package netsim

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/consbench/consbench/bench/smr"
)

// Shape is the form of a distribution of delays.
type Shape uint8

const (
	ShapeConstant Shape = iota // always Base
	ShapeUniform               // uniform in [Base-Spread, Base+Spread]
	ShapeNormal                // normal, mean Base and standard deviation Spread, not below 0
)

// Dist is a distribution of delays. The zero value is no delay.
type Dist struct {
	Shape        Shape
	Base, Spread smr.Time
}

// Constant is always d.
func Constant(d smr.Time) Dist { return Dist{Base: d} }

// Uniform is uniform in [base-spread, base+spread].
func Uniform(base, spread smr.Time) Dist { return Dist{ShapeUniform, base, spread} }

// Normal is normal with the given mean and standard deviation; what would be
// below 0 is 0.
func Normal(mean, deviation smr.Time) Dist { return Dist{ShapeNormal, mean, deviation} }

// maxDelay keeps sums of times far from overflow: 292 years / 1024.
const maxDelay = smr.Never >> 10

// Validate reports what makes the distribution meaningless.
func (d Dist) Validate() error {
	switch {
	case d.Shape > ShapeNormal:
		return errors.New("netsim: unknown shape of delay")
	case d.Base < 0 || d.Spread < 0 || d.Base > maxDelay || d.Spread > maxDelay:
		return errors.New("netsim: a delay and its spread must not be negative, nor longer than 100 days")
	case d.Shape == ShapeUniform && d.Spread > d.Base:
		return errors.New("netsim: the spread of a uniform delay must not exceed the delay")
	}
	return nil
}

// Sample draws a delay. Constant delays draw nothing from rng.
func (d Dist) Sample(rng *rand.Rand) smr.Time {
	switch {
	case d.Spread == 0:
		return d.Base
	case d.Shape == ShapeUniform:
		return d.Base - d.Spread + smr.Time(rng.Int64N(int64(2*d.Spread)+1))
	case d.Shape == ShapeNormal:
		// The conversion keeps the product from being fused with a sum, so that
		// every architecture draws the same delays.
		return max(0, d.Base+smr.Time(float64(rng.NormFloat64()*float64(d.Spread))))
	}
	return d.Base
}

func (d Dist) String() string {
	switch {
	case d.Spread == 0 || d.Shape == ShapeConstant:
		return d.Base.String()
	case d.Shape == ShapeUniform:
		return fmt.Sprintf("uniform %v ± %v", d.Base, d.Spread)
	}
	return fmt.Sprintf("normal %v ± %v", d.Base, d.Spread)
}
