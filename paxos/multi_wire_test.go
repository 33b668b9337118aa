package paxos

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

func messagesForTest() (frames [][]byte) {
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	w := window.New[struct{}](4<<10, 0)
	w.Put(3, uint64(b1), 0, window.Sum([]byte("three")), []byte("three"))
	w.Put(4, uint64(b1), 0, window.Sum(nil), nil)
	run, _ := w.Run(3, 4, 1<<20)
	spans := []span{{1, 2, b1}, {5, 9, b2}}
	for _, m := range []message{
		{typ: msgPoll, ballot: b2},
		{typ: msgPollReply, ballot: b2, flags: flagGranted},
		{typ: msgReject, ballot: b1, other: uint64(b2)},
		{typ: msgPrepare, ballot: b2, slot: 1},
		{typ: msgPromise, ballot: b2, slot: 4, last: 9, flags: flagBehind},
		{typ: msgAccepted, ballot: b2, slot: 4, last: 5, known: 3, other: 17},
		{typ: msgFetch, ballot: b2, slot: 1, last: 9},
	} {
		frames = append(frames, appendMessage(nil, &m, spans))
	}
	for _, m := range []message{
		{typ: msgPromise, ballot: b2, slot: 1, last: 9, known: 2, flags: flagMore},
		{typ: msgAccept, ballot: b1, slot: 2, last: 4, known: 2, other: 3},
		{typ: msgLearn, ballot: b2, slot: 3, last: 4},
	} {
		frames = append(frames, append(appendMessage(nil, &m, nil), run...))
	}
	return frames
}

func TestMessagesRoundTrip(t *testing.T) {
	for _, frame := range messagesForTest() {
		var m message
		if err := m.parse(frame); err != nil {
			t.Fatalf("%x: %v", frame, err)
		}
		reencode(t, &m, frame)
		for cut := range frame {
			short := frame[:cut]
			if err := m.parse(short); err != nil && !errors.Is(err, smr.ErrMalformed) {
				t.Fatalf("cut at %d: %v", cut, err)
			} else if err == nil {
				reencode(t, &m, short)
			}
		}
	}
}

// TestMessagesRefused lists frames that are well formed but make no sense.
func TestMessagesRefused(t *testing.T) {
	b1, b2 := NewBallot(1, 1), NewBallot(2, 2)
	w := window.New[struct{}](4<<10, 0)
	w.Put(3, uint64(b1), 0, window.Sum(nil), nil)
	run, _ := w.Run(3, 3, 1<<20)
	for name, frame := range map[string][]byte{
		"no ballot":                   appendMessage(nil, &message{typ: msgPrepare, slot: 1}, nil),
		"a round beyond bounds":       appendMessage(nil, &message{typ: msgPoll, ballot: 1<<64 - 1}, nil),
		"no such type":                appendMessage(nil, &message{typ: msgEnd, ballot: b1}, nil),
		"a span upside down":          appendMessage(nil, &message{typ: msgFetch, ballot: b1, slot: 1, last: 2}, []span{{2, 1, b1}}),
		"a slot that would wrap":      appendMessage(nil, &message{typ: msgFetch, ballot: b1, slot: 1, last: 1<<64 - 1}, nil),
		"an entry of another ballot":  append(appendMessage(nil, &message{typ: msgAccept, ballot: b2, last: 3}, nil), run...),
		"an entry at the base":        append(appendMessage(nil, &message{typ: msgAccept, ballot: b1, slot: 3, last: 3}, nil), run...),
		"an entry beyond what's sent": append(appendMessage(nil, &message{typ: msgAccept, ballot: b1, last: 2}, nil), run...),
		"an entry twice":              append(append(appendMessage(nil, &message{typ: msgAccept, ballot: b1, last: 9}, nil), run...), run...),
		"a body where none belongs":   append(appendMessage(nil, &message{typ: msgPrepare, ballot: b1, slot: 1}, nil), run...),
	} {
		var m message
		if err := m.parse(frame); !errors.Is(err, smr.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func reencode(t *testing.T, m *message, frame []byte) {
	t.Helper()
	var spans []span
	for i := range m.countSpans() {
		spans = append(spans, m.span(i))
	}
	again := appendMessage(nil, m, spans)
	for _, e := range m.entries {
		w := window.New[struct{}](2*window.EncodedSize(len(e.Data)), e.Index-1)
		w.Put(e.Index, e.Ballot, 0, e.Sum, e.Data)
		run, _ := w.Run(e.Index, e.Index, 0)
		again = append(again, run...)
	}
	if !bytes.Equal(again, frame) {
		t.Fatalf("encodes as %x, was %x", again, frame)
	}
}

func FuzzMultiMessage(f *testing.F) {
	for _, frame := range messagesForTest() {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var m message
		if err := m.parse(frame); err != nil {
			if !errors.Is(err, smr.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		reencode(t, &m, frame)
	})
}

// FuzzMultiReplay: a damaged log is refused, not believed in, and never a panic.
func FuzzMultiReplay(f *testing.F) {
	b1 := NewBallot(1, 1)
	w := window.New[struct{}](4<<10, 0)
	w.Put(1, uint64(b1), 0, window.Sum([]byte("one")), []byte("one"))
	w.Put(2, uint64(b1), 0, window.Sum(nil), nil)
	run, _ := w.Run(1, 2, 1<<20)
	m := newMultiFor(f, 1)
	m.promised = b1
	var rd smr.Ready
	m.record(&rd, recordEntries, 2, run)
	f.Add(append(rd.Records[0].Head, run...))
	m.record(&rd, recordBaseline, 0, nil)
	f.Add(bytes.Clone(rd.Records[1].Head))
	cfg := benchConfig(3)
	cfg.ID, cfg.MaxFrame, cfg.Inflight, cfg.Retain = 1, 4<<10, 4<<10, 0
	f.Fuzz(func(t *testing.T, record []byte) {
		m, err := NewMulti(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Replay(record); err != nil && !errors.Is(err, smr.ErrMalformed) {
			t.Fatal(err)
		}
	})
}
