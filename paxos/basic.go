package paxos

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/timer"
	"github.com/consbench/consbench/bench/smr/window"
)

// Basic is a log of single-decree Paxos instances, each run exactly as in Paxos
// Made Simple, 2: both phases for every slot, any replica may propose.
var Basic = smr.Protocol{
	Name:       "paxos",
	Doc:        "a log of single-decree Paxos instances: both phases for every slot, any replica may propose",
	New:        NewBasic,
	Leaderless: true,
	Flexible:   true,
	Describe:   describeBasic,

	DescribeTerm:   func(ballot uint64) string { return Ballot(ballot).String() },
	DescribeRecord: describeBasicRecord,
	Guide:          basicGuide,
}

// basic is one replica of basic Paxos.
//
//   - A proposal takes the next slot above everything that this replica has seen
//     used. Slots run side by side; only applying is in order.
//   - The own acceptor promises first, and the promise is durable before a Prepare
//     leaves: that is what makes a ballot unique over a restart.
//   - The proposer is the distinguished learner. Its notice (slot, ballot) rides on
//     its next frame to each peer, or on a heartbeat.
//   - A value that is beaten (its slot went to another one) is proposed for a later
//     slot once its own slot is known to be chosen otherwise, never before.
//   - Values are told apart by their bytes, so proposals are expected to be
//     distinct, as those are that carry a session and a sequence number.
//
// Nobody is elected, so there are no Events, and any replica may propose. As Leader
// counts the replica whose ballot chose the highest slot known to be chosen, or, at a
// non-voter, the next peer.
type basic struct {
	cfg    smr.Config
	self   int // own position in cfg.Peers
	q1, q2 int

	// The log. Slots First..Limit of the window have an instance each.
	log       *window.Window[struct{}]
	instances []instance // ring: slot i at i&mask
	mask      uint64
	base      Ballot // of the slot before the window, as far as known
	used      uint64 // highest slot known to be in use
	frontier  uint64 // everything up to here is known to be chosen
	delivered uint64 // everything up to here has gone out as Committed
	applied   uint64 // everything up to here is applied
	retained  int    // bytes of the applied slots in the log
	open      int    // bytes of the others in the log
	filled    uint64 // how many those are
	usual     int    // running mean of their sizes, in bytes
	promised  Ballot // highest ballot promised anywhere
	lastSlot  uint64 // highest slot known to be chosen
	last      Ballot // ballot of lastSlot

	// The own proposals.
	values   proposed
	homeless fifo[uint64]    // beaten values that wait for a slot
	spare    []*attempt      // to be used again
	prepares fifo[uint64]    // slots whose Prepare is to be sent
	accepts  fifo[uint64]    // slots whose Accept is to be sent
	resends  fifo[uint64]    // slots whose Prepare or Accept is to be sent again
	votes    fifo[basicVote] // own promises and acceptances on their way to the disk
	lost     []smr.Tag
	notices  []basicNotice // ring: what was chosen by own ballots
	noticed  uint64        // notices ever made
	cramped  bool          // a value to be accepted waits for room in the log
	urgent   bool          // a rival waits for the notices
	rtt      roundTrip

	// The disk.
	number    uint64       // of the last Ready with records
	persisted uint64       // Readys up to here are durable
	durable   uint64       // everything up to here is chosen, and durable here
	dirty     fifo[uint64] // slots with something to log
	sync      smr.SyncKind // what the dirty slots must be durable for
	marked    uint64       // last commit mark logged
	baseline  bool         // write one
	snapshot  uint64       // newest durable one, that a Baseline builds on
	pins      []basicPin   // snapshots in the making

	// The network.
	peers   []basicPeer
	answers fifo[basicRequest]
	in      Batch  // the frame being taken
	items   []byte // of the frame being packed
	buf     []byte // heads of what the last Ready handed out

	// Time.
	started  bool
	now      smr.Time // of the last input
	wake     smr.Time // no proposal is due earlier
	gap      timer.Election
	watched  uint64   // frontier at which gap was started
	stalled  bool     // gap has run out at this frontier
	fetchAt  smr.Time // when to fetch, Never if not behind
	fetching uint64   // highest slot asked for, 0 = none
	fetchee  int      // position of the peer asked last
}

// Bounds of one Ready and of one frame.
const (
	basicMaxEntries = 1024    // entries in a Ready
	basicMaxBytes   = 1 << 20 // bytes of entries in a Ready, once for all peers
	basicMaxDirty   = 4096    // slots logged in a Ready
	basicMaxRepeat  = 256     // slots repeated, served or filled in one go
	basicMaxNotices = 1024    // notices remembered: who misses more finds out by Known
	basicMaxPins    = 8       // snapshots in the making
	basicMaxAnswers = 1 << 14 // requests waiting for the disk: more are dropped, as if lost
)

