package compare_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

type runFunc = func(context.Context, bench.Config, bench.Progress) (*result.File, error)

// real runs.
func carryOut(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
	return bench.Run(ctx, cfg, protocols, p)
}

func virtual(name string) compare.Side {
	c := bench.Defaults()
	c.Protocols, c.Delay, c.Jitter = []string{name}, time.Millisecond, 200*time.Microsecond
	c.Duration, c.Warmup = time.Second, 100*time.Millisecond
	c.Clients, c.Retain, c.Window = 8, 1<<20, 1<<20
	return compare.Side{Name: name, Config: c}
}

func live(name string) compare.Side {
	s := virtual(name)
	s.Config.Network, s.Config.Delay, s.Config.Jitter = bench.NetworkInproc, 0, 0
	return s
}

func run(t *testing.T, sides []compare.Side, pairs int, f runFunc) *result.Comparison {
	t.Helper()
	c, err := compare.Run(context.Background(), sides, compare.Options{Pairs: pairs, Run: f})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := json.Marshal(c); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(raw, &result.Comparison{}); err != nil {
		t.Fatal(err)
	}
	return c
}

func find(t *testing.T, a result.Against, metric string) result.Line {
	t.Helper()
	for _, l := range a.Lines {
		if l.Metric == metric {
			return l
		}
	}
	t.Fatalf("no %s", metric)
	return result.Line{}
}

// TestSelf: in virtual time a protocol is equal to itself, faults and all.
func TestSelf(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, name := range []string{"raft", "paxos"} {
		a, b := virtual(name), virtual(name)
		for _, s := range []*compare.Side{&a, &b} {
			s.Config.Duration = 4 * time.Second
			s.Config.Faults = []string{"crash leader every 1s for 300ms"}
		}
		c := run(t, []compare.Side{a, b}, 1, carryOut)
		if !c.Exact || len(c.Against) != 1 {
			t.Fatalf("%+v", c)
		}
		for _, l := range c.Against[0].Lines {
			if l.Metric == "allocs/commit" || l.Metric == "cpu/commit" {
				continue // not exact
			}
			if l.Verdict != "same" || l.Ratio == nil || *l.Ratio != 1 {
				t.Errorf("%s: %+v", name, l)
			}
		}
		if n := c.Sides[0].Good; name == "raft" && n < 10 || name == "paxos" && n != 1 {
			t.Errorf("%s: %d runs: Raft has three elections in one, Paxos none", name, n)
		}
	}
}

// TestClosedForm: single-decree Paxos takes four delays where Raft takes two.
func TestClosedForm(t *testing.T) {
	a, b := virtual("raft"), virtual("paxos")
	for _, s := range []*compare.Side{&a, &b} {
		s.Config.Jitter, s.Config.Clients, s.Config.Batch = 0, 1, 1
	}
	c := run(t, []compare.Side{a, b}, 3, carryOut)
	for metric, want := range map[string]struct {
		ratio   float64
		verdict string
	}{"commit.p50": {2, "worse"}, "messages/commit": {2, "worse"}, "throughput": {.5, result.NotRanked}, "duplicates": {1, "same"}} {
		l := find(t, c.Against[0], metric)
		if math.Abs(*l.Ratio-want.ratio) > 2e-3 || l.Verdict != want.verdict || l.Method != "exact" {
			t.Errorf("%s: %s %s %g, want %v", metric, l.Method, l.Verdict, *l.Ratio, want)
		}
	}
	if got := find(t, c.Against[0], "cpu/commit"); got.Verdict != "cannot tell" || got.Needed != 7 {
		t.Errorf("of three runs' CPU time: %+v", got)
	}
	if c.Sides[0].Samples[2].Seed != 44 || c.Sides[1].Samples[2].Seed != 44 {
		t.Error("the seeds are not 42, 43, 44 on both sides")
	}
}

// fake makes results of lognormal noise around a throughput.
func fake(of map[string]float64, noise float64) runFunc {
	rng := rand.New(rand.NewPCG(1, 2))
	return func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		name := cfg.Protocols[0]
		r := result.Run{Protocol: name, Network: cfg.Network, Seed: cfg.Seed, Verdict: result.Verdict{Correct: true, Checks: []result.Check{{Name: "logs agree", OK: true}}}}
		r.Throughput = of[name] * math.Exp(noise*rng.NormFloat64())
		r.Commands.Offered = uint64(cfg.Rate * cfg.Duration.Seconds())
		r.Totals.Commits = 1
		return &result.File{Environment: result.Environment{Go: "go1"}, Runs: []result.Run{r}}, nil
	}
}

