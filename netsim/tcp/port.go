package tcp

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// port is one incarnation of a node's port.
type port struct {
	net    *Network
	id     smr.NodeID
	waker  netsim.Waker
	ctx    context.Context // ends with the port
	cancel context.CancelFunc
	wg     sync.WaitGroup
	peers  netsim.Table[*peer] // does not change

	// The turn's side.
	stats netsim.Stats
	dirty []*conn
	now   smr.Time         // of the last Poll
	taken []segment        // by the last Poll
	next  int              // segment in taken
	rest  []byte           // of that segment
	held  *netsim.HoldBack // not yet due

	spent bool // taken holds the last of a chunk

	came     atomic.Bool  // mail is not empty
	starving atomic.Int32 // readers that wait for a chunk

	changed atomic.Bool // a peer has something for PeerChanges

	mu     sync.Mutex
	mail   []segment               // bounded by the chunks of the connections
	socks  map[*net.TCPConn]uint64 // the number of its call
	calls  uint64                  // made and taken, in their order
	closed bool
}

// peer is another member, seen from a port.
type peer struct {
	id   smr.NodeID
	out  *netsim.LiveLine
	in   *netsim.LiveLine
	conn atomic.Pointer[conn]

	reported bool   // the turn's side: what PeerChanges said last
	flapped  bool   // guarded by port.mu: it went down since
	call     uint64 // guarded by port.mu: the last that became a connection
}

