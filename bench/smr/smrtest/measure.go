package smrtest

import (
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// Deterministic runs some random schedules twice and compares what was said.
func Deterministic(t *testing.T, p smr.Protocol, opts ...Option) {
	t.Helper()
	seeds := uint64(10)
	if testing.Short() {
		seeds = 3
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		a, err := Schedule(p, seed, opts...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		b, err := Schedule(p, seed, opts...)
		if err != nil {
			t.Fatalf("seed %d again: %v", seed, err)
		}
		if a.Hash() != b.Hash() || a.Events != b.Events {
			t.Fatalf("seed %d twice: %d events with hash %x, then %d with %x", seed, a.Events, a.Hash(), b.Events, b.Hash())
		}
	}
}

// calm is a world of n replicas and perfect links with a constant one-way delay,
// durable writes that take no time, and somebody at position leader who may
// propose. Its heartbeats are far apart.
func calm(p smr.Protocol, n int, delay smr.Time, change func(*Options)) (w *World, leader int, err error) {
	cfg := DefaultConfig()
	cfg.ElectionMin, cfg.ElectionMax, cfg.Heartbeat = 1000*delay, 2000*delay, 500*delay
	o := Options{Seed: 1, Nodes: n, Config: cfg, Link: Link{Delay: Range{delay, delay}}}
	if change != nil {
		change(&o)
	}
	w, err = NewWorld(p, o)
	if err != nil {
		return w, 0, err
	}
	if p.Leaderless {
		return w, 0, w.Run(10 * delay)
	}
	serves := func() bool {
		leader = w.Leader()
		return leader >= 0 && w.Status(leader).Commit >= w.check.elected[w.Status(leader).Term] && w.Status(leader).Commit == w.Status(leader).Last
	}
	if !w.RunUntil(100*cfg.ElectionMax, serves) {
		return w, 0, fmt.Errorf("no leader: %w%v", w.err, w)
	}
	return w, leader, w.Run(w.now + 10*delay)
}

// Cost is what one entry takes that is proposed when nothing else is under way.
type Cost struct {
	Messages uint64   // frames of the kinds Replication and Election
	Latency  smr.Time // from Propose to Committed with its Tag
}

// Measure returns the costs of entries proposed one after another, in a cluster
// of n with a constant one-way delay. It is an error if they are not all equal.
func Measure(p smr.Protocol, n int, delay smr.Time) (Cost, error) {
	w, leader, err := calm(p, n, delay, nil)
	if err != nil {
		return Cost{}, err
	}
	messages := func() uint64 { return w.Frames[smr.Replication] + w.Frames[smr.Election] }
	var first Cost
	for k := range 20 {
		before, start, acked := messages(), w.now, w.check.acked
		if _, err := w.Propose(leader, 64); err != nil {
			return Cost{}, err
		}
		if !w.RunUntil(w.now+100*delay, func() bool { return w.check.acked > acked }) {
			return Cost{}, fmt.Errorf("entry %d is not committed: %w%v", k, w.err, w)
		}
		cost := Cost{Latency: w.now - start}
		if err := w.Run(start + 20*delay); err != nil { // acknowledgements that were not needed
			return Cost{}, err
		}
		cost.Messages = messages() - before
		if k == 0 {
			first = cost
		}
		if cost != first {
			return cost, fmt.Errorf("entry %d costs %+v, the first %+v", k, cost, first)
		}
	}
	return first, nil
}

// Messages demands that an unbatched commit among n replicas takes want messages.
func Messages(t *testing.T, p smr.Protocol, n int, want uint64) {
	t.Helper()
	cost, err := Measure(p, n, 10e6)
	if err != nil {
		t.Fatal(err)
	}
	if cost.Messages != want {
		t.Errorf("%s, n=%d: %d messages a commit, want %d", p.Name, n, cost.Messages, want)
	}
}

// Latency demands that a commit takes want one-way delays, to the nanosecond.
func Latency(t *testing.T, p smr.Protocol, n int, want int) {
	t.Helper()
	const delay = 10e6
	cost, err := Measure(p, n, delay)
	if err != nil {
		t.Fatal(err)
	}
	if cost.Latency != smr.Time(want)*delay {
		t.Errorf("%s, n=%d: a commit takes %v, want %d delays of %v", p.Name, n, cost.Latency, want, smr.Time(delay))
	}
}

// Allocs demands that in steady state nothing is allocated between Propose and
// Committed on all replicas, logs and acknowledgements included.
func Allocs(t *testing.T, p smr.Protocol) {
	t.Helper()
	const delay, batch = 1e6, 16
	w, leader, err := calm(p, 3, delay, func(o *Options) {
		o.Config.Inflight, o.Config.Retain = 64<<10, 64<<10
	})
	if err != nil {
		t.Fatal(err)
	}
	w.check.log = append(make([]chosen, 0, 1<<17), w.check.log...)
	round := func() {
		for range batch {
			if _, err := w.offer(leader, 256); err != nil {
				t.Fatal(err)
			}
		}
		w.replicas[leader].input()
		goal := w.check.acked + batch
		if !w.RunUntil(w.now+100*delay, func() bool { return w.check.acked >= goal }) {
			t.Fatalf("not committed: %v%v", w.err, w)
		}
		w.Run(w.now + 10*delay)
	}
	for range 500 { // windows wrap, snapshots are taken, buffers reach their size
		round()
	}
	// Snapshots allocate, in the world and one in some rounds: the average rounds down.
	if got := testing.AllocsPerRun(500, round); got > 0 {
		t.Errorf("%s: %v allocations in a round of %d entries", p.Name, got, batch)
	}
}
