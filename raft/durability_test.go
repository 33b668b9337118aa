package raft

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestABA: entry 2 is logged, overwritten, and overwritten again with what stood
// there first. What is confirmed of the first write says nothing of the third.
func TestABA(t *testing.T) {
	l := newLone(t, plain(3))
	l.slow = true
	l.appendIn(1, 2, 0, 0, 0, 1, 1)
	a := l.number
	l.appendIn(2, 3, 1, 1, 0, 2)
	b := l.number
	l.appendIn(3, 2, 1, 1, 0, 1) // a leader of term 3 whose entry 2 is of term 1
	c := l.number
	if a == b || b == c || c != 3 {
		t.Fatalf("Readys %d %d %d", a, b, c)
	}
	l.core.Persisted(l.now, a)
	if got := l.status().Durable; got != 1 {
		t.Fatalf("durable %d after the first write", got)
	}
	l.core.Persisted(l.now, b)
	l.expect()
	if got := l.status().Durable; got != 1 {
		t.Fatalf("durable %d after the second write", got)
	}
	l.core.Persisted(l.now, c)
	l.expect("n2 replication ack term=3 match=2 last=2")
}

// TestRecoveryAtEveryRecord replays every prefix of a server's records: it must come
// back as it was when that record was the last durable one.
func TestRecoveryAtEveryRecord(t *testing.T) {
	for seed := range uint64(30) {
		cfg := plain(3)
		cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 16<<10, 64<<10
		l := newLone(t, cfg)
		l.slow = true
		type state struct {
			term, commit uint64
			vote         smr.NodeID
			terms        []uint64
			base         uint64
		}
		var states []state
		r := newWorld(t, seed, plain(1), links{}).rng
		term, seen := uint64(1), 0
		for range 60 {
			term = max(term, l.core.term)
			switch r.IntN(8) {
			case 0:
				l.now += 500 * ms
				l.requestVote(3, term+1, 1000, term+1, false)
				term++
			case 1:
				l.timeout()
			case 2:
				l.persist()
			case 3:
				if c := l.core.log.applied; c > l.core.snapIndex+5 {
					l.core.Meta(c, nil)
					l.core.Snapshotted(c)
				}
			case 4:
				term++
				fallthrough
			default:
				g := &l.core.log
				prev := g.commit + uint64(r.IntN(int(g.last()-g.commit)+1))
				var terms []uint64
				for range 1 + r.IntN(4) {
					terms = append(terms, term)
				}
				l.appendIn(term, 2, prev, g.term(prev), prev, terms...)
				l.drain()
				l.persist() // the leader's next term must not be refused as a second one
				l.core.leader = smr.None
			}
			l.drain()
			g := &l.core.log
			now := state{l.core.term, g.commit, l.core.vote, nil, l.core.snapIndex}
			for i := max(g.base(), l.core.snapIndex) + 1; i <= g.last(); i++ {
				now.terms = append(now.terms, g.term(i))
			}
			for ; seen < len(l.records); seen++ {
				states = append(states, state{}) // several records of one Ready: only the last is a state
			}
			if n := len(states); n > 0 && states[n-1].term == 0 {
				states[n-1] = now
			}
		}
		for n := 1; n <= len(states); n++ {
			want := states[n-1]
			if want.term == 0 {
				continue
			}
			c, _ := New(cfg)
			meta := []byte{}
			if want.base > 0 {
				meta = l.metaAt(want.base, n)
			}
			if err := c.Restore(want.base, meta); err != nil {
				t.Fatal(err)
			}
			var rd smr.Ready
			for i, rec := range l.records[:n] {
				if rec[0] == recordBaseline && baselineIndex(rec) > want.base {
					t.Fatalf("seed %d: record %d is a Baseline ahead of its snapshot", seed, i)
				}
				if err := c.Replay(bytes.Clone(rec)); err != nil {
					t.Fatalf("seed %d, record %d of %d: %v", seed, i, n, err)
				}
				c.Ready(0, &rd)
				for _, e := range rd.Committed {
					if e.Index > want.commit {
						t.Fatalf("seed %d, record %d: commits %d, commit was %d", seed, i, e.Index, want.commit)
					}
				}
			}
			c.Start(0)
			g := &c.(*core).log
			var terms []uint64
			for i := max(g.base(), want.base) + 1; i <= g.last(); i++ {
				terms = append(terms, g.term(i))
			}
			if cc := c.(*core); cc.term != want.term || cc.vote != want.vote || g.commit > want.commit || !slices.Equal(terms, want.terms) {
				t.Fatalf("seed %d, %d records: term %d vote %v commit %d log %v, want %+v", seed, n, cc.term, cc.vote, g.commit, terms, want)
			}
		}
	}
}

