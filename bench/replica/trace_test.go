package replica

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestTraceAllocatesNothing: it is on the way of every frame.
func TestTraceAllocatesNothing(t *testing.T) {
	traces, _ := NewTraces(1, 64)
	rd := &smr.Ready{Number: 3, Records: []smr.Record{{Head: make([]byte, 40), Body: make([]byte, 1000)}}}
	events := []smr.Event{{Type: smr.Elected, Term: 2}}
	state := NewState(4, 0)
	frame := make([]byte, 300)
	for _, tr := range []*Trace{traces[0], nil} {
		if n := testing.AllocsPerRun(100, func() {
			tr.arrives(1, 2, channelCore, frame)
			tr.sends(1, 2, channelCore, frame[:40], frame)
			tr.logs(1, rd)
			tr.proposes(1, 9, frame[:100])
			tr.persists(1, 3)
			tr.commits(1, 1, state)
			tr.events(events)
			tr.at(1, saved, 7)
		}); n != 0 {
			t.Errorf("%g allocations, nil: %v", n, tr == nil)
		}
	}
}

// TestWordsOfMoments: what is cut short says so, snapshots are told apart, and
// whoever has no words for its frames is shown sizes.
func TestWordsOfMoments(t *testing.T) {
	traces, _ := NewTraces(1, 16)
	tr := traces[0]
	long := chunkOf(5, 70, 4, 9000, 4000, make([]byte, 4000))
	tr.arrives(1, 2, channelChunk, long)
	tr.sends(2, 2, channelAck, long[:ackSize], nil)
	tr.arrives(3, 3, channelCore, long)
	tr.arrives(4, 3, channelCore, []byte("short"))
	tr.arrives(5, 3, 9, []byte("who?"))
	tr.at(6, broke, 12)
	var b strings.Builder
	p := smr.Protocol{Describe: func(frame []byte) string { return "says " + string(frame[:2]) }}
	if err := WriteTraces(&b, &p, traces); err != nil {
		t.Fatal(err)
	}
	const want = `      0.000001ms  n1   <- n2  snapshot 5 at 70: 4000 bytes from 4000 of 9000
      0.000002ms  n1   -> n2  snapshot 5: has 70 bytes
      0.000003ms  n1   <- n3  says ` + "\x05\x00" + ` [4040 bytes, 128 kept]
      0.000004ms  n1   <- n3  says sh
      0.000005ms  n1   <- n3  4 bytes on channel 9
      0.000006ms  n1   VIOLATED at entry 12: see the verdict
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	if err := WriteTraces(&b, &smr.Protocol{}, traces); err != nil || !strings.Contains(b.String(), "<- n3  a frame [5 bytes]\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
