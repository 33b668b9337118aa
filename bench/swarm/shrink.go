package swarm

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

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
	want     string // shape of the violation
	start    time.Time
	limit    time.Duration
	rng      *rand.Rand
	best     Shrunk
	score    uint64 // of best
}

// Shrink takes away from a case that fails whatever its failure does not need, until
// nothing more can go or limit has passed: nodes, faults, commands, options that are
// not the plain ones. A smaller case counts if it breaks the same invariant in the same
// words but for numbers and names.
//
// A run without one of its faults takes another course from there on, in which the rest
// of an accident seldom comes together again. So whatever is taken away is tried under
// some other seeds, too, and a run is given up as soon as it is longer than the shortest
// that is known; thousands of short runs fit into the time. At first cases change at
// random, several things at once; then what is left is taken away piece by piece.
func Shrink(ctx context.Context, p smr.Protocol, c *Case, limit time.Duration) (*Shrunk, error) {
	start := time.Now()
	out, err := Run(ctx, p, c)
	if err != nil || out.Violation == nil {
		return nil, err
	}
	s := &shrinker{ctx: ctx, protocol: p, want: shape(out.Violation), start: start, limit: limit, rng: rand.New(rand.NewPCG(c.Seed, streamShrink))}
	s.best = Shrunk{Before: out.Events, WithinTheTime: true}
	s.keep(c, out)
	s.wait()
	s.wander(s.limit / 2)
	for again := true; again && s.going(); {
		again = false
		for _, pass := range []func() bool{s.wait, s.faults, s.nodes, s.plain, s.commands} {
			if s.going() {
				again = pass() || again
			}
		}
		if s.going() {
			again = s.wander(s.limit) || again
		}
	}
	s.best.Took = time.Since(start)
	return &s.best, ctx.Err()
}

// shape is what a violation says, without its numbers and names.
func shape(v *Violation) string {
	text, _, _ := strings.Cut(v.Text, "\n")
	for _, known := range []string{"commands open", "was acknowledged within"} { // what follows describes the cluster
		if before, _, ok := strings.Cut(text, known); ok {
			text = before
		}
	}
	text = strings.ReplaceAll(text, value{}.String(), value{0, 1}.String())
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") })
	return string(v.Invariant) + ": " + strings.Join(words, " ")
}

// going reports whether there is time left.
func (s *shrinker) going() bool { return s.until(s.limit) }

func (s *shrinker) until(limit time.Duration) bool {
	if time.Since(s.start) < limit && s.ctx.Err() == nil {
		return true
	}
	s.best.WithinTheTime = s.best.WithinTheTime && limit < s.limit
	return false
}

// Weights say how many events a case may be longer if it has a fault or node less.
const (
	faultWeight = 3
	nodeWeight  = 10
)

func weight(c *Case) uint64 { return uint64(faultWeight*len(c.Faults) + nodeWeight*c.Nodes) }

// keep makes a case the best one. What comes after the violation is dropped.
func (s *shrinker) keep(c *Case, out *Outcome) {
	s.best.Case, s.best.Outcome = c, out
	c, at := s.copy(), Time(out.Violation.At)
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.At > at })
	s.best.Case, s.score = c, out.Events+weight(c)
}

// copy is the best case so far, to be changed.
func (s *shrinker) copy() *Case {
	c := *s.best.Case
	c.Faults = slices.Clone(c.Faults)
	return &c
}

// tries is how many cases are run before the best of them is chosen. It does not depend
// on the machine, so that neither does what is found, but for the time.
const tries = 8

// try runs cases, and keeps the best one that fails in the same way with a score of at
// most so much.
func (s *shrinker) try(most uint64, cases ...*Case) bool {
	outs := make([]*Outcome, len(cases))
	var jobs sync.WaitGroup
	n := min(runtime.GOMAXPROCS(0), len(cases))
	for j := range n {
		jobs.Go(func() {
			for i := j; i < len(cases); i += n {
				if w := weight(cases[i]); w < most {
					if out, err := perform(s.ctx, s.protocol, cases[i], nil, most-w); err == nil {
						outs[i] = out
					}
				}
			}
		})
	}
	jobs.Wait()
	s.best.Runs += len(cases)
	chosen := -1
	for i, out := range outs {
		if out == nil || out.Violation == nil || shape(out.Violation) != s.want {
			continue
		}
		if score := out.Events + weight(cases[i]); score <= most && out.Events <= s.best.Before && s.confirmed(cases[i]) {
			chosen, most = i, score-1
		}
	}
	if chosen >= 0 {
		s.keep(cases[chosen], outs[chosen])
	}
	return chosen >= 0
}

// confirmed reports whether a case that is impatient would fail with patience, too.
func (s *shrinker) confirmed(c *Case) bool {
	if c.Patience == 0 {
		return true
	}
	patient := *c
	patient.Patience = 0
	s.best.Runs++
	out, err := Run(s.ctx, s.protocol, &patient)
	return err == nil && out.Violation != nil && shape(out.Violation) == s.want
}

