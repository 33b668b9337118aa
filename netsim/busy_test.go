package netsim

import (
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

type nobody struct{}

func (nobody) Wake() {}

// TestFramesOfABusySender: a frame that leaves later arrives later, and not at all if
// its sender closes before.
func TestFramesOfABusySender(t *testing.T) {
	for _, c := range []struct {
		closed   smr.Time
		received uint64
	}{{closed: 49, received: 0}, {closed: 50, received: 1}, {closed: 60, received: 1}} {
		sim := NewSim()
		v := NewVirtual(sim, 1, Link{Delay: Constant(100)})
		a, _ := v.Open(1, nobody{})
		b, _ := v.Open(2, nobody{})
		a.Send(50, 2, 0, []byte("x"), nil) // the clock stands at 0
		sim.Run(c.closed)
		a.Close()
		sim.Run(149)
		if n := b.Stats().ReceivedFrames; n != 0 {
			t.Errorf("%d frames came early", n)
		}
		sim.Run(150)
		if n := b.Stats().ReceivedFrames; n != c.received {
			t.Errorf("closed at %d: %d frames came, want %d", c.closed, n, c.received)
		}
	}
}
