package sweep_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/sweep"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

func carryOut(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
	return bench.Run(ctx, cfg, protocols, p)
}

func axis(t *testing.T, text string) sweep.Axis {
	t.Helper()
	a, err := sweep.ParseAxis(text, func(setting string) (sweep.Kind, error) {
		return map[string]sweep.Kind{"rate": sweep.Rate, "delay": sweep.Duration, "clients": sweep.Whole, "nodes": sweep.Whole}[setting], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// options are a sweep of protocols over an axis, of short virtual runs.
func options(t *testing.T, over string, names ...string) sweep.Options {
	base := bench.Defaults()
	base.Delay, base.Jitter, base.Duration, base.Warmup = time.Millisecond, 0, 500*time.Millisecond, 50*time.Millisecond
	base.Retain, base.Window, base.Clients = 1<<20, 1<<20, 4
	o := sweep.Options{Base: base, Over: []sweep.Axis{axis(t, over)}, Repeat: 1, Jobs: 1, Precision: .02, Run: carryOut}
	for _, name := range names {
		o.Curves = append(o.Curves, sweep.Curve{Protocol: name, Config: func(v sweep.Value) (bench.Config, error) {
			c := base
			c.Network = o.Base.Network
			c.Protocols = []string{name}
			switch o.Over[0].Setting {
			case "rate":
				c.Rate, c.Clients, c.Inflight = v.Number, 1024, 64
			case "delay":
				c.Delay = time.Duration(v.Number)
			case "clients":
				c.Clients = int(v.Number)
			case "nodes":
				c.Nodes = int(v.Number)
			}
			return c, nil
		}})
	}
	return o
}

func run(t *testing.T, o sweep.Options) *result.Sweep {
	t.Helper()
	s, err := sweep.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCurve: with a delay of d one way and nothing else, each of N clients has its
// answer after 2 d, so throughput is N/2d; and runs side by side come to the same as
// one after another.
func TestCurve(t *testing.T) {
	o := options(t, "clients=1,4,16", "raft", "multipaxos")
	one := run(t, o)
	for _, c := range one.Curves {
		for _, p := range c.Points {
			want := *p.Number / (2 * o.Base.Delay.Seconds())
			if got := p.Values["throughput"].Median; math.Abs(got/want-1) > .01 {
				t.Errorf("%s, %s clients: %g/s, want %g", c.Protocol, p.Value, got, want)
			}
			if got := p.Values["response.mean"].Median; got != float64(2*o.Base.Delay) {
				t.Errorf("%s, %s clients: %g ns", c.Protocol, p.Value, got)
			}
			if _, measured := p.Values["allocs/commit"]; measured {
				t.Error("allocations of several runs at a time were told apart")
			}
		}
		if k := c.Knee; k == nil || k.Point != 2 || k.Edge != "last" {
			t.Errorf("%s: knee %+v where there is none", c.Protocol, k)
		}
	}
	o.Jobs = 3
	if a, b := figures(t, one), figures(t, run(t, o)); a != b {
		t.Errorf("one after another\n%s\nside by side\n%s", a, b)
	}
}

// figures is a sweep without what depends on the machine.
func figures(t *testing.T, s *result.Sweep) string {
	t.Helper()
	raw, err := json.Marshal(s.Curves)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestFindsTheClosedForm: p99 is 2 d without jitter, so p99 <= 3 ms holds up to 1.5 ms
// for raft and, with both phases for each slot, up to 0.75 ms for paxos.
func TestFindsTheClosedForm(t *testing.T) {
	o := options(t, "delay=100us..20ms", "raft", "paxos")
	threshold, err := stat.ParseThreshold("response.max<=3ms")
	if err != nil {
		t.Fatal(err)
	}
	o.Objective = []stat.Threshold{threshold}
	s := run(t, o)
	for i, want := range []float64{3e6 / 2, 3e6 / 4} {
		f := s.Curves[i].Found
		lo, hi := number(t, &s.Curves[i], f.Value), number(t, &s.Curves[i], f.Above)
		if lo > want || hi <= want || hi/lo > 1.02 || f.Doubts != "" || f.Confirmed != 1 {
			t.Errorf("%s: %s to %s, want %g: %+v", s.Curves[i].Protocol, f.Value, f.Above, want, f)
		}
	}
}

func number(t *testing.T, c *result.SweepCurve, value string) float64 {
	t.Helper()
	for _, p := range c.Points {
		if p.Value == value {
			return *p.Number
		}
	}
	t.Fatalf("%s: no point %q", c.Protocol, value)
	return 0
}

// fake makes a run that offers a rate to a cluster of a capacity: what is beyond it
// waits.
func fake(capacity float64, cfg *bench.Config) *result.File {
	const window = 2.0
	offered := cfg.Rate
	done := min(offered, capacity)
	r := result.Run{Protocol: cfg.Protocols[0], Network: cfg.Network, Seed: cfg.Seed, Measured: window * 1e9, Verdict: result.Verdict{Correct: true}}
	r.Commands = result.Commands{Offered: uint64(offered * window), Acknowledged: uint64(offered * window)}
	r.Throughput = done
	for i := range int64(20) {
		r.Series = append(r.Series, result.Interval{T: i * 1e8, Acknowledged: uint64(done / 10)})
	}
	mean := 1e6 / max(1-offered/capacity, .001) // M/M/1 with a service time of 1 ms
	p99 := int64(4.6 * mean)
	r.Latency.Response = result.Latency{Mean: &mean, P99: &p99}
	r.Totals.Commits = 1
	return &result.File{Environment: result.Environment{Go: "go1"}, Runs: []result.Run{r}}
}

// TestOverload is called where less is acknowledged than is offered, and only there;
// and the power of M/M/1, L (m - L), is highest at L = m/2.
func TestOverload(t *testing.T) {
	o := options(t, "rate=10k..150k:lin15", "raft")
	o.Run = func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		return fake(100_000, &cfg), nil
	}
	c := run(t, o).Curves[0]
	for _, p := range c.Points {
		if got, want := p.Overload != "", *p.Number > 105_000; got != want {
			t.Errorf("%s: overload %q", p.Value, p.Overload)
		}
		if *p.Number == 150_000 && *p.Backlog != 100_000 { // 50,000/s for 2 s
			t.Errorf("backlog %g", *p.Backlog)
		}
	}
	if k := c.Knee; k == nil || c.Points[k.Point].Value != "50k/s" || k.Edge != "" || k.Again != 0 {
		t.Errorf("knee %+v", k)
	}

	// The share that the busiest part of a replica was at work is that of the model.
	o.Run = func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		f := fake(100_000, &cfg)
		f.Runs[0].Cost = &result.Cost{Replicas: []result.Work{{Busy: 5e8}, {Busy: 1e8, Sending: 15e8}}}
		return f, nil
	}
	if p := run(t, o).Curves[0].Points[0]; p.Busy != .75 {
		t.Errorf("busy for %g of the window", p.Busy)
	}

	// The overload is no part of what can be sustained, whatever the latency.
	objective, _ := stat.ParseThreshold("p99<=1h")
	o = options(t, "rate=1k..10M", "raft")
	o.Objective, o.Run = []stat.Threshold{objective}, func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		return fake(100_000, &cfg), nil
	}
	c = run(t, o).Curves[0]
	if v := number(t, &c, c.Found.Value); v < 98_000 || v > 105_000 {
		t.Errorf("found %s", c.Found.Value)
	}
}

// TestUnclearKnee: a power that falls and comes nearly back is told of.
func TestUnclearKnee(t *testing.T) {
	powers := []float64{1, 5, 10, 5, 6, 9, 4}
	o := options(t, "clients=1..7:lin7", "raft")
	o.Run = func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		f := fake(1, &cfg)
		mean := 1e9
		f.Runs[0].Throughput, f.Runs[0].Latency.Response.Mean = powers[cfg.Clients-1], &mean
		return f, nil
	}
	if k := run(t, o).Curves[0].Knee; k.Point != 2 || k.Again != 5 {
		t.Errorf("%+v", k)
	}
	powers = []float64{1, 5, 9.5, 10, 9, 6, 4}
	if k := run(t, o).Curves[0].Knee; k.Point != 3 || k.Again != 0 {
		t.Errorf("%+v", k)
	}
}

// TestLiveOrder: one run before all others that counts for nothing; then through all
// points, and back, never two at a time.
func TestLiveOrder(t *testing.T) {
	o := options(t, "clients=1,2,3", "raft")
	o.Base.Network, o.Repeat, o.Jobs = bench.NetworkInproc, 4, 8
	var mu sync.Mutex
	var order []string
	o.Run = func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		if !mu.TryLock() {
			t.Error("two live runs at once")
			return nil, errors.New("busy")
		}
		defer mu.Unlock()
		order = append(order, fmt.Sprintf("%d/%d", cfg.Clients, cfg.Seed))
		return fake(1e5, &cfg), nil
	}
	s := run(t, o)
	if got, want := strings.Join(order, " "), "1/42 1/42 2/42 3/42 3/43 2/43 1/43 3/44 2/44 1/44 1/45 2/45 3/45"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, p := range s.Curves[0].Points {
		if p.Good != 4 || len(p.Samples) != 4 || p.Samples[0].Pair != 0 || p.Samples[3].Seed != 45 {
			t.Errorf("%+v", p.Samples)
		}
	}
}

