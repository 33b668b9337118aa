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

// receive takes the mail.
func (r *Replica) receive(now smr.Time) {
	r.Port.PeerChanges(r.peer)
	r.Port.Poll(now)
	for {
		m, ok := r.Port.Next()
		if !ok {
			return
		}
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
}
