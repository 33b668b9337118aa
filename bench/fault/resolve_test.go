package fault

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// group is a cluster of n replicas for tests.
type group struct {
	n      int
	leader smr.NodeID
	down   []smr.NodeID
}

func (g group) Members() (ids []smr.NodeID) {
	for id := range g.n {
		ids = append(ids, smr.NodeID(id+1))
	}
	return ids
}
func (g group) Live(id smr.NodeID) bool         { return !slices.Contains(g.down, id) }
func (g group) Leader() smr.NodeID              { return g.leader }
func (g group) Region(id smr.NodeID) string     { return []string{"eu", "us"}[id%2] }
func (g group) without(ids ...smr.NodeID) group { g.down = ids; return g }

func resolve(t *testing.T, text string, v View, seed uint64) (Effect, error) {
	t.Helper()
	f := parse(t, text+" at 1s")
	a := Action{Fault: &f[0], Seed: seed}
	return a.Resolve(v)
}

func TestResolveByName(t *testing.T) {
	g := group{n: 5, leader: 2}
	for in, want := range map[string]string{
		"crash leader":                 "n2 []",
		"crash node 4":                 "n4 []",
		"crash {4,1}":                  "{n1 n4} []",
		"crash all":                    "{n1 n2 n3 n4 n5} []",
		"crash region eu":              "{n2 n4} []",
		"cut leader -> node 3":         "n2 -> n3 [{n2 n3}]",
		"cut leader <-> node 3":        "n2 <-> n3 [{n2 n3} {n3 n2}]",
		"cut {1,2} -> {2,3}":           "{n1 n2} -> n3 [{n1 n3} {n2 n3}]",
		"cut all -> leader":            "{n1 n2 n3 n4 n5} -> n2 [{n1 n2} {n3 n2} {n4 n2} {n5 n2}]",
		"partition {1,2} | {3,5}":      "{n1 n2} | {n3 n5} [{n1 n3} {n1 n5} {n2 n3} {n2 n5} {n3 n1} {n3 n2} {n5 n1} {n5 n2}]",
		"partition region eu | node 1": "{n2 n4} | n1 [{n2 n1} {n4 n1} {n1 n2} {n1 n4}]",
		"isolate leader":               "n2 [{n1 n2} {n2 n1} {n2 n3} {n2 n4} {n2 n5} {n3 n2} {n4 n2} {n5 n2}]",
		"delay 1ms leader":             "n2 [{n1 n2} {n2 n1} {n2 n3} {n2 n4} {n2 n5} {n3 n2} {n4 n2} {n5 n2}]",
	} {
		e, err := resolve(t, in, g, 1)
		if got := fmt.Sprint(e.Text, " ", e.Links); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestResolveByRole(t *testing.T) {
	g := group{n: 5, leader: 2}
	has := map[string]map[smr.NodeID]bool{}
	for seed := range uint64(300) {
		for in, size := range map[string]int{
			"crash any": 1, "crash follower": 1, "crash minority": 2, "crash majority": 3,
			"crash minority with leader": 2, "crash majority without leader": 3, "crash minority without leader": 2,
		} {
			e, err := resolve(t, in, g.without(5), seed)
			if err != nil || len(e.Nodes) != size || !slices.IsSorted(e.Nodes) || slices.Contains(e.Nodes, 5) {
				t.Fatalf("seed %d: %s: %v, %v", seed, in, e.Nodes, err)
			}
			if has[in] == nil {
				has[in] = map[smr.NodeID]bool{}
			}
			for _, id := range e.Nodes {
				has[in][id] = true
			}
			again, _ := resolve(t, in, g.without(5), seed)
			if !slices.Equal(e.Nodes, again.Nodes) {
				t.Fatalf("seed %d: %s: %v, then %v", seed, in, e.Nodes, again.Nodes)
			}
			if in == "crash minority with leader" && !slices.Contains(e.Nodes, 2) {
				t.Fatalf("seed %d: %s: %v", seed, in, e.Nodes)
			}
		}
		e, err := resolve(t, "cut any -> any", g, seed)
		if err != nil || len(e.Links) != 1 || e.Links[0].From == e.Links[0].To {
			t.Fatalf("seed %d: %v, %v", seed, e.Links, err)
		}
		e, err = resolve(t, "partition minority", g, seed)
		if err != nil || len(e.Groups) != 2 || len(e.Groups[0]) != 2 || len(e.Groups[1]) != 3 || len(e.Links) != 12 {
			t.Fatalf("seed %d: %+v, %v", seed, e, err)
		}
	}
	for in, want := range map[string]int{"crash any": 4, "crash follower": 3, "crash minority": 4, "crash majority without leader": 3} {
		if len(has[in]) != want || in != "crash any" && in != "crash minority" && has[in][2] {
			t.Errorf("%s strikes %v in 300 seeds", in, has[in])
		}
	}
}

// Two protocols with different leaders lose the same follower, unless it leads.
func TestChoicesHardlyDependOnTheLeader(t *testing.T) {
	for seed := range uint64(100) {
		a, _ := resolve(t, "crash follower", group{n: 5, leader: 1}, seed)
		b, _ := resolve(t, "crash follower", group{n: 5, leader: 2}, seed)
		if a.Nodes[0] != b.Nodes[0] && a.Nodes[0] != 2 && b.Nodes[0] != 1 {
			t.Fatalf("seed %d: %v under leader 1, %v under leader 2", seed, a.Nodes, b.Nodes)
		}
	}
}

func TestResolveNobody(t *testing.T) {
	g := group{n: 3}
	for in, want := range map[string]error{
		"crash leader":                   ErrNoLeader,
		"partition minority with leader": ErrNoLeader,
		"crash region asia":              ErrNobody,
	} {
		if _, err := resolve(t, in, g, 1); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", in, err, want)
		}
	}
	if _, err := resolve(t, "crash any", g.without(1, 2, 3), 1); !errors.Is(err, ErrNobody) {
		t.Errorf("all are down: %v", err)
	}
	g.leader = 3
	if _, err := resolve(t, "cut leader -> node 3", g, 1); err != errSameEnds {
		t.Error(err)
	}
	for _, in := range []string{"cut leader -> node 3", "partition leader | leader", "partition all | node 1", "crash node 4"} {
		if e, err := resolve(t, in, g, 1); err == nil {
			t.Errorf("%s: %+v", in, e)
		}
	}
}

func TestOut(t *testing.T) {
	g := group{n: 5, leader: 1}
	for in, want := range map[string]string{
		"crash leader":              "[n1]",
		"pause {1,2}":               "[n1 n2]",
		"isolate leader":            "[n1]",
		"partition {1,2}":           "[n1 n2]",
		"partition {1,2} | {3,4}":   "[]",            // 5 hears all: everybody has a majority
		"partition {2}|{3}|{4}|{5}": "[n2 n3 n4 n5]", // only links to 1 are up: 1 alone has a quorum
		"cut node 1 -> {2,3,4}":     "[n1]",
		"cut node 1 -> node 2":      "[]",
		"delay 10ms leader":         "[]",
		"loss 1% leader":            "[]",
	} {
		f := parse(t, in+" at 1s")
		a := Action{Fault: &f[0]}
		e, err := a.Resolve(g)
		if got := fmt.Sprint(e.Out(f[0].Verb, g.Members())); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
}
