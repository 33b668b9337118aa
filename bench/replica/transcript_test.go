package replica

import (
	"errors"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestTranscriptFolds: a frame to several peers is one line, another frame, time or
// replica begins a new one; storage that takes no time is not told of.
func TestTranscriptFolds(t *testing.T) {
	var b strings.Builder
	p := smr.Protocol{Describe: func(frame []byte) string { return "says " + string(frame) }}
	ts, traces := NewTranscript(&b, &p, 2, 100)
	one, two := traces[0], traces[1]
	one.starts(0, &smr.Status{Term: 3, Commit: 4})
	long := strings.Repeat("x", traceKeep+10)
	one.sends(1e6, 2, channelCore, []byte("vo"), []byte("te"))
	one.sends(1e6, 3, channelCore, []byte("vote"), nil)
	one.sends(1e6, 2, channelCore, []byte(long), nil)
	one.sends(2e6, 3, channelCore, []byte(long), nil)
	two.sends(2e6, 3, channelCore, []byte(long), nil)
	two.arrives(3e6, 1, channelCore, []byte("vote"))
	ts.Note(3e6, "FAULT: %s", "crash n1")
	one.Crashed(3e6)
	two.logs(4e6, &smr.Ready{Number: 7, Records: []smr.Record{{Head: []byte("abc")}}})
	two.persists(4e6, 7)
	two.persists(5e6, 7)
	two.proposes(5e6, 1, []byte("x=1"))
	two.events([]smr.Event{{Type: smr.TimedOut, Time: 6e6}, {Type: smr.Campaign, Time: 6e6}, {Type: smr.Following, Time: 7e6, Node: 1}, {Type: smr.SteppedDown, Time: 7e6}})
	two.commits(8e6, 5, &State{Index: 5})
	two.commits(8e6, 6, &State{Index: 8})
	two.at(9e6, saved, 8)
	one.sends(9e6, 2, channelCore, []byte("bye"), nil)
	if err := ts.Close(); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`       0.000ms  n1   STARTS in term 3, commit 4
       1.000ms  n1   -> n2, n3  says vote
       1.000ms  n1   -> n2  says LONG
       2.000ms  n1   -> n3  says LONG
       2.000ms  n2   -> n3  says LONG
       3.000ms  n2   <- n1  says vote
       3.000ms  --   FAULT: crash n1
       3.000ms  n1   CRASHES
       4.000ms  n2   writes 7: a record [3 bytes]
       5.000ms  n2   has write 7 on stable storage
       5.000ms  n2   proposes "x=1" for its clients
       6.000ms  n2   TIMES OUT: it has heard from no leader
       6.000ms  n2   CAMPAIGNS
       7.000ms  n2   FOLLOWS n1
       7.000ms  n2   STEPS DOWN
       8.000ms  n2   applies 5: it is chosen, and all before it
       8.000ms  n2   applies 6 to 8: they are chosen, and all before them
       9.000ms  n2   own snapshot at 8 is durable
       9.000ms  n1   -> n2  says bye
`, "LONG", long)
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestTranscriptEnds: after its last line it says so, and what cannot be written is
// told when it is closed.
func TestTranscriptEnds(t *testing.T) {
	var b strings.Builder
	ts, traces := NewTranscript(&b, new(smr.Protocol), 1, 2)
	for i := range 5 {
		traces[0].Crashed(smr.Time(i))
	}
	if err := ts.Close(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(b.String(), "\n"); len(lines) != 4 || !strings.Contains(lines[2], "the transcript ends here") {
		t.Errorf("got\n%s", b.String())
	}
	full := errors.New("full")
	ts, traces = NewTranscript(failing{full}, new(smr.Protocol), 1, 2)
	traces[0].Crashed(1)
	traces[0].Crashed(2)
	if err := ts.Close(); !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
	ts = nil
	ts.Note(1, "nobody")
	if err := ts.Close(); err != nil {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
