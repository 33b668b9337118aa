package paxos

import (
	"bytes"
	"errors"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// attempt is the own proposer of one slot, with what the role leaves to its owner:
// the value and the timers.
type attempt struct {
	Proposer
	slot     uint64
	value    uint64  // own value (see proposed); 0 = a no-op, to close a gap
	offered  bool    // the own value was in an accept request for this slot: it may be chosen here
	rejects  smr.Set // who rejected Ballot
	fromLog  bool    // the value of Adopted is the one in the own log
	adopted  []byte  // the value of Adopted, if it is not
	sum      uint32  // of adopted
	beaten   int     // ballots that were
	repeated int     // times that the requests of this phase were repeated
	sent     smr.Time
	deadline smr.Time // back-off or retransmission; Never while waiting for the disk
}

// basicVote is an own promise (OpPrepare) or acceptance (OpAccept) that counts once it is
// durable.
type basicVote struct {
	op     Op
	slot   uint64
	ballot Ballot
}

// basicNotice says that the proposal numbered ballot is chosen in slot.
type basicNotice struct {
	slot   uint64
	ballot Ballot
}

var errBasicTooLarge = errors.New("paxos: an entry must fit into a frame")

// Propose implements smr.Core. Only a non-voter returns smr.ErrNotLeader.
func (c *basic) Propose(now smr.Time, tag smr.Tag, data []byte) error {
	if tag == 0 {
		panic("paxos: tag 0 is no proposal")
	}
	if len(data) > c.cfg.MaxFrame-smr.Overhead {
		return errBasicTooLarge
	}
	if c.cfg.NonVoter {
		return smr.ErrNotLeader
	}
	c.rehouse(now)
	if c.homeless.len() > 0 || c.used >= c.log.Limit() || c.crowded(window.EncodedSize(len(data))) {
		c.reached(probe.BasicWindowFull)
		return smr.ErrFull
	}
	seq := c.values.put(tag, data)
	if seq == 0 {
		c.reached(probe.BasicWindowFull)
		return smr.ErrFull
	}
	c.propose(now, c.used+1, seq)
	c.watch(now)
	return nil
}

// crowded reports whether the open slots, of all proposers together, leave no room for
// one more value of size bytes. Inflight bounds what each proposer has open, and the log
// has room for twice that and no more: were it full, acceptors would have to drop what
// they are asked to accept, and every slot would wait for a timer. So this keeps to three
// quarters of that room, for the rivals do not know of each other's last proposals. A
// slot whose value has not come yet is taken to be of the usual size, unless a peer knows
// it to be chosen: that one is to be fetched, and open nowhere else.
func (c *basic) crowded(size int) bool {
	settled := c.applied
	for i := range c.peers {
		settled = max(settled, c.peers[i].known)
	}
	slots := c.used - min(settled, c.used)
	return slots > 0 && c.open+int(slots-min(slots, c.filled))*c.usual+size > c.cfg.Inflight*3/2
}

// rehouse proposes beaten values for later slots.
func (c *basic) rehouse(now smr.Time) {
	if c.used >= c.log.Limit() {
		c.trim()
	}
	for c.homeless.len() > 0 && c.used < c.log.Limit() {
		c.propose(now, c.used+1, c.homeless.pop())
	}
}

// propose puts a proposer to work at a slot.
func (c *basic) propose(now smr.Time, slot, value uint64) {
	var p *attempt
	if n := len(c.spare); n > 0 {
		p, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		p = new(attempt)
	}
	*p = attempt{slot: slot, value: value, adopted: p.adopted[:0]}
	in := c.at(slot)
	if in.attempt != nil || in.chosen {
		panic("paxos: two proposers at one slot")
	}
	in.attempt = p
	c.used = max(c.used, slot)
	c.prepare(now, p)
}

// prepare is phase 1a: the own acceptor promises a new ballot. The Prepare leaves
// when that is durable, see Persisted.
func (c *basic) prepare(now smr.Time, p *attempt) {
	in := c.at(p.slot)
	b := max(p.Restart(c.cfg.ID), Next(in.Promised, c.cfg.ID))
	p.Prepare(b)
	if !in.Prepare(b) {
		panic("paxos: the own acceptor rejects a ballot above its promise")
	}
	p.rejects, p.fromLog, p.repeated = smr.Set{}, false, 0
	p.deadline = smr.Never
	c.logPromise(p.slot, smr.SyncCampaign)
	if mutant.Enabled && mutant.On(mutant.BasicBallotReused) {
		c.ask(now, p)
		c.prepares.push(p.slot)
		c.takePromise(now, p, c.self, in.Accepted, 0, nil)
		return
	}
	c.votes.push(basicVote{OpPrepare, p.slot, b})
}

// Persisted implements smr.Core.
func (c *basic) Persisted(now smr.Time, number uint64) {
	c.persisted = max(c.persisted, min(number, c.number))
loop:
	for c.votes.len() > 0 {
		v := *c.votes.at(0)
		var p *attempt
		if c.holds(v.slot) {
			p = c.at(v.slot).attempt
		}
		if p == nil || p.Ballot != v.ballot {
			c.reached(probe.BasicVoteOvertaken)
			c.votes.pop() // overtaken
			continue
		}
		in := c.at(v.slot)
		switch {
		case v.op == OpPrepare && p.Phase == Preparing && in.Promised == v.ballot:
			if !c.promiseOnDisk(in) {
				break loop
			}
			c.votes.pop()
			c.ask(now, p)
			c.prepares.push(p.slot)
			c.takePromise(now, p, c.self, in.Accepted, 0, nil)
		case v.op == OpAccept && p.Phase == Accepting && in.Accepted == v.ballot:
			if !c.onDisk(v.slot) {
				break loop
			}
			c.votes.pop()
			c.takeAccepted(now, p, c.self, v.ballot)
		default:
			c.votes.pop()
		}
	}
	c.trim()
	c.watch(now)
}

// ask notes that a request goes to all peers now.
func (c *basic) ask(now smr.Time, p *attempt) {
	p.sent, p.repeated = now, 0
	c.due(p, now+c.rtt.timeout(&c.cfg, 0))
}

// due sets when the proposal is to be looked at.
func (c *basic) due(p *attempt, at smr.Time) {
	p.deadline = at
	c.wake = min(c.wake, at)
}

// takePromise is the proposer's side of phase 1b. accepted is the proposal that the
// acceptor reported, sum and data its value; of the own acceptor it is in the log.
func (c *basic) takePromise(now smr.Time, p *attempt, from int, accepted Ballot, sum uint32, data []byte) {
	earlier := p.Adopted
	if p.Promised(from, p.Ballot, accepted) {
		c.reached(probe.BasicValueAdopted)
		if earlier != 0 {
			c.reached(probe.BasicValueReplaced)
		}
		if p.fromLog = from == c.self; !p.fromLog {
			p.adopted, p.sum = append(p.adopted[:0], data...), sum
		}
	}
	c.accept(now, p)
}

// accept is phase 2a, if phase 1 is complete: the value is fixed, the own acceptor
// accepts it, and the request goes to all. The entry may leave before it is durable
// here, the own acceptance counts only after.
func (c *basic) accept(now smr.Time, p *attempt) {
	q1 := c.q1
	if mutant.Enabled && mutant.On(mutant.BasicPromiseQuorum) {
		q1--
	}
	if !p.Prepared(q1) {
		return
	}
	in := c.at(p.slot)
	if in.Promised > p.Ballot {
		c.abandon(now, p, in.Promised)
		return
	}
	var sum uint32
	var data []byte
	headstrong := mutant.Enabled && mutant.On(mutant.BasicAdoptsNothing) && p.value != 0
	switch {
	case p.Adopted == 0 || headstrong:
		_, sum, data = c.values.get(p.value)
	case p.fromLog:
		c.reached(probe.BasicOwnValueKept)
		sum, data = c.log.At(p.slot).Sum, c.log.Data(p.slot)
	default:
		sum, data = p.sum, p.adopted
	}
	if !c.put(p.slot, p.Ballot, sum, data, false) {
		c.cramped = true
		return
	}
	p.Accept()
	p.offered = p.offered || (p.Adopted == 0 || headstrong) && p.value != 0
	if !in.Accept(p.Ballot) {
		panic("paxos: the own acceptor rejects the ballot that it promised")
	}
	p.rejects = smr.Set{}
	c.logEntry(p.slot, smr.SyncEntries)
	c.votes.push(basicVote{OpAccept, p.slot, p.Ballot})
	c.accepts.push(p.slot)
	c.ask(now, p)
	if mutant.Enabled && mutant.On(mutant.BasicCountsUnsynced) {
		c.takeAccepted(now, p, c.self, p.Ballot)
	}
}

// cram tries phase 2 again where there was no room for the value.
func (c *basic) cram(now smr.Time) {
	c.cramped = false
	for slot := c.frontier + 1; slot <= c.used && c.holds(slot) && !c.cramped; slot++ {
		if p := c.at(slot).attempt; p != nil {
			c.accept(now, p)
		}
	}
}

// takeAccepted is the distinguished learner: phase 2b arrives.
func (c *basic) takeAccepted(now smr.Time, p *attempt, from int, b Ballot) {
	if !p.Accepted(from, b, c.q2) {
		return
	}
	// The own log holds the value: under b, or under a higher ballot, whose
	// proposer then had to adopt it.
	c.notices[c.noticed%basicMaxNotices] = basicNotice{p.slot, b}
	c.noticed++
	c.urgent = c.urgent || c.at(p.slot).contested
	c.choose(now, p.slot, b)
}

// takeReject counts a rejection. The proposer gives up when those that have not
// rejected are no quorum, or, see repeat, when the others take too long.
func (c *basic) takeReject(now smr.Time, p *attempt, from int, b, higher Ballot) {
	c.at(p.slot).contested = true
	p.Higher = max(p.Higher, higher)
	if b != p.Ballot {
		return
	}
	quorum := c.q1
	if p.Phase == Accepting {
		quorum = c.q2
	}
	if p.rejects.Add(from) && len(c.peers)-p.rejects.Len() < quorum {
		c.reached(probe.BasicRejectedByQuorum)
		c.abandon(now, p, higher)
	}
}

// abandon gives the ballot up for a higher one. The next one comes after a back-off.
func (c *basic) abandon(now smr.Time, p *attempt, higher Ballot) {
	if !p.Rejected(p.Ballot, higher) {
		return
	}
	if p.beaten++; p.beaten == 3 {
		c.reached(probe.BasicDuel)
	}
	c.due(p, now+c.gap.Draw(1, c.rtt.backoff(&c.cfg, p.beaten)))
}

// outbid is called after the own acceptor promised or accepted a rival's ballot.
func (c *basic) outbid(now smr.Time, slot uint64) {
	in := c.at(slot)
	p := in.attempt
	if p == nil {
		return
	}
	in.contested = true
	// In phase 2 a mere promise to the rival may come too late to stop this ballot.
	switch {
	case p.Phase == Preparing && in.Promised > p.Ballot:
		c.reached(probe.BasicOutbidPreparing)
	case p.Phase == Accepting && in.Accepted > p.Ballot:
		c.reached(probe.BasicOutbidAccepting)
	default:
		return
	}
	c.abandon(now, p, in.Promised)
}

// settle ends the proposer of a slot that is chosen, and finds out what became of
// the own value.
func (c *basic) settle(now smr.Time, p *attempt) {
	seq := p.value
	own := false
	if seq != 0 && p.offered {
		tag, _, data := c.values.get(seq)
		if own = p.Phase == Decided && p.Adopted == 0 || bytes.Equal(c.log.Data(p.slot), data); own {
			if p.Phase != Decided {
				c.reached(probe.BasicChosenByRival)
			}
			c.log.At(p.slot).Tag = tag
			c.values.settle(seq)
		}
	}
	c.dismiss(p)
	if seq != 0 && !own {
		c.reached(probe.BasicValueBeaten)
		c.homeless.push(seq)
		c.rehouse(now)
	}
}

func (c *basic) dismiss(p *attempt) {
	c.at(p.slot).attempt = nil
	if cap(p.adopted) > 16<<10 {
		p.adopted = nil // adopting is rare: do not hoard
	}
	c.spare = append(c.spare, p)
}

// repeat looks at a proposal whose deadline has come.
func (c *basic) repeat(now smr.Time, p *attempt) {
	switch {
	case p.Phase == Idle:
		c.prepare(now, p)
	case p.rejects.Len() > 0:
		c.reached(probe.BasicRejectedInTime)
		c.abandon(now, p, p.Higher)
	case p.Prepared(c.q1):
		c.due(p, now+c.rtt.timeout(&c.cfg, 0))
		c.accept(now, p) // there may be room now
	default:
		c.reached(probe.BasicRetransmitted)
		p.repeated++
		c.due(p, now+c.rtt.timeout(&c.cfg, p.repeated))
		c.resends.push(p.slot)
	}
}
