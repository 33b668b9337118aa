package paxos

import (
	"bytes"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// acceptor is this replica as acceptor. One promise covers all slots; what is
// accepted in each is the Ballot of its window slot.
type acceptor struct {
	promised      Ballot    // for every slot; only grows
	promiseNumber uint64    // Ready in which promised went to the log; 0 = not yet
	pledge        pledge    // the promise being answered
	following     following // phase 2 with the leader of the ballot promised
}

// pledge is a promise to one candidate whose pages are still to be sent.
type pledge struct {
	to     int // position
	ballot Ballot
	next   uint64 // lowest slot not reported yet
	have   [maxSpans]span
	n      int  // of have
	due    bool // pages are to be sent
	behind bool // the candidate needs a snapshot first
}

// following is the acceptor's side of phase 2 under one leader. The slots up to
// base were decided before the ballot and are no matter of acknowledgement.
type following struct {
	ballot   Ballot // of the leader followed; 0 = none heard in this incarnation
	base     uint64
	frontier uint64 // all of (base, frontier] is durable, and accepted in ballot or known to be chosen
	received uint64 // the same, durable or not
	top      uint64 // highest slot accepted in ballot
	disorder uint64 // above frontier and up to here slots came out of order
	sent     uint64 // highest slot that the leader says it has sent
	notice   uint64 // highest slot up to which the leader says that all is chosen
	echo     uint64 // highest sequence number of a frame of the leader

	disorderly bool // entries became durable since the last acknowledgement
	beat       bool // a heartbeat is to be answered
	repeat     bool // a repeated or unusable accept is to be answered
}

// at is the acceptor of one instance.
func (m *MultiPaxos) at(s uint64) Acceptor {
	a := Acceptor{}
	if slot := m.win.At(s); slot != nil {
		a.Accepted = Ballot(slot.Ballot)
		a.Promised = a.Accepted
	}
	return a.Within(m.promised)
}

// promise raises the promise for all slots. It is logged by the next Ready and
// answered when durable.
func (m *MultiPaxos) promise(b Ballot) {
	if b > m.promised {
		m.promised, m.promiseNumber = b, 0
	}
}

// promiseDurable reports whether the promise may be told.
func (m *MultiPaxos) promiseDurable() bool {
	if mutant.Enabled && mutant.On(mutant.MultiPromiseNotDurable) {
		return true
	}
	return m.promised == 0 || m.isDurable(m.promiseNumber)
}

// stepPrepare is phase 1b for all slots from in.slot on.
func (m *MultiPaxos) stepPrepare(now smr.Time, pos int, in *message) {
	if m.cfg.NonVoter {
		return // neither a promise nor, which would be as good, a rejection
	}
	p := &m.peers[pos]
	log := Acceptor{Promised: m.promised}
	if !log.Prepare(in.ballot) {
		m.reached(probe.MultiPrepareRejected)
		p.rejected = in.ballot
		return
	}
	if in.slot == 0 {
		return
	}
	if in.ballot > m.promised {
		m.promise(in.ballot)
		m.becomeFollower(now, smr.None)
		// The candidate gets its time, but one after the other that cannot win must not
		// keep this replica, which perhaps can, from ever trying.
		if !m.yielded {
			m.timer.Restart(now)
		}
		m.yielded = true
	} else {
		m.reached(probe.MultiPrepareRepeated)
		if in.slot > m.pledge.next { // it gets on; the same again is no sign of that
			m.timer.Restart(now)
		}
	}
	behind := m.pledge.ballot == in.ballot && m.pledge.behind && in.slot < m.win.First()
	m.pledge = pledge{to: pos, ballot: in.ballot, next: in.slot, n: in.countSpans(), due: true, behind: behind}
	for i := range m.pledge.n {
		m.pledge.have[i] = in.span(i)
	}
}

// reports says whether slot s belongs into the promise: it holds an accepted
// proposal that is numbered higher than what the candidate itself holds there. Any
// other would not be adopted.
func (m *MultiPaxos) reports(pl *pledge, s uint64) bool {
	slot := m.win.At(s)
	if slot == nil {
		return false
	}
	for _, h := range pl.have[:pl.n] {
		if h.lo <= s && s <= h.hi && h.ballot >= Ballot(slot.Ballot) {
			return false
		}
	}
	return true
}

// sendPromise sends pages of the promise, up to Inflight bytes of them; the
// candidate asks for more.
func (m *MultiPaxos) sendPromise(rd *smr.Ready) {
	pl := &m.pledge
	if !pl.due || pl.ballot != m.promised || !m.promiseDurable() {
		return
	}
	pl.due = false
	to := m.peers[pl.to].id
	head := message{typ: msgPromise, ballot: pl.ballot, known: m.commit}
	if pl.next < m.win.First() {
		m.reached(probe.MultiPromiseBehind)
		pl.behind = true
		head.flags, head.slot, head.last = flagBehind, pl.next, m.win.First()
		m.send(rd, to, smr.Election, &head, nil, nil)
		return
	}
	pl.behind = false
	for sent := 0; ; {
		lo := pl.next
		for lo <= m.win.Last() && !m.reports(pl, lo) {
			lo++
		}
		head.slot = pl.next
		if lo > m.win.Last() {
			head.flags, head.last = flagFinal, max(m.win.Last(), pl.next-1)
			m.send(rd, to, smr.Election, &head, nil, nil)
			return
		}
		hi := lo
		for hi < m.win.Last() && m.reports(pl, hi+1) {
			hi++
		}
		run, next := m.win.Run(lo, hi, m.cfg.MaxFrame-multiHeadSize)
		sent += len(run)
		head.last, pl.next = next-1, next
		switch {
		case next > m.win.Last():
			head.flags = flagFinal
		case sent >= m.cfg.Inflight:
			m.reached(probe.MultiPromisePaged)
			head.flags = flagMore
		}
		m.send(rd, to, smr.Election, &head, nil, run)
		if head.flags != 0 {
			return
		}
	}
}

// stepAccept is phase 2b for every entry of the frame, whatever their order, and
// the leader's notice and heartbeat.
func (m *MultiPaxos) stepAccept(now smr.Time, p *peer, in *message) error {
	if in.ballot < m.promised {
		m.reached(probe.MultiAcceptRejected)
		p.rejected = in.ballot
		return nil
	}
	for i := range in.entries {
		if e := &in.entries[i]; e.Index > m.commit && m.contradicts(e, false) {
			return malformed("%v: slot %d is known to be chosen with another value", in.typ, e.Index)
		}
	}
	m.follow(now, p.id, in)
	f := &m.following
	if len(in.entries) == 0 {
		f.beat = true
	}
	fresh := false
	for i := range in.entries {
		e := &in.entries[i]
		if e.Index <= m.commit {
			continue
		}
		a := m.at(e.Index)
		if a.Accepted == in.ballot {
			continue
		}
		if !a.Accept(in.ballot) {
			panic("paxos: a ballot that is followed was refused")
		}
		if !m.accept(e) {
			m.reached(probe.MultiAcceptNoRoom)
			break // no room: as if lost
		}
		fresh = true
		if e.Index != f.top+1 {
			m.reached(probe.MultiAcceptOutOfOrder)
			f.disorder = max(f.disorder, f.top, e.Index)
		}
		f.top = max(f.top, e.Index)
	}
	m.advanceReceived()
	f.notice = max(f.notice, in.known)
	m.notice()
	if len(in.entries) > 0 && !fresh {
		m.reached(probe.MultiAcceptRepeated)
	}
	if len(in.entries) > 0 && !fresh || f.received < f.sent {
		f.repeat = true
	}
	return nil
}

// follow takes the sender of a valid accept or heartbeat for the leader.
func (m *MultiPaxos) follow(now smr.Time, id smr.NodeID, in *message) {
	m.promise(in.ballot)
	if m.role != smr.Follower || m.leader != id {
		m.becomeFollower(now, id)
	}
	if m.followed != in.ballot {
		m.followed = in.ballot
		m.event(now, smr.Following, in.ballot, id)
	}
	m.timer.Restart(now)
	m.heardAt, m.yielded = now, false
	f := &m.following
	if f.ballot != in.ballot {
		*f = following{ballot: in.ballot, base: in.slot, frontier: in.slot, received: in.slot, top: max(in.slot, m.commit)}
		m.fetching.asked = false
	}
	f.sent = max(f.sent, in.last)
	f.echo = max(f.echo, in.other)
	m.pledge.behind = false // whoever leads has got past
}

// accept writes an entry into the window under its ballot. The same value under a
// higher ballot takes no new room. False: there is none.
func (m *MultiPaxos) accept(e *window.Encoded) bool {
	if slot := m.win.At(e.Index); slot != nil {
		if slot.Number != replayed {
			m.voided = max(m.voided, slot.Number)
		}
		if m.sameValue(e, slot) {
			m.reached(probe.MultiAcceptSameValue)
			m.reaccept(e.Index, Ballot(e.Ballot))
			return true
		}
		m.reached(probe.MultiAcceptOverwrites)
	}
	return m.put(e.Index, Ballot(e.Ballot), 0, e.Sum, e.Data) != nil
}

// contradicts reports whether an entry cannot be what it is said to be, a proposal
// or the chosen one: a ballot proposes one value a slot, and whatever is proposed
// above the ballot of a chosen proposal is the chosen value (P2b). No run of the
// protocol comes to that, so the frame is damaged.
func (m *MultiPaxos) contradicts(e *window.Encoded, chosen bool) bool {
	slot := m.win.At(e.Index)
	if slot == nil || m.sameValue(e, slot) {
		return false
	}
	return slot.Ballot == e.Ballot || chosen && slot.Ballot > e.Ballot || slot.X.chosen && slot.Ballot < e.Ballot || chosen && slot.X.chosen
}

func (m *MultiPaxos) sameValue(e *window.Encoded, slot *window.Slot[slotState]) bool {
	return slot.Sum == e.Sum && slot.Size() == len(e.Data) && bytes.Equal(m.win.Data(e.Index), e.Data)
}

// reaccept gives the value in slot s, which stays, another ballot.
func (m *MultiPaxos) reaccept(s uint64, b Ballot) {
	if mutant.Enabled && mutant.On(mutant.MultiReacceptUnlogged) && m.role != smr.Leader {
		number := m.win.At(s).Number
		defer func() { m.win.At(s).Number = number }()
	}
	m.win.SetBallot(s, uint64(b))
	m.win.At(s).X.learner = Learner{}
	m.soil(s)
}

// advanceReceived moves received over all that is there.
func (m *MultiPaxos) advanceReceived() {
	f := &m.following
	f.received = max(f.received, m.commit)
	for {
		slot := m.win.At(f.received + 1)
		if slot == nil || Ballot(slot.Ballot) != f.ballot {
			return
		}
		f.received++
	}
}

// advanceFrontier moves frontier over all that is durable and either accepted in the
// leader's ballot or known to be chosen, and reports whether it moved.
func (m *MultiPaxos) advanceFrontier() (moved bool) {
	f := &m.following
	before := f.frontier
	f.frontier = max(f.frontier, m.win.First()-1) // what is released was applied and durable
	for {
		s := f.frontier + 1
		slot := m.win.At(s)
		if slot == nil || !m.isDurable(slot.Number) && !(mutant.Enabled && mutant.On(mutant.MultiAcksUnsynced)) || Ballot(slot.Ballot) != f.ballot && s > m.commit {
			return f.frontier != before
		}
		f.frontier = s
	}
}

// sendAccepted answers the leader: one frame, however many accepts and heartbeats
// there were.
func (m *MultiPaxos) sendAccepted(rd *smr.Ready) {
	f := &m.following
	if m.role != smr.Follower || m.leader == smr.None || f.ballot != m.promised || !m.promiseDurable() {
		return
	}
	moved := m.advanceFrontier()
	var spans []span
	if f.frontier < f.disorder {
		spans = m.spansAbove(f.frontier)
		moved = moved || f.disorderly && len(spans) > 0
	}
	f.disorderly = false
	var kind smr.Kind
	switch {
	case moved:
		kind = smr.Replication
	case f.repeat:
		kind = smr.CatchUp
	case f.beat:
		kind = smr.Heartbeat
	default:
		return
	}
	f.beat, f.repeat = false, false
	head := message{typ: msgAccepted, ballot: f.ballot, slot: f.frontier, known: m.commit, other: f.echo}
	if m.cfg.NonVoter {
		head.flags = flagNonVoter
	}
	m.advanceReceived()
	if f.received < f.sent {
		m.reached(probe.MultiGapReported)
		head.last = f.received + 1
	}
	m.send(rd, m.leader, kind, &head, spans, nil)
}

// spansAbove lists the durable acceptances above a gap, lowest first.
func (m *MultiPaxos) spansAbove(lo uint64) []span {
	f := &m.following
	spans := m.spanBuf[:0]
	for s := lo + 1; s <= m.win.Last(); s++ {
		slot := m.win.At(s)
		if slot == nil || Ballot(slot.Ballot) != f.ballot || !m.isDurable(slot.Number) {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].hi == s-1 {
			spans[n-1].hi = s
		} else if n < maxSpans {
			spans = append(spans, span{s, s, f.ballot})
		} else {
			break
		}
	}
	return spans
}
