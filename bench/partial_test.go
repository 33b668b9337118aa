package bench_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/scenario"
)

// TestPartialPartitions: who recovers from the partial partitions of Omni-Paxos
// (EuroSys 2023, 7.2), and in how many election timeouts T. Published: Raft is down
// for 3.5 to 5 T of a quorum loss, with pre-vote and check-quorum for about 3 T, and
// for all of a constrained election; Multi-Paxos recovers from that in about 3 T. With
// pre-vote and without check-quorum nobody recovers from a quorum loss: the hub hears
// the leader, which has no quorum and does not know it, and so promises nobody a vote.
// Whoever recovers is down for at most 5 T.
func TestPartialPartitions(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	const whole = 14 * time.Second // of a partition of 15 s
	for _, c := range []struct {
		scenario, protocol   string
		preVote, checkQuorum bool
		recovers             bool
	}{
		{"quorum-loss", "raft", false, false, true},
		{"quorum-loss", "raft", false, true, true},
		{"quorum-loss", "raft", true, false, false},
		{"quorum-loss", "raft", true, true, true},
		{"quorum-loss", "multipaxos", false, false, true},
		{"quorum-loss", "multipaxos", false, true, true},
		{"quorum-loss", "multipaxos", true, false, false},
		{"quorum-loss", "multipaxos", true, true, true},
		{"constrained", "raft", false, false, false},
		{"constrained", "raft", false, true, false},
		{"constrained", "raft", true, false, false},
		{"constrained", "raft", true, true, false},
		{"constrained", "multipaxos", false, false, true},
		{"constrained", "multipaxos", true, true, true},
		{"chained", "raft", false, false, true},
		{"chained", "raft", true, true, true},
		{"chained", "multipaxos", false, false, true},
		{"chained", "multipaxos", true, true, true},
		{"ring", "raft", false, false, true},
		{"ring", "raft", true, true, true},
		{"ring", "multipaxos", true, true, true},
	} {
		t.Run(fmt.Sprintf("%s/%s/pre-vote=%v/check-quorum=%v", c.scenario, c.protocol, c.preVote, c.checkQuorum), func(t *testing.T) {
			for seed := range uint64(3) {
				r := run(t, partial(t, c.scenario, c.protocol, seed, c.preVote, c.checkQuorum))
				for _, f := range r.Faults {
					if f.Skipped != "" {
						t.Fatalf("%s: %s", f.Action, f.Skipped)
					}
				}
				down := time.Duration(r.Unavailable)
				const T = 300 * time.Millisecond // the longest election timeout
				if c.recovers && down > 5*T {
					t.Errorf("seed %d: down for %v, %.1f T; %+v", seed, down, float64(down)/float64(T), r.Livelocks)
				}
				if !c.recovers && (down < whole || len(r.Livelocks) != 1 || r.Livelocks[0].Timeouts == 0) {
					t.Errorf("seed %d: down for %v only; %+v", seed, down, r.Livelocks)
				}
			}
		})
	}
}

// partial is a scenario with little load.
func partial(t *testing.T, name, protocol string, seed uint64, preVote, checkQuorum bool) bench.Config {
	t.Helper()
	c := virtual(protocol)
	c.PreVote, c.CheckQuorum, c.Seed = preVote, checkQuorum, seed
	c.Nodes, c.Rate, c.Inflight, c.Duration = 5, 100, 64, 20*time.Second
	for _, s := range scenario.Builtin(name).Settings {
		switch s.Option {
		case "fault":
			c.Faults = append(c.Faults, s.Value)
		case "leader":
			c.Leader = s.Value
		case "nodes":
			c.Nodes = int(s.Value[0] - '0')
		}
	}
	return c
}

