package netsim

import (
	"strconv"

	"github.com/consbench/consbench/bench/smr"
)

// Waker tells an actor that something came for it. Wake is cheap, idempotent and
// never blocks. Live, it unparks a goroutine; in virtual time it schedules a turn
// at the current instant.
type Waker interface{ Wake() }

// Mail is one received frame.
type Mail struct {
	From    smr.NodeID
	Channel uint8
	Data    []byte // head and body joined; valid until the next Poll
}

// Port is one replica's end of a network. All methods but Close belong to one
// goroutine, the one that takes the replica's turns.
type Port interface {
	// Poll takes what has come. The Mail of the Poll before becomes invalid. If
	// Next has not yet returned everything that an earlier Poll took, Poll leaves
	// it at that: nothing is skipped and nothing becomes invalid. It then wakes the
	// port's Waker if more has come, so that a caller that reads a bounded number
	// of frames a turn misses none.
	Poll(now smr.Time)
	// Next returns the frames that Poll took, first-in first-out per link. Frames
	// whose delay has not passed at the Poll are held back.
	Next() (Mail, bool)
	// Send sends head and body as one frame to another node, never to itself. Both
	// are borrowed for the call. It never blocks: what does not fit into a queue is
	// dropped and counted. In virtual time now may lie ahead of the clock: the frame
	// leaves then, unless the port is closed before.
	Send(now smr.Time, to smr.NodeID, channel uint8, head, body []byte)
	// Flush ends a turn: receivers are woken, bytes are handed to sockets.
	Flush(now smr.Time)
	// Due is when the earliest frame that is held back here becomes due, Never if
	// there is none. The Waker is not called for it: the caller has a timer.
	Due() smr.Time
	// PeerChanges reports connections that went up or down since the last call.
	// Networks without connections report none.
	PeerChanges(func(id smr.NodeID, up bool))
	// Stats returns the counts since the port was opened.
	Stats() Stats
	// Close drops everything, frames on their way to this port included: a crash.
	// It may be called from any goroutine, while no other method runs or will be
	// called again; a second Close does nothing.
	Close() error
}

// Network makes ports and controls the links between them.
type Network interface {
	// Open makes the port of a replica and wakes w when mail comes. After a Close
	// the same id may be opened again: the replica restarted.
	Open(id smr.NodeID, w Waker) (Port, error)
	// SetLink changes a directed link for all frames sent from now on, and cuts or
	// heals it. It may be called at any time; on live networks from any goroutine.
	// It panics if l is not valid: see [Link.Validate].
	SetLink(from, to smr.NodeID, l Link)
	// Close closes all ports.
	Close() error
}

// Reason is why a frame was dropped.
type Reason uint8

const (
	DropCut     Reason = iota // the link was cut
	DropLost                  // the link loses frames, and this was one
	DropFull                  // a queue was full
	DropDown                  // there is nobody at the other end
	DropInvalid               // oversized, or arrived damaged
	Reasons     = 5           // number of reasons
)

var reasonNames = [Reasons]string{"cut", "lost", "full", "down", "invalid"}

func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "reason(" + strconv.Itoa(int(r)) + ")"
}

// Stats counts what a port did. Bytes are those of heads and bodies. Sent counts
// every frame given to Send, dropped or not; a drop is counted at the port where
// it happened, sender or receiver.
type Stats struct {
	SentFrames, SentBytes         uint64
	ReceivedFrames, ReceivedBytes uint64
	Duplicated                    uint64 // extra copies that the link model made
	Dropped                       [Reasons]uint64
}

// Add adds t to s.
func (s *Stats) Add(t Stats) {
	s.SentFrames += t.SentFrames
	s.SentBytes += t.SentBytes
	s.ReceivedFrames += t.ReceivedFrames
	s.ReceivedBytes += t.ReceivedBytes
	s.Duplicated += t.Duplicated
	for i, n := range t.Dropped {
		s.Dropped[i] += n
	}
}

// DroppedFrames is the number of frames dropped for any reason.
func (s *Stats) DroppedFrames() uint64 {
	n := uint64(0)
	for _, d := range s.Dropped {
		n += d
	}
	return n
}
