package measure

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// script reads lines such as "160 n2 campaign 3" (milliseconds, who, what, term)
// and "100 down n1 until 1000", "100 crash n1", "240 ack 3".
func script(t *testing.T, members int, text string) *ElectionLog {
	t.Helper()
	l := &ElectionLog{FirstAcks: map[uint64]smr.Time{}}
	logs := map[smr.NodeID]*EventLog{}
	for i := range members {
		id := smr.NodeID(i + 1)
		l.Members = append(l.Members, id)
		logs[id] = &EventLog{Node: id}
		l.Logs = append(l.Logs, logs[id])
	}
	number := func(s string) smr.Time {
		n, err := strconv.Atoi(strings.TrimPrefix(s, "n"))
		if err != nil {
			t.Fatal(err)
		}
		return smr.Time(n)
	}
	types := map[string]smr.EventType{}
	for e := smr.TimedOut; e <= smr.Serving; e++ {
		types[e.String()] = e
	}
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		at := number(w[0]) * ms
		switch w[1] {
		case "down", "crash":
			o := Outage{At: at, Until: smr.Never, Crash: w[1] == "crash"}
			for i, x := range w[2:] {
				if x == "until" {
					o.Until = number(w[3+i]) * ms
					break
				}
				if strings.HasPrefix(x, "n") {
					o.Nodes = append(o.Nodes, smr.NodeID(number(x)))
				}
			}
			l.Outages = append(l.Outages, o)
		case "ack":
			l.FirstAcks[uint64(number(w[2]))] = at
		default:
			id := smr.NodeID(number(w[1]))
			e, ok := types[w[2]]
			if !ok {
				t.Fatalf("no event %q", w[2])
			}
			logs[id].Add([]smr.Event{{Type: e, Time: at, Term: uint64(number(w[3]))}})
		}
	}
	return l
}

func describe(elections []Election) string {
	var b strings.Builder
	at := func(t *int64) string {
		if t == nil {
			return "-"
		}
		return strconv.FormatInt(*t/int64(ms), 10)
	}
	for _, e := range elections {
		fmt.Fprintf(&b, "crash %s detected %s elected %s announced %s commit %s rounds %d leader %v term %d\n",
			at(e.Crash), at(e.Detected), at(e.Elected), at(e.Announced), at(e.FirstCommit), e.Rounds, e.Leader, e.Term)
	}
	return b.String()
}

const settled = `
-900 n1 timed-out 0
-900 n1 campaign 1
-898 n1 elected 1
-897 n2 following 1
-897 n3 following 1
-896 n4 following 1
-896 n5 following 1
-890 ack 1
`

