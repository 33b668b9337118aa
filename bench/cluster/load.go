package cluster

import (
	"context"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim/mailbox"
)

// load is the clients of a cluster and the driver that they have their turns from.
// It is the same wherever the replicas are.
type load struct {
	driver  driver
	control *client.Control
	first   int // actor number of the first worker
	workers []*client.Worker
}

// answerBound bounds what waits for a worker: it is sized for all its commands,
// each answered several times over.
func answerBound(o *client.Options) int { return 4<<20 + 8*24*o.Sessions*o.Inflight }

// newWorker makes the next worker of o, which sends to targets, and the box for the
// answers to it.
func (l *load) newWorker(o *Options, targets []client.Target) (*client.Worker, *mailbox.Box) {
	box := mailbox.New(1<<16, answerBound(&o.Clients))
	parts, opts := o.Client, o.Clients
	opts.Worker = len(l.workers)
	parts.Replicas, parts.Answers, parts.Window = targets, box, o.Window
	parts.Histogram = o.histogram
	parts.Series, parts.Gaps = o.Series.Worker(), measure.NewAvailability()
	if o.Histories > 0 {
		parts.History = client.NewHistory(o.Histories)
	}
	w := client.NewWorker(opts, parts)
	l.workers = append(l.workers, w)
	return w, box
}

// Now is the cluster's time.
func (l *load) Now() smr.Time { return l.driver.Now() }

// Await lets time pass until it is until or done() is true, and reports which.
// done may be nil.
func (l *load) Await(ctx context.Context, until smr.Time, done func() bool) (bool, error) {
	return l.driver.Await(ctx, until, done)
}

// Load has the clients send commands that are intended in [from, until).
func (l *load) Load(from, until smr.Time) {
	l.control.Start(from, until)
	l.wake()
}

// Unload keeps the clients from sending new commands. Open ones go on, as do
// arrivals intended before now.
func (l *load) Unload() {
	l.control.Stop(l.driver.Now())
	l.wake()
}

func (l *load) wake() {
	for i := range l.workers {
		l.driver.Waker(l.first + i).Wake()
	}
}

// Silence keeps the clients from sending anything more, for good.
func (l *load) Silence() { l.control.Halt() }

// Open is how many commands have no answer yet, arrivals without a client included.
func (l *load) Open() (n int) {
	for i, w := range l.workers {
		l.driver.Do(l.first+i, func() { n += w.Outstanding() })
	}
	return n
}

// Acknowledged is how many commands were acknowledged within the measured window.
func (l *load) Acknowledged() (n uint64) {
	for _, w := range l.workers {
		n += w.Progress.Acknowledged.Load()
	}
	return n
}

// Served is when the latest-sent of all acknowledged commands was first sent: what
// was sent up to then, the cluster has served.
func (l *load) Served() (t smr.Time) {
	for _, w := range l.workers {
		t = max(t, smr.Time(w.Progress.Served.Load()))
	}
	return t
}

// Workers are the load generators, to be read after Stop.
func (l *load) Workers() []*client.Worker { return l.workers }
