package elections

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/inproc"
	"github.com/consbench/consbench/netsim/park"
	"github.com/consbench/consbench/netsim/tcp"
)

// world is the time and the network of one trial: virtual or live. The servers of a
// trial take their turns on one goroutine, one after another, in both.
type world interface {
	Now() smr.Time
	// next fires what is due next, at limit at the latest, and reports whether there
	// was anything. Live, it waits for it; it may return early, without having fired.
	next(limit smr.Time) bool
	// reach moves the clock to a time before which nothing is due any more.
	reach(smr.Time)
	// settled reports whether nothing more happens at this instant.
	settled() bool
	timer(l *lab, i int) timer
	network() netsim.Network
	// linked reports whether open servers a and b can reach each other.
	linked(a, b smr.NodeID) bool
	// slack is how much longer than in virtual time something may take.
	slack() smr.Time
	close() error
}

// timer wakes one server: at once when mail has come, or at a deadline.
type timer interface {
	netsim.Waker
	Set(smr.Time)
	Stop()
}

// virtual is a world in virtual time, where nothing takes time but what is modelled.
type virtual struct {
	sim *netsim.Sim
	net *netsim.Virtual
}

func newVirtual(seed uint64) *virtual {
	sim := netsim.NewSim()
	return &virtual{sim, netsim.NewVirtual(sim, seed, netsim.Link{})}
}

func (w *virtual) Now() smr.Time               { return w.sim.Now() }
func (w *virtual) reach(t smr.Time)            { w.sim.Run(t) }
func (w *virtual) settled() bool               { return w.sim.Next() > w.sim.Now() }
func (w *virtual) timer(l *lab, i int) timer   { return netsim.NewTimer(w.sim, l, uint64(i)) }
func (w *virtual) network() netsim.Network     { return w.net }
func (w *virtual) linked(_, _ smr.NodeID) bool { return true }
func (w *virtual) slack() smr.Time             { return 0 }
func (w *virtual) close() error                { return nil }

func (w *virtual) next(limit smr.Time) bool {
	if w.sim.Next() > limit {
		return false
	}
	w.sim.Step()
	return true
}

// live is a world by the machine's clock: mailboxes or sockets, whose wake-ups and
// goroutines are those of a run.
type live struct {
	clock  *park.Clock
	parker *park.Parker
	net    netsim.Network
	links  *tcp.Network // nil: mailboxes
	lab    *lab
	timers []*alarm
}

// lookAgain is how long a live trial waits at most before it sees whether it is to
// end; liveSlack what the machine may take for what takes no time in virtual time,
// before something must be broken; liveGrain what it may always be late by.
const (
	lookAgain = smr.Time(50 * time.Millisecond)
	liveSlack = smr.Time(time.Minute)
	liveGrain = smr.Time(time.Millisecond)
)

func newLive(l *lab, seed uint64) (*live, error) {
	w := &live{clock: park.NewClock(), lab: l}
	switch l.cfg.Network {
	case NetworkInproc:
		w.net = inproc.New(inproc.Options{Seed: seed, MailInitial: mailbox})
	case NetworkTCP:
		addrs, err := tcp.Addresses("127.0.0.1:0", l.peers)
		if err != nil {
			return nil, err
		}
		w.links, err = tcp.New(tcp.Options{
			Cluster: fmt.Sprintf("consbench-elections-%d-%x", os.Getpid(), seed), Protocol: l.protocol.Name,
			Addrs: addrs, Seed: seed, MaxFrame: frame,
		})
		if err != nil {
			return nil, err
		}
		w.net = w.links
	default:
		return nil, fmt.Errorf("there is no network %q", l.cfg.Network)
	}
	w.parker = park.New(w.clock, park.Options{Precise: true})
	return w, nil
}

// mailbox is what a server's mailbox takes at first, in bytes.
const mailbox = 64 << 10

func (w *live) Now() smr.Time           { return w.clock.Now() }
func (w *live) reach(smr.Time)          {} // it is there
func (w *live) settled() bool           { return true }
func (w *live) network() netsim.Network { return w.net }
func (w *live) slack() smr.Time         { return liveSlack }

func (w *live) linked(a, b smr.NodeID) bool { return w.links == nil || w.links.Connected(a, b) }

func (w *live) close() error {
	err := w.net.Close()
	w.parker.Close()
	return err
}

func (w *live) timer(_ *lab, i int) timer {
	a := &alarm{world: w, at: smr.Never}
	w.timers = append(w.timers, a)
	return a
}

func (w *live) next(limit smr.Time) bool {
	now := w.Now()
	if now > limit {
		return false
	}
	first := min(limit+1, now+lookAgain)
	for i, a := range w.timers {
		if a.woken.Swap(false) || a.at <= now {
			a.at = smr.Never
			w.lab.Fire(now, uint64(i))
			return true
		}
		first = min(first, a.at)
	}
	w.parker.Park(first)
	return true
}

// alarm is the timer of one server in a live world.
type alarm struct {
	world *live
	at    smr.Time
	woken atomic.Bool
}

// Wake implements [netsim.Waker].
func (a *alarm) Wake() {
	a.woken.Store(true)
	a.world.parker.Wake()
}

func (a *alarm) Set(at smr.Time) { a.at = at }

func (a *alarm) Stop() {
	a.at = smr.Never
	a.woken.Store(false)
}
