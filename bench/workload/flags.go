package workload

import (
	"strconv"
	"time"
)

// Set implements pflag.Value.
func (r *Rate) Set(s string) (err error) {
	v, err := ParseRate(s)
	if err == nil {
		*r = v
	}
	return err
}

// Type implements pflag.Value.
func (*Rate) Type() string { return "rate" }

// Set implements pflag.Value.
func (z *Size) Set(s string) error {
	v, err := ParseSize(s)
	if err == nil {
		*z = v
	}
	return err
}

// Type implements pflag.Value.
func (*Size) Type() string { return "size" }

// Set implements pflag.Value.
func (d *Duration) Set(s string) error {
	v, err := ParseDuration(s)
	if err == nil {
		*d = Duration(v)
	}
	return err
}

// Type implements pflag.Value.
func (*Duration) Type() string { return "duration" }

// Range is a flag that sets both ends of a range of durations.
type Range struct{ Min, Max *time.Duration }

// Set implements pflag.Value. After an error both ends are as before.
func (r *Range) Set(s string) error {
	lo, hi, err := ParseRange(s)
	if err == nil {
		*r.Min, *r.Max = lo, hi
	}
	return err
}

func (r *Range) String() string {
	if r == nil || r.Min == nil || r.Max == nil {
		return ""
	}
	return FormatRange(*r.Min, *r.Max)
}

// Type implements pflag.Value.
func (*Range) Type() string { return "range" }

// Probability is a flag for a probability from 0 to 1.
type Probability float64

// Set implements pflag.Value.
func (p *Probability) Set(s string) error {
	v, err := ParseProbability(s)
	if err == nil {
		*p = Probability(v)
	}
	return err
}

func (p Probability) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) }

// Type implements pflag.Value.
func (*Probability) Type() string { return "probability" }
