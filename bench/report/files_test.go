package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// Hand-made result files. The figures are invented.

func ptr[T any](v T) *T { return &v }

// ms is a time in milliseconds, in nanoseconds.
func ms(v float64) int64 { return int64(v * 1e6) }

// latency makes a distribution of values.
func latency(t testing.TB, values []int64) result.Latency {
	t.Helper()
	if len(values) == 0 {
		return result.Latency{}
	}
	h := hdrhistogram.New(1, 60e9, 3)
	least, most, sum := values[0], values[0], 0.0
	for _, v := range values {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
		least, most, sum = min(least, v), max(most, v), sum+float64(v)
	}
	code, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	n := len(values)
	q := func(percentile float64) *int64 {
		if float64(n) < 10/(1-percentile/100) {
			return nil
		}
		return ptr(h.ValueAtPercentile(percentile))
	}
	return result.Latency{
		Count: uint64(n), Min: &least, Mean: ptr(sum / float64(n)), Max: &most,
		P50: q(50), P90: q(90), P99: q(99), P999: q(99.9), P9999: q(99.99), HDR: string(code),
	}
}

// lognormal draws n values around median, and outage draws for the last of them.
func lognormal(n int, median float64, spread float64, outage int) []int64 {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, n)
	for i := range values {
		if i < outage {
			values[i] = int64(rng.Float64() * 240e6)
			continue
		}
		values[i] = int64(median * math.Exp(spread*rng.NormFloat64()))
	}
	return values
}

func file(t testing.TB, cfg bench.Config, runs ...result.Run) *result.File {
	t.Helper()
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &result.File{
		Schema: result.Schema, Started: "2025-01-02T03:04:05Z", Config: raw,
		Environment: result.Environment{
			Version: "v0.1.0", Revision: "0123456789abcdef", Go: "go1.26.8", OS: "linux", Arch: "amd64",
			CPU: "Example CPU @ 2.50GHz", CPUs: 2, GOMAXPROCS: 2, GOGC: 400, Memory: 8 << 30,
			Floors: result.Floors{Clock: ptr(int64(41)), Wake: ptr(int64(4200)), Loopback: ptr(int64(15_300))},
		},
		Runs: runs,
	}
}

// simRun is a run in virtual time that lost its leader once.
func simRun(t testing.TB, protocol string, slower float64) result.Run {
	series := make([]result.Interval, 50)
	for i := range series {
		series[i] = result.Interval{T: int64(i) * 1e8, Acknowledged: 1000 - uint64(i%7), Leader: 1, P50: ptr(ms(1.9)), P99: ptr(ms(2.4 + float64(i%5)/10))}
		if i > 21 {
			series[i].Leader = 3
		}
	}
	series[20].Acknowledged, series[21].Acknowledged, series[22].Acknowledged = 40, 0, 350
	series[20].Leader, series[21].Leader, series[21].P50, series[21].P99, series[22].P99 = 0, 0, nil, nil, ptr(ms(240))
	return result.Run{
		Protocol: protocol, Network: bench.NetworkSim, Nodes: 3, Seed: 42, Rep: 1, Measured: 5e9, Wall: 2e9,
		Commands:   result.Commands{Offered: 50_011, Acknowledged: 50_011, Late: 0, Retried: 64, Duplicates: 3},
		Throughput: 9971.2, Goodput: 9969.8,
		Latency: result.Latencies{
			Response: latency(t, lognormal(200_000, 1.9e6*slower, 0.1, 2600)),
			Service:  latency(t, lognormal(200_000, 1.9e6*slower, 0.1, 130)),
			Commit:   latency(t, lognormal(200_000, 1.8e6*slower, 0.1, 0)),
		},
		Series: series,
		Faults: []result.Fault{{
			At: 2e9, Intended: 2e9, Until: ptr(int64(3e9)), Action: "crash", Target: "n2", Role: "leader",
			Nodes: []uint32{2}, Unavailable: ms(240.2 * slower),
		}},
		Elections: []result.Election{{
			Crash: ptr(int64(2e9)), Detected: ptr(2e9 + ms(151.3)), Elected: ptr(2e9 + ms(212.6)),
			Announced: ptr(2e9 + ms(213.4)), FirstCommit: ptr(2e9 + ms(238.4*slower)), Rounds: 1, Leader: 3, Term: 2,
		}},
		Distributions: &result.Distributions{
			Detected: once(ms(151.3)), Elected: once(ms(212.6)), Announced: once(ms(213.4)),
			FirstCommit: once(ms(238.4 * slower)), Unavailable: once(ms(240.2 * slower)),
		},
		Unavailable: ms(240.2 * slower),
		PerCommit:   result.PerCommit{Messages: 4.0213, Heartbeats: 0.0102, WireBytes: 642.3, LogBytes: 840, Allocs: 0.0021, CPU: 2310},
		Totals:      result.Totals{Commits: 50_011, Entries: 12_120, Events: 1_200_000},
		Verdict: result.Verdict{Correct: true, Checks: []result.Check{
			{Name: "logs agree", OK: true, Detail: "3 replicas, 12,120 entries"},
			{Name: "acknowledged once", OK: true, Detail: "50,011 commands"},
			{Name: "nothing lost", OK: true},
		}},
	}
}

func once(v int64) result.Spread {
	return result.Spread{Count: 1, Min: v, P50: v, P90: v, Max: v, Mean: float64(v)}
}

