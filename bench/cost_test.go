package bench_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/result"
)

var queueSamples = flag.Int("cost.samples", 100_000, "commands at each utilisation in TestQueue")

// costly is a run whose work costs what m says, one command an entry.
func costly(protocol string, m cost.Model) bench.Config {
	c := virtual(protocol)
	c.Cost, c.CostModel = "test", &m
	c.Size, c.Batch, c.Jitter = 0, 1, 0
	c.Warmup = 50 * time.Millisecond
	return c
}

// open makes c an open loop with room for its backlog.
func open(c bench.Config, rate float64) bench.Config {
	c.Rate, c.Clients, c.Inflight = rate, 1024, 64
	return c
}

// TestQueue: one replica with a constant service time S and Poisson arrivals at
// utilisation r is the M/D/1 queue: the mean response time is S (1 + r / (2 (1 - r))).
// Within 2 % up to .9 and 5 % at .95 with 4,000,000 samples (make soak); with fewer,
// the sampling error comes on top: waiting times are correlated over some
// r / (1 - r)^2 services, so that so many fewer samples count.
func TestQueue(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	const service = 20 * time.Microsecond
	for _, r := range []float64{.5, .8, .9, .95} {
		c := open(costly("raft", cost.Model{Apply: float64(service)}), r/service.Seconds())
		c.Nodes = 1
		c.Duration = time.Duration(float64(*queueSamples) / r * float64(service))
		have := run(t, c)
		want := float64(service) * (1 + r/(2*(1-r)))
		tolerance := .02
		if r > .9 {
			tolerance = .05
		}
		if *queueSamples < 4_000_000 {
			// The standard deviation of a wait is about its mean; three of them.
			tolerance += 3 * math.Sqrt(2*r/(1-r)/(1-r)/float64(*queueSamples)) * (1 - float64(service)/want)
		}
		mean := *have.Latency.Response.Mean
		t.Logf("r = %.2f: %d samples, mean response %.2f us, M/D/1 %.2f us (%+.2f %%, allowed %.1f %%)",
			r, have.Latency.Response.Count, mean/1e3, want/1e3, 100*(mean/want-1), 100*tolerance)
		if math.Abs(mean/want-1) > tolerance {
			t.Errorf("r = %.2f, seed %d: mean response %.0f ns, want %.0f within %.1f %%", r, c.Seed, mean, want, 100*tolerance)
		}
		if busy := float64(have.Cost.Replicas[0].Busy) / float64(have.Measured); math.Abs(busy/(have.Throughput*service.Seconds())-1) > .001 {
			t.Errorf("r = %.2f: busy for %.4f of the window with %.0f commands/s", r, busy, have.Throughput)
		}
	}
}

// TestClosedLoopBounds: N clients that do not think get at most min(N/(L+S), 1/S) of a
// leader that serves each command in S and commits in L without load: N/(L+NS) where they
// go round together, 1/S where they are many. And Little's law: N = throughput x response.
func TestClosedLoopBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	const service, delay = 5 * time.Microsecond, time.Millisecond
	for _, protocol := range []string{"raft", "multipaxos"} {
		for _, n := range []int{1, 8, 400, 2000} {
			c := costly(protocol, cost.Model{Propose: float64(service)})
			c.Delay, c.Clients, c.Duration = delay, n, 400*time.Millisecond
			have := run(t, c)
			byClients, byServer := float64(n)/(2*delay+service).Seconds(), 1/service.Seconds()
			bound := min(byClients, byServer)
			if have.Throughput > bound*1.005+10 {
				t.Errorf("%s, %d clients: %.0f/s is more than the bound %.0f/s", protocol, n, have.Throughput, bound)
			}
			// A few send at once and go round together; many keep the leader busy.
			want := float64(n) / (2*delay + time.Duration(n)*service).Seconds()
			if n > 1000 {
				want = byServer
			}
			if math.Abs(have.Throughput/want-1) > .04 {
				t.Errorf("%s, %d clients: %.0f/s, not %.0f/s", protocol, n, have.Throughput, want)
			}
			if in := have.Throughput * *have.Latency.Response.Mean / 1e9; math.Abs(in/float64(n)-1) > .05 {
				t.Errorf("%s, %d clients: throughput x response is %.2f", protocol, n, in)
			}
			if w := strings.Join(have.Warnings, "; "); strings.Contains(w, "Little") {
				t.Errorf("%s, %d clients: %s", protocol, n, w)
			}
		}
	}
}

