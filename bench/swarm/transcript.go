package swarm

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// Transcript tells what happens in a run, a line for each thing that a replica is
// told or says, until an invariant breaks: then it says which of the lines before bear
// on it. What replicas do at once and alike is one line. The nil Transcript tells nothing.
type Transcript struct {
	w        io.Writer
	protocol *smr.Protocol
	aside    *replica.Transcript // crashes and chunks of snapshots
	over     bool
	err      error
	frame    []byte

	helped  map[help]bool
	held    []held // lines that may be told together with what comes next
	written map[smr.NodeID]smr.Time
	proofs
}

// help is a snapshot that a replica must send to a peer.
type help struct{ from, peer smr.NodeID }

// held is a line that is not written yet.
type held struct {
	at     smr.Time
	kind   kind
	who    []string
	to     []string // receivers of a frame
	text   string
	lo, hi uint64   // entries
	values []string // of them
}

// kind is what lines have in common that may be told together.
type kind uint8

const (
	single kind = iota
	sending
	proposing
	committing
)

// Narrate carries out a case as Run does and writes its transcript to w.
func Narrate(ctx context.Context, w io.Writer, p smr.Protocol, c *Case) (*Outcome, error) {
	t := &Transcript{w: w, protocol: &p, written: make(map[smr.NodeID]smr.Time), helped: make(map[help]bool), proofs: newProofs()}
	out, err := perform(ctx, p, c, t, 0)
	t.flush()
	if err == nil {
		err = t.err
	}
	return out, err
}

// follow begins the transcript of a run, and returns what its replicas tell of what
// their cores do not see.
func (t *Transcript) follow(r *run) (traces []*replica.Trace) {
	if t == nil {
		return nil
	}
	clock := func() smr.Time {
		if r.cluster == nil {
			return 0 // it is being built
		}
		return r.cluster.Now()
	}
	t.aside, traces = replica.NewAside(t.protocol, r.Nodes, clock, func(at smr.Time, of smr.NodeID, text string) {
		if strings.HasPrefix(text, "CRASHES") {
			t.crashed(of, at)
		}
		t.add(held{at: at, who: []string{of.String()}, text: text})
	})
	c := r.Case
	t.paragraph("", fmt.Sprintf("%s, seed %d: %s, all started at 0 with empty logs. An election timer takes %v to %v, a heartbeat comes every %v; a frame takes %v to %v, a write to the log %v%s. "+
		"Times are in milliseconds; #12ab34 names the value of an entry by its checksum, write 3 the third that a replica makes to its log.",
		c.Protocol, c.Seed, plural(c.Nodes, "node"), c.ElectionMin, c.ElectionMax, c.Heartbeat, c.DelayMin, c.DelayMax, c.Sync, strings.Join(oddities(c), "")))
	t.print("")
	return traces
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// oddities are the options of a case that are not what they usually are.
func oddities(c *Case) (words []string) {
	add := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf("; "+format, args...))
		}
	}
	add(c.PreVote, "pre-vote")
	add(c.CheckQuorum, "check-quorum")
	add(c.Q1 > 0 || c.Q2 > 0, "quorums of %d to elect and %d to choose", c.Q1, c.Q2)
	add(c.Loss > 0, "%.0f %% of the frames are lost", 100*c.Loss)
	add(c.Duplicate > 0, "%.0f %% come twice", 100*c.Duplicate)
	add(c.Reorder > 0, "%.0f %% out of order", 100*c.Reorder)
	return words
}

// add holds a line, or writes what is held.
func (t *Transcript) add(l held) {
	if t.over || t.err != nil {
		return
	}
	if n := len(t.held); n > 0 {
		last := &t.held[n-1]
		switch {
		case last.kind != l.kind || l.kind == single:
			t.flush()
		case l.kind == sending && last.who[0] == l.who[0] && last.text == l.text && last.at == l.at:
			last.to = append(last.to, l.to...)
			return
		case l.kind == proposing && last.who[0] == l.who[0] && last.at == l.at:
			last.values = append(last.values, l.values...)
			return
		case l.kind == committing && last.who[0] == l.who[0] && l.lo == last.hi+1:
			last.hi, last.values = l.hi, append(last.values, l.values...)
			return
		case l.kind != committing:
			t.flush()
		}
	}
	if t.held = append(t.held, l); l.kind == single {
		t.flush()
	}
}