func openLoop() bench.Config {
	c := bench.Defaults()
	c.Rate, c.Clients, c.Inflight = 10_000, 1024, 64
	c.Delay, c.Jitter = time.Millisecond, 200*time.Microsecond
	c.Faults = []string{"crash leader at 2s for 1s"}
	return c
}

// files by the name of their golden file.
func files(t testing.TB) map[string]*result.File {
	all := map[string]*result.File{}
	all["one"] = file(t, openLoop(), simRun(t, "raft", 1))

	three := openLoop()
	three.Protocols = []string{"raft", "multipaxos", "paxos"}
	third := simRun(t, "paxos", 2)
	third.Elections, third.Distributions = nil, nil
	third.PerCommit.Messages = 8.2
	all["three"] = file(t, three, simRun(t, "raft", 1), simRun(t, "multipaxos", 1.083), third)

	live := bench.Defaults()
	live.Network, live.Clients = bench.NetworkInproc, 1024
	fast := simRun(t, "raft", 1)
	fast.Network, fast.Faults, fast.Elections, fast.Distributions = bench.NetworkInproc, nil, nil, nil
	fast.Unavailable = ms(1.2)
	fast.Throughput, fast.Goodput = 3_412_345, 3_412_345
	fast.Commands = result.Commands{Offered: 17_061_725, Acknowledged: 17_061_725}
	fast.Latency.Response = latency(t, lognormal(500_000, 280e3, 0.4, 0))
	fast.Latency.Service = fast.Latency.Response
	fast.Latency.Commit = latency(t, lognormal(500_000, 120e3, 0.3, 0))
	fast.Series = fast.Series[:5]
	fast.PerCommit = result.PerCommit{Messages: 0.0122, Heartbeats: 0.0000003, WireBytes: 578.2, LogBytes: 851, Allocs: 0, CPU: 553}
	fast.Warnings = []string{"the load generator shares 2 CPUs with the cluster: 12.3% of its sends were more than 1ms late, so response times include its own delay"}
	all["live"] = file(t, live, fast)

	many := openLoop()
	many.Faults = []string{"crash leader every 3s for 1s"}
	repeated := simRun(t, "raft", 1)
	for i := range 19 {
		f := repeated.Faults[0]
		f.At += int64(i+1) * 3e9
		repeated.Faults = append(repeated.Faults, f)
	}
	spread := func(v float64) result.Spread {
		return result.Spread{Count: 19, Never: 1, Min: ms(v * 0.8), P50: ms(v), P90: ms(v * 1.4), Max: ms(v * 2.1), Mean: float64(ms(v * 1.05))}
	}
	repeated.Distributions = &result.Distributions{
		Detected: spread(171.2), Elected: spread(180.2), Announced: spread(181.3), FirstCommit: spread(190), Unavailable: spread(191),
	}
	repeated.Faults = append(repeated.Faults, result.Fault{Intended: 70e9, Action: "crash", Role: "leader", Skipped: "there was no leader"})
	all["repeated"] = file(t, many, repeated)

	bad := simRun(t, "raft", 1)
	bad.Verdict = result.Verdict{Checks: []result.Check{
		{Name: "logs agree", OK: true, Detail: "3 replicas, 12,120 entries"},
		{Name: "acknowledged once", Detail: "session 17 command 33 was acknowledged, and no replica has it: n1 holds up to 32, n2 up to 32, n3 up to 32"},
	}}
	all["incorrect"] = file(t, openLoop(), bad)

	odd := simRun(t, "ra\x1b[31mft\n", 1)
	odd.Warnings = []string{"a\rb\x00c \u202e reversed", "bytes \xff\xfe"}
	odd.Faults[0].Target = "\x1b]0;title\x07n2"
	odd.Verdict.Checks[0].Detail = "tab\there"
	odd.Faults = append(odd.Faults, result.Fault{At: 3e9, Until: nil, Action: "partition", Target: "{n1 n3} | {n2 n4 n5}", Role: "minority"})
	odd.Elections = append(odd.Elections, result.Election{Detected: ptr(int64(3.5e9)), Elected: ptr(int64(3.6e9)), Rounds: 2, Leader: 1, Term: 4})
	all["odd"] = file(t, openLoop(), odd)

	empty := result.Run{
		Protocol: "paxos", Network: "tcp", Nodes: 5, Seed: 1, Measured: 12e8, Interrupted: true,
		Verdict: result.Verdict{Correct: true, Checks: []result.Check{{Name: "logs agree", OK: true}}},
	}
	cut := result.Run{Protocol: "multipaxos", Network: "tcp", Nodes: 5, Seed: 1, Interrupted: true}
	failed := result.Run{Protocol: "raft", Network: "tcp", Nodes: 5, Seed: 1, Error: "listen tcp 127.0.0.1:7000: address already in use"}
	all["empty"] = file(t, bench.Defaults(), empty, cut, failed)
	all["empty"].Interrupted = true

	few := simRun(t, "raft", 1)
	few.Latency.Response = latency(t, []int64{20e6, 20e6, 20e6, 21e6, 22e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6})
	few.Latency.Service, few.Latency.Commit = few.Latency.Response, latency(t, []int64{20e6, 20e6})
	few.Latency.Response.Overflow = 2
	exact := bench.Defaults()
	exact.Delay, exact.Clients, exact.Batch = 10*time.Millisecond, 1, 1
	all["few"] = file(t, exact, few)
	return all
}

var rerunWords = []string{
	"consbench", "run", "-p raft,multipaxos,paxos", "--rate 10k/s",
	"--fault 'crash leader at 2s for 1s'", "--election-timeout 150ms-300ms", "--seed 42",
}
