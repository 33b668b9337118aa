package cluster

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// Options decide what a cluster is made of.
type Options struct {
	Nodes       int
	Replica     replica.Options // Core.ID is set for each
	SyncLatency smr.Time        // of the modelled log device
	Storage     Storage
	Link        netsim.Link                                   // every link, until a fault changes it
	Links       func(from, to smr.NodeID) netsim.Link         // of each pair; nil: Link
	Distance    func(worker int, node smr.NodeID) netsim.Dist // one way between clients and a replica; nil: none
	Clocks      bool                                          // clocks can be disturbed: Drift, Jump
	First       smr.NodeID                                    // campaigns first; None: chance decides
	Clients     client.Options                                // Worker is set for each
	Client      client.Parts                                  // what is common to all workers; the rest is filled in
	Window      *replica.Window
	Series      *measure.Series
	Histories   int // operations that a worker's history may hold; 0 = none is kept

	Cost   *cost.Model // of work in virtual time; nil: it takes none
	Cores  int         // processors that replicas and clients share; 0: each replica has its own, and clients cost nothing
	Meter  bool        // count work and the time that it takes, live too
	Events int         // of each replica that are kept for Traces, the last ones; 0 = none

	Tells []*replica.Trace // of the replicas, written to instead; nil: as Events says

	// Lean takes memory when it is needed, not beforehand: for thousands of short
	// runs that nobody measures.
	Lean bool
}

// untilGrown is how much a replica's commands take at first, in bytes.
func (o *Options) untilGrown() int {
	if o.Lean {
		return 4 << 10
	}
	return 1 << 20
}

func (o *Options) histogram() *measure.Histogram {
	if o.Lean {
		return measure.NewLazyHistogram()
	}
	return measure.NewHistogram()
}

// actor is what a driver drives.
type actor interface {
	Turn(now smr.Time) (wake smr.Time)
}

// driver lets actors have their turns. Actors are numbered from 0 and have turns
// from Set until it is called again with nil.
type driver interface {
	Now() smr.Time
	Waker(i int) netsim.Waker
	// Do calls f while actor i has no turn, and returns when it is done.
	Do(i int, f func())
	// Set gives number i its actor; it is called within Do.
	Set(i int, a actor)
	// Await lets time pass until it is until or done() is true, and reports which;
	// done is asked about once a millisecond. It returns early with ctx's error.
	Await(ctx context.Context, until smr.Time, done func() bool) (bool, error)
	// Stop ends all turns.
	Stop()
	// Events is how many events a simulator has had.
	Events() uint64
	// Parallel reports whether replicas may be made in any order.
	Parallel() bool
}

// node is what outlives a replica's incarnations.
type node struct {
	id    smr.NodeID
	board replica.Board
	log   wal.Log
	box   *mailbox.Box // commands

	now         *replica.Replica // nil while it is down
	port        netsim.Port
	incarnation int
	paused      bool
	durable     uint64 // what the log had to keep when it crashed
	disk        disk
	clock       clock // the core's
	clients     []replica.Answers

	past    replica.Counters // of earlier incarnations
	network netsim.Stats     // likewise
	commit  *measure.Histogram
	syncs   Syncs
	events  measure.EventLog // of all incarnations

	cpu  *cost.CPU // of all incarnations; nil: work is neither charged for nor counted
	sent *outbox   // answers that have not left yet; nil unless work takes time

	trace   *replica.Trace // nil: none is kept
	cluster *Cluster
	point   CrashPoint // armed while Nth > 0
}

func (n *node) standing() standing {
	up := n.now != nil && !n.disk.fell.Load()
	return standing{id: n.id, up: up, live: up && !n.paused, gone: n.disk.gone != nil, nonVoter: n.disk.nonVoter, view: n.board.View()}
}

// Turn implements actor.
func (n *node) Turn(now smr.Time) (wake smr.Time) {
	if n.cpu == nil {
		wake = n.now.Turn(now)
	} else {
		wake = n.costed(now)
	}
	if n.now.Dead() {
		n.cluster.fell(n)
	}
	return wake
}

// Cluster is replicas and clients under one driver. Its methods are called from
// one goroutine.
type Cluster struct {
	load
	links
	findings

	opts    Options
	network netsim.Network
	nodes   []*node
	traces  []*replica.Trace
	crashes [replica.Boundaries]uint64 // at crash points
	clients []*cost.CPU                // by worker; nil: see node.cpu
}

// commandBound bounds what waits for a replica, in bytes.
const commandBound = 32 << 20

