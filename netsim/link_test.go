package netsim

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

const ms = smr.Time(time.Millisecond)

func line(seed uint64, l Link) *Line {
	n := NewLine(seed, 1, 2)
	n.Set(l)
	return n
}

func TestLineKeepsOrder(t *testing.T) {
	l := line(1, Link{Delay: Normal(ms, ms), Duplicate: 0.1})
	last := smr.Time(0)
	for i := range smr.Time(10_000) {
		now := i * ms / 10
		if i == 5_000 {
			l.Set(Link{}) // perfect again, but not before what was sent
		}
		f := l.Send(now, 100)
		for c := range f.Copies {
			if f.Due[c] < last || f.Due[c] < now || f.Reordered[c] {
				t.Fatalf("frame %d copy %d is due at %v, the one before at %v", i, c, f.Due[c], last)
			}
			last = f.Due[c]
		}
	}
	if !l.Clear(last) || l.Clear(last-1) && last > 10_000*ms/10 {
		t.Fatal("a perfect line is clear when its last frame was due")
	}
}

func TestLineRates(t *testing.T) {
	const n = 100_000
	l := line(2, Link{Delay: Constant(ms), Loss: 0.2, Duplicate: 0.1, Reorder: 0.05})
	var lost, double, copies, late, overtaken int
	newest := smr.Time(0)
	for i := range smr.Time(n) {
		f := l.Send(i*1000, 10)
		if f.Copies == 0 {
			if f.Dropped != DropLost {
				t.Fatalf("dropped because %v", f.Dropped)
			}
			lost++
		}
		if f.Copies == 2 {
			double++
		}
		for c := range f.Copies {
			copies++
			if f.Reordered[c] {
				late++
			}
			if f.Due[c] < newest {
				overtaken++
			}
			newest = max(newest, f.Due[c])
		}
	}
	near := func(what string, got int, of, p float64) {
		if math.Abs(float64(got)-of*p) > 5*math.Sqrt(of*p*(1-p)) {
			t.Errorf("%s: %d of %v, want about %v", what, got, of, of*p)
		}
	}
	near("lost", lost, n, 0.2)
	near("duplicated", double, float64(n-lost), 0.1)
	near("reordered", late, float64(copies), 0.05)
	if overtaken == 0 {
		t.Error("nothing was overtaken")
	}
}

func TestLineBandwidth(t *testing.T) {
	l := line(3, Link{Delay: Constant(10 * ms), Bandwidth: 1_000_000, Queue: 5_000})
	for i := range smr.Time(5) { // 1,000 bytes take 1 ms each
		if f := l.Send(0, 1000); f.Due[0] != 11*ms+i*ms {
			t.Fatalf("frame %d is due at %v", i, f.Due[0])
		}
	}
	if f := l.Send(0, 1000); f.Copies != 0 || f.Dropped != DropFull {
		t.Fatalf("6,000 bytes wait in a queue of 5,000: %+v", f)
	}
	if f := l.Send(2*ms, 1000); f.Copies != 1 || f.Due[0] != 16*ms {
		t.Fatalf("there is room again: %+v", f)
	}
}

func TestLineIsSeededByItsEnds(t *testing.T) {
	shape := Link{Delay: Uniform(ms, ms/2), Loss: 0.5}
	fates := func(seed uint64, from, to smr.NodeID) (s [64]Fate) {
		l := NewLine(seed, from, to)
		l.Set(shape)
		for i := range s {
			s[i] = l.Send(smr.Time(i)*ms, 1)
		}
		return s
	}
	a := fates(1, 1, 2)
	if a != fates(1, 1, 2) {
		t.Error("equal seeds, unequal fates")
	}
	if a == fates(1, 2, 1) || a == fates(2, 1, 2) || a == fates(1, 1, 3) {
		t.Error("seed and both ends must matter")
	}
}

func TestDist(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, tt := range []struct {
		d        Dist
		lo, hi   smr.Time
		mean, sd float64
	}{
		{Dist{}, 0, 0, 0, 0},
		{Constant(5 * ms), 5 * ms, 5 * ms, 5e6, 0},
		{Uniform(1*ms, ms/5), ms - ms/5, ms + ms/5, 1e6, 0.4e6 / math.Sqrt(12)},
		{Normal(10*ms, ms), 0, 20 * ms, 10e6, 1e6},
	} {
		const n = 100_000
		var sum, sq float64
		for range n {
			x := tt.d.Sample(rng)
			if x < tt.lo || x > tt.hi {
				t.Fatalf("%v: drew %v", tt.d, x)
			}
			sum += float64(x)
			sq += float64(x) * float64(x)
		}
		mean := sum / n
		sd := math.Sqrt(max(0, sq/n-mean*mean))
		if math.Abs(mean-tt.mean) > 0.01*tt.mean || math.Abs(sd-tt.sd) > 0.02*tt.sd+1 {
			t.Errorf("%v: mean %.0f, deviation %.0f; want %.0f, %.0f", tt.d, mean, sd, tt.mean, tt.sd)
		}
	}
	wide := Normal(ms, 5*ms)
	for range 10_000 {
		if wide.Sample(rng) < 0 {
			t.Fatal("a negative delay")
		}
	}
}

