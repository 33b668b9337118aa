package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// proposal is this replica as proposer of one ballot: phase 1 for the whole log
// while it campaigns, phase 2 in every slot while it leads.
type proposal struct {
	proposer Proposer
	poll     Ballot  // pre-candidate: the ballot it would campaign with
	polls    smr.Set // who would promise it
	retryAt  smr.Time
	leading
}

// polling is how far one acceptor's promise has come.
type polling struct {
	cursor   uint64 // lowest slot that its pages have not covered
	complete bool   // all pages are here
	ask      bool   // a prepare is to be sent, from cursor on
}

// timeout is the end of the election timer.
func (m *MultiPaxos) timeout(now smr.Time) {
	m.event(now, smr.TimedOut, m.promised, smr.None)
	if !m.cfg.PreVote {
		m.campaign(now)
		return
	}
	m.role, m.leader = smr.PreCandidate, smr.None
	m.proposer.Phase = Idle
	m.timer.Restart(now)
	m.poll = m.nextBallot()
	m.polls = smr.Set{}
	m.polls.Add(m.self)
	m.askAll()
	m.countPolls(now)
}

// nextBallot is above every ballot that this replica used, promised or heard of.
// Only ballots that were promised durably here have left it, so that none repeats
// after a restart.
func (m *MultiPaxos) nextBallot() Ballot {
	if mutant.Enabled && mutant.On(mutant.MultiBallotReused) {
		return Next(max(m.seen, m.proposer.Ballot, m.proposer.Higher), m.cfg.ID)
	}
	return Next(max(m.promised, m.seen, m.proposer.Ballot, m.proposer.Higher), m.cfg.ID)
}

func (m *MultiPaxos) askAll() {
	for i := range m.peers {
		m.peers[i].ask = i != m.self
	}
}

// stepPoll answers whether this replica would promise. While it hears a leader it
// would not (Ongaro, dissertation, 9.6).
func (m *MultiPaxos) stepPoll(now smr.Time, p *peer, in *message) {
	quiet := now-m.heardAt >= m.cfg.ElectionMin && m.role != smr.Leader
	p.polled, p.granted = in.ballot, !m.cfg.NonVoter && quiet && in.ballot > m.promised
	if !p.granted {
		m.reached(probe.MultiPollRefused)
	}
}

func (m *MultiPaxos) stepPollReply(now smr.Time, pos int, in *message) {
	m.seen = max(m.seen, Ballot(in.other))
	if m.role == smr.PreCandidate && in.ballot == m.poll && in.flags&flagGranted != 0 {
		m.polls.Add(pos)
		m.countPolls(now)
	}
}

func (m *MultiPaxos) countPolls(now smr.Time) {
	if m.polls.Len() >= m.q1 {
		m.campaign(now)
	}
}

// campaign is phase 1a for all slots above commit. The prepares leave when the
// ballot is durable here.
func (m *MultiPaxos) campaign(now smr.Time) {
	b := m.nextBallot()
	m.role, m.leader = smr.Candidate, smr.None
	m.proposer.Prepare(b)
	m.promise(b)
	m.timer.Restart(now)
	m.yielded = false
	m.event(now, smr.Campaign, b, smr.None)
	for i := range m.peers {
		m.peers[i].polling = polling{cursor: m.commit + 1}
	}
	m.retryAt = smr.Never
	if mutant.Enabled && mutant.On(mutant.MultiBallotReused) {
		m.promiseSelf(now) // promised before the restart, and durable since
	}
}

// promiseSelf counts the own acceptor once its promise is durable, and lets the
// prepares go.
func (m *MultiPaxos) promiseSelf(now smr.Time) {
	own := &m.peers[m.self]
	if own.complete || !m.promiseDurable() {
		return
	}
	own.complete = true
	m.askAll()
	m.complete(now, m.self)
}

// tickCandidate asks again where pages are missing.
func (m *MultiPaxos) tickCandidate(now smr.Time) {
	if now < m.retryAt {
		return
	}
	m.retryAt = smr.Never
	for i := range m.peers {
		m.peers[i].ask = !m.peers[i].complete
	}
}

// sendPrepares sends polls or prepares to whoever is to be asked.
func (m *MultiPaxos) sendPrepares(now smr.Time, rd *smr.Ready) {
	if m.role == smr.Candidate && !m.promiseDurable() {
		return
	}
	var have []span
	from := uint64(0)
	for i := range m.peers {
		p := &m.peers[i]
		if !p.ask || i == m.self {
			continue
		}
		p.ask = false
		if m.role == smr.PreCandidate {
			m.send(rd, p.id, smr.Election, &message{typ: msgPoll, ballot: m.poll}, nil, nil)
			continue
		}
		if p.cursor != from {
			from = p.cursor
			have = m.holdings(from, m.win.Last())
		}
		m.send(rd, p.id, smr.Election, &message{typ: msgPrepare, ballot: m.proposer.Ballot, slot: from}, have, nil)
		m.retryAt = now + m.cfg.Heartbeat
	}
}

