package swarm

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// Shrunk is a case that fails like another, and is smaller.
type Shrunk struct {
	Case          *Case
	Outcome       *Outcome
	Before        uint64 // events of the case that it came from
	Runs          int    // cases tried
	Took          time.Duration
	WithinTheTime bool // everything was tried
}

// shrinker looks for smaller cases.
type shrinker struct {
	ctx      context.Context
	protocol smr.Protocol
	want     Invariant
	end      time.Time
	best     Shrunk
}

// Shrink takes away from a case that fails whatever its failure does not need, until
// nothing more can go or limit has passed: nodes, faults, commands, options that are
// not the plain ones. A smaller case counts if it breaks the same invariant. The
// measure is the number of events; cases of as many events count if they are plainer.
func Shrink(ctx context.Context, p smr.Protocol, c *Case, limit time.Duration) (*Shrunk, error) {
	start := time.Now()
	out, err := Run(ctx, p, c)
	if err != nil || out.Violation == nil {
		return nil, err
	}
	s := &shrinker{ctx: ctx, protocol: p, want: out.Violation.Invariant, end: start.Add(limit)}
	s.best = Shrunk{Case: c, Outcome: out, Before: out.Events, WithinTheTime: true}
	s.truncate()
	for again := true; again && s.going(); {
		again = false
		for _, pass := range []func() bool{s.faults, s.nodes, s.plain, s.commands, s.wander} {
			if s.going() {
				again = pass() || again
			}
		}
	}
	s.best.Took = time.Since(start)
	return &s.best, ctx.Err()
}

// going reports whether there is time left.
func (s *shrinker) going() bool {
	if time.Now().Before(s.end) && s.ctx.Err() == nil {
		return true
	}
	s.best.WithinTheTime = false
	return false
}

// copy is the best case so far, to be changed.
func (s *shrinker) copy() *Case {
	c := *s.best.Case
	c.Faults = slices.Clone(c.Faults)
	return &c
}

// try runs a case and keeps it if it fails in the same way with no more events.
func (s *shrinker) try(c *Case) bool {
	if !s.going() || c.Validate() != nil {
		return false
	}
	s.best.Runs++
	out, err := Run(s.ctx, s.protocol, c)
	if err != nil || out.Violation == nil || out.Violation.Invariant != s.want || out.Events > s.best.Outcome.Events {
		return false
	}
	s.best.Case, s.best.Outcome = c, out
	s.truncate()
	return true
}

// truncate drops what comes after the violation.
func (s *shrinker) truncate() {
	c, at := s.copy(), Time(s.best.Outcome.Violation.At)
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.At > at })
	s.best.Case = c
}

// faults takes away runs of faults, long ones first (Zeller and Hildebrandt,
// "Simplifying and isolating failure-inducing input", 2002).
func (s *shrinker) faults() (better bool) {
	for size := max(1, len(s.best.Case.Faults)/2); size >= 1; size /= 2 {
		for from := 0; from < len(s.best.Case.Faults) && s.going(); {
			c := s.copy()
			c.Faults = slices.Delete(c.Faults, from, min(from+size, len(c.Faults)))
			if s.try(c) {
				better = true
			} else {
				from += size
			}
		}
	}
	return better
}

// nodes takes away replicas, the last ones first, and what is done to them.
func (s *shrinker) nodes() (better bool) {
	for n := 2; n < s.best.Case.Nodes && s.going(); n++ {
		c := s.copy()
		c.Nodes = n
		c.Q1, c.Q2 = min(c.Q1, n), min(c.Q2, n)
		c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.Node > n || f.Peer > n })
		if s.try(c) {
			return true
		}
	}
	return better
}

// plain sets options to what they usually are, one at a time.
func (s *shrinker) plain() (better bool) {
	for _, change := range []func(*Case){
		func(c *Case) { c.Loss = 0 },
		func(c *Case) { c.Duplicate = 0 },
		func(c *Case) { c.Reorder = 0 },
		func(c *Case) { c.Q1, c.Q2 = 0, 0 },
		func(c *Case) { c.PreVote = false },
		func(c *Case) { c.CheckQuorum = false },
		func(c *Case) { c.Batch = 1 },
		func(c *Case) { c.Spread = false },
		func(c *Case) { c.DelayMin = c.DelayMax },
		func(c *Case) { c.Sync = 0 },
		func(c *Case) { c.Keys = 0 },
		func(c *Case) { c.Size = 8 },
		func(c *Case) { c.Compact, c.Retain = 1<<20, 64<<10 },
		func(c *Case) { c.Inflight = c.MaxFrame },
	} {
		c := s.copy()
		change(c)
		if !same(c, s.best.Case) && s.try(c) {
			better = true
		}
	}
	return better
}

