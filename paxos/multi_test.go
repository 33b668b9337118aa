package paxos

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

func sum(s string) uint32 { return window.Sum([]byte(s)) }

// lead proposes n entries of the given size at core 0 of a group and settles after
// each.
func (t *multiGroup) lead(tb testing.TB, n, size int) {
	tb.Helper()
	for k := range n {
		data := bytes.Repeat([]byte{byte(k)}, size)
		if err := t.cores[0].Propose(t.now, smr.Tag(1000+k), data); err != nil {
			tb.Fatal(err)
		}
		t.settle()
	}
}

func smallConfig(n int) smr.Config {
	cfg := benchConfig(n)
	cfg.MaxFrame, cfg.Inflight, cfg.Retain, cfg.PreVote = 4<<10, 16<<10, 64<<10, false
	return cfg
}

func TestNewMultiRefuses(t *testing.T) {
	cfg := smallConfig(3)
	cfg.ID, cfg.Peers = 1, []smr.NodeID{1, 2, MaxNode + 1}
	if _, err := NewMulti(cfg); err == nil {
		t.Error("a replica number that does not fit into a ballot was taken")
	}
	cfg.Peers = []smr.NodeID{1, 2, 3}
	cfg.Q1, cfg.Q2 = 1, 2
	if _, err := NewMulti(cfg); err == nil {
		t.Error("quorums that do not intersect were taken")
	}
}

func TestPropose(t *testing.T) {
	w := newMultiGroup(t, smallConfig(3))
	leader := w.cores[0]
	if err := w.cores[1].Propose(w.now, 1, nil); err != smr.ErrNotLeader {
		t.Errorf("a follower says %v", err)
	}
	if err := leader.Propose(w.now, 1, make([]byte, 4<<10-smr.Overhead+1)); err == nil {
		t.Error("an entry that fits no frame was taken")
	}
	if err := leader.Propose(w.now, 1, make([]byte, 4<<10-smr.Overhead)); err != nil {
		t.Errorf("the largest entry: %v", err)
	}
	tag := smr.Tag(2)
	for ; leader.Propose(w.now, tag, make([]byte, 1000)) == nil; tag++ {
	}
	if open := leader.lastEnd - leader.commitEnd; open > 16<<10 || open < 15<<10 {
		t.Errorf("full with %d bytes open, Inflight is %d", open, 16<<10)
	}
	if err := leader.Propose(w.now, tag, make([]byte, 1000)); err != smr.ErrFull {
		t.Errorf("a full leader says %v", err)
	}
	w.settle()
	if w.committed != int(tag-1) {
		t.Errorf("%d committed of %d", w.committed, tag-1)
	}
}

// TestPagedPromise has a candidate that lacks many frames of values. It leads only
// when all pages of a quorum are there, however often some are lost.
func TestPagedPromise(t *testing.T) {
	w := newMultiGroup(t, smallConfig(3))
	silent := false
	w.before = func(from int, f *smr.Frame) bool { return silent || f.To != 3 && from != 2 }
	w.lead(t, 20, 3000) // core 2, n3, hears nothing
	if last := w.cores[2].win.Last(); last != 0 {
		t.Fatalf("n3 has slot %d already", last)
	}
	pages, lost := 0, 0
	silent = true
	w.before = func(from int, f *smr.Frame) bool {
		if from == 0 || f.To == 1 {
			return false // the old leader is cut off
		}
		if f.Kind == smr.Election && from == 1 {
			if pages++; pages%3 == 0 {
				lost++
				return false
			}
		}
		return true
	}
	n3 := w.cores[2]
	n3.Tick(n3.timer.Deadline())
	w.now = max(w.now, n3.timer.Deadline()-n3.cfg.ElectionMin)
	w.settle()
	for k := 0; n3.role == smr.Candidate; k++ {
		if k == 50 {
			t.Fatal("not elected")
		}
		if n3.peers[1].complete {
			t.Fatal("complete without leading")
		}
		w.now = n3.retryAt
		n3.Tick(w.now)
		w.settle()
	}
	if n3.role != smr.Leader || pages < 20 || lost == 0 {
		t.Fatalf("%v after %d pages, %d of them lost", n3.role, pages, lost)
	}
	for s := uint64(1); s <= 20; s++ {
		if data := n3.win.Data(s); len(data) != 3000 || data[0] != byte(s-1) {
			t.Fatalf("slot %d was not adopted", s)
		}
	}
	if n3.commit != 20 {
		t.Fatalf("commit is %d", n3.commit)
	}
}

