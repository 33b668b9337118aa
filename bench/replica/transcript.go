package replica

import (
	"fmt"
	"io"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Transcript writes what the replicas of a cluster in virtual time are told and say,
// as it happens: a line for each moment, one for a frame that goes to several peers at
// once. The nil Transcript writes nothing. It is not safe for concurrent use: in virtual
// time one replica takes its turn after another.
type Transcript struct {
	w        io.Writer
	protocol *smr.Protocol
	left     int // lines until it ends
	err      error

	of    smr.NodeID // whose moment is not written yet; None = nobody's
	m     *moment
	whole []byte // its frame or record

	clock func() smr.Time                               // only with aside
	aside func(at smr.Time, of smr.NodeID, text string) // nil: lines are written to w
	at    smr.Time                                      // of the moment that is not written yet

	line  line // not written yet, for the next frame may be the same
	peers []string
	wrote map[smr.NodeID]smr.Time // when each replica wrote to its log last
}

// line is a moment in words.
type line struct {
	at   smr.Time
	node smr.NodeID
	text string // of a frame that is sent, without its receivers
}

// NewTranscript returns a transcript of at most so many lines, and traces of n replicas
// that write it and keep nothing else.
func NewTranscript(w io.Writer, p *smr.Protocol, n, lines int) (*Transcript, []*Trace) {
	t := &Transcript{w: w, protocol: p, left: lines, wrote: make(map[smr.NodeID]smr.Time)}
	traces, _ := NewTraces(n, 1)
	for _, tr := range traces {
		tr.tells = t
	}
	return t, traces
}

// NewAside returns traces of n replicas that tell only of what their cores do not see:
// crashes, and the chunks of snapshots. One is told of when the next thing happens, or
// when Flush is called, with the time that clock showed when it happened.
func NewAside(p *smr.Protocol, n int, clock func() smr.Time, tell func(at smr.Time, of smr.NodeID, text string)) (*Transcript, []*Trace) {
	t, traces := NewTranscript(nil, p, n, 0)
	t.clock, t.aside = clock, tell
	return t, traces
}

// Flush tells of what has happened last.
func (t *Transcript) Flush() { t.put() }

// take takes a moment that is about to be filled in.
func (t *Transcript) take(of smr.NodeID, m *moment) {
	t.of, t.m, t.whole = of, m, t.whole[:0]
	if t.aside != nil {
		t.at = t.clock()
	}
}

// Note writes a line about the whole cluster.
func (t *Transcript) Note(now smr.Time, format string, args ...any) {
	if t != nil {
		t.put()
		t.flush()
		t.print(now, "--", fmt.Sprintf(format, args...))
	}
}

// Close writes what is left and returns what kept it from being written.
func (t *Transcript) Close() error {
	if t == nil {
		return nil
	}
	t.put()
	t.flush()
	return t.err
}

// put turns the moment that is not written yet into a line.
func (t *Transcript) put() {
	if t.of == smr.None {
		return
	}
	m, of := t.m, t.of
	t.of = smr.None
	if t.aside != nil {
		if m.what == crashed || (m.what == sent || m.what == arrived) && m.kind != channelCore {
			t.aside(t.at, of, m.words(t.protocol, m.data[:m.kept]))
		}
		return
	}
	switch m.what {
	case logged:
		t.wrote[of] = m.at
	case persisted:
		if t.wrote[of] == m.at {
			return // storage that takes no time: nothing happens in between
		}
	}
	l := line{m.at, of, t.words(m)}
	if m.what != sent {
		t.flush()
		t.print(l.at, l.node, l.text)
		return
	}
	if l != t.line {
		t.flush()
		t.line = l
	}
	t.peers = append(t.peers, m.peer.String())
}

// flush writes the frame that has gone to peers.
func (t *Transcript) flush() {
	if len(t.peers) > 0 {
		t.print(t.line.at, t.line.node, "-> "+strings.Join(t.peers, ", ")+"  "+t.line.text)
		t.line, t.peers = line{}, t.peers[:0]
	}
}

func (t *Transcript) print(now smr.Time, who any, text string) {
	switch {
	case t.err != nil || t.left < 0:
		return
	case t.left == 0:
		text = "the transcript ends here, for it is long; the run goes on"
		who = "--"
	}
	t.left--
	_, t.err = fmt.Fprintf(t.w, "%12.3fms  %-4v %s\n", float64(now)/1e6, who, text)
}

// words is what a person who follows the run reads of the moment.
func (t *Transcript) words(m *moment) string {
	switch m.what {
	case sent:
		return m.frame(t.protocol, t.whole)
	case proposed:
		return fmt.Sprintf("proposes %s for its clients", smr.Name(t.whole))
	case logged:
		return fmt.Sprintf("writes %d: ", m.a) + m.described(t.protocol.DescribeRecord, "a record", t.whole)
	case persisted:
		return fmt.Sprintf("has write %d on stable storage", m.a)
	case committed:
		if m.a == m.b {
			return fmt.Sprintf("applies %d: it is chosen, and all before it", m.a)
		}
		return fmt.Sprintf("applies %d to %d: they are chosen, and all before them", m.a, m.b)
	case told:
		return event(smr.EventType(m.kind), m.peer)
	case arrived, installed:
		return m.words(t.protocol, t.whole)
	}
	return m.words(t.protocol, m.data[:m.kept])
}

// event is a step of an election in words. Terms and ballots stand in the frames.
func event(e smr.EventType, leader smr.NodeID) string {
	switch e {
	case smr.TimedOut:
		return "TIMES OUT: it has heard from no leader"
	case smr.Campaign:
		return "CAMPAIGNS"
	case smr.Elected:
		return "IS ELECTED: it has its quorum"
	case smr.Following:
		return fmt.Sprintf("FOLLOWS %v", leader)
	case smr.SteppedDown:
		return "STEPS DOWN"
	case smr.Serving:
		return "SERVES: all of former leaders is chosen"
	}
	return strings.ToUpper(e.String())
}
