package replica

import (
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

// Board is where a replica shows, at the end of each turn, what others may know
// of it. It outlives the replica's incarnations and may be read at any time.
type Board struct {
	role    atomic.Uint32
	term    atomic.Uint64
	leader  atomic.Uint32
	last    atomic.Uint64
	commit  atomic.Uint64
	applied atomic.Uint64
	chose   atomic.Int64 // when it last answered a command of its own
	turns   atomic.Uint64
}

// View is a Board at one moment; its fields may be of neighbouring turns.
type View struct {
	smr.Status
	Applied uint64
	Chose   smr.Time
	Turns   uint64
}

// View reads the board.
func (b *Board) View() View {
	return View{
		Status: smr.Status{
			Role:   smr.Role(b.role.Load()),
			Term:   b.term.Load(),
			Leader: smr.NodeID(b.leader.Load()),
			Last:   b.last.Load(),
			Commit: b.commit.Load(),
		},
		Applied: b.applied.Load(),
		Chose:   smr.Time(b.chose.Load()),
		Turns:   b.turns.Load(),
	}
}

// Down marks the replica as being nothing: it has crashed.
func (b *Board) Down() {
	b.role.Store(uint32(smr.Follower))
	b.leader.Store(0)
	b.last.Store(0)
	b.commit.Store(0)
	b.applied.Store(0)
}

// set stores only what changed: a store shared between cores is not free.
func set(v *atomic.Uint64, x uint64) {
	if v.Load() != x {
		v.Store(x)
	}
}

func (r *Replica) publish() {
	s, b := &r.status, r.board
	r.core.Status(s)
	if x := uint32(s.Role); b.role.Load() != x {
		b.role.Store(x)
	}
	if x := uint32(s.Leader); b.leader.Load() != x {
		b.leader.Store(x)
	}
	set(&b.term, s.Term)
	set(&b.last, s.Last)
	set(&b.commit, s.Commit)
	set(&b.applied, r.state.Index)
	b.turns.Add(1)
}

// Window is the measured window, set by the run when it begins.
type Window struct{ from, to atomic.Int64 }

// Set says that the window is [from, to).
func (w *Window) Set(from, to smr.Time) {
	w.to.Store(int64(to))
	w.from.Store(int64(from))
}

// NewWindow returns a window that has not begun.
func NewWindow() *Window {
	w := new(Window)
	w.from.Store(int64(smr.Never))
	return w
}

// From is when the window begins, Never if that is not known yet.
func (w *Window) From() smr.Time { return smr.Time(w.from.Load()) }

// To is when the window ends (exclusive).
func (w *Window) To() smr.Time { return smr.Time(w.to.Load()) }

// Has reports whether t lies in the window.
func (w *Window) Has(t smr.Time) bool {
	return int64(t) >= w.from.Load() && int64(t) < w.to.Load()
}
