package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// leading is phase 2 at its leader. Bytes are counted over the encoded entries above
// base, from 0 in each ballot.
type leading struct {
	base      uint64  // highest slot known to be chosen when the leadership began
	inherited uint64  // highest slot that was proposed before it
	own       uint64  // all of (base, own] is counted as accepted by the own acceptor
	confirmed smr.Set // who has answered in this ballot since it was elected
	serving   bool    // everything up to inherited is chosen, and q2 have confirmed

	lastEnd     uint64 // bytes proposed
	commitEnd   uint64 // of these up to commit
	releasedEnd uint64 // of these below the window's first slot
}

// progress is what the leader knows of one peer.
type progress struct {
	acked    uint64 // all of (base, acked] is durable there, and accepted or known there to be chosen
	ackedEnd uint64 // bytes up to acked
	next     uint64 // next slot to be sent for the first time
	sentEnd  uint64 // bytes below next
	known    uint64 // all up to here is known there to be chosen
	echo     uint64 // highest sequence number it has seen
	missing  uint64 // lowest slot that is to be sent again; 0 = none
	seq      uint64 // of the last accept or heartbeat
	resent   uint64 // the same when something was last sent again
	doubt    uint64 // up to here earlier acknowledgements do not keep from sending again
	snapshot bool   // it needs what the window no longer holds
	nonVoter bool   // it has lost its log once: what it holds is for sending only, and counts for nothing
	beat     bool   // a heartbeat is due
	sentAt   smr.Time
}

// lostInFlight makes the leader send again whatever is not acknowledged.
func (p *progress) lostInFlight() {
	p.beat = true
	p.resent = 0
	if p.acked+1 < p.next {
		p.missing = p.acked + 1
	}
}

// becomeLeader begins phase 2: every slot above commit gets the value of the
// highest-numbered proposal reported, or a no-op if there was none, under the own
// ballot (Paxos Made Simple, 3).
func (m *MultiPaxos) becomeLeader(now smr.Time) {
	b := m.proposer.Ballot
	m.proposer.Accept()
	m.role, m.leader = smr.Leader, m.cfg.ID
	m.timer.Stop()
	m.contacts.Reset(now)
	m.leading = leading{base: m.commit, inherited: m.win.Last(), own: m.commit}
	for s := m.commit + 1; s <= m.inherited; s++ {
		if m.win.Has(s) {
			m.reached(probe.MultiReproposed)
			m.reaccept(s, b)
		} else {
			m.reached(probe.MultiHoleFilled)
			m.mustPut(s, b)
		}
		m.open(s, b)
	}
	for i := range m.peers {
		m.peers[i].progress = progress{acked: m.base, next: m.base + 1, beat: true, sentAt: now}
	}
	m.event(now, smr.Elected, b, m.cfg.ID)
	m.confirmed.Add(m.self)
	m.advanceLeader(now)
}

// open makes slot s part of phase 2 of the own ballot.
func (m *MultiPaxos) open(s uint64, b Ballot) {
	slot := m.win.At(s)
	m.lastEnd += uint64(window.EncodedSize(slot.Size()))
	slot.X.learner = Learner{Ballot: b}
	slot.X.end = m.lastEnd
}

// Propose implements smr.Core.
func (m *MultiPaxos) Propose(now smr.Time, tag smr.Tag, data []byte) error {
	if m.role != smr.Leader {
		return smr.ErrNotLeader
	}
	if len(data) > m.cfg.MaxFrame-smr.Overhead {
		return malformed("an entry of %d bytes; at most %d", len(data), m.cfg.MaxFrame-smr.Overhead)
	}
	size := uint64(window.EncodedSize(len(data)))
	s := m.win.Last() + 1
	if open := m.lastEnd - m.commitEnd; open > 0 && open+size > uint64(m.cfg.Inflight) || s-m.commit > m.ring/4 {
		m.reached(probe.MultiWindowFull)
		return smr.ErrFull
	}
	if m.put(s, m.proposer.Ballot, tag, window.Sum(data), data) == nil {
		return smr.ErrFull
	}
	m.open(s, m.proposer.Ballot)
	return nil
}

