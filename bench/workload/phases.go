package workload

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/smr"
)

// PhaseKind is how commands arrive in a phase.
type PhaseKind uint8

// The kinds of phases.
const (
	Steady PhaseKind = iota // at one rate
	Ramp                    // at a rate that changes evenly from one to another
	Burst                   // many at one instant
	Pause                   // none
)

var phaseNames = [...]string{"steady", "ramp", "burst", "pause"}

func (k PhaseKind) String() string { return phaseNames[k] }

// Phase is a part of an open loop.
type Phase struct {
	Kind  PhaseKind
	From  Rate // Steady: the rate; Ramp: at its start
	To    Rate // Ramp: at its end
	Count int  // Burst: commands at each instant
	Every time.Duration
	For   time.Duration // length of the phase
}

// Limits of phases.
const (
	MaxPhases = 1000
	maxBurst  = 1 << 20
)

// ParsePhase reads one of
//
//	steady 10k/s for 5s
//	ramp 1k/s to 50k/s for 20s
//	burst 500 for 1s                 all at its start
//	burst 500 every 100ms for 2s     at its start and every 100ms after
//	pause for 2s
func ParsePhase(s string) (Phase, error) {
	var p Phase
	words := strings.Fields(s)
	bad := func(format string, args ...any) (Phase, error) {
		return Phase{}, fmt.Errorf("phase %q: %s", s, fmt.Sprintf(format, args...))
	}
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		w := words[0]
		words = words[1:]
		return w
	}
	kind := strings.ToLower(next())
	known := false
	for i, name := range phaseNames {
		if name == kind {
			p.Kind, known = PhaseKind(i), true
		}
	}
	if !known {
		return bad("begins with steady, ramp, burst or pause%s", nearest.Hint(kind, phaseNames[:]))
	}
	var err error
	switch p.Kind {
	case Steady:
		p.From, err = ParseRate(next())
	case Ramp:
		if p.From, err = ParseRate(next()); err != nil {
			break
		}
		if w := next(); w != "to" {
			return bad("a ramp goes from a rate to a rate, such as ramp 1k/s to 50k/s for 20s")
		}
		p.To, err = ParseRate(next())
	case Burst:
		w := next()
		if p.Count, err = strconv.Atoi(w); err != nil || p.Count < 1 || p.Count > maxBurst {
			return bad("%q is not a number of commands from 1 to %d, such as burst 500 for 1s", w, maxBurst)
		}
		if len(words) > 0 && words[0] == "every" {
			next()
			if p.Every, err = ParseDuration(next()); err == nil && p.Every <= 0 {
				return bad("bursts cannot follow one another every 0s")
			}
		}
	}
	if err != nil {
		return bad("%v", err)
	}
	if w := next(); w != "for" {
		return bad("its length is missing, such as %s for 5s", strings.TrimSuffix(p.head(), " "))
	}
	if p.For, err = ParseDuration(next()); err != nil {
		return bad("%v", err)
	}
	if len(words) > 0 {
		return bad("%q follows its end", strings.Join(words, " "))
	}
	if err := p.Validate(); err != nil {
		return bad("%v", err)
	}
	return p, nil
}

// ParsePhases reads phases with semicolons between them.
func ParsePhases(s string) ([]Phase, error) {
	var out []Phase
	for _, part := range strings.Split(s, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		p, err := ParsePhase(part)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, errors.New("needs a phase, such as steady 10k/s for 5s")
	}
	return out, nil
}

// Validate reports what in p cannot be.
func (p Phase) Validate() error {
	switch {
	case p.For <= 0 || p.For > 24*time.Hour:
		return fmt.Errorf("%s is not a length: more than 0s, at most 24h", FormatDuration(p.For))
	case p.Kind == Burst && p.Every > 0 && p.bursts() > 1<<20:
		return fmt.Errorf("more than %d bursts", 1<<20)
	}
	return nil
}

func (p Phase) head() string {
	switch p.Kind {
	case Steady:
		return "steady " + p.From.String()
	case Ramp:
		return "ramp " + p.From.String() + " to " + p.To.String()
	case Burst:
		s := "burst " + strconv.Itoa(p.Count)
		if p.Every > 0 {
			s += " every " + FormatDuration(p.Every)
		}
		return s
	}
	return "pause"
}

// String is the canonical form; it parses to an equal Phase.
func (p Phase) String() string { return p.head() + " for " + FormatDuration(p.For) }

