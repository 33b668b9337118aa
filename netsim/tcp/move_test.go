package tcp

import (
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// TestPeerMoves: nodes in networks of their own find each other as addresses become
// known, and again when one comes back at another address.
func TestPeerMoves(t *testing.T) {
	o := options(t, 1, 2)
	o.BackoffMin, o.BackoffMax = time.Hour, time.Hour // only SetAddr makes anybody call again
	clock := park.NewClock()
	limit := clock.Now() + smr.Time(generous)
	networks := map[smr.NodeID]*Network{}
	ports, parkers := map[smr.NodeID]netsim.Port{}, map[smr.NodeID]*park.Parker{}
	open := func(id smr.NodeID) {
		o := o
		o.Local = []smr.NodeID{id}
		n, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		w := park.New(clock, park.Options{})
		t.Cleanup(w.Close)
		p, err := n.Open(id, w)
		if err != nil {
			t.Fatal(err)
		}
		networks[id], ports[id], parkers[id] = n, p, w
	}
	await := func(id smr.NodeID, want bool) {
		t.Helper()
		for got := !want; ; {
			ports[id].PeerChanges(func(_ smr.NodeID, up bool) { got = up })
			if got == want {
				return
			}
			if !parkers[id].Park(limit) {
				t.Fatalf("node %v does not see its peer: up is %v, want %v", id, got, want)
			}
		}
	}
	open(1)
	open(2)
	networks[2].SetAddr(1, networks[1].Addr(1))
	await(1, true)
	await(2, true)
	first := networks[1].Addr(1)
	networks[1].Close()
	await(2, false)
	open(1)
	if networks[1].Addr(1) == first {
		t.Skip("the system gave the same port twice")
	}
	networks[2].SetAddr(1, networks[1].Addr(1))
	await(2, true)
	await(1, true)
	ports[2].Send(0, 1, 7, []byte("he"), []byte("llo"))
	ports[2].Flush(0)
	for {
		ports[1].Poll(0)
		if m, ok := ports[1].Next(); ok {
			if string(m.Data) != "hello" || m.From != 2 || m.Channel != 7 {
				t.Fatalf("got %+v", m)
			}
			return
		}
		if !parkers[1].Park(limit) {
			t.Fatal("nothing came")
		}
	}
}