// reseed is the case, and again under other seeds.
func (s *shrinker) reseed(c *Case) []*Case {
	cases := []*Case{c}
	for range tries - 1 {
		again := *c
		again.Seed = s.seed()
		cases = append(cases, &again)
	}
	return cases
}

// seed draws a seed that is easy to read.
func (s *shrinker) seed() uint64 { return 1 + s.rng.Uint64N(9999) }

// faults takes away runs of faults, long ones first (Zeller and Hildebrandt,
// "Simplifying and isolating failure-inducing input", 2002).
func (s *shrinker) faults() (better bool) {
	for size := max(1, len(s.best.Case.Faults)/2); size >= 1; size /= 2 {
		for from := 0; from < len(s.best.Case.Faults) && s.going(); {
			c := s.copy()
			c.Faults = slices.Delete(c.Faults, from, min(from+size, len(c.Faults)))
			if s.try(s.score, s.reseed(c)...) {
				better = true
			} else {
				from += size
			}
		}
	}
	return better
}

// nodes takes away one replica after the other, and what is done to it.
func (s *shrinker) nodes() (better bool) {
	for n := s.best.Case.Nodes; n > 0 && s.going(); n-- {
		c := s.copy()
		without(c, n)
		if c.Validate() == nil && s.try(s.score, s.reseed(c)...) {
			better, n = true, s.best.Case.Nodes+1
		}
	}
	return better
}

// without takes node n out of a case.
func without(c *Case, n int) {
	c.Nodes--
	c.Q1, c.Q2 = min(c.Q1, c.Nodes), min(c.Q2, c.Nodes)
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.Node == n || f.Peer == n })
	for i := range c.Faults {
		f := &c.Faults[i]
		if f.Node > n {
			f.Node--
		}
		if f.Peer > n {
			f.Peer--
		}
		low := uint64(1)<<(n-1) - 1
		f.Side = f.Side&low | f.Side>>1&^low
	}
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.Kind == Partition && (f.Side == 0 || f.Side == 1<<c.Nodes-1) })
}

// options set one option to what it usually is.
var options = []func(*Case){
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
	func(c *Case) { c.Heartbeat = c.ElectionMin / 2 },
	func(c *Case) { c.Retry = 2 * c.ElectionMax },
	func(c *Case) { c.Sessions, c.Open = 1, 1 },
	func(c *Case) { c.Rate = 0 },
	func(c *Case) {
		if !slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Kind == TornTail || f.Kind == RottenDisk }) {
			c.Files = false
		}
	},
}

// plain sets options to what they usually are, one at a time.
func (s *shrinker) plain() (better bool) {
	for _, change := range options {
		c := s.copy()
		if change(c); s.going() && !same(c, s.best.Case) && c.Validate() == nil && s.try(s.score, s.reseed(c)...) {
			better = true
		}
	}
	return better
}

func same(a, b *Case) bool { return string(a.JSON()) == string(b.JSON()) }

// commands makes the clients send less, and the run shorter.
func (s *shrinker) commands() (better bool) {
	at := Time(s.best.Outcome.Violation.At)
	for _, change := range []func(*Case){
		func(c *Case) { c.Sessions = max(1, c.Sessions/2) },
		func(c *Case) { c.Open = max(1, c.Open/2) },
		func(c *Case) { c.Rate = 2e9 / float64(c.ElectionMax) },
		func(c *Case) { c.Rate /= 2 },
		func(c *Case) { c.Load = 0 },
		func(c *Case) { c.Load = min(c.Load, at/4) },
		func(c *Case) { c.Load = min(c.Load, at/2) },
		func(c *Case) { c.Load = min(c.Load, at*3/4) },
		func(c *Case) { c.Span = min(c.Span, at) / 2; c.Load = min(c.Load, c.Span) },
	} {
		c := s.copy()
		if change(c); s.going() && !same(c, s.best.Case) && c.Validate() == nil && s.try(s.score-1, s.reseed(c)...) {
			better = true
		}
	}
	return better
}

// wait halves how long a healed cluster that makes no progress is waited for, down to
// where one that can make some has long done so.
func (s *shrinker) wait() (better bool) {
	for s.best.Outcome.Violation.Invariant == Progress && s.going() {
		c := s.copy()
		if c.Patience == 0 {
			c.Patience = Time((&run{Case: c}).patience())
		}
		c.Patience = max(c.Patience/2, 20*(c.ElectionMax+8*(c.DelayMax+c.Sync))+10*c.Retry)
		if c.Patience == s.best.Case.Patience || !s.try(s.score-1, c) {
			break
		}
		better = true
	}
	return better
}

// The search by chance ends when a case is small, or when so many tries have found none
// smaller: it goes on as long as there is time while more than a quarter is left.
const (
	smallPart  = 20 // of the events at first
	smallCount = 30 // events
	stalled    = 2000
)

func (s *shrinker) small(idle int) bool {
	now, before := s.best.Outcome.Events, s.best.Before
	return now <= max(smallCount, before/smallPart) || now <= before/4 && idle >= stalled
}