// bursts is how often a burst comes.
func (p Phase) bursts() int {
	if p.Every <= 0 {
		return 1
	}
	return int((p.For + p.Every - 1) / p.Every)
}

// mass is the number of arrivals to expect of a phase that has a rate.
func (p Phase) mass() float64 {
	switch p.Kind {
	case Steady:
		return float64(p.From) * p.For.Seconds()
	case Ramp:
		return (float64(p.From) + float64(p.To)) / 2 * p.For.Seconds()
	}
	return 0
}

// Commands is how many commands are to be expected of p.
func (p Phase) Commands() float64 {
	if p.Kind == Burst {
		return float64(p.Count) * float64(p.bursts())
	}
	return p.mass()
}

// within is the time after the phase's start by which x arrivals are to be
// expected: the inverse of the integral of its rate, in nanoseconds. The
// conversions keep products from being fused with sums, so that every architecture
// gets the same instants.
func (p Phase) within(x float64) float64 {
	if p.Kind == Steady || p.From == p.To {
		return x * 1e9 / float64(p.From)
	}
	slope := (float64(p.To) - float64(p.From)) / p.For.Seconds()
	root := math.Sqrt(max(0, float64(float64(p.From)*float64(p.From))+float64(2*slope*x)))
	return 2e9 * x / (float64(p.From) + root)
}

// Length is that of all phases together.
func Length(phases []Phase) (sum time.Duration) {
	for _, p := range phases {
		sum += p.For
	}
	return sum
}

// MeanRate is the arrivals a second to be expected over all phases.
func MeanRate(phases []Phase) Rate {
	n := 0.0
	for _, p := range phases {
		n += p.Commands()
	}
	return Rate(n / Length(phases).Seconds())
}

// OpeningRate is the rate of the first phase in which commands arrive, at its start.
func OpeningRate(phases []Phase) Rate {
	for _, p := range phases {
		switch p.Kind {
		case Steady, Ramp:
			return p.From
		case Burst:
			return Rate(p.Commands() / p.For.Seconds())
		}
	}
	return 0
}

// Pacer is arrivals in phases, one of a number of workers that share them. With
// constant distances all workers together have arrival k of a rate at the instant by
// which k are due, and each takes every so manieth; with Poisson's, the instants of a
// process of rate 1 are stretched by the integral of the rate (Çinlar, "Introduction
// to Stochastic Processes", 4.7), so that every worker has an exact non-homogeneous
// Poisson process. A burst is all its commands at its instants, whatever the process.
type Pacer struct {
	phases  []Phase
	start   smr.Time
	poisson *rand.Rand // nil: constant
	share   int        // of workers
	worker  int

	at     int           // phase
	offset time.Duration // of its start
	base   float64       // arrivals to expect before it
	want   float64       // arrivals to expect before the next one
	burst  int           // number of the next command within a burst phase
}

// NewPacer returns the arrivals of worker, one of workers, from start on. name is
// that of an arrival process.
func NewPacer(name string, start smr.Time, phases []Phase, seed uint64, worker, workers int) (*Pacer, error) {
	p := &Pacer{phases: phases, start: start, share: workers, worker: worker, burst: worker, want: float64(worker)}
	switch name {
	case ArrivalConstant:
	case ArrivalPoisson:
		p.poisson = rand.New(rand.NewPCG(seed, streamArrivals))
		p.want = 0
		p.advance()
	default:
		return nil, fmt.Errorf("%q is not %s or %s", name, ArrivalPoisson, ArrivalConstant)
	}
	return p, nil
}

func (p *Pacer) advance() {
	gap := float64(p.share)
	if p.poisson != nil {
		gap = float64(p.poisson.ExpFloat64() * gap)
	}
	p.want += gap
}

// Next implements [Arrivals]: after the last phase nothing arrives.
func (p *Pacer) Next() smr.Time {
	for ; p.at < len(p.phases); p.at++ {
		f := &p.phases[p.at]
		if f.Kind == Burst {
			if k := p.burst; k < f.Count*f.bursts() {
				p.burst += p.share
				return later(p.start, uint64(p.offset+time.Duration(k/f.Count)*f.Every))
			}
		} else if mass := f.mass(); mass > 0 {
			if x := p.want - p.base; x < mass {
				p.advance()
				return later(p.start, uint64(p.offset)+uint64(min(max(0, f.within(x)), float64(f.For-1))))
			}
			p.base += mass
		}
		p.offset += f.For
		p.burst = p.worker
	}
	return smr.Never
}