// TestOrder: a warm-up, then A B, B A, A B.
func TestOrder(t *testing.T) {
	var order []string
	f := fake(map[string]float64{"raft": 1, "multipaxos": 1, "paxos": 1}, .1)
	c := run(t, []compare.Side{live("raft"), live("multipaxos"), live("paxos")}, 3, func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
		order = append(order, fmt.Sprint(cfg.Protocols[0][:1], cfg.Seed))
		return f(ctx, cfg, p)
	})
	want := "r42 m42 p42 r42 m42 p42 p43 m43 r43 p44 m44 r44"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if c.Sides[1].Good != 3 || c.Against[1].Pairs != 3 || c.Environment.Go != "go1" {
		t.Errorf("%+v", c.Sides[1])
	}
}

func TestVerdicts(t *testing.T) {
	for _, k := range []struct {
		b, noise, rate float64
		verdict, lacks string
	}{
		{120, .02, 0, "better", ""},
		{80, .02, 0, "worse", ""},
		{100, .002, 0, "same", ""},
		{101, .2, 0, "cannot tell", "needs about "},
		{100, .1, 100, "offered rate", ""},
	} {
		a, b := live("raft"), live("paxos")
		a.Config.Rate, b.Config.Rate = k.rate, k.rate
		c := run(t, []compare.Side{a, b}, 20, fake(map[string]float64{"raft": 100, "paxos": k.b}, k.noise))
		l := find(t, c.Against[0], "throughput")
		if l.Verdict != k.verdict || !strings.HasPrefix(l.Lacks, k.lacks) || (l.Lacks == "") != (k.lacks == "") || *l.Visible <= 0 {
			t.Errorf("%+v: %+v", k, l)
		}
	}
}

// TestLeftOut: runs that failed or were incorrect are counted and not compared.
func TestLeftOut(t *testing.T) {
	good := fake(map[string]float64{"raft": 100, "paxos": 100}, .01)
	c := run(t, []compare.Side{live("raft"), live("paxos")}, 10, func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
		f, err := good(ctx, cfg, p)
		switch name := cfg.Protocols[0]; {
		case name == "raft" && cfg.Seed == 44:
			f.Runs[0].Throughput, f.Runs[0].Verdict = 1e9, result.Verdict{Checks: []result.Check{{Name: "logs agree", Detail: "n1 and n2 differ"}}}
		case name == "paxos" && cfg.Seed == 45:
			return nil, errors.New("no leader")
		case name == "paxos" && cfg.Seed == 46:
			f.Runs[0].Error = "disk full"
		}
		return f, err
	})
	a, b := c.Sides[0], c.Sides[1]
	if a.Good != 9 || a.Incorrect != 1 || b.Good != 8 || b.Failed != 2 || c.Against[0].Pairs != 7 {
		t.Errorf("%+v, %+v, %d pairs", a, b, c.Against[0].Pairs)
	}
	if d := a.Samples[2].Detail; d != "logs agree: n1 and n2 differ" || a.Samples[2].Values != nil {
		t.Errorf("%+v", a.Samples[2])
	}
	if l := find(t, c.Against[0], "throughput"); l.A.Count != 7 || l.A.Median > 200 {
		t.Errorf("%+v", l)
	}
}

// TestHopeless: a side of which every run fails does not cost the time of all.
func TestHopeless(t *testing.T) {
	good := fake(map[string]float64{"raft": 100}, .01)
	c := run(t, []compare.Side{live("raft"), live("paxos")}, 10, func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
		if cfg.Protocols[0] == "paxos" {
			return nil, errors.New("no leader")
		}
		return good(ctx, cfg, p)
	})
	if c.Sides[1].Failed != 3 || c.Against[0].Pairs != 0 || len(c.Against[0].Lines) != 0 {
		t.Errorf("%+v", c.Sides[1])
	}
}

// TestInterrupted: the pairs that were finished are compared.
func TestInterrupted(t *testing.T) {
	good := fake(map[string]float64{"raft": 100, "paxos": 100}, .01)
	ctx, cancel := context.WithCancel(context.Background())
	c, err := compare.Run(ctx, []compare.Side{live("raft"), live("paxos")}, compare.Options{Pairs: 10, Run: func(ctx context.Context, cfg bench.Config, p bench.Progress) (*result.File, error) {
		f, err := good(ctx, cfg, p)
		if cfg.Seed == 45 {
			cancel()
			f.Interrupted, f.Runs[0].Interrupted = true, true
			return f, bench.ErrInterrupted
		}
		return f, err
	}})
	if !errors.Is(err, bench.ErrInterrupted) || !c.Interrupted || c.Against[0].Pairs != 3 || c.Sides[1].Interrupted+c.Sides[0].Interrupted != 1 {
		t.Errorf("%v: %+v", err, c.Sides)
	}
}