// TestPersistedOverwritten: what became durable under one ballot says nothing about
// what has taken its slot since.
func TestPersistedOverwritten(t *testing.T) {
	cfg := smallConfig(3)
	cfg.ID = 3
	m, err := NewMulti(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Start(0)
	var rd smr.Ready
	accept := func(b Ballot, data string) {
		t.Helper()
		w := newMultiFor(t, b.Node())
		w.put(1, b, 0, sum(data), []byte(data))
		run, _ := w.win.Run(1, 1, 1<<20)
		frame := append(appendMessage(nil, &message{typ: msgAccept, ballot: b, last: 1, other: 1}, nil), run...)
		if err := m.Step(0, b.Node(), frame); err != nil {
			t.Fatal(err)
		}
		m.Ready(0, &rd)
		if len(rd.Records) != 1 || len(rd.Frames) != 0 {
			t.Fatalf("%d records, %d frames before anything is durable", len(rd.Records), len(rd.Frames))
		}
	}
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	accept(b1, "one")
	first := rd.Number
	accept(b2, "two")
	m.Persisted(0, first)
	if m.Ready(0, &rd); len(rd.Frames) != 0 {
		t.Fatal("answered a ballot that is not durable")
	}
	m.Persisted(0, first+1)
	m.Ready(0, &rd)
	var in message
	if len(rd.Frames) != 1 || in.parse(rd.Frames[0].Head) != nil || in.typ != msgAccepted || in.slot != 1 || in.ballot != b2 {
		t.Fatalf("%d frames, %v", len(rd.Frames), in)
	}
}

func newMultiFor(t testing.TB, id smr.NodeID) *MultiPaxos {
	t.Helper()
	cfg := smallConfig(3)
	cfg.ID = id
	m, err := NewMulti(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLostOnce(t *testing.T) {
	w := newMultiGroup(t, smallConfig(3))
	w.lead(t, 2, 10)
	w.before = func(from int, f *smr.Frame) bool { return from != 0 } // its frames go nowhere
	for tag := smr.Tag(1); tag <= 3; tag++ {
		if err := w.cores[0].Propose(w.now, tag, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	w.now += w.cores[0].cfg.ElectionMin
	var lost []smr.Tag
	for range 3 {
		w.cores[0].Tick(w.now)
		w.cores[0].Ready(w.now, &w.ready[0])
		lost = append(lost, w.ready[0].Lost...)
	}
	if w.cores[0].role != smr.Follower || !slices.Equal(lost, []smr.Tag{1, 2, 3}) {
		t.Fatalf("%v loses %v", w.cores[0].role, lost)
	}
}

// TestCheckQuorum: a leader needs q2 to be of use, and q1 or not makes no difference.
func TestCheckQuorum(t *testing.T) {
	for _, c := range []struct {
		q1, q2, up int
		leads      bool
	}{{3, 3, 3, true}, {3, 3, 2, false}, {4, 2, 2, true}, {4, 2, 1, false}, {2, 4, 3, false}, {2, 4, 4, true}} {
		cfg := smallConfig(5)
		cfg.Q1, cfg.Q2 = c.q1, c.q2
		w := newMultiGroup(t, cfg)
		w.before = func(from int, f *smr.Frame) bool { return int(f.To) <= c.up && from < c.up }
		leader := w.cores[0]
		for end := w.now + 10*cfg.ElectionMin; w.now < end; w.now += cfg.Heartbeat {
			leader.Tick(w.now)
			w.settle()
		}
		if leads := leader.role == smr.Leader; leads != c.leads {
			t.Errorf("q1 %d, q2 %d, %d of 5 up: leads %v", c.q1, c.q2, c.up, leads)
		}
	}
}

// TestPoll: while a leader is heard nobody would promise, and the ballot stays.
func TestPoll(t *testing.T) {
	cfg := smallConfig(3)
	cfg.PreVote = true
	w := newMultiGroup(t, cfg)
	before := w.cores[1].promised
	n3 := w.cores[2]
	w.cores[0].Tick(w.now + cfg.Heartbeat)
	w.now += cfg.Heartbeat
	w.settle()
	n3.Tick(n3.timer.Deadline()) // its clock runs ahead
	w.settle()
	if n3.role != smr.PreCandidate || n3.promised != before || w.cores[1].promised != before {
		t.Fatalf("n3 is %v, promised %v; n2 promised %v, before %v", n3.role, n3.promised, w.cores[1].promised, before)
	}
	w.now += cfg.ElectionMin
	w.before = func(from int, f *smr.Frame) bool { return from != 0 && f.To != 1 } // the leader is gone
	n3.Tick(n3.timer.Deadline())
	w.settle()
	if n3.role != smr.Leader || n3.promised <= before {
		t.Fatalf("n3 is %v, promised %v", n3.role, n3.promised)
	}
}

// TestFramesPerTurn: one Accept a peer for many proposals, one answer for all.
func TestFramesPerTurn(t *testing.T) {
	w := newMultiGroup(t, benchConfig(3))
	w.frames = [smr.Kinds]int{}
	for tag := smr.Tag(1); tag <= 100; tag++ {
		if err := w.cores[0].Propose(w.now, tag, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	if w.frames[smr.Replication] != 4 || w.committed != 100 {
		t.Fatalf("%v frames by kind for %d commits in one turn of three", w.frames, w.committed)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	cfg := benchConfig(3)
	cfg.Inflight, cfg.Retain, cfg.MaxFrame = 256<<10, 256<<10, 64<<10
	w := newMultiGroup(t, cfg)
	data := make([]byte, 300)
	tag := smr.Tag(0)
	round := func() {
		for range 32 {
			tag++
			if err := w.cores[0].Propose(w.now, tag, data); err != nil {
				t.Fatal(err)
			}
		}
		w.settle()
	}
	for range 500 {
		round()
	}
	if n := testing.AllocsPerRun(500, round); n != 0 {
		t.Fatalf("%v allocations in a round of 32 entries", n)
	}
}

// TestReplayEveryPrefix restarts a follower from every prefix of its log: promise,
// acceptances and commit mark are there as they were, and only grow.
func TestReplayEveryPrefix(t *testing.T) {
	w := newMultiGroup(t, smallConfig(3))
	w.lead(t, 10, 50)
	m := w.cores[1]
	m.baseline = true // the log so far, as one Ready would write it
	var records [][]byte
	take := func() {
		for _, r := range w.ready[1].Records {
			records = append(records, slices.Concat(r.Head, r.Body))
		}
	}
	m.Ready(w.now, &w.ready[1])
	take()
	m.Persisted(w.now, w.ready[1].Number)
	drive := func(leader int, n int) {
		for k := range n {
			if err := w.cores[leader].Propose(w.now, smr.Tag(1+k), bytes.Repeat([]byte{byte(k)}, 40*k)); err != nil {
				t.Fatal(err)
			}
			for busy := true; busy; {
				busy = w.turn(0)
				busy = w.turn(2) || busy
				for k, at := 0, 0; k < len(w.ends[1]); k += 2 {
					end := w.ends[1][k]
					if err := m.Step(w.now, smr.NodeID(w.ends[1][k+1]+1), w.mail[1][at:end]); err != nil {
						t.Fatal(err)
					}
					at, busy = end, true
				}
				w.mail[1], w.ends[1] = w.mail[1][:0], w.ends[1][:0]
				m.Ready(w.now, &w.ready[1])
				take()
				if n := len(w.ready[1].Committed); n > 0 {
					m.Applied(w.ready[1].Committed[n-1].Index)
				}
				if len(w.ready[1].Records) > 0 {
					m.Persisted(w.now, w.ready[1].Number)
					busy = true
				}
				for _, f := range w.ready[1].Frames {
					to := int(f.To) - 1
					w.mail[to] = append(append(w.mail[to], f.Head...), f.Body...)
					w.ends[to] = append(w.ends[to], len(w.mail[to]), 1)
					busy = true
				}
			}
		}
	}
	drive(0, 10)
	var promised Ballot
	var commit, last uint64
	for k := range len(records) + 1 {
		again := newMultiFor(t, 2)
		for _, r := range records[:k] {
			if err := again.Replay(r); err != nil {
				t.Fatalf("record %d of %d: %v", k, len(records), err)
			}
		}
		if again.promised < promised || again.commit < commit || again.win.Last() < last {
			t.Fatalf("after %d records: promised %v, commit %d, last %d; with one less %v, %d, %d", k, again.promised, again.commit, again.win.Last(), promised, commit, last)
		}
		promised, commit, last = again.promised, again.commit, again.win.Last()
		if err := again.Replay([]byte("no record")); !errors.Is(err, smr.ErrMalformed) {
			t.Fatal(err)
		}
		if k < len(records) {
			continue
		}
		if again.promised != m.promised || again.win.Last() != m.win.Last() || again.commit+1 < m.commit {
			t.Fatalf("restarted with promise %v, last %d, commit %d; was %v, %d, %d", again.promised, again.win.Last(), again.commit, m.promised, m.win.Last(), m.commit)
		}
		for s := uint64(1); s <= m.win.Last(); s++ {
			if a, b := again.win.At(s), m.win.At(s); a.Ballot != b.Ballot || !bytes.Equal(again.win.Data(s), m.win.Data(s)) {
				t.Fatalf("slot %d: %v, was %v", s, Ballot(a.Ballot), Ballot(b.Ballot))
			}
		}
	}
}

// TestWindowPutTogether: leaders that overwrite one another's proposals leave dead
// room in the middle of the window. A proposal that would fit is not refused for it.
func TestWindowPutTogether(t *testing.T) {
	m := newMultiFor(t, 3)
	m.Start(0)
	value := make([]byte, 3000)
	for round := range uint64(200) {
		b := NewBallot(round+1, 1)
		for s := uint64(1); s <= 5; s++ {
			value[0]++
			if s == 1 && round > 0 {
				m.reaccept(1, b) // the oldest stays where it is
				continue
			}
			if m.put(s, b, 0, sum(string(value)), value) == nil {
				t.Fatalf("round %d: no room for slot %d with %d of %d bytes taken", round, s, m.win.Bytes(), m.win.Capacity())
			}
		}
	}
}

// TestBaselineKeepsWhatFollows: between Snapshotted and the Ready that writes the
// Baseline nothing above the snapshot is released.
func TestBaselineKeepsWhatFollows(t *testing.T) {
	cfg := smallConfig(1)
	cfg.Retain = 0
	w := newMultiGroup(t, cfg)
	w.lead(t, 3, 100)
	m := w.cores[0]
	m.Meta(3, nil)
	for tag := smr.Tag(1); tag <= 2; tag++ {
		if err := m.Propose(w.now, tag, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	rd := &w.ready[0]
	m.Ready(w.now, rd)
	m.Persisted(w.now, rd.Number)
	m.Ready(w.now, rd)
	m.Snapshotted(3)
	m.Applied(5)
	m.Ready(w.now, rd)
	if !rd.Baseline {
		t.Fatal("no Baseline")
	}
	again := newMultiFor(t, 1)
	if err := again.Restore(3, m.Meta(3, nil)); err != nil {
		t.Fatal(err)
	}
	for _, r := range rd.Records {
		if err := again.Replay(slices.Concat(r.Head, r.Body)); err != nil {
			t.Fatal(err)
		}
	}
	if again.commit != 5 || !again.win.Has(4) || again.promised != m.promised {
		t.Fatalf("from the Baseline: commit %d, promised %v", again.commit, again.promised)
	}
}

// TestServingIsConfirmed: complete promises elect, but they may be old. Without an
// answer in the new ballot from q2 the leader does not report that it serves.
func TestServingIsConfirmed(t *testing.T) {
	w := newMultiGroup(t, smallConfig(3))
	n3 := w.cores[2]
	mute := true
	w.before = func(from int, f *smr.Frame) bool { return f.Kind == smr.Election || !mute }
	w.now = n3.timer.Deadline()
	n3.Tick(w.now)
	w.settle()
	if n3.role != smr.Leader || n3.serving {
		t.Fatalf("n3 is %v, serving %v", n3.role, n3.serving)
	}
	mute = false
	w.now += n3.cfg.Heartbeat
	n3.Tick(w.now)
	w.settle()
	if n3.role != smr.Leader || !n3.serving {
		t.Fatalf("n3 is %v, serving %v", n3.role, n3.serving)
	}
}
