package elections

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// What the cores of a trial are given: logs of a few entries fit into the smallest
// windows. Most of what a trial costs is making them.
const (
	frame     = 4 << 10
	entrySize = 64 // a command without payload as a window holds it, and some slack
)

// maxStuck is how many events may follow one another at one instant, lookUp after
// how many a trial sees that it is to end.
const (
	maxStuck = 1 << 20
	lookUp   = 1 << 14
)

var errStuck = errors.New("time stands still: servers go on at one instant without end")

// errDisturbed ends a live trial in which another timer than the leader's ran out
// before the crash, or that came late: the machine stood still. It is then not the
// election that the trial is about, which begins anew, but not for ever.
var errDisturbed = errors.New("the machine stands still for as long as timers run, again and again: try longer timeouts, or a machine with less to do")

const maxDisturbed = 1000

// lab carries out trials, one after another.
type lab struct {
	ctx      context.Context
	cfg      Config
	protocol smr.Protocol
	election netsim.Link // while the election goes on
	peers    []smr.NodeID
	nodes    []*node // by number, from 0
	order    []int   // of the nodes: the lengths of their logs, rising
	window   *replica.Window
	commit   *measure.Histogram // not looked at

	// Of the current trial.
	seed    uint64
	rng     *rand.Rand
	pcg     rand.PCG
	world   world
	seq     uint64 // of the last command
	events  int    // of all trials
	modeled bool   // writes take their time
	err     error

	watch
}

func newLab(ctx context.Context, cfg Config, protocol smr.Protocol) *lab {
	l := &lab{ctx: ctx, cfg: cfg, protocol: protocol, window: replica.NewWindow(), commit: measure.NewHistogram()}
	l.rng = rand.New(&l.pcg)
	lo, hi := smr.Time(cfg.DelayMin), smr.Time(cfg.DelayMax)
	l.election.Delay = netsim.Constant(lo)
	if hi > lo {
		l.election.Delay = netsim.Uniform((lo+hi)/2, (hi-lo)/2)
	}
	unused := wal.NewMemory(0)
	for i := range cfg.Nodes {
		id := smr.NodeID(i + 1)
		n := &node{lab: l, id: id, events: measure.EventLog{Node: id}}
		n.device.Log, n.device.lab = unused, l
		l.peers, l.nodes, l.order = append(l.peers, id), append(l.nodes, n), append(l.order, i)
	}
	return l
}

// writing is how long a write takes: no time, but for those that are modelled.
func (l *lab) writing(sync smr.SyncKind) smr.Time {
	switch {
	case !l.modeled:
	case sync == smr.SyncVote:
		return smr.Time(l.cfg.VoterPersist)
	case sync == smr.SyncCampaign:
		span := int64(l.cfg.CandidatePersistMax - l.cfg.CandidatePersistMin)
		return smr.Time(l.cfg.CandidatePersistMin) + smr.Time(l.rng.Int64N(span+1))
	}
	return 0
}

// trial carries out the trial of a seed.
func (l *lab) trial(seed uint64) (s Sample, err error) {
	for disturbed := 0; ; disturbed++ {
		s, err = l.attempt(seed)
		if !errors.Is(err, errDisturbed) || disturbed == maxDisturbed {
			s.Disturbed = disturbed
			break
		}
	}
	if err != nil {
		return Sample{}, fmt.Errorf("%s: trial of seed %d: %w", l.protocol.Name, seed, err)
	}
	return s, nil
}

// attempt carries out the trial of a seed if nothing disturbs it.
func (l *lab) attempt(seed uint64) (Sample, error) {
	if err := l.begin(seed); err != nil {
		return Sample{}, err
	}
	l.rng.Shuffle(len(l.order), func(i, j int) { l.order[i], l.order[j] = l.order[j], l.order[i] })
	leader := l.nodes[l.order[len(l.order)-1]]
	var err error
	if l.cfg.Start == result.StartCrash {
		err = l.crash(leader, l.dead(leader))
	} else {
		err = l.fresh(leader, l.dead(nil))
	}
	if err == nil {
		err = l.elect()
	}
	for _, n := range l.nodes {
		n.stop()
	}
	if err = errors.Join(err, l.err, l.world.close()); err != nil {
		return Sample{}, err
	}
	return l.sample(), nil
}

