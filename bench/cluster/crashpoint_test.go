package cluster_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var (
	cycles    = flag.Int("powerloss.cycles", 800, "crashes and restarts for each protocol in TestPowerLoss")
	powerSeed = flag.Uint64("powerloss.seed", 0, "run only this seed of TestPowerLoss; 0 = all")
)

// cyclesPerSeed is how often replicas of one cluster crash before it is healed and
// held against what its clients know.
const cyclesPerSeed = 100

// rare are the boundaries that only snapshots lead to.
var rare = []replica.Boundary{replica.BeforeSave, replica.AfterSave, replica.BeforeBaseline, replica.BeforeInstall, replica.AfterInstall}

// TestPowerLoss crashes replicas at every boundary of their turns, drops or tears what
// was not durable and restarts them at once or later. No acknowledged command may be lost or
// doubled, no term given to two leaders, no term forgotten that a frame has told.
func TestPowerLoss(t *testing.T) {
	cycles := *cycles
	if testing.Short() {
		cycles = min(cycles, 200)
	}
	for _, p := range []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			var sum [replica.Boundaries]uint64
			total := 0
			for seed := uint64(1); total < cycles; seed++ {
				if *powerSeed != 0 {
					seed = *powerSeed
				}
				l := newPowerLoss(t, p, seed)
				for b, n := range l.run(min(cyclesPerSeed, cycles-total)) {
					sum[b] += n
					total += int(n)
				}
				if t.Failed() {
					t.Fatalf("go test ./bench/cluster -run 'TestPowerLoss/%s$' -powerloss.seed %d", p.Name, seed)
				}
				if *powerSeed != 0 {
					return
				}
			}
			var table []string
			for b := replica.TurnBegins; b < replica.Boundaries; b++ {
				table = append(table, fmt.Sprintf("%s %d", b, sum[b]))
				// Without a leader there are no elections, and nobody comes to AfterVote.
				if there := b != replica.AfterVote || !p.Leaderless; there != (sum[b] > 0) && !testing.Short() {
					t.Errorf("%d crashes at %s", sum[b], b)
				}
			}
			t.Logf("%d crashes: %s", total, strings.Join(table, ", "))
		})
	}
}

// powerLoss is one cluster whose replicas lose their power.
type powerLoss struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	ctx  context.Context
	c    *cluster.Cluster
}

func newPowerLoss(t *testing.T, p smr.Protocol, seed uint64) *powerLoss {
	l := &powerLoss{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0x10a7)), ctx: t.Context()}
	o := options(p)
	o.Nodes = []int{3, 3, 3, 4, 5}[l.rng.IntN(5)]
	o.Replica.Core.Peers = nil
	for i := range o.Nodes {
		o.Replica.Core.Peers = append(o.Replica.Core.Peers, smr.NodeID(i+1))
	}
	o.Replica.Core.Seed = seed
	o.Replica.Core.PreVote, o.Replica.Core.CheckQuorum = l.rng.IntN(2) == 0, l.rng.IntN(2) == 0
	o.Replica.Core.ElectionMin, o.Replica.Core.ElectionMax, o.Replica.Core.Heartbeat = 20*ms, 40*ms, 5*ms
	o.SyncLatency = []smr.Time{0, ms / 10, ms, 3 * ms}[l.rng.IntN(4)]
	o.Storage = cluster.Storage{Disk: l.rng.IntN(3) > 0, Policy: []wal.Policy{wal.Batch, wal.Batch, wal.Always}[l.rng.IntN(3)]}
	o.Link = netsim.Link{Delay: netsim.Uniform(ms/4, ms/5), Loss: .01, Duplicate: .05, Reorder: .05}
	o.Clients.Size, o.Clients.RetryAfter = 1024, 40*ms
	o.Client.Payloads = payloads(1024)
	var err error
	if l.c, err = cluster.NewVirtual(o, seed); err != nil {
		t.Fatal(err)
	}
	for id := range smr.NodeID(o.Nodes) {
		if o.Storage.Disk && l.rng.IntN(2) == 0 { // else all that was not synced is gone
			impair(t, l.c, id+1, wal.Fault{Kind: wal.Torn, Seed: l.rng.Uint64()})
		}
	}
	return l
}

// await lets time pass until done, within limit.
func (l *powerLoss) await(limit smr.Time, done func() bool) bool {
	ok, err := l.c.Await(l.ctx, l.c.Now()+limit, done)
	if err != nil {
		l.t.Fatal(err)
	}
	return ok
}

