package raft

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// lone is one server (number 1) whose peers, disk and clock the test plays.
type lone struct {
	t    testing.TB
	cfg  smr.Config
	core *core
	now  smr.Time
	rd   smr.Ready
	slow bool // the test calls Persisted itself

	out     []string // frames, printed
	frames  []smr.Frame
	events  []smr.Event
	lost    []smr.Tag
	commits []smr.Entry
	records [][]byte
	numbers []uint64 // of records
	number  uint64
	sync    smr.SyncKind // of the last records
}

func newLone(t testing.TB, cfg smr.Config) *lone {
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := &lone{t: t, cfg: cfg, core: c.(*core)}
	l.core.Start(0)
	return l
}

func (l *lone) drain() {
	for more := true; more; {
		l.core.Ready(l.now, &l.rd)
		more = l.rd.More
		for _, r := range l.rd.Records {
			l.records = append(l.records, slices.Concat(r.Head, r.Body))
			l.numbers = append(l.numbers, l.rd.Number)
		}
		for _, f := range l.rd.Frames {
			l.out = append(l.out, show(f))
			l.frames = append(l.frames, smr.Frame{To: f.To, Kind: f.Kind, Head: bytes.Clone(f.Head), Body: bytes.Clone(f.Body)})
		}
		for _, e := range l.rd.Committed {
			e.Data = bytes.Clone(e.Data)
			l.commits = append(l.commits, e)
		}
		l.events = append(l.events, l.rd.Events...)
		l.lost = append(l.lost, l.rd.Lost...)
		if n := len(l.commits); n > 0 && l.commits[n-1].Index > l.core.log.applied {
			l.core.Applied(l.commits[n-1].Index)
		}
		if l.rd.Number != 0 {
			l.number, l.sync = l.rd.Number, l.rd.Sync
			if !l.slow {
				l.core.Persisted(l.now, l.number)
				more = true
			}
		}
	}
}

// sent drains and returns what was sent since the last call.
func (l *lone) sent() []string {
	l.drain()
	out := l.out
	l.out, l.frames = nil, nil
	return out
}

func (l *lone) expect(want ...string) {
	l.t.Helper()
	if got := l.sent(); !slices.Equal(got, want) {
		l.t.Fatalf("sent\n\t%q\nwant\n\t%q", got, want)
	}
}

func (l *lone) persist() {
	l.core.Persisted(l.now, l.number)
}

func (l *lone) status() (s smr.Status) {
	l.core.Status(&s)
	return s
}

func (l *lone) step(from smr.NodeID, frame []byte) {
	l.t.Helper()
	if err := l.core.Step(l.now, from, frame); err != nil {
		l.t.Fatal(err)
	}
}

// encodeEntries encodes entries with the given terms behind prev.
func encodeEntries(prev uint64, terms ...uint64) []byte {
	w := window.New[mark](64<<10+256*len(terms), prev)
	var out []byte
	for i, term := range terms {
		data := fmt.Appendf(nil, "%d@%d", prev+1+uint64(i), term)
		w.Put(prev+1+uint64(i), term, 0, window.Sum(data), data)
		run, _ := w.Run(prev+1+uint64(i), prev+1+uint64(i), 1<<20)
		out = append(out, run...)
	}
	return out
}

// append sends an append of the leader that leads the last entry's term.
func (l *lone) append(from smr.NodeID, prev, prevTerm, commit uint64, terms ...uint64) {
	l.t.Helper()
	l.appendIn(terms[len(terms)-1], from, prev, prevTerm, commit, terms...)
}

func (l *lone) appendIn(term uint64, from smr.NodeID, prev, prevTerm, commit uint64, terms ...uint64) {
	l.t.Helper()
	m := appendEntries{term: term, seq: 1, prevIndex: prev, prevTerm: prevTerm, commit: commit}
	l.step(from, append(m.encode(nil), encodeEntries(prev, terms...)...))
	l.drain()
}