// begin clears the lab for a trial.
func (l *lab) begin(seed uint64) error {
	l.seed, l.seq, l.modeled, l.err = seed, 0, false, nil
	l.pcg.Seed(seed, 0x656c656374696f6e)
	if l.cfg.Network == NetworkSim {
		l.world = newVirtual(seed)
	} else {
		w, err := newLive(l, seed)
		if err != nil {
			return err
		}
		l.world = w
	}
	for i, n := range l.nodes {
		l.order[i] = i
		n.timer = l.world.timer(l, i)
		n.device.reset()
	}
	return nil
}

// dead picks the servers that are dead from the start; spared is none of them.
func (l *lab) dead(spared *node) map[*node]bool {
	if l.cfg.Down == 0 {
		return nil
	}
	dead := make(map[*node]bool, l.cfg.Down)
	for _, i := range l.rng.Perm(len(l.nodes)) {
		if n := l.nodes[i]; n != spared && len(dead) < l.cfg.Down {
			dead[n] = true
		}
	}
	return dead
}

// fresh starts every live server at one instant, without a leader.
func (l *lab) fresh(longest *node, dead map[*node]bool) error {
	again := 0
	if l.cfg.Logs == result.LogsDistinct {
		// The logs come about under a leader, which then crashes with all others.
		if err := l.lead(longest, nil); err != nil {
			return err
		}
		for _, n := range l.nodes {
			n.stop()
		}
		again = 1
	}
	for _, n := range l.nodes {
		if !dead[n] {
			if err := n.open(again); err != nil {
				return err
			}
		}
	}
	if err := l.link(); err != nil {
		return err
	}
	l.measure(l.world.Now())
	for _, n := range l.nodes {
		if n.now != nil {
			n.start()
		}
	}
	return nil
}

// crash lets leader lead, and takes it away uniformly within the heartbeat interval
// after a heartbeat that has reached all live servers at one instant.
func (l *lab) crash(leader *node, dead map[*node]bool) error {
	if err := l.lead(leader, dead); err != nil {
		return err
	}
	elected := l.world.Now()
	first, beat := smr.Never, smr.Never // the heartbeat at the first and at the last of them
	// Live, nothing reaches all at once, or happens on time.
	apart := min(max(smr.Time(l.cfg.Heartbeat)/4, liveGrain), l.world.slack())
	reached := func() bool {
		first, beat = smr.Never, -smr.Never
		for _, n := range l.nodes {
			if n != leader && n.now != nil {
				first, beat = min(first, n.port.heard), max(beat, n.port.heard)
			}
		}
		// What the election brought is of before.
		return first > elected+smr.Time(l.cfg.Heartbeat)/2 && beat-first <= apart && l.world.settled()
	}
	if err := l.prepare(elected+smr.Time(l.cfg.ElectionMin)-1+l.world.slack(), reached); err != nil {
		return fmt.Errorf("no heartbeat of the leader reached all servers at one instant: %w", err)
	}
	at := beat + smr.Time(l.rng.Int64N(int64(l.cfg.Heartbeat)))
	if err := l.pass(at); err != nil {
		return err
	}
	if l.timeouts > 1 || l.world.Now()-at > apart {
		return errDisturbed
	}
	for _, n := range l.nodes {
		if n != leader && n.now != nil && n.port.heard > beat+l.world.slack() {
			return fmt.Errorf("%v heard of the leader between two heartbeats", n.id)
		}
	}
	now := l.world.Now()
	leader.stop() // which takes a moment over sockets
	l.measure(now)
	return nil
}

