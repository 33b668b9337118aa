package nettest

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

const ms = smr.Time(time.Millisecond)

// Run runs the suite. world makes a network whose links are perfect, closed at the
// end of t.
func Run(t *testing.T, world func(t *testing.T) *World) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, w *World)
	}{
		{"Delivers", testDelivers},
		{"FirstInFirstOut", testOrder},
		{"BorrowsBuffers", testBorrows},
		{"StopsAndGoesOn", testPartialRead},
		{"Bounded", testBounded},
		{"CutOneWay", testCut},
		{"CutDropsWhatIsHeld", testCutHeld},
		{"Loss", testLoss},
		{"Duplicates", testDuplicates},
		{"Reorders", testReorder},
		{"Delay", testDelay},
		{"DelayKeepsOrder", testDelayOrder},
		{"CloseDrops", testClose},
		{"OpenTwice", testOpenTwice},
		{"UnknownPeer", testUnknown},
		{"Allocates", testAllocs},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, world(t)) })
	}
}

func testDelivers(t *testing.T, w *World) {
	nodes := w.cluster(t, 3)
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				a.port.Send(w.Now(), b.id, uint8(10*a.id+b.id), []byte("head,"), []byte("body"))
			}
		}
		a.port.Send(w.Now(), nodes[(a.id)%3].id, 0, nil, nil) // empty frames are frames
		a.port.Flush(w.Now())
	}
	for _, b := range nodes {
		b.awaitFrames(3)
		seen := map[smr.NodeID]int{}
		for _, m := range b.got {
			seen[m.from]++
			if m.data != "" && (m.data != "head,body" || m.channel != uint8(10*m.from+b.id)) {
				t.Errorf("%v received %q on channel %d from %v", b.id, m.data, m.channel, m.from)
			}
		}
		if len(b.got) != 3 || len(seen) != 2 {
			t.Errorf("%v received %d frames from %d nodes", b.id, len(b.got), len(seen))
		}
		if s := b.port.Stats(); s.SentFrames != 3 || s.SentBytes != 18 || s.ReceivedFrames != 3 || s.ReceivedBytes != 18 || s.DroppedFrames() != 0 {
			t.Errorf("%v: %+v", b.id, s)
		}
	}
}

func testOrder(t *testing.T, w *World) {
	nodes := w.cluster(t, 3)
	const count = 3_000
	next := map[smr.NodeID]int{}
	for i := range count {
		for _, a := range nodes[1:] {
			frame := numbered(i, i*7%5000)
			if i%100 == 0 {
				frame = numbered(i, 100_000)
			}
			cut := i % len(frame)
			a.port.Send(w.Now(), 1, uint8(i), frame[:cut], frame[cut:])
			if i%5 == 0 {
				a.port.Flush(w.Now())
			}
		}
		if i%50 == 49 {
			for _, a := range nodes[1:] {
				a.port.Flush(w.Now())
			}
			nodes[0].awaitFrames(100)
			check(t, nodes[0], next)
		}
	}
	if next[2] != count || next[3] != count {
		t.Errorf("received %v", next)
	}
}

// check verifies that n's frames are numbered without a gap per sender.
func check(t *testing.T, n *node, next map[smr.NodeID]int) {
	t.Helper()
	for _, m := range n.got {
		i := next[m.from]
		if m.channel != uint8(i) || m.data != string(numbered(i, len(m.data))) {
			t.Fatalf("%v from %v: frame %d on channel %d, want %d, or damaged", n.id, m.from,
				binary.LittleEndian.Uint64([]byte(m.data)), m.channel, i)
		}
		next[m.from]++
	}
	n.got = n.got[:0]
}

// testBorrows scribbles over what it sent and keeps what it received until the next
// Poll.
func testBorrows(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	for _, link := range []netsim.Link{{}, {Delay: netsim.Constant(ms)}} {
		w.Net.SetLink(1, 2, link)
		b.got = nil
		for i := range 40 {
			head, body := []byte("head"), []byte(strings.Repeat("b", 1000*i))
			a.port.Send(w.Now(), 2, 0, head, body)
			for j := range head {
				head[j] = 'x'
			}
			for j := range body {
				body[j] = 'x'
			}
		}
		a.port.Flush(w.Now())
		for got := 0; got < 40; {
			b.port.Poll(w.Now())
			var batch []netsim.Mail
			for m, ok := b.port.Next(); ok; m, ok = b.port.Next() {
				batch = append(batch, m)
			}
			for _, m := range batch {
				if string(m.Data) != "head"+strings.Repeat("b", 1000*got) {
					t.Fatalf("frame %d was changed after Send or before the next Poll", got)
				}
				got++
			}
			if got < 40 && !b.sleep.Park(min(b.port.Due(), w.Now()+Patience)) && b.port.Due() == smr.Never {
				t.Fatalf("%d of 40 frames", got)
			}
		}
	}
}

