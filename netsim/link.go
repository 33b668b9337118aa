package netsim

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// Link is what can happen to a frame on one directed link. The zero value is a
// perfect link. Probabilities are in [0, 1] and independent of each other.
type Link struct {
	Cut       bool    // nothing passes
	Delay     Dist    // one way
	Loss      float64 // probability that a frame vanishes
	Duplicate float64 // probability that a frame arrives twice; the copies are neighbours
	Reorder   float64 // probability that a frame (or a copy) is held up and overtaken
	Bandwidth int64   // bytes per second; 0 = unlimited
	Queue     int64   // bytes that may wait for bandwidth before frames are dropped; 0 = DefaultQueue
}

// DefaultQueue is how many bytes wait for bandwidth unless the Link says otherwise.
const DefaultQueue = 16 << 20

// minHoldUp bounds from below by how much a reordered frame is held up at most:
// without it a link without delay would reorder nothing.
const minHoldUp = smr.Time(time.Millisecond)

// Validate reports what in the link cannot be.
func (l *Link) Validate() error {
	for _, p := range [...]float64{l.Loss, l.Duplicate, l.Reorder} {
		if !(p >= 0 && p <= 1) { // NaN too
			return errors.New("netsim: a probability must be between 0 and 1")
		}
	}
	if l.Bandwidth < 0 || l.Queue < 0 {
		return errors.New("netsim: bandwidth and queue must not be negative")
	}
	return l.Delay.Validate()
}

// Perfect reports whether frames pass at once and unharmed.
func (l *Link) Perfect() bool {
	return !l.Cut && l.Delay.Base == 0 && l.Delay.Spread == 0 &&
		l.Loss == 0 && l.Duplicate == 0 && l.Reorder == 0 && l.Bandwidth == 0
}

// Fate is what happens to one frame: Copies arrive, copy i at Due[i]. If Copies
// is 0, Dropped says why. Reordered copies may be overtaken.
type Fate struct {
	Copies    int
	Due       [2]smr.Time
	Reordered [2]bool
	Dropped   Reason
}

// Line is the state of one directed link: its generator and what is on the wire.
// It belongs to one goroutine.
type Line struct {
	link Link
	pcg  rand.PCG
	rng  *rand.Rand
	free smr.Time // when the sender's end has put out all bytes given to it
	last smr.Time // when the last frame in order is due
}

// NewLine returns a perfect line. Its fates follow from seed, from, to and the
// frames sent over it, and from nothing else.
func NewLine(seed uint64, from, to smr.NodeID) *Line {
	l := new(Line)
	l.pcg.Seed(seed, uint64(from)<<32|uint64(to))
	l.rng = rand.New(&l.pcg)
	return l
}

// Set changes the link for the frames to come: what is on its way already arrives when
// it would have, as on a cable, and the order with what is sent from now on is kept, as
// on a connection. After a slower link is mended its last frames are so the first to
// arrive, up to their delay later; what waited for bandwidth that is not limited any more
// is on its way likewise. It panics if the link is not valid.
func (l *Line) Set(link Link) {
	if err := link.Validate(); err != nil {
		panic(err)
	}
	l.link = link
	if link.Bandwidth == 0 {
		l.free = 0
	}
}

// Link is what was last set.
func (l *Line) Link() Link { return l.link }

// Clear reports whether the line is perfect and nothing sent before is still on
// its way at now: a frame may then be delivered at once.
func (l *Line) Clear(now smr.Time) bool { return l.last <= now && l.link.Perfect() }

// Send decides what happens to a frame of size bytes that is sent at now.
func (l *Line) Send(now smr.Time, size int) (f Fate) {
	k := &l.link
	if k.Cut {
		f.Dropped = DropCut
		return f
	}
	if k.Loss > 0 && l.rng.Float64() < k.Loss {
		f.Dropped = DropLost
		return f
	}
	sent := now
	if k.Bandwidth > 0 {
		sent = max(now, l.free)
		queue := k.Queue
		if queue == 0 {
			queue = DefaultQueue
		}
		if waiting := float64(sent-now) / 1e9 * float64(k.Bandwidth); waiting > 0 && waiting+float64(size) > float64(queue) {
			f.Dropped = DropFull
			return f
		}
		sent += smr.Time(float64(size) / float64(k.Bandwidth) * 1e9)
		l.free = sent
	}
	f.Copies = 1
	if k.Duplicate > 0 && l.rng.Float64() < k.Duplicate {
		f.Copies = 2
	}
	due := sent + k.Delay.Sample(l.rng)
	inOrder := max(due, l.last)
	for i := range f.Copies {
		if k.Reorder > 0 && l.rng.Float64() < k.Reorder {
			span := max(k.Delay.Base, minHoldUp)
			f.Due[i] = due + 1 + smr.Time(l.rng.Int64N(int64(span)))
			f.Reordered[i] = true
			continue
		}
		f.Due[i] = inOrder
		l.last = inOrder
	}
	return f
}
