package replica

import (
	"github.com/consbench/consbench/bench/smr"
)

// The channels of the network that a replica uses.
const (
	channelCore  = 0 // frames of the protocol
	channelChunk = 1 // a piece of a snapshot
	channelAck   = 2 // how much of a snapshot has come
)

// mailPerTurn bounds the bytes that a turn reads. A replica that has fallen behind
// has megabytes waiting; it must acknowledge as it goes, or its peers' windows close
// and it stays behind.
const mailPerTurn = 512 << 10

// receive takes mail. It reports whether some was left for the next turn.
func (r *Replica) receive(now smr.Time) (more bool) {
	r.Port.PeerChanges(r.peer)
	r.Port.Poll(now)
	for bytes := 0; bytes < mailPerTurn; {
		m, ok := r.Port.Next()
		if !ok {
			if bytes > 0 {
				r.passes(AfterMail)
			}
			return false
		}
		bytes += len(m.Data)
		r.Trace.arrives(now, m.From, m.Channel, m.Data)
		switch m.Channel {
		case channelCore:
			if r.core.Step(now, m.From, m.Data) != nil {
				r.counters.Malformed++
			}
		case channelChunk:
			ok = r.snapshot.chunk(now, m.From, m.Data)
		case channelAck:
			ok = r.snapshot.ack(now, m.From, m.Data)
		default:
			ok = false
		}
		if !ok {
			r.counters.Malformed++
		}
	}
	r.passes(AfterMail)
	return true
}
