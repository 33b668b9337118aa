package paxos

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// Both phases for every command: prepare, promise, accept, accepted to and from each
// of the others, two round trips, and the notice rides along.
func TestBasicCostOfACommit(t *testing.T) {
	for _, n := range []int{1, 3, 5, 7, 9} {
		l := newLab(t, labConfig(n))
		l.delay = 10 * ms
		const commands = 50
		for k := range commands {
			began, tag := l.now, smr.Tag(k+1)
			if err := l.core(1).Propose(l.now, tag, []byte(fmt.Sprint("command ", k))); err != nil {
				t.Fatal(err)
			}
			l.drain(1)
			done := func() bool { return len(l.committed[0]) == k+1 }
			if !l.run(time(1), done) || l.committed[0][k].Tag != tag {
				t.Fatalf("n=%d: command %d is not committed", n, k)
			}
			if want := 4 * l.delay; n > 1 && l.now-began != want {
				t.Fatalf("n=%d: command %d took %v, want %v", n, k, l.now-began, want)
			}
		}
		l.wait(time(1))
		if got, want := l.frames[smr.Replication], commands*4*(n-1); got != want || l.frames[smr.CatchUp] != 0 || l.frames[smr.Election] != 0 {
			t.Errorf("n=%d: %d replication frames, want %d; of all kinds %v", n, got, want, l.frames)
		}
		for i := range n {
			if len(l.committed[i]) != commands {
				t.Errorf("n=%d: n%d knows %d commands of %d", n, i+1, len(l.committed[i]), commands)
			}
		}
	}
}

func time(seconds smr.Time) smr.Time { return seconds * 1000 * ms }

// A burst leaves as one frame a peer and phase, and is answered by one.
func TestBasicBurstIsOneFrame(t *testing.T) {
	l := newLab(t, labConfig(3))
	for k := range 20 {
		if err := l.core(1).Propose(l.now, smr.Tag(k+1), []byte(fmt.Sprint(k))); err != nil {
			t.Fatal(err)
		}
	}
	l.drain(1)
	l.settle()
	if got := l.frames[smr.Replication]; got != 8 || len(l.committed[0]) != 20 {
		t.Fatalf("%d frames for %d commands of one turn, want 8 for 20", got, len(l.committed[0]))
	}
}

// Two duelling proposers (Paxos Made Simple, 2.4). The one with the higher number
// wins the slot; the value of the other one moves on, but only after it is known to
// be beaten.
func TestBasicDuel(t *testing.T) {
	l := newLab(t, labConfig(3))
	low, high := NewBallot(1, 1), NewBallot(1, 2)
	l.propose(1, "a")
	l.propose(2, "b")
	l.sent(1, 3, Item{OpPrepare, 1, low, 0})
	l.sent(2, 3, Item{OpPrepare, 1, high, 0})
	l.deliver(1, 3)
	l.deliver(2, 3) // n3 has promised low, now it promises high
	l.deliver(3, 1) // low has its quorum, n1 and n3
	l.sent(1, 3, Item{OpAccept, 1, low, 0})
	l.deliver(1, 3)
	l.sent(3, 1, Item{OpReject, 1, low, high})
	l.deliver(3, 1)
	l.deliver(3, 2)
	l.sent(2, 3, Item{OpAccept, 1, high, 0})
	l.deliver(2, 3)
	if got := l.core(1).used; got != 1 {
		t.Fatalf("n1 uses slot %d before slot 1 is known to be chosen otherwise", got)
	}
	l.take(2, 1)
	l.take(1, 2)
	l.deliver(3, 2) // accepted: b is chosen
	l.holds(2, "b")
	if a := l.core(1).at(1).attempt; a == nil || a.value == 0 || l.core(1).used != 1 {
		t.Fatal("n1 has let go of a before it knows")
	}
	if !l.run(time(5), func() bool { return len(l.committed[0]) == 2 && len(l.committed[1]) == 2 && len(l.committed[2]) == 2 }) {
		t.Fatalf("the duel does not end: %v", l.committed)
	}
	for id := smr.NodeID(1); id <= 3; id++ {
		l.holds(id, "b", "a")
	}
	if e := l.committed[0]; e[0].Tag != 0 || e[1].Tag != tagOf("a") {
		t.Fatalf("tags at n1: %v", e)
	}
}