// flush writes the lines that are held. Replicas that commit the same entries share one.
func (t *Transcript) flush() {
	for i := range t.held {
		l := &t.held[i]
		if l.who == nil {
			continue
		}
		for j := i + 1; j < len(t.held); j++ {
			if m := &t.held[j]; l.kind == committing && m.who != nil && m.lo == l.lo && m.hi == l.hi {
				l.who, m.who = append(l.who, m.who...), nil
			}
		}
		t.paragraph(fmt.Sprintf("%10.3f  %-3s ", float64(l.at)/1e6, l.who[0]), l.words())
	}
	t.held = t.held[:0]
}

func (l *held) words() string {
	switch l.kind {
	case sending:
		return "-> " + strings.Join(l.to, ", ") + "  " + l.text
	case proposing:
		return "takes from clients: " + some(l.values)
	case committing:
		what := fmt.Sprintf("commits %s: %s", span(l.lo, l.hi), some(l.values))
		if len(l.who) > 1 {
			what += "; so do " + strings.Join(l.who[1:], ", ")
		}
		return what
	}
	return l.text
}

func span(lo, hi uint64) string {
	if lo == hi {
		return fmt.Sprint(lo)
	}
	return fmt.Sprintf("%d to %d", lo, hi)
}

// some names the first values, and how many more there are.
func some(values []string) string {
	const most = 4
	if n := len(values) - most; n > 0 {
		return strings.Join(values[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(values, ", ")
}

// columns is how wide a transcript is.
const columns = 80

// paragraph writes text behind head, in lines of no more than 80 columns.
func (t *Transcript) paragraph(head, text string) {
	indent := strings.Repeat(" ", len(head))
	line := head
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > columns:
			t.print(strings.TrimRight(line, " "))
			line = indent + word
			if head != "" {
				line = indent + "  " + word
			}
		default:
			line += " " + word
		}
	}
	t.print(line)
}

func (t *Transcript) print(line string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, line)
	}
}

// line tells of one thing. Whatever replicas have done besides comes before it.
func (t *Transcript) line(now smr.Time, who fmt.Stringer, format string, args ...any) {
	t.next(held{at: now, who: []string{who.String()}, text: fmt.Sprintf(format, args...)})
}

func (t *Transcript) next(l held) {
	if t.aside != nil {
		t.aside.Flush()
	}
	t.add(l)
}

// all stands for the whole cluster where a line is not about one node.
type all struct{}

func (all) String() string { return "--" }

func (t *Transcript) words(kind string, head, body []byte) string {
	t.frame = append(append(t.frame[:0], head...), body...)
	if t.protocol.Describe == nil {
		return fmt.Sprintf("%s, %d bytes", kind, len(t.frame))
	}
	return t.protocol.Describe(t.frame)
}

// term is a term or ballot in words.
func (t *Transcript) term(v uint64) string {
	if t.protocol.DescribeTerm == nil {
		return fmt.Sprint(v)
	}
	return t.protocol.DescribeTerm(v)
}

// termed says whether it is a term or a ballot.
func (t *Transcript) termed(v uint64) string {
	if t.protocol.LogMatching {
		return "term " + t.term(v)
	}
	return "ballot " + t.term(v)
}

func (t *Transcript) starts(n *node) {
	if t == nil {
		return
	}
	st := &n.status
	if n.incarnation == 1 {
		return // all at once
	}
	term := t.termed(st.Term)
	log := "an empty log"
	if st.Last >= st.First {
		log = "log " + span(st.First, st.Last)
	}
	what := fmt.Sprintf("RESTARTS in %s with %s, commit %d", term, log, st.Commit)
	if n.base > 0 {
		what += fmt.Sprintf(", snapshot at %d", n.base)
	}
	maps.DeleteFunc(t.helped, func(h help, _ bool) bool { return h.from == n.id })
	t.line(n.now, n.id, "%s", what)
}