// testPartialRead reads three frames a turn, and polls before it has read all, as a
// replica with a budget does. A turn that found its mail empty waits for a Wake.
func testPartialRead(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	const count = 600
	sent, got, idle := 0, 0, true
	for got < count {
		for range 4 {
			if sent < count {
				a.send(2, string(numbered(sent, 0)))
				sent++
			}
		}
		if idle && !b.sleep.Park(w.Now()+Patience) {
			t.Fatalf("not woken although %d of %d frames were read", got, sent)
		}
		idle = false
		for range 3 {
			b.port.Poll(w.Now())
			m, ok := b.port.Next()
			if !ok {
				idle = true
				break
			}
			if i := binary.LittleEndian.Uint64(m.Data); i != uint64(got) {
				t.Fatalf("frame %d, want %d", i, got)
			}
			got++
		}
	}
}

func testBounded(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	const size = 16 << 10
	for i := range w.Room / size {
		frame := numbered(i, size)
		a.port.Send(w.Now(), 2, 0, frame[:100], frame[100:])
		a.port.Flush(w.Now())
	}
	dropped := a.port.Stats().Dropped[netsim.DropFull]
	if dropped == 0 {
		t.Fatalf("%d bytes were taken and nobody read", w.Room)
	}
	b.awaitFrames(w.Room/size - int(dropped))
	last := -1
	for _, m := range b.got {
		i := int(binary.LittleEndian.Uint64([]byte(m.data)))
		if i <= last || m.data != string(numbered(i, size)) {
			t.Fatalf("frame %d after %d, or damaged", i, last)
		}
		last = i
	}
	b.got = nil
	a.fence(b) // there is room again
}

func testCut(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Cut: true})
	a.send(2, "lost")
	b.send(1, "passes")
	a.awaitFrames(1)
	w.Net.SetLink(1, 2, netsim.Link{})
	a.send(2, "healed")
	b.awaitFrames(1)
	if len(b.got) != 1 || b.got[0].data != "healed" || a.port.Stats().Dropped[netsim.DropCut] != 1 {
		t.Fatalf("received %+v, stats %+v", b.got, a.port.Stats())
	}
}

func testCutHeld(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Delay: netsim.Constant(20 * ms)})
	a.send(2, "on its way")
	w.Net.SetLink(1, 2, netsim.Link{Cut: true})
	b.await("the drop", func() bool { return b.port.Stats().Dropped[netsim.DropCut] == 1 })
	if len(b.got) != 0 {
		t.Fatalf("received %+v over a cut link", b.got)
	}
}

func testLoss(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Loss: 0.2})
	const count = 5_000
	for i := range count {
		a.port.Send(w.Now(), 2, 0, numbered(i, 0), nil)
	}
	a.port.Flush(w.Now())
	w.Net.SetLink(1, 2, netsim.Link{})
	a.fence(b)
	lost := count - len(b.got)
	if math.Abs(float64(lost)-0.2*count) > 5*math.Sqrt(count*0.2*0.8) || uint64(lost) != a.port.Stats().Dropped[netsim.DropLost] {
		t.Fatalf("%d of %d lost, want about a fifth; %+v", lost, count, a.port.Stats())
	}
	last := -1
	for _, m := range b.got {
		i := int(binary.LittleEndian.Uint64([]byte(m.data)))
		if i <= last {
			t.Fatalf("frame %d after %d", i, last)
		}
		last = i
	}
}

func testDuplicates(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Duplicate: 1})
	a.send(2, "x")
	a.send(2, "y")
	b.awaitFrames(4)
	if s := b.got[0].data + b.got[1].data + b.got[2].data + b.got[3].data; s != "xxyy" || a.port.Stats().Duplicated != 2 {
		t.Fatalf("received %q", s)
	}
}

func testReorder(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Delay: netsim.Constant(ms), Reorder: 0.3})
	const count = 500
	for i := range count {
		a.port.Send(w.Now(), 2, 0, numbered(i, 0), nil)
	}
	a.port.Flush(w.Now())
	b.awaitFrames(count)
	seen := map[uint64]bool{}
	overtaken, last := 0, uint64(0)
	for _, m := range b.got {
		i := binary.LittleEndian.Uint64([]byte(m.data))
		seen[i] = true
		if i < last {
			overtaken++
		}
		last = max(last, i)
	}
	if len(seen) != count || overtaken < count/10 {
		t.Fatalf("%d of %d frames, %d overtaken", len(seen), count, overtaken)
	}
}