// Duels end whatever the number of rivals, and every value is chosen once.
func TestBasicDuelsEnd(t *testing.T) {
	for seed := range uint64(20) {
		cfg := labConfig(5)
		cfg.Seed = seed
		l := newLab(t, cfg)
		l.delay = 5 * ms
		for k := range 8 {
			for id := smr.NodeID(1); id <= 5; id++ {
				v := fmt.Sprint(k, " of ", id)
				if err := l.core(id).Propose(l.now, smr.Tag(k+1), []byte(v)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for id := smr.NodeID(1); id <= 5; id++ {
			l.drain(id)
		}
		acked := func() int {
			n := 0
			for i := range l.committed {
				for _, e := range l.committed[i] {
					if e.Tag != 0 {
						n++
					}
				}
			}
			return n
		}
		if !l.run(time(60), func() bool { return acked() == 40 }) {
			t.Fatalf("seed %d: %d of 40 commands after %v", seed, acked(), l.now)
		}
		l.wait(time(1))
		seen := map[string]bool{}
		for i, e := range l.committed[0] {
			if len(e.Data) > 0 && seen[string(e.Data)] {
				t.Fatalf("seed %d: %q is chosen twice", seed, e.Data)
			}
			seen[string(e.Data)] = true
			for j := range l.committed {
				if !bytes.Equal(l.committed[j][i].Data, e.Data) {
					t.Fatalf("seed %d: n%d disagrees at %d", seed, j+1, e.Index)
				}
			}
		}
	}
}

// Phase 2 with the value of the highest-numbered proposal among the promises
// (Paxos Made Simple, 2.2, P2c): a proposer that finds an accepted value finishes it.
func TestBasicAdoption(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.propose(1, "a")
	l.deliver(1, 2)
	l.deliver(2, 1)
	l.sent(1, 2, Item{OpAccept, 1, NewBallot(1, 1), 0})
	l.deliver(1, 2) // n1 and n2 have accepted: chosen, and nobody knows
	l.crash(1)
	l.net = l.net[:0]

	// n3 has heard nothing of it. Its own value has to give way.
	l.propose(3, "c")
	l.sent(3, 2, Item{OpPrepare, 1, NewBallot(1, 3), 0})
	l.deliver(3, 2)
	l.sent(2, 3, Item{OpPromise, 1, NewBallot(1, 3), NewBallot(1, 1)})
	l.deliver(2, 3)
	l.sent(3, 2, Item{OpAccept, 1, NewBallot(1, 3), 0})
	l.settle()
	l.holds(3, "a", "c")
	if e := l.committed[2]; e[0].Tag != 0 || e[1].Tag != tagOf("c") {
		t.Fatalf("tags at n3: %v", e)
	}
}

// A value that others have finished under their ballot is still the own proposal.
func TestBasicOwnValueChosenByAnother(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.propose(1, "a")
	l.deliver(1, 2)
	l.deliver(2, 1)
	l.deliver(1, 2)   // n2 has accepted a
	l.net = l.net[:0] // n1 is cut off
	l.propose(3, "c") // takes slot 1, too
	l.deliver(3, 2)   //
	l.deliver(2, 3)   // adopts a
	l.deliver(3, 2)   //
	l.deliver(2, 3)   // a is chosen under 1.n3; c goes to slot 2
	l.settle()
	if !l.run(time(2), func() bool { return len(l.committed[0]) == 2 }) {
		t.Fatal("n1 does not learn")
	}
	l.holds(1, "a", "c")
	if e := l.committed[0]; e[0].Tag != tagOf("a") || e[1].Tag != 0 {
		t.Fatalf("tags at n1: %v", e)
	}
}

// A proposal number derives from the durable promise, so a restart cannot repeat it.
func TestBasicNumbersNeverRepeat(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.slow[0] = true
	l.propose(1, "a")
	if len(l.take(1, 0)) != 0 {
		t.Fatal("a prepare has left before its ballot was durable")
	}
	l.persist(1)
	l.sent(1, 2, Item{OpPrepare, 1, NewBallot(1, 1), 0})
	l.sent(1, 3, Item{OpPrepare, 1, NewBallot(1, 1), 0})
	l.slow[0] = false
	l.crash(2)
	l.crash(3)
	last := NewBallot(1, 1)
	for range 5 {
		l.crash(1)
		l.start(1)
		l.wait(2 * l.cfg.ElectionMax) // slot 1 is in use and open: it tries to finish it
		p := l.core(1).at(1).attempt
		if p == nil || p.Phase != Preparing || p.Ballot <= last {
			t.Fatalf("after a restart: %+v, the last ballot was %v", p, last)
		}
		last = p.Ballot
	}
}

// Slots are chosen in any order; only applying is in order.
func TestBasicSlotsAreIndependent(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.propose(1, "a")
	first := l.take(1, 0)
	l.propose(1, "b")
	l.settle()
	c := l.core(1)
	if !c.at(2).chosen || c.at(1).chosen || len(l.committed[0]) != 0 {
		t.Fatal("slot 2 should be chosen, slot 1 open, nothing committed")
	}
	l.step(first)
	l.settle()
	l.holds(1, "a", "b")
}

// An unused slot below used ones is closed with a no-op, without its proposer.
func TestBasicGapIsClosed(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.delay = ms
	l.propose(1, "a")
	l.deliver(1, 2) // n2 has promised slot 1
	l.net = l.net[:0]
	l.crash(1)
	l.propose(2, "b")
	began := l.now
	if !l.run(time(2), func() bool { return len(l.committed[1]) == 2 && len(l.committed[2]) == 2 }) {
		t.Fatal("the gap is not closed")
	}
	l.holds(2, "", "b")
	l.holds(3, "", "b")
	if d := l.now - began; d < l.cfg.ElectionMin {
		t.Fatalf("the gap was closed after %v: its proposer had no chance", d)
	}
}

// A notice confirms what was accepted under its ballot, nothing else.
func TestBasicNoticeOfAnotherBallotFetches(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.propose(1, "a")
	l.deliver(1, 3)
	l.deliver(3, 1)
	l.deliver(1, 3) // n3 accepts 1.n1
	l.net = l.net[:0]
	l.crash(1)
	l.propose(2, "b")
	l.deliver(2, 3)
	l.deliver(3, 2)
	l.take(2, 3) // the accept under 1.n2 is lost
	c := l.core(3)
	head := AppendItem(AppendBatchHead(nil, 0), Item{Op: OpChosen, Slot: 1, Ballot: NewBallot(1, 2)})
	FinishBatch(head)
	if err := c.Step(l.now, 2, head); err != nil {
		t.Fatal(err)
	}
	if c.at(1).chosen {
		t.Fatal("a notice of 1.n2 confirmed what was accepted under 1.n1")
	}
	l.drain(3)
	l.sent(3, 2, Item{OpFetch, 1, 0, 0})
}

// Lost requests are repeated, to those that have not answered, as catch-up frames.
func TestBasicRetransmits(t *testing.T) {
	l := newLab(t, labConfig(5))
	l.delay = ms
	l.propose(1, "a")
	l.deliver(1, 2)
	l.net = l.net[:0]
	if !l.run(time(2), func() bool { return len(l.committed[0]) == 1 }) {
		t.Fatal("lost prepares are not repeated")
	}
	l.wait(time(1))
	for id := smr.NodeID(1); id <= 5; id++ {
		l.holds(id, "a")
	}
}

// Own proposals whose slot disappears under a peer's snapshot are lost if they may
// have been chosen there, and move on if not.
func TestBasicLost(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.propose(1, "a")
	l.deliver(1, 2)
	l.deliver(2, 1) // phase 2 of a has begun
	l.propose(1, "b")
	c := l.core(1)
	meta := make([]byte, 8)
	c.Installed(l.now, 7, meta)
	l.drain(1)
	if len(l.lost[0]) != 1 || l.lost[0][0] != tagOf("a") {
		t.Fatalf("lost %v, want a", l.lost[0])
	}
	if in := c.at(8); in.attempt == nil || in.attempt.value == 0 {
		t.Fatal("b has not moved on")
	}
	var st smr.Status
	if c.Status(&st); st.First != 8 || st.Commit != 7 {
		t.Fatalf("%+v", st)
	}
}

func TestBasicRefuses(t *testing.T) {
	cfg := labConfig(3)
	l := newLab(t, cfg)
	c := l.core(1)
	full := 0
	for k := 0; k < 1000; k++ {
		if err := c.Propose(0, smr.Tag(k+1), make([]byte, 1000)); err == smr.ErrFull {
			full++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if full == 0 || c.values.open > cfg.Inflight {
		t.Fatalf("%d bytes are open, Inflight is %d", c.values.open, cfg.Inflight)
	}
	if err := c.Step(0, 9, nil); err == nil {
		t.Fatal("a stranger was heard")
	}
	cfg.Q1, cfg.Q2 = 1, 2
	if _, err := NewBasic(cfg); err == nil {
		t.Fatal("quorums that do not meet were taken")
	}
}

// TestBasicNonVotersSendOn: whichever replica a client asks, and whatever that one knows,
// from one to the next it comes to a voter, if all the others have lost their logs.
func TestBasicNonVotersSendOn(t *testing.T) {
	l := newLab(t, labConfig(5))
	for voter := range smr.NodeID(5) {
		for author := range smr.NodeID(6) { // whose value was chosen last, 0 = nothing is
			for id := range smr.NodeID(5) {
				l.core(id + 1).cfg.NonVoter = id != voter
				l.core(id + 1).last = 0
				if author != 0 {
					l.core(id + 1).last = NewBallot(1, author)
				}
			}
			for first := range smr.NodeID(5) {
				at, hops := first+1, 0
				for ; l.core(at).Propose(l.now, 1, []byte("a")) == smr.ErrNotLeader; hops++ {
					l.drain(at)
					if at = l.rd.Leader; at == smr.None || hops == 5 {
						t.Fatalf("%v votes, the last value was %v's: from %v on, no voter is found but %v", voter+1, author, first+1, at)
					}
				}
			}
		}
	}
}

// Every prefix of a log replays, and brings back no less than the one before it.
func TestBasicReplaysEveryPrefix(t *testing.T) {
	l := newLab(t, labConfig(3))
	l.delay = ms
	for k := range 10 {
		l.propose(1, fmt.Sprint("x", k), fmt.Sprint("y", k))
		l.propose(smr.NodeID(2+k%2), fmt.Sprint("z", k))
		l.wait(30 * ms)
	}
	l.wait(time(1))
	for i := range l.log {
		promised, accepted := map[uint64]Ballot{}, map[uint64]Ballot{}
		for n := range len(l.log[i]) + 1 {
			cfg := l.cfg
			cfg.ID = smr.NodeID(i + 1)
			core, _ := NewBasic(cfg)
			c := core.(*basic)
			for k, rec := range l.log[i][:n] {
				if err := c.Replay(rec); err != nil {
					t.Fatalf("n%d: record %d: %v", i+1, k, err)
				}
			}
			c.Start(0)
			for slot := uint64(1); slot <= c.used; slot++ {
				in := c.at(slot)
				if in.Promised < promised[slot] || in.Accepted < accepted[slot] || in.Accepted > in.Promised {
					t.Fatalf("n%d: %d records: slot %d promised %v accepted %v, was %v and %v", i+1, n, slot, in.Promised, in.Accepted, promised[slot], accepted[slot])
				}
				promised[slot], accepted[slot] = in.Promised, in.Accepted
			}
			if n == len(l.log[i]) {
				live := l.cores[i]
				for slot := live.log.First(); slot <= live.log.Last(); slot++ {
					if c.at(slot).Acceptor != live.at(slot).Acceptor || !bytes.Equal(c.log.Data(slot), live.log.Data(slot)) {
						t.Fatalf("n%d: slot %d differs after a restart", i+1, slot)
					}
				}
				if c.frontier != live.frontier {
					t.Fatalf("n%d: knows %d chosen, was %d", i+1, c.frontier, live.frontier)
				}
			}
		}
	}
}

// basicTrio is three replicas that pass frames on at once, without a copy kept.
type basicTrio struct {
	tb        testing.TB
	cores     [3]smr.Core
	rds       [3]smr.Ready
	buf       []byte
	now       smr.Time
	tag       smr.Tag
	committed int
}

func newBasicTrio(tb testing.TB, cfg smr.Config) *basicTrio {
	x := &basicTrio{tb: tb, buf: make([]byte, 0, cfg.MaxFrame)}
	for i := range x.cores {
		cfg.ID = cfg.Peers[i]
		core, err := NewBasic(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		core.Start(0)
		x.cores[i] = core
	}
	return x
}

// commit makes n proposals at n1 and runs until nothing is left to do.
func (x *basicTrio) commit(n int, data []byte) {
	x.now += ms
	for range n {
		x.tag++
		binary.LittleEndian.PutUint64(data, uint64(x.tag))
		if err := x.cores[0].Propose(x.now, x.tag, data); err != nil {
			x.tb.Fatal(err)
		}
	}
	for busy := true; busy; {
		busy = false
		for i, c := range x.cores {
			rd := &x.rds[i]
			c.Ready(x.now, rd)
			for _, f := range rd.Frames {
				x.buf = append(append(x.buf[:0], f.Head...), f.Body...)
				if err := x.cores[f.To-1].Step(x.now, smr.NodeID(i+1), x.buf); err != nil {
					x.tb.Fatal(err)
				}
			}
			busy = busy || len(rd.Frames) > 0 || rd.More
			if n := len(rd.Committed); n > 0 {
				x.committed += n
				c.Applied(rd.Committed[n-1].Index)
			}
			if len(rd.Records) > 0 {
				c.Persisted(x.now, rd.Number)
				busy = true
			}
		}
	}
}

func TestBasicSteadyStateAllocatesNothing(t *testing.T) {
	x := newBasicTrio(t, labConfig(3))
	data := make([]byte, 256)
	for range 500 {
		x.commit(16, data)
	}
	if n := testing.AllocsPerRun(500, func() { x.commit(16, data) }); n != 0 {
		t.Fatalf("%v allocations in a round of 16 commits", n)
	}
	if x.committed < 3*16*900 {
		t.Fatalf("%d committed", x.committed)
	}
}

// BenchmarkBasicCommit is the work of three replicas for one slot, without network
// and disk.
func BenchmarkBasicCommit(b *testing.B) {
	cfg := labConfig(3)
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 256<<10, 4<<20, 4<<20
	x := newBasicTrio(b, cfg)
	data := make([]byte, 256)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 256 {
		x.commit(256, data)
	}
}

func FuzzBasicReplay(f *testing.F) {
	head := appendBasicRecord(nil, basicPromises)
	f.Add(appendBasicPromise(head, 3, NewBallot(1, 2)))
	f.Add(append(appendBasicRecord(nil, basicMark), 1, 0, 0, 0, 0, 0, 0, 0))
	run := batchForTest()
	f.Add(append(appendBasicRecord(nil, basicEntries), run[len(run)-72:]...))
	f.Fuzz(func(t *testing.T, record []byte) {
		cfg := labConfig(3)
		cfg.ID = 1
		core, err := NewBasic(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if core.Replay(record) != nil {
			return
		}
		var rd smr.Ready
		core.Start(0)
		core.Ready(0, &rd)
		core.Tick(time(10))
		core.Ready(time(10), &rd)
	})
}

func FuzzBasicStep(f *testing.F) {
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	w := window.New[struct{}](4<<10, 0)
	w.Put(1, uint64(b2), 0, window.Sum([]byte("x")), []byte("x"))
	entry, _ := w.Run(1, 1, 0)
	for _, it := range []Item{
		{OpPrepare, 1, b2, 0}, {OpPromise, 1, b1, 0}, {OpPromise, 1, b2, b2}, {OpReject, 1, b1, b2}, {OpAccept, 1, b2, 0},
		{OpAccepted, 1, b1, 0}, {OpChosen, 1, b1, 0}, {OpFetch, 1, 0, 0}, {OpLearn, 1, b2, 0}, {OpBehind, 1, 0, 0},
	} {
		head := AppendItem(AppendBatchHead(nil, 0), it)
		FinishBatch(head)
		if carries, _ := it.Carries(); carries {
			head = append(head, entry...)
		}
		f.Add(head)
	}
	f.Add(batchForTest())
	cfg := labConfig(3)
	cfg.ID = 1
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 4<<10, 0
	f.Fuzz(func(t *testing.T, frame []byte) {
		core, err := NewBasic(cfg)
		if err != nil {
			t.Fatal(err)
		}
		core.Start(0)
		core.Propose(0, 1, []byte("own"))
		var rd smr.Ready
		core.Ready(0, &rd)
		core.Persisted(0, rd.Number)
		core.Ready(0, &rd)
		for now := ms; now < 3*ms; now += ms {
			if core.Step(now, 2, frame) != nil {
				return
			}
			core.Ready(now, &rd)
			core.Persisted(now, rd.Number)
			core.Ready(now, &rd)
		}
	})
}
