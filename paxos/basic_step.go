package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// basicRequest is one that is answered when Ready is called, from what is durable
// by then.
type basicRequest struct {
	op     Op // OpPrepare, OpAccept or OpFetch
	again  bool
	to     int
	slot   uint64
	ballot Ballot
	wait   uint64 // Ready that must be durable before
}

// Step implements smr.Core.
func (c *basic) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	sender := c.cfg.Position(from)
	if sender < 0 || sender == c.self {
		return malformed("from %v, which is no peer", from)
	}
	b := &c.in
	if err := b.Parse(frame); err != nil {
		return err
	}
	c.rehouse(now)
	p := &c.peers[sender]
	if b.Known > p.known {
		c.nudge(now, b.Known+1)
	}
	p.known = b.Known // may go back: the peer has restarted
	c.used = max(c.used, b.Known)
	if p.known+1 >= c.log.First() {
		p.snapshot = false
	}
	entries := b.Entries
	for i := range b.Len() {
		it := b.Item(i)
		var e window.Encoded
		if carries, _ := it.Carries(); carries {
			e, entries = entries[0], entries[1:]
		}
		c.take(now, sender, it, e.Sum, e.Data)
	}
	c.watch(now)
	return nil
}

// take is one message to one instance.
func (c *basic) take(now smr.Time, from int, it Item, sum uint32, data []byte) {
	if it.Op == OpBehind {
		return // what it says is in the head of its frame
	}
	if it.Slot < c.log.First() {
		switch it.Op {
		case OpPrepare, OpAccept, OpFetch:
			c.tellBehind(from, it.Slot)
		}
		return
	}
	c.used = max(c.used, it.Slot)
	if !c.holds(it.Slot) {
		c.trim()
	}
	if !c.holds(it.Slot) {
		return // as if lost: this replica has to catch up first
	}
	in := c.at(it.Slot)
	switch it.Op {
	case OpPrepare:
		c.takePrepare(now, from, it)
	case OpAccept:
		c.takeAccept(now, from, it, sum, data)
	case OpFetch:
		if in.chosen {
			c.answer(basicRequest{op: OpFetch, again: true, to: from, slot: it.Slot})
		}
	case OpChosen:
		switch {
		case in.chosen:
		case Confirms(in.Accepted, it.Ballot), mutant.Enabled && mutant.On(mutant.BasicNoticeUnchecked) && in.Accepted != 0:
			c.choose(now, it.Slot, it.Ballot)
		default:
			c.reached(probe.BasicNoticeUnconfirmed)
			c.peers[from].again = AppendItem(c.peers[from].again, Item{Op: OpFetch, Slot: it.Slot})
		}
	case OpLearn:
		c.takeLearn(now, it, sum, data)
	case OpPromise, OpAccepted, OpReject:
		c.takeReply(now, from, it, sum, data)
	}
}

// takePrepare is phase 1b at the own acceptor.
func (c *basic) takePrepare(now smr.Time, from int, it Item) {
	in := c.at(it.Slot)
	again := in.Promised == it.Ballot
	if again {
		c.reached(probe.BasicPrepareRepeated)
	}
	in.heard = now
	if c.cfg.NonVoter && !in.chosen {
		return // no promise; what is chosen it may teach, as every learner
	}
	if !in.chosen && in.Prepare(it.Ballot) && !again {
		c.logPromise(it.Slot, smr.SyncVote)
	}
	c.outbid(now, it.Slot)
	wait := c.logs(in)
	if mutant.Enabled && mutant.On(mutant.BasicPromiseNotDurable) {
		wait = 0
	}
	c.answer(basicRequest{OpPrepare, again, from, it.Slot, it.Ballot, wait})
}

// takeAccept is phase 2b at the own acceptor.
func (c *basic) takeAccept(now smr.Time, from int, it Item, sum uint32, data []byte) {
	in := c.at(it.Slot)
	again := in.Accepted == it.Ballot
	if again {
		c.reached(probe.BasicAcceptRepeated)
	}
	in.heard = now
	below := mutant.Enabled && mutant.On(mutant.BasicAcceptsBelowPromise) && it.Ballot > in.Accepted
	if !in.chosen && !again && (it.Ballot >= in.Promised || below) {
		if !c.put(it.Slot, it.Ballot, sum, data, false) {
			return // as if lost
		}
		if !in.Accept(it.Ballot) {
			in.Accepted = it.Ballot
		}
		c.logEntry(it.Slot, smr.SyncEntries)
	}
	c.outbid(now, it.Slot)
	if c.cfg.NonVoter && !in.chosen {
		return // it keeps the value, for the notice, and tells nobody
	}
	wait := c.logs(in)
	if mutant.Enabled && mutant.On(mutant.BasicAcksUnsynced) {
		wait = 0
	}
	c.answer(basicRequest{OpAccept, again, from, it.Slot, it.Ballot, wait})
}

// takeLearn takes a value that is known to be chosen. An acceptor may record it as
// accepted whatever it has promised since: every ballot above has to adopt it anyway.
func (c *basic) takeLearn(now smr.Time, it Item, sum uint32, data []byte) {
	in := c.at(it.Slot)
	if in.chosen {
		return
	}
	c.reached(probe.BasicLearned)
	if in.Accepted < it.Ballot {
		if !c.put(it.Slot, it.Ballot, sum, data, false) {
			return
		}
		in.Accepted = it.Ballot
		if in.Promised < it.Ballot {
			in.Promised = it.Ballot
		}
		c.logEntry(it.Slot, smr.SyncEntries)
	}
	c.choose(now, it.Slot, it.Ballot)
}

// takeReply gives an answer to the own proposer.
func (c *basic) takeReply(now smr.Time, from int, it Item, sum uint32, data []byte) {
	p := c.at(it.Slot).attempt
	if mutant.Enabled && mutant.On(mutant.BasicCountsAcrossBallots) && p != nil && it.Op == OpAccepted {
		it.Ballot = p.Ballot
	}
	if p == nil || p.Ballot != it.Ballot {
		c.reached(probe.BasicReplyStale)
		return
	}
	switch {
	case it.Op == OpReject:
		c.takeReject(now, p, from, it.Ballot, it.Other)
	case it.Op == OpPromise && p.Phase == Preparing:
		c.sample(now, p)
		c.takePromise(now, p, from, it.Other, sum, data)
	case it.Op == OpAccepted && p.Phase == Accepting:
		c.sample(now, p)
		c.takeAccepted(now, p, from, it.Ballot)
	}
}

func (c *basic) sample(now smr.Time, p *attempt) {
	if p.repeated == 0 {
		c.rtt.sample(now - p.sent)
	}
}

// answer queues a request for the next Ready.
func (c *basic) answer(a basicRequest) {
	if c.answers.len() < basicMaxAnswers {
		c.answers.push(a)
	}
}

// logs returns the Ready that logs, or will log, what an instance holds.
func (c *basic) logs(in *instance) uint64 {
	if in.dirtyPromise || in.dirtyEntry || in.logged == 0 {
		return c.number + 1
	}
	return in.logged
}

// tellBehind answers a request for a slot below the window.
func (c *basic) tellBehind(to int, slot uint64) {
	c.reached(probe.BasicBehindTold)
	p := &c.peers[to]
	p.snapshot = p.snapshot || p.known+1 < c.log.First()
	p.again = AppendItem(p.again, Item{Op: OpBehind, Slot: slot})
}
