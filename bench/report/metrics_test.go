package report

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// TestEachMetricHasAnAccessor holds the registry and the accessors together.
func TestEachMetricHasAnAccessor(t *testing.T) {
	known := map[string]bool{}
	for _, m := range measure.Metrics() {
		known[m.Name] = true
		if accessors[m.Name] == nil {
			t.Errorf("%s has no accessor", m.Name)
		}
	}
	for name := range accessors {
		if !known[name] {
			t.Errorf("%s is not in the registry", name)
		}
	}
	Compared() // panics if not in the registry
}

// TestValuesDiffer gives every field of a run a value of its own: no two metrics
// read the same field, and none is left without a value.
func TestValuesDiffer(t *testing.T) {
	next := int64(0)
	value := func() int64 { next++; return next * 1001 }
	p := func() *int64 { return ptr(value()) }
	lat := func() result.Latency {
		return result.Latency{Count: 1, Min: p(), Mean: ptr(float64(value())), P50: p(), P90: p(), P99: p(), P999: p(), P9999: p(), Max: p()}
	}
	f := func() float64 { return float64(value()) }
	u := func() uint64 { return uint64(value()) }
	r := result.Run{
		Commands:   result.Commands{Offered: u(), Acknowledged: u(), Refused: u(), TimedOut: u(), Unknown: u(), Late: u(), Retried: u(), Duplicates: u()},
		Throughput: f(), Goodput: f(), Unavailable: value(),
		Latency:   result.Latencies{Response: lat(), Service: lat(), Commit: lat()},
		PerCommit: result.PerCommit{Messages: f(), Heartbeats: f(), CatchUp: f(), WireBytes: f(), LogBytes: f(), Fsyncs: f(), Allocs: f(), CPU: f()},
		Storage:   &result.Storage{Sync: lat(), Commands: f(), Records: result.Batching{Mean: f()}, Bytes: result.Batching{Mean: f()}},
		Totals: result.Totals{Commits: 10_010_010, Entries: 7, Recoveries: []result.Recovery{ // 1,430,001.4 commands an entry
			{Took: 3001, Bytes: u()}, {Took: 5007, Bytes: u()}, {Took: 7919, Bytes: u()},
		}},
	}
	for i := range int64(20) {
		at := i * 1e9
		after := func(base int64) *int64 { return ptr(at + base + i) }
		r.Faults = append(r.Faults, result.Fault{At: at, Unavailable: 5e6 + i})
		r.Elections = append(r.Elections, result.Election{
			Crash: &at, Detected: after(1e6), Elected: after(2e6), Announced: after(3e6), FirstCommit: after(4e6), Rounds: 3 + int(i%2),
		})
	}
	r.Faults = append(r.Faults, result.Fault{At: 7, Unavailable: 1})                        // took no leader away
	r.Elections = append(r.Elections, result.Election{Elected: ptr(int64(9)), Rounds: 100}) // had no fault
	seen := map[float64]string{}
	for _, m := range measure.Metrics() {
		v, known := Value(&r, m.Name)
		if !known && (strings.HasPrefix(m.Name, "election.") && strings.Contains(m.Name, ".p99") || m.Name == "election.split_votes") {
			continue // of 20 elections, and of no trials
		}
		if !known {
			t.Errorf("%s has no value", m.Name)
		}
		if other := seen[v]; other != "" {
			t.Errorf("%s and %s have the same value", m.Name, other)
		}
		seen[v] = m.Name
	}
	if v, _ := Value(&r, "election.rounds"); v != 3.5 {
		t.Errorf("election.rounds = %v", v)
	}
	for name, want := range map[string]int64{"response.p99": *r.Latency.Response.P99, "election.first_commit": 4e6 + 9, "election.first_commit.p90": 4e6 + 17, "election.unavailable.min": 5e6, "election.detected.max": 1e6 + 19, "commit.max": *r.Latency.Commit.Max} {
		if v, _ := Value(&r, name); v != float64(want) {
			t.Errorf("%s = %v, want %d", name, v, want)
		}
	}

	r.Error = "failed"
	if _, known := Value(&r, "throughput"); known {
		t.Error("a failed run has a throughput")
	}
	if _, known := Value(&result.Run{}, "nonsense"); known {
		t.Error("an unknown metric has a value")
	}
	for _, name := range []string{"response.p99", "response.mean", "election.detected", "election.rounds", "messages/commit"} {
		if _, known := Value(&result.Run{}, name); known {
			t.Errorf("an empty run has %s", name)
		}
	}
}
