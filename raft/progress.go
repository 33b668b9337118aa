package raft

import "github.com/consbench/consbench/bench/smr"

// progressState says how a leader sends entries to a peer.
type progressState uint8

const (
	// probing: where the peer's log stops to match is not known. One append is under
	// way; its answer tells.
	probing progressState = iota
	// replicate: appends are pipelined; next runs ahead of what is acknowledged.
	replicate
	// snapshot: the peer needs what the window no longer holds.
	snapshot
)

func (s progressState) String() string { return [...]string{"probing", "replicate", "snapshot"}[s] }

// progress is a leader's view of one peer. match < next always; everything up to
// match is durable there.
type progress struct {
	state progressState
	match uint64
	next  uint64 // probing: where to ask next; replicate: first entry not yet sent; snapshot: the window's first
	sent  uint64 // entries up to here were sent once, or stood in the log before this term

	// Appends to a peer are numbered. A rejection of one sent before the last
	// change of plan says nothing new: a single lost frame makes the peer reject
	// the whole pipeline behind it, and only the first rejection counts.
	seq   uint64 // of the last append
	reset uint64 // value of seq when the plan last changed

	nonVoter bool // it has lost its log once: match steers what is sent to it and counts for nothing

	probed bool     // probing: the append is under way
	beat   bool     // something must be said now, a heartbeat if there are no entries
	sentAt smr.Time // when anything was last sent
}

// peer is all that a core remembers of another server.
type peer struct {
	id smr.NodeID
	progress

	// Owed to it at the next Ready that may.
	voteOwed   bool // an answer to its RequestVote in the current term, or a refusal of an old one
	voteRound  uint64
	preOwed    bool // an answer to its pre-vote
	preRound   uint64
	preGranted bool
	staleOwed  bool // it leads, or thinks so, in an old term

	// Candidate: what is wanted from it.
	ask      bool // a request is to be sent
	answered bool
}

// lead starts the progress of a new leader whose log ends at last.
func (p *peer) lead(last uint64) {
	p.progress = progress{next: last + 1, sent: last, beat: true}
}

func (p *progress) become(s progressState, next uint64) {
	p.state, p.next = s, max(next, p.match+1)
	p.reset, p.probed = p.seq, false
}

// forget: the peer has lost its log, and with it perhaps what it had acknowledged.
// Each loss shows in a rejection. To take match back too often costs only bytes.
func (p *progress) forget(m *appendReply) {
	if !p.nonVoter || m.rejected {
		p.match = min(p.match, m.match)
	}
	p.nonVoter = true
}

// released: the window now begins at first.
func (p *progress) released(first uint64) {
	if p.next < first {
		p.become(snapshot, first)
	}
}

// wants is the lowest entry the peer may still ask for.
func (p *progress) wants() uint64 {
	if p.state == snapshot {
		return p.next
	}
	return p.match + 1
}

// linkChanged: what is under way may be lost. Begin again behind match; wait with
// it while the link is down.
func (p *progress) linkChanged(up bool) {
	switch p.state {
	case replicate:
		if p.next == p.match+1 {
			return
		}
		p.become(probing, p.match+1)
		p.probed = !up
	case probing:
		p.probed = !up
	}
	p.beat = p.beat || up
}
