package client

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
	"github.com/consbench/consbench/netsim/mailbox"
)

type nobody struct{}

func (nobody) Wake() {}

// bed is a worker whose replicas the test plays.
type bed struct {
	*Worker
	t     *testing.T
	boxes []*mailbox.Box
	now   smr.Time
}

func newBed(t *testing.T, o Options) *bed {
	t.Helper()
	return newBedOf(t, 3, o)
}

func newBedOf(t *testing.T, replicas int, o Options) *bed {
	t.Helper()
	o.Workers, o.Timeout = 1, 1000
	if o.RetryAfter == 0 {
		o.RetryAfter = 400
	}
	if o.Inflight == 0 {
		o.Inflight = 1
	}
	p := Parts{
		Answers: mailbox.New(1<<10, 1<<20), Payloads: workload.NewPayloads(o.Size, 1), Control: new(Control),
		Window: replica.NewWindow(), Series: measure.NewSeries(10_000, 100).Worker(), Gaps: measure.NewAvailability(),
	}
	b := &bed{t: t}
	for range replicas {
		box := mailbox.New(1<<10, 1<<20)
		b.boxes = append(b.boxes, box)
		p.Replicas = append(p.Replicas, Target{box, nobody{}})
	}
	b.Worker = NewWorker(o, p)
	p.Window.Set(0, 10_000)
	return b
}

// received is what has come to a replica, as session and sequence number.
func (b *bed) received(node int) (got []command.Command) {
	b.t.Helper()
	for data := b.boxes[node-1].Swap(); len(data) > 0; {
		c, n, err := command.Next(data)
		if err != nil {
			b.t.Fatal(err)
		}
		got, data = append(got, c), data[n:]
	}
	return got
}

func (b *bed) expect(node, commands int) []command.Command {
	b.t.Helper()
	got := b.received(node)
	if len(got) != commands {
		b.t.Fatalf("at %d replica %d has got %d commands, want %d", b.now, node, len(got), commands)
	}
	return got
}

func (b *bed) turn(at smr.Time) smr.Time {
	b.now = at
	return b.Turn(at)
}

func (b *bed) say(answers ...command.Answer) {
	for _, a := range answers {
		b.Answers.Append(a.Append(nil), nil)
	}
}

func (b *bed) serving(node uint32, term uint64) {
	b.say(command.Answer{Status: command.Serving, From: node, Term: term})
}

func (b *bed) done(c command.Command) {
	b.say(command.Answer{Session: c.Session, Seq: c.Seq})
}

func TestAClosedLoopSendsTheNextWhenItHasItsAnswer(t *testing.T) {
	b := newBed(t, Options{Sessions: 3, Size: 10})
	b.Control.Start(0, 10_000)
	b.turn(0)
	b.expect(1, 0) // nobody leads yet
	b.serving(2, 1)
	b.turn(5)
	got := b.expect(2, 3)
	b.done(got[1])
	b.turn(30)
	if next := b.expect(2, 1)[0]; next.Session != got[1].Session || next.Seq != 1 {
		t.Fatalf("the next is %+v", next)
	}
	l := b.Ledger(10_000)
	if l.Issued != 4 || l.Acknowledged != 1 || l.Unknown != 3 || l.Response.Max() != 30 || l.Service.Max() != 25 {
		t.Fatalf("%+v, response %v, service %v", l, l.Response.Max(), l.Service.Max())
	}
}

func TestAWindowIsCountedFromItsOldest(t *testing.T) {
	b := newBed(t, Options{Sessions: 1, Inflight: 3})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	got := b.expect(1, 3)
	b.done(got[1])
	b.done(got[2])
	b.turn(1)
	b.expect(1, 0) // number 3 would be three away from number 0
	b.done(got[0])
	b.turn(2)
	if next := b.expect(1, 3); next[0].Seq != 3 || next[2].Seq != 5 {
		t.Fatalf("then %+v", next)
	}
}

func TestAnOpenLoopDoesNotWaitForAnswers(t *testing.T) {
	b := newBed(t, Options{Sessions: 4, Rate: 1e9 / 100, Arrival: "constant", RetryAfter: 4000}) // one every 100
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	if wake := b.turn(0); wake != 100 {
		t.Fatalf("wakes at %d for an arrival at 100", wake)
	}
	b.turn(350) // late: 100, 200 and 300 are due
	got := b.expect(1, 4)
	b.turn(399)
	b.turn(720) // 400 to 700 find no client
	for i := range got {
		b.done(got[i])
	}
	b.turn(800)
	b.expect(1, 4)
	l := b.Ledger(1000)
	// Answered at 800: intended at 0, 100, 200, 300. Sent at 800: 400 to 700. Then 800 and
	// 900 have not found a client.
	if l.Acknowledged != 4 || l.Response.Max() != 800 || l.Response.Min() != 500 || l.TimedOut != 2 || l.Issued != 10 {
		t.Fatalf("%+v, response %v to %v", l, l.Response.Min(), l.Response.Max())
	}
}

