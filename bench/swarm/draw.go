package swarm

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

const (
	us = Time(1e3)
	ms = Time(1e6)
)

// maxPayload is the longest payload of a command in a case, in bytes.
const maxPayload = 1024

// streamDraw keeps what is drawn apart from what happens in the run of the same seed.
const streamDraw = 0x5ca1ab1e

// drawer draws one case.
type drawer struct {
	*rand.Rand
	c     *Case
	mean  Time // between two faults
	kinds []Kind
	storm bool
	deep  bool    // many commands are open, and go into few entries
	frail smr.Set // nodes that may lose for good what they have logged
	aim   aim
}

// Draw draws the case of a seed. What masks bugs is mostly off: pre-vote,
// check-quorum, deep batches, long timeouts.
func Draw(p smr.Protocol, seed uint64) *Case {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, streamDraw)), c: &Case{Schema: Schema, Protocol: p.Name, Seed: seed}}
	c := d.c
	d.aim = pick(d, aims...)
	c.Nodes = pick(d, 3, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7, 8, 9)
	if d.aim == duels || d.aim == latecomers {
		c.Nodes = pick(d, 3, 5, 5, 5, 6, 7, 7) // it takes a third party, and a fourth
	}
	c.DelayMax = pick(d, 100*us, ms, ms, 5*ms)
	c.DelayMin = pick(d, 0, c.DelayMax/2, c.DelayMax)
	c.Sync = pick(d, 0, 0, 100*us, ms, 5*ms)
	if d.aim == latecomers {
		c.Sync, c.DelayMax = pick(d, 100*us, ms, 5*ms), pick(d, ms, 5*ms)
	}
	d.timers(p)
	c.PreVote, c.CheckQuorum = d.IntN(4) == 0, d.IntN(4) == 0
	if p.Flexible && d.aim == latecomers && d.IntN(8) > 0 {
		c.Q1, c.Q2 = 2, c.Nodes-1 // two elect, and what they propose waits for those who are late
	} else if p.Flexible && d.IntN(4) == 0 {
		c.Q1 = 1 + d.IntN(c.Nodes)
		c.Q2 = c.Nodes + 1 - c.Q1 + d.IntN(c.Q1)
		if c.Q2 == 1 {
			c.Sync = max(c.Sync, 100*us) // a leader alone, on a disk without delay, would have no end of commands at one instant
		}
	}
	c.MaxFrame = pick(d, 4<<10, 4<<10, 8<<10)
	c.Inflight = c.MaxFrame * pick(d, 1, 1, 2, 8)
	c.Retain = pick(d, 0, 1<<10, 4<<10, 16<<10, 64<<10)
	c.Compact = max(2*c.Retain, pick(d, 4<<10, 16<<10, 64<<10))
	c.Size = pick(d, 0, 8, 24, 100, 500)
	c.Sessions, c.Open = pick(d, 1, 2, 3, 5, 8), pick(d, 1, 1, 2, 4)
	c.Keys = pick(d, 0, 0, 1, 3)
	if d.IntN(3) == 0 {
		c.Rate = float64(pick(d, 5, 20, 60)) * 1e9 / float64(c.ElectionMax)
	}
	d.narrow()
	c.Batch = max(1, min(pick(d, 1, 1, 1, 2, 4, 16), (c.MaxFrame-smr.Overhead)/command.Size(c.Size)))
	c.Retry = pick(d, 8*c.DelayMax+2*c.Sync, c.ElectionMin/2, c.ElectionMax, 2*c.ElectionMax) + ms
	if d.deep {
		c.Batch, c.Retry = 16, 2*c.ElectionMax
	}
	c.Spread = d.IntN(2) == 0 || d.aim == relapses
	if d.IntN(2) == 0 {
		c.Loss, c.Duplicate, c.Reorder = d.share(.1), d.share(.2), d.share(.3)
	}
	c.Span = c.ElectionMax * pick[Time](d, 6, 12, 24)
	if d.aim == latecomers {
		c.Span = 36 * c.ElectionMax
	}
	c.Load, c.Events = c.Span, safetyEvents
	d.faults()
	return c
}

// safetyEvents bounds the phase with faults.
const safetyEvents = 12_000

// timers draws the failure detector. Its range is never so narrow that votes split
// without end: elections must come to a leader in the healed phase.
func (d *drawer) timers(p smr.Protocol) {
	c := d.c
	c.ElectionMin = pick[Time](d, 8, 10, 10, 20)*(c.DelayMax+c.Sync) + pick[Time](d, 5, 20)*ms
	c.ElectionMax = c.ElectionMin * pick[Time](d, 3, 4, 6) / 2
	if d.storm = d.IntN(3) == 0; d.storm && !p.Leaderless {
		c.ElectionMax = c.ElectionMin + max(8*(c.DelayMax+c.Sync), c.ElectionMin/4)
	}
	c.Heartbeat = c.ElectionMin / pick[Time](d, 2, 3, 8)
}