// basicReplayed is the Ready number of what was logged before the restart.
const basicReplayed = 1

// basicPeer is what is known about another replica.
type basicPeer struct {
	id       smr.NodeID
	known    uint64   // it says that it knows everything up to here to be chosen
	sent     smr.Time // last frame to it
	noticed  uint64   // notices sent to it
	snapshot bool     // needs one
	first    []byte   // items to send that were not sent before
	again    []byte   // items to send that repeat or catch up
}

// NewBasic returns a replica of basic Paxos. cfg is validated.
func NewBasic(cfg smr.Config) (smr.Core, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	for _, id := range cfg.Peers {
		if id == smr.None || id > MaxNode {
			return nil, fmt.Errorf("paxos: replica numbers are 1 to %d, not %d", MaxNode, id)
		}
	}
	c := &basic{
		cfg:       cfg,
		self:      cfg.Position(cfg.ID),
		log:       window.New[struct{}](cfg.Retain+2*cfg.Inflight+4*cfg.MaxFrame, 0),
		values:    newProposed(&cfg),
		notices:   make([]basicNotice, basicMaxNotices),
		number:    basicReplayed,
		persisted: basicReplayed,
		peers:     make([]basicPeer, len(cfg.Peers)),
		wake:      smr.Never,
		gap:       timer.NewElection(&cfg),
		fetchAt:   smr.Never,
	}
	if cfg.Prefault {
		c.log.Prefault()
		c.values.win.Prefault()
	}
	c.cfg.Peers = append([]smr.NodeID(nil), cfg.Peers...)
	c.q1, c.q2 = cfg.Quorums()
	c.instances = make([]instance, c.log.Limit()-c.log.First()+1)
	c.mask = uint64(len(c.instances) - 1)
	for i, id := range cfg.Peers {
		c.peers[i].id = id
	}
	return c, nil
}

// instance is the state of one slot beside its entry, which stands in the log under
// the ballot Accepted.
type instance struct {
	Acceptor
	logged  uint64   // Ready that logged Promised; 0 = not yet
	heard   smr.Time // last request of a proposer for this slot
	attempt *attempt // own proposer at work here

	chosen       bool // the entry in the log is known to be chosen
	contested    bool // several proposers were seen here
	queued       bool // stands in dirty
	dirtyPromise bool
	dirtyEntry   bool
}

// reached notes that this replica has come to a place that a search for bugs must reach.
func (c *basic) reached(place probe.ID) { c.cfg.Probes.Hit(place) }

// at returns the instance of a slot within [First, Limit] of the log.
func (c *basic) at(slot uint64) *instance {
	if slot < c.log.First() || slot > c.log.Limit() {
		panic(fmt.Sprintf("paxos: slot %d is not in [%d, %d]", slot, c.log.First(), c.log.Limit()))
	}
	return &c.instances[slot&c.mask]
}

// holds reports whether a slot lies within the log's window, filled or not.
func (c *basic) holds(slot uint64) bool { return slot >= c.log.First() && slot <= c.log.Limit() }

// Applied implements smr.Core.
func (c *basic) Applied(index uint64) {
	if index > c.delivered {
		panic(fmt.Sprintf("paxos: applied %d, but only %d has gone out", index, c.delivered))
	}
	for c.applied < index {
		c.applied++
		if s := c.log.At(c.applied); s != nil {
			size := window.EncodedSize(s.Size())
			c.retained += size
			c.open -= size
			c.filled--
		}
	}
	c.trim()
}

// trim lets go of what is applied, durable and beyond Retain.
func (c *basic) trim() {
	ring := uint64(len(c.instances))
	for slot := c.log.First(); c.spent(slot); slot++ {
		short := c.used+ring/4 > c.log.Limit()
		if c.pinned(slot, short) || !short && c.retained <= c.cfg.Retain && c.used-slot < ring/2 {
			return
		}
		c.release(slot)
	}
}

// spent reports whether the log can do without a slot.
func (c *basic) spent(slot uint64) bool { return slot <= c.applied && c.onDisk(slot) }

// release lets go of slots up to i.
func (c *basic) release(i uint64) {
	for j := c.log.First(); j <= min(i, c.log.Limit()); j++ {
		in := c.at(j)
		if in.attempt != nil {
			panic(fmt.Sprintf("paxos: slot %d released with a proposer at work", j))
		}
		if s := c.log.At(j); s != nil && j <= c.applied {
			c.retained -= window.EncodedSize(s.Size())
		} else if s != nil {
			c.open -= window.EncodedSize(s.Size())
			c.filled--
		}
		if in.Accepted != 0 {
			c.base = in.Accepted
		}
		*in = instance{}
	}
	c.log.Release(i)
	c.durable = max(c.durable, i)
}

