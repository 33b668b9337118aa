package paxos

import (
	"slices"
	"testing"
)

// TestBasicNudge: what an acceptor had no room for is sent again when its slot has
// become the next one here, and again when it has become the acceptor's, whatever
// the timeouts have grown to.
func TestBasicNudge(t *testing.T) {
	cfg := labConfig(3)
	cfg.Q1, cfg.Q2 = 1, 3
	l := newLab(t, cfg)
	c := l.core(1)
	l.propose(1, "a")
	first := l.take(1, 3)
	l.propose(1, "b")
	second := l.take(1, 3)
	l.deliver(1, 2)
	l.deliver(2, 1)

	// quiet lets replica 1 alone repeat itself, to nobody.
	quiet := func() {
		t.Helper()
		for range 200 {
			l.now = c.deadline()
			c.Tick(l.now)
			l.drain(1)
			l.take(0, 0)
		}
		if p := c.at(2).attempt; p == nil || p.repeated < 3 || p.deadline <= l.now {
			t.Fatalf("replica 1 does not repeat slot 2: %+v", p)
		}
	}
	// repeated checks that slot 2 goes to replica 3 now, and that this is no sample.
	repeated := func(when string) {
		t.Helper()
		if c.deadline() > l.now {
			t.Fatalf("%s: nothing is due before %v", when, c.deadline()-l.now)
		}
		rtt := c.rtt
		c.Tick(l.now)
		l.drain(1)
		want := Item{Op: OpAccept, Slot: 2, Ballot: NewBallot(1, 1)}
		if got := l.items(l.take(1, 3)); !slices.Contains(got, want) {
			t.Fatalf("%s: replica 3 is sent %v, want %v", when, got, want)
		}
		if c.at(2).attempt.repeated == 0 || c.rtt != rtt {
			t.Fatalf("%s: the answer would be taken for one to what was sent once", when)
		}
	}

	quiet()
	l.step(first)
	l.deliver(3, 1)
	if c.frontier != 1 {
		t.Fatalf("slot 1 is not chosen, known up to %d", c.frontier)
	}
	repeated("slot 1 is chosen")

	known := AppendBatchHead(nil, 1) // replica 3 says that it knows slot 1 too
	FinishBatch(known)
	heartbeat := []flight{{from: 3, to: 1, data: known}}
	quiet()
	l.step(heartbeat)
	repeated("replica 3 knows slot 1")
	l.step(heartbeat)
	if c.deadline() <= l.now {
		t.Fatal("what replica 3 has said before has slot 2 repeated again")
	}

	l.step(second)
	l.deliver(3, 1)
	l.holds(1, "a", "b")
}