// TestRecorded: result files are compared as they stand; virtual runs by seed.
func TestRecorded(t *testing.T) {
	record := func(s compare.Side) compare.Side {
		s.Config.Duration = 200 * time.Millisecond
		f, err := carryOut(context.Background(), s.Config, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.File, s.Path = f, s.Name+".json"
		return s
	}
	other := virtual("raft")
	other.Config.Seed = 7
	a, b, o := record(virtual("raft")), record(virtual("raft")), record(other)
	c := run(t, []compare.Side{a, b, o}, 1, nil)
	if l := find(t, c.Against[0], "throughput"); l.Verdict != "same" || *l.Ratio != 1 || l.Method != "exact" {
		t.Errorf("%+v", l)
	}
	if n := c.Against[1].Pairs; n != 0 || !strings.Contains(strings.Join(c.Notes, " "), "no seed in common") {
		t.Errorf("%d pairs of seeds 42 and 7: %q", n, c.Notes)
	}
	if c.Environment.Go == "" {
		t.Error("no environment")
	}
	// Against fresh runs.
	fresh := virtual("raft")
	fresh.Config.Duration = 200 * time.Millisecond
	if c := run(t, []compare.Side{a, fresh}, 1, carryOut); find(t, c.Against[0], "commit.p50").Verdict != "same" {
		t.Errorf("%+v", c.Against[0])
	}
}

// TestJudgeAgain: the verdicts follow from the samples in the file.
func TestJudgeAgain(t *testing.T) {
	c := run(t, []compare.Side{live("raft"), live("paxos")}, 12, fake(map[string]float64{"raft": 100, "paxos": 110}, .05))
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again := new(result.Comparison)
	if err := json.Unmarshal(raw, again); err != nil {
		t.Fatal(err)
	}
	compare.Judge(again)
	if !reflect.DeepEqual(again.Against, c.Against) {
		t.Errorf("%+v\n%+v", again.Against, c.Against)
	}
}

func TestFewElections(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	elections := func(n int, ns int64) runFunc {
		return func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
			r := result.Run{Protocol: cfg.Protocols[0], Seed: cfg.Seed, Verdict: result.Verdict{Correct: true}}
			for i := range int64(n) {
				r.Elections = append(r.Elections, result.Election{Crash: at(i * 1e9), FirstCommit: at(i*1e9 + ns + i + int64(len(cfg.Protocols[0])))})
			}
			r.Elections[0].FirstCommit = nil
			return &result.File{Runs: []result.Run{r}}, nil
		}
	}
	c := run(t, []compare.Side{live("raft"), live("paxos")}, 2, elections(10, 1e8))
	if l := find(t, c.Against[0], "election.first_commit"); l.Verdict != "cannot tell" || l.Lacks != "needs 30 elections" || l.A.Count != 18 {
		t.Errorf("%+v", l)
	}
	if !strings.Contains(strings.Join(c.Notes, " "), "after 2 of 20 leaders") {
		t.Errorf("%q", c.Notes)
	}
	c = run(t, []compare.Side{virtual("raft"), virtual("paxos")}, 1, elections(10, 1e8))
	if l := find(t, c.Against[0], "election.first_commit"); c.Sides[0].Good != 3 || l.Lacks == "needs 30 elections" || l.Low == nil {
		t.Errorf("%d seeds: %+v", c.Sides[0].Good, l)
	}
}

