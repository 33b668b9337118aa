package cluster_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/bench/workload"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/inproc"
	"github.com/consbench/consbench/netsim/tcp"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

const ms = smr.Time(time.Millisecond)

func options(p smr.Protocol) cluster.Options {
	o := cluster.Options{
		Nodes: 3, Window: replica.NewWindow(), Series: measure.NewSeries(1000*ms, 100*ms), SyncLatency: ms / 10,
		Replica: replica.Options{
			Protocol: p, Sessions: 16, Batch: 8, BatchBytes: 4 << 10,
			Core: smr.Config{
				Peers: []smr.NodeID{1, 2, 3}, Seed: 5, ElectionMin: 50 * ms, ElectionMax: 100 * ms, Heartbeat: 10 * ms,
				MaxFrame: 8 << 10, Inflight: 64 << 10, Retain: 16 << 10, PreVote: true, CheckQuorum: true,
			},
		},
		Clients: client.Options{Workers: 1, Sessions: 16, Inflight: 2, Size: 64, Timeout: 1000 * ms, RetryAfter: 100 * ms, Leaderless: p.Leaderless},
		Client:  client.Parts{Payloads: payloads(64), Control: new(client.Control)},
	}
	o.Window.Set(0, 1<<60)
	return o
}

func payloads(size int) *workload.Payloads { return workload.NewPayloads(size, 1) }

