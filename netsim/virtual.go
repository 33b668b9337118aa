package netsim

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// DefaultMailBound is how many bytes may be on their way to, or waiting in, one
// port of a Virtual network.
const DefaultMailBound = 256 << 20

// frameCost is charged against the bound for each frame beside its bytes, so that
// empty frames are bounded too.
const frameCost = 64

// Virtual is a network in virtual time. It belongs to the goroutine of its Sim.
// The same seed and the same calls give the same deliveries, byte for byte.
type Virtual struct {
	// MailBound is set before ports are opened. See DefaultMailBound.
	MailBound int

	sim    *Sim
	seed   uint64
	link   Link
	pool   pool
	ports  Table[*virtualPort]
	lines  Table[*Table[*Line]] // by sender, by receiver
	flight []virtualFrame
	idle   []uint32

	tracing bool
	trace   trace
}

type virtualFrame struct {
	from, to *virtualPort
	left     smr.Time // when it leaves its sender: later than it was sent if that is busy
	channel  uint8
	data     []byte
}

// NewVirtual returns a network without ports whose links are all as link until
// SetLink changes one. It panics if link is not valid.
func NewVirtual(sim *Sim, seed uint64, link Link) *Virtual {
	if err := link.Validate(); err != nil {
		panic(err)
	}
	return &Virtual{MailBound: DefaultMailBound, sim: sim, seed: seed, link: link}
}

// SetTracing turns the trace hash on or off. It costs a pass over every frame.
func (v *Virtual) SetTracing(on bool) { v.tracing = on }

// Trace is a hash of every delivery and drop since tracing was turned on: when,
// from whom to whom, on which channel, which bytes. Equal traces are equal runs.
func (v *Virtual) Trace() uint64 { return uint64(v.trace) }

// Open implements Network.
func (v *Virtual) Open(id smr.NodeID, w Waker) (Port, error) {
	if id == smr.None {
		return nil, fmt.Errorf("netsim: node 0 is nobody")
	}
	if p := v.ports.Get(id); p != nil && !p.closed {
		return nil, fmt.Errorf("netsim: node %v is open already", id)
	}
	p := &virtualPort{net: v, id: id, waker: w}
	v.ports.Put(id, p)
	return p, nil
}

// SetLink implements Network.
func (v *Virtual) SetLink(from, to smr.NodeID, l Link) { v.line(from, to).Set(l) }

// Close implements Network.
func (v *Virtual) Close() error {
	for _, p := range v.ports.All() {
		p.Close()
	}
	return nil
}

// line outlives the ports at its ends: a restart does not rewind its generator.
func (v *Virtual) line(from, to smr.NodeID) *Line {
	row := v.lines.Get(from)
	if row == nil {
		row = new(Table[*Line])
		v.lines.Put(from, row)
	}
	l := row.Get(to)
	if l == nil {
		l = NewLine(v.seed, from, to)
		l.Set(v.link)
		row.Put(to, l)
	}
	return l
}

// Fire is for the Sim: the frame in slot n of flight arrives.
func (v *Virtual) Fire(now smr.Time, n uint64) {
	f := v.flight[n]
	v.flight[n] = virtualFrame{}
	v.idle = append(v.idle, uint32(n))
	p, from := f.to, f.from.id
	switch {
	case p.closed || f.from.closed && f.from.closedAt < f.left:
		p.pending -= len(f.data) + frameCost
		v.drop(now, p, from, p.id, DropDown)
		v.pool.put(f.data)
	case v.line(from, p.id).link.Cut:
		p.pending -= len(f.data) + frameCost
		v.drop(now, p, from, p.id, DropCut)
		v.pool.put(f.data)
	default:
		if v.tracing {
			v.trace.mix(uint64(now), uint64(from)<<32|uint64(p.id))
			v.trace.mix(uint64(f.channel), 0)
			v.trace.bytes(f.data)
		}
		p.stats.ReceivedFrames++
		p.stats.ReceivedBytes += uint64(len(f.data))
		p.mail = append(p.mail, Mail{From: from, Channel: f.channel, Data: f.data})
		p.waker.Wake()
	}
}