// acceptSelf counts the own acceptor for what has become durable here.
func (m *MultiPaxos) acceptSelf() {
	m.own = max(m.own, m.commit)
	for {
		slot := m.win.At(m.own + 1)
		if slot == nil || Ballot(slot.Ballot) != m.proposer.Ballot || !m.isDurable(slot.Number) && !(mutant.Enabled && mutant.On(mutant.MultiCountsUnsynced)) {
			return
		}
		m.own++
		m.acceptedBy(m.self, m.own, m.own)
	}
}

// acceptedBy counts a member's acceptance of the slots lo..hi, unless it is a
// non-voter. Each slot becomes chosen on its own, in whatever order.
func (m *MultiPaxos) acceptedBy(pos int, lo, hi uint64) {
	if m.peers[pos].nonVoter {
		return
	}
	for s := max(lo, m.commit+1); s <= min(hi, m.win.Last()); s++ {
		slot := m.win.At(s)
		if slot.X.learner.Accepted(pos, m.proposer.Ballot, m.q2) {
			slot.X.chosen = true
		}
	}
}

// stepAccepted takes an acknowledgement.
func (m *MultiPaxos) stepAccepted(now smr.Time, pos int, in *message) {
	if m.role != smr.Leader || in.ballot != m.proposer.Ballot && !(mutant.Enabled && mutant.On(mutant.MultiCountsAcrossBallots)) {
		m.reached(probe.MultiAcceptedStale)
		return
	}
	p := &m.peers[pos]
	p.nonVoter = p.nonVoter || in.flags&flagNonVoter != 0
	if !p.nonVoter {
		m.contacts.Heard(pos, now)
		m.confirmed.Add(pos)
	}
	m.acked(pos, min(in.slot, m.win.Last()))
	for i := range in.countSpans() {
		s := in.span(i)
		m.acceptedBy(pos, max(s.lo, m.base+1), s.hi)
	}
	if in.other >= p.echo { // not overtaken by a later one
		p.echo, p.known = in.other, min(in.known, m.win.Last())
		if p.known >= m.base && p.next <= p.known { // brought there by others, or by a snapshot
			p.next, p.sentEnd = p.known+1, m.endOf(p.known)
		}
		m.misses(p, in.last)
	} else {
		m.reached(probe.MultiAcceptedOvertaken)
	}
	if p.snapshot && m.holds(p)+1 >= m.win.First() {
		p.snapshot = false
	}
	m.advanceLeader(now)
}

// misses takes the peer's word that it lacks slot s, unless what was sent again may
// still be on its way. s may lie below what it acknowledged: a peer that restarted
// no longer knows to be chosen what its log has only under an earlier ballot.
func (m *MultiPaxos) misses(p *peer, s uint64) {
	if s <= m.base || s >= p.next || p.echo < p.resent {
		return
	}
	if s <= p.acked {
		m.reached(probe.MultiAckTakenBack)
		p.doubt = p.acked
		p.acked, p.ackedEnd = s-1, min(m.endOf(s-1), p.sentEnd)
	}
	p.missing = s
}

// endOf is how many bytes were proposed up to slot s, or at least up to what the
// window still holds.
func (m *MultiPaxos) endOf(s uint64) uint64 {
	if slot := m.win.At(s); slot != nil && s > m.base {
		return slot.X.end
	}
	return m.releasedEnd
}

// acked moves the frontier of one peer.
func (m *MultiPaxos) acked(pos int, frontier uint64) {
	p := &m.peers[pos]
	if frontier <= p.acked {
		return
	}
	m.acceptedBy(pos, p.acked+1, frontier)
	p.acked, p.ackedEnd = frontier, m.endOf(frontier)
	if p.next <= p.acked {
		p.next, p.sentEnd = p.acked+1, p.ackedEnd
	}
	p.ackedEnd = min(p.ackedEnd, p.sentEnd)
	if p.missing <= p.acked {
		p.missing = 0
	}
}

// holds is the highest slot up to which the peer has everything: what it knows to be
// chosen and, if no gap is between, what it has accepted in this ballot.
func (m *MultiPaxos) holds(p *peer) uint64 {
	if p.known >= m.base {
		return max(p.known, p.acked)
	}
	return p.known
}

