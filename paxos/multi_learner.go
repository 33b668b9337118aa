package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// learned is this replica as learner.
type learned struct {
	commit   uint64 // all up to here is known to be chosen
	emitted  uint64 // all up to here was handed out as Committed
	fetching fetching
}

// fetching asks the leader for chosen slots that no notice can confirm.
type fetching struct {
	asked   bool
	retryAt smr.Time
}

// fetchRequest is what a peer asks for.
type fetchRequest struct {
	lo, hi uint64
	have   [maxSpans]span
	n      int // of have
	due    bool
}

// advance moves commit over the slots known one by one to be chosen.
func (m *MultiPaxos) advance() {
	for {
		slot := m.win.At(m.commit + 1)
		if slot == nil || !slot.X.chosen {
			return
		}
		m.commit++
	}
}

// notice applies the leader's notice: everything up to it is chosen. It confirms
// what was accepted under exactly the leader's ballot. Anything else in these slots
// has to come from the leader: above base by repeated accepts, up to base by a fetch.
func (m *MultiPaxos) notice() {
	f := &m.following
	for m.commit < f.notice {
		slot := m.win.At(m.commit + 1)
		if mutant.Enabled && mutant.On(mutant.MultiHoleIsNoop) && slot == nil && m.commit+1 < m.win.Last() {
			m.mustPut(m.commit+1, f.ballot)
			slot = m.win.At(m.commit + 1)
		}
		if slot == nil || !slot.X.chosen && !Confirms(Ballot(slot.Ballot), f.ballot) && !(mutant.Enabled && mutant.On(mutant.MultiNoticeUnchecked)) {
			if slot != nil {
				m.reached(probe.MultiNoticeUnconfirmed)
			}
			return
		}
		slot.X.chosen = true
		m.commit++
	}
	m.advance()
}

// lacks reports whether slots are to be fetched from the leader.
func (m *MultiPaxos) lacks() bool {
	return m.role == smr.Follower && m.leader != smr.None && m.following.ballot == m.promised && m.commit < m.following.base
}

// sendFetch asks the leader for what was chosen before its ballot.
func (m *MultiPaxos) sendFetch(now smr.Time, rd *smr.Ready) {
	ft := &m.fetching
	if !m.lacks() || !m.promiseDurable() || ft.asked && now < ft.retryAt {
		return
	}
	m.reached(probe.MultiFetched)
	ft.asked, ft.retryAt = true, now+m.cfg.Heartbeat
	head := message{typ: msgFetch, ballot: m.promised, slot: m.commit + 1, last: m.following.base}
	m.send(rd, m.leader, smr.CatchUp, &head, m.holdings(head.slot, head.last), nil)
}

func (m *MultiPaxos) stepFetch(p *peer, in *message) {
	if m.role != smr.Leader || in.ballot != m.proposer.Ballot || in.slot == 0 {
		return
	}
	p.fetch = fetchRequest{lo: in.slot, hi: in.last, n: in.countSpans(), due: true}
	for i := range p.fetch.n {
		p.fetch.have[i] = in.span(i)
	}
}

// confirms reports whether the asker holds the chosen entry of slot s already: the
// same ballot in the same slot is the same value.
func (m *MultiPaxos) confirms(r *fetchRequest, s uint64) bool {
	b := m.at(s).Accepted
	for _, h := range r.have[:r.n] {
		if h.lo <= s && s <= h.hi {
			return Confirms(h.ballot, b)
		}
	}
	return false
}

// serveFetch answers a fetch: first, in one frame, which of the asker's entries are
// the chosen ones; then the others, up to Inflight bytes of them.
func (m *MultiPaxos) serveFetch(rd *smr.Ready, p *peer) {
	r := &p.fetch
	if !r.due {
		return
	}
	r.due = false
	if r.lo < m.win.First() {
		p.snapshot = true
		return
	}
	hi := min(r.hi, m.commit)
	head := message{typ: msgLearn, ballot: m.proposer.Ballot, slot: r.lo, last: hi}
	spans := m.spanBuf[:0]
	others := false
	for s := r.lo; s <= hi; s++ {
		if !m.confirms(r, s) {
			others = true
		} else if n := len(spans); n > 0 && spans[n-1].hi == s-1 && spans[n-1].ballot == m.at(s).Accepted {
			spans[n-1].hi = s
		} else if n < maxSpans {
			spans = append(spans, span{s, s, m.at(s).Accepted})
		} else {
			head.flags = flagMore
			hi = s - 1
		}
	}
	if len(spans) > 0 {
		if others {
			head.flags = 0
		}
		m.reached(probe.MultiFetchConfirmed)
		m.send(rd, p.id, smr.CatchUp, &head, spans, nil)
	}
	more := hi < min(r.hi, m.commit)
	for lo, sent := r.lo, 0; lo <= hi; {
		if m.confirms(r, lo) {
			lo++
			continue
		}
		end := lo
		for end < hi && !m.confirms(r, end+1) {
			end++
		}
		run, next := m.win.Run(lo, end, m.cfg.MaxFrame-multiHeadSize)
		sent += len(run)
		head.flags, head.slot, head.last = 0, lo, next-1
		if sent >= m.cfg.Inflight && next <= hi || more && next > hi {
			head.flags = flagMore
		}
		m.send(rd, p.id, smr.CatchUp, &head, nil, run)
		if sent >= m.cfg.Inflight {
			return
		}
		lo = next
	}
}

// stepLearn takes chosen entries, and notices by slot and ballot. It does not
// matter who sends them: what is chosen stays chosen.
func (m *MultiPaxos) stepLearn(in *message) error {
	for i := range in.entries {
		if e := &in.entries[i]; e.Index > m.commit && m.contradicts(e, true) {
			return malformed("%v: slot %d cannot hold this value", in.typ, e.Index)
		}
	}
	for i := range in.entries {
		if !m.adopt(&in.entries[i], true) {
			break // no room now: will be asked for again
		}
	}
	for i := range in.countSpans() {
		sp := in.span(i)
		for s := max(sp.lo, m.commit+1); s <= min(sp.hi, m.win.Last()); s++ {
			if slot := m.win.At(s); slot != nil && Confirms(Ballot(slot.Ballot), sp.ballot) {
				slot.X.chosen = true
			}
		}
	}
	m.advance()
	m.notice()
	if in.flags&flagMore != 0 {
		m.fetching.asked = false
	}
	return nil
}

// maxCommitted bounds the entries that one Ready hands out.
const maxCommitted = 4096

// emit hands out what is chosen, in order and without gaps.
func (m *MultiPaxos) emit(rd *smr.Ready) {
	for m.emitted < m.commit {
		if len(rd.Committed) == maxCommitted {
			rd.More = true
			return
		}
		m.emitted++
		slot := m.win.At(m.emitted)
		rd.Committed = append(rd.Committed, smr.Entry{Index: m.emitted, Tag: slot.Tag, Sum: slot.Sum, Data: m.win.Data(m.emitted)})
	}
}