// TestWhatIsDueIsOutstanding: an arrival intended before the end is not forgotten
// because the worker has not woken up for it yet.
func TestWhatIsDueIsOutstanding(t *testing.T) {
	b := newBed(t, Options{Sessions: 4, Rate: 1e9 / 100, Arrival: "constant"})
	b.serving(1, 1)
	b.Control.Start(0, 150)
	if n := b.Outstanding(); n == 0 {
		t.Fatal("nothing outstanding before the first turn")
	}
	b.turn(0)
	b.done(b.expect(1, 1)[0])
	b.turn(50)
	if n := b.Outstanding(); n != 1 {
		t.Fatalf("%d outstanding, with an arrival at 100 to come", n)
	}
	b.turn(110)
	b.done(b.expect(1, 1)[0])
	b.turn(120)
	if n := b.Outstanding(); n != 0 {
		t.Fatalf("%d outstanding at the end", n)
	}
}

func TestANewLeaderGetsEverythingThatIsOpen(t *testing.T) {
	b := newBed(t, Options{Sessions: 3})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	got := b.expect(1, 3)
	b.done(got[0])
	b.serving(3, 2)
	b.turn(10)
	b.expect(3, 3) // two again, and the next of the one that is done
	b.serving(2, 1)
	b.turn(20)
	b.expect(2, 0) // an old term
	if l := b.Ledger(10_000); l.Retried != 2 || len(l.Terms) != 1 {
		t.Fatalf("%+v", l)
	}
}

func TestTheFirstCommitOfATermIsOfACommandSentToItsLeader(t *testing.T) {
	b := newBed(t, Options{Sessions: 2})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	old := b.expect(1, 2)
	b.serving(2, 7)
	b.turn(50)
	fresh := b.expect(2, 2)
	b.done(fresh[0])
	b.turn(60)
	b.done(old[1])
	b.turn(70)
	l := b.Ledger(10_000)
	want := []FirstCommit{{7, 2, 60}}
	if len(l.Terms) != 1 || l.Terms[0] != want[0] {
		t.Fatalf("%+v, want %+v", l.Terms, want)
	}
}

func TestARefusalIsFollowedToTheLeader(t *testing.T) {
	b := newBed(t, Options{Sessions: 2})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	b.expect(1, 2)
	b.say(command.Answer{Status: command.NotLeader, From: 1, Node: 3})
	b.turn(10)
	b.expect(3, 2)
	b.say(command.Answer{Status: command.NotLeader, From: 3})
	b.turn(20)
	for node := 1; node <= 3; node++ {
		b.expect(node, 0) // nobody knows a leader
	}
	if l := b.Ledger(10_000); l.Refused != 2 || l.Unknown != 0 {
		t.Fatalf("%+v", l)
	}
	b.turn(500) // the scan tries somebody
	if n := len(b.received(1)) + len(b.received(2)) + len(b.received(3)); n != 2 {
		t.Fatalf("%d commands sent after a silence", n)
	}
}

func TestSilenceMovesALeaderlessGroupOn(t *testing.T) {
	b := newBed(t, Options{Sessions: 2, Leaderless: true})
	b.Control.Start(0, 10_000)
	wake := b.turn(0)
	b.expect(1, 2)
	for b.now < 399 {
		wake = b.turn(min(wake, 399))
		b.expect(1, 0)
	}
	for b.now < 500 {
		wake = b.turn(wake)
	}
	b.expect(2, 2)
}

// TestSilenceIsWaitedForTwiceAsLong: a command that is not answered is sent again after
// 400, 800, 1600 and then every 3200, to one replica after the other, and at a new leader
// it begins anew.
func TestSilenceIsWaitedForTwiceAsLong(t *testing.T) {
	for _, leaderless := range []bool{true, false} {
		b := newBed(t, Options{Sessions: 1, Leaderless: leaderless})
		if !leaderless {
			b.serving(1, 1)
		}
		b.Control.Start(0, 100)
		sent := func(until smr.Time) (at []smr.Time) {
			for ; b.now < until; b.turn(b.now + 1) {
				for node := 1; node <= 3; node++ {
					if len(b.received(node)) > 0 {
						at = append(at, b.now)
					}
				}
			}
			return at
		}
		b.turn(0)
		if got, want := sent(10_000), []smr.Time{0, 400, 1200, 2800, 6000, 9200}; !slices.Equal(got, want) {
			t.Errorf("sent at %v, want %v", got, want)
		}
		if !leaderless {
			b.serving(2, 2)
			if got, want := sent(11_000), []smr.Time{10_001, 10_500}; !slices.Equal(got, want) {
				t.Errorf("to a new leader at %v, want %v", got, want)
			}
		}
	}
}