func live(t *testing.T, p smr.Protocol, over string) *cluster.Cluster {
	t.Helper()
	var network netsim.Network = inproc.New(inproc.Options{})
	if over == "tcp" {
		addrs, err := tcp.Addresses("127.0.0.1:0", []smr.NodeID{1, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		if network, err = tcp.New(tcp.Options{Cluster: "test", Protocol: p.Name, Addrs: addrs}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cluster.NewLive(options(p), network)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// storm strikes the cluster at random while the clients keep it busy, heals it and
// demands that everything comes to rest. What it waits for is progress, not time.
func storm(t *testing.T, c stormy, seed uint64, strikes int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	rng := rand.New(rand.NewPCG(seed, 0))
	answered := func(n uint64) {
		t.Helper()
		goal := c.Acknowledged() + n
		if _, err := c.Await(ctx, smr.Never, func() bool { return c.Acknowledged() >= goal }); err != nil {
			t.Fatalf("seed %d: nothing is acknowledged any more: %s", seed, c.Standing())
		}
	}
	c.Load(c.Now(), smr.Never)
	answered(50)
	lost, ways := smr.None, 8
	if _, elsewhere := c.(*cluster.Remote); elsewhere {
		ways = 5 // the disks of other processes are out of reach
	}
	for range strikes {
		id := smr.NodeID(1 + rng.IntN(3))
		if lost != 0 { // the other two are all that is left
			id = lost
		}
		other := smr.NodeID(1 + (int(id)+rng.IntN(2))%3)
		cut := cluster.LinkFault{Cut: true}
		slow := cluster.LinkFault{DelayMin: ms / 10, DelayMax: ms, Loss: .2}
		switch rng.IntN(ways) {
		case 5: // a device that fails stops its replica
			kind := []wal.FaultKind{wal.Full, wal.Fail}[rng.IntN(2)]
			impair(t, c, id, wal.Fault{Kind: kind})
			answered(uint64(20 + rng.IntN(100)))
			if _, err := c.Await(ctx, smr.Never, func() bool { return !c.Up(id) }); err != nil {
				t.Fatalf("seed %d: %v goes on with a device that does not work: %s", seed, id, c.Standing())
			}
			c.RepairDisk(id, kind)
			if err := c.Restart(id); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		case 6:
			impair(t, c, id, wal.Fault{Kind: wal.Stall})
			answered(uint64(rng.IntN(100)))
			c.RepairDisk(id, wal.Stall)
		case 7: // one replica may lose its log, again and again
			lost = id
			impair(t, c, id, wal.Fault{Kind: wal.Lose})
			answered(uint64(rng.IntN(100)))
			if err := c.Restart(id); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			answered(20)
			if v := c.(*cluster.Cluster).View(id); v.Role != smr.Follower {
				t.Errorf("seed %d: %v has lost its log and is %v", seed, id, v.Role)
			}
		case 0, 1:
			c.Crash(id)
			answered(uint64(rng.IntN(100)))
			if err := c.Restart(id); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		case 2:
			c.Pause(id)
			answered(uint64(rng.IntN(100)))
			c.Resume(id)
		case 3:
			c.Impair(id, other, cut)
			answered(uint64(rng.IntN(100)))
			c.Repair(id, other, cut)
		case 4:
			c.Impair(id, other, slow)
			c.Impair(other, id, slow)
			answered(uint64(rng.IntN(100)))
			c.Repair(id, other, slow)
			c.Repair(other, id, slow)
		}
		answered(20)
	}
	c.Unload()
	if _, err := c.Await(ctx, smr.Never, func() bool { return c.Open() == 0 && c.Settled() }); err != nil {
		t.Fatalf("seed %d: no rest: %d open, %s", seed, c.Open(), c.Standing())
	}
	c.Stop()
	if p := c.Problems(); len(p) > 0 {
		t.Errorf("seed %d: %q", seed, p)
	}
	if d := c.Digests().Diverged(); len(d) > 0 {
		t.Errorf("seed %d: %q", seed, d)
	}
	_, states := c.States()
	for _, s := range states {
		if s.Digest != states[0].Digest {
			t.Errorf("seed %d: states differ at the end", seed)
		}
	}
	if n := c.Totals().Malformed; n > 0 {
		t.Errorf("seed %d: %d malformed frames", seed, n)
	}
}

func impair(t *testing.T, c stormy, id smr.NodeID, f wal.Fault) {
	t.Helper()
	if err := c.ImpairDisk(id, f); err != nil {
		t.Fatalf("%v: %v", id, err)
	}
}

func TestStorms(t *testing.T) {
	strikes := 30
	if testing.Short() {
		strikes = 6
	}
	for _, p := range []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic} {
		for seed := range uint64(3) {
			o := options(p)
			o.Link = netsim.Link{Delay: netsim.Uniform(ms, ms/2), Loss: .01}
			o.Replica.Core.Seed = seed
			c, err := cluster.NewVirtual(o, seed)
			if err != nil {
				t.Fatal(err)
			}
			storm(t, c, seed, strikes)
			c.Close()
		}
		for _, over := range []string{"inproc", "tcp"} {
			c := live(t, p, over)
			storm(t, c, 9, strikes)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestACrashLosesWhatIsUnderWay: a crashed replica shows nothing, answers nothing,
// and its clock does not run on after a restart as if nothing had happened.
func TestACrashLosesWhatIsUnderWay(t *testing.T) {
	c, err := cluster.NewVirtual(options(raft.Protocol), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	c.Await(ctx, 1000*ms, func() bool { return c.Leader() != smr.None })
	leader := c.Leader()
	c.Load(c.Now(), smr.Never)
	c.Await(ctx, c.Now()+20*ms, nil)
	c.Crash(leader)
	c.Crash(leader) // twice is once
	if v := c.View(leader); c.Up(leader) || v.Last != 0 || v.Role != smr.Follower || c.Leader() == leader {
		t.Fatalf("after the crash: %+v, leader %v", v, c.Leader())
	}
	if c.Settled() {
		t.Fatal("a cluster with a crashed replica is settled")
	}
	before := c.Totals().Frames
	c.Pause(leader) // nothing is there to be paused
	c.Resume(leader)
	if err := c.Restart(leader); err != nil {
		t.Fatal(err)
	}
	if r := c.Restarts(); len(r) != 1 || r[0].Node != leader || r[0].Records == 0 {
		t.Fatalf("restarts: %+v", r)
	}
	if after := c.Totals().Frames; after[0] < before[0] {
		t.Fatal("the counts of the first incarnation are gone")
	}
}

// TestADisturbedClockHidesNoDeath: a replica whose clock has jumped and drifts dies at
// its crash point like any other, and is seen to.
func TestADisturbedClockHidesNoDeath(t *testing.T) {
	o := options(raft.Protocol)
	o.Clocks = true
	c, err := cluster.NewVirtual(o, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	c.Await(ctx, 1000*ms, func() bool { return c.Leader() != smr.None })
	leader := c.Leader()
	c.CrashAt(leader, cluster.CrashPoint{At: replica.TurnBegins, Nth: 1, Restart: smr.Never})
	c.Jump(leader, -ms)
	c.Drift(leader, 0.1)
	c.Await(ctx, c.Now()+1000*ms, func() bool { return !c.Up(leader) && c.Leader() != smr.None })
	if c.Armed(leader) || c.Up(leader) || c.Leader() == smr.None || c.Leader() == leader {
		t.Fatalf("%v has come to its crash point: %v; it is up: %v; %v leads", leader, !c.Armed(leader), c.Up(leader), c.Leader())
	}
}

func TestLinkFaultsAddUp(t *testing.T) {
	c, err := cluster.NewVirtual(options(raft.Protocol), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	c.Await(ctx, 1000*ms, func() bool { return c.Leader() != smr.None })
	leader := c.Leader()
	cut := cluster.LinkFault{Cut: true}
	isolate := func(do func(from, to smr.NodeID, f cluster.LinkFault)) {
		for id := smr.NodeID(1); id <= 3; id++ {
			if id != leader {
				do(id, leader, cut)
				do(leader, id, cut)
			}
		}
	}
	isolate(c.Impair)
	isolate(c.Impair)
	isolate(c.Repair) // one of the two cuts is still there
	c.Await(ctx, c.Now()+1000*ms, nil)
	if v := c.View(leader); v.Role == smr.Leader || c.Leader() == leader || c.Leader() == smr.None {
		t.Fatalf("cut off twice and healed once, %v is a %v; the leader is %v", leader, v.Role, c.Leader())
	}
	isolate(c.Repair)
	ok, _ := c.Await(ctx, c.Now()+1000*ms, c.Settled)
	if !ok {
		t.Fatalf("healed, but %s", c.Standing())
	}
}
