package raft

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

func sampleFrames() [][]byte {
	w := window.New[mark](4<<10, 4)
	w.Put(5, 2, 0, window.Sum([]byte("five")), []byte("five"))
	w.Put(6, 3, 0, window.Sum(nil), nil)
	run, _ := w.Run(5, 6, 1<<20)
	a := appendEntries{term: 3, seq: 9, prevIndex: 4, prevTerm: 2, commit: 4, again: true}
	return [][]byte{
		append(a.encode(nil), run...),
		(&appendEntries{term: 1, seq: 1}).encode(nil),
		(&appendReply{term: 3, seq: 9, match: 5, last: 6}).encode(nil),
		(&appendReply{term: 3, seq: 9, match: 1, last: 6, rejected: true, conflictTerm: 2, conflictIndex: 3}).encode(nil),
		(&requestVote{term: 3, round: 1, lastIndex: 6, lastTerm: 3}).encode(nil),
		(&requestVote{round: 1, pre: true}).encode(nil),
		(&voteReply{term: 3, round: 1, granted: true}).encode(nil),
		(&voteReply{round: 1, granted: true, pre: true}).encode(nil),
	}
}

// reencode decodes a frame and encodes it again.
func reencode(frame []byte) ([]byte, error) {
	typ, flags, err := opening(frame)
	if err != nil {
		return nil, err
	}
	switch typ {
	case typeAppend:
		var m appendEntries
		if err := m.decode(flags, frame); err != nil {
			return nil, err
		}
		if _, err := m.entriesOf(frame[appendSize:], nil); err != nil {
			return nil, err
		}
		return append(m.encode(nil), frame[appendSize:]...), nil
	case typeAppendReply:
		var m appendReply
		err := m.decode(flags, frame)
		return m.encode(nil), err
	case typeVote:
		var m requestVote
		err := m.decode(flags, frame)
		return m.encode(nil), err
	case typeVoteReply:
		var m voteReply
		err := m.decode(flags, frame)
		return m.encode(nil), err
	}
	return nil, errType
}

func TestFramesEncodeAgainAsTheyWere(t *testing.T) {
	for i, f := range sampleFrames() {
		again, err := reencode(f)
		if err != nil || !bytes.Equal(again, f) {
			t.Errorf("frame %d: %x becomes %x, %v", i, f, again, err)
		}
		for n := range f {
			if _, err := reencode(f[:n]); err == nil && !(i == 0 && (n == appendSize || n == appendSize+window.EncodedSize(4))) {
				t.Errorf("frame %d cut to %d bytes is taken", i, n)
			}
		}
	}
}

// TestBrokenEntriesChangeNothing flips every bit of an append that carries
// entries: each is refused, or is another well-formed head, and no entry of it gets
// into the log.
func TestBrokenEntriesChangeNothing(t *testing.T) {
	frame := sampleFrames()[0]
	for bit := appendSize * 8; bit < len(frame)*8; bit++ {
		l := newLone(t, testConfig(3))
		l.append(2, 0, 0, 0, 1, 1, 2, 2)
		f := bytes.Clone(frame)
		f[bit/8] ^= 1 << (bit % 8)
		before := l.status()
		if err := l.core.Step(l.now, 2, f); !errors.Is(err, smr.ErrMalformed) {
			t.Fatalf("bit %d: error %v", bit, err)
		}
		if after := l.status(); after != before {
			t.Fatalf("bit %d: %+v became %+v", bit, before, after)
		}
	}
}

// tinyConfig has a window that is cheap to make.
func tinyConfig(n int) smr.Config {
	cfg := testConfig(n)
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 4<<10, 1<<10
	return cfg
}

