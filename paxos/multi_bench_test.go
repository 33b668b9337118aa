package paxos

import (
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// multiGroup is some cores wired by hand: frames arrive at once and in order, what is
// written is durable at once. With copies of every frame, as a mailbox makes.
type multiGroup struct {
	cores     []*MultiPaxos
	ready     []smr.Ready
	mail      [][]byte // to each, frames behind one another
	ends      [][]int  // where each frame ends in mail, and who sent it
	now       smr.Time
	committed int // entries, at the leader
	frames    [smr.Kinds]int
	before    func(from int, f *smr.Frame) bool // false: lost
}

func newMultiGroup(tb testing.TB, cfg smr.Config) *multiGroup {
	tb.Helper()
	t := &multiGroup{ready: make([]smr.Ready, len(cfg.Peers)), mail: make([][]byte, len(cfg.Peers)), ends: make([][]int, len(cfg.Peers))}
	for _, id := range cfg.Peers {
		cfg.ID = id
		m, err := NewMulti(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		m.Start(0)
		t.cores = append(t.cores, m)
	}
	for t.cores[0].role != smr.Leader {
		t.now += cfg.ElectionMax
		t.cores[0].Tick(t.now)
		t.settle()
	}
	return t
}

// turn drains one core.
func (t *multiGroup) turn(i int) (busy bool) {
	m, rd := t.cores[i], &t.ready[i]
	for at, k := 0, 0; k < len(t.ends[i]); k += 2 {
		end := t.ends[i][k]
		if err := m.Step(t.now, smr.NodeID(t.ends[i][k+1]+1), t.mail[i][at:end]); err != nil {
			panic(err)
		}
		at, busy = end, true
	}
	t.mail[i], t.ends[i] = t.mail[i][:0], t.ends[i][:0]
	for {
		m.Ready(t.now, rd)
		for k := range rd.Frames {
			f := &rd.Frames[k]
			to := int(f.To) - 1
			t.frames[f.Kind]++
			if t.before != nil && !t.before(i, f) {
				continue
			}
			t.mail[to] = append(append(t.mail[to], f.Head...), f.Body...)
			t.ends[to] = append(t.ends[to], len(t.mail[to]), i)
			busy = true
		}
		if i == 0 {
			t.committed += len(rd.Committed)
		}
		more := rd.More
		if n := len(rd.Committed); n > 0 {
			m.Applied(rd.Committed[n-1].Index)
		}
		if len(rd.Records) > 0 {
			m.Persisted(t.now, rd.Number)
			more = true
		}
		if !more {
			return busy
		}
		busy = true
	}
}

func (t *multiGroup) settle() {
	for busy := true; busy; {
		busy = false
		for i := range t.cores {
			busy = t.turn(i) || busy
		}
	}
}

func benchConfig(n int) smr.Config {
	cfg := smr.Config{
		Seed: 1, ElectionMin: 150e6, ElectionMax: 300e6, Heartbeat: 50e6,
		MaxFrame: 1 << 20, Inflight: 4 << 20, Retain: 8 << 20, PreVote: true, CheckQuorum: true,
	}
	for i := range n {
		cfg.Peers = append(cfg.Peers, smr.NodeID(i+1))
	}
	return cfg
}

// BenchmarkReplicate has one leader and two followers take entries of 16 KiB, the
// size of a batch of 64 commands of 256 bytes, eight to a turn.
func BenchmarkReplicate(b *testing.B) {
	t := newMultiGroup(b, benchConfig(3))
	data := make([]byte, 16<<10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	tag := smr.Tag(0)
	for b.Loop() {
		tag++
		if err := t.cores[0].Propose(t.now, tag, data); err != nil {
			b.Fatal(err)
		}
		if tag%8 == 0 {
			t.settle()
		}
	}
}

// BenchmarkSmall is the same with single commands of 64 bytes, 256 to a turn: what
// the protocol costs by entry.
func BenchmarkSmall(b *testing.B) {
	t := newMultiGroup(b, benchConfig(3))
	data := make([]byte, 64)
	b.ReportAllocs()
	tag := smr.Tag(0)
	for b.Loop() {
		tag++
		if err := t.cores[0].Propose(t.now, tag, data); err != nil {
			b.Fatal(err)
		}
		if tag%256 == 0 {
			t.settle()
		}
	}
}
