package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// askEvery is how often Await asks whether it is done.
const askEvery = smr.Time(time.Millisecond)

// virtual drives actors by the clock of a simulator.
type virtual struct {
	sim    *netsim.Sim
	timers []*netsim.Timer
	actors []actor
}

// NewVirtual starts a cluster in virtual time. Two clusters of equal options and
// seed do the same, byte for byte.
func NewVirtual(o Options, seed uint64) (*Cluster, error) {
	sim := netsim.NewSim()
	d := &virtual{sim: sim, actors: make([]actor, o.actors())}
	for i := range d.actors {
		d.timers = append(d.timers, netsim.NewTimer(sim, d, uint64(i)))
	}
	return start(o, d, netsim.NewVirtual(sim, seed, o.Link))
}

// Fire takes one turn of actor i.
func (d *virtual) Fire(now smr.Time, i uint64) {
	if a := d.actors[i]; a != nil {
		if wake := a.Turn(now); wake > now {
			d.timers[i].Set(wake)
		} else {
			d.timers[i].Wake()
		}
	}
}

func (d *virtual) Now() smr.Time            { return d.sim.Now() }
func (d *virtual) Waker(i int) netsim.Waker { return d.timers[i] }
func (d *virtual) Do(_ int, f func())       { f() }
func (d *virtual) Events() uint64           { return d.sim.Fired() }
func (d *virtual) Parallel() bool           { return false }
func (d *virtual) Stop()                    { clear(d.actors) }

func (d *virtual) Set(i int, a actor) {
	d.actors[i] = a
	d.timers[i].Stop()
	if a != nil {
		d.timers[i].Wake()
	}
}

func (d *virtual) Await(ctx context.Context, until smr.Time, done func() bool) (bool, error) {
	for {
		if done != nil && done() {
			return true, nil
		}
		if d.sim.Now() >= until {
			return false, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		next := min(until, d.sim.Now()+askEvery)
		for at, stuck := d.sim.Now(), 0; !d.sim.RunN(next, lookUp); stuck++ {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if d.sim.Now() != at {
				at, stuck = d.sim.Now(), 0
			}
			if stuck == maxStuck {
				return false, ErrNoTime
			}
		}
	}
}

// Await looks up after so many events, few enough that a run whose turns take a
// millisecond each can still be interrupted, and gives up when time has not moved for
// maxStuck times as many.
const (
	lookUp   = 1 << 8
	maxStuck = 50 << 12
)

// ErrNoTime is returned by Await when events follow one another without end at one
// instant: a closed loop in which nothing takes any time.
var ErrNoTime = errors.New("virtual time stands still: nothing in this run takes any time")