func pick[T any](d *drawer, of ...T) T { return of[d.IntN(len(of))] }

// share draws a share of frames, often none.
func (d *drawer) share(most float64) float64 { return max(0, d.Float64()*1.5-.5) * most }

// gap draws an exponential time with the given mean.
func (d *drawer) gap(mean Time) Time { return min(Time(d.ExpFloat64()*float64(mean)), 20*mean) }

// rare is how many seeds to one leave a kind of fault out, where it is not 3.
var rare = map[Kind]int{CrashPoint: 1, StalledDisk: 5, FullDisk: 6, FailingDisk: 6, Depose: 6, TornTail: 8, RottenDisk: 5, LostLog: 6, Drift: 5, Jump: 6}

// faults draws which kinds of faults there are, and when they strike.
func (d *drawer) faults() {
	c := d.c
	for _, k := range Kinds {
		if d.IntN(cmp.Or(rare[k], 3)) == 0 {
			d.kinds = append(d.kinds, k)
		}
	}
	if d.IntN(8) == 0 {
		d.kinds = slices.DeleteFunc(d.kinds, func(k Kind) bool { return k == CrashPoint }) // sometimes without the commonest
	}
	c.Files = slices.Contains(d.kinds, TornTail) || slices.Contains(d.kinds, RottenDisk)
	for range c.spare() {
		d.frail.Add(d.IntN(c.Nodes))
	}
	if d.frail.Len() == 0 {
		d.kinds = slices.DeleteFunc(d.kinds, func(k Kind) bool { return k == RottenDisk || k == LostLog })
	}
	d.mean = c.ElectionMax * pick[Time](d, 1, 2, 4, 8) / 4
	if d.aim != anything {
		d.mean *= pick[Time](d, 1, 8, 8) // an accident of another kind mostly spoils what is aimed at
	}
	for at := d.gap(d.mean); at < c.Span && len(c.Faults) < 400 && len(d.kinds) > 0; at += d.gap(d.mean) {
		k := pick(d, d.kinds...)
		if d.IntN(3) == 0 && slices.Contains(d.kinds, CrashPoint) {
			k = CrashPoint
		}
		d.fault(at, k)
	}
	d.aimed()
	slices.SortStableFunc(c.Faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
}

// longer draws by how much something is slowed down that takes usual: by a few times
// that, or so much that what comes late is of another term.
func (d *drawer) longer(usual Time) Time { return d.gap(pick(d, 4*usual, d.c.ElectionMax)) }

func (d *drawer) fault(at Time, k Kind) {
	c := d.c
	f := Fault{At: at, Kind: k, For: d.gap(c.ElectionMax * pick[Time](d, 1, 2, 6) / 2)}
	if d.IntN(2) == 0 {
		f.Node = 1 + d.IntN(c.Nodes)
	}
	switch k {
	case Crash:
		f.For = pick(d, 0, d.gap(c.DelayMax), f.For)
	case CrashPoint:
		f.Node = 1 + d.IntN(c.Nodes)
		f.For = pick(d, 0, 0, d.gap(c.DelayMax), f.For)
		f.Nth = 1 + pick(d, 0, 0, 0, d.IntN(5), d.IntN(40))
		f.Point = replica.Boundary(d.IntN(replica.Boundaries)).String()
		if d.IntN(4) == 0 { // rare in itself, and where most is at stake
			f.Point, f.Nth = replica.AfterVote.String(), 1+d.IntN(3)
		}
	case PowerLoss:
		f.Node = 0
	case Partition:
		f.Node, f.Side, f.OneWay = 0, 1+d.Uint64N(1<<c.Nodes-2), d.IntN(3) == 0
	case Isolate:
		f.OneWay = d.IntN(4) == 0
	case Cut:
		f.Node = 1 + d.IntN(c.Nodes)
		f.Peer = 1 + (f.Node+d.IntN(c.Nodes-1))%c.Nodes
		f.OneWay = d.IntN(2) == 0
	case Lossy:
		f.Node, f.P = 0, .05+d.Float64()*.4
	case Doubling, Shuffled:
		f.Node, f.P = 0, .05+d.Float64()*.5
	case Slow:
		f.Extra = d.longer(c.DelayMax)
	case SlowDisk:
		f.Extra = d.longer(c.Sync + 100*us)
	case RottenDisk, LostLog:
		for f.Node = 0; f.Node == 0 || !d.frail.Has(f.Node-1); f.Node = 1 + d.IntN(c.Nodes) {
		}
	case Depose:
		f.Node, f.Extra, f.Sync = 0, d.gap(2*c.ElectionMax), pick(d, 0, d.gap(2*c.ElectionMax))
	case Drift:
		f.P = pick(d, -.5, -.1, .1, .5, 1)
	case Jump:
		f.Extra = d.gap(c.ElectionMax)
		if d.IntN(2) == 0 {
			f.Extra = -f.Extra
		}
	}
	c.Faults = append(c.Faults, f)
}
