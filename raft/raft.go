package raft

import (
	"fmt"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/timer"
	"github.com/consbench/consbench/bench/smr/window"
)

// Protocol is Raft as consbench runs it.
var Protocol = smr.Protocol{
	Name: "raft",
	Doc:  "Raft with pipelined replication; pre-vote and check-quorum as options",
	New:  New,

	LogMatching: true,
	Describe:    describe,

	DescribeRecord: describeRecord,
	Guide:          guide,
}

// unlogged is the Ready number of what no Ready has logged yet.
const unlogged = ^uint64(0)

// core is one Raft server. Fields are grouped by who uses them.
type core struct {
	cfg     smr.Config
	self    int // position of ID in cfg.Peers
	quorum  int
	peers   []peer // by position; the own one is unused
	started bool

	// Persistent state (Figure 2), and the Readys that logged it.
	term      uint64
	vote      smr.NodeID
	log       raftLog
	termReady uint64 // Ready that logged term; unlogged until there is one
	voteReady uint64 // Ready that logged vote
	persisted uint64 // highest Ready that is durable
	number    uint64 // last Ready that carried records

	role     smr.Role
	leader   smr.NodeID // of term, as far as known
	heardAt  smr.Time   // when leader was last heard
	followed uint64     // last term in which Following was reported
	election timer.Election

	acks acks // follower: what the leader is owed

	votes    smr.Set // candidate, pre-candidate: who granted
	round    uint64  // counts own elections and polls
	contacts timer.Contacts
	noop     uint64   // leader: index of the no-op that began its term; 0 while the window has no room for it
	serving  bool     // leader: the no-op is committed
	checkAt  smr.Time // leader: not before then can the quorum be lost

	// Commit marks and snapshots.
	markAt     smr.Time // when a commit mark is due that no other record has carried
	markDue    bool
	snapIndex  uint64 // newest durable snapshot
	snapTerm   uint64
	pins       pins // snapshots in the making
	baseline   bool // a Baseline is due
	replayLost bool // Replay: the log holds another entry at snapIndex than the snapshot; its tail is void

	// Output waiting for Ready, and scratch memory.
	events  []smr.Event
	lost    []smr.Tag
	heads   []byte
	scratch []window.Encoded
}

// New returns a Raft server. It honours PreVote and CheckQuorum; quorums are
// majorities, whatever Q1 and Q2 say.
func New(cfg smr.Config) (smr.Core, error) {
	cfg.Q1, cfg.Q2 = 0, 0
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Peers = append([]smr.NodeID(nil), cfg.Peers...)
	c := &core{
		cfg: cfg, self: cfg.Position(cfg.ID), quorum: len(cfg.Peers)/2 + 1,
		peers:    make([]peer, len(cfg.Peers)),
		election: timer.NewElection(&cfg), contacts: timer.NewContacts(&cfg),
		checkAt: smr.Never, markAt: smr.Never,
		heads:   make([]byte, 0, 64*(len(cfg.Peers)+16)),
		scratch: make([]window.Encoded, 0, 64),
	}
	if mutant.Enabled && mutant.On(mutant.RaftEvenQuorum) {
		c.quorum = (len(cfg.Peers) + 1) / 2
	}
	for i, id := range cfg.Peers {
		c.peers[i].id = id
	}
	c.log = newLog(c.capacity(), 0, 0)
	if cfg.Prefault {
		c.log.w.Prefault()
	}
	return c, nil
}

// capacity of the window in bytes: what is retained; what is open at the leader and
// what a follower may hold beyond its commit index; and slack for the ends of the ring.
func (c *core) capacity() int { return c.cfg.Retain + 2*c.cfg.Inflight + 4*c.cfg.MaxFrame }

// Step dispatches a frame to the handler of its type.
func (c *core) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	i := c.cfg.Position(from)
	if i < 0 || i == c.self {
		return errStranger
	}
	typ, flags, err := opening(frame)
	if err != nil {
		return err
	}
	switch typ {
	case typeAppend:
		var m appendEntries
		if err := m.decode(flags, frame); err != nil {
			return err
		}
		if c.scratch, err = m.entriesOf(frame[appendSize:], c.scratch[:0]); err != nil {
			return err
		}
		err = c.handleAppend(now, i, &m, c.scratch)
		clear(c.scratch) // views of a borrowed buffer
		return err
	case typeAppendReply:
		var m appendReply
		if err := m.decode(flags, frame); err != nil {
			return err
		}
		return c.handleAppendReply(now, i, &m)
	case typeVote:
		var m requestVote
		if err := m.decode(flags, frame); err != nil {
			return err
		}
		if m.pre {
			c.handlePreVote(now, i, &m)
		} else {
			c.handleVote(now, i, &m)
		}
		return nil
	case typeVoteReply:
		var m voteReply
		if err := m.decode(flags, frame); err != nil {
			return err
		}
		c.handleVoteReply(now, i, &m)
		return nil
	}
	return errType
}