// When so many tries in a row have found nothing, cases are tried that consist of what
// happened last only, up to so many powers of two shorter.
const (
	fruitless = 800
	depths    = 5
)

// wander tries random changes under other seeds: an accident that needs much to happen
// in one run may need little in another. If that finds nothing, every other round makes
// the cases much shorter at once, and there are the more of them: where one in a thousand
// fails, that is found, too.
func (s *shrinker) wander(limit time.Duration) (better bool) {
	for idle := 0; !s.small(idle) && s.until(limit); idle += tries {
		depth := 0
		if idle >= fruitless {
			depth = max(0, s.rng.IntN(2*depths+1)-depths)
		}
		if s.try(s.score>>depth-1, s.changed(depth)...) {
			better, idle = true, 0
		}
	}
	return better
}

// changed draws cases that are like the best one, and shorter.
func (s *shrinker) changed(depth int) []*Case {
	n, end := tries<<depth, Time(s.best.Outcome.Violation.At)
	cases := make([]*Case, 0, n)
	for draws := 0; len(cases) < n && draws < 10*n; draws++ {
		c := s.copy()
		if s.rng.IntN(3) > 0 {
			c.Seed = s.seed()
		}
		if depth > 0 {
			late(s.rng, c, end, Time(float64(end>>depth)*(.5+s.rng.Float64())))
		}
		for range 1 + s.rng.IntN(4) {
			mutations[s.rng.IntN(len(mutations))](s.rng, c, end)
		}
		if c.Validate() == nil {
			cases = append(cases, c)
		}
	}
	return cases
}

// late leaves of a case what was done to the cluster in the last span before end, with
// time for an election in front of it.
func late(rng *rand.Rand, c *Case, end, span Time) {
	from := max(0, end-span)
	gone := from - min(from, fraction(rng, 3*c.ElectionMax))
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.At < from && f.At+f.For < from })
	for i := range c.Faults {
		f := &c.Faults[i]
		if f.At < from { // it lasts
			f.For -= min(f.For, from-f.At)
			f.At = from
		}
		f.At -= gone
	}
}

// streamShrink keeps what the search for smaller cases draws apart from all else.
const streamShrink = 0x5412_1c4b

// fraction draws part of a time.
func fraction(rng *rand.Rand, t Time) Time { return Time(float64(t) * rng.Float64()) }

// mutations make a case smaller, or what happens in it earlier. end is when it failed.
var mutations = []func(rng *rand.Rand, c *Case, end Time){
	func(*rand.Rand, *Case, Time) {}, // another seed may do
	func(rng *rand.Rand, c *Case, _ Time) {
		if n := len(c.Faults); n > 0 {
			i := rng.IntN(n)
			c.Faults = slices.Delete(c.Faults, i, i+1)
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) {
		if n := len(c.Faults); n > 1 {
			i := rng.IntN(n)
			c.Faults = slices.Delete(c.Faults, i, min(n, i+1+rng.IntN(n/2)))
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) { // some of the faults
		share := rng.Float64()
		c.Faults = slices.DeleteFunc(c.Faults, func(Fault) bool { return rng.Float64() > share })
	},
	func(rng *rand.Rand, c *Case, _ Time) { // one comes earlier
		if n := len(c.Faults); n > 0 {
			f := &c.Faults[rng.IntN(n)]
			f.At = fraction(rng, f.At)
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) { // one is shorter
		if n := len(c.Faults); n > 0 {
			f := &c.Faults[rng.IntN(n)]
			f.For, f.Nth = f.For/2, max(f.Nth/2, min(f.Nth, 1))
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) { // all come earlier
		by := .3 + .7*rng.Float64()
		for i := range c.Faults {
			c.Faults[i].At = Time(float64(c.Faults[i].At) * by)
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) { // time without faults is cut out, and faults with it
		if n := len(c.Faults); n > 0 {
			first := c.Faults[rng.IntN(n)].At
			gone := fraction(rng, first)
			c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.At > first-gone && f.At < first })
			for i := range c.Faults {
				if f := &c.Faults[i]; f.At >= first {
					f.At -= gone
				}
			}
		}
	},
	func(rng *rand.Rand, c *Case, end Time) { c.Load = fraction(rng, min(c.Load, end)) },
	func(rng *rand.Rand, c *Case, end Time) {
		c.Span = fraction(rng, min(c.Span, end))
		c.Load = min(c.Load, c.Span)
	},
	func(rng *rand.Rand, c *Case, _ Time) { c.Rate = (.5 + 8*rng.Float64()) * 1e9 / float64(c.ElectionMax) },
	func(_ *rand.Rand, c *Case, _ Time) { c.Sessions, c.Open = max(1, c.Sessions/2), max(1, c.Open/2) },
	func(rng *rand.Rand, c *Case, _ Time) {
		if c.Nodes > 2 {
			without(c, 1+rng.IntN(c.Nodes))
		}
	},
	func(rng *rand.Rand, c *Case, _ Time) { options[rng.IntN(len(options))](c) },
	func(rng *rand.Rand, c *Case, _ Time) { options[rng.IntN(len(options))](c) },
}
