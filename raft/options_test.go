package raft

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func (w *world) count(t smr.EventType, since int) (n int) {
	for _, e := range w.trace[since:] {
		if e.Type == t {
			n++
		}
	}
	return n
}

// Dissertation 9.6: a server that was cut off and comes back deposes nobody with
// pre-vote; without it every such return costs exactly one disruption.
func TestReturnDisrupts_9_6(t *testing.T) {
	for _, pre := range []bool{true, false} {
		for seed := range uint64(20) {
			cfg := testConfig(5)
			cfg.PreVote, cfg.CheckQuorum = pre, false
			w := newWorld(t, seed, cfg, links{delay: 2 * ms})
			l := w.elect()
			term := l.role.Term
			other := w.servers[int(l.id)%5]
			w.isolate(other, true)
			w.run(2000 * ms)
			since := len(w.trace)
			w.isolate(other, false)
			w.run(2000 * ms)
			now := w.leader()
			if pre && (now != l || now.role.Term != term) {
				t.Errorf("seed %d: with pre-vote %v term %d became %v term %d", seed, l.id, term, now.id, now.role.Term)
			}
			if down := w.count(smr.SteppedDown, since); !pre && (now.role.Term == term || down < 1 || w.count(smr.Elected, since) != 1) {
				t.Errorf("seed %d: without pre-vote term %d became %d, %d stepped down", seed, term, now.role.Term, down)
			}
		}
	}
}

func TestPreVoteIsRefusedWhileALeaderLives_9_6(t *testing.T) {
	cfg := testConfig(3)
	cfg.CheckQuorum = false
	l := newLone(t, cfg)
	l.append(2, 0, 0, 0, 1)
	l.sent()
	l.now = cfg.ElectionMin - 1
	l.requestVote(3, 5, 9, 5, true)
	l.expect("n3 election vote pre=true term=1 granted=false")
	l.now = cfg.ElectionMin
	l.requestVote(3, 5, 9, 5, true)
	l.expect("n3 election vote pre=true term=1 granted=true")
	if s := l.status(); s.Term != 1 || s.Leader != 2 || l.core.vote != smr.None {
		t.Errorf("a poll changed %+v", s)
	}
	// A poll for a term in which the vote is given to another.
	l.requestVote(2, 6, 9, 5, false)
	l.sent()
	l.requestVote(3, 5, 9, 5, true)
	l.expect("n3 election vote pre=true term=6 granted=false")
}

func TestPollDoesNotRaiseTheTerm_9_6(t *testing.T) {
	l := newLone(t, testConfig(3))
	l.append(2, 0, 0, 0, 1)
	l.sent()
	for range 5 {
		l.timeout()
		if s := l.status(); s.Role != smr.PreCandidate || s.Term != 1 {
			t.Fatalf("%+v", s)
		}
		l.expect("n2 election vote? pre=true term=1 last=1/1", "n3 election vote? pre=true term=1 last=1/1")
	}
	// A grant of an earlier poll does not count.
	l.step(3, (&voteReply{term: 1, round: l.core.round - 1, granted: true, pre: true}).encode(nil))
	l.expect()
	l.step(3, (&voteReply{term: 1, round: l.core.round, granted: true, pre: true}).encode(nil))
	l.expect("n2 election vote? pre=false term=2 last=1/1", "n3 election vote? pre=false term=2 last=1/1")
	// A pre-candidate yields to the leader it had given up.
	l = newLone(t, testConfig(3))
	l.append(2, 0, 0, 0, 1)
	l.timeout()
	l.append(2, 0, 0, 0, 1)
	if s := l.status(); s.Role != smr.Follower || s.Leader != 2 {
		t.Errorf("%+v", s)
	}
}

