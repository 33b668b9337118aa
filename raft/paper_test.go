package raft

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// The tests are named after the sections of the Raft paper (extended version).

func plain(n int) smr.Config {
	cfg := testConfig(n)
	cfg.PreVote, cfg.CheckQuorum = false, false
	return cfg
}

// 5.1: "if one server's current term is smaller than the other's, then it updates
// its current term to the larger value. If a candidate or leader discovers that its
// term is out of date, it immediately reverts to follower state."
func TestTermsOnlyRise_5_1(t *testing.T) {
	for _, role := range []smr.Role{smr.Follower, smr.Candidate, smr.Leader} {
		for name, frame := range map[string][]byte{
			"append":    (&appendEntries{term: 9, seq: 1}).encode(nil),
			"reply":     (&appendReply{term: 9, seq: 1}).encode(nil),
			"vote":      (&requestVote{term: 9, round: 1}).encode(nil),
			"voteReply": (&voteReply{term: 9, round: 1}).encode(nil),
		} {
			l := newLone(t, plain(3))
			if role >= smr.Candidate {
				l.campaign()
			}
			if role == smr.Leader {
				l.win()
			}
			l.step(2, frame)
			l.drain()
			if s := l.status(); s.Term != 9 || s.Role != smr.Follower {
				t.Errorf("%v after %s: %+v", role, name, s)
			}
		}
	}
}

// 5.1: "If a server receives a request with a stale term number, it rejects the request."
func TestStaleTermIsRejected_5_1(t *testing.T) {
	l := newLone(t, plain(3))
	l.append(2, 0, 0, 0, 5)
	l.sent()
	l.appendIn(4, 3, 0, 0, 0, 4)
	l.requestVote(3, 4, 9, 4, false)
	l.expect("n3 heartbeat ack term=5 match=0 last=0", "n3 election vote pre=false term=5 granted=false")
	if got := l.terms(); !slices.Equal(got, []uint64{5}) {
		t.Errorf("log %v", got)
	}
}

// The rejection tells only the term: by the time that it arrives, its receiver may
// lead that very term and have sent less in it than in its old one.
func TestRejectionOfAStaleTermMayFindALeaderOfTheNewOne_5_1(t *testing.T) {
	voter := newLone(t, plain(3))
	voter.append(2, 0, 0, 0, 5)
	voter.sent()
	voter.step(2, (&appendEntries{term: 4, seq: 352}).encode(nil))
	voter.drain()
	reply := voter.frames[0].Head

	leader := newLone(t, plain(3))
	leader.append(2, 0, 0, 0, 4)
	leader.drain()
	leader.campaign()
	leader.win()
	if leader.core.term != 5 {
		t.Fatalf("it leads term %d", leader.core.term)
	}
	leader.step(3, reply)
	if s := leader.status(); s.Role != smr.Leader || s.Term != 5 {
		t.Errorf("%+v", s)
	}
}

// 5.2: a follower that hears nothing increments its term, votes for itself and asks
// all others in parallel.
func TestElectionTimeout_5_2(t *testing.T) {
	l := newLone(t, plain(3))
	l.append(2, 0, 0, 0, 1, 1)
	l.sent()
	at := l.core.election.Deadline()
	if at < 150*ms || at > 300*ms {
		t.Fatalf("election timer %v", at)
	}
	l.now = at - 1
	l.core.Tick(l.now)
	l.expect()
	l.timeout()
	l.expect("n2 election vote? pre=false term=2 last=2/1", "n3 election vote? pre=false term=2 last=2/1")
	want := []smr.EventType{smr.Following, smr.TimedOut, smr.Campaign}
	var got []smr.EventType
	for _, e := range l.events {
		got = append(got, e.Type)
	}
	if !slices.Equal(got, want) || l.sync != smr.SyncCampaign {
		t.Errorf("events %v, sync %v", got, l.sync)
	}
}

// 5.2: a candidate wins with the votes of a majority, its own included.
func TestMajorityWins_5_2(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 9} {
		for votes := range n {
			l := newLone(t, plain(n))
			l.campaign()
			for i := range votes {
				l.grant(smr.NodeID(2 + i))
				l.grant(smr.NodeID(2 + i)) // twice is once
			}
			if won := l.status().Role == smr.Leader; won != (votes+1 > n/2) {
				t.Errorf("%d votes of %d: leader %v", votes+1, n, won)
			}
		}
	}
}