func baselineIndex(rec []byte) uint64 { return get(rec, 24) }

// metaAt is the meta of the snapshot at index, from the Baseline among the first n
// records.
func (l *lone) metaAt(index uint64, n int) []byte {
	for _, rec := range l.records {
		if rec[0] == recordBaseline && baselineIndex(rec) == index {
			return rec[32:40]
		}
	}
	l.t.Fatalf("no Baseline at %d in %d records", index, n)
	return nil
}

// TestBaselineStandsAlone: the records of a Baseline's Ready and those after it
// bring back what all records bring back.
func TestBaselineStandsAlone(t *testing.T) {
	l := newLone(t, plain(3))
	l.append(2, 0, 0, 2, 1, 1, 1, 1)
	l.requestVote(3, 2, 9, 1, false)
	l.drain()
	meta := l.core.Meta(2, nil)
	l.core.Snapshotted(2)
	l.core.Ready(l.now, &l.rd)
	if !l.rd.Baseline || len(l.rd.Records) != 1 {
		t.Fatalf("%+v", l.rd)
	}
	rec := slices.Concat(l.rd.Records[0].Head, l.rd.Records[0].Body)
	c, _ := New(l.cfg)
	if err := c.Restore(2, meta); err != nil {
		t.Fatal(err)
	}
	if err := c.Replay(rec); err != nil {
		t.Fatal(err)
	}
	c.Start(0)
	if r := c.(*core); r.term != 2 || r.vote != 3 || r.log.commit != 2 || r.log.last() != 4 || r.log.durable != 4 || r.log.lastTerm() != 1 {
		t.Errorf("%+v", r)
	}
	if err := func() error { c, _ := New(l.cfg); return c.Replay(rec) }(); err == nil {
		t.Error("a Baseline without its snapshot was taken")
	}
}

// TestInstalledReplacesAStaleTail, also if the server dies before the Baseline is
// durable: the log then still holds the tail that the snapshot disowned.
func TestInstalledReplacesAStaleTail(t *testing.T) {
	meta := []byte{5, 0, 0, 0, 0, 0, 0, 0}
	l := newLone(t, plain(3))
	l.append(2, 0, 0, 1, 1, 1, 2, 2, 2) // 2..5 of term 1, 2
	l.appendIn(6, 2, 9, 5, 0, 6)        // too far ahead: rejected
	l.sent()
	before := len(l.records)
	l.core.Installed(l.now, 4, meta)
	l.expect("n2 catch-up ack term=6 match=4 last=4")
	if s := l.status(); s.First != 5 || s.Last != 4 || s.Commit != 4 || s.Durable != 4 {
		t.Fatalf("%+v", s)
	}
	l.appendIn(6, 2, 4, 5, 0, 6)
	l.expect("n2 replication ack term=6 match=5 last=5")
	for _, n := range []int{before, len(l.records)} {
		c, _ := New(l.cfg)
		if err := c.Restore(4, meta); err != nil {
			t.Fatal(err)
		}
		for _, rec := range l.records[:n] {
			if err := c.Replay(rec); err != nil {
				t.Fatal(err)
			}
		}
		c.Start(0)
		var s smr.Status
		c.Status(&s)
		if want := uint64(4 + (n-before+1)/2); s.Last != want {
			t.Errorf("%d records: last %d, want %d", n, s.Last, want)
		}
	}
}

