package netsim

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// echo is a replica that answers every frame that still has hops to go.
type echo struct {
	id    smr.NodeID
	port  Port
	timer *Timer
	n     int
	buf   []byte
	seen  int
}

func newEcho(t testing.TB, s *Sim, net Network, id smr.NodeID, n int) *echo {
	e := &echo{id: id, n: n}
	e.timer = NewTimer(s, e, 0)
	var err error
	if e.port, err = net.Open(id, e.timer); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *echo) Fire(now smr.Time, _ uint64) {
	e.port.Poll(now)
	for m, ok := e.port.Next(); ok; m, ok = e.port.Next() {
		e.seen++
		hops := binary.LittleEndian.Uint64(m.Data)
		if hops == 0 {
			continue
		}
		e.buf = append(e.buf[:0], m.Data...)
		binary.LittleEndian.PutUint64(e.buf, hops-1)
		to := smr.NodeID(hops%uint64(e.n)) + 1
		if to == e.id {
			to = to%smr.NodeID(e.n) + 1
		}
		e.port.Send(now, to, m.Channel, e.buf[:8], e.buf[8:])
	}
	e.port.Flush(now)
}

func runEchoes(t testing.TB, seed uint64, link Link, hops uint64, size int) (*Virtual, *Sim, int) {
	s := NewSim()
	v := NewVirtual(s, seed, link)
	v.SetTracing(true)
	var nodes []*echo
	for id := range smr.NodeID(5) {
		nodes = append(nodes, newEcho(t, s, v, id+1, 5))
	}
	frame := make([]byte, size)
	for i, e := range nodes {
		binary.LittleEndian.PutUint64(frame, hops)
		frame[size-1] = byte(i)
		e.port.Send(0, smr.NodeID(i+1)%5+1, 0, frame, nil)
	}
	for s.Step() {
	}
	seen := 0
	for _, e := range nodes {
		seen += e.seen
	}
	return v, s, seen
}

func TestVirtualIsDeterministic(t *testing.T) {
	link := Link{Delay: Normal(ms, ms/5), Loss: 0.001, Duplicate: 0.002, Reorder: 0.05, Bandwidth: 100 << 20}
	want, _, seen := runEchoes(t, 7, link, 2_000, 300)
	if seen < 1_000 {
		t.Fatalf("only %d frames arrived", seen)
	}
	for _, procs := range []int{1, 2, 7} {
		old := runtime.GOMAXPROCS(procs)
		got, _, _ := runEchoes(t, 7, link, 2_000, 300)
		runtime.GOMAXPROCS(old)
		if got.Trace() != want.Trace() {
			t.Fatalf("GOMAXPROCS %d: another trace", procs)
		}
	}
	if other, _, _ := runEchoes(t, 8, link, 2_000, 300); other.Trace() == want.Trace() {
		t.Fatal("another seed, the same trace")
	}
}

// TestTraceSeesEveryByte: a trace that misses a byte would call unequal runs equal.
func TestTraceSeesEveryByte(t *testing.T) {
	run := func(flip int) uint64 {
		s := NewSim()
		v := NewVirtual(s, 1, Link{})
		v.SetTracing(true)
		a := newEcho(t, s, v, 1, 2)
		newEcho(t, s, v, 2, 2)
		frame := make([]byte, 75)
		if flip >= 8 {
			frame[flip] ^= 1
		}
		a.port.Send(0, 2, 0, frame, nil)
		s.Run(1)
		return v.Trace()
	}
	seen := map[uint64]int{run(0): 0}
	for i := 8; i < 75; i++ {
		h := run(i)
		if j, ok := seen[h]; ok {
			t.Fatalf("bytes %d and %d have one trace", i, j)
		}
		seen[h] = i
	}
}

