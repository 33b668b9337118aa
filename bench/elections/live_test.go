package elections_test

import (
	"context"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

// TestLive: trials over mailboxes and over sockets go through all phases, in their
// order, and nobody times out sooner than a timer can. How late they are is the
// machine's business.
func TestLive(t *testing.T) {
	for _, network := range []string{elections.NetworkInproc, elections.NetworkTCP} {
		for _, p := range []smr.Protocol{raft.Protocol, paxos.Multi} {
			for _, start := range []string{result.StartCrash, result.StartFresh} {
				c := elections.Defaults()
				c.Protocol, c.Network, c.Start, c.Nodes, c.Trials = p.Name, network, start, 3, 2
				c.ElectionMin, c.ElectionMax, c.Heartbeat = 60*time.Millisecond, 120*time.Millisecond, 30*time.Millisecond
				if start == result.StartCrash && p.Name == "raft" {
					c.Logs, c.Nodes = result.LogsDistinct, 5
				}
				if err := elections.Check(&c, &p); err != nil {
					t.Fatal(err)
				}
				samples, err := elections.Run(context.Background(), c, p, nil)
				if err != nil {
					t.Fatal(err)
				}
				least := smr.Time(c.ElectionMin)
				if start == result.StartCrash {
					least -= smr.Time(c.Heartbeat)
				}
				for i, s := range samples {
					if !s.Finished() || s.Rounds < 1 || s.Elected < s.Detected || s.Announced < s.Elected || s.FirstCommit < s.Elected {
						t.Errorf("%s over %s, %s, trial %d: %+v", p.Name, network, start, i, s)
					}
					// Servers of a live cluster hear of a heartbeat one after another, and of the
					// first commit between two of them.
					if start == result.StartFresh && s.Detected < least {
						t.Errorf("%s over %s, trial %d: a time-out after %v", p.Name, network, i, time.Duration(s.Detected))
					}
				}
			}
		}
	}
}

// TestLiveEnds: a live trial that waits ends with its context.
func TestLiveEnds(t *testing.T) {
	c := elections.Defaults()
	c.Network, c.Trials = elections.NetworkInproc, 1
	c.ElectionMin, c.ElectionMax = time.Minute, time.Minute
	c.Heartbeat = time.Second
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	if samples, err := elections.Run(ctx, c, raft.Protocol, nil); err == nil || len(samples) != 0 {
		t.Errorf("%d samples, %v", len(samples), err)
	}
}