// Tick acts on the deadlines that have come.
func (c *core) Tick(now smr.Time) {
	if !c.started {
		return
	}
	if now >= c.markAt {
		c.markAt, c.markDue = smr.Never, true
	}
	switch c.role {
	case smr.Leader:
		c.tickLeader(now)
	default:
		if c.election.Expired(now) {
			c.event(smr.TimedOut, now, smr.None)
			c.campaign(now)
		} else if c.role != smr.Follower {
			c.askAgain(now)
		}
	}
}

// becomeFollower enters term, which is at least the current one, or stays in it.
// Learning a higher term keeps the election timer; a leader had none and starts one.
func (c *core) becomeFollower(now smr.Time, term uint64, leader smr.NodeID) {
	switch c.role {
	case smr.Leader:
		if term > c.term {
			c.reached(probe.RaftLeaderStepsDown)
		}
		c.giveUpTags()
		c.election.Restart(now)
		c.checkAt = smr.Never
		c.event(smr.SteppedDown, now, smr.None)
	case smr.Candidate:
		c.reached(probe.RaftCandidateStepsDown)
		c.event(smr.SteppedDown, now, smr.None)
	}
	if term < c.term {
		panic(fmt.Sprintf("raft: term falls from %d to %d", c.term, term))
	}
	if term > c.term {
		c.enterTerm(term, smr.None)
	}
	c.role, c.leader = smr.Follower, leader
	c.acks = acks{matched: c.log.commit}
	if leader != smr.None && c.followed != c.term {
		c.followed = c.term
		c.event(smr.Following, now, leader)
	}
}

// becomePreCandidate asks whether an election could be won, in the current term.
func (c *core) becomePreCandidate(now smr.Time) {
	c.role, c.leader = smr.PreCandidate, smr.None
	c.openPoll(now)
}

// becomeCandidate begins an election: new term, own vote, all peers asked (5.2).
func (c *core) becomeCandidate(now smr.Time) {
	c.enterTerm(c.term+1, c.cfg.ID)
	c.role, c.leader = smr.Candidate, smr.None
	c.openPoll(now)
	c.event(smr.Campaign, now, smr.None)
}

// becomeLeader begins to lead: every peer is probed with the no-op of the new term.
func (c *core) becomeLeader(now smr.Time) {
	if c.role != smr.Candidate {
		panic("raft: a " + c.role.String() + " wins an election")
	}
	c.role, c.leader = smr.Leader, c.cfg.ID
	c.noop, c.serving = 0, false
	for i := range c.peers {
		c.peers[i].lead(c.log.last())
	}
	c.election.Stop()
	c.contacts.Reset(now)
	c.checkAt = smr.Never
	if c.cfg.CheckQuorum {
		c.checkAt = c.contacts.LosesQuorum(c.quorum, c.cfg.ElectionMin)
	}
	c.event(smr.Elected, now, c.cfg.ID)
	c.proposeNoop()
}

// enterTerm moves to a higher term, with a vote in it or none.
func (c *core) enterTerm(term uint64, vote smr.NodeID) {
	c.term, c.vote = term, vote
	c.termReady, c.voteReady = unlogged, unlogged
	if vote == smr.None {
		c.voteReady = 0 // nothing to log
	}
	for i := range c.peers {
		c.peers[i].voteOwed = false // of an earlier term; that peer asks again
	}
}

func (c *core) termDurable() bool { return c.termReady <= c.persisted }
func (c *core) voteDurable() bool { return c.voteReady <= c.persisted && c.termDurable() }

// inLease reports whether a leader of this term is known to live: heard within the
// shortest election timeout (dissertation, 4.2.3 and 9.6).
func (c *core) inLease(now smr.Time) bool {
	return c.role == smr.Leader || c.leader != smr.None && now < c.heardAt+c.cfg.ElectionMin
}

// commitTo raises the commit index. A mark is due in a while, if no record of
// entries takes it along before.
func (c *core) commitTo(now smr.Time, index uint64) {
	if index <= c.log.commit {
		return
	}
	if index > c.log.last() {
		panic(fmt.Sprintf("raft: commit %d behind the last entry %d", index, c.log.last()))
	}
	c.log.commit = index
	if c.markAt == smr.Never && !c.markDue {
		c.markAt = now + c.cfg.Heartbeat
	}
}

