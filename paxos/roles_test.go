package paxos

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

func TestBallotsAreOrderedAndUnique(t *testing.T) {
	b := Next(0, 2)
	if b.String() != "1.n2" || b.Round() != 1 || b.Node() != 2 || Ballot(0).String() != "-" {
		t.Fatalf("the first ballot of n2 is %v", b)
	}
	if c := Next(b, 1); c <= b || c.String() != "2.n1" {
		t.Fatalf("after %v n1 takes %v", b, c)
	}
	seen := map[Ballot]bool{}
	for round := uint64(1); round < 20; round++ {
		for node := smr.NodeID(1); node < 20; node++ {
			b := NewBallot(round, node)
			if seen[b] || b.Round() != round || b.Node() != node || !b.valid() {
				t.Fatalf("ballot %v", b)
			}
			seen[b] = true
		}
	}
}

// Paxos Made Simple, 2.2, phase 1 and 2 at the acceptor (P1a): it accepts a proposal
// numbered n iff it has not responded to a prepare request numbered above n.
func TestAcceptor(t *testing.T) {
	b1, b2, b3 := NewBallot(1, 1), NewBallot(2, 2), NewBallot(3, 1)
	var a Acceptor
	if a.Prepare(0) || a.Accept(0) {
		t.Fatal("0 is no ballot")
	}
	if !a.Prepare(b2) || a != (Acceptor{Promised: b2}) {
		t.Fatalf("after prepare %v: %+v", b2, a)
	}
	if a.Prepare(b1) || a.Accept(b1) || a != (Acceptor{Promised: b2}) {
		t.Fatalf("a lower ballot changed the acceptor: %+v", a)
	}
	if !a.Prepare(b2) || !a.Accept(b2) || a != (Acceptor{b2, b2}) {
		t.Fatalf("the ballot promised is accepted: %+v", a)
	}
	if !a.Accept(b3) || a != (Acceptor{b3, b3}) { // without a prepare of its own
		t.Fatalf("a higher ballot is accepted and binds: %+v", a)
	}
	if a.Prepare(b2) {
		t.Fatal("accepting did not bind")
	}
	w := Acceptor{Accepted: b1}.Within(b3)
	if w.Accept(b2) || !w.Accept(b3) {
		t.Fatal("a promise for the whole log binds each instance")
	}
}

func TestProposerAdoptsTheHighestNumberedProposal(t *testing.T) {
	b1, b2, b3 := NewBallot(1, 1), NewBallot(2, 2), NewBallot(3, 3)
	var p Proposer
	p.Prepare(b3)
	if p.Promised(0, b2, b1) || p.Promises.Len() != 0 {
		t.Fatal("a promise of another ballot counted")
	}
	if p.Promised(0, b3, 0) || p.Prepared(2) {
		t.Fatal("one promise is no quorum of two, and names nothing to adopt")
	}
	if !p.Promised(1, b3, b2) || p.Promised(2, b3, b1) || p.Adopted != b2 {
		t.Fatalf("adopted %v, want the highest, %v", p.Adopted, b2)
	}
	if !p.Prepared(3) {
		t.Fatal("three have promised")
	}
	p.Accept()
	once, again := p.Accepted(0, b3, 2), p.Accepted(0, b3, 2)
	if once || again || p.Accepted(1, b2, 2) {
		t.Fatal("chosen by one acceptor")
	}
	if !p.Accepted(2, b3, 2) || p.Phase != Decided || p.Accepted(1, b3, 2) {
		t.Fatal("two acceptors of three choose, once")
	}
}

func TestProposerRestartsAboveTheRejection(t *testing.T) {
	var p Proposer
	p.Prepare(Next(0, 1))
	higher := NewBallot(7, 3)
	if p.Rejected(NewBallot(1, 2), higher) || p.Phase != Preparing {
		t.Fatal("a rejection of a ballot that is not its own stopped it")
	}
	if !p.Rejected(p.Ballot, higher) || p.Phase != Idle {
		t.Fatal("rejected, and goes on")
	}
	if b := p.Restart(1); b <= higher || b.Node() != 1 {
		t.Fatalf("restarts with %v after %v", b, higher)
	}
	p.Prepare(p.Restart(1))
	if p.Promises.Len() != 0 || p.Adopted != 0 {
		t.Fatal("a new ballot needs new promises")
	}
	defer func() {
		if recover() == nil {
			t.Fatal("a ballot was used twice")
		}
	}()
	p.Prepare(p.Ballot)
}

func TestLearnerCountsOneProposal(t *testing.T) {
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	l := Learner{Ballot: b2}
	if l.Accepted(0, b1, 1) || l.Chosen(1) {
		t.Fatal("counted another ballot")
	}
	if !l.Accepted(0, b2, 1) || !l.Chosen(1) {
		t.Fatal("did not count its ballot")
	}
	if !Confirms(b2, b2) || Confirms(b1, b2) || Confirms(b2, b1) || Confirms(0, 0) {
		t.Fatal("a notice confirms exactly its ballot")
	}
}