// lead makes leader the leader of all servers but the dead ones, and gives the
// servers the logs that were asked for. Nothing takes any time yet.
func (l *lab) lead(leader *node, dead map[*node]bool) error {
	for _, n := range l.nodes {
		if !dead[n] {
			if err := n.open(0); err != nil {
				return err
			}
			n.port.from = leader.id
		}
	}
	if err := l.link(); err != nil {
		return err
	}
	// Its timer starts alone; those of the others start when it has run out.
	l.reset()
	leader.start()
	if err := l.until(l.world.Now()+smr.Time(l.cfg.ElectionMax)+l.world.slack(), func() bool { return l.detected != smr.Never }); err != nil {
		return missing(err, smr.TimedOut, "a server alone has no leader")
	}
	for _, n := range l.nodes {
		if n != leader && n.now != nil {
			n.start()
		}
	}
	now := l.world.Now()
	if err := l.prepare(now+l.world.slack(), func() bool { return l.serving == leader }); err != nil {
		return missing(err, smr.Serving, "where nothing takes time and nobody disputes it, an election ends at once")
	}
	if l.cfg.Logs == result.LogsDistinct {
		return l.lengthen(leader)
	}
	return l.pass(now)
}

// missing says which event of a protocol's cores a trial has waited for in vain, and why
// it should have come.
func missing(err error, event smr.EventType, why string) error {
	if !errors.Is(err, errLate) {
		return err
	}
	return fmt.Errorf("no core reported %q, though %s: a protocol whose elections are to be measured elects leaders, and reports each step of that (smr.Event)", event, why)
}

// lengthen makes the logs of order longer than each other: before every entry one
// more server is cut off from replication.
func (l *lab) lengthen(leader *node) error {
	now := l.world.Now()
	for k, i := range l.order[:len(l.order)-1] {
		if err := l.prepare(now+l.world.slack(), func() bool { return l.level(l.order[k:]) }); err != nil {
			return fmt.Errorf("servers that are not cut off are behind: %w", err)
		}
		leader.cutter.cut = append(leader.cutter.cut, l.nodes[i].id)
		last := leader.board.View().Last
		l.propose(leader)
		if err := l.prepare(now+l.world.slack(), func() bool { return leader.board.View().Last > last }); err != nil {
			return fmt.Errorf("the leader takes no command: %w", err)
		}
		if err := l.pass(now); err != nil {
			return err
		}
	}
	if err := l.prepare(now+l.world.slack(), l.distinct); err != nil {
		return fmt.Errorf("logs are not of different lengths: %w", err)
	}
	return nil
}

// level reports whether the logs of some servers, those that live, are equally long.
func (l *lab) level(some []int) bool {
	last := l.nodes[some[len(some)-1]].board.View().Last // the leader's
	return !slices.ContainsFunc(some, func(i int) bool { return l.nodes[i].now != nil && l.nodes[i].board.View().Last != last })
}

// distinct reports whether the logs of the live servers are of different lengths, in
// their order.
func (l *lab) distinct() bool {
	last := int64(-1)
	for _, i := range l.order {
		if n := l.nodes[i]; n.now != nil {
			length := int64(n.board.View().Last)
			if length <= last {
				return false
			}
			last = length
		}
	}
	return true
}

// propose gives n a new command.
func (l *lab) propose(n *node) {
	n.source.offer(l.seq)
	l.seq++
	n.timer.Wake()
}

// link waits until all open servers can reach each other.
func (l *lab) link() error {
	all := func() bool {
		for i, a := range l.nodes {
			for _, b := range l.nodes[:i] {
				if a.now != nil && b.now != nil && !l.world.linked(a.id, b.id) {
					return false
				}
			}
		}
		return true
	}
	if err := l.until(l.world.Now()+l.world.slack(), all); err != nil {
		return fmt.Errorf("servers have no connection to each other: %w", err)
	}
	return nil
}

// prepare is until in the part of a trial before what is measured: nobody's timer
// runs out there but the leader's.
func (l *lab) prepare(limit smr.Time, done func() bool) error {
	err := l.until(limit, func() bool { return l.timeouts > 1 || done() })
	if l.timeouts > 1 {
		return errDisturbed
	}
	return err
}