// end is a worker's mailbox as replicas see it.
type end struct {
	box  *mailbox.Box
	wake netsim.Waker
}

// Send implements [replica.Answers]. An answer that finds no room is lost: the
// client will ask again.
func (e end) Send(answers []byte) {
	e.box.Append(answers, nil)
	e.wake.Wake()
}

// start makes and starts all actors.
func start(o Options, d driver, network netsim.Network) (*Cluster, error) {
	c := &Cluster{opts: o, network: network, load: load{driver: d, control: o.Client.Control, first: o.Nodes}}
	c.links, c.findings = newLinks(o.Nodes, o.Link, network), newFindings()
	c.links.place(o.Links)
	if o.Tells != nil {
		c.traces = o.Tells
	} else if o.Events > 0 {
		c.traces, c.hold = replica.NewTraces(o.Nodes, o.Events)
		c.digests.Found = c.hold
	}
	mail := newPost(&o, d)
	targets := make([]client.Target, o.Nodes)
	for i := range targets {
		n := &node{
			id: smr.NodeID(i + 1), box: mailbox.New(o.untilGrown(), commandBound),
			clock: newClock(), commit: o.histogram(), events: measure.EventLog{Node: smr.NodeID(i + 1)}, cluster: c,
		}
		if c.traces != nil {
			n.trace = c.traces[i]
		}
		c.nodes = append(c.nodes, n)
		targets[i] = client.Target{Box: n.box, Wake: d.Waker(i)}
	}
	c.charge(&o)
	for i := range o.Clients.Workers {
		_, box := c.newWorker(&o, mail.commands(i, targets))
		for _, n := range c.nodes {
			answers := mail.answers(i, n.id, end{box, d.Waker(o.Nodes + i)})
			n.clients = append(n.clients, c.chargeAnswers(n, i, answers))
		}
	}
	if err := c.openLogs(); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.openAll(d.Parallel()); err != nil {
		c.Close()
		return nil, err
	}
	for _, n := range c.nodes {
		c.join(n)
	}
	for i, w := range c.workers {
		d.Do(o.Nodes+i, func() { d.Set(o.Nodes+i, c.chargeClient(i, w)) })
	}
	if mail != nil {
		i := o.Nodes + o.Clients.Workers
		d.Do(i, func() { d.Set(i, mail) })
	}
	c.startOutboxes()
	return c, nil
}

// openAll makes the first incarnation of every replica, side by side where that
// is allowed: touching the memory of a replica takes its time.
func (c *Cluster) openAll(parallel bool) error {
	var group errgroup.Group
	if !parallel {
		group.SetLimit(1)
	}
	for _, n := range c.nodes {
		group.Go(func() error { return c.open(n) })
	}
	return group.Wait()
}

// open makes the next incarnation of n.
func (c *Cluster) open(n *node) (err error) {
	n.port, err = c.network.Open(n.id, c.driver.Waker(int(n.id-1)))
	if err != nil {
		return err
	}
	o := c.opts.Replica
	o.Core.ID, o.Core.NonVoter = n.id, n.disk.nonVoter
	o.Core.Prefault = o.Core.Prefault && n.incarnation == 0 // a restart is not held up
	if first := c.opts.First == n.id; first || c.opts.Clocks {
		o.Protocol.New = n.clock.wrap(o.Protocol.New, first && n.incarnation == 0)
	}
	at := c.driver.Now()
	r, recovery, err := replica.New(o, replica.Parts{
		Log: n.log, Port: c.chargePort(n), Commands: n.box, Clients: n.clients,
		Clock: c.clock(n), CPU: n.cpu, Window: c.opts.Window, Digests: c.digests,
		Events: &n.events, Commit: c.opts.histogram(), Failed: c.failed, Trace: n.trace,
	}, &n.board, n.incarnation)
	restart := n.incarnation > 0
	n.incarnation++
	if err != nil {
		n.port.Close()
		return err
	}
	if restart {
		c.restarts = append(c.restarts, Restart{n.id, at, c.driver.Now() - at, recovery})
		if why := n.disk.forgot(n.durable, recovery); why != nil {
			c.failed(n.id, why)
		}
	}
	n.disk.nonVoter = r.NonVoter()
	n.now = r
	c.arm(n)
	return nil
}

// join starts the timers and turns of a replica that open has made.
func (c *Cluster) join(n *node) {
	i := int(n.id - 1)
	c.driver.Do(i, func() {
		n.now.Start(c.driver.Now())
		c.driver.Set(i, n)
	})
}

