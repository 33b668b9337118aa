package swarm

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Transcript tells what happens in a run, a line for each thing that a replica is
// told or says, until an invariant breaks. The nil Transcript tells nothing.
type Transcript struct {
	w        io.Writer
	describe func(frame []byte) string
	over     bool
	err      error
	frame    []byte
}

// Narrate carries out a case as Run does and writes its transcript to w.
func Narrate(ctx context.Context, w io.Writer, p smr.Protocol, c *Case) (*Outcome, error) {
	t := &Transcript{w: w, describe: p.Describe}
	out, err := perform(ctx, p, c, t, 0)
	if err == nil {
		err = t.err
	}
	return out, err
}

func (t *Transcript) line(now smr.Time, who any, format string, args ...any) {
	if t.over || t.err != nil {
		return
	}
	_, t.err = fmt.Fprintf(t.w, "%12.3fms  %-4v %s\n", float64(now)/1e6, who, fmt.Sprintf(format, args...))
}

func (t *Transcript) words(kind string, head, body []byte) string {
	t.frame = append(append(t.frame[:0], head...), body...)
	if t.describe == nil {
		return fmt.Sprintf("%s, %d bytes", kind, len(t.frame))
	}
	return t.describe(t.frame)
}

func (t *Transcript) violation(v *Violation) {
	if t == nil {
		return
	}
	text, _, _ := strings.Cut(v.Text, "\n")
	t.line(v.At, v.Node, "VIOLATED %s: %s", v.Invariant, text)
	t.over = true
}

func (t *Transcript) fault(now smr.Time, f *Fault, id smr.NodeID) {
	if t == nil {
		return
	}
	words := string(f.Kind)
	switch f.Kind {
	case CrashPoint:
		words = fmt.Sprintf("%v will crash at %s, the %s time, for %v", id, f.Point, ordinal(f.Nth), f.For)
	case Crash, Pause, Isolate:
		words = fmt.Sprintf("%s %v", f.Kind, id)
	case Cut:
		words = fmt.Sprintf("cut %v from n%d", id, f.Peer)
	case Partition:
		words = fmt.Sprintf("partition {%s} from the others", members(f.Side))
	case Lossy, Doubling, Shuffled:
		words = fmt.Sprintf("all links %s, share %.2f", f.Kind, f.P)
	case Slow:
		words = fmt.Sprintf("links of %v slower by up to %v", id, f.Extra)
	case SlowDisk:
		words = fmt.Sprintf("syncs of %v slower by %v", id, f.Extra)
	case StalledDisk, FullDisk, FailingDisk, TornTail, RottenDisk, LostLog:
		words = fmt.Sprintf("%s of %v", f.Kind, id)
	case Depose:
		words = fmt.Sprintf("whoever is elected is cut off for %v", f.Extra)
	case Drift:
		words = fmt.Sprintf("the clock of %v drifts by %+.2f", id, f.P)
	case Jump:
		words = fmt.Sprintf("the clock of %v jumps by %v", id, f.Extra)
	}
	if f.OneWay {
		words += ", one way"
	}
	if f.Kind != Jump && f.Kind != RottenDisk && f.Kind != CrashPoint {
		words += fmt.Sprintf(", for %v", f.For)
	}
	t.line(now, "--", "%s", words)
}

func ordinal(n int) string {
	switch {
	case n%100/10 != 1 && n%10 == 1:
		return fmt.Sprintf("%dst", n)
	case n%100/10 != 1 && n%10 == 2:
		return fmt.Sprintf("%dnd", n)
	case n%100/10 != 1 && n%10 == 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

func members(side uint64) string {
	var names []string
	for i := range 64 {
		if side>>i&1 == 1 {
			names = append(names, smr.NodeID(i+1).String())
		}
	}
	return strings.Join(names, ", ")
}

func (t *Transcript) healed(now smr.Time) {
	if t != nil {
		t.line(now, "--", "all faults are undone")
	}
}

func (t *Transcript) starts(n *node) {
	if t == nil {
		return
	}
	st := &n.status
	if n.incarnation == 1 {
		t.line(n.now, n.id, "starts")
		return
	}
	t.line(n.now, n.id, "RESTARTS in term %d, log %d to %d, commit %d, snapshot at %d", st.Term, st.First, st.Last, st.Commit, n.base)
}

func (t *Transcript) arrives(n *node, from smr.NodeID, frame []byte) {
	if t != nil {
		t.line(n.now, n.id, "<- %v  %s", from, t.words("frame", frame, nil))
	}
}

func (t *Transcript) sends(n *node, f *smr.Frame) {
	if t != nil {
		t.line(n.now, n.id, "-> %v  %s", f.To, t.words(f.Kind.String(), f.Head, f.Body))
	}
}

func (t *Transcript) proposes(n *node, tag smr.Tag, data []byte) {
	if t != nil {
		t.line(n.now, n.id, "takes proposal %d: %v", tag, valueOf(data))
	}
}

func (t *Transcript) persisted(n *node, number uint64) {
	if t != nil {
		t.line(n.now, n.id, "durable: writes up to %d", number)
	}
}

func (t *Transcript) snapshot(n *node, index uint64, foreign bool) {
	switch {
	case t == nil:
	case foreign:
		t.line(n.now, n.id, "installs a peer's snapshot at %d", index)
	default:
		t.line(n.now, n.id, "own snapshot at %d is durable", index)
	}
}

func (t *Transcript) event(n *node, e *smr.Event) {
	if t != nil {
		t.line(n.now, n.id, "%s, term %d", strings.ToUpper(e.Type.String()), e.Term)
	}
}

func (t *Transcript) logs(n *node, rd *smr.Ready) {
	if t == nil {
		return
	}
	what := fmt.Sprintf("term %d", n.pledges[len(n.pledges)-1].term)
	if v := n.pledges[len(n.pledges)-1].vote; v != smr.None {
		what += fmt.Sprintf(", vote for %v", v)
	}
	lo, hi := uint64(0), uint64(0)
	for _, w := range n.pending {
		if w.number == rd.Number {
			if lo == 0 {
				lo = w.index
			}
			hi = w.index
		}
	}
	if lo != 0 {
		what += fmt.Sprintf(", entries %d to %d", lo, hi)
	}
	if rd.Baseline {
		what += ", a baseline"
	}
	t.line(n.now, n.id, "writes %d: %s", rd.Number, what)
}

func (t *Transcript) commits(n *node, e *smr.Entry) {
	if t != nil {
		t.line(n.now, n.id, "commits %d: %v", e.Index, value{e.Sum, uint32(len(e.Data))})
	}
}

func (t *Transcript) helps(n *node, peers []smr.NodeID) {
	if t == nil {
		return
	}
	for _, id := range peers {
		t.line(n.now, n.id, "-> %v  needs a snapshot", id)
	}
}