// measure begins the part of the trial that is measured, which counts from zero.
func (l *lab) measure(zero smr.Time) {
	for _, from := range l.peers {
		for _, to := range l.peers {
			if from != to {
				l.world.network().SetLink(from, to, l.election)
			}
		}
	}
	for _, n := range l.nodes {
		if n.cutter != nil {
			n.cutter.cut = nil
		}
	}
	l.modeled = true
	l.reset()
	l.zero = zero
}

// elect lets time pass until the election is over or given up.
func (l *lab) elect() error {
	err := l.until(l.zero+smr.Time(l.cfg.GiveUp), l.over)
	if errors.Is(err, errLate) {
		return nil // unfinished
	}
	return err
}

var errLate = errors.New("it did not happen in time")

// until fires events up to limit (inclusive) until done, which is asked after each.
func (l *lab) until(limit smr.Time, done func() bool) error {
	at, events := l.world.Now(), 0
	for !done() {
		if !l.world.next(limit) {
			return errLate
		}
		if l.err != nil {
			return l.err
		}
		if events++; l.world.Now() != at {
			at, events = l.world.Now(), 0
		}
		if events > maxStuck {
			return errStuck
		}
		if l.events++; (l.events%lookUp == 0 || l.cfg.Network != NetworkSim) && l.ctx.Err() != nil {
			return l.ctx.Err()
		}
	}
	return nil
}

// pass lets time go by up to limit (inclusive).
func (l *lab) pass(limit smr.Time) error {
	err := l.until(limit, func() bool { return false })
	if errors.Is(err, errLate) {
		l.world.reach(limit)
		return nil
	}
	return err
}

// Fire takes one turn of node i.
func (l *lab) Fire(now smr.Time, i uint64) {
	n := l.nodes[i]
	if !n.begun {
		return
	}
	wake := n.now.Turn(now)
	if wake > now {
		n.timer.Set(wake)
	} else {
		n.timer.Wake()
	}
	if len(n.events.Events) > 0 {
		for _, e := range n.events.Events {
			l.observe(n, e)
		}
		n.events.Events = n.events.Events[:0]
	}
}

// open makes an incarnation of n from its device.
func (n *node) open(incarnation int) error {
	l := n.lab
	p, err := l.world.network().Open(n.id, n.timer)
	if err != nil {
		return err
	}
	n.port = port{Port: p, heard: -1}
	n.source.reset()
	n.events.Events = n.events.Events[:0]
	n.now, _, err = replica.New(replica.Options{
		Protocol: smr.Protocol{Name: l.protocol.Name, New: n.core},
		Core: smr.Config{
			ID: n.id, Peers: l.peers, Seed: l.seed,
			ElectionMin: smr.Time(l.cfg.ElectionMin), ElectionMax: smr.Time(l.cfg.ElectionMax), Heartbeat: smr.Time(l.cfg.Heartbeat),
			MaxFrame: frame, Inflight: frame, Retain: entrySize * (l.cfg.Nodes + 8), PreVote: l.cfg.PreVote, CheckQuorum: l.cfg.CheckQuorum,
		},
		Sessions: 1, Batch: 1, BatchBytes: frame,
	}, replica.Parts{
		Log: &n.device, Port: &n.port, Commands: &n.source, Clients: []replica.Answers{n},
		Clock: l.world.Now, Window: l.window, Events: &n.events, Commit: l.commit,
		Failed: func(id smr.NodeID, problem error) { l.err = fmt.Errorf("%v: %w", id, problem) },
	}, &n.board, incarnation)
	return err
}

// core makes the core of n, with a way to cut its replication.
func (n *node) core(cfg smr.Config) (smr.Core, error) {
	c, err := n.lab.protocol.New(cfg)
	n.cutter = &cutter{Core: c}
	return n.cutter, err
}

// start starts the timers of n.
func (n *node) start() {
	n.begun = true
	n.now.Start(n.lab.world.Now())
	n.timer.Wake()
}

// stop is a crash of n.
func (n *node) stop() {
	if n.now == nil {
		return
	}
	now := n.lab.world.Now()
	n.now, n.begun = nil, false
	n.timer.Stop()
	n.port.Close()
	n.device.Crash(now)
	n.board.Down()
}
