package cluster

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
	"github.com/consbench/consbench/netsim/tcp"
)

// How often a node reports of its own accord, and how often with its latencies: what
// a killed node has not reported is lost.
const (
	reportEvery  = 10 * time.Millisecond
	latencyEvery = 10 // reports
)

// remoteNode is one incarnation of a replica in a process of its own.
type remoteNode struct {
	cfg     nodeConfig
	driver  *live // of one actor
	network *tcp.Network
	clients *tcp.Network
	port    netsim.Port
	intake  intake
	board   replica.Board
	log     wal.Log
	events  measure.EventLog
	window  *replica.Window
	replica *replica.Replica

	syncs Syncs
	spare [histograms]*measure.Histogram // empty; guarded by out, as are reports and usage
	usage measure.Usage

	mu       sync.Mutex // what turns add while a report is made
	marks    []digestMark
	problems []string

	out      sync.Mutex // one message at a time
	w        io.Writer
	reports  uint64
	outgoing report
	buf      []byte

	halted   bool // takes no turns; belongs to the lane
	started  bool
	finished chan struct{}
	died     chan error // why the replica takes no turns any more
}

// Turn implements actor: that of the replica, and its clients' bytes.
func (n *remoteNode) Turn(now smr.Time) (wake smr.Time) {
	n.intake.now = now
	n.intake.port.PeerChanges(func(smr.NodeID, bool) {})
	wake = n.replica.Turn(now)
	n.intake.port.Flush(now)
	if n.replica.Dead() {
		select {
		case n.died <- n.replica.Failure():
		default:
		}
	}
	return min(wake, n.intake.port.Due())
}

// ServeNode is the whole life of a replica's process: it reads what to be from in,
// which comes from a [Remote], and ends with it. known are the protocols there are.
func ServeNode(known []smr.Protocol, in io.Reader, out io.Writer) error {
	r := bufio.NewReader(in)
	kind, body, err := readMessage(r, nil)
	if err != nil {
		return fmt.Errorf("no configuration: %w", err)
	}
	n := &remoteNode{w: out, finished: make(chan struct{}), halted: true, died: make(chan error, 1)}
	for i := range n.spare {
		n.spare[i] = measure.NewHistogram()
	}
	if kind != msgConfig {
		return fmt.Errorf("%w: it must begin with a configuration", errMessage)
	}
	if err := json.Unmarshal(body, &n.cfg); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	recovery, err := n.open(known)
	defer n.close()
	if err != nil {
		_ = n.write(msgFailed, []byte(err.Error()))
		return err
	}
	ready, err := json.Marshal(nodeReady{n.network.Addr(n.id()), n.clients.Addr(n.id()), recovery})
	if err != nil {
		return err
	}
	if err := n.write(msgReady, ready); err != nil {
		return err
	}
	requests := make(chan request)
	go listen(r, requests)
	for {
		select {
		case err := <-n.died:
			return fmt.Errorf("%v stopped: %w", n.id(), err)
		case q := <-requests:
			if errors.Is(q.err, io.EOF) {
				return nil // the run is over
			}
			if q.err == nil {
				q.err = n.answer(q)
			}
			if q.err != nil {
				return q.err
			}
		}
	}
}

// request is a message of the run.
type request struct {
	kind messageKind
	body []byte
	err  error // of reading; the last request has one
}

// listen reads requests. It ends with the process.
func listen(r io.Reader, requests chan<- request) {
	for {
		var q request
		q.kind, q.body, q.err = readMessage(r, nil)
		requests <- q
		if q.err != nil {
			return
		}
	}
}

func (n *remoteNode) answer(q request) error {
	reply, err := n.handle(q.kind, q.body)
	if err != nil {
		return n.write(msgFailed, []byte(err.Error()))
	}
	return n.write(msgDone, reply)
}

func (n *remoteNode) id() smr.NodeID { return n.cfg.Core.ID }

func (n *remoteNode) write(kind messageKind, body []byte) error {
	n.out.Lock()
	defer n.out.Unlock()
	return writeMessage(n.w, kind, body)
}