func same(a, b *Case) bool { return string(a.JSON()) == string(b.JSON()) }

// commands makes the clients send less.
func (s *shrinker) commands() (better bool) {
	at := Time(s.best.Outcome.Violation.At)
	for _, change := range []func(*Case){
		func(c *Case) { c.Sessions, c.Open = 1, 1 },
		func(c *Case) { c.Sessions = max(1, c.Sessions/2) },
		func(c *Case) { c.Open = max(1, c.Open/2) },
		func(c *Case) { c.Rate = 2e9 / float64(c.ElectionMax) },
		func(c *Case) { c.Rate = max(1, c.Rate/2) },
		func(c *Case) { c.Load = 0 },
		func(c *Case) { c.Load = at / 4 },
		func(c *Case) { c.Load = at / 2 },
		func(c *Case) { c.Load = at * 3 / 4 },
		func(c *Case) { c.Span = at / 2; c.Load = min(c.Load, c.Span) },
		func(c *Case) { c.Heartbeat = c.ElectionMin / 2 },
		func(c *Case) { c.Retry = 2 * c.ElectionMax },
	} {
		c := s.copy()
		change(c)
		if !same(c, s.best.Case) {
			before := s.best.Outcome.Events
			better = s.try(c) && s.best.Outcome.Events < before || better
		}
	}
	return better
}

// enough is the part of the events at which a case counts as small, and stalled how
// many tries without a smaller one end the search for it.
const (
	enough  = 10
	stalled = 3000
)

// wander tries random changes under other seeds: an accident that needs much to happen
// in one run may need little in another.
func (s *shrinker) wander() (better bool) {
	rng := rand.New(rand.NewPCG(s.best.Case.Seed, streamShrink))
	for idle := 0; idle < stalled && s.best.Outcome.Events > s.best.Before/enough && s.going(); idle++ {
		c := s.copy()
		c.Seed = 1 + rng.Uint64N(1000)
		for range rng.IntN(4) {
			mutations[rng.IntN(len(mutations))](rng, c, Time(s.best.Outcome.Violation.At))
		}
		if before := s.best.Outcome.Events; s.try(c) && s.best.Outcome.Events < before {
			better, idle = true, 0
		}
	}
	return better
}

// streamShrink keeps what the search for smaller cases draws apart from all else.
const streamShrink = 0x5412_1c4b

// mutations make a case smaller, or what happens in it earlier. end is when it failed.
var mutations = []func(rng *rand.Rand, c *Case, end Time){
	func(rng *rand.Rand, c *Case, _ Time) {
		if n := len(c.Faults); n > 0 {
			i := rng.IntN(n)
			c.Faults = slices.Delete(c.Faults, i, i+1)
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) {
		if n := len(c.Faults); n > 0 {
			f := &c.Faults[rng.IntN(n)]
			f.At = Time(float64(f.At) * rng.Float64())
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) {
		if n := len(c.Faults); n > 0 {
			f := &c.Faults[rng.IntN(n)]
			f.For, f.Nth = f.For/2, max(f.Nth/2, min(f.Nth, 1))
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) {
		by := .3 + .7*rng.Float64()
		for i := range c.Faults {
			c.Faults[i].At = Time(float64(c.Faults[i].At) * by)
		}
	},
	func(rng *rand.Rand, c *Case, end Time) { c.Load = Time(float64(min(c.Load, end)) * rng.Float64()) },
	func(rng *rand.Rand, c *Case, end Time) {
		c.Span = Time(float64(min(c.Span, end)) * (.3 + .7*rng.Float64()))
		c.Load = min(c.Load, c.Span)
	},
	func(rng *rand.Rand, c *Case, _ Time) { c.Rate = (.5 + 8*rng.Float64()) * 1e9 / float64(c.ElectionMax) },
	func(_ *rand.Rand, c *Case, _ Time) { c.Sessions, c.Open = max(1, c.Sessions/2), 1 },
	func(_ *rand.Rand, c *Case, _ Time) { c.Heartbeat = c.ElectionMin / 2 },
}