// TestRejoin: a server that was cut off and comes back deposes nobody with pre-vote,
// and without it causes exactly one disruption (dissertation, 9.6): in its higher term
// one election is won, and then there is peace.
func TestRejoin(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, preVote := range []bool{true, false} {
		for seed := range uint64(5) {
			c := virtual("raft")
			c.Nodes, c.Rate, c.Inflight, c.Seed = 5, 100, 64, seed
			c.Leader, c.PreVote, c.CheckQuorum = "1", preVote, false
			c.Duration = 12 * time.Second
			c.Faults = []string{"isolate node 3 at 1s for 4s"}
			r := run(t, c)
			deposed, changes := 0, 0
			for _, e := range r.Elections {
				if e.Elected != nil && *e.Elected >= int64(5*time.Second) {
					changes++
					deposed = max(deposed, int(e.Term))
				}
			}
			switch {
			case preVote && len(r.Elections) != 0:
				t.Errorf("seed %d: with pre-vote a leader was deposed: %+v", seed, r.Elections)
			case !preVote && changes != 1:
				t.Errorf("seed %d: without pre-vote %d leaders followed on the return, want 1: %+v", seed, changes, r.Elections)
			}
		}
	}
}

// TestOneSlowFollower: in a cluster of five one slow link, disk or processor costs at most
// 5 % of throughput and 20 % of p99, and the memory for the laggard is bounded: it gets a
// snapshot in place of what the leader's window no longer holds.
func TestOneSlowFollower(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []string{"raft", "multipaxos"} {
		for _, slow := range []string{
			"delay 100ms node 3 at 0s", "slow 600KB/s node 3 at 0s", "disk slow 50ms node 3 at 0s", "cpu slow 20x node 3 at 0s",
		} {
			c := virtual(p)
			if strings.HasPrefix(slow, "disk") {
				c.Storage, c.SyncLatency = bench.StorageDisk, 200*time.Microsecond
			}
			if strings.HasPrefix(slow, "cpu") { // at 20 times as long the follower is three times too slow
				c.Cost, c.CostModel = "test", &cost.Model{Propose: 10_000, Apply: 40_000}
			}
			// 8 clients make 1.2 MB/s for each follower.
			c.Nodes, c.Leader, c.Clients, c.Duration = 5, "1", 8, 3*time.Second
			base := run(t, c)
			c.Faults = []string{slow}
			r := run(t, c)
			if len(r.Faults) != 1 || r.Faults[0].Skipped != "" {
				t.Fatalf("%+v", r.Faults)
			}
			if r.Throughput < .95*base.Throughput {
				t.Errorf("%s, %s: %.0f/s, %.0f/s without", p, slow, r.Throughput, base.Throughput)
			}
			if a, b := *r.Latency.Response.P99, *base.Latency.Response.P99; float64(a) > 1.2*float64(b) {
				t.Errorf("%s, %s: p99 %v, %v without", p, slow, time.Duration(a), time.Duration(b))
			}
			if r.Totals.Overflowed > 0 {
				t.Errorf("%s, %s: %d frames overflowed a queue", p, slow, r.Totals.Overflowed)
			}
		}
	}
}

// TestCoordinatedOmissionInARun: an open loop charges a stall to every command that
// was due in it. With one command every 10 ms and a pause of the leader for S that
// begins between two of them, the k-th of the stall waits S - (k + 1/2) 10 ms longer
// than the round trip: S/2 in the mean.
func TestCoordinatedOmissionInARun(t *testing.T) {
	const stall, gap = 100 * time.Millisecond, 10 * time.Millisecond // shorter than any election timeout
	c := virtual("raft")
	c.Rate, c.Arrival, c.Inflight = float64(time.Second/gap), "constant", 64
	c.Delay, c.Jitter = time.Millisecond, 0
	c.Faults = []string{"pause leader at 1005ms for 100ms"}
	r := run(t, c)
	const trip = 2 * time.Millisecond
	n, late := float64(c.Duration/gap), float64(stall/gap)
	want := float64(trip) + late*float64(stall)/2/n
	l := r.Latency.Response
	if l.Count != uint64(n) || *l.Max != int64(stall-gap/2+trip) || *l.Mean != want {
		t.Errorf("%d responses, mean %.0f ns, max %d; want %g, mean %.0f, max %d", l.Count, *l.Mean, *l.Max, n, want, int64(stall-gap/2+trip))
	}
}
