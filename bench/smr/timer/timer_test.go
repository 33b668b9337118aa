package timer

import (
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func config(n int) *smr.Config {
	c := &smr.Config{ID: 1, Seed: 7, ElectionMin: 150, ElectionMax: 300}
	for i := range n {
		c.Peers = append(c.Peers, smr.NodeID(i+1))
	}
	return c
}

func TestElectionDrawsTheWholeRange(t *testing.T) {
	e := NewElection(config(3))
	if e.Deadline() != smr.Never || e.Expired(1<<60) {
		t.Fatal("a new timer must be stopped")
	}
	lo, hi := smr.Never, smr.Time(0)
	for range 10_000 {
		e.Restart(1000)
		lo, hi = min(lo, e.Deadline()), max(hi, e.Deadline())
	}
	if lo != 1150 || hi != 1300 {
		t.Fatalf("deadlines in [%d, %d], want [1150, 1300]: both ends are inclusive", lo, hi)
	}
	if !e.Expired(e.Deadline()) || e.Expired(e.Deadline()-1) {
		t.Fatal("a timer runs out at its deadline")
	}
}

func TestElectionIsSeeded(t *testing.T) {
	a, b, c := NewElection(config(3)), NewElection(config(3)), NewElection(config(3))
	c.rng.Seed(8, 1)
	differs := false
	for range 100 {
		a.Restart(0)
		b.Restart(0)
		c.Restart(0)
		if a.Deadline() != b.Deadline() {
			t.Fatal("equal seeds, unequal timers")
		}
		differs = differs || a.Deadline() != c.Deadline()
	}
	if !differs {
		t.Fatal("the seed has no effect")
	}
}

func TestElectionWithoutRandomness(t *testing.T) {
	cfg := config(3)
	cfg.ElectionMax = cfg.ElectionMin
	e := NewElection(cfg)
	e.Restart(10)
	if e.Deadline() != 160 {
		t.Fatalf("deadline %d, want 160", e.Deadline())
	}
}

func TestLosesQuorumAgreesWithWithin(t *testing.T) {
	cfg := config(5)
	rng := NewElection(cfg)
	for range 2_000 {
		c := NewContacts(cfg)
		for i := range cfg.Peers {
			c.Heard(i, rng.Draw(0, 20))
		}
		for quorum := 2; quorum <= 5; quorum++ {
			at := c.LosesQuorum(quorum, 10)
			if c.Within(at-1, 10) < quorum || c.Within(at, 10) >= quorum {
				t.Fatalf("contacts %v quorum %d: lost at %d, but %d are heard just before and %d then",
					c.last, quorum, at, c.Within(at-1, 10), c.Within(at, 10))
			}
		}
	}
	c := NewContacts(config(1))
	if c.LosesQuorum(1, 10) != smr.Never {
		t.Fatal("a cluster of one needs nobody")
	}
}
