package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// virtual is a short run in virtual time.
func virtual(protocol string) bench.Config {
	c := bench.Defaults()
	c.Protocols = []string{protocol}
	c.Delay, c.Jitter = time.Millisecond, 200*time.Microsecond
	c.Duration, c.Warmup = 2*time.Second, 300*time.Millisecond
	c.Retain, c.Window = 1<<20, 1<<20 // fresh memory is what takes the time
	return c
}

func run(t *testing.T, c bench.Config) result.Run {
	t.Helper()
	file, err := bench.Run(context.Background(), c, protocols, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := file.Runs[0]
	if !r.Verdict.Correct {
		for _, c := range r.Verdict.Checks {
			if !c.OK {
				t.Errorf("%s, %d nodes: %s: %s", r.Protocol, r.Nodes, c.Name, c.Detail)
			}
		}
	}
	c2 := r.Commands
	if c2.Offered != c2.Acknowledged+c2.Refused+c2.TimedOut+c2.Unknown {
		t.Errorf("commands do not add up: %+v", c2)
	}
	return r
}

// TestClosedForms: with a constant one-way delay d and no service time a leader
// commits after exactly 2d and single-decree Paxos after 4d, and a command costs
// 2(n-1) or 4(n-1) messages.
func TestClosedForms(t *testing.T) {
	const d = 10 * time.Millisecond
	for _, p := range []struct {
		name            string
		delays, perPeer int64
	}{{"raft", 2, 2}, {"multipaxos", 2, 2}, {"paxos", 4, 4}} {
		for _, n := range []int{3, 5, 7, 9} {
			c := virtual(p.name)
			c.Nodes, c.Delay, c.Jitter = n, d, 0
			c.Clients, c.Batch = 1, 1
			r := run(t, c)
			want := p.delays * int64(d)
			l := r.Latency.Commit
			if l.Count < 40 || *l.Min != want || *l.Max != want || *l.Mean != float64(want) {
				t.Errorf("%s, %d nodes: commit latency of %d commands: min %d, mean %g, max %d; want %d", p.name, n, l.Count, *l.Min, *l.Mean, *l.Max, want)
			}
			if got, want := r.PerCommit.Messages, float64(p.perPeer)*float64(n-1); got != want {
				t.Errorf("%s, %d nodes: %g messages a commit, want %g", p.name, n, got, want)
			}
		}
	}
}

// TestFlexibleQuorums: phase 2 waits for the (q2-1)-th follower only, so with q2 = 1
// a leader's own write is enough.
func TestFlexibleQuorums(t *testing.T) {
	for q2, want := range map[int]int64{1: 0, 2: int64(20 * time.Millisecond)} {
		c := virtual("multipaxos")
		c.Nodes, c.Q1, c.Q2 = 5, 5, q2
		c.Delay, c.Jitter, c.Clients = 10*time.Millisecond, 0, 1
		c.Rate, c.Arrival = 100, "constant"
		if r := run(t, c); *r.Latency.Commit.Max != want {
			t.Errorf("q2 = %d: commit latency %d ns, want %d", q2, *r.Latency.Commit.Max, want)
		}
	}
}

// TestSyncLatency: the leader's write W goes on in parallel with replication, so a
// commit takes max(W, RTT + W), the followers writing as long as the leader. One that
// wrote first and replicated then would take W + RTT + W (Raft dissertation, 10.2.1).
func TestSyncLatency(t *testing.T) {
	const trip = 20 * time.Millisecond
	for _, p := range []string{"raft", "multipaxos"} {
		for _, write := range []time.Duration{time.Millisecond, 3 * time.Millisecond, 45 * time.Millisecond} {
			c := virtual(p)
			c.Delay, c.Jitter, c.Clients, c.SyncLatency = trip/2, 0, 1, write
			r := run(t, c)
			parallel, serial := int64(max(write, trip+write)), int64(write+trip+write)
			if l := r.Latency.Commit; *l.Max != parallel || *l.Min != parallel || *l.Max != serial-int64(write) {
				t.Errorf("%s, W %v: commit latency %d to %d ns, want %d; %d would be serial", p, write, *l.Min, *l.Max, parallel, serial)
			}
		}
	}
}

// comparable blanks what two equal runs in virtual time may differ in.
func comparable(t *testing.T, f *result.File) []byte {
	t.Helper()
	f.Environment, f.Started = result.Environment{}, ""
	for i := range f.Runs {
		r := &f.Runs[i]
		r.Warnings, r.PerCommit.Allocs, r.PerCommit.CPU, r.Wall = nil, 0, 0, 0
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestEqualSeedsGiveEqualFiles at any GOMAXPROCS, faults and losses included.
func TestEqualSeedsGiveEqualFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("six seconds of virtual time, three times over")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	c := virtual("raft")
	c.Protocols = []string{"raft", "multipaxos", "paxos"}
	c.Nodes, c.Loss, c.Keys = 5, 0.01, 100
	c.Faults = []string{"crash leader at 500ms for 300ms", "partition minority at 1.2s for 200ms"}
	var first []byte
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		file, err := bench.Run(context.Background(), c, protocols, nil)
		if err != nil {
			t.Fatal(err)
		}
		raw := comparable(t, file)
		if first == nil {
			first = raw
		} else if !bytes.Equal(raw, first) {
			i := 0
			for i < len(raw) && i < len(first) && raw[i] == first[i] {
				i++
			}
			t.Fatalf("GOMAXPROCS %d: the file differs at byte %d: %.80q, was %.80q", procs, i, raw[i:], first[i:])
		}
	}
	c.Seed++
	file, err := bench.Run(context.Background(), c, protocols, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(comparable(t, file), first) {
		t.Fatal("another seed gives the same file")
	}
}

// TestFaults: whatever the schedule, nothing is lost and every acknowledged command
// took effect once.
func TestFaults(t *testing.T) {
	schedules := [][]string{
		{"crash leader at 500ms for 300ms"},
		{"crash leader at 500ms"},
		{"crash leader every 600ms for 200ms", "crash follower every 450ms for 100ms"},
		{"pause leader every 700ms for 400ms"},
		{"isolate leader at 300ms for 600ms", "crash any at 1s for 100ms"},
		{"partition majority at 500ms for 500ms"},
		{"cut leader -> follower at 300ms for 300ms", "loss 20% all at 800ms for 500ms"},
		{"delay 5ms-30ms follower at 200ms for 1s"},
		{"crash {1,2,3} at 400ms for 100ms"},
	}
	seeds := 2
	if testing.Short() {
		seeds, schedules = 1, schedules[2:3]
	}
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		for i, faults := range schedules {
			for seed := range seeds {
				t.Run(fmt.Sprintf("%s/%d/%d", p, i, seed), func(t *testing.T) {
					c := virtual(p)
					c.Seed, c.Faults = uint64(seed), faults
					c.Clients, c.Inflight, c.Keys = 16, 2, 50
					c.SyncLatency = time.Duration(seed) * 300 * time.Microsecond
					r := run(t, c)
					if r.Commands.Acknowledged == 0 {
						t.Error("nothing was acknowledged")
					}
					if r.Commands.Unknown+r.Commands.TimedOut+r.Commands.Refused > 0 {
						t.Errorf("commands without an answer after everything was healed: %+v", r.Commands)
					}
				})
			}
		}
	}
}

// TestSteadyStateAllocatesNothing: a run twice as long allocates no more per
// command, in virtual time (where every turn is the live one's code), there with a cost
// model as well, and in process.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes real time; the race detector allocates, too")
	}
	allocations := func(c bench.Config, d time.Duration) (allocs, commits float64) {
		c.Duration = d
		r := run(t, c)
		commits = float64(r.Totals.Commits)
		return r.PerCommit.Allocs * commits, commits
	}
	for _, on := range [][3]string{
		{bench.NetworkSim, bench.StorageMemory}, {bench.NetworkInproc, bench.StorageMemory},
		{bench.NetworkSim, bench.StorageDisk}, {bench.NetworkInproc, bench.StorageDisk},
		{bench.NetworkSim, bench.StorageMemory, "example"},
	} {
		network, storage := on[0], on[1]
		for _, p := range []string{"raft", "multipaxos", "paxos"} {
			c := virtual(p)
			c.Network, c.Storage, c.Clients, c.Warmup = network, storage, 64, 200*time.Millisecond
			c.SyncLatency = 200 * time.Microsecond
			if c.Cost = on[2]; c.Cost != "" {
				c.Cores = 2 // clients pay, too
			}
			if network == bench.NetworkInproc {
				c.Delay, c.Jitter = 0, 0
				if storage == bench.StorageDisk {
					c.SyncLatency, c.Retain = 0, 64<<20 // no new segments: to make a file allocates
				}
			}
			short, n := allocations(c, 400*time.Millisecond)
			long, m := allocations(c, 1200*time.Millisecond)
			// The progress of a run and the runtime's own timers allocate by the time that
			// passes; a busy machine commits little in it.
			free := 300.0
			if network == bench.NetworkInproc {
				free = 1000
			}
			if long-short > free+0.005*max(m-n, 0) {
				t.Errorf("%s, %s, %s %s: %.0f allocations for %.0f commands, %.0f for %.0f", network, storage, p, on[2], short, n, long, m)
			}
		}
	}
}