func (t *Transcript) arrives(n *node, from smr.NodeID, frame []byte) {
	if t != nil {
		t.line(n.now, n.id, "<- %v  %s", from, t.words("frame", frame, nil))
	}
}

func (t *Transcript) sends(n *node, f *smr.Frame) {
	if t != nil {
		t.next(held{at: n.now, kind: sending, who: []string{n.id.String()}, to: []string{f.To.String()}, text: t.words(f.Kind.String(), f.Head, f.Body)})
	}
}

func (t *Transcript) proposes(n *node, data []byte) {
	if t != nil {
		t.next(held{at: n.now, kind: proposing, who: []string{n.id.String()}, values: []string{valueOf(data).name()}})
	}
}

func (t *Transcript) persisted(n *node, number uint64) {
	if t == nil {
		return
	}
	t.durable(n, number)
	if n.now > t.written[n.id] { // else the disk takes no time
		t.line(n.now, n.id, "write %d is durable", number)
	}
}

func (t *Transcript) snapshot(n *node, index uint64, foreign bool) {
	switch {
	case t == nil:
	case foreign:
		maps.DeleteFunc(t.helped, func(h help, _ bool) bool { return h.peer == n.id })
		t.line(n.now, n.id, "INSTALLS a peer's snapshot at %d", index)
	default:
		t.line(n.now, n.id, "own snapshot at %d is durable", index)
	}
}

func (t *Transcript) events(n *node, events []smr.Event) {
	if t == nil {
		return
	}
	for i := range events {
		e, term := &events[i], t.termed(events[i].Term)
		switch e.Type {
		case smr.TimedOut:
			t.line(n.now, n.id, "TIMES OUT: it has heard from no leader")
		case smr.Campaign:
			t.line(n.now, n.id, "CAMPAIGNS in %s", term)
		case smr.Elected:
			t.elected(n, e.Term)
			t.line(n.now, n.id, "IS ELECTED in %s", term)
		case smr.Following:
			t.line(n.now, n.id, "FOLLOWS %v in %s", e.Node, term)
		case smr.SteppedDown:
			t.line(n.now, n.id, "STEPS DOWN from %s", term)
		default:
			t.line(n.now, n.id, "%s in %s", strings.ToUpper(e.Type.String()), term)
		}
	}
}

// writes tells what a Ready is about to write to the log.
func (t *Transcript) writes(n *node, rd *smr.Ready) {
	if t == nil {
		return
	}
	t.written[n.id] = n.now
	for i := range rd.Records {
		r := &rd.Records[i]
		what := fmt.Sprintf("a record of %d bytes", len(r.Head)+len(r.Body))
		if t.protocol.DescribeRecord != nil {
			t.frame = append(append(t.frame[:0], r.Head...), r.Body...)
			what = t.protocol.DescribeRecord(t.frame)
		}
		t.line(n.now, n.id, "write %d: %s", rd.Number, what)
	}
}

func (t *Transcript) commits(n *node, e *smr.Entry) {
	if t == nil {
		return
	}
	v := value{e.Sum, uint32(len(e.Data))}
	t.chose(n, e.Index, v)
	t.next(held{at: n.now, kind: committing, who: []string{n.id.String()}, lo: e.Index, hi: e.Index, values: []string{v.name()}})
}

func (t *Transcript) helps(n *node, peers []smr.NodeID) {
	if t == nil {
		return
	}
	for _, id := range peers {
		if t.helped[help{n.id, id}] {
			continue // it says so until the peer has it
		}
		t.helped[help{n.id, id}] = true
		t.line(n.now, n.id, "must send %v a snapshot: its log begins after what that needs", id)
	}
}
