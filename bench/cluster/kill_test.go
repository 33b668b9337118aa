package cluster_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// killCycles is how often TestKill kills a replica; make kill raises it.
var killCycles = flag.Int("kill.cycles", 4, "how often a replica's process is killed and started anew, for each protocol")

// processes is a short run of processes that write to disk, in tmp.
func processes(t *testing.T, protocol, tmp string) bench.Config {
	t.Setenv("TMPDIR", tmp)
	c := bench.Defaults()
	c.Protocols, c.Network, c.Processes = []string{protocol}, bench.NetworkTCP, true
	c.Storage = bench.StorageDisk
	c.Clients, c.Warmup, c.Duration = 16, 100*time.Millisecond, 500*time.Millisecond
	c.Retain, c.Window = 1<<20, 1<<20 // snapshots are taken and sent
	c.Drain = time.Minute             // a loaded machine is no error
	return c
}

// TestKill: replicas are killed (SIGKILL) and started anew again and again, the
// leader every second time. Nothing that was acknowledged is lost or doubled, and the
// replicas agree in the end. No time decides it: a machine that gets through fewer
// kills than were due runs again.
func TestKill(t *testing.T) {
	cycles := *killCycles
	if testing.Short() {
		cycles = 1
	}
	for _, p := range []string{"raft", "multipaxos"} {
		t.Run(p, func(t *testing.T) {
			killed := 0
			for try := 1; killed < cycles && !t.Failed(); try++ {
				if try > 20 {
					t.Fatalf("only %d kills in %d runs", killed, try-1)
				}
				killed += kill(t, p, cycles-killed)
			}
			t.Logf("%s: %d kills", p, killed)
		})
	}
}

// kill is one run in which so many kills are due. It returns how many there were.
func kill(t *testing.T, protocol string, cycles int) (killed int) {
	t.Helper()
	const cycle = 500 * time.Millisecond
	tmp := t.TempDir()
	c := processes(t, protocol, tmp)
	c.Duration = time.Duration(cycles) * cycle
	c.Faults = []string{
		"crash any at 100ms every 1s for 150ms jitter 50ms",
		"crash leader at 600ms every 1s for 150ms jitter 50ms",
	}
	if cycles == 1 {
		c.Faults = []string{"crash leader at 100ms for 150ms"}
	}
	file, err := bench.Run(context.Background(), c, protocols, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, leaders := file.Runs[0], 0
	for _, f := range r.Faults {
		if f.Skipped == "" {
			killed++
			if f.Role == "leader" {
				leaders++
			}
		}
	}
	slowest := time.Duration(0)
	for _, r := range r.Totals.Recoveries {
		slowest = max(slowest, time.Duration(r.Took))
	}
	t.Logf("%s: %d kills, %d of them of the leader; %d came back, the slowest in %v; %d of %d commands acknowledged in %v, %d retries; %d snapshots taken, %d sent\n%s",
		protocol, killed, leaders, len(r.Totals.Recoveries), slowest, r.Commands.Acknowledged, r.Commands.Offered, c.Duration, r.Commands.Retried,
		r.Totals.Snapshots, r.Totals.Installs, told(r.Verdict))
	if !r.Verdict.Correct || r.Error != "" {
		t.Errorf("%s", r.Error)
	}
	if back := len(r.Totals.Recoveries); back != killed {
		t.Errorf("%d replicas were killed and %d came back", killed, back)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("the run left %v behind (%v)", left, err)
	}
	return killed
}

func told(v result.Verdict) string {
	lines := []string{v.Word()}
	for _, c := range v.Checks {
		lines = append(lines, c.Name+": "+c.Detail)
	}
	return strings.Join(lines, "\n")
}

// TestKilledMemory: a schedule of kills is refused where nothing would outlive them.
func TestKilledMemory(t *testing.T) {
	c := processes(t, "raft", t.TempDir())
	c.Storage, c.Faults = bench.StorageMemory, []string{"crash leader at 100ms"}
	if _, err := bench.Run(context.Background(), c, protocols, nil); err == nil || !strings.Contains(err.Error(), "--storage disk") {
		t.Errorf("%v", err)
	}
}

// TestProcessesInterrupted: a run of processes that is interrupted has a result of
// what it has measured, verified.
func TestProcessesInterrupted(t *testing.T) {
	c := processes(t, "multipaxos", t.TempDir())
	c.Storage, c.Duration = bench.StorageMemory, time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	file, err := bench.Run(ctx, c, protocols, func(u bench.Update) {
		if u.Phase == bench.Measuring && u.Acknowledged > 100 {
			cancel()
		}
	})
	if err != bench.ErrInterrupted || len(file.Runs) != 1 || !file.Runs[0].Verdict.Correct || file.Runs[0].Commands.Acknowledged < 100 {
		t.Fatalf("%v: %+v", err, file)
	}
}