func TestCheck(t *testing.T) {
	for want, sides := range map[string][]compare.Side{
		"two sides":         {virtual("raft")},
		"no time in common": {virtual("raft"), live("paxos")},
	} {
		if _, err := compare.Run(context.Background(), sides, compare.Options{Pairs: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// TestManyTables: of 300 tables of a side with itself at most one in twenty calls any
// metric better or worse, whether the key metrics are looked at or all.
func TestManyTables(t *testing.T) {
	key, any := 0, 0
	const tables = 300
	for seed := range uint64(tables) {
		rng := rand.New(rand.NewPCG(seed, 6))
		noise := func(x float64) float64 { return x * math.Exp(.05*rng.NormFloat64()) }
		c := run(t, []compare.Side{live("raft"), live("raft")}, 20, func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
			r := result.Run{Protocol: "raft", Seed: cfg.Seed, Verdict: result.Verdict{Correct: true}}
			r.Throughput, r.Goodput, r.Totals.Commits = noise(1e6), noise(1e6), 1
			r.PerCommit = result.PerCommit{Messages: noise(.1), Heartbeats: noise(.1), WireBytes: noise(500), LogBytes: noise(900), Fsyncs: noise(.1), Allocs: noise(.1), CPU: noise(500)}
			for _, l := range []*result.Latency{&r.Latency.Response, &r.Latency.Service, &r.Latency.Commit} {
				for _, q := range []**int64{&l.P50, &l.P90, &l.P99, &l.P999, &l.P9999, &l.Min, &l.Max} {
					v := int64(noise(1e6))
					*q = &v
				}
			}
			return &result.File{Runs: []result.Run{r}}, nil
		})
		foundKey, foundAny := false, false
		for _, l := range c.Against[0].Lines {
			if l.Verdict == "better" || l.Verdict == "worse" {
				foundAny, foundKey = true, foundKey || report.Key(l.Metric)
			}
			if l.P != nil && (*l.Adjusted < *l.P || *l.Adjusted > 1) {
				t.Errorf("seed %d: %s: p %g, adjusted %g", seed, l.Metric, *l.P, *l.Adjusted)
			}
		}
		if foundKey {
			key++
		}
		if foundAny {
			any++
		}
	}
	t.Logf("of %d tables %d by the key metrics, %d by any", tables, key, any)
	// Five percent of 300 are 15, give or take 4; the other metrics have five of their own.
	if key > 24 || any > 40 {
		t.Errorf("of %d tables of a side with itself %d find a difference in the key metrics, %d in any", tables, key, any)
	}
}

// TestFewPairs: six pairs that all agree tell of one metric, not of a table of many.
func TestFewPairs(t *testing.T) {
	two := func(_ context.Context, cfg bench.Config, _ bench.Progress) (*result.File, error) {
		x := 100.0
		if cfg.Protocols[0] == "paxos" {
			x = 200 + float64(cfg.Seed)
		}
		r := result.Run{Protocol: cfg.Protocols[0], Seed: cfg.Seed, Throughput: x, Verdict: result.Verdict{Correct: true}}
		r.Totals.Commits, r.PerCommit.CPU = 1, x
		return &result.File{Runs: []result.Run{r}}, nil
	}
	for n, want := range map[int]string{2: "needs ", 6: "needs ", 12: ""} {
		c := run(t, []compare.Side{live("raft"), live("paxos")}, n, two)
		l := find(t, c.Against[0], "throughput")
		if !strings.HasPrefix(l.Lacks, want) || (l.Lacks == "") != (want == "") || l.Lacks != "" && l.Needed <= 6 {
			t.Errorf("%d pairs: %+v", n, l)
		}
	}
}

// TestLiveTrials: what took real time is shown and not judged, and its network named.
func TestLiveTrials(t *testing.T) {
	side := func(name string, ms int64) compare.Electing {
		f := &result.Elections{}
		for _, network := range []string{"", "tcp"} {
			v := ms * 1e6
			s := result.ElectionSetting{Config: result.ElectionConfig{Protocol: "raft", Network: network, Nodes: 5, ElectionMin: 150e6, ElectionMax: 300e6, Trials: 20}, Trials: 20}
			s.Phases.Elected.P50 = &v
			f.Settings = append(f.Settings, s)
		}
		return compare.Electing{Name: name, Path: name, Protocol: "raft", File: f}
	}
	c, err := compare.Elections([]compare.Electing{side("a", 100), side("b", 200)})
	if err != nil || len(c.Against) != 2 || c.Exact {
		t.Fatalf("%v, %+v", err, c)
	}
	for i, want := range []struct{ setting, verdict, lacks string }{{"150ms-300ms", "worse", ""}, {"150ms-300ms tcp", "cannot tell", "live trials"}} {
		l := find(t, c.Against[i], "election.elected")
		if a := c.Against[i]; a.Setting != want.setting || l.Verdict != want.verdict || l.Lacks != want.lacks || *l.Ratio != 2 {
			t.Errorf("%s: %+v", a.Setting, l)
		}
	}
	if notes := strings.Join(c.Notes, " "); !strings.Contains(notes, "Live campaigns ran one after the other") || !strings.Contains(notes, "Virtual time: exact") {
		t.Error(notes)
	}
}
