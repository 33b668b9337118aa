package cost

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestFitFindsWhatItWasMadeOf: from work that costs what a model says, give or take 2 %,
// the fit finds the model again, within its own standard errors.
func TestFitFindsWhatItWasMadeOf(t *testing.T) {
	want := Model{Turn: 900, Receive: 400, ReceiveByte: .2, Send: 700, SendByte: .4, Propose: 90, ProposeByte: .1, Entry: 200, Apply: 60, Client: 150}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var rows []Row
		for range 300 {
			n := func(k int) uint64 { return uint64(r.IntN(k * 1000)) }
			w := Work{n(10), n(20), n(5000), n(20), n(5000), n(100), n(9000), n(30), n(200), n(9000), n(50)}
			rows = append(rows, Row{w, want.Cost(&w) * (1 + .02*r.NormFloat64())})
		}
		var all [Terms]bool
		for i := range all {
			all[i] = true
		}
		m, e, err := Fit(rows, all)
		if err != nil {
			t.Fatal(err)
		}
		have, errs := m.Times(), e.Times()
		for i, w := range want.Times() {
			if math.Abs(have[i]-w) > 5*errs[i]+.02*w+.05 || have[i] < 0 {
				t.Errorf("seed %d: %s = %g +- %g, want %g", seed, TermName(i), have[i], errs[i], w)
			}
		}
	}
}

// TestFitSaysWhatItCannotTell: terms that always come together are known as a sum, and
// their errors say so; rows that say nothing are errors.
func TestFitSaysWhatItCannotTell(t *testing.T) {
	m := Model{Receive: 400, Send: 700, Apply: 60, ApplyByte: .3}
	var all [Terms]bool
	for i := range all {
		all[i] = true
	}
	r := rand.New(rand.NewPCG(7, 7))
	var rows, same []Row
	for range 50 {
		frames, commands := uint64(1+r.IntN(1000)), uint64(1+r.IntN(1000))
		w := Work{Received: 2 * frames, Sent: 2 * frames, Applied: commands, AppliedBytes: uint64(r.IntN(100_000))}
		rows = append(rows, Row{w, m.Cost(&w)})
		w = Work{Received: frames, Sent: 2 * frames, Applied: 3 * frames}
		same = append(same, Row{w, m.Cost(&w)})
	}
	have, errs, err := Fit(rows, all)
	if err != nil {
		t.Fatal(err)
	}
	if sum := have.Receive + have.Send; math.Abs(sum-1100) > 1 || math.Abs(have.Apply-60) > .1 || math.Abs(have.ApplyByte-.3) > .001 {
		t.Errorf("%+v: the two frames together cost 1100, and the rest is %+v", have, m)
	}
	if errs.Receive < 1000 || errs.Send < 1000 || errs.Apply > 1 {
		t.Errorf("errors %+v: each of the frames could cost from nothing to 1100", errs)
	}
	for _, c := range []struct {
		is   error
		says string
		rows []Row
	}{
		{ErrTooFew, "cost: 4 rows for 4 terms are too few to tell terms apart", rows[:4]},
		{ErrTooFew, "cost: 0 rows for 0 terms are too few", nil},
		{ErrAlike, "cost: 50 rows are all alike", same},
		{nil, "cost: row 2 of 2 took NaN ns", []Row{rows[0], {rows[1].Work, math.NaN()}}},
		{nil, "cost: row 1 of 1 took +Inf ns", []Row{{rows[1].Work, math.Inf(1)}}},
		{nil, "cost: row 1 of 1 took -1 ns", []Row{{rows[1].Work, -1}}},
	} {
		if m, _, err := Fit(c.rows, all); err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%d rows: %v, %+v; want %q", len(c.rows), err, m, c.says)
		}
	}
}