// open makes the replica and recovers it from its log.
func (n *remoteNode) open(known []smr.Protocol) (wal.Recovery, error) {
	cfg := &n.cfg
	i := slices.IndexFunc(known, func(p smr.Protocol) bool { return p.Name == cfg.Protocol })
	if i < 0 {
		return wal.Recovery{}, fmt.Errorf("no protocol %q in this program", cfg.Protocol)
	}
	clock := park.NewClockAt(smr.Time(machineClock() - cfg.Clock))
	n.driver = newLive(clock, 1, func(int) bool { return cfg.Link.Delay.Base > 0 || cfg.SyncLatency > 0 })
	var err error
	if n.network, err = tcp.New(tcp.Options{
		Cluster: cfg.Cluster, Protocol: cfg.Protocol, Addrs: cfg.Addrs, Local: []smr.NodeID{n.id()},
		Seed: cfg.Seed, Link: cfg.Link, MaxFrame: cfg.Core.MaxFrame,
	}); err != nil {
		return wal.Recovery{}, err
	}
	for _, l := range cfg.Links {
		n.network.SetLink(l.From, l.To, l.Link)
	}
	addrs := map[smr.NodeID]string{n.id(): cfg.Client}
	for w := range cfg.Workers {
		addrs[workerID(len(cfg.Core.Peers), w)] = cfg.Client // they call, nobody calls them
	}
	if n.clients, err = tcp.New(clientNetwork(cfg.Cluster, cfg.Protocol, addrs, n.id(), cfg.Core.MaxFrame)); err != nil {
		return wal.Recovery{}, err
	}
	wake := n.driver.Waker(0)
	if n.port, err = n.network.Open(n.id(), wake); err != nil {
		return wal.Recovery{}, err
	}
	if n.intake.port, err = n.clients.Open(n.id(), wake); err != nil {
		return wal.Recovery{}, err
	}
	var answers []replica.Answers
	for w := range cfg.Workers {
		answers = append(answers, outlet{n.intake.port, workerID(len(cfg.Core.Peers), w), cfg.Core.MaxFrame})
	}
	if n.log, err = cfg.Storage.Log(n.id(), cfg.SyncLatency, wake); err != nil {
		return wal.Recovery{}, err
	}
	n.window = replica.NewWindow()
	n.window.Set(cfg.From, cfg.To)
	n.syncs = newSyncs(measure.NewHistogram)
	n.syncs.watch(n.log, n.window, clock.Now)
	n.events.Node = n.id()
	var recovery wal.Recovery
	n.replica, recovery, err = replica.New(replica.Options{
		Protocol: known[i], Core: cfg.Core, Sessions: cfg.Sessions, Keys: cfg.Keys, Batch: cfg.Batch, BatchBytes: cfg.BatchBytes,
	}, replica.Parts{
		Log: n.log, Port: n.port, Commands: &n.intake, Clients: answers,
		Clock: clock.Now, Window: n.window, Digests: check.NewRelay(cfg.Stride, n.mark), Events: &n.events, Failed: n.failed,
	}, &n.board, cfg.Incarnation)
	return recovery, err
}

// clientNetwork are the options of a network between clients and one or all replicas.
func clientNetwork(cluster, protocol string, addrs map[smr.NodeID]string, local smr.NodeID, maxFrame int) tcp.Options {
	return tcp.Options{
		Cluster: cluster + "/clients", Protocol: protocol, Addrs: addrs, Local: []smr.NodeID{local}, MaxFrame: maxFrame,
	}
}

func (n *remoteNode) close() {
	if n.started {
		close(n.finished)
	}
	if n.driver != nil {
		n.driver.Stop()
	}
	for _, network := range []*tcp.Network{n.network, n.clients} {
		if network != nil {
			network.Close()
		}
	}
	if n.log != nil {
		_ = n.log.Close() // the run is over
	}
}

func (n *remoteNode) mark(_ smr.NodeID, index, digest uint64) {
	n.mu.Lock()
	n.marks = append(n.marks, digestMark{index, digest})
	n.mu.Unlock()
}

func (n *remoteNode) failed(_ smr.NodeID, problem error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.problems) < maxProblems {
		n.problems = append(n.problems, problem.Error())
	}
}