// put stores an entry as accepted under ballot. It reports false, and has changed
// nothing, if there is no room. The next slot to be chosen must always fit, or nothing
// could ever be applied and released again: so the others leave room for one entry,
// wherever the arena's end happens to lie, and those far off some more. all is for
// replay, where everything fitted before.
func (c *basic) put(slot uint64, ballot Ballot, sum uint32, data []byte, all bool) bool {
	held := c.log.At(slot)
	if held != nil && held.Sum == sum && string(c.log.Data(slot)) == string(data) {
		c.log.SetBallot(slot, uint64(ballot))
		return true
	}
	reserve := 3 * c.cfg.MaxFrame
	switch {
	case all || slot == c.frontier+1:
		reserve = 0
	case slot <= c.frontier+basicMaxRepeat:
		reserve = 2 * c.cfg.MaxFrame
	}
	size, before := window.EncodedSize(len(data)), 0
	if held != nil {
		before = window.EncodedSize(held.Size())
	}
	for {
		if c.log.Bytes()+size+reserve <= c.log.Capacity() && c.log.Put(slot, uint64(ballot), 0, sum, data) != nil {
			c.open += size - before
			c.usual += (size - c.usual) / 8
			if held != nil {
				c.reached(probe.BasicAcceptOverwrites)
			} else {
				c.filled++
			}
			return true
		}
		first := c.log.First()
		if !c.spent(first) || c.pinned(first, true) {
			c.reached(probe.BasicAcceptNoRoom)
			return false
		}
		c.release(first)
	}
}

// choose marks the entry in the log as chosen. ballot is the one that it was found
// to be chosen under.
func (c *basic) choose(now smr.Time, slot uint64, ballot Ballot) {
	in := c.at(slot)
	in.chosen = true
	if slot > c.lastSlot {
		c.lastSlot, c.last = slot, ballot
	}
	c.advance()
	if p := in.attempt; p != nil {
		c.settle(now, p)
	}
}

func (c *basic) advance() {
	for c.frontier < c.log.Last() && c.at(c.frontier+1).chosen {
		c.frontier++
	}
}

// basicPin is a snapshot that may be in the making: a Baseline will need what follows it.
// The core is not told whether it becomes durable, or was taken only to be sent.
type basicPin struct {
	index uint64
	at    smr.Time
}

// pinned reports whether a pin holds a slot. If room is short, pins give way that are
// older than the shortest election timeout; their snapshots will have no Baseline.
func (c *basic) pinned(slot uint64, short bool) bool {
	if short {
		c.pins = slices.DeleteFunc(c.pins, func(p basicPin) bool { return c.now-p.at >= c.cfg.ElectionMin })
	}
	for _, p := range c.pins {
		if p.index < slot {
			return true
		}
	}
	return false
}

// unpin forgets the pins of snapshots up to index: a newer one is durable.
func (c *basic) unpin(index uint64) {
	c.pins = slices.DeleteFunc(c.pins, func(p basicPin) bool { return p.index <= index })
}

// Meta implements smr.Core. A snapshot remembers under which ballot its last slot
// was chosen, for Status only: nothing is ever proposed again below it.
func (c *basic) Meta(index uint64, dst []byte) []byte {
	if len(c.pins) == basicMaxPins {
		c.pins = slices.Delete(c.pins, 0, 1)
	}
	c.pins = append(c.pins, basicPin{index, c.now})
	b := c.base
	if c.log.Has(index) {
		b = c.at(index).Accepted
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(b))
}

// leader is whose ballot chose the highest slot known to be chosen. A non-voter sends
// clients on to the next peer instead: it knows nobody before something is chosen, and
// whom it knows may be a non-voter too, so that two of them would send a client to and
// fro for good. Round the ring it comes to a voter.
func (c *basic) leader() smr.NodeID {
	if c.cfg.NonVoter {
		return c.cfg.Peers[(c.self+1)%len(c.peers)]
	}
	return c.last.Node()
}

// Status implements smr.Core.
func (c *basic) Status(st *smr.Status) {
	for c.durable < c.frontier && c.onDisk(c.durable+1) {
		c.durable++
	}
	durable := c.durable
	for c.onDisk(durable + 1) { // not chosen, may be overwritten
		durable++
	}
	*st = smr.Status{
		Role: smr.Follower, Term: uint64(c.promised), Leader: c.leader(),
		First: c.log.First(), Last: c.log.Last(), Commit: c.frontier, Durable: durable,
	}
}

// onDisk reports whether the entry of a slot is durable as it stands.
func (c *basic) onDisk(slot uint64) bool {
	s := c.log.At(slot)
	return s != nil && s.Number != 0 && s.Number <= c.persisted
}

// promiseOnDisk reports whether the promise of an instance is durable as it stands.
func (c *basic) promiseOnDisk(in *instance) bool {
	if mutant.Enabled && mutant.On(mutant.BasicPromiseNotDurable) {
		return true
	}
	return in.logged != 0 && in.logged <= c.persisted
}
