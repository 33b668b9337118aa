package bench_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

var partialSeeds = flag.Int("partial.seeds", 3, "runs of each partial partition in TestPartialPartitions")

// TestPartialPartitions: who recovers from the partial partitions of Omni-Paxos
// (EuroSys 2023, 7.2), and in how many election timeouts T. Published: Raft is down
// for 3.5 to 5 T of a quorum loss, with pre-vote and check-quorum for about 3 T, and
// for all of a constrained election; Multi-Paxos recovers from that in about 3 T. With
// pre-vote and without check-quorum nobody recovers from a quorum loss: the hub hears
// the leader, which has no quorum and does not know it, and so promises nobody a vote.
// Whoever recovers is down for at most 5 T (of many seeds one in twenty may draw more:
// elections are random); whoever does not is in a livelock, which is reported. Where the
// leader reaches a majority all the time, pre-vote deposes nobody. (With -v -partial.seeds
// 100 it prints the table of bench/scenario/README.md.)
func TestPartialPartitions(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	const T = 300 * time.Millisecond // the longest election timeout
	const whole = 14 * time.Second   // of a partition of 15 s
	for _, name := range []string{"quorum-loss", "constrained", "chained", "ring"} {
		for _, protocol := range []string{"raft", "multipaxos"} {
			for _, options := range []struct{ preVote, checkQuorum bool }{{true, true}, {false, true}, {false, false}, {true, false}} {
				recovers := true
				switch name {
				case "quorum-loss":
					recovers = options.checkQuorum || !options.preVote
				case "constrained": // the only hub has a stale log
					recovers = protocol != "raft"
				}
				t.Run(fmt.Sprintf("%s/%s/pre-vote=%v/check-quorum=%v", name, protocol, options.preVote, options.checkQuorum), func(t *testing.T) {
					var all []time.Duration
					late := 0
					for seed := range uint64(*partialSeeds) {
						r := run(t, partial(t, name, protocol, seed, options.preVote, options.checkQuorum))
						for _, f := range r.Faults {
							if f.Skipped != "" {
								t.Fatalf("%s: %s", f.Action, f.Skipped)
							}
						}
						down := time.Duration(r.Unavailable)
						all = append(all, down)
						if recovers && down > 5*T {
							late++
							t.Logf("seed %d: down for %v, %.1f T", seed, down, float64(down)/float64(T))
						}
						if recovers && len(r.Livelocks) > 0 {
							t.Errorf("seed %d: %+v", seed, r.Livelocks)
						}
						if !recovers && (down < whole || len(r.Livelocks) != 1 || r.Livelocks[0].Timeouts == 0 || r.Livelocks[0].Hub == 0) {
							t.Errorf("seed %d: down for %v only; %+v", seed, down, r.Livelocks)
						}
						if (name == "chained" || name == "ring") && options.preVote && len(r.Elections) > 0 {
							t.Errorf("seed %d: a leader that had its quorum was deposed: %+v", seed, r.Elections)
						}
					}
					if 20*late > len(all) {
						t.Errorf("%d of %d runs were down for more than 5 T", late, len(all))
					}
					slices.Sort(all)
					t.Logf("median %.1f T, longest %.1f T", float64(all[len(all)/2])/float64(T), float64(all[len(all)-1])/float64(T))
				})
			}
		}
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

// TestRejoin: a server that is cut off and comes back, three times, raises no term and
// deposes nobody with pre-vote. Without it every return is exactly one disruption (Raft
// dissertation, 9.6): in the term that it brings one election is won, and then there is
// peace. A crash of the leader at the end shows which term the next one has.
func TestRejoin(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []struct {
		name  string
		cut   [3]smr.NodeID // none of them the leader at that time
		first uint64        // term, or round of the ballot, of the first leader
		shift int           // of the round in a ballot
	}{
		{"raft", [3]smr.NodeID{3, 3, 3}, 1, 0},        // what it missed keeps it from winning
		{"multipaxos", [3]smr.NodeID{3, 4, 5}, 1, 16}, // whoever returns has the highest ballot, and leads
	} {
		for _, preVote := range []bool{true, false} {
			for seed := range uint64(5) {
				c := virtual(p.name)
				c.Nodes, c.Rate, c.Inflight, c.Seed = 5, 100, 64, seed
				c.Leader, c.PreVote, c.CheckQuorum = "1", preVote, false
				c.Duration = 15 * time.Second
				back := []time.Duration{3 * time.Second, 7 * time.Second, 11 * time.Second}
				for i, at := range back {
					c.Faults = append(c.Faults, fmt.Sprintf("isolate node %d at %v for 2s", p.cut[i], at-2*time.Second))
				}
				crash := 14 * time.Second
				c.Faults = append(c.Faults, fmt.Sprintf("crash leader at %v", crash))
				r := run(t, c)
				about := fmt.Sprintf("%s, pre-vote %v, seed %d", p.name, preVote, seed)
				want := []time.Duration{crash}
				if !preVote {
					want = append(back, crash)
				}
				if len(r.Elections) != len(want) {
					t.Errorf("%s: %d elections, want %d: %+v", about, len(r.Elections), len(want), r.Elections)
					continue
				}
				for i, e := range r.Elections {
					// Without pre-vote the others hear of the higher term at once, or when the
					// returning server times out again.
					if e.Elected == nil || time.Duration(*e.Elected) < want[i] || time.Duration(*e.Elected) > want[i]+2*c.ElectionMax {
						t.Errorf("%s: election %d: %+v, want it within %v from %v on", about, i, e, 2*c.ElectionMax, want[i])
					}
				}
				if last := r.Elections[len(r.Elections)-1].Term >> p.shift; preVote && last != p.first+1 {
					t.Errorf("%s: after the crash term %d: returns have raised it", about, last)
				} else if !preVote && last < p.first+10 { // two seconds are some ten time-outs
					t.Errorf("%s: after the crash term %d: it was not cut off", about, last)
				}
			}
		}
	}
}

// slowFollower are the ways in which one follower is slow.
var slowFollower = []string{
	"delay 100ms node 3 at 0s", "slow 600KB/s node 3 at 0s", "disk slow 50ms node 3 at 0s", "cpu slow 20x node 3 at 0s",
}

// beside is a run of five nodes in which that can be: 8 clients make 1.2 MB/s for each
// follower.
func beside(protocol, slow string) bench.Config {
	c := virtual(protocol)
	if strings.HasPrefix(slow, "disk") {
		c.Storage, c.SyncLatency = bench.StorageDisk, 200*time.Microsecond
	}
	if strings.HasPrefix(slow, "cpu") { // at 20 times as long the follower is three times too slow
		c.Cost, c.CostModel = "test", &cost.Model{Propose: 10_000, Apply: 40_000}
	}
	c.Nodes, c.Leader, c.Clients = 5, "1", 8
	return c
}

// TestOneSlowFollower: in a cluster of five one slow link, disk or processor costs at most
// 5 % of throughput and 20 % of p99.
func TestOneSlowFollower(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []string{"raft", "multipaxos"} {
		for _, slow := range slowFollower {
			c := beside(p, slow)
			c.Duration = 3 * time.Second
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

// TestASlowFollowerTakesBoundedMemory: what the leader's window no longer holds a laggard
// gets as a snapshot, not as frames without end. So a run of three times the length
// allocates hardly more, though each of the others is sent 60 MB more.
func TestASlowFollowerTakesBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []string{"raft", "multipaxos"} {
		for _, slow := range slowFollower {
			slow := strings.Replace(slow, "600KB/s", "2MB/s", 1) // a full queue of 16 MiB is to arrive before the drain ends
			allocated := func(d time.Duration) (result.Run, float64) {
				c := beside(p, slow)
				c.Size, c.Duration, c.Faults = 4<<10, d, []string{slow}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				r := run(t, c)
				runtime.ReadMemStats(&after)
				return r, float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
			}
			_, short := allocated(2 * time.Second)
			r, long := allocated(6 * time.Second)
			sent := float64(r.Totals.FrameBytes["replication"]) / 4 / (1 << 20)
			if more := long - short; more > 8 || sent < 50 {
				t.Errorf("%s, %s: %.1f MiB allocated in 2 s, %.1f MiB in 6 s, with %.0f MiB sent to each follower", p, slow, short, long, sent)
			}
			if r.Totals.Installs == 0 {
				t.Errorf("%s, %s: the slow one was never behind the window", p, slow)
			}
		}
	}
}

// TestEachFaultHasItsOwnOutage: what one of several crashes costs is not what the next one
// costs, though that one's outage begins before it, with the last acknowledgement.
func TestEachFaultHasItsOwnOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []string{"raft", "multipaxos"} {
		c := virtual(p)
		c.Nodes, c.Duration, c.Faults = 5, 3200*time.Millisecond, []string{"crash leader every 700ms for 300ms"}
		r := run(t, c)
		if len(r.Faults) != 4 || len(r.Elections) != 4 {
			t.Fatalf("%s: %d faults, %d elections", p, len(r.Faults), len(r.Elections))
		}
		for i, f := range r.Faults {
			until := *r.Elections[i].FirstCommit - f.At // then it is answered
			if off := time.Duration(f.Unavailable - until); off < 0 || off > 5*time.Millisecond {
				t.Errorf("%s, seed %d: crash %d: unavailable for %v, the first commit came after %v", p, c.Seed, i, time.Duration(f.Unavailable), time.Duration(until))
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