func TestValidate(t *testing.T) {
	for _, l := range []Link{
		{Loss: -0.1}, {Loss: 1.1}, {Duplicate: math.NaN()}, {Reorder: 2}, {Bandwidth: -1}, {Queue: -1},
		{Delay: Constant(-1)}, {Delay: Uniform(1, 2)}, {Delay: Dist{Shape: 9}}, {Delay: Constant(smr.Never)},
	} {
		if l.Validate() == nil {
			t.Errorf("%+v is taken for valid", l)
		}
	}
	if (&Link{Cut: true, Loss: 1, Delay: Normal(ms, ms)}).Validate() != nil || !(&Link{}).Perfect() {
		t.Error("a valid link is refused")
	}
}

func TestHoldBackKeepsTimeAndOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	h := NewHoldBack(1 << 20)
	added, taken := 0, 0
	due := map[byte]smr.Time{}
	for now := range smr.Time(2_000) {
		h.Release()
		for range rng.IntN(3) {
			at := now + smr.Time(rng.IntN(50))
			due[byte(added)] = at
			if !h.Add(at, true, Mail{From: 1, Data: []byte{byte(added)}}) {
				t.Fatal("full")
			}
			added++
		}
		for m, ok := h.Next(now); ok; m, ok = h.Next(now) {
			if due[m.Data[0]] != now {
				t.Fatalf("at %d: frame %d, due at %d", now, m.Data[0], due[m.Data[0]])
			}
			taken++
		}
		if h.Due() <= now {
			t.Fatalf("at %d: the next is due at %d", now, h.Due())
		}
	}
	if added-taken > 150 {
		t.Fatalf("added %d, taken %d", added, taken)
	}
	small := NewHoldBack(100)
	if !small.Add(1, false, Mail{Data: make([]byte, 30)}) || small.Add(1, false, Mail{Data: make([]byte, 30)}) {
		t.Fatal("the bound does not hold")
	}
}

func TestHoldBackKeepsSendersInOrder(t *testing.T) {
	h := NewHoldBack(1 << 20)
	mail := func(from smr.NodeID, b byte) Mail { return Mail{From: from, Data: []byte{b}} }
	h.Add(50, false, mail(1, 1))
	h.Add(20, false, mail(1, 2)) // waits for the one before
	h.Add(30, true, mail(1, 3))  // does not
	h.Add(10, false, mail(2, 4))
	if h.Passes(40, 0, 1) || !h.Passes(40, 0, 3) || h.Passes(40, 41, 3) {
		t.Error("a frame passes if it is due and the sender's others are through")
	}
	var got []byte
	for _, now := range []smr.Time{10, 30, 49, 50} {
		for m, ok := h.Next(now); ok; m, ok = h.Next(now) {
			got = append(got, m.Data[0])
		}
	}
	if string(got) != "\x04\x03\x01\x02" || !h.Passes(50, 0, 1) {
		t.Errorf("order % x", got)
	}
}

func TestTable(t *testing.T) {
	var tab Table[int]
	ids := []smr.NodeID{3, 1, 1023, 1024, 4_000_000_000}
	for i, id := range ids {
		tab.Put(id, i+1)
	}
	for i, id := range ids {
		if tab.Get(id) != i+1 {
			t.Errorf("Get(%d) = %d, want %d", id, tab.Get(id), i+1)
		}
	}
	if tab.Get(2) != 0 || tab.Get(5000) != 0 {
		t.Error("an absent id has a value")
	}
	n := 0
	for id, v := range tab.All() {
		if ids[v-1] != id {
			t.Errorf("All yields %d for %d", v, id)
		}
		n++
	}
	if n != len(ids) {
		t.Errorf("All yields %d of %d", n, len(ids))
	}
}

// TestAMendedLinkDeliversInOrder: what was sent over a slow link arrives when it would
// have, and what follows over the mended one waits for it, no longer than its delay.
func TestAMendedLinkDeliversInOrder(t *testing.T) {
	const slow, fast = 100, 1
	l := NewLine(1, 1, 2)
	for _, before := range []Link{{Delay: Constant(slow)}, {Delay: Constant(fast), Bandwidth: 1e7}} {
		l.Set(before)
		last := l.Send(1000, 990).Due[0]
		l.Set(Link{Delay: Constant(fast)})
		if next := l.Send(1001, 990).Due[0]; next != last {
			t.Errorf("%+v: due at %d behind one that is due at %d", before, next, last)
		}
		if after := l.Send(last, 990).Due[0]; after != last+fast {
			t.Errorf("%+v: at %d the link is mended, and a frame arrives at %d", before, last, after)
		}
		l = NewLine(1, 1, 2)
	}
}
