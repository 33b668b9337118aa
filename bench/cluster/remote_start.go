package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim/mailbox"
	"github.com/consbench/consbench/netsim/tcp"
)

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