// TestEntriesBehindAnInstalledSnapshotSurviveTwoRestarts: a server dies between
// installing a snapshot and writing its Baseline, comes back without its stale tail,
// takes new entries, and dies again. Nothing but the Baseline that it writes when it is
// back tells those entries from the tail.
func TestEntriesBehindAnInstalledSnapshotSurviveTwoRestarts(t *testing.T) {
	meta := []byte{2, 0, 0, 0, 0, 0, 0, 0}
	// The stale tail is of a term above that of the snapshot's last entry, which a
	// leader of term 4 has had chosen (Raft paper, Figure 8).
	stale := newLone(t, plain(3))
	stale.append(2, 0, 0, 1, 1, 1, 1, 3, 3, 3)
	back := func(records [][]byte) *lone {
		t.Helper()
		c, err := New(stale.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Restore(4, meta); err != nil {
			t.Fatal(err)
		}
		for _, rec := range records {
			if err := c.Replay(bytes.Clone(rec)); err != nil {
				t.Fatal(err)
			}
		}
		c.Start(0)
		return &lone{t: t, cfg: stale.cfg, core: c.(*core), records: slices.Clone(records)}
	}
	l := back(stale.records)
	if s := l.status(); s.Last != 4 {
		t.Fatalf("the tail of another history is back: %+v", s)
	}
	l.appendIn(5, 2, 4, 2, 4, 4, 5)
	again := back(l.records)
	if g := &again.core.log; g.last() != 6 || g.durable != 6 || g.term(5) != 4 || g.term(6) != 5 {
		t.Errorf("log %d to %d, durable %d", g.base()+1, g.last(), g.durable)
	}
	if n := len(again.records); back(again.records).core.baseline || n != len(l.records) {
		t.Error("one Baseline is enough")
	}
}

// TestCommitMarksWhenIdle: a commit that no record of entries takes along is
// logged by itself, once, unsynced.
func TestCommitMarksWhenIdle(t *testing.T) {
	l := newLone(t, plain(1))
	l.timeout()
	n := len(l.records)
	if l.rd.Deadline != l.now+l.cfg.Heartbeat {
		t.Fatalf("deadline %v", l.rd.Deadline)
	}
	l.now = l.rd.Deadline
	l.core.Tick(l.now)
	l.drain()
	if len(l.records) != n+1 || l.sync != smr.SyncNone || l.rd.Deadline != smr.Never {
		t.Fatalf("%d records, sync %v, deadline %v", len(l.records)-n, l.sync, l.rd.Deadline)
	}
	c, _ := New(l.cfg)
	for _, rec := range l.records {
		if err := c.Replay(rec); err != nil {
			t.Fatal(err)
		}
	}
	var rd smr.Ready
	c.Ready(0, &rd)
	if len(rd.Committed) != 1 || len(rd.Frames)+len(rd.Records) != 0 {
		t.Errorf("%+v", rd)
	}
}

// TestLaggardGetsASnapshot: what the window has let go of comes as a snapshot, and
// replication goes on behind it.
func TestLaggardGetsASnapshot(t *testing.T) {
	for seed := range uint64(10) {
		cfg := testConfig(3)
		cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 16<<10, 8<<10
		w := newWorld(t, seed, cfg, links{delay: 2 * ms, snapshotEvery: 50})
		l := w.elect()
		lag := w.servers[int(l.id)%3]
		if seed%2 == 0 {
			w.crash(lag)
		} else {
			w.isolate(lag, true)
		}
		for range 300 {
			w.mustPropose(l, strings.Repeat("y", 500))
			w.drain(l)
			w.run(5 * ms)
		}
		if got := l.core.(*core).peers[lag.id-1].state; got != snapshot {
			t.Fatalf("seed %d: the laggard's progress is in state %v", seed, got)
		}
		w.isolate(lag, false)
		w.restart(lag)
		w.run(1000 * ms)
		if lag.applied != l.applied || l.core.(*core).peers[lag.id-1].state != replicate {
			t.Errorf("seed %d: applied %d of %d, %+v", seed, lag.applied, l.applied, l.core.(*core).peers[lag.id-1].progress)
		}
	}
}

// TestExactCost: without loss, one command at a time, a commit is one round trip
// and two frames a follower, heartbeats apart; the commit notice rides.
func TestExactCost(t *testing.T) {
	for _, n := range []int{3, 5, 7, 9} {
		w := newWorld(t, 1, testConfig(n), links{delay: 10 * ms})
		l := w.elect()
		w.run(300 * ms)
		sum := func() (out [smr.Kinds]int) {
			for _, s := range w.servers {
				for k, v := range s.frames {
					out[k] += v
				}
			}
			return out
		}
		before := sum()
		const commits = 50
		for i := range commits {
			tag := w.mustPropose(l, fmt.Sprint(i))
			w.drain(l)
			w.run(20*ms - 1)
			if l.mine[tag] != 0 {
				t.Fatal("committed in less than a round trip")
			}
			w.run(1)
			if l.mine[tag] != 1 {
				t.Fatal("not committed after a round trip")
			}
			w.run(smr.Time(w.rng.Int64N(int64(100 * ms))))
		}
		after := sum()
		if got := after[smr.Replication] - before[smr.Replication]; got != commits*2*(n-1) {
			t.Errorf("n=%d: %d replication frames for %d commits, want %d", n, got, commits, commits*2*(n-1))
		}
		if after[smr.Election] != before[smr.Election] || after[smr.CatchUp] != before[smr.CatchUp] {
			t.Errorf("n=%d: %v became %v", n, before, after)
		}
		for _, s := range w.servers {
			if s != l && int(s.applied) < len(w.chosen)-1 {
				t.Errorf("n=%d: %v applied %d of %d", n, s.id, s.applied, len(w.chosen))
			}
		}
	}
}

// TestOneLossIsNoStorm: a lost frame in a pipeline is found by the next, and what
// follows it is sent once more, in bulk.
func TestOneLossIsNoStorm(t *testing.T) {
	w := newWorld(t, 1, testConfig(3), links{delay: 10 * ms})
	l := w.elect()
	w.run(300 * ms)
	var before [smr.Kinds]int
	for _, s := range w.servers {
		for k, v := range s.frames {
			before[k] += v
		}
	}
	to := w.servers[int(l.id)%3].id
	for i := range 50 {
		if i == 3 {
			w.filter = func(_, t smr.NodeID, k smr.Kind, _ []byte) bool { return t != to }
		}
		w.mustPropose(l, "x")
		w.drain(l)
		w.filter = nil
		w.run(ms)
	}
	w.run(40 * ms)
	catchUp := -before[smr.CatchUp]
	for _, s := range w.servers {
		catchUp += s.frames[smr.CatchUp]
		if s.role.Last != l.role.Last {
			t.Errorf("%v has %d of %d entries", s.id, s.role.Last, l.role.Last)
		}
	}
	if catchUp > 25 { // about 20 rejections of the pipeline, one probe, one bulk, their answers
		t.Errorf("%d catch-up frames", catchUp)
	}
}

// TestLostLastAppend is found out by the next heartbeat.
func TestLostLastAppend(t *testing.T) {
	w := newWorld(t, 1, testConfig(3), links{delay: 5 * ms})
	l := w.elect()
	w.run(200 * ms)
	w.filter = func(_, _ smr.NodeID, k smr.Kind, _ []byte) bool { return k != smr.Replication }
	tag := w.mustPropose(l, "x")
	w.drain(l)
	w.filter = nil
	w.run(w.cfg.Heartbeat + 25*ms)
	if l.mine[tag] != 1 {
		t.Fatal("the entry was not sent again")
	}
}
