package cluster

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
	"github.com/consbench/consbench/netsim/tcp"
)

// NodeEnv is set in the environment of a replica's process. A program that finds it
// set must call [ServeNode] and nothing else.
const NodeEnv = "CONSBENCH_NODE"

// RemoteOptions are what only a [Remote] needs.
type RemoteOptions struct {
	Cluster string   // name for the handshakes; nobody else may know it
	Listen  string   // host:port of the first replica, the others follow; port 0: any free ports
	Node    []string // the command that calls ServeNode; nil: this program with the argument "node"
	GOGC    int      // of the replicas' processes; 0: the default
}

// Remote is a cluster whose replicas are processes of their own. The clients are
// here and talk to them over TCP. A crash is SIGKILL: what the process had in memory
// is gone, what it had given to the kernel is not, so it does not test whether
// anything was synced. What a killed replica had done since its last report, a few
// milliseconds before, is in no counter.
//
// Its methods are those of a [Cluster], called from one goroutine.
type Remote struct {
	load
	links
	findings

	opts    Options
	remote  RemoteOptions
	clock   int64 // the machine's clock when the cluster's stood at 0
	addrs   map[smr.NodeID]string
	spawner *spawner
	members []*member
	doors   []*tcp.Network // of a worker each
	talks   []*speaker
	changed map[linkKey]netsim.Link
	stopped bool
}

// member is one replica, in all its incarnations.
type member struct {
	id          smr.NodeID
	process     *process // nil while it is down
	incarnation int
	paused      bool
	state       *replica.State // after Stop

	mu     sync.Mutex // what follows is filled from reports
	view   replica.View
	now    Totals // of this incarnation
	spent  measure.Usage
	past   Totals // of earlier ones: counters only
	before measure.Usage
	kept   uint64 // entries that an incarnation must come back with
	fresh  bool   // it has not reported yet
	commit *measure.Histogram
	syncs  Syncs
	events measure.EventLog
}

func (m *member) standing() standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	up := m.process != nil
	return standing{id: m.id, up: up, live: up && !m.paused, view: m.view}
}

