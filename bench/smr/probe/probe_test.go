package probe_test

import (
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr/probe"
)

func TestPlacesAreDescribed(t *testing.T) {
	seen := make(map[string]bool)
	for id := range probe.ID(probe.Count) {
		i := id.Info()
		if i.Name == "" || i.Where == "" || i.Means == "" {
			t.Errorf("place %d is described as %+v", id, i)
		}
		if seen[id.String()] {
			t.Errorf("%v stands twice", id)
		}
		seen[id.String()] = true
	}
}

// TestOf: each protocol has places of its own, and together with the shared ones at
// least 50 can be reached by each.
func TestOf(t *testing.T) {
	for _, protocol := range []string{"raft", "multipaxos", "paxos"} {
		ids := probe.Of(protocol)
		if len(ids) < 50 {
			t.Errorf("%s has %d places", protocol, len(ids))
		}
		for _, id := range ids {
			if w := id.Info().Where; w != protocol && w != probe.Log && w != probe.Replica && w != probe.Fault {
				t.Errorf("%s has %v", protocol, id)
			}
		}
	}
}

func TestSetsAddUp(t *testing.T) {
	var a, b probe.Set
	a.Hit(probe.LogTailLost)
	b.Hit(probe.LogTailLost)
	b.Hit(probe.ReplicaDuplicate)
	a.Add(&b)
	if a.Hits(probe.LogTailLost) != 2 || a.Hits(probe.ReplicaDuplicate) != 1 {
		t.Errorf("%d and %d hits", a.Hits(probe.LogTailLost), a.Hits(probe.ReplicaDuplicate))
	}
	missing := a.Missing("raft")
	if len(missing) != len(probe.Of("raft"))-2 || slices.Contains(missing, probe.LogTailLost) {
		t.Errorf("missing %v", missing)
	}
	a.Reset()
	if a.Hits(probe.LogTailLost) != 0 {
		t.Error("Reset leaves counts")
	}
}

// TestNilCountsNothing: a measured run has no set, and pays nothing for it.
func TestNilCountsNothing(t *testing.T) {
	var none, some *probe.Set = nil, new(probe.Set)
	if n := testing.AllocsPerRun(100, func() {
		none.Hit(probe.LogTailLost)
		some.Hit(probe.LogTailLost)
		none.Add(some)
		none.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if none.Hits(probe.LogTailLost) != 0 || len(none.Missing("raft")) != len(probe.Of("raft")) {
		t.Error("the nil set counts")
	}
}
