// Package nettest is the conformance suite of a netsim.Network: what replicas may
// rely on whatever carries their frames.
//
// The suite drives all ports from one goroutine. It never sleeps: it parks the
// node it waits for, which in virtual time advances the clock and on live networks
// waits for a Wake. A wait that lasts Patience fails the test.
package nettest

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// Patience is how long a test waits for what must come, in the network's time.
const Patience = smr.Time(30 * time.Second)

// Sleeper is a Waker that its owner can wait for.
type Sleeper interface {
	netsim.Waker
	Park(deadline smr.Time) bool
}

// World is a network with its time.
type World struct {
	Net netsim.Network
	Now func() smr.Time
	// NewSleeper makes the Waker of one port.
	NewSleeper func() Sleeper
	// Connections says that the network has them: frames are dropped until both
	// ends are up, PeerChanges reports, and closing a port resets them.
	Connections bool
	// Exact says that time passes only while somebody waits: delays are exact.
	Exact bool
	// Room is a number of bytes that certainly does not fit into all queues of one
	// link.
	Room int
}

// NewVirtual is a World in virtual time.
func NewVirtual(seed uint64, link netsim.Link) *World {
	sim := netsim.NewSim()
	v := netsim.NewVirtual(sim, seed, link)
	v.MailBound = 8 << 20
	return &World{
		Net: v, Now: sim.Now, Exact: true, Room: 9 << 20,
		NewSleeper: func() Sleeper { return &virtualSleeper{sim: sim} },
	}
}

// virtualSleeper steps the Sim until it is woken.
type virtualSleeper struct {
	sim   *netsim.Sim
	woken bool
}

func (s *virtualSleeper) Wake() { s.woken = true }

func (s *virtualSleeper) Park(deadline smr.Time) bool {
	for !s.woken && s.sim.Next() <= deadline && s.sim.Step() {
	}
	woken := s.woken
	s.woken = false
	if !woken && deadline != smr.Never {
		s.sim.Run(deadline)
	}
	return woken
}

// Live makes a World around a live network.
func Live(t testing.TB, net netsim.Network) *World {
	clock := park.NewClock()
	return &World{Net: net, Now: clock.Now, NewSleeper: func() Sleeper {
		p := park.New(clock, park.Options{})
		t.Cleanup(p.Close)
		return p
	}}
}

// node is a replica that only sends and receives.
type node struct {
	t     testing.TB
	w     *World
	id    smr.NodeID
	sleep Sleeper
	port  netsim.Port
	up    map[smr.NodeID]bool
	got   []received
}

type received struct {
	from    smr.NodeID
	channel uint8
	data    string
	at      smr.Time
}

func (w *World) open(t testing.TB, id smr.NodeID) *node {
	t.Helper()
	n := &node{t: t, w: w, id: id, sleep: w.NewSleeper(), up: make(map[smr.NodeID]bool)}
	var err error
	if n.port, err = w.Net.Open(id, n.sleep); err != nil {
		t.Fatal(err)
	}
	return n
}

// cluster opens nodes 1 to n and waits until each reaches each.
func (w *World) cluster(t testing.TB, n int) []*node {
	t.Helper()
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = w.open(t, smr.NodeID(i+1))
	}
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				a.awaitPeer(b.id, true)
			}
		}
	}
	return nodes
}

// turn takes what has come.
func (n *node) turn() {
	now := n.w.Now()
	n.port.PeerChanges(func(id smr.NodeID, up bool) {
		if n.up[id] == up {
			n.t.Errorf("%v: peer %v reported twice as up=%v", n.id, id, up)
		}
		n.up[id] = up
	})
	n.port.Poll(now)
	for m, ok := n.port.Next(); ok; m, ok = n.port.Next() {
		n.got = append(n.got, received{m.From, m.Channel, string(m.Data), now})
	}
	n.port.Flush(now)
}

// await takes turns until cond holds.
func (n *node) await(what string, cond func() bool) {
	n.t.Helper()
	giveUp := n.w.Now() + Patience
	for {
		n.turn()
		if cond() {
			return
		}
		if n.w.Now() >= giveUp {
			n.t.Fatalf("%v: waited %v for %s; %d frames came, %+v", n.id, Patience, what, len(n.got), n.port.Stats())
		}
		n.sleep.Park(min(n.port.Due(), giveUp))
	}
}

func (n *node) awaitFrames(count int) {
	n.t.Helper()
	n.await(fmt.Sprintf("%d frames", count), func() bool { return len(n.got) >= count })
}

func (n *node) awaitPeer(id smr.NodeID, up bool) {
	n.t.Helper()
	if n.w.Connections {
		n.await(fmt.Sprintf("peer %v up=%v", id, up), func() bool { return n.up[id] == up })
	}
}

// send sends one frame and ends the turn.
func (n *node) send(to smr.NodeID, data string) {
	now := n.w.Now()
	n.port.Send(now, to, 0, []byte(data), nil)
	n.port.Flush(now)
}

// fence returns once everything that n sent to peer before has been taken or
// dropped. The link must be perfect from now on.
func (n *node) fence(peer *node) {
	n.t.Helper()
	const mark = "fence"
	n.send(peer.id, mark)
	peer.await(mark, func() bool { return len(peer.got) > 0 && peer.got[len(peer.got)-1].data == mark })
	peer.got = peer.got[:len(peer.got)-1]
}

func numbered(i, size int) []byte {
	b := make([]byte, max(8, size))
	binary.LittleEndian.PutUint64(b, uint64(i))
	for j := 8; j < len(b); j++ {
		b[j] = byte(i + j)
	}
	return b
}
