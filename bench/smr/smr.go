package smr

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/consbench/consbench/bench/smr/probe"
)

// NodeID names a replica. 0 is nobody.
type NodeID uint32

// None is the NodeID of nobody.
const None NodeID = 0

func (id NodeID) String() string {
	if id == None {
		return "-"
	}
	return "n" + strconv.FormatUint(uint64(id), 10)
}

// Time is nanoseconds since the cluster's start: an input, never read from a clock.
type Time int64

// Never is a deadline that does not come.
const Never Time = math.MaxInt64

func (t Time) String() string {
	if t == Never {
		return "never"
	}
	return time.Duration(t).String()
}

// Tag names a proposal at the replica where it was made; 0 is no proposal of
// this replica (a no-op, another replica's command, or one given up as Lost).
type Tag uint64

// Kind says what a frame is for. Costs per commit are counted by kind.
type Kind uint8

const (
	Replication Kind = iota // carries or acknowledges entries for the first time
	Election                // votes, prepares, promises
	Heartbeat               // says only that the sender is alive and what is committed
	CatchUp                 // repeats what was sent before, or serves a replica that fell behind
	Kinds       = 4         // number of kinds
)

var kindNames = [Kinds]string{"replication", "election", "heartbeat", "catch-up"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Config is what every protocol is told. Sizes are in bytes.
type Config struct {
	ID    NodeID
	Peers []NodeID // every voting member, ID included, ascending
	Seed  uint64   // of this replica in this incarnation

	ElectionMin, ElectionMax Time // an election timer runs for a time drawn uniformly from [ElectionMin, ElectionMax]
	Heartbeat                Time // a leader that has nothing else to say speaks this often

	MaxFrame int  // no frame is longer, head and body together
	Inflight int  // bytes of entries that a leader has open (proposed, not yet chosen)
	Retain   int  // bytes of committed entries kept for peers that lag
	Prefault bool // touch the log's memory at the start, so that a live run does not pay for fresh pages while it is measured

	PreVote     bool // ask before disturbing: Ongaro, dissertation, 9.6
	CheckQuorum bool // a leader that hears from no quorum for ElectionMin steps down: dissertation, 6.2
	Q1, Q2      int  // quorum sizes of phase 1 (elections) and phase 2 (replication); 0 = majority
	NonVoter    bool // the replica has lost what it had promised and is in no quorum any more; see the package comment

	Probes *probe.Set // counts the places reached in a search for bugs; nil = not counted
}

// Overhead is the part of MaxFrame that protocols may use for themselves: the data
// of one entry is at most MaxFrame - Overhead bytes.
const Overhead = 256

// Quorums returns the sizes of the phase 1 and phase 2 quorums in force.
func (c *Config) Quorums() (q1, q2 int) {
	q1, q2 = c.Q1, c.Q2
	if q1 == 0 {
		q1 = len(c.Peers)/2 + 1
	}
	if q2 == 0 {
		q2 = len(c.Peers)/2 + 1
	}
	return q1, q2
}

// Protocol is a replicated log that can be benchmarked: what a main hands to cmd.Main.
type Protocol struct {
	Name string // as typed after --protocol
	Doc  string // one line
	New  func(Config) (Core, error)

	Leaderless  bool // any replica may propose; there are no elections
	Flexible    bool // honours Config.Q1 and Q2
	LogMatching bool // entries of equal index and term follow on equal logs; a log may be cut off and go on otherwise

	Describe       func(frame []byte) string  // a frame in words, for a person; nil = there are none
	DescribeRecord func(record []byte) string // likewise a record of the log
	DescribeTerm   func(term uint64) string   // likewise a term or ballot; nil = its number

	Guide string // what its papers describe and where to watch it, for consbench help NAME; empty = none
}

// Errors of Propose.
var (
	ErrNotLeader = errors.New("smr: not the leader")
	ErrFull      = errors.New("smr: the window of open entries is full")
)

// ErrMalformed is wrapped by every error of Step and Replay.
var ErrMalformed = errors.New("smr: malformed")

// Core is one replica of a replicated log. See the package comment for the
// order of calls and the life of buffers. A Core panics on a broken invariant of
// its own; it returns errors for what the world can get wrong.
type Core interface {
	// Restore is called once before Start with the newest own snapshot: the log
	// index it covers (inclusive) and what Meta returned for it; index 0 = none.
	Restore(index uint64, meta []byte) error
	// Replay is called for every record from the newest durable Baseline on, in
	// the order written, head and body joined. Records that the snapshot covers
	// may be among them and are skipped. The driver calls Ready after each, and
	// Applied for what it yields, so that a log of any length passes through the
	// core's window.
	Replay(record []byte) error
	// Start ends recovery. Timers run from now.
	Start(now Time)

	// Step takes one frame, head and body joined. An error means that the frame
	// is malformed; it has then changed nothing. A frame that a correct peer sent
	// is never malformed, however old it is.
	Step(now Time, from NodeID, frame []byte) error
	// Tick says that the Deadline of the last Ready has come. Early or
	// superfluous Ticks are harmless.
	Tick(now Time)
	// Propose asks for data to be replicated as one entry. tag is not 0. It
	// returns ErrNotLeader or ErrFull and then has changed nothing. Data longer
	// than MaxFrame - Overhead is a mistake of the caller and gets another error.
	Propose(now Time, tag Tag, data []byte) error
	// Peer is a hint: the connection to id went up or down, frames in flight to
	// it may be lost.
	Peer(now Time, id NodeID, up bool)
	// Persisted says that the records of every Ready numbered up to number are
	// durable.
	Persisted(now Time, number uint64)
	// Applied says that the state machine has applied everything up to index
	// (inclusive). The core may now let go of entries beyond Retain.
	Applied(index uint64)

	// Meta appends to dst what a snapshot of the state machine at index must
	// remember of the protocol. index is the last applied one. The snapshot may be
	// for the own log, and then Snapshotted follows, or for a peer.
	Meta(index uint64, dst []byte) []byte
	// Snapshotted says that the own snapshot at index is durable: the next Ready
	// writes a Baseline, unless the window has had to let go of what follows index.
	Snapshotted(index uint64)
	// Installed says that a peer's snapshot at index is durable here and that the
	// state machine now stands there. A Baseline may follow.
	Installed(now Time, index uint64, meta []byte)

	// Ready moves all output into rd, reusing its slices. rd.More asks for
	// another call before anything else.
	Ready(now Time, rd *Ready)
	// Status describes the core as of the last call.
	Status(*Status)
}

// SyncKind says what the records of a Ready must be durable for. It orders the
// kinds by what a model may charge for them.
type SyncKind uint8

const (
	SyncNone     SyncKind = iota // need not be made durable soon (a commit mark)
	SyncEntries                  // entries, to be acknowledged
	SyncVote                     // a vote or promise, to be granted
	SyncCampaign                 // an own candidacy, to be announced
)

// Record is one record of the durable log. Only the concatenation counts.
type Record struct{ Head, Body []byte }

// Frame is one message to a peer. Only the concatenation counts; peers that are
// sent the same entries share one Body. A Body protects itself (entries carry
// their own checksums); a Head is protected by the transport.
type Frame struct {
	To         NodeID
	Kind       Kind
	Head, Body []byte
}

// Entry is one slot of the log: a batch of client commands. Empty Data is a no-op.
type Entry struct {
	Index uint64
	Tag   Tag    // of the own proposal, else 0
	Sum   uint32 // CRC-32C of Data
	Data  []byte
}

// Ready is everything that a core wants done.
type Ready struct {
	Number     uint64   // counts Readys that carry records; what Persisted refers to; 0 without records
	Sync       SyncKind // what Records must be durable for
	Records    []Record // to be appended to the log, in order
	Baseline   bool     // Records are self-contained from here: once durable, all older records may go
	Frames     []Frame  // to be sent, in order
	Committed  []Entry  // contiguous, in order
	Lost       []Tag    // own proposals whose fate can no longer be told here: the client retries
	SnapshotTo []NodeID // peers that need what the window no longer holds; repeated until they are past it
	Leader     NodeID   // the leader this replica knows, None if it knows none; without leaders, whose value was chosen last
	Events     []Event  // what happened since the last Ready
	Deadline   Time     // when to call Tick next
	More       bool     // output was bounded: call Ready again at once
}

// Reset empties rd and keeps its memory. Cores call it first in Ready.
func (rd *Ready) Reset() {
	clear(rd.Records)
	clear(rd.Frames)
	clear(rd.Committed)
	*rd = Ready{
		Records: rd.Records[:0], Frames: rd.Frames[:0], Committed: rd.Committed[:0],
		Lost: rd.Lost[:0], SnapshotTo: rd.SnapshotTo[:0], Events: rd.Events[:0], Deadline: Never,
	}
}

// EventType is a step of an election, seen from one replica.
type EventType uint8

const (
	TimedOut    EventType = iota // the election timer ran out (with pre-vote: before the poll)
	Campaign                     // became a candidate in Term and asks for votes
	Elected                      // has its quorum for Term
	Following                    // heard for the first time from Node as the leader of Term
	SteppedDown                  // was leader or candidate of Term, is no more
	Serving                      // as leader of Term knows everything before its term to be chosen
)

var eventNames = [...]string{"timed-out", "campaign", "elected", "following", "stepped-down", "serving"}

func (t EventType) String() string {
	if int(t) < len(eventNames) {
		return eventNames[t]
	}
	return "event(" + strconv.Itoa(int(t)) + ")"
}

// Event is one step of an election at the replica that reports it.
type Event struct {
	Type EventType
	Time Time
	Term uint64 // term or ballot
	Node NodeID // the leader concerned, None if there is none
}

// Role is what a replica is in its protocol.
type Role uint8

const (
	Follower Role = iota
	PreCandidate
	Candidate
	Leader
)

var roleNames = [...]string{"follower", "pre-candidate", "candidate", "leader"}

func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "role(" + strconv.Itoa(int(r)) + ")"
}

// Status describes a core.
type Status struct {
	Role    Role
	Term    uint64 // term, or the highest ballot promised
	Leader  NodeID
	First   uint64 // lowest index the window still holds; Last+1 if it holds none
	Last    uint64 // highest index with an entry
	Commit  uint64 // everything up to here is chosen and known here to be
	Durable uint64 // everything up to here is durable here
}
