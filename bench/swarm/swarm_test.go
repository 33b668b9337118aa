package swarm_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// TestSearch: the protocols pass some seeds, and what is drawn covers the ground.
func TestSearch(t *testing.T) {
	for _, p := range protocols {
		t.Run(p.Name, func(t *testing.T) {
			s := swarm.Search{Protocol: p, First: 1, Seeds: 60, Jobs: runtime.GOMAXPROCS(0)}
			tally, err := s.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if tally.Failed != nil {
				t.Fatalf("seed %d: %v", tally.Failed.Seed, tally.Violation)
			}
			t.Logf("%d seeds, %d events, %.0f/s, %d chosen, %d commands, virtual %v, took %v: %v %v", tally.Seeds, tally.Events, tally.EventsPerSecond(), tally.Chosen, tally.Commands, time.Duration(tally.Virtual), tally.Took, tally.Faults, tally.Points)
		})
	}
}