// handle does what the run asks for.
func (n *remoteNode) handle(kind messageKind, body []byte) (reply []byte, err error) {
	switch kind {
	case msgStart:
		if n.started {
			return nil, errors.New("started already")
		}
		n.started = true
		n.driver.Do(0, func() { n.replica.Start(n.driver.Now()) })
		if err := n.report(true); err != nil { // what it has recovered, before its first turn
			return nil, err
		}
		n.halt(false)
		go n.keepReporting()
	case msgPause, msgResume:
		if !n.started {
			return nil, errors.New("not started yet")
		}
		n.halt(kind == msgPause)
	case msgAddr:
		var a nodeAddr
		if err := json.Unmarshal(body, &a); err != nil {
			return nil, err
		}
		if n.cfg.Addrs[a.ID] == "" || a.ID == n.id() {
			return nil, fmt.Errorf("%v is not a peer", a.ID)
		}
		n.network.SetAddr(a.ID, a.Addr)
	case msgLink:
		var l nodeLink
		if err := json.Unmarshal(body, &l); err != nil {
			return nil, err
		}
		if err := l.Link.Validate(); err != nil {
			return nil, err
		}
		n.network.SetLink(l.From, l.To, l.Link)
	case msgWindow:
		if len(body) != 16 {
			return nil, errMessage
		}
		n.window.Set(smr.Time(binary.LittleEndian.Uint64(body)), smr.Time(binary.LittleEndian.Uint64(body[8:])))
	case msgReport:
		return nil, n.report(true)
	case msgState:
		n.driver.Do(0, func() { reply = n.replica.State().AppendImage(nil) })
	default:
		return nil, fmt.Errorf("%w: kind %d is not for a node", errMessage, kind)
	}
	return reply, nil
}

// halt ends or begins the replica's turns.
func (n *remoteNode) halt(on bool) {
	n.driver.Do(0, func() {
		n.halted = on
		if on {
			n.driver.Set(0, nil)
		} else {
			n.driver.Set(0, n)
		}
	})
}

func (n *remoteNode) keepReporting() {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-n.finished:
			return
		case <-tick.C:
			if n.report(false) != nil {
				return // the run is gone; so will this process be
			}
		}
	}
}

// report sends a report, with latencies if full or now and then.
func (n *remoteNode) report(full bool) error {
	n.out.Lock() // reports leave in the order in which they were made
	defer n.out.Unlock()
	n.reports++
	full = full || n.reports%latencyEvery == 0
	r := &n.outgoing
	r.vitals = vitals{}
	var taken [histograms]*measure.Histogram
	n.driver.Do(0, func() {
		counters, network := n.replica.Counters(), n.port.Stats()
		r.Totals.add(&counters, n.log.Stats(), &network)
		r.Totals.Malformed += n.intake.malformed
		r.Totals.reach(n.replica.State())
		r.View, r.Halted = n.board.View(), n.halted
		r.View.Status = n.replica.Status()
		r.events = append(r.events[:0], n.events.Events...)
		n.events.Events = n.events.Events[:0]
		if full {
			taken[commitLatency] = n.replica.TakeCommitLatency(n.spare[commitLatency])
			taken[syncTook], n.syncs.Took = n.syncs.Took, n.spare[syncTook]
			taken[syncRecords], n.syncs.Records = n.syncs.Records, n.spare[syncRecords]
			taken[syncBytes], n.syncs.Bytes = n.syncs.Bytes, n.spare[syncBytes]
		}
	})
	n.mu.Lock()
	r.marks, n.marks = n.marks, r.marks[:0]
	r.problems, n.problems = n.problems, r.problems[:0]
	n.mu.Unlock()
	for i := range r.samples {
		r.samples[i] = r.samples[i][:0]
		if h := taken[i]; h != nil && h.Count() > 0 {
			r.samples[i] = h.AppendSparse(r.samples[i])
			h.Reset()
		}
	}
	if full {
		n.spare = taken
		n.usage = measure.ReadUsage() // stops the world
	}
	r.Usage = n.usage
	n.buf = endMessage(r.append(beginMessage(n.buf[:0], msgReported)))
	_, err := n.w.Write(n.buf)
	return err
}
