package paxos

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/timer"
	"github.com/consbench/consbench/bench/smr/window"
)

// Multi is Multi-Paxos for cmd.Main.
var Multi = smr.Protocol{
	Name:     "multipaxos",
	Doc:      "Multi-Paxos: a stable leader runs phase 1 once for all slots and pipelines phase 2 out of order",
	New:      func(cfg smr.Config) (smr.Core, error) { return NewMulti(cfg) },
	Flexible: true,
	Describe: describeMulti,

	DescribeTerm:   func(ballot uint64) string { return Ballot(ballot).String() },
	DescribeRecord: describeMultiRecord,
	Guide:          multiGuide,
}

// MultiPaxos is one replica of a Multi-Paxos log. It is acceptor and learner
// always, proposer while it campaigns and leads. It implements smr.Core.
type MultiPaxos struct {
	cfg    smr.Config
	self   int // position in cfg.Peers
	q1, q2 int
	ring   uint64 // slots the window can hold

	role     smr.Role
	leader   smr.NodeID // whom this replica follows, or itself
	timer    timer.Election
	yielded  bool           // has given a candidate its time since it last heard a leader or campaigned
	contacts timer.Contacts // leader: who answered in this ballot
	heardAt  smr.Time       // when a valid leader was last heard; for the poll
	seen     Ballot         // highest ballot heard of; a hint for the next own one
	followed Ballot         // for which Following was reported
	peers    []peer

	acceptor // promises and acceptances
	proposal // the own ballot: campaign and leadership
	learned  // what is chosen
	storage  // what is logged and durable
	outputs  // what the next Ready reports
	in       message
	started  bool
}

// slotState is what is remembered beside each entry in the window.
type slotState struct {
	learner Learner // of the own proposal, at its leader
	end     uint64  // leader: bytes proposed above base, this slot's included
	chosen  bool    // known to be chosen
}

// peer is another replica as seen from here.
type peer struct {
	id   smr.NodeID
	down bool // the driver says that frames would be lost

	progress // leader: phase 2
	polling  // candidate: phase 1

	fetch    fetchRequest // its fetch, to be served
	rejected Ballot       // its ballot that is to be rejected; 0 = none
	polled   Ballot       // its poll that is to be answered; 0 = none
	granted  bool         // the answer
}

// outputs gathers what Ready hands out.
type outputs struct {
	events []smr.Event
	lost   []smr.Tag
	heads  []byte // of records and frames, rebuilt by each Ready

	spanBuf [maxSpans]span // scratch
}

// NewMulti returns a replica that knows nothing yet: Restore, Replay and Start
// come next.
func NewMulti(cfg smr.Config) (*MultiPaxos, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &MultiPaxos{cfg: cfg, self: cfg.Position(cfg.ID), timer: timer.NewElection(&cfg), contacts: timer.NewContacts(&cfg)}
	m.q1, m.q2 = cfg.Quorums()
	m.peers = make([]peer, len(cfg.Peers))
	for i, id := range cfg.Peers {
		if id > MaxNode || id == smr.None {
			return nil, fmt.Errorf("paxos: replica number %d does not fit into a ballot; at most %d", id, MaxNode)
		}
		m.peers[i].id = id
	}
	m.heardAt = -cfg.ElectionMin
	m.win = window.New[slotState](cfg.Retain+2*cfg.Inflight+4*cfg.MaxFrame, 0)
	if cfg.Prefault {
		m.win.Prefault()
	}
	m.ring = m.win.Limit() - m.win.First() + 1
	m.clean()
	return m, nil
}

// Start implements smr.Core.
func (m *MultiPaxos) Start(now smr.Time) {
	m.started = true
	m.clean()
	m.timer.Restart(now)
}

// Tick implements smr.Core.
func (m *MultiPaxos) Tick(now smr.Time) {
	switch m.role {
	case smr.Leader:
		m.tickLeader(now)
	case smr.Candidate:
		m.tickCandidate(now)
	}
	if m.timer.Expired(now) {
		m.timeout(now)
	}
}