// TestBadRuns: what failed is counted and in no median, and misses every objective;
// what is INCORRECT ends a search.
func TestBadRuns(t *testing.T) {
	o := options(t, "clients=1,2,3", "raft")
	o.Repeat = 3
	o.Run = func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		f := fake(1e5, &cfg)
		switch {
		case cfg.Clients == 2 && cfg.Seed == 43:
			return nil, errors.New("no leader")
		case cfg.Clients == 3 && cfg.Seed == 44:
			f.Runs[0].Verdict = result.Verdict{Checks: []result.Check{{Name: "logs agree", Detail: "n1 and n2 differ"}}}
		}
		return f, nil
	}
	points := run(t, o).Curves[0].Points
	if p := points[1]; p.Good != 2 || p.Failed != 1 || p.Values["throughput"].Count != 2 || p.Samples[1].Detail != "no leader" {
		t.Errorf("%+v", p)
	}
	if p := points[2]; p.Good != 2 || p.Incorrect != 1 || p.Samples[2].Detail != "logs agree: n1 and n2 differ" {
		t.Errorf("%+v", p)
	}
	threshold, _ := stat.ParseThreshold("p99<=1h")
	o.Objective, o.Over = []stat.Threshold{threshold}, []sweep.Axis{axis(t, "clients=1..2")}
	s, err := sweep.Run(context.Background(), o)
	if err != nil || s.Curves[0].Found.Value != "1" || !strings.Contains(s.Curves[0].Points[1].Why, "1 of 3 runs failed: no leader") {
		t.Errorf("%v: %+v", err, s.Curves[0].Found)
	}
	o.Over = []sweep.Axis{axis(t, "clients=3..8")}
	if s, err = sweep.Run(context.Background(), o); err == nil || s == nil || s.Curves[0].Points[0].Incorrect != 1 {
		t.Errorf("%v: %+v", err, s)
	}
}

