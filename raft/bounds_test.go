package raft

import (
	"errors"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// TestReadyIsBounded: however much has come in, one Ready gives out about maxReady
// bytes of each kind, and More asks for the rest.
func TestReadyIsBounded(t *testing.T) {
	cfg := plain(3)
	cfg.MaxFrame, cfg.Inflight = 64<<10, 8<<20
	l := newLone(t, cfg)
	l.campaign()
	l.win()
	l.ack(2, 1)
	l.ack(3, 1)
	l.sent()
	const n, size = 200, 30 << 10
	for range n {
		l.propose(1, string(make([]byte, size)))
	}
	var records, frames, readys int
	for more := true; more; readys++ {
		l.core.Ready(l.now, &l.rd)
		more = l.rd.More
		in, out := 0, 0
		for _, r := range l.rd.Records {
			in += len(r.Body)
		}
		for _, f := range l.rd.Frames {
			if len(f.Head)+len(f.Body) > cfg.MaxFrame {
				t.Fatalf("a frame of %d bytes", len(f.Head)+len(f.Body))
			}
			out += len(f.Body)
		}
		if in > maxReady+maxReady || out > 2*(maxReady+cfg.MaxFrame) {
			t.Fatalf("one Ready: %d bytes of records, %d of frames", in, out)
		}
		records, frames = records+in, frames+out
	}
	if want := n * window.EncodedSize(size); records != want || frames != 2*want || readys < 5 {
		t.Errorf("%d Readys, %d bytes of records, %d of frames, want %d and twice that", readys, records, frames, want)
	}
	l.core.Persisted(l.now, l.core.number)
	seq := l.core.peers[1].seq
	l.step(2, (&appendReply{term: 1, seq: seq, match: n + 1, last: n + 1}).encode(nil))
	total := 0
	for more := true; more; {
		l.core.Ready(l.now, &l.rd)
		more = l.rd.More
		bytes := 0
		for _, e := range l.rd.Committed {
			bytes += len(e.Data)
		}
		if bytes > maxReady+size {
			t.Fatalf("%d bytes committed in one Ready", bytes)
		}
		total += len(l.rd.Committed)
	}
	if total != n {
		t.Errorf("%d committed", total)
	}
}

// TestFullFollowerDrops: what a follower cannot hold is as if lost, and comes again.
func TestFullFollowerDrops(t *testing.T) {
	l := newLone(t, tinyConfig(3))
	prev, prevTerm := uint64(0), uint64(0)
	data := make([]byte, 2000)
	send := func(commit uint64) uint64 {
		w := window.New[mark](8<<10, prev)
		w.Put(prev+1, 1, 0, window.Sum(data), data)
		run, _ := w.Run(prev+1, prev+1, 0)
		m := appendEntries{term: 1, seq: 1, prevIndex: prev, prevTerm: prevTerm, commit: commit}
		l.step(2, append(m.encode(nil), run...))
		l.drain()
		return l.status().Last
	}
	for send(0) == prev+1 {
		prev, prevTerm = prev+1, 1
	}
	if size := l.core.log.w.Bytes(); size < l.core.log.w.Capacity()-4096 {
		t.Fatalf("full with %d of %d bytes", size, l.core.log.w.Capacity())
	}
	if s := l.status(); s.Last != prev || l.core.acks.matched != prev {
		t.Fatalf("%+v", s)
	}
	if send(prev); l.status().Last != prev { // the commit index came with what found no room
		t.Fatalf("last %d", l.status().Last)
	}
	if got := send(prev); got != prev+1 || l.status().First == 1 {
		t.Errorf("after applying: last %d, want %d", got, prev+1)
	}
}

// TestTinyEntriesRunOutOfSlots: a window may be short of slots before it is short
// of bytes.
func TestTinyEntriesRunOutOfSlots(t *testing.T) {
	l := newLone(t, tinyConfig(1))
	l.timeout()
	tag := smr.Tag(0)
	for range 20 {
		var err error
		for err == nil {
			tag++
			err = l.core.Propose(l.now, tag, nil)
		}
		if !errors.Is(err, smr.ErrFull) {
			t.Fatal(err)
		}
		l.drain()
		if s := l.status(); s.Commit != s.Last {
			t.Fatalf("%+v", s)
		}
	}
	if tag < 1000 {
		t.Errorf("%d proposals", tag)
	}
}

// TestInstalledKeepsAMatchingTail: what follows the snapshot's last entry stays.
func TestInstalledKeepsAMatchingTail(t *testing.T) {
	l := newLone(t, plain(3))
	l.append(2, 0, 0, 1, 1, 1, 1, 1)
	l.sent()
	l.core.Installed(l.now, 3, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	l.drain()
	if s := l.status(); s.Last != 4 || s.Commit != 3 || len(l.commits) != 1 {
		t.Errorf("%+v, committed %d", s, len(l.commits))
	}
	l.appendIn(1, 2, 4, 1, 4, 1)
	if n := len(l.commits); n != 2 || l.commits[1].Index != 4 {
		t.Errorf("committed %+v", l.commits)
	}
}

// TestPinnedSnapshotKeepsItsEntries: the Baseline behind a snapshot in the making
// holds all that follows it.
func TestPinnedSnapshotKeepsItsEntries(t *testing.T) {
	cfg := plain(1)
	cfg.Retain = 0
	l := newLone(t, cfg)
	l.timeout()
	put := func(n int) {
		for range n {
			l.propose(1, "0123456789")
		}
		l.drain()
	}
	put(10)
	if s := l.status(); s.First != s.Last+1 {
		t.Fatalf("retains with Retain 0: %+v", s)
	}
	at := l.core.log.applied
	l.core.Meta(at, nil)
	put(10)
	if s := l.status(); s.First != at+1 {
		t.Fatalf("first %d, pinned %d", s.First, at)
	}
	l.core.Snapshotted(at)
	l.core.Ready(l.now, &l.rd)
	if !l.rd.Baseline || get(l.rd.Records[0].Head, 24) != at {
		t.Fatalf("%+v", l.rd)
	}
	l.drain()
	put(1)
	if s := l.status(); s.First != s.Last+1 {
		t.Errorf("still pinned: %+v", s)
	}
}

func TestReplayRefusesNonsense(t *testing.T) {
	update := func(term, commit, prev uint64, terms ...uint64) []byte {
		return append((&record{term: term, commit: commit}).encode(nil), encodeEntries(prev, terms...)...)
	}
	for name, recs := range map[string][][]byte{
		"a hole":                   {update(1, 0, 0, 1), update(1, 0, 2, 1)},
		"an entry of a later term": {update(1, 0, 0, 2)},
		"terms that fall":          {update(3, 0, 0, 3, 2)},
		"a cut entry":              {update(1, 0, 0, 1)[:updateSize+33]},
		"a Baseline ahead":         {(&record{baseline: true, term: 1, commit: 5, snapIndex: 5, snapTerm: 1}).encode(nil)},
		"an unknown type":          {make([]byte, updateSize)},
	} {
		c, _ := New(tinyConfig(3))
		var err error
		for _, r := range recs {
			err = c.Replay(r)
		}
		if !errors.Is(err, smr.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, _ := New(tinyConfig(3))
	if err := c.Restore(5, nil); !errors.Is(err, smr.ErrMalformed) {
		t.Error("a snapshot without meta was taken")
	}
}

// TestSmallEntriesLeaveRoomForNoops: however small its entries are, a leader that
// commits nothing leaves slots of its window for the no-ops of leaders to come.
func TestSmallEntriesLeaveRoomForNoops(t *testing.T) {
	cfg := plain(3)
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 64<<10, 0 // more entries of a byte than slots
	l := newLone(t, cfg)
	l.campaign()
	l.win()
	taken := 0
	for l.core.Propose(l.now, 0, []byte{1}) == nil {
		if taken++; taken > 1<<20 {
			t.Fatal("the window has no end")
		}
		l.drain()
	}
	for leaders := range 32 {
		l.requestVote(2, l.core.term+1, 1<<20, l.core.term+1, false)
		l.drain()
		l.campaign()
		l.win()
		if l.core.noop == 0 {
			t.Fatalf("after %d entries of a byte and %d leaders there is no room for a no-op: entries %d to %d, window to %d", taken, leaders+1, l.core.log.base()+1, l.core.log.last(), l.core.log.w.Limit())
		}
	}
}