// newPort is called under n.mu.
func newPort(n *Network, id smr.NodeID, w netsim.Waker) *port {
	p := &port{
		net: n, id: id, waker: w,
		held:  netsim.NewHoldBack(n.opt.HoldBound),
		socks: make(map[*net.TCPConn]uint64),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for other := range n.opt.Addrs {
		if other != id {
			p.peers.Put(other, &peer{id: other, out: n.lineLocked(id, other), in: n.lineLocked(other, id)})
		}
	}
	return p
}

// start calls the peers with lower ids.
func (p *port) start() {
	for id, q := range p.peers.All() {
		if id < p.id {
			p.wg.Go(func() { p.call(q) })
		}
	}
}

// adopt makes Close reset the socket, and numbers the call. It reports false if that
// is too late.
func (p *port) adopt(sock *net.TCPConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.calls++
	p.socks[sock] = p.calls
	return true
}

func (p *port) disown(sock *net.TCPConn) {
	p.mu.Lock()
	delete(p.socks, sock)
	p.mu.Unlock()
}

// attach makes c, whose socket was adopted, the connection to its peer, in place of
// an older one. It reports false if the port is closed, or if the peer has called
// again since: the handshakes of two calls may end in either order.
func (p *port) attach(c *conn) bool {
	p.mu.Lock()
	if c.call < c.peer.call {
		p.mu.Unlock()
		return false
	}
	c.peer.call = c.call
	old := c.peer.conn.Load()
	p.mu.Unlock()
	if old != nil {
		old.kill() // the peer has called again: it knows the old one to be dead
	}
	p.mu.Lock()
	if p.closed || !c.peer.conn.CompareAndSwap(nil, c) {
		p.mu.Unlock()
		return false
	}
	p.changed.Store(true)
	c.start() // under mu: Close waits for these goroutines
	p.mu.Unlock()
	p.waker.Wake()
	return true
}

// detach is the end of c.
func (p *port) detach(c *conn) {
	p.mu.Lock()
	delete(p.socks, c.sock)
	if c.peer.conn.CompareAndSwap(c, nil) {
		c.peer.flapped = true
		p.changed.Store(true)
	}
	p.mu.Unlock()
	p.waker.Wake()
}

// deliver puts a segment that came over c into the mail, unless c has ended: what its
// reader still holds would come after frames of the connection that replaced it, and
// so a peer's earlier life after its next.
func (p *port) deliver(c *conn, s segment) {
	p.mu.Lock()
	if c.peer.conn.Load() != c {
		p.mu.Unlock()
		return
	}
	p.mail = append(p.mail, s)
	p.mu.Unlock()
	if !p.came.Load() {
		p.came.Store(true)
	}
	if len(s.data) > 0 {
		p.waker.Wake()
	}
}

func (p *port) Poll(now smr.Time) {
	unread := len(p.rest) > 0 || p.next < len(p.taken) || p.held.Due() <= p.now
	p.now = max(p.now, now)
	if unread {
		if p.came.Load() {
			p.waker.Wake()
		}
		return
	}
	p.held.Release()
	for i := range p.taken {
		if s := &p.taken[i]; s.last {
			s.chunk.reader.give(s.chunk)
		}
		p.taken[i] = segment{}
	}
	p.taken, p.next, p.spent = p.taken[:0], 0, false
	if !p.came.Load() {
		return
	}
	p.came.Store(false)
	p.mu.Lock()
	p.taken, p.mail = p.mail, p.taken
	p.mu.Unlock()
}

func (p *port) Next() (netsim.Mail, bool) {
	for p.held.Due() <= p.now {
		m, _ := p.held.Next(p.now)
		if p.peers.Get(m.From).in.Cut() {
			p.stats.Dropped[netsim.DropCut]++
			continue
		}
		return p.received(m)
	}
	for {
		for len(p.rest) == 0 {
			if p.next == len(p.taken) {
				if p.spent && p.starving.Load() > 0 {
					p.waker.Wake() // the next Poll feeds them
				}
				return netsim.Mail{}, false
			}
			p.rest = p.taken[p.next].data
			p.spent = p.spent || p.taken[p.next].last
			p.next++
		}
		var f frame
		f, p.rest = frameAt(p.rest)
		m := netsim.Mail{From: p.taken[p.next-1].chunk.reader.conn.peer.id, Channel: f.channel, Data: f.data}
		due := smr.Time(0)
		if f.hold > 0 {
			due = p.now + f.hold
		}
		if p.held.Passes(p.now, due, m.From) {
			return p.received(m)
		}
		if !p.held.Add(due, f.reordered, m) {
			p.stats.Dropped[netsim.DropFull]++
		}
	}
}

func (p *port) received(m netsim.Mail) (netsim.Mail, bool) {
	p.stats.ReceivedFrames++
	p.stats.ReceivedBytes += uint64(len(m.Data))
	return m, true
}

func (p *port) Send(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	size := len(head) + len(body)
	p.stats.SentFrames++
	p.stats.SentBytes += uint64(size)
	if size > p.net.opt.MaxFrame {
		p.stats.Dropped[netsim.DropInvalid]++
		return
	}
	q := p.peers.Get(to)
	if q == nil {
		p.stats.Dropped[netsim.DropDown]++
		return
	}
	c := q.conn.Load()
	if c == nil {
		p.stats.Dropped[netsim.DropDown]++
		return
	}
	if q.out.Straight() {
		p.put(c, channel, 0, false, head, body)
		return
	}
	fate := q.out.Send(now, size)
	if fate.Copies == 0 {
		p.stats.Dropped[fate.Dropped]++
		return
	}
	p.stats.Duplicated += uint64(fate.Copies - 1)
	for i := range fate.Copies {
		p.put(c, channel, fate.Due[i]-now, fate.Reordered[i], head, body)
	}
}

func (p *port) put(c *conn, channel uint8, hold smr.Time, reordered bool, head, body []byte) {
	if !c.send(channel, hold, reordered, head, body) {
		p.stats.Dropped[netsim.DropFull]++
		return
	}
	if !c.dirty && len(c.out) > 0 {
		c.dirty = true
		p.dirty = append(p.dirty, c)
	}
}

func (p *port) Flush(smr.Time) {
	for i, c := range p.dirty {
		c.flush()
		c.dirty = false
		p.dirty[i] = nil
	}
	p.dirty = p.dirty[:0]
}

func (p *port) Due() smr.Time { return p.held.Due() }

func (p *port) PeerChanges(f func(id smr.NodeID, up bool)) {
	if !p.changed.Load() {
		return
	}
	p.changed.Store(false)
	for id, q := range p.peers.All() {
		p.mu.Lock()
		up, flapped := q.conn.Load() != nil, q.flapped
		q.flapped = false
		p.mu.Unlock()
		if q.reported && (flapped || !up) {
			q.reported = false
			f(id, false)
		}
		if up && !q.reported {
			q.reported = true
			f(id, true)
		}
	}
}

func (p *port) Stats() netsim.Stats { return p.stats }

func (p *port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	for sock := range p.socks {
		reset(sock)
	}
	p.mu.Unlock()
	p.cancel()
	for _, q := range p.peers.All() {
		if c := q.conn.Load(); c != nil {
			c.kill()
		}
	}
	p.wg.Wait()
	p.net.mu.Lock()
	delete(p.net.ports, p.id)
	p.net.mu.Unlock()
	return nil
}
