package paxos

import (
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// Ready implements smr.Core.
func (c *basic) Ready(now smr.Time, rd *smr.Ready) {
	rd.Reset()
	c.now = now
	rd.Leader = c.leader()
	c.buf = c.buf[:0]
	if !c.started {
		c.deliver(rd)
		rd.Number = c.number
		return
	}
	c.records(rd)
	c.frames(now, rd)
	if c.dirty.len() == 0 { // the mark vouches for the entries logged before it
		c.mark(rd)
		c.deliver(rd)
	}
	if len(rd.Records) > 0 {
		c.number++
	}
	rd.Number = c.number
	rd.Lost = append(rd.Lost, c.lost...)
	c.lost = c.lost[:0]
	for i := range c.peers {
		if c.peers[i].snapshot {
			c.reached(probe.BasicSnapshotWanted)
			rd.SnapshotTo = append(rd.SnapshotTo, c.peers[i].id)
		}
	}
	rd.More = rd.More || c.dirty.len() > 0 || c.accepts.len() > 0 || c.resends.len() > 0
	rd.Deadline = c.deadline()
}

// deliver hands out what is chosen, in order.
func (c *basic) deliver(rd *smr.Ready) {
	for c.delivered < c.frontier {
		if len(rd.Committed) == basicMaxEntries {
			rd.More = true
			return
		}
		c.delivered++
		s := c.log.At(c.delivered)
		rd.Committed = append(rd.Committed, smr.Entry{Index: c.delivered, Tag: s.Tag, Sum: s.Sum, Data: c.log.Data(c.delivered)})
	}
}

// frames builds what is to be sent. What a peer gets is one frame, unless entries
// break it up.
func (c *basic) frames(now smr.Time, rd *smr.Ready) {
	c.reply(now, rd)
	c.sendPrepares()
	c.sendAccepts(now, rd)
	c.sendAgain(now, rd)
	for i := range c.peers {
		if i == c.self {
			continue
		}
		c.flush(now, rd, i)
		switch p := &c.peers[i]; {
		case now >= p.sent+c.cfg.Heartbeat:
			c.send(now, rd, i, smr.Heartbeat, nil, nil, nil)
		case c.urgent && p.noticed < c.noticed, c.noticed-p.noticed > basicMaxNotices/2: // no frame had room
			c.send(now, rd, i, smr.CatchUp, nil, nil, nil)
		}
	}
	c.urgent = false
}

// send builds one frame: notices as far as there is room, then items, then more.
func (c *basic) send(now smr.Time, rd *smr.Ready, i int, kind smr.Kind, items, more, body []byte) {
	p := &c.peers[i]
	start := len(c.buf)
	c.buf = AppendBatchHead(c.buf, c.frontier)
	room := (c.cfg.MaxFrame - BatchHeadSize - len(items) - len(more) - len(body)) / ItemSize
	if c.noticed > p.noticed+basicMaxNotices {
		p.noticed = c.noticed - basicMaxNotices
	}
	for ; p.noticed < c.noticed && room > 0; p.noticed++ {
		if n := c.notices[p.noticed%basicMaxNotices]; n.slot > p.known {
			c.buf = AppendItem(c.buf, Item{Op: OpChosen, Slot: n.slot, Ballot: n.ballot})
			room--
		}
	}
	c.buf = append(append(c.buf, items...), more...)
	head := c.buf[start:len(c.buf):len(c.buf)]
	FinishBatch(head)
	if len(head)+len(body) > c.cfg.MaxFrame {
		panic("paxos: a frame is longer than MaxFrame")
	}
	rd.Frames = append(rd.Frames, smr.Frame{To: p.id, Kind: kind, Head: head, Body: body})
	p.sent = now
}

// flush sends a peer's items that have no entries.
func (c *basic) flush(now smr.Time, rd *smr.Ready, i int) {
	p := &c.peers[i]
	page := (c.cfg.MaxFrame - BatchHeadSize) / ItemSize * ItemSize
	for items := p.first; len(items) > 0; items = items[min(page, len(items)):] {
		c.send(now, rd, i, smr.Replication, items[:min(page, len(items))], nil, nil)
	}
	for items := p.again; len(items) > 0; items = items[min(page, len(items)):] {
		c.send(now, rd, i, smr.CatchUp, items[:min(page, len(items))], nil, nil)
	}
	p.first, p.again = p.first[:0], p.again[:0]
}

// tell queues an item without an entry for a peer.
func (c *basic) tell(to int, again bool, it Item) {
	p := &c.peers[to]
	if again {
		p.again = AppendItem(p.again, it)
	} else {
		p.first = AppendItem(p.first, it)
	}
}

// reply answers requests from what is durable now.
func (c *basic) reply(now smr.Time, rd *smr.Ready) {
	budget := basicMaxBytes
	for n := c.answers.len(); n > 0; n-- {
		if c.answers.at(0).wait > c.persisted {
			return // so must those behind it
		}
		if budget <= 0 {
			rd.More = true
			return
		}
		r := c.answers.pop()
		if !c.holds(r.slot) {
			c.tellBehind(r.to, r.slot)
			continue
		}
		in := c.at(r.slot)
		accepted := r.op == OpAccept && in.Accepted == r.ballot && !c.cfg.NonVoter
		switch {
		case in.chosen && !accepted:
			n -= c.teach(now, rd, r, &budget)
		case in.Accepted != 0 && !c.onDisk(r.slot) && !(mutant.Enabled && mutant.On(mutant.BasicAcksUnsynced)), in.Promised != in.Accepted && !c.promiseOnDisk(in):
			c.reached(probe.BasicReplyWaitsAgain)
			r.wait = c.logs(in) // changed since: answer when that is durable
			c.answers.push(r)
		case accepted:
			c.tell(r.to, r.again, Item{Op: OpAccepted, Slot: r.slot, Ballot: r.ballot})
		case in.Promised > r.ballot:
			if r.op == OpPrepare {
				c.reached(probe.BasicPrepareRejected)
			} else {
				c.reached(probe.BasicAcceptRejected)
			}
			c.tell(r.to, r.again, Item{Op: OpReject, Slot: r.slot, Ballot: r.ballot, Other: in.Promised})
		case r.op == OpPrepare && in.Accepted == 0:
			c.tell(r.to, r.again, Item{Op: OpPromise, Slot: r.slot, Ballot: r.ballot})
		case r.op == OpPrepare:
			c.items = AppendItem(c.items[:0], Item{Op: OpPromise, Slot: r.slot, Ballot: r.ballot, Other: in.Accepted})
			body, _ := c.log.Run(r.slot, r.slot, 0)
			kind := smr.Replication
			if r.again {
				kind = smr.CatchUp
			}
			c.send(now, rd, r.to, kind, c.items, nil, body)
			budget -= len(body)
		}
	}
}

// teach sends the chosen entry of a slot, and with it those of the requests next in
// the queue as long as they go on from there. It returns how many requests it took
// beside r, which is out of the queue already.
func (c *basic) teach(now smr.Time, rd *smr.Ready, r basicRequest, budget *int) (more int) {
	hi := r.slot
	for more < c.answers.len() {
		b := c.answers.at(more)
		if b.op != OpFetch || b.to != r.to || b.slot != hi+1 || !c.holds(b.slot) || !c.at(b.slot).chosen {
			break
		}
		hi++
		more++
	}
	body, next := c.pack(OpLearn, r.slot, hi)
	c.send(now, rd, r.to, smr.CatchUp, c.items, nil, body)
	*budget -= len(body)
	more = int(next-r.slot) - 1
	c.answers.drop(more)
	return more
}

// pack encodes items, into c.items, for slots from lo on up to hi whose entries lie
// behind one another, as many as fit in a frame. It returns the entries and the
// slot after the last.
func (c *basic) pack(op Op, lo, hi uint64) (body []byte, next uint64) {
	entries, total := 0, BatchHeadSize
	for next = lo; next <= hi; next++ {
		size := window.EncodedSize(c.log.At(next).Size())
		if next > lo && total+ItemSize+size > c.cfg.MaxFrame {
			break
		}
		entries, total = entries+size, total+ItemSize+size
	}
	body, next = c.log.Run(lo, next-1, entries)
	c.items = c.items[:0]
	for slot := lo; slot < next; slot++ {
		c.items = AppendItem(c.items, Item{Op: op, Slot: slot, Ballot: c.at(slot).Accepted})
	}
	return body, next
}

// sendPrepares queues phase 1a for all peers.
func (c *basic) sendPrepares() {
	for c.prepares.len() > 0 {
		slot := c.prepares.pop()
		if !c.asking(slot, Preparing) {
			continue
		}
		for i := range c.peers {
			if i != c.self {
				c.tell(i, false, Item{Op: OpPrepare, Slot: slot, Ballot: c.at(slot).attempt.Ballot})
			}
		}
	}
}

// asking reports whether an own proposal is in the given phase of a slot, and its
// request can be built: for phase 2 the log must hold its value under its ballot.
func (c *basic) asking(slot uint64, phase Phase) bool {
	if !c.holds(slot) {
		return false
	}
	in := c.at(slot)
	p := in.attempt
	return p != nil && p.Phase == phase && (phase != Accepting || in.Accepted == p.Ballot)
}

// sendAccepts sends phase 2a to all peers, who share the entries.
func (c *basic) sendAccepts(now smr.Time, rd *smr.Ready) {
	for budget := basicMaxBytes; c.accepts.len() > 0 && budget > 0; {
		lo := *c.accepts.at(0)
		if !c.asking(lo, Accepting) {
			c.accepts.pop()
			continue
		}
		hi := lo
		for n := 1; n < c.accepts.len() && *c.accepts.at(n) == hi+1 && c.asking(hi+1, Accepting); n++ {
			hi++
		}
		body, next := c.pack(OpAccept, lo, hi)
		c.accepts.drop(int(next - lo))
		budget -= len(body)
		for i := range c.peers {
			if i != c.self {
				c.sendEntries(now, rd, i, body)
			}
		}
	}
}

// sendEntries sends the items packed, with their entries, and the peer's other new
// items in the same frame if they fit.
func (c *basic) sendEntries(now smr.Time, rd *smr.Ready, i int, body []byte) {
	p := &c.peers[i]
	if BatchHeadSize+len(p.first)+len(c.items)+len(body) > c.cfg.MaxFrame {
		c.flush(now, rd, i)
	}
	c.send(now, rd, i, smr.Replication, p.first, c.items, body)
	p.first = p.first[:0]
}

// sendAgain repeats requests to those that have not answered them.
func (c *basic) sendAgain(now smr.Time, rd *smr.Ready) {
	n := min(c.resends.len(), basicMaxRepeat)
	for i := range c.peers {
		if i == c.self {
			continue
		}
		for k := 0; k < n; k++ {
			slot := *c.resends.at(k)
			if !c.unanswered(slot, i) {
				continue
			}
			p := c.at(slot).attempt
			if p.Phase == Preparing {
				c.tell(i, true, Item{Op: OpPrepare, Slot: slot, Ballot: p.Ballot})
				continue
			}
			hi := slot
			for m := k + 1; m < n && *c.resends.at(m) == hi+1 && c.unanswered(hi+1, i) && c.asking(hi+1, Accepting); m++ {
				hi++
			}
			body, next := c.pack(OpAccept, slot, hi)
			c.send(now, rd, i, smr.CatchUp, c.items, nil, body)
			k += int(next-slot) - 1
		}
	}
	c.resends.drop(n)
}

// unanswered reports whether peer i owes an answer to the request for a slot.
func (c *basic) unanswered(slot uint64, i int) bool {
	switch {
	case c.asking(slot, Preparing):
		return !c.at(slot).attempt.Promises.Has(i)
	case c.asking(slot, Accepting):
		return !c.at(slot).attempt.Learner.Acceptors.Has(i)
	}
	return false
}