// advanceLeader moves commit over what is chosen. The leader serves when all it has
// inherited is, and, had it nothing to inherit, when q2 have confirmed that they
// follow it: its promises may be old, and a higher ballot may long have been at work.
func (m *MultiPaxos) advanceLeader(now smr.Time) {
	if mutant.Enabled && mutant.On(mutant.MultiCountsUnsynced) {
		m.acceptSelf()
	}
	m.advance()
	if m.commit > m.base && m.commit >= m.win.First() {
		slot := m.win.At(m.commit)
		m.commitEnd = slot.X.end
		if !m.isDurable(slot.Number) {
			m.reached(probe.MultiChosenBeforeOwnDisk)
		}
	}
	if !m.serving && m.commit >= m.inherited && m.confirmed.Len() < m.q2 {
		m.reached(probe.MultiServingWaits)
	}
	if !m.serving && m.commit >= m.inherited && m.confirmed.Len() >= m.q2 {
		m.serving = true
		m.event(now, smr.Serving, m.proposer.Ballot, m.cfg.ID)
	}
}

// tickLeader speaks to whom nothing was said for a heartbeat interval, and steps
// down if too few answered. Those are q2, the leader included: with fewer it cannot
// have anything chosen and had better let others try; fewer than q1 would only keep
// others from being elected.
func (m *MultiPaxos) tickLeader(now smr.Time) {
	if m.cfg.CheckQuorum && m.contacts.Within(now, m.cfg.ElectionMin) < m.q2 {
		m.reached(probe.MultiQuorumLost)
		m.becomeFollower(now, smr.None)
		return
	}
	for i := range m.peers {
		p := &m.peers[i]
		p.beat = p.beat || now-p.sentAt >= m.cfg.Heartbeat
	}
}

// sendAccepts is phase 2a to every peer: new slots, slots that were lost, or a
// heartbeat if there is nothing to say and it is due.
func (m *MultiPaxos) sendAccepts(now smr.Time, rd *smr.Ready) {
	for i := range m.peers {
		if i == m.self {
			continue
		}
		p := &m.peers[i]
		if !p.down && !p.snapshot {
			m.resend(now, rd, p)
			m.sendNew(now, rd, p)
		}
		if p.beat {
			m.sendAccept(now, rd, p, smr.Heartbeat, nil)
		}
	}
}

// sendNew pipelines what the peer was not sent yet, as far as its share of Inflight
// goes.
func (m *MultiPaxos) sendNew(now smr.Time, rd *smr.Ready, p *peer) {
	for p.next <= m.win.Last() {
		inFlight := p.sentEnd - p.ackedEnd
		if inFlight >= uint64(m.cfg.Inflight) || p.next-p.acked > m.ring/4 {
			return
		}
		if p.next < m.win.First() {
			p.snapshot = true
			return
		}
		run, next := m.win.Run(p.next, m.win.Last(), min(m.cfg.MaxFrame-multiHeadSize, m.cfg.Inflight-int(inFlight)))
		p.next = next
		p.sentEnd = m.win.At(next - 1).X.end
		m.sendAccept(now, rd, p, smr.Replication, run)
	}
}

// resend sends again what the peer misses and has not acknowledged.
func (m *MultiPaxos) resend(now smr.Time, rd *smr.Ready, p *peer) {
	lo := p.missing
	if lo == 0 {
		return
	}
	p.missing = 0
	if lo < m.win.First() {
		p.snapshot = true
		return
	}
	pos := m.cfg.Position(p.id)
	has := func(s uint64) bool {
		return s > p.doubt && !p.nonVoter && m.win.At(s).X.learner.Acceptors.Has(pos)
	}
	for lo < p.next {
		if has(lo) {
			lo++
			continue
		}
		hi := lo
		for hi+1 < p.next && !has(hi+1) {
			hi++
		}
		var run []byte
		m.reached(probe.MultiRetransmitted)
		run, lo = m.win.Run(lo, hi, m.cfg.MaxFrame-multiHeadSize)
		m.sendAccept(now, rd, p, smr.CatchUp, run)
	}
	p.resent, p.doubt = p.seq, 0
}

// sendAccept sends one accept or heartbeat, with the notice.
func (m *MultiPaxos) sendAccept(now smr.Time, rd *smr.Ready, p *peer, kind smr.Kind, run []byte) {
	p.seq++
	p.beat = false
	p.sentAt = now
	head := message{typ: msgAccept, ballot: m.proposer.Ballot, slot: m.base, last: p.next - 1, known: m.commit, other: p.seq}
	m.send(rd, p.id, kind, &head, nil, run)
}
