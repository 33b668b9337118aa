package paxos

import (
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestPromiseReportsWhatIsNumberedHigher: what a candidate holds under a lower ballot may
// be another value than the one that is chosen; only an equal or higher one is left out
// of the promise (rule P2c).
func TestPromiseReportsWhatIsNumberedHigher(t *testing.T) {
	m := newMultiFor(t, 2)
	held := NewBallot(5, 1)
	if m.put(1, held, 0, sum("x"), []byte("x")) == nil {
		t.Fatal("no room")
	}
	for _, c := range []struct {
		theirs Ballot
		want   bool
	}{{NewBallot(4, 3), true}, {held, false}, {NewBallot(5, 3), false}} {
		pl := pledge{n: 1}
		pl.have[0] = span{1, 1, c.theirs}
		if got := m.reports(&pl, 1); got != c.want {
			t.Errorf("accepted in %v, the candidate's is of %v: reported %v", held, c.theirs, got)
		}
	}
}

// TestNonVoterPromisesNothing: a replica that has lost its log may have accepted
// anything; it neither promises nor rejects what any other would promise.
func TestNonVoterPromisesNothing(t *testing.T) {
	for _, lost := range []bool{false, true} {
		m := newMultiFor(t, 2)
		m.cfg.NonVoter = lost
		b := NewBallot(5, 1)
		m.stepPrepare(0, 0, &message{typ: msgPrepare, ballot: b, slot: 1})
		var rd smr.Ready
		m.Ready(0, &rd)
		if lost && (m.promised == b || m.pledge.due || m.peers[0].rejected != 0) || !lost && m.promised != b {
			t.Errorf("non-voter %v: promised %v", lost, m.promised)
		}
	}
}

// TestRejectionTeachesTheBallot: the next ballot is above the one that a rejection
// names, also where the rejection is of an older ballot than the one under way.
func TestRejectionTeachesTheBallot(t *testing.T) {
	m := newMultiFor(t, 2)
	m.stepReject(0, &message{typ: msgReject, ballot: NewBallot(1, 2), other: uint64(NewBallot(9, 3))})
	if b := m.nextBallot(); b <= NewBallot(9, 3) {
		t.Errorf("after a rejection that names 9.n3 the next ballot is %v", b)
	}
}