// TestInterrupted: the runs that were finished are kept.
func TestInterrupted(t *testing.T) {
	for _, network := range []string{bench.NetworkSim, bench.NetworkInproc} {
		ctx, cancel := context.WithCancel(context.Background())
		o := options(t, "clients=1..6:lin6", "raft")
		o.Base.Network = network
		o.Run = func(ctx context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
			if cfg.Clients == 4 {
				cancel()
				return nil, bench.ErrInterrupted
			}
			return fake(1e5, &cfg), nil
		}
		s, err := sweep.Run(ctx, o)
		if !errors.Is(err, bench.ErrInterrupted) || !s.Interrupted {
			t.Fatalf("%v", err)
		}
		for i, p := range s.Curves[0].Points {
			if want := map[bool]int{true: 1}[i < 3]; p.Good != want {
				t.Errorf("%s, %s clients: %d runs", network, p.Value, p.Good)
			}
		}
	}
}

// TestObjectivesWithoutAValue: what has no value misses, and why it has none is not made up.
func TestObjectivesWithoutAValue(t *testing.T) {
	for objective, want := range map[string]string{
		"response.p99<=1h":      "response.p99 has no value (250 commands are too few for it: take a longer --duration)",
		"election.detected<=1h": "election.detected has no value",
	} {
		o := options(t, "clients=1..2", "raft")
		threshold, err := stat.ParseThreshold(objective)
		if err != nil {
			t.Fatal(err)
		}
		o.Objective = []stat.Threshold{threshold}
		s := run(t, o)
		if f, p := s.Curves[0].Found, s.Curves[0].Points[0]; f.Value != "" || f.Above != "1" || p.Why != want || *p.Met {
			t.Errorf("%s: found %+v; %q, want %q", objective, f, p.Why, want)
		}
	}
}