func TestElections(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"one crash", `
100 crash n1 until 1000
250 n2 timed-out 1
251 n2 campaign 2
253 n2 elected 2
254 n3 following 2
255 n4 following 2
256 n5 following 2
258 ack 2
1010 n1 following 2`, `
crash 100 detected 250 elected 253 announced 256 commit 258 rounds 1 leader n2 term 2
`},
		{"split vote, two rounds", `
100 crash n1
250 n2 timed-out 1
250 n2 campaign 2
251 n3 timed-out 1
251 n3 campaign 2
400 n4 timed-out 2
400 n4 campaign 3
402 n4 elected 3
403 n2 following 3
403 n3 following 3
404 n5 following 3
406 ack 3`, `
crash 100 detected 250 elected 402 announced 404 commit 406 rounds 2 leader n4 term 3
`},
		{"a leader that does not stay", `
100 crash n1
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
260 n4 timed-out 1
260 n4 campaign 3
262 n4 elected 3
263 n2 following 3
263 n3 following 3
264 n5 following 3
266 ack 3`, `
crash 100 detected 250 elected 262 announced 264 commit 266 rounds 2 leader n4 term 3
`},
		{"nobody is elected", `
100 crash n1 n2 n3
250 n4 timed-out 1`, `
crash 100 detected 250 elected - announced - commit - rounds 0 leader - term 0
`},
		{"a pause that nobody notices", `
100 down n1 until 150`, `
crash 100 detected - elected - announced - commit - rounds 0 leader - term 0
`},
		{"a follower crashes: no election", `
100 crash n3 until 500`, ``},
		{"a second replica crashes before it hears", `
100 crash n1
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
253 n4 following 2
254 crash n5
300 ack 2`, `
crash 100 detected 250 elected 252 announced 253 commit 300 rounds 1 leader n2 term 2
`},
		{"the old leader is cut off and hears later", `
100 down n1 until 900
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
253 n4 following 2
254 n5 following 2
280 n1 stepped-down 1
290 n1 timed-out 1
290 n1 campaign 7
950 n1 following 2`, `
crash 100 detected 250 elected 252 announced 254 commit - rounds 1 leader n2 term 2
`},
		{"crashes in turn, and one of whoever no longer leads", `
100 crash n1 until 500
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
253 n4 following 2
253 n5 following 2
505 n1 following 2
600 crash n1 until 700
800 crash n2
950 n3 timed-out 2
950 n3 campaign 3
952 n3 elected 3
953 n1 following 3
953 n4 following 3
953 n5 following 3
960 ack 3`, `
crash 100 detected 250 elected 252 announced 253 commit - rounds 1 leader n2 term 2
crash 800 detected 950 elected 952 announced 953 commit 960 rounds 1 leader n3 term 3
`},
		{"spontaneous, with pre-vote", `
300 n3 timed-out 1
301 n3 campaign 2
303 n3 elected 2
304 n1 stepped-down 2
304 n1 following 2
304 n2 following 2
304 n4 following 2
305 n5 following 2
310 ack 2`, `
crash - detected 300 elected 303 announced 305 commit 310 rounds 1 leader n3 term 2
`},
		{"spontaneous between two faults", `
100 crash n1 until 400
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
253 n4 following 2
253 n5 following 2
410 n1 campaign 3
412 n1 elected 3
413 n2 following 3
413 n3 following 3
413 n4 following 3
414 n5 following 3
600 crash n1`, `
crash 100 detected 250 elected 252 announced 253 commit - rounds 1 leader n2 term 2
crash - detected - elected 412 announced 414 commit - rounds 1 leader n1 term 3
crash 600 detected - elected - announced - commit - rounds 0 leader - term 0
`},
		{"the crashed leader is back and wins", `
100 crash n1 until 120
270 n1 timed-out 1
270 n1 campaign 2
272 n1 elected 2
273 n2 following 2
273 n3 following 2
273 n4 following 2
273 n5 following 2`, `
crash 100 detected 270 elected 272 announced 273 commit - rounds 1 leader n1 term 2
`},
		{"a survivor goes down and hears much later", `
100 crash n1
250 n2 timed-out 1
250 n2 campaign 2
252 n2 elected 2
253 n3 following 2
253 down n5 until 900
254 n4 following 2
950 n5 following 2`, `
crash 100 detected 250 elected 252 announced 254 commit - rounds 1 leader n2 term 2
`},
		{"a crash before anybody leads again", `
100 crash n1
200 crash n2
250 n3 timed-out 1
250 n3 campaign 2
252 n3 elected 2
253 n4 following 2
253 n5 following 2`, `
crash 100 detected 250 elected 252 announced 253 commit - rounds 1 leader n3 term 2
`},
	} {
		got := describe(script(t, 5, settled+c.script).Elections())
		if want := strings.TrimPrefix(c.want, "\n"); got != want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, want)
		}
	}
}

func TestElectionTimesCountFromTheWindow(t *testing.T) {
	l := script(t, 3, `
900 n1 timed-out 0
900 n1 campaign 1
902 n1 elected 1
903 n2 following 1
904 n3 following 1
1100 crash n1
1250 n2 timed-out 1
1250 n2 campaign 2
1252 n2 elected 2
1253 n3 following 2
1260 ack 2`)
	l.Start = 1000 * ms
	want := "crash 100 detected 250 elected 252 announced 253 commit 260 rounds 1 leader n2 term 2\n"
	if got := describe(l.Elections()); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	p := NewPhases(append(l.Elections(), Election{}))
	if p.Detected.Count != 1 || p.Detected.P50 != int64(150*ms) || p.FirstCommit.Max != int64(160*ms) {
		t.Errorf("%+v", p)
	}
}

func TestEventLogIsBounded(t *testing.T) {
	l := &EventLog{}
	for range MaxEvents/3 + 10 {
		l.Add(make([]smr.Event, 3))
	}
	if len(l.Events) != MaxEvents || l.Dropped != 3*(MaxEvents/3+10)-MaxEvents {
		t.Errorf("%d kept, %d dropped", len(l.Events), l.Dropped)
	}
}

func TestSpread(t *testing.T) {
	var v []*int64
	for i := range int64(10) {
		x := 10 - i
		v = append(v, &x)
	}
	got := NewSpread(append(v, nil, nil))
	if want := (Spread{Count: 10, Never: 2, Min: 1, P50: 5, P90: 9, Max: 10, Mean: 5.5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := NewSpread(v[:1]); got.P50 != 10 || got.P90 != 10 || got.Min != 10 {
		t.Errorf("%+v", got)
	}
	if got := NewSpread([]*int64{nil}); got != (Spread{Never: 1}) {
		t.Errorf("%+v", got)
	}
}
