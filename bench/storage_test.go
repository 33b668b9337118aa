package bench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// onDisk is a short run in virtual time with logs on a simulated device.
func onDisk(protocol string) bench.Config {
	c := virtual(protocol)
	c.Storage, c.SyncLatency, c.Retain = bench.StorageDisk, 300*time.Microsecond, 256<<10
	return c
}

// TestDiskFaults: every fault of a device leaves a run that is correct, and says what
// stopped.
func TestDiskFaults(t *testing.T) {
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		for _, storage := range []string{bench.StorageMemory, bench.StorageDisk} {
			if testing.Short() && (storage == bench.StorageMemory || p != "raft") {
				continue
			}
			for _, schedule := range []string{
				"disk stall leader at 300ms for 400ms",
				"disk slow 5ms all at 300ms for 500ms; disk slow 3ms leader at 400ms for 200ms",
				"disk full leader at 300ms for 300ms",
				"disk fail follower at 300ms",
				"disk fail all every 500ms for 100ms",
				"disk lose follower at 300ms for 300ms; crash node 1 at 1s for 200ms",
				"disk lose leader every 600ms for 50ms",
				"disk fail leader at 300ms for 500ms; crash leader at 400ms for 200ms; pause follower at 1500ms for 100ms",
			} {
				if testing.Short() && !strings.Contains(schedule, ";") {
					continue
				}
				c := onDisk(p)
				c.Storage, c.Nodes, c.Faults = storage, 5, strings.Split(schedule, "; ")
				if strings.Contains(schedule, "every 600ms") { // three at most: two of five, one twice
					c.Duration = 1500 * time.Millisecond
				}
				r := run(t, c)
				stopped := 0
				for _, f := range r.Faults {
					stopped += len(f.Stopped)
				}
				if stops := strings.Contains(schedule, "full") || strings.Contains(schedule, "fail"); stops != (stopped > 0) {
					t.Errorf("%s, %s, %s: %d replicas stopped", p, storage, schedule, stopped)
				}
				if lost := strings.Contains(schedule, "lose"); lost != (len(r.Totals.NonVoters) > 0) || len(r.Totals.Stopped) > 0 {
					t.Errorf("%s, %s, %s: non-voters %v, stopped without a fault %v", p, storage, schedule, r.Totals.NonVoters, r.Totals.Stopped)
				}
				if t.Failed() {
					t.Fatalf("%s on %s: --fault '%s'", p, storage, schedule)
				}
			}
		}
	}
}

// TestRot: a replica whose log is damaged stays down. With a quorum of others the run
// counts; without, it is neither correct nor incorrect.
func TestRot(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		c := onDisk(p)
		c.Faults = []string{"disk corrupt node 2 at 999ms", "crash all at 1s for 200ms"}
		r := run(t, c)
		if f := r.Faults[0].Stopped; len(f) != 1 || !f[0].Gone || !strings.Contains(f[0].Why, "rot") {
			t.Errorf("%s: %+v", p, r.Faults)
		}
		c.Faults = []string{"disk corrupt {2,3} at 999ms", "crash all at 1s for 200ms"}
		file, err := bench.Run(t.Context(), c, protocols, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := file.Runs[0].Verdict; v.Word() != "UNDECIDED" {
			t.Errorf("%s without a quorum: %s %+v", p, v.Word(), v)
		}
	}
}

// TestLostByAll: when too many replicas have lost their logs, nobody can say that
// nothing was lost, and nobody may say that something was.
func TestLostByAll(t *testing.T) {
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		c := onDisk(p)
		c.Faults = []string{"disk lose {2,3} at 500ms for 100ms"}
		file, err := bench.Run(t.Context(), c, protocols, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := file.Runs[0].Verdict; v.Word() != "UNDECIDED" {
			t.Errorf("%s: %s %+v", p, v.Word(), v)
		}
	}
}

// TestSyncPolicies: one sync a record, one for all that came meanwhile, or none at all:
// that is marked.
func TestSyncPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	runs := map[string]result.Run{}
	for _, policy := range []string{"always", "batch", "off"} {
		c := onDisk("raft")
		c.Fsync, c.Batch = policy, 4
		r := run(t, c)
		runs[policy] = r
		if s := r.Storage; s == nil || s.Fsync != policy || s.Durable != (policy != "off") {
			t.Errorf("%s: %+v", policy, s)
		}
		if marked := strings.Contains(strings.Join(r.Warnings, "\n"), "NOT DURABLE"); marked != (policy == "off") {
			t.Errorf("%s: warnings %q", policy, r.Warnings)
		}
	}
	if s := runs["always"].Storage; s.Records.Max != 1 {
		t.Errorf("always: up to %d records a sync", s.Records.Max)
	}
	if s := runs["batch"].Storage; s.Sync.Count == 0 || *s.Sync.Min < int64(300*time.Microsecond) || s.Records.Max <= 1 || s.Commands < 1 {
		t.Errorf("batch: %+v", s)
	}
}

// TestFiles: live logs are files in a directory that is gone after the run, unless it
// is kept.
func TestFiles(t *testing.T) {
	for _, network := range []string{"inproc", "tcp"} {
		for _, keep := range []bool{false, true} {
			c := virtual("raft")
			c.Network, c.Delay, c.Jitter = network, 0, 0
			c.Duration, c.Warmup = 300*time.Millisecond, 50*time.Millisecond
			c.Storage, c.Dir, c.Keep = bench.StorageDisk, t.TempDir(), keep
			c.Faults = []string{"crash follower at 100ms for 50ms"}
			r := run(t, c)
			if r.Storage == nil || r.Storage.Floor == nil || *r.Storage.Floor <= 0 {
				t.Errorf("%s: %+v", network, r.Storage)
			}
			left, err := os.ReadDir(c.Dir)
			if err != nil {
				t.Fatal(err)
			}
			if keep != (len(left) == 1) {
				t.Errorf("%s, keep %t: %v is left", network, keep, left)
			}
			if keep && !strings.HasPrefix(r.Storage.Files, c.Dir) {
				t.Errorf("kept in %q", r.Storage.Files)
			}
		}
	}
}

// TestStorageFlags: what does not go together is refused, with the flag.
func TestStorageFlags(t *testing.T) {
	for want, change := range map[string]func(*bench.Config){
		"--storage: \"tape\"":    func(c *bench.Config) { c.Storage = "tape" },
		"--fsync: \"sometimes\"": func(c *bench.Config) { c.Storage, c.Fsync = "disk", "sometimes" },
		"--fsync: a log in":      func(c *bench.Config) { c.Fsync = "always" },
		"--sync-latency: models": func(c *bench.Config) { c.Storage, c.Network, c.SyncLatency = "disk", "inproc", 1 },
		"--dir: a simulated":     func(c *bench.Config) { c.Storage, c.Dir = "disk", "x" },
		"--keep: there are no":   func(c *bench.Config) { c.Keep = true },
	} {
		c := bench.Defaults()
		change(&c)
		if err := c.Validate(protocols); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	c := bench.Defaults()
	c.Faults = []string{"disk corrupt leader at 1s"}
	if _, err := c.Schedule(); err == nil || !strings.Contains(err.Error(), "--storage disk") {
		t.Errorf("corrupt in memory: %v", err)
	}
}