// NewRemote starts a cluster of processes on this machine.
func NewRemote(o Options, ro RemoteOptions) (*Remote, error) {
	if os.Getenv(NodeEnv) != "" {
		return nil, fmt.Errorf("this process was started as a replica (%s is set) but began a run: its program does not call ServeNode", NodeEnv)
	}
	addrs, err := tcp.Addresses(ro.Listen, o.Replica.Core.Peers)
	if err != nil {
		return nil, err
	}
	clock := park.NewClock()
	r := &Remote{
		opts: o, remote: ro, addrs: addrs, clock: machineClock() - int64(clock.Now()),
		findings: newFindings(), spawner: newSpawner(), changed: make(map[linkKey]netsim.Link),
	}
	d := newLive(clock, o.Clients.Workers, func(int) bool { return o.preciseClients() })
	r.load = load{driver: d, control: o.Client.Control}
	for _, id := range o.Replica.Core.Peers {
		r.members = append(r.members, &member{id: id, commit: measure.NewHistogram(), syncs: newSyncs(measure.NewHistogram), events: measure.EventLog{Node: id}})
	}
	if err := r.start(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// tell sends m, if it is up, a message. That it has ended, Await finds out.
func (r *Remote) tell(m *member, kind messageKind, v any) {
	if m.process == nil {
		return
	}
	var body []byte
	switch v := v.(type) {
	case nil:
	case []byte:
		body = v
	default:
		var err error
		if body, err = json.Marshal(v); err != nil {
			panic(err) // of our own types
		}
	}
	if _, err := m.process.call(kind, body); err != nil && m.process.alive() {
		r.failed(m.id, err)
	}
}

// Await is that of [Cluster]. It ends with an error if a replica's process has ended
// by itself.
func (r *Remote) Await(ctx context.Context, until smr.Time, done func() bool) (ok bool, err error) {
	for {
		var died error
		step := until
		look := func() bool {
			if died = r.deaths(); died != nil {
				return true
			}
			return done()
		}
		if done == nil { // nothing to ask: disturb as little as possible
			look, step = nil, min(until, r.Now()+deathsEvery)
		}
		ok, err = r.driver.Await(ctx, step, look)
		if done == nil {
			died = r.deaths()
		}
		switch {
		case died != nil:
			return false, died
		case ok || err != nil || r.Now() >= until:
			return ok, err
		}
	}
}

// deathsEvery is how often Await looks after the processes if it has nothing to ask.
const deathsEvery = smr.Time(20 * time.Millisecond)

// deaths says which process has ended by itself, and how.
func (r *Remote) deaths() error {
	for _, m := range r.members {
		if m.process != nil && !m.process.alive() {
			return fmt.Errorf("%v: %w", m.id, m.process.why())
		}
	}
	return nil
}

// Load has the clients send commands that are intended in [from, until).
func (r *Remote) Load(from, until smr.Time) {
	r.tellWindow()
	r.load.Load(from, until)
}

// Unload keeps the clients from sending new commands. Open ones go on, as do
// arrivals intended before now.
func (r *Remote) Unload() {
	r.load.Unload()
	r.tellWindow()
}

func (r *Remote) tellWindow() {
	body := binary.LittleEndian.AppendUint64(nil, uint64(r.opts.Window.From()))
	body = binary.LittleEndian.AppendUint64(body, uint64(r.opts.Window.To()))
	for _, m := range r.members {
		r.tell(m, msgWindow, body)
	}
}

func (r *Remote) member(id smr.NodeID) *member { return r.members[id-1] }

// Up reports whether replica id is there, paused or not.
func (r *Remote) Up(id smr.NodeID) bool { return r.member(id).process != nil }

// Paused reports whether replica id takes no turns although it is up.
func (r *Remote) Paused(id smr.NodeID) bool { return r.member(id).paused }

// Leader is that of [Cluster], as of the replicas' last reports.
func (r *Remote) Leader() smr.NodeID { return leader(r.members, r.opts.Replica.Protocol.Leaderless) }

// refresh has all replicas report.
func (r *Remote) refresh() {
	var group sync.WaitGroup
	for _, m := range r.members {
		group.Go(func() { r.tell(m, msgReport, nil) })
	}
	group.Wait()
}

// Settled is that of [Cluster]. Reports that look like it are asked for once more:
// they may be of different instants.
func (r *Remote) Settled() bool {
	if !settled(r.members, &r.opts.Replica) {
		return false
	}
	r.refresh()
	return settled(r.members, &r.opts.Replica)
}

// Standing says where each replica stands, for a person.
func (r *Remote) Standing() string { return describe(r.members) }

// Freeze is that of [Cluster].
func (r *Remote) Freeze() bool {
	if !r.Settled() {
		return false
	}
	for _, m := range r.members {
		r.tell(m, msgPause, nil)
	}
	r.refresh()
	same := settled(r.members, &r.opts.Replica)
	if !same {
		for _, m := range r.members {
			r.tell(m, msgResume, nil)
		}
	}
	return same
}

// Stop ends all turns, takes what the replicas hold and ends their processes. What
// follows only reads.
func (r *Remote) Stop() {
	if r.stopped {
		return
	}
	r.stopped = true
	for _, m := range r.members {
		r.tell(m, msgPause, nil)
	}
	r.refresh()
	for _, m := range r.members {
		if m.process == nil {
			continue
		}
		image, err := m.process.call(msgState, nil)
		state := replica.NewState(r.opts.Replica.Sessions, r.opts.Replica.Keys)
		if err == nil {
			err = state.Restore(image)
		}
		if err != nil {
			r.failed(m.id, fmt.Errorf("its state cannot be read: %w", err))
			continue
		}
		m.state = state
	}
	r.shut()
}

// shut ends the clients' turns and all processes.
func (r *Remote) shut() {
	r.stopped = true
	r.driver.Stop()
	var group sync.WaitGroup
	for _, m := range r.members {
		if m.process != nil {
			group.Go(func() {
				m.process.end()
				r.bury(m)
			})
		}
	}
	group.Wait()
}

// Close ends everything.
func (r *Remote) Close() error {
	r.shut()
	if r.spawner != nil {
		r.spawner.stop()
		r.spawner = nil
	}
	var errs []error
	for _, door := range r.doors {
		errs = append(errs, door.Close())
	}
	return errors.Join(errs...)
}