// Persisted takes note of what is durable: acknowledgements, own votes and the
// leader's own share of a commit follow from it.
func (c *core) Persisted(now smr.Time, number uint64) {
	if number > c.number {
		panic(fmt.Sprintf("raft: Ready %d is persisted, the last one was %d", number, c.number))
	}
	if number <= c.persisted {
		return
	}
	if c.log.voided > c.persisted && c.log.voided <= number {
		c.reached(probe.RaftOverwrittenPersisted)
		if mutant.Enabled && mutant.On(mutant.RaftPersistedABA) {
			c.log.durable = c.log.handed
		}
	}
	c.persisted = number
	c.log.confirm(number)
	switch c.role {
	case smr.Leader:
		if before := c.log.commit; c.advanceCommit(now) > before {
			c.reached(probe.RaftCommitOwnDiskLast)
		}
	case smr.Candidate:
		c.countOwnVote(now)
	}
}

// Applied lets go of entries that nobody needs.
func (c *core) Applied(index uint64) {
	if index > c.log.delivered {
		panic(fmt.Sprintf("raft: applied %d, delivered only %d", index, c.log.delivered))
	}
	c.log.applied = max(c.log.applied, index)
	c.shrink(false)
}

// Peer is a hint that what is under way to id may be lost.
func (c *core) Peer(_ smr.Time, id smr.NodeID, up bool) {
	i := c.cfg.Position(id)
	if i < 0 || i == c.self || c.role != smr.Leader {
		return
	}
	if p := &c.peers[i]; p.state == replicate && p.next > p.match+1 {
		c.reached(probe.RaftLinkLost)
	}
	c.peers[i].linkChanged(up)
	c.peers[i].released(c.log.w.First())
}

// Status describes the core.
func (c *core) Status(s *smr.Status) {
	*s = smr.Status{Role: c.role, Term: c.term, Leader: c.leader, First: c.log.w.First(),
		Last: c.log.last(), Commit: c.log.commit, Durable: c.log.durable}
}

// reached notes that this server has come to a place that a search for bugs must reach.
func (c *core) reached(place probe.ID) { c.cfg.Probes.Hit(place) }

func (c *core) event(t smr.EventType, now smr.Time, node smr.NodeID) {
	c.events = append(c.events, smr.Event{Type: t, Time: now, Term: c.term, Node: node})
}

// giveUpTags reports every own open proposal as Lost, once: it may commit all the
// same, but then without its tag.
func (c *core) giveUpTags() {
	for i := c.log.commit + 1; i <= c.log.last(); i++ {
		if s := c.log.w.At(i); s.Tag != 0 {
			c.reached(probe.RaftTagsLost)
			c.lost = append(c.lost, s.Tag)
			s.Tag = 0
		}
	}
}

// shrink releases applied entries: those beyond Retain that no peer wants, any when
// the window runs short of room. Snapshots in the making are respected, for without
// a Baseline the log on disk cannot shrink; unless force says that there is no room
// at all.
func (c *core) shrink(force bool) {
	l := &c.log
	top := min(l.applied, l.durable)
	if !force {
		top = min(top, c.pins.lowest()-1)
	}
	wanted := c.wanted()
	to := l.base()
	for to < top {
		if !c.tight(l.bytes(l.base(), to), to-l.base()) &&
			(to+1 >= wanted || l.bytes(to+1, l.applied) < c.cfg.Retain) {
			break
		}
		to++
	}
	if to <= l.base() {
		return
	}
	l.release(to)
	c.pins.drop(to - 1)
	if c.role == smr.Leader {
		for i := range c.peers {
			if i != c.self {
				c.peers[i].released(to + 1)
			}
		}
	}
}

// tight reports whether, with freed bytes and slots given back, a full load of new
// proposals might find no room.
func (c *core) tight(freed int, slots uint64) bool {
	b, s := c.log.room()
	open := min(c.log.bytes(c.log.commit, c.log.last()), c.cfg.Inflight)
	all := c.log.w.Limit() - c.log.base()
	return b+freed < c.cfg.Inflight-open+2*c.cfg.MaxFrame || s+slots < all/4
}

// wanted is the lowest entry that a peer may still ask for.
func (c *core) wanted() uint64 {
	first := c.log.last() + 1
	if c.role == smr.Leader {
		for i := range c.peers {
			if i != c.self {
				first = min(first, c.peers[i].wants())
			}
		}
	}
	return first
}

// appendEntry puts an entry behind the last one, making room if it must.
func (c *core) appendEntry(term uint64, tag smr.Tag, sum uint32, data []byte) bool {
	if c.log.append(term, tag, sum, data) {
		return true
	}
	c.shrink(true)
	return c.log.append(term, tag, sum, data)
}

// Slot shows the entry at index to an inspector: its term and its checksum.
func (c *core) Slot(index uint64) (term uint64, sum uint32, ok bool) {
	s := c.log.w.At(index)
	if s == nil {
		return 0, 0, false
	}
	return s.Ballot, s.Sum, true
}