// FuzzLies plays well-formed frames with arbitrary fields, checksums right, as no
// honest peer would send them: they may do harm, but no panic and no malformed
// output follows.
func FuzzLies(f *testing.F) {
	f.Add([]byte{0, 2, 1, 0, 0, 2, 1, 1, 9, 0, 3, 3, 5, 2, 2, 4})
	f.Add([]byte{5, 5, 3, 1, 1, 0, 0, 1, 3, 1, 2, 1, 1, 4, 1, 2, 2, 2, 5, 0, 1, 1, 1, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		l := newLone(t, tinyConfig(3))
		next := func() uint64 {
			if len(script) == 0 {
				return 0
			}
			b := script[0]
			script = script[1:]
			return uint64(b % 16)
		}
		for steps := 0; len(script) > 0 && steps < 200; steps++ {
			op, from := next(), smr.NodeID(2+next()%2)
			var frame []byte
			switch op % 8 {
			case 0, 1:
				m := appendEntries{term: next(), seq: next(), prevIndex: next(), prevTerm: next(), commit: next(), again: op > 8}
				var terms []uint64
				for n := next() % 4; n > 0; n-- {
					terms = append(terms, 1+next())
				}
				frame = append(m.encode(nil), encodeEntries(m.prevIndex, terms...)...)
			case 2:
				frame = (&appendReply{term: next(), seq: next(), match: next(), last: next()}).encode(nil)
			case 3:
				frame = (&appendReply{term: next(), seq: next(), match: next(), last: next(), rejected: true,
					conflictTerm: next(), conflictIndex: next()}).encode(nil)
			case 4:
				frame = (&requestVote{term: next(), round: next(), lastIndex: next(), lastTerm: next(), pre: op > 8}).encode(nil)
			case 5:
				frame = (&voteReply{term: next(), round: l.core.round, granted: true, pre: op > 8}).encode(nil)
			case 6:
				l.now += smr.Time(next()) * 20 * ms
				l.core.Tick(l.now)
			case 7:
				_ = l.core.Propose(l.now, smr.Tag(steps+1), make([]byte, 100*next()))
			}
			if frame != nil {
				if err := l.core.Step(l.now, from, frame); err != nil && !errors.Is(err, smr.ErrMalformed) {
					t.Fatalf("an error of no kind: %v", err)
				}
			}
			if op < 12 {
				for _, s := range l.sent() {
					if bytes.Contains([]byte(s), []byte("malformed")) {
						t.Fatalf("it sends %q", s)
					}
				}
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	for _, b := range sampleFrames() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		again, err := reencode(frame)
		if err != nil {
			if !errors.Is(err, smr.ErrMalformed) {
				t.Fatalf("an error of no kind: %v", err)
			}
		} else if !bytes.Equal(again, frame) {
			t.Fatalf("%x becomes %x", frame, again)
		}
		for _, role := range []smr.Role{smr.Follower, smr.Candidate, smr.Leader} {
			l := newLone(t, tinyConfig(3))
			l.append(2, 0, 0, 3, 1, 1, 2)
			if role != smr.Follower {
				l.campaign()
			}
			if role == smr.Leader {
				l.win()
			}
			for range 2 { // whatever a frame says: no panic, now or at the next Ready
				if err := l.core.Step(l.now, 2, frame); err != nil && !errors.Is(err, smr.ErrMalformed) {
					t.Fatalf("an error of no kind: %v", err)
				}
				l.drain()
				l.core.Tick(l.now + 400*ms)
				l.drain()
			}
		}
	})
}

func sampleRecords() [][]byte {
	w := window.New[mark](4<<10, 4)
	w.Put(5, 2, 0, window.Sum([]byte("five")), []byte("five"))
	run, _ := w.Run(5, 5, 1<<20)
	return [][]byte{
		(&record{vote: 3, term: 7, commit: 4}).encode(nil),
		append((&record{term: 7, commit: 4}).encode(nil), run...),
		append((&record{baseline: true, term: 7, commit: 4, snapIndex: 4, snapTerm: 2}).encode(nil), run...),
	}
}

func FuzzRecord(f *testing.F) {
	for _, b := range sampleRecords() {
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		if r, entries, err := decodeRecord(one); err == nil {
			if again := append(r.encode(nil), entries...); !bytes.Equal(again, one) {
				t.Fatalf("%x becomes %x", one, again)
			}
		}
		c, err := New(tinyConfig(3))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Restore(4, []byte{2, 0, 0, 0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
		var rd smr.Ready
		for _, r := range [][]byte{one, two, one} {
			if err := c.Replay(r); err != nil && !errors.Is(err, smr.ErrMalformed) {
				t.Fatalf("an error of no kind: %v", err)
			}
			c.Ready(0, &rd)
		}
		c.Start(0)
		c.Ready(0, &rd)
	})
}
