package cluster

import (
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// charge gives every replica and worker a processor, if work is to be counted.
func (c *Cluster) charge(o *Options) {
	if o.Cost == nil && !o.Meter {
		return
	}
	var host *cost.Host
	if o.Cost != nil && o.Cores > 0 {
		host = cost.NewHost(o.Cores)
	}
	for i, n := range c.nodes {
		n.cpu = cost.NewCPU(o.Cost, host)
		if o.Cost != nil {
			n.sent = &outbox{wake: c.driver.Waker(o.actors() - o.Nodes + i)}
		}
	}
	if o.Cost == nil || host != nil {
		for range o.Clients.Workers {
			c.clients = append(c.clients, cost.NewCPU(o.Cost, host))
		}
	}
}

// startOutboxes lets answers leave.
func (c *Cluster) startOutboxes() {
	for i, n := range c.nodes {
		if n.sent != nil {
			actor := c.opts.actors() - c.opts.Nodes + i
			c.driver.Do(actor, func() { c.driver.Set(actor, n.sent) })
		}
	}
}

// clock is what tells n how far it is within a turn.
func (c *Cluster) clock(n *node) func() smr.Time {
	if n.cpu != nil && n.cpu.Charges() {
		return n.cpu.Now
	}
	return c.driver.Now
}

// costed is a turn of a replica whose work is counted. Where it takes time, the turn
// waits until the processor is free.
func (n *node) costed(now smr.Time) (wake smr.Time) {
	window := n.cluster.opts.Window
	if n.cpu.Charges() {
		if at := n.cpu.Ready(now); at > now {
			return at
		}
	}
	n.cpu.Begin(now)
	wake = n.now.Turn(now)
	if n.cpu.Charges() {
		n.cpu.End(window.From(), window.To())
		return max(wake, n.cpu.Free())
	}
	n.cpu.Measured(n.cluster.driver.Now(), window.From(), window.To())
	return wake
}

// chargePort is n's port, each frame counted.
func (c *Cluster) chargePort(n *node) netsim.Port {
	if n.cpu == nil {
		return n.port
	}
	return &costedPort{Port: n.port, cpu: n.cpu, window: c.opts.Window}
}

// costedPort counts frames as they are taken and sent; with a model they leave when
// the work up to them is done and the network interface has put them out.
type costedPort struct {
	netsim.Port
	cpu    *cost.CPU
	window *replica.Window
}

func (p *costedPort) Next() (netsim.Mail, bool) {
	m, ok := p.Port.Next()
	if ok {
		p.cpu.Received(len(m.Data))
	}
	return m, ok
}

func (p *costedPort) Send(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	size := len(head) + len(body)
	p.cpu.Sent(size)
	if p.cpu.Charges() {
		at, ok := p.cpu.Departs(size, netsim.DefaultQueue, p.window.From(), p.window.To())
		if !ok {
			p.Port.(dropper).Drop(to)
			return
		}
		now = at
	}
	p.Port.Send(now, to, channel, head, body)
}

// dropper is a port that can be told of a frame for which there was no room before it.
type dropper interface{ Drop(to smr.NodeID) }

// outbox is the answers of one replica that leave later within its turn, in order.
type outbox struct {
	wake    netsim.Waker
	parcels []answers
	data    []byte
	done    int // parcels that have left
	read    int // bytes of them
}

type answers struct {
	due  smr.Time
	to   replica.Answers
	size int
}

// Turn implements actor: it lets leave what is due.
func (b *outbox) Turn(now smr.Time) (wake smr.Time) {
	for b.done < len(b.parcels) && b.parcels[b.done].due <= now {
		p := &b.parcels[b.done]
		p.to.Send(b.data[b.read : b.read+p.size])
		b.read += p.size
		b.done++
	}
	if b.done > len(b.parcels)/2 { // most of the memory is free: use it from the start
		b.data = b.data[:copy(b.data, b.data[b.read:])]
		b.parcels = b.parcels[:copy(b.parcels, b.parcels[b.done:])]
		b.read, b.done = 0, 0
	}
	if b.done == len(b.parcels) {
		return smr.Never
	}
	return b.parcels[b.done].due
}

// later is the way of a replica's answers to one worker, when their time has come.
// What waits is bounded as the worker's mailbox is: what does not fit is lost, and
// the client asks again.
type later struct {
	*outbox
	cpu   *cost.CPU
	to    replica.Answers
	bound int
}

// Send implements [replica.Answers].
func (l *later) Send(data []byte) {
	if len(l.data)-l.read+len(data) > l.bound {
		return
	}
	l.data = append(l.data, data...)
	l.parcels = append(l.parcels, answers{l.cpu.Now(), l.to, len(data)})
	l.wake.Wake()
}

// unsent drops what n has not sent when it crashes.
func (n *node) unsent(now smr.Time) {
	if n.cpu != nil {
		n.cpu.Reset(now)
	}
	if n.sent != nil {
		n.sent.Turn(now)
		n.sent.parcels, n.sent.data, n.sent.done, n.sent.read = n.sent.parcels[:0], n.sent.data[:0], 0, 0
	}
}

// chargeAnswers is the way from n to a worker, counted at its end.
func (c *Cluster) chargeAnswers(n *node, worker int, to replica.Answers) replica.Answers {
	if n.sent != nil {
		to = &later{outbox: n.sent, cpu: n.cpu, to: to, bound: answerBound(&c.opts.Clients)}
	}
	return to
}

// chargeClient is a worker whose turns are counted, if there is a processor for it.
func (c *Cluster) chargeClient(worker int, w *client.Worker) actor {
	if c.clients == nil {
		return w
	}
	return &costedWorker{worker: w, cpu: c.clients[worker], cluster: c}
}

// costedWorker is a worker whose commands are counted. Where they take time, it acts
// on the answers that have come when the time for them has passed.
type costedWorker struct {
	worker  *client.Worker
	cpu     *cost.CPU
	cluster *Cluster
	begun   bool // answers are being paid for
	paid    int  // so many of them
	due     smr.Time
}

// Turn implements actor.
func (w *costedWorker) Turn(now smr.Time) (wake smr.Time) {
	window := w.cluster.opts.Window
	if !w.cpu.Charges() {
		w.cpu.Begin(now)
		w.count(w.waiting())
		wake = w.worker.Turn(now)
		w.cpu.Measured(w.cluster.driver.Now(), window.From(), window.To())
		return wake
	}
	if !w.begun {
		if at := w.cpu.Ready(now); at > now {
			return at
		}
		w.paid = w.waiting()
		w.pay(now, w.paid)
		w.begun, w.due = true, max(now, w.cpu.Free())
	}
	if now < w.due {
		return w.due
	}
	w.begun = false
	late := w.waiting() - w.paid
	wake = w.worker.Turn(now)
	w.pay(now, late) // what came meanwhile is taken with the rest, and paid for after
	return wake
}

func (w *costedWorker) waiting() int { return w.worker.Answers.Len() / command.AnswerSize }

func (w *costedWorker) count(answers int) {
	if answers > 0 {
		w.cpu.Answered(answers)
	}
}

func (w *costedWorker) pay(now smr.Time, answers int) {
	w.cpu.Begin(now)
	w.count(answers)
	w.cpu.End(w.cluster.opts.Window.From(), w.cluster.opts.Window.To())
}

// Slow makes the processor of replica id slower by a factor; 1 is as it was. Options.Cost
// must be set.
func (c *Cluster) Slow(id smr.NodeID, factor float64) { c.nodes[id-1].cpu.Slow(factor) }

// Work is what each replica and each worker has done in the measured window, and for
// how long its processor and its network interface were busy; nil if nobody counted.
// It is called after Stop.
func (c *Cluster) Work() (replicas, clients []Worked) {
	for _, n := range c.nodes {
		if n.cpu != nil {
			replicas = append(replicas, worked(n.cpu))
		}
	}
	for _, cpu := range c.clients {
		clients = append(clients, worked(cpu))
	}
	return replicas, clients
}

// Worked is what one processor has done within the measured window.
type Worked struct {
	cost.Work
	Busy, Sending smr.Time
}

func worked(c *cost.CPU) Worked {
	w := Worked{Work: c.Work()}
	w.Busy, w.Sending = c.Busy()
	return w
}