// TestSingleDecree runs one instance with three proposers and five acceptors whose
// messages are delayed, lost, doubled and reordered, with every pair of quorum sizes
// that is safe: no two values are chosen.
func TestSingleDecree(t *testing.T) {
	type msg struct {
		op       Op
		acceptor int
		b, other Ballot
		value    int
	}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		q1 := 1 + rng.IntN(5)
		q2 := 6 - q1
		var acceptors [5]Acceptor
		var values [5]int // of the accepted proposals
		var proposers [3]Proposer
		var proposal [3]int
		var net []msg
		chosen := -1
		for step := range 300 {
			if len(net) == 0 || rng.IntN(10) == 0 {
				i := rng.IntN(3)
				p := &proposers[i]
				p.Prepare(p.Restart(smr.NodeID(i + 1)))
				proposal[i] = 10*step + i
				for a := range acceptors {
					net = append(net, msg{OpPrepare, a, p.Ballot, 0, 0})
				}
			}
			at := rng.IntN(len(net))
			m := net[at]
			if rng.IntN(8) != 0 { // else it will come once more
				net[at] = net[len(net)-1]
				net = net[:len(net)-1]
			}
			if rng.IntN(10) == 0 {
				continue // lost
			}
			a := &acceptors[m.acceptor]
			i := int(m.b.Node()) - 1
			p := &proposers[i]
			switch m.op {
			case OpPrepare:
				if a.Prepare(m.b) {
					net = append(net, msg{OpPromise, m.acceptor, m.b, a.Accepted, values[m.acceptor]})
				} else {
					net = append(net, msg{OpReject, m.acceptor, m.b, a.Promised, 0})
				}
			case OpPromise:
				if p.Promised(m.acceptor, m.b, m.other) {
					proposal[i] = m.value
				}
				if p.Prepared(q1) {
					p.Accept()
					for a := range acceptors {
						net = append(net, msg{OpAccept, a, p.Ballot, 0, proposal[i]})
					}
				}
			case OpAccept:
				if a.Accept(m.b) {
					values[m.acceptor] = m.value
					net = append(net, msg{OpAccepted, m.acceptor, m.b, 0, 0})
				} else {
					net = append(net, msg{OpReject, m.acceptor, m.b, a.Promised, 0})
				}
			case OpAccepted:
				if p.Accepted(m.acceptor, m.b, q2) {
					if chosen >= 0 && chosen != proposal[i] {
						t.Fatalf("seed %d step %d: %d chosen after %d (q1 %d, q2 %d)", seed, step, proposal[i], chosen, q1, q2)
					}
					chosen = proposal[i]
				}
			case OpReject:
				p.Rejected(m.b, m.other)
			}
		}
	}
}

func batchForTest() []byte {
	w := window.New[struct{}](4<<10, 0)
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	w.Put(3, uint64(b2), 0, window.Sum([]byte("three")), []byte("three"))
	w.Put(4, uint64(b1), 0, window.Sum(nil), nil)
	head := AppendBatchHead(nil, 2)
	for _, it := range []Item{
		{Op: OpAccept, Slot: 3, Ballot: b2}, {Op: OpPromise, Slot: 4, Ballot: b2, Other: b1}, {Op: OpPromise, Slot: 5, Ballot: b2},
		{Op: OpReject, Slot: 6, Ballot: b1, Other: b2}, {Op: OpFetch, Slot: 1}, {Op: OpChosen, Slot: 2, Ballot: b1}, {Op: OpBehind, Slot: 1},
	} {
		head = AppendItem(head, it)
	}
	FinishBatch(head)
	run, _ := w.Run(3, 4, 1<<20)
	return append(head, run...)
}

func TestBatchRoundTrip(t *testing.T) {
	frame := batchForTest()
	b, err := ParseBatch(frame)
	if err != nil || b.Len() != 7 || b.Known != 2 || b.Item(1).Other != NewBallot(1, 1) {
		t.Fatalf("%+v, %v", b, err)
	}
	for cut := range frame {
		if _, err := ParseBatch(frame[:cut]); !errors.Is(err, smr.ErrMalformed) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func FuzzParseBatch(f *testing.F) {
	f.Add(batchForTest())
	f.Fuzz(func(t *testing.T, frame []byte) {
		b, err := ParseBatch(frame)
		if err != nil {
			if !errors.Is(err, smr.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		head := AppendBatchHead(nil, b.Known)
		for i := range b.Len() {
			head = AppendItem(head, b.Item(i))
		}
		FinishBatch(head)
		if again := append(head, b.Body...); !bytes.Equal(again, frame) {
			t.Fatalf("encodes as %x, was %x", again, frame)
		}
	})
}