// TestCPU: work is done in order, and the next turn waits for it.
func TestCPU(t *testing.T) {
	c := NewCPU(&Model{Turn: 10, Receive: 5, ReceiveByte: .5, Send: 7, Bandwidth: 1e9}, nil)
	c.Begin(100)
	c.Received(4) // 10 + 5 + 2
	if c.Now() != 117 {
		t.Errorf("a frame is read at %d", c.Now())
	}
	c.Sent(50) // 7; 50 ns on the wire
	if at, ok := c.Departs(50, 1000, 0, 1000); at != 174 || !ok {
		t.Errorf("a frame leaves at %d, %v", at, ok)
	}
	c.Sent(30) // waits for the one before it
	if at, ok := c.Departs(30, 1000, 0, 1000); at != 204 || !ok {
		t.Errorf("the next leaves at %d, %v", at, ok)
	}
	if _, ok := c.Departs(10, 20, 0, 1000); ok {
		t.Error("a queue of 20 bytes takes more than it holds")
	}
	c.End(0, 120)
	cpu, nic := c.Busy()
	if c.Free() != 131 || cpu != 20 || nic != 80 || c.Work() != (Work{Turns: 1, Received: 1, ReceivedBytes: 4, Sent: 2, SentBytes: 80}) {
		t.Errorf("free at %d, busy for %d and %d, did %+v", c.Free(), cpu, nic, c.Work())
	}
	c.Slow(3)
	c.Begin(200)
	c.Received(0)
	if c.Now() != 245 {
		t.Errorf("three times slower, a frame is read at %d", c.Now())
	}
	c.End(0, 120)
	if c.Work().Turns != 1 {
		t.Error("a turn after the window is counted")
	}
	c.Begin(300)
	c.Answered(1)
	c.End(0, 400)
	if c.Free() != 300 || c.Work().Turns != 2 || c.Work().Answered != 1 {
		t.Errorf("a client's turn is free but for its commands: free at %d, did %+v", c.Free(), c.Work())
	}
	c.Reset(210)
	if c.Free() != 210 {
		t.Errorf("after a crash at 210 the processor is free at %d", c.Free())
	}
}

// TestHost: two processors serve three CPUs, two at a time.
func TestHost(t *testing.T) {
	h := NewHost(2)
	for i, want := range []smr.Time{0, 0, 10, 10, 20} {
		c := NewCPU(&Model{Receive: 10}, h)
		at := c.Ready(0)
		if at != want {
			t.Errorf("turn %d begins at %d, want %d", i, at, want)
		}
		c.Begin(at)
		c.Received(0)
		c.End(0, 100)
	}
}

// TestChargingAllocatesNothing: all of it is on the path of every command.
func TestChargingAllocatesNothing(t *testing.T) {
	c := NewCPU(Builtin("example"), NewHost(2))
	now := smr.Time(0)
	if n := testing.AllocsPerRun(100, func() {
		c.Begin(now)
		c.Received(100)
		c.Proposed(3, 300)
		c.Sent(300)
		c.Departs(300, 1<<20, 0, 1<<40)
		c.Applied(3, 300)
		c.End(0, 1<<40)
		now = c.Ready(now)
	}); n != 0 {
		t.Errorf("%g allocations a turn", n)
	}
}

func TestBuiltins(t *testing.T) {
	for _, name := range Names() {
		if m := Builtin(name); m == nil || m.Validate() != nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// TestChargesDoNotOverflow: the dearest model there may be, on the slowest processor,
// never takes time back: a sum that overflowed would end before it began.
func TestChargesDoNotOverflow(t *testing.T) {
	const second = smr.Time(1e9)
	var m Model
	var dear [Terms]float64
	for i := range dear {
		dear[i] = maxTime
	}
	m.SetTimes(dear)
	m.Bandwidth = minBandwidth
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	c := NewCPU(&m, nil)
	c.Slow(1000)
	c.Begin(0)
	last := c.Now()
	for i := range 20 {
		c.Received(16 << 20)
		c.Sent(16 << 20)
		at, ok := c.Departs(16<<20, 1<<62, 0, second)
		if now := c.Now(); now < last || ok && at < now {
			t.Fatalf("after %d frames it is %d ns, the last has left at %d ns; it was %d ns before", i+1, now, at, last)
		}
		last = c.Now()
	}
	c.End(0, second)
	if busy, _ := c.Busy(); busy != second {
		t.Errorf("busy for %d ns of a second of which all is work", busy)
	}
}