// TestBusiestReplicaBounds: what the busiest replica does for a command, at its prices,
// is a service time S; a closed loop of many clients gets 1/S, and no more. Replicas that
// do less could do more: the bound is that of the busiest.
func TestBusiestReplicaBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	m := cost.Model{Turn: 900, Receive: 2000, ReceiveByte: .5, Send: 3000, SendByte: .7, Propose: 400, ProposeByte: .2, Entry: 800, Apply: 300, ApplyByte: .1}
	for _, protocol := range []string{"raft", "multipaxos"} {
		for _, n := range []int{1, 3, 5} {
			c := costly(protocol, m)
			c.Nodes, c.Clients, c.Size, c.Batch, c.Duration, c.Delay = n, 3000, 64, 8, 200*time.Millisecond, 50*time.Microsecond
			r := run(t, c)
			commands := r.Throughput * c.Duration.Seconds()
			least := math.Inf(1) // of the bounds of all replicas
			for i, w := range r.Cost.Replicas {
				d := w.Done
				service := (m.Turn*float64(d.Turns) + m.Receive*float64(d.Received) + m.ReceiveByte*float64(d.ReceivedBytes) +
					m.Send*float64(d.Sent) + m.SendByte*float64(d.SentBytes) + m.Propose*float64(d.Proposed) + m.ProposeByte*float64(d.ProposedBytes) +
					m.Entry*float64(d.Entries) + m.Apply*float64(d.Applied) + m.ApplyByte*float64(d.AppliedBytes)) / commands
				least = min(least, 1e9/service)
				if off := float64(w.Busy)/(service*commands) - 1; math.Abs(off) > .02 { // turns at the ends of the window
					t.Errorf("%s, %d nodes: n%d was busy for %v, its work costs %v", protocol, n, i+1, w.Busy, service*commands)
				}
			}
			if r.Throughput > 1.02*least || r.Throughput < .95*least {
				t.Errorf("%s, %d nodes: %.0f/s, the busiest replica can do %.0f/s", protocol, n, r.Throughput, least)
			}
		}
	}
}

// TestKnee: at rising rate throughput follows the rate up to what the busiest replica
// can do, and no further; response times are flat before and climb beyond; and the
// report says that this was the limit.
func TestKnee(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	m := cost.Model{Propose: 4000, Apply: 1000} // frames cost nothing: backlog shares them
	capacity := 1e9 / (m.Propose + m.Apply)
	for _, protocol := range []string{"raft", "multipaxos"} {
		var before int64
		for _, load := range []float64{.3, .7, 2} {
			c := open(costly(protocol, m), load*capacity)
			c.Duration, c.Timeout, c.Window = 300*time.Millisecond, 10*time.Second, 256<<10
			have := run(t, c)
			warned := strings.Contains(strings.Join(have.Warnings, "; "), "processor of n")
			p50 := *have.Latency.Response.P50
			switch {
			case load < 1 && (math.Abs(have.Throughput/(load*capacity)-1) > .05 || warned):
				t.Errorf("%s at %.1f of its capacity: %.0f/s of %.0f/s; warnings %q", protocol, load, have.Throughput, load*capacity, have.Warnings)
			case load < 1 && before > 0 && p50 > before*5/4:
				t.Errorf("%s at %.1f of its capacity: response p50 went from %d to %d", protocol, load, before, p50)
			case load > 1 && (have.Throughput > 1.02*capacity || have.Throughput < .9*capacity || !warned || p50 < 3*before):
				t.Errorf("%s at %.1f of its capacity of %.0f/s: %.0f/s, p50 %d after %d; warnings %q", protocol, load, capacity, have.Throughput, p50, before, have.Warnings)
			}
			before = p50
		}
	}
}