// Up reports whether replica id is there, paused or not.
func (c *Cluster) Up(id smr.NodeID) bool { return c.nodes[id-1].standing().up }

// Paused reports whether replica id takes no turns although it is up.
func (c *Cluster) Paused(id smr.NodeID) bool { return c.nodes[id-1].paused }

// View is what replica id shows of itself.
func (c *Cluster) View(id smr.NodeID) replica.View { return c.nodes[id-1].board.View() }

// Leader is the live replica that leads in the highest term, None if there is
// none. Without leaders it is the last one that had a value of its own chosen,
// else the lowest live one.
func (c *Cluster) Leader() smr.NodeID {
	return leader(c.nodes, c.opts.Replica.Protocol.Leaderless)
}

// Crash makes replica id vanish: its core, what is on its way to it and what its
// log has not synced.
func (c *Cluster) Crash(id smr.NodeID) {
	n := c.nodes[id-1]
	if n.now == nil {
		return
	}
	c.reachedBy(id, probe.FaultCrashLeader)
	c.stopped(n)
	c.driver.Do(int(id-1), func() {
		c.driver.Set(int(id-1), nil)
		now := c.driver.Now()
		n.trace.Crashed(now)
		c.retire(n)
		n.port.Close()
		n.durable = n.log.Durable(now)
		n.log.Crash(now)
		n.now, n.paused = nil, false
		n.unsent(now)
		n.disk.fell.Store(false)
		n.board.Down()
		c.reachedAllDown()
	})
}

// retire adds up what the incarnation has done.
func (c *Cluster) retire(n *node) {
	c.reachedLinks(n)
	counters := n.now.Counters()
	n.past.Add(&counters)
	n.network.Add(n.port.Stats())
	n.commit.Merge(n.now.CommitLatency())
}

// Restart brings back a replica that is down. An error means that it could not
// recover: it then stays down for good. That is a problem, unless its device is
// known to be damaged.
func (c *Cluster) Restart(id smr.NodeID) error {
	n := c.nodes[id-1]
	c.reap()
	if n.now != nil || n.disk.gone != nil {
		return n.disk.gone
	}
	n.box.Swap() // what clients sent to nobody
	if err := c.open(n); err != nil {
		c.lost(n, err)
		return err
	}
	c.reached(probe.FaultRestarted)
	c.join(n)
	return nil
}

// Pause keeps replica id from taking turns. Its clock runs on; its mail fills.
func (c *Cluster) Pause(id smr.NodeID) {
	if n := c.nodes[id-1]; n.now != nil && !n.paused {
		c.reachedBy(id, probe.FaultPausedLeader)
		n.paused = true
		c.driver.Do(int(id-1), func() { c.driver.Set(int(id-1), nil) })
	}
}

// Resume ends a pause.
func (c *Cluster) Resume(id smr.NodeID) {
	if n := c.nodes[id-1]; n.now != nil && n.paused {
		n.paused = false
		c.driver.Do(int(id-1), func() { c.driver.Set(int(id-1), n) })
	}
}

// Freeze ends the replicas' turns if all their state machines stand at the same
// entry, and reports whether they do; otherwise everything goes on. Boards alone
// cannot tell: between one replica's turn and a look at another's board, the log
// may have moved.
func (c *Cluster) Freeze() bool {
	if !c.Settled() {
		return false
	}
	same, index := true, uint64(0)
	for i, n := range c.nodes {
		if n.now == nil {
			continue
		}
		c.driver.Do(i, func() { c.driver.Set(i, nil) })
		at := n.now.State().Index
		same, index = same && (index == 0 || at == index) && !n.now.Dead(), at
	}
	if !same {
		for i, n := range c.nodes {
			if n.now != nil {
				c.driver.Do(i, func() { c.driver.Set(i, n) })
			}
		}
	}
	return same
}

// Traces are the last events of each replica, to be read after Stop; nil if none were
// to be kept.
func (c *Cluster) Traces() []*replica.Trace { return c.traces }

// Stop ends all turns. What follows only reads.
func (c *Cluster) Stop() {
	for _, n := range c.nodes {
		c.reachedLinks(n)
	}
	c.driver.Stop()
}

// Close stops the cluster and gives back ports and sockets.
func (c *Cluster) Close() error {
	c.driver.Stop()
	err := c.network.Close()
	for _, n := range c.nodes {
		if n.log != nil {
			_ = n.log.Close() // what it holds is of no use any more
		}
	}
	return err
}
