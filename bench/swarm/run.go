package swarm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/workload"
	"github.com/consbench/consbench/netsim"
)

// Outcome is what came of one case.
type Outcome struct {
	Violation *Violation // nil = all invariants held
	Trace     uint64     // a hash of everything that the cores were told and said
	Events    uint64     // of the simulator
	Chosen    uint64     // entries
	Commands  uint64     // acknowledged
	Time      smr.Time   // virtual
	Faults    map[Kind]uint64
	Crashes   [replica.Boundaries]uint64 // at crash points
	Probes    probe.Set                  // places reached
	History   []check.Operation          // what the clients saw, if it is not linearizable; see check.Draw
	Until     int64
}

// Draw writes an HTML page that shows a History which is not linearizable.
func (o *Outcome) Draw(w io.Writer) error {
	_, err := check.Draw(w, o.History, o.Until, linearizeLimit)
	return err
}

// run is one case under way.
type run struct {
	*Case
	ctx      context.Context
	protocol smr.Protocol
	judge    *judge
	cluster  *cluster.Cluster
	rng      *rand.Rand
	actions  []action    // in order of time
	links    []linkFault // in force
	drifts   []drift     // likewise
	rotten   smr.Set     // nodes whose disks have rotted
	revived  smr.Set     // nodes restarted after healing
	out      Outcome
}

// action is something done to the cluster at an instant.
type action struct {
	at smr.Time
	do func()
}

// Run carries out a case. The error is ctx's, or says why the case cannot be run.
func Run(ctx context.Context, p smr.Protocol, c *Case) (*Outcome, error) {
	return perform(ctx, p, c, nil, 0)
}

// streamFaults keeps what faults draw while they act apart from all else.
const streamFaults = 0xfa017

// perform carries out a case. After most events, if that is not 0, it ends without a
// verdict.
func perform(ctx context.Context, p smr.Protocol, c *Case, record *Transcript, most uint64) (out *Outcome, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &run{Case: c, ctx: ctx, protocol: p, judge: newJudge(p, c.core()), rng: rand.New(rand.NewPCG(c.Seed, streamFaults))}
	r.out.Faults = make(map[Kind]uint64)
	r.judge.record = record
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if _, ok := v.(stop); !ok {
			r.judge.found(&Violation{Contract, r.judge.now, smr.None, fmt.Sprintf("panic: %v\n%s", v, trimmed(debug.Stack()))})
		}
		out, err = r.outcome(), nil
	}()
	if r.cluster, err = cluster.NewVirtual(r.options(), c.Seed); err != nil {
		return nil, err
	}
	defer r.cluster.Close()
	r.judge.clock = r.cluster.Now
	if most > 0 {
		r.judge.clock = func() smr.Time {
			if r.cluster.Simulated() > most {
				panic(stop{})
			}
			return r.cluster.Now()
		}
	}
	for _, phase := range []func() error{r.safety, r.heal, r.settle} {
		if err := phase(); err != nil {
			return nil, err
		}
	}
	r.verify()
	return r.outcome(), nil
}

// trimmed is a stack without what recovered it.
func trimmed(stack []byte) string {
	_, rest, ok := strings.Cut(string(stack), "panic(")
	if !ok {
		return string(stack)
	}
	lines := strings.SplitN("panic("+rest, "\n", 14)
	return strings.Join(lines[:len(lines)-1], "\n")
}

func (r *run) outcome() *Outcome {
	if r.cluster != nil {
		r.out.Events, r.out.Time, r.out.Crashes = r.cluster.Simulated(), r.cluster.Now(), r.cluster.Crashes()
		for _, w := range r.cluster.Workers() {
			w.Sessions(func(_ uint32, s client.Session) { r.out.Commands += s.Acked.Len() })
		}
	}
	r.judge.note(r.out.Events)
	r.out.Violation, r.out.Trace, r.out.Chosen = r.judge.broken, r.judge.trace, uint64(len(r.judge.chosen))
	return &r.out
}

// payloads are the same for all cases: they differ by what is in front of them.
var payloads = sync.OnceValue(func() *workload.Payloads { return workload.NewPayloads(maxPayload, 1) })

func (r *run) options() cluster.Options {
	c := r.Case
	core := c.core()
	core.Probes = &r.out.Probes
	delay := netsim.Uniform(smr.Time(c.DelayMin+c.DelayMax)/2, smr.Time(c.DelayMax-c.DelayMin)/2)
	return cluster.Options{
		Nodes: c.Nodes,
		Replica: replica.Options{
			Protocol: r.judge.wrap(), Core: core, Sessions: c.Sessions, Keys: c.Keys,
			Batch: c.Batch, BatchBytes: max(command.Size(c.Size), c.MaxFrame-smr.Overhead), Compact: c.Compact,
		},
		SyncLatency: smr.Time(c.Sync),
		Storage:     cluster.Storage{Disk: c.Files},
		Clocks:      c.disturbed(),
		Link:        netsim.Link{Delay: delay},
		Clients: client.Options{
			Workers: 1, Sessions: c.Sessions, Inflight: c.Open, Size: c.Size, Keys: c.Keys, Seed: c.Seed,
			Rate: workload.Rate(c.Rate), Arrival: "poisson", Timeout: smr.Time(time.Second), RetryAfter: smr.Time(c.Retry),
			Leaderless: r.protocol.Leaderless, Spread: c.Spread,
		},
		Client:    client.Parts{Payloads: payloads(), Control: new(client.Control)},
		Window:    replica.NewWindow(), // never begins: nothing is measured
		Series:    measure.NewSeries(1, 1),
		Histories: min(c.Keys, 1) * maxHistory,
		Lean:      true,
		Tells:     r.judge.record.follow(r),
	}
}