// Step implements smr.Core.
func (m *MultiPaxos) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	pos := m.cfg.Position(from)
	if pos < 0 || pos == m.self {
		return malformed("frame from %v, no peer", from)
	}
	in := &m.in
	if err := in.parse(frame); err != nil {
		return err
	}
	switch in.typ {
	case msgPoll, msgPrepare, msgAccept:
		if in.ballot.Node() != from {
			return malformed("%v of ballot %v from %v", in.typ, in.ballot, from)
		}
	}
	p := &m.peers[pos]
	var err error
	switch in.typ {
	case msgPoll:
		m.stepPoll(now, p, in)
	case msgPollReply:
		m.stepPollReply(now, pos, in)
	case msgPrepare:
		m.stepPrepare(now, pos, in)
	case msgPromise:
		err = m.stepPromise(now, pos, in)
	case msgReject:
		m.stepReject(now, in)
	case msgAccept:
		err = m.stepAccept(now, p, in)
	case msgAccepted:
		m.stepAccepted(now, pos, in)
	case msgFetch:
		m.stepFetch(p, in)
	case msgLearn:
		err = m.stepLearn(in)
	}
	if err != nil {
		return err
	}
	p.down = false
	if in.typ != msgPoll && in.typ != msgPollReply {
		m.seen = max(m.seen, in.ballot)
	}
	return nil
}

// Peer implements smr.Core.
func (m *MultiPaxos) Peer(now smr.Time, id smr.NodeID, up bool) {
	pos := m.cfg.Position(id)
	if pos < 0 || pos == m.self {
		return
	}
	p := &m.peers[pos]
	p.down = !up
	if !up {
		return
	}
	switch m.role {
	case smr.Leader:
		p.lostInFlight()
	case smr.Candidate:
		p.ask = !p.complete
	case smr.Follower:
		if m.leader == id {
			m.fetching.asked = false
		}
	}
}

// Persisted implements smr.Core.
func (m *MultiPaxos) Persisted(now smr.Time, number uint64) {
	if number <= m.persisted {
		return
	}
	if number > m.number {
		panic(fmt.Sprintf("paxos: Ready %d is said to be durable, the last was %d", number, m.number))
	}
	if m.entriesNumber > m.persisted {
		m.following.disorderly = true
	}
	if m.voided > m.persisted && m.voided <= number {
		m.reached(probe.MultiOverwrittenPersisted)
	}
	m.persisted = number
	switch m.role {
	case smr.Candidate:
		m.promiseSelf(now)
	case smr.Leader:
		before := m.commit
		m.acceptSelf()
		m.advanceLeader(now)
		if m.commit > before {
			m.reached(probe.MultiChosenOwnDiskLast)
		}
	}
}

// Status implements smr.Core.
func (m *MultiPaxos) Status(st *smr.Status) {
	m.advanceDurable()
	*st = smr.Status{
		Role: m.role, Term: uint64(m.promised), Leader: m.leader,
		First: m.win.First(), Last: m.win.Last(), Commit: m.commit, Durable: m.durable,
	}
}

// reached notes that this replica has come to a place that a search for bugs must reach.
func (m *MultiPaxos) reached(place probe.ID) { m.cfg.Probes.Hit(place) }

// event reports a step of an election.
func (m *MultiPaxos) event(now smr.Time, typ smr.EventType, b Ballot, node smr.NodeID) {
	m.events = append(m.events, smr.Event{Type: typ, Time: now, Term: uint64(b), Node: node})
}

// becomeFollower gives up whatever was under way. leader is None if none is known.
// The election timer goes on running, unless this replica led and had none.
func (m *MultiPaxos) becomeFollower(now smr.Time, leader smr.NodeID) {
	if m.role == smr.Leader || m.role == smr.Candidate {
		m.event(now, smr.SteppedDown, m.promised, leader)
	}
	if m.role == smr.Leader {
		m.loseTags()
		m.timer.Restart(now)
	}
	m.role, m.leader = smr.Follower, leader
	m.proposer.Phase = Idle
}

// loseTags gives up the own proposals that are not known to be chosen: whoever
// leads next decides about them, and they then commit without a tag.
func (m *MultiPaxos) loseTags() {
	for s := m.commit + 1; s <= m.win.Last(); s++ {
		if slot := m.win.At(s); slot != nil && slot.Tag != 0 {
			m.reached(probe.MultiTagsLost)
			m.lost = append(m.lost, slot.Tag)
			slot.Tag = 0
		}
	}
}