// crashes is how many there were.
func (l *powerLoss) crashes() (n uint64) {
	for _, m := range l.c.Crashes() {
		n += m
	}
	return n
}

// arm draws a crash point for a replica.
func (l *powerLoss) arm(id smr.NodeID) {
	p := cluster.CrashPoint{At: replica.Boundary(l.rng.IntN(replica.Boundaries)), Nth: 1, Restart: smr.Time(l.rng.Int64N(int64(10 * ms)))}
	if l.rng.IntN(3) == 0 {
		p.Restart = 0
	}
	if l.rng.IntN(2) == 0 && p.At < replica.BeforeSave {
		p.Nth += l.rng.IntN(30)
	}
	l.c.CrashAt(id, p)
}

// run crashes replicas so many times, heals the cluster and judges it.
func (l *powerLoss) run(cycles int) [replica.Boundaries]uint64 {
	c, n := l.c, len(l.c.Events())
	defer c.Close()
	c.Load(c.Now(), smr.Never)
	pick := func() smr.NodeID { return smr.NodeID(1 + l.rng.IntN(n)) }
	for stuck := 0; l.crashes() < uint64(cycles); stuck++ {
		before := l.crashes()
		switch l.rng.IntN(12) {
		case 0: // all at once, each somewhere in what it does next
			for id := range smr.NodeID(n) {
				l.c.CrashAt(id+1, cluster.CrashPoint{Nth: 1 + l.rng.IntN(20), Restart: smr.Time(l.rng.Int64N(int64(10 * ms)))})
			}
		case 1: // down for so long that only a snapshot helps, and struck by it
			id := pick()
			c.Crash(id)
			goal := c.Acknowledged() + 150
			l.await(1000*ms, func() bool { return c.Acknowledged() >= goal })
			l.c.CrashAt(id, cluster.CrashPoint{At: rare[l.rng.IntN(len(rare))], Nth: 1, Restart: smr.Time(l.rng.Int64N(int64(ms)))})
			_ = c.Restart(id)
		default:
			l.arm(pick())
			if l.rng.IntN(3) == 0 {
				l.arm(pick())
			}
		}
		if l.await(30*ms, func() bool { return l.crashes() > before }) {
			stuck = 0
		}
		if stuck > 1000 {
			l.t.Fatalf("seed %d: no crash any more: %s", l.seed, c.Standing())
		}
	}
	for id := range smr.NodeID(n) {
		c.CrashAt(id+1, cluster.CrashPoint{})
		_ = c.Restart(id + 1)
	}
	c.Unload()
	if !l.await(20_000*ms, func() bool { return c.Open() == 0 && c.Settled() }) {
		l.t.Errorf("seed %d: no rest: %d open, %s", l.seed, c.Open(), c.Standing())
	}
	c.Stop()
	l.judge()
	return c.Crashes()
}

// judge holds the replicas against one another and against what the clients know.
func (l *powerLoss) judge() {
	t, c := l.t, l.c
	if p := c.Problems(); len(p) > 0 {
		t.Errorf("seed %d: %q", l.seed, p)
	}
	if d := c.Digests().Diverged(); len(d) > 0 {
		t.Errorf("seed %d: %q", l.seed, d)
	}
	if n := c.Totals().Malformed; n > 0 {
		t.Errorf("seed %d: %d malformed frames", l.seed, n)
	}
	names, states := c.States()
	for _, s := range states {
		if s.Index != states[0].Index || s.Digest != states[0].Digest {
			t.Errorf("seed %d: states differ at the end", l.seed)
		}
	}
	var sessions check.Sessions
	tables := make([]check.Table, len(states))
	for _, w := range c.Workers() {
		w.Sessions(func(id uint32, s client.Session) {
			for i, state := range states {
				tables[i] = check.Table{Seen: state.Sessions[id].Seen, Effects: state.Sessions[id].Effects}
			}
			sessions.Check(id, s.Acked, s.Next, names, tables)
		})
	}
	if p := sessions.Problems(); len(p) > 0 {
		t.Errorf("seed %d: %q", l.seed, p)
	}
	if sessions.Acknowledged() == 0 {
		t.Errorf("seed %d: nothing was acknowledged", l.seed)
	}
	leaders := map[uint64]smr.NodeID{}
	for _, log := range c.Events() {
		for _, e := range log.Events {
			if e.Type != smr.Elected {
				continue
			}
			if other, ok := leaders[e.Term]; ok { // the same one again: it has forgotten its own candidacy
				t.Errorf("seed %d: %v and %v were elected in term %d", l.seed, other, log.Node, e.Term)
			}
			leaders[e.Term] = log.Node
		}
	}
}