// 5.2: "Each server will vote for at most one candidate in a given term, on a
// first-come-first-served basis."
func TestOneVoteATerm_5_2(t *testing.T) {
	l := newLone(t, plain(3))
	l.requestVote(2, 4, 0, 0, false)
	l.expect("n2 election vote pre=false term=4 granted=true")
	if l.sync != smr.SyncVote {
		t.Errorf("sync %v", l.sync)
	}
	l.requestVote(3, 4, 0, 0, false)
	l.expect("n3 election vote pre=false term=4 granted=false")
	l.requestVote(2, 4, 0, 0, false) // asked again: same answer
	l.expect("n2 election vote pre=false term=4 granted=true")
	// ... and after a restart.
	c, _ := New(l.cfg)
	for _, r := range l.records {
		if err := c.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	c.Start(l.now)
	again := &lone{t: t, cfg: l.cfg, core: c.(*core), now: l.now}
	again.requestVote(3, 4, 0, 0, false)
	again.expect("n3 election vote pre=false term=4 granted=false")
}

// 5.2: a candidate yields to a leader of its own or a later term, not of an earlier one.
func TestCandidateYields_5_2(t *testing.T) {
	for term, yields := range map[uint64]bool{1: false, 2: true, 3: true} {
		l := newLone(t, plain(3))
		l.append(2, 0, 0, 0, 1)
		l.campaign() // term 2
		l.appendIn(term, 3, 0, 0, 0, 1)
		if got := l.status().Role == smr.Follower; got != yields {
			t.Errorf("append of term %d: yields %v", term, got)
		}
	}
}

// 5.2: with no winner each candidate times out and begins a new election; timeouts
// are randomized, so that a split vote is rare and resolved quickly.
func TestSplitVote_5_2(t *testing.T) {
	l := newLone(t, plain(4))
	l.campaign()
	l.sent()
	l.grant(2)
	l.step(3, (&voteReply{term: 1, round: 1}).encode(nil))
	seen := map[smr.Time]bool{}
	for term := uint64(2); term < 20; term++ {
		seen[l.core.election.Deadline()-l.now] = true
		l.timeout()
		if s := l.status(); s.Role != smr.Candidate || s.Term != term {
			t.Fatalf("%+v", s)
		}
		if l.core.votes.Len() != 1 {
			t.Fatal("votes of an old term are kept")
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d different timeouts of 18", len(seen))
	}
	for seed := range uint64(20) {
		cfg := plain(4)
		cfg.ElectionMax = cfg.ElectionMin + 3*ms // many split votes
		w := newWorld(t, seed, cfg, links{delay: 2 * ms})
		w.elect()
	}
}

// Requests that were lost are repeated within the candidacy (5.1: "Servers retry
// RPCs if they do not receive a response in a timely manner").
func TestVotesAreAskedAgain_5_1(t *testing.T) {
	l := newLone(t, plain(3))
	l.campaign()
	l.step(3, (&voteReply{term: 1, round: 1}).encode(nil))
	l.sent()
	l.now += 50 * ms
	l.core.Tick(l.now)
	l.expect("n2 election vote? pre=false term=1 last=0/0")
}

// 5.3: an entry is committed once the leader has replicated it on a majority; the
// leader's own copy counts when it is durable.
func TestCommit_5_3(t *testing.T) {
	l := newLone(t, plain(3))
	l.campaign()
	l.win()
	l.ack(2, 1)
	l.sent()
	l.slow = true
	l.propose(7, "a")
	l.propose(8, "b")
	l.expect("n2 replication append term=1 prev=1/1 n=2 commit=1") // n3 is still probed
	l.ack(2, 3)
	if got := l.status().Commit; got != 1 {
		t.Errorf("commit %d before the leader's own write", got)
	}
	l.persist()
	l.expect()
	if s := l.status(); s.Commit != 3 || s.Durable != 3 || len(l.commits) != 3 || l.commits[2].Tag != 8 || string(l.commits[1].Data) != "a" {
		t.Errorf("%+v, committed %+v", s, l.commits)
	}
	l.ack(3, 3) // late, after the commit: still counts for what follows
	l.propose(9, "c")
	l.expect("n2 replication append term=1 prev=3/1 n=1 commit=3", "n3 replication append term=1 prev=3/1 n=1 commit=3")
}

// 5.3: the consistency check; conflicting entries go, and all that follow them;
// entries that are there already stay, and so does what follows them.
func TestConsistencyCheck_5_3(t *testing.T) {
	for i, c := range []struct {
		prev, prevTerm uint64
		terms, want    []uint64
		reply          string
	}{
		{4, 3, []uint64{4}, []uint64{1, 2, 2, 3, 4}, "ack term=4 match=5 last=5"},
		{3, 2, []uint64{3}, []uint64{1, 2, 2, 3}, "ack term=4 match=4 last=4"},
		{1, 1, []uint64{2}, []uint64{1, 2, 2, 3}, "ack term=4 match=2 last=2"},
		{2, 2, []uint64{4, 4}, []uint64{1, 2, 4, 4}, "ack term=4 match=4 last=4"},
		{0, 0, []uint64{4}, []uint64{4}, "ack term=4 match=1 last=1"},
		{5, 4, []uint64{4}, []uint64{1, 2, 2, 3}, "reject term=4 match=0 last=4 conflict=3 from 4"},
		{3, 3, []uint64{4}, []uint64{1, 2, 2, 3}, "reject term=4 match=0 last=3 conflict=2 from 2"},
	} {
		l := newLone(t, plain(3))
		l.append(3, 0, 0, 0, 1, 2, 2, 3)
		l.sent()
		l.appendIn(4, 2, c.prev, c.prevTerm, 0, c.terms...)
		kind := "replication "
		if c.reply[0] == 'r' {
			kind = "catch-up "
		}
		if got := l.sent(); len(got) != 1 || got[0] != "n2 "+kind+c.reply {
			t.Errorf("case %d: %q", i, got)
		}
		if got := l.terms(); !slices.Equal(got, c.want) {
			t.Errorf("case %d: log %v, want %v", i, got, c.want)
		}
	}
}

// Figure 2, AppendEntries 5: commitIndex = min(leaderCommit, index of last new entry).
func TestFollowerCommit_Figure2(t *testing.T) {
	l := newLone(t, plain(3))
	l.append(3, 0, 0, 0, 1, 1, 1) // the third of them is not the next leader's
	l.appendIn(2, 2, 1, 1, 3, 1)
	if got := l.status().Commit; got != 2 {
		t.Errorf("commit %d, want 2", got)
	}
	l.appendIn(2, 2, 2, 1, 3, 2)
	if got := l.status(); got.Commit != 3 || !slices.Equal(l.terms(), []uint64{1, 1, 2}) {
		t.Errorf("%+v %v", got, l.terms())
	}
}

// 5.3, Figure 7: whatever a follower's log looks like, the leader makes it its own,
// with at most one rejection a term.
func TestFigure7_5_3(t *testing.T) {
	leader := []uint64{1, 1, 1, 4, 4, 5, 5, 6, 6, 6}
	for name, log := range map[string][]uint64{
		"a": {1, 1, 1, 4, 4, 5, 5, 6, 6},
		"b": {1, 1, 1, 4},
		"c": {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},
		"d": {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},
		"e": {1, 1, 1, 4, 4, 4, 4},
		"f": {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},
	} {
		one, two := newLone(t, plain(2)), newLone(t, func() smr.Config { c := plain(2); c.ID = 2; return c }())
		one.appendIn(7, 2, 0, 0, 0, leader...)
		two.appendIn(log[len(log)-1], 1, 0, 0, 0, log...)
		one.campaign()
		one.grant(2)
		two.out, two.frames = nil, nil
		rejections := 0
		for range 20 {
			frames := one.frames
			one.frames, one.out = nil, nil
			for _, f := range frames {
				two.step(1, slices.Concat(f.Head, f.Body))
				two.drain()
			}
			frames = two.frames
			for i, f := range frames {
				if two.out[i][3] == 'c' && f.Head[1] == flagRejected {
					rejections++
				}
				one.step(2, f.Head)
				one.drain()
			}
			two.frames, two.out = nil, nil
		}
		if want := append(slices.Clone(leader), 8); !slices.Equal(two.terms(), want) {
			t.Errorf("%s: log %v, want %v", name, two.terms(), want)
		}
		if rejections > 2 {
			t.Errorf("%s: %d rejections", name, rejections)
		}
	}
}

// 5.3, end: a conflict over many entries costs one rejection a term, not one an entry.
func TestFastBackup_5_3(t *testing.T) {
	l := newLone(t, plain(3))
	terms := make([]uint64, 0, 1000)
	for range 500 {
		terms = append(terms, 1)
	}
	l.appendIn(5, 2, 0, 0, 0, append(terms, 5)...)
	l.campaign()
	l.win() // term 6, no-op at 502
	l.sent()
	// A peer with 100 entries of term 1 and then 900 of term 3.
	p := &l.core.peers[2]
	l.step(3, (&appendReply{term: 6, seq: p.seq, rejected: true, last: 501, conflictTerm: 3, conflictIndex: 101}).encode(nil))
	l.drain()
	if p.next != 101 || p.state != probing {
		t.Fatalf("next %d, %v; want 101", p.next, p.state)
	}
	// A pipeline of rejections behind the first says nothing new.
	l.step(3, (&appendReply{term: 6, seq: p.reset, rejected: true, last: 50, conflictTerm: 1, conflictIndex: 1}).encode(nil))
	if p.next != 101 {
		t.Fatal("a stale rejection was believed")
	}
	if got := l.sent(); len(got) != 1 || got[0][:12] != "n3 catch-up " {
		t.Errorf("sent %q", got)
	}
}

// 5.4.1: a voter denies its vote if its own log is more up to date.
func TestUpToDate_5_4_1(t *testing.T) {
	for _, c := range []struct {
		terms       []uint64
		index, term uint64
		want        bool
	}{
		{[]uint64{1}, 1, 1, true},
		{[]uint64{1}, 2, 1, true},
		{[]uint64{1, 1}, 1, 1, false},
		{[]uint64{1, 1}, 1, 2, true},
		{[]uint64{1, 2}, 5, 1, false},
		{[]uint64{2}, 1, 1, false},
	} {
		for _, pre := range []bool{false, true} {
			l := newLone(t, plain(3))
			l.append(2, 0, 0, 0, c.terms...)
			l.sent()
			l.now += 200 * ms // out of the lease that polls respect
			term := uint64(9)
			l.requestVote(3, term, c.index, c.term, pre)
			if !pre {
				l.expect(fmt.Sprintf("n3 election vote pre=false term=9 granted=%v", c.want))
			} else {
				l.expect(fmt.Sprintf("n3 election vote pre=true term=%d granted=%v", c.terms[len(c.terms)-1], c.want))
			}
		}
	}
}

// 5.4.2, Figure 8: an entry of an earlier term is not committed by counting, only
// with one of the own term behind it.
func TestFigure8_5_4_2(t *testing.T) {
	l := newLone(t, plain(5))
	l.appendIn(2, 2, 0, 0, 1, 1, 2) // S1 of the figure, (c): the entry of term 2 at index 2
	l.campaign()
	l.sent()
	l.campaign() // term 4 by a lost election
	l.win()
	if got := l.terms(); !slices.Equal(got, []uint64{1, 2, 4}) {
		t.Fatalf("log %v", got)
	}
	l.ack(2, 2)
	l.ack(3, 2) // index 2 is on a majority
	if got := l.status().Commit; got != 1 {
		t.Fatalf("commit %d: an entry of term 2 was counted in term 4", got)
	}
	l.ack(2, 3)
	l.ack(3, 3)
	if got := l.status().Commit; got != 3 {
		t.Fatalf("commit %d, want 3", got)
	}
	if last := l.events[len(l.events)-1]; last.Type != smr.Serving || last.Term != 4 {
		t.Errorf("event %+v", last)
	}
}

// 8: a leader begins its term with a no-op.
func TestNoop_8(t *testing.T) {
	l := newLone(t, plain(3))
	l.campaign()
	l.sent()
	if err := l.core.Propose(l.now, 1, nil); err != smr.ErrNotLeader {
		t.Fatalf("a candidate takes a proposal: %v", err)
	}
	l.win()
	l.expect("n2 replication append term=1 prev=0/0 n=1 commit=0", "n3 replication append term=1 prev=0/0 n=1 commit=0")
	l.ack(3, 1)
	if len(l.commits) != 1 || len(l.commits[0].Data) != 0 || l.commits[0].Tag != 0 {
		t.Errorf("%+v", l.commits)
	}
}

// Nothing that names a term leaves before the term is durable; a vote waits for
// the vote, an acknowledgement for the entries.
func TestDurableBeforeSent_Figure2(t *testing.T) {
	cfg := plain(3)
	l := newLone(t, cfg)
	l.slow = true
	l.appendIn(3, 2, 0, 0, 0, 3)
	l.requestVote(3, 3, 0, 0, false)
	l.expect()
	l.persist()
	l.expect("n3 election vote pre=false term=3 granted=false", "n2 replication ack term=3 match=1 last=1")
	l.requestVote(3, 4, 9, 3, false)
	l.expect()
	l.persist()
	l.expect("n3 election vote pre=false term=4 granted=true")
	l.timeout()
	l.expect()
	l.persist()
	l.expect("n2 election vote? pre=false term=5 last=1/3", "n3 election vote? pre=false term=5 last=1/3")
	// A cluster of one counts itself only when its candidacy is durable.
	one := newLone(t, plain(1))
	one.slow = true
	one.timeout()
	if s := one.status(); s.Role != smr.Candidate {
		t.Fatalf("%+v", s)
	}
	one.persist()
	one.drain()
	one.persist()
	one.drain()
	if s := one.status(); s.Role != smr.Leader || s.Commit != 1 {
		t.Fatalf("%+v", s)
	}
}

func TestLimits(t *testing.T) {
	l := newLone(t, plain(3))
	l.campaign()
	l.win()
	if err := l.core.Propose(0, 1, make([]byte, l.cfg.MaxFrame-smr.Overhead+1)); err == nil {
		t.Error("an entry that no frame can carry was taken")
	}
	var err error
	n := 0
	for ; err == nil; n++ {
		err = l.core.Propose(0, 1, make([]byte, 1000))
	}
	if !errors.Is(err, smr.ErrFull) || n < l.cfg.Inflight/1100 || n > l.cfg.Inflight/1000 {
		t.Errorf("%v after %d entries", err, n)
	}
}