// maxHistory bounds the operations that are checked for linearizability.
const maxHistory = 4_000

// await lets time pass until it is until, or done.
func (r *run) await(until smr.Time, done func() bool) (bool, error) {
	ok, err := r.cluster.Await(r.ctx, until, done)
	r.judge.now = max(r.judge.now, r.cluster.Now())
	if p := r.cluster.Problems(); len(p) > 0 && err == nil {
		r.judge.fail(Contract, smr.None, "%s", p[0])
	}
	return ok, err
}

// at schedules do.
func (r *run) at(t smr.Time, do func()) {
	i, _ := slices.BinarySearchFunc(r.actions, t, func(a action, t smr.Time) int {
		if a.at <= t {
			return -1
		}
		return 1
	})
	r.actions = slices.Insert(r.actions, i, action{t, do})
}

// safety is the phase with faults. That nothing is done in it is no violation.
func (r *run) safety() error {
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	for i := range r.Faults {
		f := &r.Faults[i]
		r.at(smr.Time(f.At), func() { r.strike(f) })
	}
	if c := r.Case; c.Loss > 0 || c.Duplicate > 0 || c.Reorder > 0 {
		r.everywhere(smr.Never, cluster.LinkFault{Loss: c.Loss, Duplicate: c.Duplicate, Reorder: c.Reorder})
	}
	r.cluster.Load(0, smr.Time(r.Case.Load))
	full := func() bool { return r.Events > 0 && r.cluster.Simulated() >= r.Events }
	for len(r.actions) > 0 && r.actions[0].at <= smr.Time(r.Span) {
		next := r.actions[0].at
		if _, err := r.await(next, func() bool { return full() || r.actions[0].at < next }); err != nil || full() {
			return err
		}
		if a := r.actions[0]; a.at <= r.cluster.Now() {
			r.actions = r.actions[1:]
			a.do()
		}
	}
	_, err := r.await(smr.Time(r.Span), full)
	return err
}

// patience bounds how long a healed cluster may take. An election timer is drawn
// from a range of at least a quarter of its length (Draw sees to that), so that a
// round of an election fails with a probability well below 1/2, and each takes at
// most ElectionMax and a few round trips.
func (r *run) patience() smr.Time {
	c := r.Case
	if c.Patience > 0 {
		return smr.Time(c.Patience)
	}
	return max(leastPatience, 1000*smr.Time(c.ElectionMax+8*(c.DelayMax+c.Sync))+100*smr.Time(c.Retry))
}

// leastPatience is for clusters with short timers and a backlog of commands. Where
// replicas keep one another busy, maxInputs comes first.
const leastPatience = smr.Time(30 * time.Second)

// heal undoes all faults and demands that new commands are served.
func (r *run) heal() error {
	r.actions = nil
	r.undoAll()
	healed := r.cluster.Now()
	r.cluster.Load(healed, smr.Never)
	ok, err := r.await(healed+r.patience(), func() bool { r.revive(); return r.cluster.Served() > healed })
	if err == nil && !ok {
		r.judge.fail(Progress, smr.None, "no command that was sent after all faults were undone was acknowledged within %v: %s", r.patience(), r.cluster.Standing())
	}
	return err
}

// revive restarts, once each, the replicas that notice only now that their logs have
// failed.
func (r *run) revive() {
	for i := range r.Nodes {
		if id := smr.NodeID(i + 1); !r.cluster.Up(id) && r.revived.Add(i) {
			r.restart(id)
		}
	}
}

// settle demands that every command is answered and all replicas come to the same entry.
func (r *run) settle() error {
	r.cluster.Unload()
	start := r.cluster.Now()
	ok, err := r.await(start+r.patience(), func() bool {
		r.revive()
		return r.cluster.Open() == 0 && r.cluster.Settled() && r.cluster.Freeze()
	})
	if err == nil && !ok {
		r.judge.fail(Progress, smr.None, "the cluster does not come to rest within %v after all faults were undone: %d commands open, %s",
			r.patience(), r.cluster.Open(), r.cluster.Standing())
	}
	return err
}

// verify holds the replicas against one another and against what the clients know.
func (r *run) verify() {
	r.cluster.Stop()
	if d := r.cluster.Digests().Diverged(); len(d) > 0 {
		r.judge.fail(Agreement, smr.None, "%s", d[0])
	}
	names, states := r.cluster.States()
	for i, s := range states {
		if s.Index != states[0].Index || s.Digest != states[0].Digest {
			r.judge.fail(Agreement, smr.None, "%s and %s differ at the end", names[0], names[i])
		}
	}
	var sessions check.Sessions
	tables := make([]check.Table, len(states))
	for _, w := range r.cluster.Workers() {
		w.Sessions(func(id uint32, s client.Session) {
			for i, state := range states {
				tables[i] = check.Table{Seen: state.Sessions[id].Seen, Effects: state.Sessions[id].Effects}
			}
			sessions.Check(id, s.Acked, s.Next, names, tables)
		})
	}
	if p := sessions.Problems(); len(p) > 0 {
		r.judge.fail(Once, smr.None, "%s", p[0])
	}
	if r.Keys > 0 {
		r.linearize()
	}
}

// linearizeLimit is never reached by what seeds draw; it is time of the machine.
const linearizeLimit = 30 * time.Second

func (r *run) linearize() {
	history, _, until := r.cluster.History()
	if ok, known := check.Linearizable(history, int64(until), linearizeLimit); known && !ok {
		r.out.History, r.out.Until = history, int64(until)
		r.judge.fail(Linearizable, smr.None, "no order of the %d operations explains what the clients saw", len(history))
	}
}