// TestSlowProcessor: one follower of five whose processor takes four times as long
// costs at most 5 % of the throughput and 20 % of the p99; a slow leader costs both.
func TestSlowProcessor(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, protocol := range []string{"raft", "multipaxos"} {
		with := func(faults ...string) result.Run {
			c := bench.Defaults()
			c.Protocols, c.Nodes, c.Cost = []string{protocol}, 5, "example"
			c.Delay, c.Jitter = time.Millisecond, 200*time.Microsecond
			c.Clients, c.Leader = 256, "1"
			c.Duration, c.Warmup = 1500*time.Millisecond, 200*time.Millisecond
			c.Retain, c.Window = 1<<20, 1<<20
			c.Faults = faults
			return run(t, c)
		}
		whole, follower, leader := with(), with("cpu slow 4x follower at 0s"), with("cpu slow 200x leader at 0s")
		if loss := 1 - follower.Throughput/whole.Throughput; loss > .05 {
			t.Errorf("%s: a slow follower costs %.1f %% of the throughput", protocol, 100*loss)
		}
		if more := float64(*follower.Latency.Response.P99)/float64(*whole.Latency.Response.P99) - 1; more > .2 {
			t.Errorf("%s: a slow follower costs %.1f %% of the p99", protocol, 100*more)
		}
		if leader.Throughput > .9*whole.Throughput {
			t.Errorf("%s: a slow leader costs nothing: %.0f/s after %.0f/s", protocol, leader.Throughput, whole.Throughput)
		}
	}
}

// TestCostIsDeterministic: the same seed gives the same run, crashes within turns
// included, and the verdict holds.
func TestCostIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, protocol := range []string{"raft", "multipaxos", "paxos"} {
		c := costly(protocol, cost.Model{Turn: 3000, Receive: 7000, ReceiveByte: .3, Send: 9000, SendByte: .7, Propose: 11_000, Entry: 500, Apply: 1300, Client: 900, Bandwidth: 50e6})
		c.Cores = 2
		c.Size, c.Clients, c.Duration = 100, 16, time.Second
		c.Faults = []string{"crash any every 200ms for 50ms jitter 3ms", "cpu slow 3x any at 100ms for 300ms"}
		var first []byte
		for range 2 {
			r := run(t, c)
			r.Wall, r.PerCommit.Allocs, r.PerCommit.CPU = 0, 0, 0
			raw, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if first != nil && !bytes.Equal(first, raw) {
				t.Errorf("%s, seed %d: two runs differ", protocol, c.Seed)
			}
			first = raw
		}
	}
}

// TestCoresAreShared: all that replicas and clients do cannot take more time than the
// processors that they share have.
func TestCoresAreShared(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, cores := range []int{1, 2} {
		c := costly("raft", *cost.Builtin("example"))
		c.Cores, c.Clients, c.Batch, c.Delay = cores, 512, 64, 0
		c.Duration = 200 * time.Millisecond
		r := run(t, c)
		total := int64(0)
		for _, w := range slices.Concat(r.Cost.Replicas, r.Cost.Clients) {
			total += w.Busy
		}
		share := float64(total) / float64(r.Measured)
		if share > float64(cores)+.01 || share < .7*float64(cores) {
			t.Errorf("%d cores were busy for %.3f of the window", cores, share)
		}
	}
}

