package raft

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// trio is a cluster wired by hand in one goroutine, for measuring: no copies but
// those into a receive buffer, a log that is durable at once, no state machine.
type trio struct {
	cores  []smr.Core
	rd     smr.Ready
	boxes  [][]letter // by receiver
	free   [][]byte
	now    smr.Time
	frames [smr.Kinds]int
	log    []byte
	done   int // entries committed at the leader
}

type letter struct {
	from smr.NodeID
	b    []byte
}

func newTrio(tb testing.TB, cfg smr.Config) *trio {
	w := &trio{boxes: make([][]letter, len(cfg.Peers))}
	for _, id := range cfg.Peers {
		cfg.ID, cfg.Seed = id, uint64(id)
		c, err := New(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		c.Start(0)
		w.cores = append(w.cores, c)
	}
	w.now = cfg.ElectionMax + 1
	w.cores[0].Tick(w.now)
	w.settle(tb)
	var st smr.Status
	if w.cores[0].Status(&st); st.Role != smr.Leader {
		tb.Fatalf("no leader: %+v", st)
	}
	return w
}

func (w *trio) drain(i int) {
	for more := true; more; {
		w.cores[i].Ready(w.now, &w.rd)
		more = w.rd.More
		for _, f := range w.rd.Frames {
			w.frames[f.Kind]++
			var b []byte
			if n := len(w.free); n > 0 {
				b, w.free = w.free[n-1][:0], w.free[:n-1]
			}
			b = append(append(b, f.Head...), f.Body...)
			w.boxes[f.To-1] = append(w.boxes[f.To-1], letter{smr.NodeID(i + 1), b})
		}
		for _, r := range w.rd.Records {
			w.log = append(append(w.log[:0], r.Head...), r.Body...)
		}
		if i == 0 {
			w.done += len(w.rd.Committed)
		}
		if n := len(w.rd.Committed); n > 0 {
			w.cores[i].Applied(w.rd.Committed[n-1].Index)
		}
		if w.rd.Number != 0 {
			w.cores[i].Persisted(w.now, w.rd.Number)
			more = true
		}
	}
}

func (w *trio) settle(tb testing.TB) {
	for busy := true; busy; {
		busy = false
		for i := range w.cores {
			mail := w.boxes[i]
			w.boxes[i] = w.boxes[i][:0]
			busy = busy || len(mail) > 0
			for _, l := range mail {
				if err := w.cores[i].Step(w.now, l.from, l.b); err != nil {
					tb.Fatal(err)
				}
				w.free = append(w.free, l.b)
			}
			clear(mail)
			w.drain(i)
		}
	}
}

func (w *trio) round(tb testing.TB, n int, data []byte) {
	for range n {
		if err := w.cores[0].Propose(w.now, 1, data); err != nil {
			tb.Fatal(err)
		}
	}
	w.drain(0)
	w.settle(tb)
	w.now += 1000
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	cfg := testConfig(3)
	cfg.Inflight = 1 << 20
	w := newTrio(t, cfg)
	for _, size := range []int{0, 256, 12 << 10} {
		data := bytes.Repeat([]byte{7}, size)
		for range 200 {
			w.round(t, 20, data)
		}
		if n := testing.AllocsPerRun(500, func() { w.round(t, 20, data) }); n != 0 {
			t.Errorf("%d bytes: %v allocations a round of 20 entries", size, n)
		}
	}
}

// TestOneFrameForManyProposals: however many proposals a turn brings, a peer gets
// one frame, and answers with one.
func TestOneFrameForManyProposals(t *testing.T) {
	cfg := testConfig(3)
	cfg.MaxFrame, cfg.Inflight = 64<<10, 1<<20
	w := newTrio(t, cfg)
	w.round(t, 1, nil)
	w.frames = [smr.Kinds]int{}
	w.round(t, 100, make([]byte, 100))
	if want := [smr.Kinds]int{smr.Replication: 4}; w.frames != want {
		t.Errorf("frames by kind %v, want %v", w.frames, want)
	}
}

func BenchmarkReplicate(b *testing.B) {
	for _, bm := range []struct{ size, batch int }{{16 << 10, 1}, {16 << 10, 16}, {256, 1}, {256, 64}} {
		b.Run(fmt.Sprintf("size=%d/turn=%d", bm.size, bm.batch), func(b *testing.B) {
			cfg := testConfig(3)
			cfg.MaxFrame, cfg.Inflight, cfg.Retain = 1<<20, 4<<20, 4<<20
			w := newTrio(b, cfg)
			data := bytes.Repeat([]byte{7}, bm.size)
			w.round(b, bm.batch, data)
			b.SetBytes(int64(bm.size))
			b.ReportAllocs()
			w.done = 0
			b.ResetTimer()
			for i := 0; i < b.N; i += bm.batch {
				w.round(b, bm.batch, data)
			}
			b.ReportMetric(float64(w.done)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
