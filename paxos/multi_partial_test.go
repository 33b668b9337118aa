package paxos

import (
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/smrtest"
)

// TestPartialConnectivity cuts links as Ng et al. do (Omni-Paxos, EuroSys 2023, 2
// and 7.2). Multi-Paxos with this failure detector recovers within five election
// timeouts from each.
func TestPartialConnectivity(t *testing.T) {
	for name, c := range map[string]struct {
		nodes int
		cut   func(w *smrtest.World, leader, hub int)
		hub   bool // the hub has to lead
	}{
		// Only the links to one follower are left.
		"quorum loss": {5, func(w *smrtest.World, _, hub int) {
			eachPair(5, func(i, j int) { w.Cut(i, j, i != hub && j != hub) })
		}, true},
		// The leader is gone too, and the hub has missed the last entries.
		"constrained": {5, func(w *smrtest.World, leader, hub int) {
			eachPair(5, func(i, j int) { w.Cut(i, j, i == leader || j == leader || i != hub && j != hub) })
		}, true},
		// Three in a line, the leader at one end.
		"chained": {3, func(w *smrtest.World, leader, hub int) {
			eachPair(3, func(i, j int) { w.Cut(i, j, i != hub && j != hub) })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 20; seed++ {
				o := smrtest.Options{Seed: seed, Nodes: c.nodes, Config: smrtest.DefaultConfig(), Link: smrtest.Link{Delay: smrtest.Range{Min: 1e6, Max: 2e6}}}
				w, err := smrtest.NewWorld(Multi, o)
				if err != nil {
					t.Fatal(err)
				}
				w.RunUntil(10e9, func() bool { return w.Leader() >= 0 })
				leader := w.Leader()
				hub := (leader + 1) % c.nodes
				propose(t, w, leader, 5)
				if name == "constrained" { // the hub misses a few, and what it has is stale
					w.Cut(leader, hub, true)
					propose(t, w, leader, 5)
				}
				start, before := w.Now(), w.Chosen()
				c.cut(w, leader, hub)
				timeout := o.Config.ElectionMax
				ok := w.RunUntil(start+5*timeout, func() bool {
					for i := range c.nodes {
						if w.Status(i).Role == smr.Leader {
							w.Propose(i, 8)
						}
					}
					return w.Chosen() > before+1
				})
				if !ok || c.hub && w.Status(hub).Role != smr.Leader {
					t.Fatalf("seed %d: hub n%d, leader was n%d: %v%v", seed, hub+1, leader+1, w.Err(), w)
				}
			}
		})
	}
}

func eachPair(n int, fn func(i, j int)) {
	for i := range n {
		for j := range n {
			if i != j {
				fn(i, j)
			}
		}
	}
}

func propose(t *testing.T, w *smrtest.World, leader, n int) {
	t.Helper()
	for range n {
		if _, err := w.Propose(leader, 20); err != nil {
			t.Fatal(err)
		}
		if err := w.Run(w.Now() + 10e6); err != nil {
			t.Fatal(err)
		}
	}
}