// holdings lists what the window holds in lo..hi, by ballot, lowest slots first,
// as much as a frame takes. An acceptor need not send what is held already.
func (m *MultiPaxos) holdings(lo, hi uint64) []span {
	spans := m.spanBuf[:0]
	for s := max(lo, m.win.First()); s <= min(hi, m.win.Last()); s++ {
		slot := m.win.At(s)
		if slot == nil {
			continue
		}
		b := Ballot(slot.Ballot)
		if n := len(spans); n > 0 && spans[n-1].hi == s-1 && spans[n-1].ballot == b {
			spans[n-1].hi = s
		} else if n < maxSpans {
			spans = append(spans, span{s, s, b})
		} else {
			break
		}
	}
	return spans
}

// stepPromise takes one page. Pages are taken in the order of their slots; what
// comes out of turn is asked for again.
func (m *MultiPaxos) stepPromise(now smr.Time, pos int, in *message) error {
	p := &m.peers[pos]
	if mutant.Enabled && mutant.On(mutant.MultiPromisesAcrossBallots) && in.ballot.Node() == m.cfg.ID {
		in.ballot = m.proposer.Ballot
	}
	if m.role != smr.Candidate || in.ballot != m.proposer.Ballot || p.complete || !m.promiseDurable() {
		return nil
	}
	if in.flags&flagBehind != 0 || in.slot > p.cursor || in.last+1 < p.cursor {
		m.reached(probe.MultiPageOutOfTurn)
		return nil
	}
	for i := range in.entries {
		if e := &in.entries[i]; e.Index > m.commit && m.contradicts(e, e.Index <= in.known) {
			return malformed("%v: slot %d cannot hold this value", in.typ, e.Index)
		}
	}
	for i := range in.entries {
		if !m.adopt(&in.entries[i], in.entries[i].Index <= in.known) {
			return nil // no room now: the page is as good as lost
		}
	}
	// What the acceptor knows to be chosen and does not list is held here under its
	// ballot or a higher one, which by P2b is a proposal of the same value.
	for s := max(in.slot, m.commit+1); s <= min(in.last, in.known, m.win.Last()); s++ {
		if slot := m.win.At(s); slot != nil {
			slot.X.chosen = true
		}
	}
	m.advance()
	p.cursor = max(p.cursor, in.last+1)
	switch {
	case in.flags&flagFinal != 0 || mutant.Enabled && mutant.On(mutant.MultiFirstPage) && in.flags&flagMore != 0:
		p.complete = true
		m.complete(now, pos)
	case in.flags&flagMore != 0:
		p.ask = true
	}
	return nil
}

// adopt keeps the highest-numbered proposal of a slot. The window is the memory for
// that: it is as if this acceptor had accepted the proposal in its time, only that
// it tells nobody so but candidates; to them it reports a proposal that was made,
// which is all that rule P2c needs.
func (m *MultiPaxos) adopt(e *window.Encoded, chosen bool) bool {
	if e.Index <= m.commit {
		return true
	}
	last := mutant.Enabled && mutant.On(mutant.MultiAdoptsLast) && m.role == smr.Candidate
	if held := m.at(e.Index).Accepted; Adopts(held, Ballot(e.Ballot)) || last {
		if m.role == smr.Candidate {
			m.reached(probe.MultiValueAdopted)
			if held != 0 && !m.sameValue(e, m.win.At(e.Index)) {
				m.reached(probe.MultiValueReplaced)
			}
		}
		if !m.accept(e) {
			return false
		}
	}
	if chosen {
		m.win.At(e.Index).X.chosen = true
	}
	return true
}

// complete counts a promise of which every page is here.
func (m *MultiPaxos) complete(now smr.Time, pos int) {
	m.proposer.Promised(pos, m.proposer.Ballot, 0)
	q1 := m.q1
	if mutant.Enabled && mutant.On(mutant.MultiPromiseQuorum) {
		q1--
	}
	if m.proposer.Prepared(q1) {
		m.becomeLeader(now)
	}
}

// stepReject learns of a higher ballot. The proposer gives up, as a Raft candidate
// or leader does that hears of a higher term.
func (m *MultiPaxos) stepReject(now smr.Time, in *message) {
	higher := Ballot(in.other)
	m.seen = max(m.seen, higher)
	if m.proposer.Rejected(in.ballot, higher) {
		if m.role == smr.Leader {
			m.reached(probe.MultiLeaderStepsDown)
		} else {
			m.reached(probe.MultiCandidateStepsDown)
		}
		m.becomeFollower(now, smr.None)
	}
}
