package inproc

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// A frame in a mailbox, in the byte order of the network's other formats although
// it never leaves the process, padded to a multiple of 8 bytes:
//
//	0      4      8           9        16
//	+------+------+-----------+--------+---- - -
//	| size | from | channel   | due    | data
//	+------+------+-----------+--------+---- - -
//
// The top bit of size marks a reordered frame. due has 56 bits, enough for a year
// of nanoseconds; 0 is at once.
const (
	headerSize   = 16
	reorderedBit = 1 << 31
)

func paddedSize(n int) int { return (headerSize + n + 7) &^ 7 }

// port is one incarnation of a replica's port.
type port struct {
	net    *Network
	id     smr.NodeID
	waker  netsim.Waker
	box    *mailbox.Box
	closed bool // guarded by net.mu

	stats netsim.Stats
	peers netsim.Table[*peer]
	dirty []*peer // sent to in this turn

	now  smr.Time         // of the last Poll
	rest []byte           // of the batch that the last Poll took
	held *netsim.HoldBack // not yet due
}

// peer is what a port knows of another node.
type peer struct {
	out   *route
	in    *route
	dirty *port // the port that has mail and has not been woken
}

func (p *port) peer(id smr.NodeID) *peer {
	q := p.peers.Get(id)
	if q == nil {
		q = &peer{out: p.net.route(p.id, id), in: p.net.route(id, p.id)}
		p.peers.Put(id, q)
	}
	return q
}

func (p *port) Send(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	size := len(head) + len(body)
	p.stats.SentFrames++
	p.stats.SentBytes += uint64(size)
	q := p.peer(to)
	dst := q.out.dst.Load()
	if dst == nil {
		p.stats.Dropped[netsim.DropDown]++
		return
	}
	if size >= reorderedBit {
		p.stats.Dropped[netsim.DropInvalid]++
		return
	}
	if q.out.line.Straight() {
		p.put(q, dst, 0, false, channel, head, body)
		return
	}
	fate := q.out.line.Send(now, size)
	if fate.Copies == 0 {
		p.stats.Dropped[fate.Dropped]++
		return
	}
	p.stats.Duplicated += uint64(fate.Copies - 1)
	for i := range fate.Copies {
		p.put(q, dst, fate.Due[i], fate.Reordered[i], channel, head, body)
	}
}

// put copies a frame into dst's mailbox.
func (p *port) put(q *peer, dst *port, due smr.Time, reordered bool, channel uint8, head, body []byte) {
	size := len(head) + len(body)
	dst.box.Begin()
	b := dst.box.Reserve(paddedSize(size))
	if b == nil {
		dst.box.Commit()
		p.stats.Dropped[netsim.DropFull]++
		return
	}
	word := uint32(size)
	if reordered {
		word |= reorderedBit
	}
	binary.LittleEndian.PutUint32(b, word)
	binary.LittleEndian.PutUint32(b[4:], uint32(p.id))
	binary.LittleEndian.PutUint64(b[8:], uint64(due)<<8|uint64(channel))
	n := headerSize + copy(b[headerSize:], head)
	copy(b[n:], body)
	dst.box.Commit()
	if q.dirty == nil {
		p.dirty = append(p.dirty, q)
	}
	q.dirty = dst
}

func (p *port) Flush(smr.Time) {
	for i, q := range p.dirty {
		q.dirty.waker.Wake()
		q.dirty = nil
		p.dirty[i] = nil
	}
	p.dirty = p.dirty[:0]
}

func (p *port) Poll(now smr.Time) {
	unread := len(p.rest) > 0 || p.held.Due() <= p.now
	p.now = max(p.now, now)
	if unread {
		if p.box.Waiting() {
			p.waker.Wake()
		}
		return
	}
	p.held.Release()
	p.rest = p.box.Swap()
}

func (p *port) Next() (netsim.Mail, bool) {
	for p.held.Due() <= p.now {
		m, _ := p.held.Next(p.now)
		if p.peer(m.From).in.line.Cut() {
			p.stats.Dropped[netsim.DropCut]++
			continue
		}
		return p.received(m)
	}
	for len(p.rest) > 0 {
		word := binary.LittleEndian.Uint32(p.rest)
		size := int(word &^ reorderedBit)
		stamp := binary.LittleEndian.Uint64(p.rest[8:])
		due := smr.Time(stamp >> 8)
		m := netsim.Mail{
			From:    smr.NodeID(binary.LittleEndian.Uint32(p.rest[4:])),
			Channel: uint8(stamp),
			Data:    p.rest[headerSize : headerSize+size : headerSize+size],
		}
		p.rest = p.rest[paddedSize(size):]
		if p.held.Passes(p.now, due, m.From) {
			return p.received(m)
		}
		if !p.held.Add(due, word&reorderedBit != 0, m) {
			p.stats.Dropped[netsim.DropFull]++
		}
	}
	return netsim.Mail{}, false
}

func (p *port) received(m netsim.Mail) (netsim.Mail, bool) {
	p.stats.ReceivedFrames++
	p.stats.ReceivedBytes += uint64(len(m.Data))
	return m, true
}

func (p *port) Due() smr.Time { return p.held.Due() }

func (p *port) PeerChanges(func(smr.NodeID, bool)) {}

func (p *port) Stats() netsim.Stats { return p.stats }

// Close lets go of the memory only when the port is opened again: the mailbox is
// recycled then.
func (p *port) Close() error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	for e, r := range p.net.routes {
		if e.to == p.id {
			r.dst.CompareAndSwap(p, nil)
		}
	}
	p.Flush(0) // what was sent has left
	p.rest = nil
	p.held.Reset()
	return nil
}
