package cluster

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
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
		r.members = append(r.members, &member{id: id, commit: measure.NewHistogram(), syncs: newSyncs(), events: measure.EventLog{Node: id}})
	}
	if err := r.start(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start starts all processes, connects them with each other and with the clients,
// and lets them take turns.
func (r *Remote) start() error {
	for range r.opts.Clients.Workers {
		if err := r.connect(); err != nil {
			return err
		}
	}
	ready := make([]nodeReady, len(r.members))
	var group errgroup.Group
	for i, m := range r.members {
		group.Go(func() (err error) {
			ready[i], err = r.spawn(m)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, m := range r.members {
		r.announce(m, ready[i])
	}
	r.links = newLinks(r.opts.Nodes, r.opts.Link, r)
	for _, m := range r.members {
		if err := r.join(m); err != nil {
			return err
		}
	}
	return nil
}

// connect makes the next worker, with a network of its own to the replicas.
func (r *Remote) connect() error {
	boxes, targets := make([]*mailbox.Box, len(r.members)), make([]client.Target, len(r.members))
	for i := range boxes {
		boxes[i] = mailbox.New(1<<16, commandBound)
		targets[i] = client.Target{Box: boxes[i], Wake: nobody{}}
	}
	i := len(r.workers)
	w, answers := r.newWorker(&r.opts, targets)
	addrs, id := make(map[smr.NodeID]string), workerID(len(r.members), i)
	for _, m := range r.members {
		addrs[m.id] = r.anyPort()
	}
	addrs[id] = "127.0.0.1:0" // nobody calls there
	core := &r.opts.Replica
	door, err := tcp.New(clientNetwork(r.remote.Cluster, core.Protocol.Name, addrs, id, core.Core.MaxFrame))
	if err != nil {
		return err
	}
	r.doors = append(r.doors, door)
	port, err := door.Open(id, r.driver.Waker(i))
	if err != nil {
		return err
	}
	s := &speaker{worker: w, answers: answers, boxes: boxes, port: port, max: core.Core.MaxFrame}
	r.talks = append(r.talks, s)
	r.driver.Do(i, func() { r.driver.Set(i, s) })
	return nil
}

// anyPort is any free port of the host where replicas listen.
func (r *Remote) anyPort() string {
	host, _, err := net.SplitHostPort(r.remote.Listen)
	if err != nil {
		panic(err) // Addresses has read it
	}
	return net.JoinHostPort(host, "0")
}

// spawn starts the next incarnation of m and waits until it has recovered.
func (r *Remote) spawn(m *member) (ready nodeReady, err error) {
	o := &r.opts.Replica
	cfg := nodeConfig{
		Protocol: o.Protocol.Name, Core: o.Core, Sessions: o.Sessions, Keys: o.Keys, Batch: o.Batch, BatchBytes: o.BatchBytes,
		SyncLatency: r.opts.SyncLatency, Storage: r.opts.Storage, Incarnation: m.incarnation,
		Cluster: r.remote.Cluster, Addrs: r.addrs, Client: r.anyPort(), Workers: r.opts.Clients.Workers,
		Seed: o.Core.Seed, Link: r.opts.Link,
		Clock: r.clock, From: r.opts.Window.From(), To: r.opts.Window.To(), Stride: r.digests.Stride(),
	}
	cfg.Core.ID, cfg.Core.Probes = m.id, nil
	cfg.Core.Prefault = cfg.Core.Prefault && m.incarnation == 0 // a restart is not held up
	for k, l := range r.changed {
		cfg.Links = append(cfg.Links, nodeLink{k.from, k.to, l})
	}
	body, err := json.Marshal(&cfg)
	if err != nil {
		return ready, err
	}
	argv := r.remote.Node
	if argv == nil {
		self, err := os.Executable()
		if err != nil {
			return ready, fmt.Errorf("where is this program? %w", err)
		}
		argv = []string{self, "node"}
	}
	env := append(os.Environ(), NodeEnv+"=1")
	if r.remote.GOGC > 0 {
		env = append(env, fmt.Sprintf("GOGC=%d", r.remote.GOGC))
	}
	var p *process
	r.spawner.do(func() { p, err = startProcess(argv, env, func(rep *report) { r.take(m, rep) }) })
	if err != nil {
		return ready, fmt.Errorf("%v cannot be started: %w", m.id, err)
	}
	body, err = p.call(msgConfig, body)
	if err == nil {
		err = json.Unmarshal(body, &ready)
	}
	if err != nil {
		p.kill()
		return ready, fmt.Errorf("%v: %w", m.id, err)
	}
	m.mu.Lock()
	m.process, m.paused, m.fresh = p, false, true
	m.mu.Unlock()
	m.incarnation++
	return ready, nil
}

// announce tells the clients and the other replicas where m listens.
func (r *Remote) announce(m *member, ready nodeReady) {
	for _, door := range r.doors {
		door.SetAddr(m.id, ready.Client)
	}
	if _, port, err := net.SplitHostPort(r.addrs[m.id]); err == nil && port != "0" && ready.Addr == r.addrs[m.id] {
		return
	}
	r.addrs[m.id] = ready.Addr
	for _, other := range r.members {
		if other != m {
			r.tell(other, msgAddr, nodeAddr{m.id, ready.Addr})
		}
	}
}

// joinLimit bounds the wait for the clients' connections to a replica: one that
// comes later only costs them a retry.
const joinLimit = smr.Time(time.Second)

// join lets m take turns once the clients can hear it.
func (r *Remote) join(m *member) error {
	_, err := r.driver.Await(context.Background(), r.Now()+joinLimit, func() bool {
		all := true
		for i, s := range r.talks {
			r.driver.Do(i, func() { all = all && s.connected.Get(m.id) })
		}
		return all || !m.process.alive()
	})
	if err == nil {
		_, err = m.process.call(msgStart, nil)
	}
	if err != nil {
		return fmt.Errorf("%v: %w", m.id, err)
	}
	return nil
}

// take takes a report of m.
func (r *Remote) take(m *member, rep *report) {
	m.mu.Lock()
	m.view, m.now, m.spent = rep.View, rep.Totals, rep.Usage
	m.events.Add(rep.events)
	err := errors.Join(m.commit.MergeSparse(rep.samples[commitLatency]), m.syncs.Took.MergeSparse(rep.samples[syncTook]),
		m.syncs.Records.MergeSparse(rep.samples[syncRecords]), m.syncs.Bytes.MergeSparse(rep.samples[syncBytes]))
	if err == nil && m.fresh && rep.View.Last < m.kept {
		err = fmt.Errorf("came back with entries up to %d where those up to %d were committed and on its disk", rep.View.Last, m.kept)
	}
	// A log may lose what is durable and not committed, to another leader's entries.
	m.fresh, m.kept = false, max(m.kept, min(rep.View.Commit, rep.View.Durable))
	m.mu.Unlock()
	if err != nil {
		r.failed(m.id, err)
	}
	for _, mark := range rep.marks {
		if r.digests.Wants(mark.Index) {
			r.digests.Mark(m.id, mark.Index, mark.Digest)
		}
	}
	for _, p := range rep.problems {
		r.failed(m.id, errors.New(p))
	}
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

// SetLink changes a directed link at both of its ends.
func (r *Remote) SetLink(from, to smr.NodeID, l netsim.Link) {
	k := linkKey{from, to}
	if _, ok := r.changed[k]; !ok && l == r.opts.Link {
		return
	}
	r.changed[k] = l
	for _, m := range r.members {
		if m.id == from || m.id == to {
			r.tell(m, msgLink, nodeLink{from, to, l})
		}
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

// Crash kills the process of replica id.
func (r *Remote) Crash(id smr.NodeID) {
	m := r.member(id)
	if m.process == nil {
		return
	}
	if m.process.alive() {
		m.process.kill()
		r.bury(m)
	} // else it has ended by itself, and Await says so
}

// bury closes the books of an incarnation whose process is gone.
func (r *Remote) bury(m *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	spent := m.process.usage(m.spent)
	m.before.Allocs += spent.Allocs
	m.before.CPU += spent.CPU
	m.past.Counters.Add(&m.now.Counters)
	m.process, m.paused = nil, false
	m.view, m.now, m.spent = replica.View{}, Totals{}, measure.Usage{}
}

// Restart starts a new process for a replica that was killed. An error means that
// it could not recover; it then stays down and the verdict knows.
func (r *Remote) Restart(id smr.NodeID) error {
	m := r.member(id)
	if m.process != nil {
		return nil
	}
	at := r.Now()
	ready, err := r.spawn(m)
	if err == nil {
		r.restarts = append(r.restarts, Restart{id, at, r.Now() - at, ready.Read})
		r.announce(m, ready)
		err = r.join(m)
	}
	if err != nil {
		r.failed(id, err)
	}
	return err
}

// Pause keeps replica id from taking turns. Its clock runs on; its mail fills.
func (r *Remote) Pause(id smr.NodeID) {
	if m := r.member(id); m.process != nil && !m.paused {
		r.tell(m, msgPause, nil)
		m.mu.Lock()
		m.paused = true
		m.mu.Unlock()
	}
}

// Resume ends a pause.
func (r *Remote) Resume(id smr.NodeID) {
	if m := r.member(id); m.process != nil && m.paused {
		m.mu.Lock()
		m.paused = false
		m.mu.Unlock()
		r.tell(m, msgResume, nil)
	}
}

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

// Totals adds up all replicas in all their incarnations, as [Cluster.Totals] does.
func (r *Remote) Totals() Totals {
	r.refresh()
	var t Totals
	for i, s := range r.talks {
		r.driver.Do(i, func() { t.Malformed += s.malformed })
	}
	for _, m := range r.members {
		m.mu.Lock()
		t.Counters.Add(&m.past.Counters)
		t.Counters.Add(&m.now.Counters)
		if m.process != nil && m.now.Entries >= t.Entries {
			t.Entries, t.Commits, t.Duplicates = m.now.Entries, m.now.Commits, m.now.Duplicates
		}
		m.mu.Unlock()
	}
	return t
}

// Usage is what this process and those of all replicas have spent, as of their last
// reports.
func (r *Remote) Usage() measure.Usage {
	u := measure.ReadUsage()
	for _, m := range r.members {
		m.mu.Lock()
		u.Allocs += m.before.Allocs + m.spent.Allocs
		u.CPU += m.before.CPU + m.spent.CPU
		m.mu.Unlock()
	}
	return u
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

// States returns the state machine of each replica that was up at Stop, by name.
func (r *Remote) States() (names []string, states []*replica.State) {
	for _, m := range r.members {
		if m.state != nil {
			names = append(names, m.id.String())
			states = append(states, m.state)
		}
	}
	return names, states
}

// CommitLatency is that of all replicas in all incarnations.
func (r *Remote) CommitLatency() *measure.Histogram {
	h := measure.NewHistogram()
	for _, m := range r.members {
		h.Merge(m.commit)
	}
	return h
}

// Events are what the replicas reported of elections.
func (r *Remote) Events() []*measure.EventLog {
	logs := make([]*measure.EventLog, len(r.members))
	for i, m := range r.members {
		logs[i] = &m.events
	}
	return logs
}

// Processes are those of the replicas that are up, in order.
func (r *Remote) Processes() (pids []int) {
	for _, m := range r.members {
		if m.process != nil {
			pids = append(pids, m.process.cmd.Process.Pid)
		}
	}
	return pids
}

// ImpairDisk is not carried out in other processes yet.
func (r *Remote) ImpairDisk(smr.NodeID, wal.Fault) error {
	return errors.New("the storage of another process cannot be impaired")
}

// RepairDisk has nothing to repair.
func (r *Remote) RepairDisk(smr.NodeID, wal.FaultKind) {}

// Syncs is that of all replicas in all incarnations.
func (r *Remote) Syncs() *Syncs {
	all := newSyncs()
	for _, m := range r.members {
		all.merge(&m.syncs)
	}
	return &all
}

// NonVoters is nobody: no log is lost as a whole.
func (r *Remote) NonVoters() []smr.NodeID { return nil }

// Simulated is 0: no simulator is at work.
func (r *Remote) Simulated() uint64 { return 0 }
