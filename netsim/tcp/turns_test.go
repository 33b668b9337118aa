package tcp

import (
	"sync/atomic"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// bell wakes one of the nodes that share a goroutine.
type bell struct {
	rung   atomic.Bool
	parker *park.Parker
}

func (b *bell) Wake() {
	b.rung.Store(true)
	b.parker.Wake()
}

// TestOneGoroutine: nodes that take their turns on one goroutine hand tokens on, and
// sleep without a deadline when there is none. From when Connected says so no frame is
// lost, and no wake-up: one of either, and a token is gone for good.
func TestOneGoroutine(t *testing.T) {
	lives, hops := 10, 3000
	if testing.Short() {
		lives, hops = 3, 500
	}
	const tokens = 7
	ids := []smr.NodeID{1, 2, 3, 4, 5}
	net, err := New(options(t, ids...))
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	clock := park.NewClock()
	parker := park.New(clock, park.Options{})
	defer parker.Close()
	limit := clock.Now() + smr.Time(generous)
	sleep := func(doing string) {
		if !parker.Park(limit) {
			t.Fatalf("%s: everybody sleeps", doing)
		}
	}
	for range lives {
		ports, bells := make([]netsim.Port, len(ids)), make([]bell, len(ids))
		for i, id := range ids {
			bells[i].parker = parker
			if ports[i], err = net.Open(id, &bells[i]); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range ids {
			for _, b := range ids[:a-1] {
				for !net.Connected(a, b) {
					sleep("connecting")
				}
			}
		}
		if net.Connected(1, 9) || net.Connected(9, 1) {
			t.Error("a stranger is connected")
		}
		for i := range tokens {
			ports[i%len(ids)].Send(0, ids[(i+1)%len(ids)], uint8(i), []byte{0, 0}, nil)
			ports[i%len(ids)].Flush(0)
		}
		for done := 0; done < tokens*hops; {
			turns := 0
			for i := range ids {
				if !bells[i].rung.Swap(false) {
					continue
				}
				turns++
				ports[i].Poll(0)
				for m, ok := ports[i].Next(); ok; m, ok = ports[i].Next() {
					if done++; done <= tokens*(hops-1) { // to all in turn, back to the sender too
						to := (i + 1 + (done+int(m.Channel))%(len(ids)-1)) % len(ids)
						ports[i].Send(0, ids[to], m.Channel, m.Data, nil)
					}
				}
				ports[i].Flush(0)
			}
			if turns == 0 {
				sleep("handing tokens on")
			}
		}
		for i, p := range ports {
			if s := p.Stats(); s.DroppedFrames() != 0 {
				t.Errorf("node %v dropped %v", ids[i], s.Dropped)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