// TestCommitLatencyCountsTheWaitForTheWindow: commands that the leader has taken from
// its mailbox and cannot propose yet, because its window is full, are on its account.
func TestCommitLatencyCountsTheWaitForTheWindow(t *testing.T) {
	c := virtual("raft")
	c.Jitter, c.Size, c.Clients, c.Duration = 0, 64<<10, 64, 200*time.Millisecond // 4 MiB wanted, 1 MiB fits
	l := run(t, c).Latency
	const rtt = float64(2 * time.Millisecond)
	if *l.Commit.Mean < 1.5*rtt || *l.Commit.Mean > *l.Response.Mean {
		t.Errorf("commit %.2f ms of a response of %.2f ms", *l.Commit.Mean/1e6, *l.Response.Mean/1e6)
	}
}

// TestUntilHealed: a fault that lasts until the cluster has healed ends when a
// command sent after it struck is acknowledged, and not before.
func TestUntilHealed(t *testing.T) {
	c := virtual("raft")
	c.Faults = []string{"crash leader every 700ms until healed"}
	r := run(t, c)
	if len(r.Faults) != 2 || len(r.Elections) < 2 {
		t.Fatalf("%d faults, %d elections", len(r.Faults), len(r.Elections))
	}
	for i, f := range r.Faults {
		e := r.Elections[i]
		if f.Until == nil || e.FirstCommit == nil {
			t.Fatalf("fault %+v, election %+v", f, e)
		}
		if d := *f.Until - *e.FirstCommit; d < 0 || d > int64(5*time.Millisecond) {
			t.Errorf("healed at %d, first commit at %d", *f.Until, *e.FirstCommit)
		}
	}
}

// TestATimelessRunIsRefused: a closed loop in which nothing takes time would stay at
// one virtual instant for ever.
func TestATimelessRunIsRefused(t *testing.T) {
	for name, change := range map[string]func(*bench.Config){
		"one node": func(c *bench.Config) { c.Nodes = 1 },
		"no delay": func(c *bench.Config) { c.Delay, c.Jitter = 0, 0 },
		"q2 is 1":  func(c *bench.Config) { c.Protocols, c.Q1, c.Q2 = []string{"multipaxos"}, 3, 1 },
	} {
		c := virtual("raft")
		change(&c)
		if err := c.Validate(protocols); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		c.SyncLatency = time.Millisecond
		run(t, c)
	}
}