// Dissertation 6.2: a leader that hears from no majority for an election timeout
// steps down; dissertation 4.2.3: who hears a leader ignores RequestVote.
func TestCheckQuorum_6_2(t *testing.T) {
	cfg := testConfig(5)
	cfg.PreVote = false
	l := newLone(t, cfg)
	l.campaign()
	l.win()
	won := l.now
	l.now = won + 100*ms
	l.ack(2, 1)
	l.ack(3, 1)
	l.ack(4, 1)
	l.propose(5, "open")
	l.propose(6, "open too")
	l.drain()
	// Two of the three are a majority with the leader: it is lost 150 ms after them.
	for l.now < won+250*ms {
		l.now = l.rd.Deadline
		l.core.Tick(l.now)
		l.drain()
		if l.now < won+250*ms && l.status().Role != smr.Leader {
			t.Fatalf("steps down after %v", l.now-won)
		}
	}
	if s := l.status(); l.now != won+250*ms || s.Role != smr.Follower || s.Leader != smr.None || s.Term != 1 {
		t.Fatalf("after %v: %+v", l.now-won, s)
	}
	if len(l.lost) != 2 || l.lost[0] != 5 || l.lost[1] != 6 {
		t.Errorf("lost %v", l.lost)
	}

	f := newLone(t, cfg)
	f.append(2, 0, 0, 0, 1)
	f.sent()
	f.now = cfg.ElectionMin - 1
	f.requestVote(3, 5, 9, 5, false)
	f.expect()
	if s := f.status(); s.Term != 1 {
		t.Errorf("%+v", s)
	}
	f.now = cfg.ElectionMin
	f.requestVote(3, 5, 9, 5, false)
	f.expect("n3 election vote pre=false term=5 granted=true")
}

// A proposal that was given up as lost commits without its tag if it commits.
func TestLostProposalCommitsUntagged(t *testing.T) {
	cfg := plain(3)
	l := newLone(t, cfg)
	l.campaign()
	l.win()
	l.propose(5, "x")
	l.drain()
	l.appendIn(2, 3, 2, 1, 2, 2) // another leader, which has the entry
	if len(l.lost) != 1 || l.lost[0] != 5 {
		t.Fatalf("lost %v", l.lost)
	}
	if len(l.commits) != 2 || l.commits[1].Tag != 0 || string(l.commits[1].Data) != "x" {
		t.Fatalf("%+v", l.commits)
	}
	down := false
	for _, e := range l.events {
		down = down || e.Type == smr.SteppedDown && e.Term == 1
	}
	if !down {
		t.Errorf("events %+v", l.events)
	}
}

// The timer restarts on one's own campaign, on granting a vote and on a valid
// leader's message; learning a higher term keeps it.
func TestTimerRules(t *testing.T) {
	l := newLone(t, plain(3))
	same := func(why string, want bool, do func()) {
		t.Helper()
		l.now += ms
		before := l.core.election.Deadline()
		do()
		l.drain()
		if kept := l.core.election.Deadline() == before; kept != want {
			t.Errorf("%s: timer kept %v", why, kept)
		}
	}
	same("a leader's entries", false, func() { l.append(2, 0, 0, 0, 1, 1) })
	same("a rejected append", false, func() { l.appendIn(1, 2, 7, 1, 0, 1) })
	same("a stale append", true, func() { l.step(3, (&appendReply{term: 1}).encode(nil)) })
	same("a higher term and no vote", true, func() { l.requestVote(3, 3, 0, 0, false) })
	same("a vote", false, func() { l.requestVote(3, 4, 9, 3, false) })
	same("the same vote again", true, func() { l.requestVote(3, 4, 9, 3, false) })
	same("a vote refused", true, func() { l.requestVote(2, 4, 9, 3, false) })
	same("a poll", true, func() { l.requestVote(2, 4, 9, 3, true) })
	same("a reply of a higher term", true, func() { l.step(3, (&appendReply{term: 5}).encode(nil)) })
	same("own campaign", false, func() { l.timeout() })
}

// TestNonVoterGrantsNothing: a server that has lost its log may have voted in any term;
// it refuses votes and polls that any other would grant.
func TestNonVoterGrantsNothing(t *testing.T) {
	for _, lost := range []bool{false, true} {
		cfg := plain(3)
		cfg.NonVoter = lost
		l := newLone(t, cfg)
		l.requestVote(2, 0, 0, 0, true)
		l.requestVote(2, 1, 0, 0, false)
		granted, refused := 0, 0
		for _, s := range l.sent() {
			if strings.HasSuffix(s, "granted=true") {
				granted++
			} else if strings.HasSuffix(s, "granted=false") {
				refused++
			}
		}
		if lost && granted != 0 || !lost && granted != 2 || granted+refused != 2 {
			t.Errorf("non-voter %v: %d granted, %d refused", lost, granted, refused)
		}
	}
}