func testDelay(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	w.Net.SetLink(1, 2, netsim.Link{Delay: netsim.Constant(5 * ms)})
	for range 5 {
		b.got = nil
		sent := w.Now()
		a.send(2, "later")
		b.awaitFrames(1)
		late := b.got[0].at - sent - 5*ms
		if late < 0 || w.Exact && late != 0 {
			t.Fatalf("a delay of 5 ms took %v", late+5*ms)
		}
	}
}

// testDelayOrder changes a link from slow to perfect: what is sent then waits for
// what was sent before.
func testDelayOrder(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	next := map[smr.NodeID]int{}
	i := 0
	send := func(n int) {
		for range n {
			a.port.Send(w.Now(), 2, uint8(i), numbered(i, 0), nil)
			i++
		}
		a.port.Flush(w.Now())
	}
	for range 5 {
		w.Net.SetLink(1, 2, netsim.Link{Delay: netsim.Normal(3*ms, 2*ms)})
		send(100)
		b.turn()
		w.Net.SetLink(1, 2, netsim.Link{})
		send(100)
		b.turn()
	}
	b.awaitFrames(i)
	check(t, b, next)
}

func testClose(t *testing.T, w *World) {
	nodes := w.cluster(t, 3)
	a, b, c := nodes[0], nodes[1], nodes[2]
	w.Net.SetLink(1, 2, netsim.Link{Delay: netsim.Constant(10 * ms)})
	a.send(2, "on its way")
	b.port.Poll(w.Now()) // some of it may be held back by now
	b.port.Next()
	if err := b.port.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.port.Close(); err != nil {
		t.Fatalf("a second Close: %v", err)
	}
	a.awaitPeer(2, false)
	a.send(2, "to nobody")
	if n := a.port.Stats().Dropped[netsim.DropDown]; n != 1 {
		t.Fatalf("%d frames dropped because nobody was there", n)
	}
	w.Net.SetLink(1, 2, netsim.Link{})
	a.send(3, "still here")
	c.awaitFrames(1)

	b = w.open(t, 2)
	b.awaitPeer(1, true)
	a.awaitPeer(2, true)
	a.sleep.Park(w.Now() + 20*ms) // virtual time: until the frame in flight would have come
	a.send(2, "again")
	b.send(1, "here")
	b.awaitFrames(1)
	a.awaitFrames(1)
	if len(b.got) != 1 || b.got[0].data != "again" {
		t.Fatalf("the restarted node received %+v", b.got)
	}
}

func testOpenTwice(t *testing.T, w *World) {
	n := w.open(t, 1)
	if _, err := w.Net.Open(1, n.sleep); err == nil {
		t.Error("an open node was opened")
	}
	if _, err := w.Net.Open(smr.None, n.sleep); err == nil {
		t.Error("nobody was opened")
	}
}

func testUnknown(t *testing.T, w *World) {
	n := w.open(t, 1)
	n.send(77, "hello?")
	n.turn()
	if n.port.Stats().Dropped[netsim.DropDown] != 1 {
		t.Errorf("%+v", n.port.Stats())
	}
}

// testAllocs counts allocations of both ends in steady state.
func testAllocs(t *testing.T, w *World) {
	nodes := w.cluster(t, 2)
	a, b := nodes[0], nodes[1]
	head, body := make([]byte, 100), make([]byte, 1000)
	large := make([]byte, 40_000)
	got, want := 0, 0
	turn := func() {
		now := w.Now()
		for range 10 {
			a.port.Send(now, 2, 0, head, body)
		}
		a.port.Send(now, 2, 0, head, large)
		a.port.Flush(now)
		want += 11
		for got < want {
			b.port.Poll(w.Now())
			for _, ok := b.port.Next(); ok; _, ok = b.port.Next() {
				got++
			}
			if got < want && !b.sleep.Park(w.Now()+Patience) {
				t.Fatalf("%d of %d frames", got, want)
			}
		}
	}
	for range 500 {
		turn()
	}
	if n := testing.AllocsPerRun(200, turn); n >= 1 { // the runtime's own goroutines allocate now and then
		t.Errorf("%v allocations for 11 frames", n)
	}
}