// TestBadCosts: what cannot be is refused by the name of its flag.
func TestBadCosts(t *testing.T) {
	for want, change := range map[string]func(*bench.Config){
		`--cost: "exmple" is not none, example`:     func(c *bench.Config) { c.Cost = "exmple" },
		"--cost: a model of what work costs is for": func(c *bench.Config) { c.Cost, c.Network = "example", bench.NetworkTCP },
		"--cores: -1 is not in 0":                   func(c *bench.Config) { c.Cost, c.Cores = "example", -1 },
		"--cores: processors are busy only where":   func(c *bench.Config) { c.Cores = 2 },
		"model.send_ns: -1 is not in":               func(c *bench.Config) { c.Cost, c.CostModel = "x", &cost.Model{Send: -1} },
		"model.turn_ns: NaN is not in":              func(c *bench.Config) { c.Cost, c.CostModel = "x", &cost.Model{Turn: math.NaN()} },
		"model.bandwidth_bytes_per_s: 1 is not":     func(c *bench.Config) { c.Cost, c.CostModel = "x", &cost.Model{Turn: 1, Bandwidth: 1} },
		"model: nothing that a replica does costs":  func(c *bench.Config) { c.Cost, c.CostModel = "x", &cost.Model{Client: 5} },
	} {
		c := virtual("raft")
		change(&c)
		err := c.Validate(protocols)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	c := virtual("raft")
	c.Faults = []string{"cpu slow 4x node 1 at 1s"}
	if _, err := c.Schedule(); err == nil || !strings.Contains(err.Error(), "it needs --network sim and --cost") {
		t.Errorf("%v", err)
	}
}

// TestCostFiles: a file is read strictly, and what is wrong is told by its field.
func TestCostFiles(t *testing.T) {
	good := func() map[string]any {
		m := map[string]any{}
		raw, _ := json.Marshal(cost.File{Schema: cost.Schema, About: "a test", Model: *cost.Builtin("example")})
		_ = json.Unmarshal(raw, &m)
		return m
	}
	for want, change := range map[string]func(m map[string]any){
		"":                                    func(map[string]any) {},
		"schema: \"x\" is not consbench.cost": func(m map[string]any) { m["schema"] = "x" },
		"model.send_ns":                       func(m map[string]any) { delete(m["model"].(map[string]any), "send_ns") },
		"model.sned_ns":                       func(m map[string]any) { m["model"].(map[string]any)["sned_ns"] = 1 },
		"model.apply_ns: -3 is not in":        func(m map[string]any) { m["model"].(map[string]any)["apply_ns"] = -3 },
		"model.turn_ns":                       func(m map[string]any) { m["model"].(map[string]any)["turn_ns"] = "1us" },
	} {
		m := good()
		change(m)
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = bench.ParseCost(raw)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	for _, bad := range []string{"", "{", "null", "[]", strings.Repeat("[", 100_000), "\xff"} {
		if _, err := bench.ParseCost([]byte(bad)); err == nil {
			t.Errorf("%.20q is read", bad)
		}
	}
}

// TestCalibrationIsACost: what calibrate writes can be read back, its comparisons and all.
func TestCalibrationIsACost(t *testing.T) {
	f := cost.File{
		Schema: cost.Schema, Network: "tcp", Protocol: "raft", Model: *cost.Builtin("example"), Errors: new(cost.Model),
		Fitted: []cost.Comparison{{Run: "-n 1", Throughput: [2]float64{1, 2}, P50: [2]float64{3, 4}, Disturbed: true}},
		Held:   []cost.Comparison{{Run: "-n 3"}},
	}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := bench.ParseCost(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(back); !bytes.Equal(again, data) {
		t.Errorf("%s\ncomes back as\n%s", data, again)
	}
	short := bytes.Replace(data, []byte("[3,4]"), []byte("[3]"), 1)
	if _, err := bench.ParseCost(short); err == nil || !strings.Contains(err.Error(), "fitted[0].p50_ns: a list of 1 where one of 2 must be") {
		t.Errorf("one of two numbers: %v", err)
	}
}

// FuzzCost: no file makes the reader panic, and what it accepts can be run with.
func FuzzCost(f *testing.F) {
	raw, _ := json.Marshal(cost.File{Schema: cost.Schema, Model: *cost.Builtin("example")})
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := bench.ParseCost(data)
		if err == nil && file.Model.Validate() != nil {
			t.Errorf("%+v", file.Model)
		}
	})
}
