package bench_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/topology"
)

// wan is a run across regions with a constant delay, one client in each region.
func wan(protocol, name, leader string) bench.Config {
	c := virtual(protocol)
	m := topology.Builtin(name)
	c.Topology, c.Nodes, c.Leader = name, len(m.Regions), leader
	c.Delay, c.Jitter = 0, 0
	c.Clients, c.Batch = c.Nodes, 1
	c.ElectionMin, c.ElectionMax, c.Heartbeat = 2*time.Second, 4*time.Second, 400*time.Millisecond
	c.Duration, c.Warmup = 5*time.Second, time.Second
	return c
}

// closest is the round trip from a region to its k-th closest other one.
func closest(m *topology.Matrix, region, k int) time.Duration {
	var trips []time.Duration
	for j, rtt := range m.RTT[region] {
		if j != region {
			trips = append(trips, rtt)
		}
	}
	slices.Sort(trips)
	return trips[k-1]
}

// TestCommitLatencyInRegions: wherever the leader is, a commit takes the round trip
// to the (majority-1)-th closest follower, to the nanosecond, and single-decree Paxos
// two of them; a client elsewhere adds its own round trip to the leader. The
// published means, in ms, stand beside the formula.
func TestCommitLatencyInRegions(t *testing.T) {
	published := map[string][]float64{
		topology.WAN5: {70.5, 59.9, 72.5, 111.7, 127.3},
		topology.WAN9: {85.6, 137.1, 127.3, 141.1, 157.6, 111.7, 178.0, 138.5, 190.2},
	}
	for name, ms := range published {
		m := topology.Builtin(name)
		n := len(m.Regions)
		for leader, region := range m.Regions {
			trip := closest(m, leader, n/2) // a majority is n/2 others
			if got := float64(trip) / 1e6; got != ms[leader] {
				t.Errorf("%s, leader in %s: %g ms by the matrix, %g ms published", name, region, got, ms[leader])
			}
			for _, p := range []struct {
				name  string
				trips time.Duration
			}{{"raft", 1}, {"multipaxos", 1}, {"paxos", 2}} {
				if testing.Short() && (name == topology.WAN9 || p.name == "paxos" || leader > 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", name, region, p.name), func(t *testing.T) {
					c := wan(p.name, name, region)
					if p.name == "paxos" { // two proposals at a time would get in each other's way
						c.Clients, c.ClientRegions = 1, []string{region}
					}
					r := run(t, c)
					commit := int64(p.trips * trip)
					if l := r.Latency.Commit; l.Count < 10 || *l.Min != commit || *l.Max != commit || *l.Mean != float64(commit) {
						t.Errorf("commit latency of %d commands: min %d, mean %g, max %d; want %d", l.Count, *l.Min, *l.Mean, *l.Max, commit)
					}
					if len(r.Regions) != c.Clients {
						t.Fatalf("clients in %d regions", len(r.Regions))
					}
					for _, own := range r.Regions {
						way := int64(m.RTT[m.Index(own.Name)][leader])
						if own.ToLeader == nil || *own.ToLeader != way {
							t.Errorf("%s is %v from the leader, want %d", own.Name, own.ToLeader, way)
						}
						if l := own.Response; l.Count < 5 || *l.Min != commit+way || *l.Max != commit+way {
							t.Errorf("%s: response of %d commands from %d to %d, want %d + %d", own.Name, l.Count, *l.Min, *l.Max, commit, way)
						}
					}
				})
			}
		}
	}
}

// TestFlexibleQuorumsInRegions: phase 2 waits for the (q2-1)-th closest follower.
func TestFlexibleQuorumsInRegions(t *testing.T) {
	m := topology.Builtin(topology.WAN9)
	for leader, region := range m.Regions {
		for q2 := 2; q2 <= 5; q2++ {
			if testing.Short() && leader > 1 {
				continue
			}
			c := wan("multipaxos", topology.WAN9, region)
			c.Q2, c.Q1 = q2, 9-q2+1
			c.Duration = 2 * time.Second
			c.ClientRegions, c.Clients = []string{region}, 1
			want := int64(closest(m, leader, q2-1))
			if l := run(t, c).Latency.Commit; l.Count < 5 || *l.Min != want || *l.Max != want {
				t.Errorf("%s, q2 = %d: commit latency of %d commands from %d to %d, want %d", region, q2, l.Count, *l.Min, *l.Max, want)
			}
		}
	}
}

// TestRegionsOnLiveNetworks: the same link model, in process and over TCP: nothing
// is faster than the closed form. (How much slower depends on the machine.)
func TestRegionsOnLiveNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes real time")
	}
	m := topology.Builtin(topology.WAN5)
	for _, network := range []string{bench.NetworkInproc, bench.NetworkTCP} {
		c := wan("raft", topology.WAN5, "us-east-1")
		c.Network, c.Duration, c.Warmup = network, 800*time.Millisecond, 100*time.Millisecond
		r := run(t, c)
		for _, own := range r.Regions {
			want := int64(closest(m, 0, 2) + m.RTT[m.Index(own.Name)][0])
			if own.Acknowledged == 0 || *own.Response.Min < want {
				t.Errorf("%s: %s: %d commands, the fastest in %d, want at least %d", network, own.Name, own.Acknowledged, *own.Response.Min, want)
			}
		}
	}
}

// TestClockFaults: a clock that runs fast or jumps changes when timers run out, and
// nothing else: the log stays correct. A follower whose clock jumps past its timer
// campaigns; pre-vote keeps it from deposing anybody.
func TestClockFaults(t *testing.T) {
	for _, p := range []string{"raft", "multipaxos"} {
		if testing.Short() && p != "raft" {
			continue
		}
		c := virtual(p)
		c.Nodes, c.PreVote, c.CheckQuorum = 5, false, false
		c.Leader = "1"
		c.Faults = []string{"clock jump 1s node 2 at 500ms"}
		r := run(t, c)
		if len(r.Faults) != 1 || r.Faults[0].Skipped != "" || len(r.Elections) == 0 {
			t.Errorf("%s: a jump set off %d elections; faults %+v", p, len(r.Elections), r.Faults)
		}
		for _, e := range r.Elections {
			if e.Elected != nil && (*e.Elected < int64(500*time.Millisecond) || *e.Elected > int64(c.Duration)) {
				t.Errorf("%s: elected at %d by a clock that is not the run's", p, *e.Elected)
			}
		}
		if p == "raft" {
			c.PreVote, c.CheckQuorum = true, true
			if r := run(t, c); len(r.Elections) != 0 {
				t.Errorf("%s with pre-vote: %d elections", p, len(r.Elections))
			}
		}
		// Back by a second it stands still: a follower then does not time out when
		// the leader is gone, and the others elect without it.
		c.Faults = []string{"clock jump -1s node 2 at 400ms", "clock drift 50% node 3 at 100ms for 1s", "clock drift -50% node 4 at 200ms for 1s", "crash leader at 500ms for 700ms"}
		run(t, c)
	}
}
