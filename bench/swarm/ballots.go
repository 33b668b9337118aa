package swarm

import (
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

// ballots is what the judge knows of proposals: which were accepted, by whom, and who
// has pledged what to whom. It is known from what was logged and became durable, so that
// a quorum can be counted without believing the one who says that it has one.
type ballots struct {
	places  map[place]int32 // of the proposals
	all     []proposal      // all[0] is none
	newest  []int32         // newest[i-1] is the last proposal made for index i; the others follow by next
	pledges map[pledge]smr.Set
}

// place is where entries are unique: one term or ballot writes one entry to an index.
type place struct{ index, ballot uint64 }

// proposal is what stands in a place.
type proposal struct {
	ballot  uint64
	before  uint64  // term of the entry below it, where that is known and logs match; else 0
	sum     uint32  // of its value
	next    int32   // another proposal for the same index; 0 = no more
	holders smr.Set // who has durably accepted it, at any time, as a voter
}

// pledge is a vote given to a candidate in a term; without votes, a promise, which
// names nobody, for the ballot does.
type pledge struct {
	term uint64
	to   smr.NodeID
}

func newBallots() ballots {
	return ballots{places: make(map[place]int32), all: make([]proposal, 1, 256), pledges: make(map[pledge]smr.Set)}
}

// propose returns the proposal in a place, a new one if there was none.
func (b *ballots) propose(at place, sum uint32, before uint64) (id int32, isNew bool) {
	if id, ok := b.places[at]; ok {
		return id, false
	}
	for uint64(len(b.newest)) < at.index {
		b.newest = append(b.newest, 0)
	}
	id = int32(len(b.all))
	b.all = append(b.all, proposal{ballot: at.ballot, before: before, sum: sum, next: b.newest[at.index-1]})
	b.newest[at.index-1], b.places[at] = id, id
	return id, true
}

// accepted notes that a voter has durably accepted a proposal.
func (b *ballots) accepted(id int32, by int) {
	if id != 0 {
		b.all[id].holders.Add(by)
	}
}

// of calls f with the proposals for an index, until it returns true, and reports whether
// it has.
func (b *ballots) of(index uint64, f func(*proposal) bool) bool {
	if index == 0 || index > uint64(len(b.newest)) {
		return false
	}
	for id := b.newest[index-1]; id != 0; id = b.all[id].next {
		if f(&b.all[id]) {
			return true
		}
	}
	return false
}

// pledged notes a vote or promise that is durable.
func (b *ballots) pledged(p pledge, by int) {
	s := b.pledges[p]
	if s.Add(by) {
		b.pledges[p] = s
	}
}

// quorum judges whether what is chosen for the first time was accepted by a quorum: where
// a proposal of one number was (Lamport, "Paxos Made Simple", 2.3: the same value under
// two numbers is not chosen), and by as many as still hold it, unless they have lost
// their logs.
func (j *judge) quorum(n *node, index uint64, v value) {
	most := 0
	chosen := j.of(index, func(p *proposal) bool {
		if p.sum == v.sum {
			most = max(most, p.holders.Len())
		}
		return most >= j.q2
	})
	if !chosen {
		j.fail(Durability, n.id, "index %d counts as chosen; no more than %d replicas have accepted it durably under one term or ballot, and it takes %d", index, most, j.q2)
	}
	durable := 0
	for _, m := range j.nodes {
		if m.keeps(index, v.sum) || m.lost && j.held(m, index, v.sum) {
			durable++
		}
	}
	if durable < j.q2 {
		j.fail(Durability, n.id, "index %d counts as chosen and is durable on %d replicas of the %d that it takes", index, durable, j.q2)
	}
}

// held reports whether m has ever held a value durably, as a voter.
func (j *judge) held(m *node, index uint64, sum uint32) bool {
	return j.of(index, func(p *proposal) bool { return p.sum == sum && p.holders.Has(m.position()) })
}

// elects judges whether a leader has the votes or promises that it takes.
func (j *judge) elects(n *node, term uint64) {
	p := pledge{term: term}
	if n.voter != nil {
		p.to = n.id
	}
	by := j.pledges[p]
	for i := range j.nodes {
		if by.Has(i) && i != n.position() && !n.heard.Has(i) {
			by[i>>6] &^= 1 << (i & 63) // nothing has come of it
		}
	}
	if by.Len() < j.q1 {
		j.fail(OneLeader, n.id, "leads in term or ballot %d; it has heard from %d replicas that have durably voted for it or promised it that, and it takes %d", term, by.Len(), j.q1)
	}
	if !j.protocol.LogMatching {
		j.adopts(n, term, by)
	}
}

// adopts judges whether a leader proposes what its promises oblige it to (rule P2c): in
// each slot the value of the highest-numbered proposal that is reported by a quorum of
// those who have promised. Which quorum that was is not known; the one that knows least
// binds it least.
func (j *judge) adopts(n *node, ballot uint64, promised smr.Set) {
	for index := max(n.base, n.status.Commit) + 1; index <= uint64(len(n.written)); index++ {
		own := n.written[index-1]
		if own.ballot != ballot {
			continue
		}
		j.reports = j.reports[:0]
		for i, m := range j.nodes {
			if !promised.Has(i) {
				continue
			}
			reported := uint64(0)
			switch {
			case index <= m.base: // what it would report is chosen, and may not be in its log any more
			case index <= uint64(len(m.durable)) && m.durable[index-1].ballot < ballot:
				reported = m.durable[index-1].ballot
			}
			j.reports = append(j.reports, reported)
		}
		slices.Sort(j.reports)
		least := j.reports[j.q1-1]
		if least == 0 {
			continue
		}
		if !j.of(index, func(p *proposal) bool { return p.ballot >= least && p.ballot < ballot && p.sum == own.sum }) {
			j.fail(Completeness, n.id, "proposes in slot %d under ballot %d what is not the value of the highest-numbered proposal there: every quorum that promised knows one of ballot %d", index, ballot, least)
		}
	}
}
