package tcp

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// maxCallers bounds the handshakes that a node is in at one time.
const maxCallers = 256

// Network is a netsim.Network over TCP. It listens for its local nodes from New
// until Close.
type Network struct {
	opt       Options
	listeners map[smr.NodeID]net.Listener
	wg        sync.WaitGroup

	mu     sync.Mutex
	closed bool
	ports  map[smr.NodeID]*port // open ones
	lines  map[ends]*netsim.LiveLine
	addrs  map[smr.NodeID]string // of every member; guarded by mu
	moved  chan struct{}         // closed by the next SetAddr
}

type ends struct{ from, to smr.NodeID }

// New listens at the addresses of the local nodes. An error names the address that
// cannot be had.
func New(o Options) (*Network, error) {
	o.Addrs = maps.Clone(o.Addrs)
	if err := o.complete(); err != nil {
		return nil, err
	}
	n := &Network{
		opt:       o,
		listeners: make(map[smr.NodeID]net.Listener),
		ports:     make(map[smr.NodeID]*port),
		lines:     make(map[ends]*netsim.LiveLine),
		moved:     make(chan struct{}),
	}
	local := slices.Clone(o.Local)
	slices.Sort(local)
	for _, id := range local {
		addr, ok := o.Addrs[id]
		if !ok {
			n.Close()
			return nil, fmt.Errorf("tcp: node %v has no address", id)
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			n.Close()
			return nil, fmt.Errorf("tcp: node %v cannot listen at %s: %w", id, addr, err)
		}
		n.listeners[id] = l
		o.Addrs[id] = l.Addr().String()
	}
	n.addrs = maps.Clone(o.Addrs) // opt.Addrs says who is a member
	for id, l := range n.listeners {
		n.wg.Go(func() { n.accept(id, l) })
	}
	return n, nil
}

// Addr is where node id listens, "" if it is not a member.
func (n *Network) Addr(id smr.NodeID) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.addrs[id]
}

// SetAddr says where a member that is not local listens from now on: it was started
// anew. Local nodes that have no connection to it call it there at once.
func (n *Network) SetAddr(id smr.NodeID, addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.addrs[id] == "" {
		panic(fmt.Sprintf("tcp: node %v is not a member", id))
	}
	n.addrs[id] = addr
	close(n.moved)
	n.moved = make(chan struct{})
}

// whereabouts returns the address of id and a channel that is closed when one changes.
func (n *Network) whereabouts(id smr.NodeID) (addr string, moved <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.addrs[id], n.moved
}

// Open implements netsim.Network. The node must be local.
func (n *Network) Open(id smr.NodeID, w netsim.Waker) (netsim.Port, error) {
	if n.listeners[id] == nil {
		return nil, fmt.Errorf("tcp: node %v is not a local member", id)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return nil, net.ErrClosed
	case n.ports[id] != nil:
		return nil, fmt.Errorf("tcp: node %v is open already", id)
	}
	p := newPort(n, id, w)
	n.ports[id] = p
	p.start()
	return p, nil
}

// Connected reports whether local nodes a and b are open and each has its end of
// their connection: frames between them are not dropped any more. Both are woken
// when that becomes so.
func (n *Network) Connected(a, b smr.NodeID) bool {
	n.mu.Lock()
	p, q := n.ports[a], n.ports[b]
	n.mu.Unlock()
	return p != nil && q != nil && p.peers.Get(b).conn.Load() != nil && q.peers.Get(a).conn.Load() != nil
}

// SetLink implements netsim.Network. The sending node applies the link, and the
// receiving node, when it releases what it held back, a cut: a cluster of several
// processes sets both.
func (n *Network) SetLink(from, to smr.NodeID, l netsim.Link) { n.line(from, to).Set(l) }

func (n *Network) line(from, to smr.NodeID) *netsim.LiveLine {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lineLocked(from, to)
}

func (n *Network) lineLocked(from, to smr.NodeID) *netsim.LiveLine {
	e := ends{from, to}
	if n.lines[e] == nil {
		n.lines[e] = netsim.NewLiveLine(n.opt.Seed, from, to, n.opt.Link)
	}
	return n.lines[e]
}

// Close implements netsim.Network. It returns when all goroutines have ended.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	open := slices.Collect(maps.Values(n.ports))
	n.mu.Unlock()
	for _, l := range n.listeners {
		l.Close()
	}
	for _, p := range open {
		p.Close()
	}
	n.wg.Wait()
	return nil
}

// accept takes calls for node id, also while its port is closed: the callers are
// then reset, as they would be by a machine without the process.
func (n *Network) accept(id smr.NodeID, l net.Listener) {
	var callers sync.WaitGroup
	defer callers.Wait()
	slots := make(chan struct{}, maxCallers)
	for {
		c, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of file descriptors, most likely: give others time to free some.
			n.opt.Report(fmt.Errorf("tcp: node %v cannot accept a call: %w", id, err))
			time.Sleep(n.opt.BackoffMax)
			continue
		}
		sock := c.(*net.TCPConn)
		n.mu.Lock()
		p := n.ports[id]
		n.mu.Unlock()
		if p == nil || !p.adopt(sock) {
			reset(sock)
			continue
		}
		select {
		case slots <- struct{}{}:
			callers.Go(func() {
				defer func() { <-slots }()
				p.answer(sock)
			})
		default:
			p.disown(sock)
			reset(sock)
		}
	}
}

// reset closes without a farewell: what is queued in the kernel is dropped.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
