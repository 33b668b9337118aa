package sweep

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Limits of a search.
const (
	// maxTries ends a search whose bounds will not settle.
	maxTries = 200
	// maxRounds is how often bounds are confirmed anew after one did not hold.
	maxRounds = 4
	// beyond is how far above its upper bound a search looks once more, for
	// something that does well there.
	beyond = 1.25
)

// search looks for the highest value of an axis at which an objective is met.
type search struct {
	kind      Kind
	from, to  float64
	precision float64 // relative; on a linear scale of the whole range
	confirm   bool    // both bounds, with further runs
	// probe reports whether v meets the objective. more asks for as many runs again
	// of a value that was tried: all of them decide.
	probe func(v Value, more bool) (met bool, err error)

	tried []try // by value, rising
}

type try struct {
	v   Value
	met bool
}

// outcome is what a search came to.
type outcome struct {
	best, above Value // without Text: none
	confirmed   bool
	unsettled   bool // the bounds moved whenever they were confirmed
}

// run carries out the search. An error is that of probe.
func (s *search) run() (o outcome, err error) {
	for round := 0; ; round++ {
		if err := s.narrow(); err != nil {
			return s.bounds(), err
		}
		o = s.bounds()
		if !s.confirm {
			return o, nil
		}
		if round == maxRounds || len(s.tried) > maxTries {
			o.unsettled = true
			return o, nil
		}
		held, err := s.holds(o)
		if held || err != nil {
			o.confirmed = held
			return o, err
		}
	}
}

// holds tries both bounds again and reports whether they are what they were.
func (s *search) holds(o outcome) (bool, error) {
	for _, b := range []struct {
		v   Value
		met bool
	}{{o.best, true}, {o.above, false}} {
		if b.v.Text == "" {
			continue
		}
		met, err := s.try(b.v, true)
		if err != nil || met != b.met {
			return false, err
		}
	}
	return true, nil
}

// narrow brings the bounds as close together as was asked for.
func (s *search) narrow() error {
	if len(s.tried) == 0 {
		if _, err := s.try(s.kind.at(s.from), false); err != nil {
			return err
		}
	}
	for len(s.tried) <= maxTries {
		o := s.bounds()
		var next Value
		switch {
		case o.best.Text == "": // the lowest fails
			return nil
		case o.above.Text == "":
			next = s.further(o.best.Number)
		default:
			next = s.between(o.best.Number, o.above.Number)
			if next.Text == "" {
				next = s.beyond(o.above.Number)
			}
		}
		if next.Text == "" {
			return nil
		}
		if _, err := s.try(next, false); err != nil {
			return err
		}
	}
	return nil
}

// try has v probed and notes the outcome.
func (s *search) try(v Value, more bool) (bool, error) {
	met, err := s.probe(v, more)
	if err != nil {
		return false, err
	}
	i, found := slices.BinarySearchFunc(s.tried, v.Number, func(t try, n float64) int { return compareNumbers(t.v.Number, n) })
	if found {
		s.tried[i].met = met
	} else {
		s.tried = slices.Insert(s.tried, i, try{v, met})
	}
	return met, nil
}

// bounds are the lowest value that fails, and the highest below it: from there on
// nothing is to be relied on.
func (s *search) bounds() (o outcome) {
	for _, t := range s.tried {
		if !t.met {
			o.above = t.v
			break
		}
		o.best = t.v
	}
	return o
}

func (s *search) logarithmic() bool { return s.from > 0 }

// further is what to try above a value that does well; none at the upper end.
func (s *search) further(v float64) Value {
	switch {
	case v >= s.to:
		return Value{}
	case !s.logarithmic(), 2*v >= s.to:
		return s.kind.at(s.to)
	}
	return s.kind.Round(2 * v)
}

// between is the middle of two bounds; none if they are close enough, or if there is
// nothing between them.
func (s *search) between(lo, hi float64) Value {
	near := hi-lo <= s.precision*(s.to-s.from)
	middle := (lo + hi) / 2
	if s.logarithmic() {
		near = hi/lo <= 1+s.precision
		middle = math.Sqrt(lo * hi)
	}
	if near || s.kind == Whole && hi-lo <= 1 {
		return Value{}
	}
	v := s.kind.Round(middle)
	if v.Number <= lo || v.Number >= hi { // rounded away
		v = s.kind.at(middle)
		if s.kind != Rate && s.kind != Share {
			v = s.kind.at(math.Floor(middle))
		}
	}
	if v.Number <= lo || v.Number >= hi {
		return Value{}
	}
	return v
}

// beyond is a value well above the upper bound, if none there was tried yet: one that
// does well would show that the objective is not monotonic.
func (s *search) beyond(above float64) Value {
	v := s.kind.Round(min(above*beyond, s.to))
	if v.Number > s.to { // rounded up
		v = s.kind.at(s.to)
	}
	if s.tried[len(s.tried)-1].v.Number >= v.Number {
		return Value{}
	}
	return v
}

// doubts tells of values above the bounds that do well: the objective is not
// monotonic there, or the noise is larger than the step.
func (s *search) doubts() string {
	above := s.bounds().above
	var well []string
	for _, t := range s.tried {
		if above.Text != "" && t.met && t.v.Number > above.Number {
			well = append(well, t.v.Text)
		}
	}
	if len(well) == 0 {
		return ""
	}
	return fmt.Sprintf("%s fails and %s above it %s", above.Text, strings.Join(well, ", "), map[bool]string{true: "does not", false: "do not"}[len(well) == 1])
}
