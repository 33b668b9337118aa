package measure

import (
	"cmp"
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

// keptQuiet bounds what an Availability remembers; askSpans what it remembers of
// one quiet interval.
const (
	keptQuiet = 4096
	askSpans  = 256
)

// Gap is an interval in which no command was acknowledged although clients were
// asking.
type Gap struct{ From, To smr.Time }

// Length is To - From.
func (g Gap) Length() smr.Time { return g.To - g.From }

// quiet is an interval between two acknowledgements to one worker, and when in it
// the worker had commands outstanding.
type quiet struct {
	Gap
	first Gap   // first span of asking, empty if there is none
	more  []Gap // the rest, rarely any
}

// Availability is what one worker saw of the cluster's availability. It is fed
// whether commands are outstanding and when one is acknowledged, with times that
// do not run backwards, and remembers its longest quiet intervals: memory is
// bounded, however long the run.
type Availability struct {
	last   smr.Time // acknowledgement
	asking bool
	since  smr.Time // of asking
	first  Gap      // spans of asking since last that have ended
	more   []Gap

	kept    []quiet // in order of time
	dropped smr.Time
	lengths []smr.Time
}

// NewAvailability returns the record of a worker that asks for nothing yet.
func NewAvailability() *Availability {
	return &Availability{last: -smr.Never, kept: make([]quiet, 0, keptQuiet), lengths: make([]smr.Time, 0, keptQuiet)}
}

// Asking says whether the worker has any command outstanding from now on.
func (a *Availability) Asking(now smr.Time, outstanding bool) {
	switch {
	case outstanding == a.asking:
	case outstanding:
		a.asking, a.since = true, now
	default:
		a.asking = false
		a.span(Gap{max(a.since, a.last), now})
	}
}

// Acknowledged says that at least one command was acknowledged at now.
func (a *Availability) Acknowledged(now smr.Time) {
	if now > 0 && now-max(a.last, 0) > a.dropped {
		if a.asking {
			a.span(Gap{max(a.since, a.last), now})
		}
		if len(a.kept) == cap(a.kept) {
			a.prune()
		}
		if now-max(a.last, 0) > a.dropped {
			a.kept = append(a.kept, quiet{Gap{max(a.last, 0), now}, a.first, slices.Clone(a.more)})
		}
	}
	a.last, a.first, a.more = now, Gap{}, a.more[:0]
}

func (a *Availability) span(g Gap) {
	switch {
	case g.To <= g.From:
	case a.first == Gap{}:
		a.first = g
	case len(a.more) < askSpans:
		a.more = append(a.more, g)
	default: // too many to tell apart: take the pauses between for asking
		a.more[askSpans-1].To = g.To
	}
}

// prune drops the shorter half and remembers the longest length dropped.
func (a *Availability) prune() {
	a.lengths = a.lengths[:0]
	for _, q := range a.kept {
		a.lengths = append(a.lengths, q.Length())
	}
	slices.Sort(a.lengths)
	a.dropped = a.lengths[len(a.lengths)/2]
	a.kept = slices.DeleteFunc(a.kept, func(q quiet) bool {
		return q.Length() <= a.dropped && q.Length() < a.lengths[len(a.lengths)-1]
	})
	if len(a.kept) > cap(a.kept)/2 { // all alike: any of them will do
		a.kept = slices.Delete(a.kept, 0, len(a.kept)/2)
	}
}

// Outages is the unavailability of a run.
type Outages struct {
	gaps []Gap
	// Resolution bounds what was forgotten to bound memory: gaps longer than this
	// are all known, shorter ones perhaps not. 0 = all are known.
	Resolution smr.Time
}

// NewOutages merges what workers saw of the window [0, end). A gap is between two
// acknowledgements to whomever, as long as anybody was asking. One that reaches
// over an end of the window is cut off there.
func NewOutages(end smr.Time, workers ...*Availability) *Outages {
	o := &Outages{}
	var all []quiet
	for i, a := range workers {
		o.Resolution = max(o.Resolution, a.dropped)
		if i == 0 {
			all = a.until(end)
		} else {
			all = intersect(all, a.until(end))
		}
	}
	for _, q := range all {
		for _, g := range union(append([]Gap{q.first}, q.more...)) {
			if g = clip(g, q.Gap); g.Length() > 0 {
				o.gaps = append(o.gaps, g)
			}
		}
	}
	return o
}

// until returns the quiet intervals within [0, end), the last one open to end.
func (a *Availability) until(end smr.Time) []quiet {
	out := make([]quiet, 0, len(a.kept)+1)
	add := func(q quiet) {
		if q.Gap = clip(q.Gap, Gap{0, end}); q.Length() > 0 {
			out = append(out, q)
		}
	}
	for _, q := range a.kept {
		add(q)
	}
	last := quiet{Gap{a.last, max(end, a.last)}, a.first, slices.Clone(a.more)}
	if a.asking {
		last.more = append(last.more, Gap{max(a.since, a.last), max(end, a.last)})
	}
	add(last)
	return out
}

// intersect returns when both workers are quiet, with the asking of either.
func intersect(a, b []quiet) []quiet {
	var out []quiet
	for i, j := 0, 0; i < len(a) && j < len(b); {
		both := clip(a[i].Gap, b[j].Gap)
		if both.Length() > 0 {
			q := quiet{Gap: both}
			for _, g := range append(append([]Gap{a[i].first, b[j].first}, a[i].more...), b[j].more...) {
				if g = clip(g, both); g.Length() > 0 {
					q.more = append(q.more, g)
				}
			}
			q.more = union(q.more)
			out = append(out, q)
		}
		if a[i].To < b[j].To {
			i++
		} else {
			j++
		}
	}
	return out
}

// union joins spans that overlap or touch.
func union(spans []Gap) []Gap {
	slices.SortFunc(spans, func(a, b Gap) int { return cmp.Compare(a.From, b.From) })
	var out []Gap
	for _, g := range spans {
		if n := len(out); n > 0 && g.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, g.To)
		} else if g.Length() > 0 {
			out = append(out, g)
		}
	}
	return out
}

// clip is what of g lies in frame; its length is negative if nothing does.
func clip(g, frame Gap) Gap { return Gap{max(g.From, frame.From), min(g.To, frame.To)} }

// Longest is the unavailability window: the length of the longest gap, 0 if there
// was none.
func (o *Outages) Longest() smr.Time { return o.During(-smr.Never, smr.Never) }

// During is the length of the longest gap that overlaps [from, to): of a fault at
// from, the next being at to, that is the gap from the last acknowledgement before
// the fault to the first one after it. The next fault's gap begins at the last
// acknowledgement before that, and is not this one's: of a gap that goes on past to and
// begins nearer to to than to from only what lies before to counts.
func (o *Outages) During(from, to smr.Time) smr.Time {
	var longest smr.Time
	for _, g := range o.gaps {
		if g.From < to && g.To > from {
			if g.To > to && to-g.From < g.From-from {
				g.To = to
			}
			longest = max(longest, g.Length())
		}
	}
	return longest
}

// Gaps returns the gaps that are at least that long, in order of time.
func (o *Outages) Gaps(atLeast smr.Time) []Gap {
	var out []Gap
	for _, g := range o.gaps {
		if g.Length() >= atLeast {
			out = append(out, g)
		}
	}
	return out
}