func (l *lone) timeout() {
	l.now = max(l.now, l.core.election.Deadline())
	l.core.Tick(l.now)
	l.drain()
}

// campaign makes it a candidate, with its poll won if there is one.
func (l *lone) campaign() {
	l.t.Helper()
	l.timeout()
	for id := smr.NodeID(2); l.core.role == smr.PreCandidate; id++ {
		l.step(id, (&voteReply{term: l.core.term, round: l.core.round, granted: true, pre: true}).encode(nil))
		l.drain()
	}
	if l.core.role != smr.Candidate && len(l.cfg.Peers) > 1 {
		l.t.Fatalf("it is a %v", l.core.role)
	}
}

func (l *lone) grant(from smr.NodeID) {
	l.t.Helper()
	l.step(from, (&voteReply{term: l.core.term, round: l.core.round, granted: true}).encode(nil))
	l.drain()
}

func (l *lone) win() {
	l.t.Helper()
	for id := smr.NodeID(2); l.core.role == smr.Candidate; id++ {
		l.grant(id)
	}
	if l.core.role != smr.Leader {
		l.t.Fatalf("it is a %v", l.core.role)
	}
}

// ack acknowledges everything sent to a peer so far, up to match.
func (l *lone) ack(from smr.NodeID, match uint64) {
	l.t.Helper()
	seq := l.core.peers[from-1].seq
	l.step(from, (&appendReply{term: l.core.term, seq: seq, match: match, last: match}).encode(nil))
	l.drain()
}

func (l *lone) requestVote(from smr.NodeID, term, lastIndex, lastTerm uint64, pre bool) {
	l.t.Helper()
	l.step(from, (&requestVote{term: term, round: 7, lastIndex: lastIndex, lastTerm: lastTerm, pre: pre}).encode(nil))
}

func (l *lone) propose(tag smr.Tag, data string) {
	l.t.Helper()
	if err := l.core.Propose(l.now, tag, []byte(data)); err != nil {
		l.t.Fatal(err)
	}
}

// terms prints the terms of the log's entries.
func (l *lone) terms() []uint64 {
	var out []uint64
	for i := l.core.log.base() + 1; i <= l.core.log.last(); i++ {
		out = append(out, l.core.log.term(i))
	}
	return out
}

func show(f smr.Frame) string {
	b := slices.Concat(f.Head, f.Body)
	typ, flags, err := opening(b)
	if err != nil {
		return err.Error()
	}
	to := fmt.Sprintf("%v %v ", f.To, f.Kind)
	switch typ {
	case typeAppend:
		var m appendEntries
		if err := m.decode(flags, b); err != nil {
			return err.Error()
		}
		es, err := m.entriesOf(b[appendSize:], nil)
		if err != nil {
			return err.Error()
		}
		return to + fmt.Sprintf("append term=%d prev=%d/%d n=%d commit=%d", m.term, m.prevIndex, m.prevTerm, len(es), m.commit)
	case typeAppendReply:
		var m appendReply
		if err := m.decode(flags, b); err != nil {
			return err.Error()
		}
		if m.rejected {
			return to + fmt.Sprintf("reject term=%d match=%d last=%d conflict=%d from %d", m.term, m.match, m.last, m.conflictTerm, m.conflictIndex)
		}
		return to + fmt.Sprintf("ack term=%d match=%d last=%d", m.term, m.match, m.last)
	case typeVote:
		var m requestVote
		if err := m.decode(flags, b); err != nil {
			return err.Error()
		}
		return to + fmt.Sprintf("vote? pre=%v term=%d last=%d/%d", m.pre, m.term, m.lastIndex, m.lastTerm)
	case typeVoteReply:
		var m voteReply
		if err := m.decode(flags, b); err != nil {
			return err.Error()
		}
		return to + fmt.Sprintf("vote pre=%v term=%d granted=%v", m.pre, m.term, m.granted)
	}
	return "unknown"
}
