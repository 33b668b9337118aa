package replica

import (
	"fmt"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// Options decide what a replica does, in every incarnation.
type Options struct {
	Protocol   smr.Protocol
	Core       smr.Config
	Sessions   int // of the state machine
	Keys       int
	Batch      int // commands in an entry, at most; 1 = no batching
	BatchBytes int // bytes in an entry, at most, unless a single command is larger
	Compact    int // bytes of log between two snapshots, at least; 0 = 1 MiB
}

// Commands is where a replica's commands come from. Swap returns what has come
// since the last Swap, one command behind the other; it is valid until the next.
type Commands interface{ Swap() []byte }

// Answers is the way back to the clients.
type Answers interface {
	// Send hands over encoded answers, in order, and wakes the client.
	Send(answers []byte)
}

// Parts is what a replica is connected to.
type Parts struct {
	Log      wal.Log
	Port     netsim.Port
	Commands Commands
	Clients  []Answers                            // session s belongs to Clients[s % len]
	Clock    func() smr.Time                      // for the end of a turn
	CPU      *cost.CPU                            // told what is done; nil: nobody is
	Window   *Window                              // which commands' commit latency counts
	Digests  *check.Digests                       // may be nil
	Events   *measure.EventLog                    // of all incarnations
	Commit   *measure.Histogram                   // of commit latency; nil = one of its own
	Failed   func(node smr.NodeID, problem error) // the state machine met what it must never meet
	Trace    *Trace                               // of all incarnations; nil: none is kept
	Dies     func(Boundary) bool                  // whether the replica dies there; nil: nowhere
}

// Counters are what one incarnation of a replica has done.
type Counters struct {
	measure.Costs
	Malformed uint64 // frames that no replica could have sent
}

// Replica is one incarnation of a replica. Everything but [Replica.Board] belongs
// to the goroutine that takes its turns.
type Replica struct {
	Options
	Parts
	id    smr.NodeID
	core  smr.Core
	state *State
	board *Board

	dead      bool
	failure   error    // of the log
	now       smr.Time // of the turn
	rd        smr.Ready
	status    smr.Status
	persisted uint64 // Ready number
	deadline  smr.Time

	inbound  []byte // commands taken and not yet proposed
	taken    smr.Time
	stalled  bool // the core's window was full at the last Propose
	peer     func(id smr.NodeID, up bool)
	tags     tagRing
	answers  []byte
	sorted   [][]byte // answers by client, if there are several
	snapshot snapshotter

	counters Counters
	commit   *measure.Histogram // commit latency
}

// New makes the next incarnation of a replica: it recovers from the log what
// outlived the last one. incarnation counts from 0. Start comes next, then turns.
// If the log says that it was lost as a whole, the replica is a non-voter, and has to
// be made one (Core.NonVoter) in every incarnation after this.
func New(o Options, p Parts, b *Board, incarnation int) (*Replica, wal.Recovery, error) {
	o.Core.Seed = incarnationSeed(o.Core.Seed, o.Core.ID, incarnation)
	core, err := o.Protocol.New(o.Core)
	if err != nil {
		return nil, wal.Recovery{}, err
	}
	r := &Replica{
		Options: o, Parts: p, id: o.Core.ID, core: core, board: b,
		state:  NewState(o.Sessions, o.Keys),
		sorted: make([][]byte, len(p.Clients)),
		commit: p.Commit,
	}
	if r.commit == nil {
		r.commit = measure.NewHistogram()
	}
	r.state.Node = uint32(r.id)
	r.tags.init()
	r.snapshot.init(r, incarnation)
	r.peer = func(id smr.NodeID, up bool) { r.core.Peer(r.now, id, up) }
	recovery, err := r.recover()
	if err == nil && recovery.Lost && !o.Core.NonVoter {
		r.Core.NonVoter = true
		if r.core, err = o.Protocol.New(r.Core); err == nil {
			err = r.core.Restore(0, nil) // there is nothing else to recover
		}
	}
	if err != nil {
		return nil, recovery, fmt.Errorf("%v cannot recover: %w", r.id, err)
	}
	return r, recovery, nil
}

// Start ends recovery; timers run from now.
func (r *Replica) Start(now smr.Time) {
	r.core.Start(now)
	r.publish()
	r.Trace.starts(now, &r.status)
}

// incarnationSeed gives each incarnation its own randomness.
func incarnationSeed(seed uint64, id smr.NodeID, incarnation int) uint64 {
	return fold(fold(seed, uint64(id)), uint64(incarnation))
}

func (r *Replica) recover() (wal.Recovery, error) {
	restored := false
	restore := func(index uint64, meta, image []byte) error {
		restored = true
		if index != 0 {
			if err := r.state.Restore(image); err != nil {
				return err
			}
			r.snapshot.last = index
		}
		return r.core.Restore(index, meta)
	}
	recovery, err := r.Log.Recover(restore, func(record []byte) error {
		if !restored {
			if err := restore(0, nil, nil); err != nil {
				return err
			}
		}
		if err := r.core.Replay(record); err != nil {
			return err
		}
		return r.applyRecovered()
	})
	if err == nil && !restored {
		err = restore(0, nil, nil)
	}
	r.snapshot.mark = r.Log.Stats().Bytes - recovery.Bytes
	return recovery, err
}

// applyRecovered applies what the records read so far commit, so that a log of
// any length passes through the core's window.
func (r *Replica) applyRecovered() error {
	for {
		r.core.Ready(0, &r.rd)
		for _, e := range r.rd.Committed {
			var err error
			if r.answers, err = r.state.Apply(e, false, r.answers[:0]); err != nil {
				return err
			}
			r.mark()
		}
		if len(r.rd.Committed) > 0 {
			r.core.Applied(r.state.Index)
		}
		if !r.rd.More {
			return nil
		}
	}
}

// State is the state machine, to be read when the replica takes no turns.
func (r *Replica) State() *State { return r.state }

// Counters returns what this incarnation has done; to be called from a turn, or
// when the replica takes none. The log's figures are those of all incarnations.
func (r *Replica) Counters() Counters { return r.counters }

// CommitLatency is the histogram of this incarnation; likewise.
func (r *Replica) CommitLatency() *measure.Histogram { return r.commit }

// Add adds d to c.
func (c *Counters) Add(d *Counters) {
	c.Costs.Add(&d.Costs)
	c.Malformed += d.Malformed
}

// Sub takes off what d, an earlier state of c, had counted.
func (c *Counters) Sub(d *Counters) {
	c.Costs.Sub(&d.Costs)
	c.Malformed -= d.Malformed
}
