// Package inproc is the network between replicas in one process: a frame is copied
// once, into the mailbox of the receiver, and read there in place.
//
// The link model is applied by the sender. A frame that is to arrive later carries
// the time when it is due, and the receiver holds it back. A link that is perfect
// costs a Send one atomic load.
//
// There are no connections: PeerChanges reports nothing, and a restarted replica
// is reached again at once.
package inproc

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// Options of a Network. Zero values stand for the defaults.
type Options struct {
	Seed        uint64
	Link        netsim.Link // of all links until SetLink changes one
	MailInitial int         // bytes of a mailbox that are allocated at once, twice; default 1 MiB
	MailBound   int         // bytes that may wait in a mailbox; default 64 MiB
	HoldBound   int         // bytes that a receiver may hold back; default 256 MiB
}

// Network is a netsim.Network between goroutines.
type Network struct {
	opt Options

	mu     sync.Mutex
	ports  map[smr.NodeID]*port // open, or closed and not yet opened again
	routes map[ends]*route
}

type ends struct{ from, to smr.NodeID }

// route is one directed link. It outlives the ports at its ends.
type route struct {
	dst  atomic.Pointer[port] // nil: nobody is there
	line *netsim.LiveLine
}

// New returns a network without ports. It panics if the link is not valid.
func New(o Options) *Network {
	if err := o.Link.Validate(); err != nil {
		panic(err)
	}
	if o.MailBound == 0 {
		o.MailBound = 64 << 20
	}
	if o.MailInitial == 0 {
		o.MailInitial = 1 << 20
	}
	if o.HoldBound == 0 {
		o.HoldBound = 256 << 20
	}
	return &Network{opt: o, ports: make(map[smr.NodeID]*port), routes: make(map[ends]*route)}
}

// Open implements netsim.Network.
func (n *Network) Open(id smr.NodeID, w netsim.Waker) (netsim.Port, error) {
	if id == smr.None {
		return nil, fmt.Errorf("inproc: node 0 is nobody")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var box *mailbox.Box
	switch old := n.ports[id]; {
	case old == nil:
		box = mailbox.New(n.opt.MailInitial, n.opt.MailBound)
	case !old.closed:
		return nil, fmt.Errorf("inproc: node %v is open already", id)
	default:
		box = old.box.Recycle() // fresh pages are expensive, and a restart is timed
	}
	p := &port{net: n, id: id, waker: w, box: box, held: netsim.NewHoldBack(n.opt.HoldBound)}
	n.ports[id] = p
	for e, r := range n.routes {
		if e.to == id {
			r.dst.Store(p)
		}
	}
	return p, nil
}

// SetLink implements netsim.Network.
func (n *Network) SetLink(from, to smr.NodeID, l netsim.Link) {
	n.route(from, to).line.Set(l)
}

// Close implements netsim.Network.
func (n *Network) Close() error {
	n.mu.Lock()
	open := make([]*port, 0, len(n.ports))
	for _, p := range n.ports {
		open = append(open, p)
	}
	n.mu.Unlock()
	for _, p := range open {
		p.Close()
	}
	return nil
}

func (n *Network) route(from, to smr.NodeID) *route {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := ends{from, to}
	r := n.routes[e]
	if r == nil {
		r = &route{line: netsim.NewLiveLine(n.opt.Seed, from, to, n.opt.Link)}
		if p := n.ports[to]; p != nil && !p.closed {
			r.dst.Store(p)
		}
		n.routes[e] = r
	}
	return r
}