// TestReplicasThatAreDownForGood: when two of seven never answer, every command comes
// to one of the others. Their answers take a while, each another while.
func TestReplicasThatAreDownForGood(t *testing.T) {
	for _, down := range [][2]int{{1, 2}, {3, 6}, {5, 7}} {
		for seed := range uint64(24) {
			downForGood(t, down[0], down[1], seed)
		}
	}
}

func downForGood(t *testing.T, one, two int, seed uint64) {
	t.Helper()
	const retry, patience = 400, 60 * 400
	rng := rand.New(rand.NewPCG(seed, 0))
	b := newBedOf(t, 7, Options{Sessions: 1 + rng.IntN(8), Inflight: 1 + rng.IntN(4), RetryAfter: retry, Leaderless: true, Spread: seed%2 == 1})
	b.Control.Start(0, 1<<40)
	type answer struct {
		at   smr.Time
		from int
		command.Command
	}
	slow := 1 + rng.IntN(800)
	var due []answer
	open := map[[2]uint64]smr.Time{} // since when
	for now := smr.Time(0); now < 4*patience; now += 20 {
		left := due[:0]
		for _, d := range due {
			if d.at > now {
				left = append(left, d)
				continue
			}
			b.say(command.Answer{Session: d.Session, Seq: d.Seq, From: uint32(d.from)})
			delete(open, [2]uint64{uint64(d.Session), d.Seq})
		}
		due = left
		b.turn(now)
		for node := 1; node <= 7; node++ {
			for _, c := range b.received(node) {
				if id := [2]uint64{uint64(c.Session), c.Seq}; open[id] == 0 {
					open[id] = now + 1
				}
				if node != one && node != two {
					due = append(due, answer{now + 20 + smr.Time(rng.IntN(slow)), node, c})
				}
			}
		}
		for id, since := range open {
			if now-since > patience {
				t.Fatalf("replicas %d and %d down, seed %d: at %d command %d of session %d has been asked for since %d and has no answer from the others", one, two, seed, now, id[1], id[0], since-1)
			}
		}
	}
}

func TestSpreadBeginsEverywhere(t *testing.T) {
	b := newBed(t, Options{Sessions: 6, Leaderless: true, Spread: true})
	b.Control.Start(0, 10_000)
	b.turn(0)
	for node := 1; node <= 3; node++ {
		b.expect(node, 2)
	}
}

func TestLostCommandsAreSentAgain(t *testing.T) {
	b := newBed(t, Options{Sessions: 3})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	first := b.expect(1, 3)
	b.done(first[2])
	b.say(command.Answer{Status: command.Lost, From: 1})
	b.turn(10)
	again := b.expect(1, 3)
	if again[0] != first[0] || again[1] != first[1] {
		t.Fatalf("sent again %+v, were %+v", again, first)
	}
}

func TestLateAnswersCountInLatencyNotInGoodput(t *testing.T) {
	b := newBed(t, Options{Sessions: 1})
	b.serving(1, 1)
	b.Control.Start(0, 10_000)
	b.turn(0)
	c := b.expect(1, 1)[0]
	b.done(c)
	b.done(c) // answered twice, as a retried command may be
	b.turn(1001)
	l := b.Ledger(10_000)
	if l.Late != 1 || l.Throughput != 1 || l.Goodput != 0 || l.Response.Count() != 1 || l.Superfluous != 1 {
		t.Fatalf("%+v", l)
	}
}

func TestAHistoryForgetsWholeKeysFirst(t *testing.T) {
	h := NewHistory(100)
	for i := range 1000 {
		h.add(Operation{Key: uint32(i%16) + 1, Call: smr.Time(i), Return: smr.Time(i + 1)})
	}
	if len(h.Operations) > 100 || h.Mask == 0 || h.Until != smr.Never {
		t.Fatalf("%d operations, mask %d, until %d", len(h.Operations), h.Mask, h.Until)
	}
	count := map[uint32]int{}
	for _, o := range h.Operations {
		count[o.Key]++
	}
	for k, n := range count {
		if n != (1000+16-int(k))/16 {
			t.Errorf("key %d: %d operations of %d", k, n, (1000+16-int(k))/16)
		}
	}
	one := NewHistory(100)
	for i := range 1000 {
		one.add(Operation{Key: 1, Call: smr.Time(i), Return: smr.Time(i + 1)})
	}
	if len(one.Operations) != 100 || one.Until != 100 {
		t.Fatalf("one key: %d operations, until %d", len(one.Operations), one.Until)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := newBed(t, Options{Sessions: 64, Inflight: 4, Size: 100})
	b.serving(1, 1)
	b.Control.Start(0, 1<<40)
	var answers []byte
	round := func() {
		b.turn(b.now + 1)
		answers = answers[:0]
		for data := b.boxes[0].Swap(); len(data) > 0; {
			c, n, _ := command.Next(data)
			data = data[n:]
			answers = command.Answer{Session: c.Session, Seq: c.Seq}.Append(answers)
		}
		b.Answers.Append(answers, nil)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(500, round); n != 0 {
		t.Fatalf("%v allocations a turn", n)
	}
}
