package netsim

import (
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

// LiveLine is a Line that other goroutines may set while its sender uses it.
type LiveLine struct {
	link    atomic.Pointer[Link] // nil: perfect, and nothing is under way
	line    *Line                // belongs to the sender, as does applied
	applied *Link                // what line was set to last
}

// NewLiveLine returns a line set to link, which must be valid. See [NewLine].
func NewLiveLine(seed uint64, from, to smr.NodeID, link Link) *LiveLine {
	l := &LiveLine{line: NewLine(seed, from, to)}
	if !link.Perfect() {
		l.Set(link)
	}
	return l
}

// Set changes the link. It panics if the link is not valid. Any goroutine may call
// it.
func (l *LiveLine) Set(link Link) {
	if err := link.Validate(); err != nil {
		panic(err)
	}
	l.link.Store(&link)
}

// Cut reports whether the link is cut. Any goroutine may call it.
func (l *LiveLine) Cut() bool {
	link := l.link.Load()
	return link != nil && link.Cut
}

// Straight reports whether the next frame passes at once and unharmed, so that
// there is no need to call Send: one atomic load.
func (l *LiveLine) Straight() bool { return l.link.Load() == nil }

// Send decides what happens to a frame of size bytes that is sent at now.
func (l *LiveLine) Send(now smr.Time, size int) Fate {
	if link := l.link.Load(); link != nil {
		if link != l.applied {
			l.line.Set(*link)
			l.applied = link
		}
		if l.line.Clear(now) {
			l.link.CompareAndSwap(link, nil)
		}
	}
	return l.line.Send(now, size)
}
