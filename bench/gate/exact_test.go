package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// virtual is a configuration of all protocols in virtual time.
func virtual(d time.Duration) bench.Config {
	c := bench.Defaults()
	c.Protocols = []string{"raft", "multipaxos", "paxos"}
	c.Delay, c.Jitter = time.Millisecond, 200*time.Microsecond
	c.Duration, c.Warmup = d, 200*time.Millisecond
	c.Retain, c.Window = 1<<20, 1<<20 // fresh memory is what takes the time
	return c
}

// source is what a baseline of c holds.
func source(t *testing.T, c bench.Config) *gate.Source {
	t.Helper()
	file, err := bench.Run(context.Background(), c, protocols, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if file, err = result.Parse(data); err != nil {
		t.Fatalf("a result that was just made does not load: %v", err)
	}
	s := &gate.Source{Name: "baseline.json", File: file}
	if s.Config, err = bench.Stored(file, protocols); err != nil {
		t.Fatal(err)
	}
	if err := s.Usable(); err != nil {
		t.Fatal(err)
	}
	return s
}

// held repeats the source with known protocols and returns what did not pass.
func held(t *testing.T, s *gate.Source, known []smr.Protocol, thresholds ...string) []result.GateRow {
	t.Helper()
	fresh, err := gate.Repeat(context.Background(), s, bench.Run, known, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := gate.Exact(s, fresh, parse(t, thresholds...))
	if len(rows) < 30*len(s.Config.Protocols) {
		t.Fatalf("only %d rows", len(rows))
	}
	return slices.DeleteFunc(rows, func(r result.GateRow) bool { return r.Outcome == "pass" })
}

func parse(t *testing.T, thresholds ...string) []stat.Threshold {
	t.Helper()
	var all []stat.Threshold
	for _, s := range thresholds {
		l, err := stat.ParseThreshold(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// failing is whether a row of each protocol of a source fails for a metric.
func failing(t *testing.T, s *gate.Source, rows []result.GateRow, metric string) {
	t.Helper()
	for _, p := range s.Config.Protocols {
		i := slices.IndexFunc(rows, func(r result.GateRow) bool { return r.Metric == metric && strings.HasPrefix(r.Run, p+"/") })
		if i < 0 {
			t.Errorf("%s: %s passes", p, metric)
			continue
		}
		if r := rows[i]; r.Old == nil || r.New == nil || *r.New <= *r.Old || r.Limit == "" || r.Outcome != "fail" {
			t.Errorf("%s: %+v", p, r)
		}
	}
}

// TestEqualAtAnyGOMAXPROCS: the same program passes, with faults, losses, elections
// and slow disks, however many processors there are.
func TestEqualAtAnyGOMAXPROCS(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := virtual(2 * time.Second)
	c.Nodes, c.Clients, c.Loss, c.SyncLatency = 5, 8, 0.01, 300*time.Microsecond
	c.Faults = []string{"crash leader at 500ms for 300ms"}
	s := source(t, c)
	for _, n := range []int{1, 2} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			if rows := held(t, s, protocols); len(rows) > 0 {
				t.Errorf("GOMAXPROCS %d: %+v", n, rows)
			}
		}()
	}
}

// TestExtraMessage: one more frame per turn that replicates fails every protocol.
func TestExtraMessage(t *testing.T) {
	c := virtual(500 * time.Millisecond)
	c.Batch, c.Clients, c.Jitter = 1, 1, 0
	s := source(t, c)
	rows := held(t, s, gate.Chatty.With(protocols))
	failing(t, s, rows, "messages/commit")
	failing(t, s, rows, "wire_bytes/commit")
	for _, r := range rows {
		if r.Metric == "log_bytes/commit" || r.Metric == "throughput" {
			t.Errorf("%+v", r) // nothing else changes
		}
	}
}

// TestExtraAllocation: one more allocation a command fails every protocol, and none more
// passes at any GOMAXPROCS, over at least 100,000 commands.
func TestExtraAllocation(t *testing.T) {
	c := virtual(7 * time.Second)
	if testing.Short() {
		c.Protocols, c.Duration = c.Protocols[:1], 4*time.Second
	}
	s := source(t, c)
	for i := range s.File.Runs {
		if n := s.File.Runs[i].Totals.Commits; n < gate.AllocCommands {
			t.Fatalf("%s: %d commands", s.File.Runs[i].Protocol, n)
		}
	}
	for _, n := range []int{1, 2} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			if rows := held(t, s, protocols); len(rows) > 0 {
				t.Errorf("GOMAXPROCS %d: %+v", n, rows)
			}
		}()
	}
	rows := held(t, s, gate.Wasteful.With(protocols))
	failing(t, s, rows, "allocs/commit")
	if len(rows) != len(s.Config.Protocols) {
		t.Errorf("%+v", rows) // nothing else changes
	}
}

// TestTolerance: 0.1 % either way, 0.01 allocations up only, figures that come or go.
func TestTolerance(t *testing.T) {
	c := virtual(300 * time.Millisecond)
	c.Protocols = []string{"raft"}
	s := source(t, c)
	change := func(f func(*result.Run)) []result.GateRow {
		fresh := *s.File
		fresh.Runs = slices.Clone(s.File.Runs)
		f(&fresh.Runs[0])
		rows, _ := gate.Exact(s, &fresh, nil)
		return slices.DeleteFunc(rows, func(r result.GateRow) bool { return r.Outcome == "pass" })
	}
	times := func(x float64) func(*result.Run) { return func(r *result.Run) { r.Throughput *= x } }
	for _, x := range []float64{1, 1.0009, 0.9991} {
		if rows := change(times(x)); len(rows) > 0 {
			t.Errorf("%g: %+v", x, rows)
		}
	}
	for _, x := range []float64{1.0011, 0.9989, 2, 0} {
		if rows := change(times(x)); len(rows) != 1 || rows[0].Metric != "throughput" || rows[0].Limit != "+-0.1%" {
			t.Errorf("%g: %+v", x, rows)
		}
	}
	if rows := change(func(r *result.Run) { r.Commands.Unknown = 1 }); len(rows) != 1 || rows[0].Change != nil {
		t.Errorf("from zero: %+v", rows)
	}
	if rows := change(func(r *result.Run) { r.Latency.Response.P99 = nil }); len(rows) != 1 || rows[0].New != nil || rows[0].Note == "" {
		t.Errorf("gone: %+v", rows)
	}
	if rows := change(func(r *result.Run) { r.Latency.Response.P9999 = new(int64) }); len(rows) != 1 || rows[0].Old != nil {
		t.Errorf("new: %+v", rows)
	}
	if rows := change(func(r *result.Run) { r.Protocol = "zab" }); len(rows) != 1 || rows[0].Metric != "run" {
		t.Errorf("did not run: %+v", rows)
	}
	s.File.Runs[0].Totals.Commits, s.File.Runs[0].PerCommit.Allocs = gate.AllocCommands, 2
	for allocs, fails := range map[float64]bool{0: false, 2: false, 2.0099: false, 2.0101: true} {
		rows := change(func(r *result.Run) { r.PerCommit.Allocs = allocs })
		if (len(rows) == 1) != fails {
			t.Errorf("%g allocations: %+v", allocs, rows)
		}
	}
}

// TestThresholds take the place of the tolerance; those that hold nothing are found.
func TestThresholds(t *testing.T) {
	c := virtual(3 * time.Second)
	c.Batch, c.Clients, c.Jitter, c.Protocols = 1, 1, 0, []string{"raft"}
	s := source(t, c)
	chatty := gate.Chatty.With(protocols)
	loose := []string{"messages/commit<=+100%", "wire_bytes/commit<=+100%", "catch_up/commit<=+100%", "heartbeats/commit<=+100%"}
	if rows := held(t, s, chatty, loose...); len(rows) > 0 {
		t.Errorf("%+v", rows)
	}
	loose[0] = "messages/commit<=4"
	if rows := held(t, s, chatty, loose...); len(rows) != 1 || rows[0].Limit != "<=4" || rows[0].Metric != "messages/commit" {
		t.Errorf("%+v", rows)
	}
	for threshold, fails := range map[string]bool{
		"p99<=1ms": true, "p99<=1s": false, "p99<=+0%": false, "throughput>=-0%": false, "throughput>=1M/s": true, "p50<=-1%": true, "throughput>=+5%": true,
	} {
		if rows := held(t, s, protocols, threshold); (len(rows) > 0) != fails {
			t.Errorf("%s: %+v", threshold, rows)
		}
	}
	for threshold, says := range map[string]string{
		"p99.99<=+5%": "no virtual run has a figure", "election.elected<=1s": "no virtual run has a figure",
		"cpu/commit<=+5%": "--against", "allocs/commit<=1": "100,000 commands",
	} {
		errs := gate.Matches([]gate.Source{*s}, parse(t, threshold))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), says) || !strings.Contains(errs[0].Error(), "matches nothing") {
			t.Errorf("%s: %v", threshold, errs)
		}
	}
	if errs := gate.Matches([]gate.Source{*s}, parse(t, "p99<=+5%", "throughput>=1/s")); errs != nil {
		t.Error(errs)
	}
}

// TestRepeatErrors: what is no result, and what is a wrong one.
func TestRepeatErrors(t *testing.T) {
	c := virtual(300 * time.Millisecond)
	c.Protocols = []string{"raft"}
	s := source(t, c)
	for _, r := range []struct {
		spoil func(*result.File)
		err   error
		want  error
	}{
		{nil, errors.New("no memory"), gate.ErrBroken},
		{func(*result.File) {}, bench.ErrInterrupted, bench.ErrInterrupted},
		{func(f *result.File) { f.Runs[0].Error = "no leader" }, nil, gate.ErrBroken},
		{func(f *result.File) { f.Runs[0].Verdict.Correct = false }, nil, gate.ErrIncorrect},
		{func(f *result.File) { f.Runs[0].Interrupted = true }, nil, bench.ErrInterrupted},
	} {
		run := func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
			if r.spoil == nil {
				return nil, r.err
			}
			file := *s.File
			file.Runs = slices.Clone(file.Runs)
			r.spoil(&file)
			return &file, r.err
		}
		if _, err := gate.Repeat(context.Background(), s, run, protocols, nil); !errors.Is(err, r.want) {
			t.Errorf("%v, want %v", err, r.want)
		}
	}
}
