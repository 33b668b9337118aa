package swarm

import (
	"fmt"
	"math/bits"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// Invariant names what must never happen, or must happen.
type Invariant string

// The invariants, in the words of the literature.
const (
	OneValue     Invariant = "one value a slot"
	OneLeader    Invariant = "one leader a term"
	LogMatching  Invariant = "log matching"
	Completeness Invariant = "leader completeness"
	Durability   Invariant = "committed is durable on a quorum"
	Regression   Invariant = "nothing regresses"
	Once         Invariant = "acknowledged once"
	Agreement    Invariant = "equal digests"
	Linearizable Invariant = "linearizable"
	Progress     Invariant = "progress after healing"
	Contract     Invariant = "contract"
)

// Violation is the first invariant that broke in a run.
type Violation struct {
	Invariant Invariant
	At        smr.Time
	Node      smr.NodeID // None = of no single node
	Text      string
}

func (v *Violation) Error() string {
	who := ""
	if v.Node != smr.None {
		who = v.Node.String() + ": "
	}
	return fmt.Sprintf("%s: at %v: %s%s", v.Invariant, v.At, who, v.Text)
}

// value identifies the data of an entry: checksum and length.
type value struct{ sum, size uint32 }

func (v value) String() string {
	if v.size == 0 {
		return "a no-op"
	}
	return fmt.Sprintf("%d bytes with checksum %08x", v.size, v.sum)
}

// name is what a transcript calls the value: see window.Name.
func (v value) name() string {
	if v.size == 0 {
		return "no-op"
	}
	return fmt.Sprintf("#%06x", v.sum&0xffffff)
}

// judge knows what all replicas in all their incarnations have said.
type judge struct {
	protocol smr.Protocol
	q1, q2   int
	nodes    []*node
	clock    func() smr.Time // true time: what cores are told may be the time of clocks that drift
	now      smr.Time
	broken   *Violation
	record   *Transcript // nil = nobody reads along
	inputs   uint64
	crowned  func(id smr.NodeID) // called when a leader is elected, before a frame of its leadership leaves; may be nil

	chosen   []value // chosen[i-1] is what index i was first reported as
	proposed map[value]int
	leader   map[uint64]smr.NodeID // by term or ballot
	elected  map[uint64]uint64     // by term or ballot: what was chosen below it when it was won
	terms    []uint64              // terms[i-1] is no lower than the term or ballot that index i was chosen in
	trace    uint64
	ballots
	reports []uint64 // scratch
}

func newJudge(p smr.Protocol, cfg smr.Config) *judge {
	q1, q2 := quorums(p, &cfg)
	j := &judge{
		protocol: p, q1: q1, q2: q2,
		proposed: make(map[value]int), leader: make(map[uint64]smr.NodeID),
		elected: make(map[uint64]uint64), ballots: newBallots(),
		clock: func() smr.Time { return 0 },
	}
	for _, id := range cfg.Peers {
		j.nodes = append(j.nodes, &node{judge: j, id: id})
	}
	return j
}

// quorums is how many replicas elect, and how many choose.
func quorums(p smr.Protocol, cfg *smr.Config) (q1, q2 int) {
	if p.Flexible {
		return cfg.Quorums()
	}
	return len(cfg.Peers)/2 + 1, len(cfg.Peers)/2 + 1
}

// wrap is the protocol with every core under judgement.
func (j *judge) wrap() smr.Protocol {
	p := j.protocol
	p.New = func(cfg smr.Config) (smr.Core, error) {
		core, err := j.protocol.New(cfg)
		if err != nil {
			return nil, err
		}
		n := j.nodes[cfg.Position(cfg.ID)]
		n.begin(core, cfg)
		j.hint(n)
		return n, nil
	}
	return p
}

// hint has every other core told, when it is next called, that the connection to n went
// down and up again: what a live network says after a crash.
func (j *judge) hint(n *node) {
	if n.incarnation == 1 {
		return
	}
	for _, m := range j.nodes {
		if m != n && m.core != nil && m.started {
			m.hints = append(m.hints, n.id)
		}
	}
}

// stop unwinds a run whose verdict is known.
type stop struct{}

// fail notes a violation, which ends the run.
func (j *judge) fail(what Invariant, node smr.NodeID, format string, args ...any) {
	j.found(&Violation{what, j.now, node, fmt.Sprintf(format, args...)})
	panic(stop{})
}

// found notes a violation; the first one counts.
func (j *judge) found(v *Violation) {
	if j.broken == nil {
		j.broken = v
		j.record.violation(v)
	}
}

// maxInputs ends a run that has no end: what is drawn stays below a hundredth of it.
const maxInputs = 5_000_000

// input counts what cores are told.
func (j *judge) input() {
	if j.inputs++; j.inputs == maxInputs {
		j.fail(Progress, smr.None, "%d frames, timers and commands, and no end: replicas keep one another busy without getting anywhere", j.inputs)
	}
}

// note folds v into the trace of the run.
func (j *judge) note(v uint64) {
	hi, lo := bits.Mul64(j.trace^v, 0x9e3779b97f4a7c15)
	j.trace = hi ^ lo ^ bits.RotateLeft64(v, 29)
}

// commit judges an entry that n hands out as chosen.
func (j *judge) commit(n *node, e *smr.Entry) {
	v := value{e.Sum, uint32(len(e.Data))}
	switch last := uint64(len(j.chosen)); {
	case e.Index == 0 || e.Index > last+1:
		j.fail(Contract, n.id, "index %d is chosen, %d was the last", e.Index, last)
	case e.Index <= last:
		if was := j.chosen[e.Index-1]; was != v {
			j.fail(OneValue, n.id, "index %d was chosen as %v, now it is %v", e.Index, was, v)
		}
	default:
		if v.size > 0 {
			if j.proposed[v] == 0 {
				j.fail(OneValue, n.id, "index %d: %v was never proposed, or is chosen more often than it was", e.Index, v)
			}
			j.proposed[v]--
		}
		j.chosen, j.terms = append(j.chosen, v), append(j.terms, n.status.Term)
		j.quorum(n, e.Index, v)
	}
}

// leads notes that a node leads term.
func (j *judge) leads(n *node, term uint64, leader smr.NodeID) {
	if other, ok := j.leader[term]; ok && other != leader {
		j.fail(OneLeader, n.id, "%v and %v lead in term %d", other, leader, term)
		return
	}
	j.leader[term] = leader
}

// event judges one step of an election.
func (j *judge) event(n *node, e *smr.Event) {
	switch e.Type {
	case smr.Campaign:
		n.heard = smr.Set{}
		if e.Term <= n.stand.term {
			j.fail(Regression, n.id, "campaigns in term or ballot %d; it was in %d already, durably", e.Term, n.stand.term)
		}
	case smr.Elected:
		j.elects(n, e.Term)
		last := uint64(len(j.chosen))
		for last > 0 && j.terms[last-1] >= e.Term {
			last--
		}
		if _, ok := j.elected[e.Term]; ok {
			j.fail(OneLeader, n.id, "wins term %d, which was won before", e.Term)
		}
		j.elected[e.Term] = last
		j.leads(n, e.Term, n.id)
		if j.protocol.LogMatching && n.status.Last < last {
			j.fail(Completeness, n.id, "is elected in term %d with a log up to %d; %d is chosen", e.Term, n.status.Last, last)
		}
		if j.crowned != nil {
			j.crowned(n.id)
		}
	case smr.Following:
		j.leads(n, e.Term, e.Node)
	case smr.Serving:
		before, ok := j.elected[e.Term]
		if !ok || j.leader[e.Term] != n.id {
			j.fail(OneLeader, n.id, "serves in term %d, which it did not win", e.Term)
		}
		if n.status.Commit < before {
			j.fail(Completeness, n.id, "serves in term %d and knows %d to be chosen; %d was when it was elected", e.Term, n.status.Commit, before)
		}
	}
}

// write judges an entry that n writes to its log: one term or ballot writes one
// entry to an index, and where logs match, on one predecessor.
func (j *judge) write(n *node, index, ballot uint64, sum uint32) (id int32) {
	before := uint64(0)
	if j.protocol.LogMatching {
		before = n.ballotAt(index - 1)
	}
	id, isNew := j.propose(place{index, ballot}, sum, before)
	switch was := &j.all[id]; {
	case isNew:
	case was.sum != sum:
		j.fail(LogMatching, n.id, "index %d holds two entries in term or ballot %d", index, ballot)
	case was.before != before && was.before != 0 && before != 0:
		j.fail(LogMatching, n.id, "index %d of term %d follows on term %d here, on %d elsewhere", index, ballot, before, was.before)
	case was.before == 0:
		was.before = before
	}
	return id
}

func valueOf(data []byte) value { return value{window.Sum(data), uint32(len(data))} }
