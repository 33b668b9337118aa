package cluster

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// live drives actors by the machine's clock, a goroutine for each.
type live struct {
	clock   *park.Clock
	lanes   []*lane
	running sync.WaitGroup
	stopped sync.Once
}

// lane is the goroutine of one actor.
type lane struct {
	*park.Parker
	clock *park.Clock
	actor actor // belongs to the goroutine, and to Do once it has ended

	mu      sync.Mutex
	asked   atomic.Bool // there is something in jobs
	jobs    []func()
	stopped bool
}

// newLive starts n lanes; precise says which must meet their deadlines closely.
func newLive(clock *park.Clock, n int, precise func(i int) bool) *live {
	d := &live{clock: clock}
	for i := range n {
		l := &lane{clock: clock, Parker: park.New(clock, park.Options{Precise: precise(i)})}
		d.lanes = append(d.lanes, l)
		d.running.Go(l.run)
	}
	return d
}

// NewLive starts a cluster on a live network.
func NewLive(o Options, network netsim.Network) (*Cluster, error) {
	d := newLive(park.NewClock(), o.actors(), func(i int) bool {
		return i < o.Nodes && o.preciseReplicas() || i >= o.Nodes && o.preciseClients()
	})
	return start(o, d, network)
}

// preciseReplicas: replicas must be on time, too, where a link has a delay, which is
// only as good as the timer that ends it.
func (o *Options) preciseReplicas() bool {
	return o.Link.Delay.Base > 0 || o.Links != nil || o.SyncLatency > 0
}

func (o *Options) preciseClients() bool { return o.Clients.Rate != 0 || o.preciseReplicas() }

// run takes the actor's turns until stop.
func (l *lane) run() {
	defer l.Close()
	wake := smr.Never
	for {
		l.Park(wake)
		if l.asked.Load() && !l.work() {
			return
		}
		wake = smr.Never
		if l.actor != nil {
			wake = l.actor.Turn(l.clock.Now())
		}
	}
}

// work does what Do has asked for. It reports false when the lane is to end.
func (l *lane) work() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked.Store(false)
	for _, f := range l.jobs {
		f()
	}
	l.jobs = nil
	return !l.stopped
}

// do has the goroutine call f between two turns, and waits for it.
func (l *lane) do(f func(), stop bool) {
	done := make(chan struct{})
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		f()
		return
	}
	l.stopped = stop
	l.jobs = append(l.jobs, func() { f(); close(done) })
	l.asked.Store(true)
	l.mu.Unlock()
	l.Wake()
	<-done
}

func (d *live) Now() smr.Time            { return d.clock.Now() }
func (d *live) Waker(i int) netsim.Waker { return d.lanes[i] }
func (d *live) Do(i int, f func())       { d.lanes[i].do(f, false) }
func (d *live) Events() uint64           { return 0 }
func (d *live) Parallel() bool           { return true }

func (d *live) Set(i int, a actor) {
	d.lanes[i].actor = a
	d.lanes[i].Wake()
}

func (d *live) Stop() {
	d.stopped.Do(func() {
		for _, l := range d.lanes {
			l.do(func() {}, true)
		}
		d.running.Wait()
	})
}

func (d *live) Await(ctx context.Context, until smr.Time, done func() bool) (bool, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if done != nil && done() {
			return true, nil
		}
		now := d.Now()
		if now >= until {
			return false, nil
		}
		step := time.Millisecond
		if done == nil {
			step = 20 * time.Millisecond // nothing to ask: disturb as little as possible
		}
		timer.Reset(min(step, time.Duration(until-now)))
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-timer.C:
		}
	}
}