func TestVirtualDelayIsExact(t *testing.T) {
	_, s, seen := runEchoes(t, 1, Link{Delay: Constant(10 * ms)}, 9, 64)
	if s.Now() != 100*ms || seen != 50 {
		t.Fatalf("ten hops of 10 ms by %d frames end at %v", seen, s.Now())
	}
}

func TestVirtualCutDropsWhatIsOnItsWay(t *testing.T) {
	s := NewSim()
	v := NewVirtual(s, 1, Link{Delay: Constant(10 * ms)})
	a, b := newEcho(t, s, v, 1, 2), newEcho(t, s, v, 2, 2)
	zero := make([]byte, 8)
	a.port.Send(0, 2, 0, zero, nil)
	b.port.Send(0, 1, 0, zero, nil)
	s.Run(5 * ms)
	v.SetLink(1, 2, Link{Cut: true})
	s.Run(20 * ms)
	if b.seen != 0 || a.seen != 1 || b.port.Stats().Dropped[DropCut] != 1 {
		t.Fatalf("node 2 saw %d frames, node 1 %d", b.seen, a.seen)
	}
}

func TestVirtualCrash(t *testing.T) {
	s := NewSim()
	v := NewVirtual(s, 1, Link{Delay: Constant(10 * ms)})
	a, b := newEcho(t, s, v, 1, 2), newEcho(t, s, v, 2, 2)
	zero := make([]byte, 8)
	a.port.Send(0, 2, 0, zero, nil) // to the node that crashes
	b.port.Send(0, 1, 0, zero, nil) // from it: has left, arrives
	s.Run(5 * ms)
	b.port.Close()
	b = newEcho(t, s, v, 2, 2)
	s.Run(20 * ms)
	if a.seen != 1 || b.seen != 0 {
		t.Fatalf("node 1 saw %d frames, the restarted node 2 saw %d", a.seen, b.seen)
	}
	a.port.Send(s.Now(), 2, 0, zero, nil)
	s.Run(40 * ms)
	if b.seen != 1 {
		t.Fatalf("the restarted node saw %d frames", b.seen)
	}
}

func TestVirtualAllocatesNothing(t *testing.T) {
	s := NewSim()
	v := NewVirtual(s, 1, Link{Delay: Normal(ms, ms/5)})
	v.SetTracing(true)
	var nodes []*echo
	for id := range smr.NodeID(3) {
		nodes = append(nodes, newEcho(t, s, v, id+1, 3))
	}
	frame := make([]byte, 256)
	binary.LittleEndian.PutUint64(frame, 1<<40)
	for range 10 {
		nodes[0].port.Send(0, 2, 0, frame, nil)
	}
	s.Run(1000 * ms)
	if n := testing.AllocsPerRun(20_000, func() { s.Step() }); n != 0 {
		t.Fatalf("%v allocations an event", n)
	}
}

func benchmarkVirtual(b *testing.B, link Link, size int, tracing bool) {
	s := NewSim()
	v := NewVirtual(s, 1, link)
	v.SetTracing(tracing)
	var nodes []*echo
	for id := range smr.NodeID(5) {
		nodes = append(nodes, newEcho(b, s, v, id+1, 5))
	}
	frame := make([]byte, size)
	binary.LittleEndian.PutUint64(frame, 1<<40)
	for i := range 50 {
		nodes[i%5].port.Send(0, smr.NodeID(i+1)%5+1, 0, frame, nil)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Step()
	}
	b.ReportMetric(float64(s.Fired())/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkVirtual counts events: half of them are deliveries, half are turns that
// read a frame and send one.
func BenchmarkVirtual(b *testing.B) {
	jitter := Link{Delay: Normal(ms, ms/5)}
	b.Run("64B", func(b *testing.B) { benchmarkVirtual(b, jitter, 64, false) })
	b.Run("64B/traced", func(b *testing.B) { benchmarkVirtual(b, jitter, 64, true) })
	b.Run("1KiB/traced", func(b *testing.B) { benchmarkVirtual(b, jitter, 1<<10, true) })
}