// drop counts a frame that was lost at port p.
func (v *Virtual) drop(now smr.Time, p *virtualPort, from, to smr.NodeID, why Reason) {
	p.stats.Dropped[why]++
	if v.tracing {
		v.trace.mix(uint64(now), uint64(from)<<32|uint64(to))
		v.trace.mix(uint64(why), 1)
	}
}

// virtualPort is a Port. It is never reused: a restarted replica has a new one,
// and frames on their way to the old one are lost.
type virtualPort struct {
	net     *Virtual
	id      smr.NodeID
	waker   Waker
	closed  bool
	stats   Stats
	pending int    // bytes on their way here or in mail or taken, with frameCost each
	mail    []Mail // arrived, not yet taken
	taken   []Mail // by the last Poll
	next    int    // in taken

	closedAt smr.Time
}

func (p *virtualPort) Poll(smr.Time) {
	if p.next < len(p.taken) {
		if len(p.mail) > 0 {
			p.waker.Wake()
		}
		return
	}
	p.release(p.taken)
	p.taken, p.mail, p.next = p.mail, p.taken[:0], 0
}

func (p *virtualPort) release(mail []Mail) {
	for i := range mail {
		p.pending -= len(mail[i].Data) + frameCost
		p.net.pool.put(mail[i].Data)
	}
	clear(mail)
}

func (p *virtualPort) Next() (Mail, bool) {
	if p.next == len(p.taken) {
		return Mail{}, false
	}
	m := p.taken[p.next]
	p.next++
	return m, true
}

func (p *virtualPort) Send(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	v := p.net
	size := len(head) + len(body)
	p.stats.SentFrames++
	p.stats.SentBytes += uint64(size)
	dst := v.ports.Get(to)
	if p.closed || dst == nil || dst.closed {
		v.drop(now, p, p.id, to, DropDown)
		return
	}
	fate := v.line(p.id, to).Send(now, size)
	if fate.Copies == 0 {
		v.drop(now, p, p.id, to, fate.Dropped)
		return
	}
	p.stats.Duplicated += uint64(fate.Copies - 1)
	for i := range fate.Copies {
		if dst.pending+size+frameCost > v.MailBound {
			v.drop(now, p, p.id, to, DropFull)
			continue
		}
		dst.pending += size + frameCost
		data := v.pool.get(size)
		copy(data[copy(data, head):], body)
		v.launch(fate.Due[i], virtualFrame{from: p, to: dst, left: now, channel: channel, data: data})
	}
}

// Drop counts a frame to a node for which its sender's queue had no room.
func (p *virtualPort) Drop(to smr.NodeID) {
	p.stats.SentFrames++
	p.net.drop(p.net.sim.Now(), p, p.id, to, DropFull)
}

func (v *Virtual) launch(due smr.Time, f virtualFrame) {
	var n uint32
	if k := len(v.idle); k > 0 {
		n = v.idle[k-1]
		v.idle = v.idle[:k-1]
		v.flight[n] = f
	} else {
		n = uint32(len(v.flight))
		v.flight = append(v.flight, f)
	}
	v.sim.At(due, v, uint64(n))
}

func (p *virtualPort) Flush(smr.Time) {}

// Due is Never: what has not arrived is an event of the Sim, which wakes the port.
func (p *virtualPort) Due() smr.Time { return smr.Never }

func (p *virtualPort) PeerChanges(func(smr.NodeID, bool)) {}

func (p *virtualPort) Stats() Stats { return p.stats }

func (p *virtualPort) Close() error {
	if p.closed {
		return nil
	}
	p.closed, p.closedAt = true, p.net.sim.Now()
	p.release(p.taken)
	p.release(p.mail)
	p.taken, p.mail, p.next = nil, nil, 0
	return nil
}
