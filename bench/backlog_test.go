package bench_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
)

// TestABacklogIsNotLoggedOverAndOver: links that carry a fraction of the load leave a
// leader with a full window of open entries, several times what is logged between two
// snapshots. Each snapshot's Baseline has all of them in it, and is no reason for the
// next snapshot: a command is logged at three replicas, by Baselines about twice at each.
func TestABacklogIsNotLoggedOverAndOver(t *testing.T) {
	for _, p := range protocols {
		c := virtual(p.Name)
		c.Retain, c.Window = 0, 4<<20
		c.Size, c.Rate, c.Clients = 16<<10, 2000, 1024
		c.Duration, c.Warmup = 300*time.Millisecond, 0
		c.Faults = []string{"slow 8MB/s all at 0s"}
		r := run(t, c)
		if command := float64(c.Size); r.PerCommit.LogBytes > 3*3.5*command || r.PerCommit.LogBytes < 3*command {
			t.Errorf("%s: a command of %d bytes takes %.0f bytes of three logs", p.Name, c.Size, r.PerCommit.LogBytes)
		}
	}
}

// TestAnInterruptedRunDoesNotDrainForLong: the one client has hours of virtual time to
// go until it has sent what was due when the run was interrupted.
func TestAnInterruptedRunDoesNotDrainForLong(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the second that is left to an interrupted run")
	}
	c := virtual("raft")
	c.Clients, c.Rate, c.Warmup, c.Duration, c.Drain = 1, 1e6, 0, time.Hour, time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	file, err := bench.Run(ctx, c, protocols, func(u bench.Update) {
		if u.Phase == bench.Measuring && u.Elapsed > 20*time.Second {
			cancel()
		}
	})
	if !errors.Is(err, bench.ErrInterrupted) || len(file.Runs) != 1 {
		t.Fatalf("%v: %+v", err, file)
	}
	r := file.Runs[0]
	if w := r.Verdict.Word(); !r.Interrupted || w != "UNDECIDED" || !strings.Contains(r.Verdict.Checks[0].Detail, "interruption") {
		t.Errorf("interrupted %v, %s: %+v", r.Interrupted, w, r.Verdict.Checks)
	}
	if o := r.Commands; o.TimedOut == 0 || o.Offered != o.Acknowledged+o.Refused+o.TimedOut+o.Unknown {
		t.Errorf("commands do not add up: %+v", o)
	}
}

// TestRivalsLeaveRoomForEachOther: replicas that all propose, each as much as its window
// takes, would fill a log that has room for two windows; acceptors would have to drop
// what they are asked to accept, and every slot would wait for retransmissions.
func TestRivalsLeaveRoomForEachOther(t *testing.T) {
	if testing.Short() {
		t.Skip("moves a gigabyte")
	}
	c := virtual("paxos")
	c.Proposers, c.Retain, c.Window = "all", 0, 8<<20
	c.Size, c.Rate, c.Clients = 64<<10, 20e3, 1024
	c.Duration, c.Warmup = 100*time.Millisecond, 0
	if r := run(t, c); r.Commands.Acknowledged != r.Commands.Offered || r.PerCommit.CatchUp > 10 {
		t.Errorf("%.1f messages a commit repeat others; %+v", r.PerCommit.CatchUp, r.Commands)
	}
}
