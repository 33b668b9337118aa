package elections_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/smrtest"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

func outcome(p result.Published) string {
	var parts []string
	for _, f := range []struct {
		name string
		v    *float64
	}{{"gap", p.Gap}, {"median off by", p.Median}, {"share of slow ones", p.Slow}} {
		if f.v != nil {
			parts = append(parts, fmt.Sprintf("%s %.3f", f.name, *f.v))
		}
	}
	return strings.Join(parts, ", ")
}

// everything is a setting in which everything takes time and happens at random.
func everything(start string) elections.Config {
	return setting(func(c *elections.Config) {
		c.Trials, c.Start, c.Logs, c.Down = 60, start, result.LogsDistinct, 1
		c.DelayMin, c.DelayMax = 5*time.Millisecond, 20*time.Millisecond
		c.CandidatePersistMax, c.VoterPersist = 6*time.Millisecond, 8*time.Millisecond
		c.ElectionMax = c.ElectionMin + 30*time.Millisecond
	})
}

// TestEqualSeeds: samples depend on the setting alone, whatever the number of
// processors, and trial i on nothing that other trials do.
func TestEqualSeeds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, p := range both {
		for _, start := range []string{result.StartCrash, result.StartFresh} {
			c := everything(start)
			if testing.Short() {
				c.Trials = 24
			}
			runtime.GOMAXPROCS(1)
			one := run(t, c, p)
			runtime.GOMAXPROCS(4)
			if four := run(t, c, p); !slices.Equal(one, four) {
				t.Errorf("%s, %s: other samples with 4 processors", p.Name, start)
			}
			c.Trials = 20
			if few := run(t, c, p); !slices.Equal(one[:20], few) {
				t.Errorf("%s, %s: fewer trials are other trials", p.Name, start)
			}
			c.Seed++
			if other := run(t, c, p); slices.Equal(one[:20], other) {
				t.Errorf("%s, %s: the seed has no effect", p.Name, start)
			}
		}
	}
}

// TestPhasesFollow: each phase comes after the one before, in the most crowded
// setting, for every cluster there may be.
func TestPhasesFollow(t *testing.T) {
	for _, p := range both {
		for _, start := range []string{result.StartCrash, result.StartFresh} {
			for _, n := range []int{1, 2, 3, 4, 5, 9} {
				c := everything(start)
				c.Trials, c.Nodes, c.Down = max(trials()/50, 4), n, 0
				if start == result.StartCrash && n < 3 {
					continue
				}
				for i, s := range run(t, c, p) {
					if s.Detected <= 0 || s.Elected < s.Detected || s.Announced < s.Elected || s.FirstCommit < s.Elected || s.Rounds < 1 || n > 1 && s.Announced == s.Elected {
						t.Fatalf("%s, %d servers, %s: trial %d: %+v", p.Name, n, start, i, s)
					}
					if s.Split && s.Rounds < 2 {
						t.Fatalf("%s, %d servers, %s: trial %d is split in its only round: %+v", p.Name, n, start, i, s)
					}
				}
			}
		}
	}
}

// TestWithoutRandomness: servers whose timers all run equally long elect nobody; the
// trials are given up and counted, and nothing is made up about them.
func TestWithoutRandomness(t *testing.T) {
	c := setting(func(c *elections.Config) { c.Trials, c.ElectionMax, c.GiveUp = 20, c.ElectionMin, 3*time.Second })
	samples, err := elections.Run(context.Background(), c, raft.Protocol, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := elections.Summarize(c, samples, true)
	if s.Unfinished != 20 || s.SplitVoteRate != 1 || s.Rounds.Max != 20 {
		t.Errorf("%d unfinished of 20, split %v, rounds %v: one round each 150 ms, and none that elects", s.Unfinished, s.SplitVoteRate, s.Rounds)
	}
	if s.Phases.Detected.Mean == nil || s.Phases.Elected.Mean != nil || s.Phases.Announced.P50 != nil || s.Phases.FirstCommit.Quantiles[0] != nil {
		t.Errorf("phases that never came have figures: %+v", s.Phases)
	}
	if s.Samples.Detected[3] == nil || s.Samples.Announced[3] != nil {
		t.Errorf("samples: %v %v", s.Samples.Detected[3], s.Samples.Announced[3])
	}
}

func TestCensoring(t *testing.T) {
	var samples []elections.Sample
	for i := range 1000 {
		v := smr.Time(i + 1)
		if i >= 950 {
			v = smr.Never
		}
		samples = append(samples, elections.Sample{Detected: 1, Elected: smr.Time(i + 1), Announced: v, FirstCommit: v, Rounds: 1 + i%3})
	}
	s := elections.Summarize(elections.Defaults(), samples, false)
	a := &s.Phases.Announced
	if *a.P50 != 500 || *a.P90 != 900 || a.P99 != nil || a.Max != nil || a.Mean != nil {
		t.Errorf("a twentieth of the trials was given up: p50 %v, p90 %v, p99 %v, max %v, mean %v", a.P50, a.P90, a.P99, a.Max, a.Mean)
	}
	if len(a.Quantiles) != 101 || *a.Quantiles[0] != 1 || *a.Quantiles[95] != 950 || a.Quantiles[96] != nil {
		t.Errorf("quantiles: %v", a.Quantiles)
	}
	if e := &s.Phases.Elected; *e.P99 != 990 || e.P999 != nil || *e.Max != 1000 || *e.Mean != 500.5 || *e.Quantiles[100] != 1000 {
		t.Errorf("elected: %+v; p99.9 has only one trial beyond it", e)
	}
	if s.Unfinished != 50 || s.Rounds.Max != 3 || math.Abs(s.Rounds.Mean-2) > 0.01 {
		t.Errorf("%d unfinished, rounds %v", s.Unfinished, s.Rounds)
	}
}

// TestHold: a published distribution is met by itself only.
func TestHold(t *testing.T) {
	_, published, err := elections.Figure16(elections.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	sampled := func(p result.Published, change func(float64) float64) (samples []elections.Sample) {
		for i := range 2000 { // by inversion
			x := float64(i) / 2000 * 100
			at := int(x)
			v := float64(p.Quantiles[at]) + (x-float64(at))*float64(p.Quantiles[at+1]-p.Quantiles[at])
			samples = append(samples, elections.Sample{Announced: smr.Time(change(v))})
		}
		return samples
	}
	for _, p := range published[1:] {
		if h := elections.Hold(p, sampled(p, func(v float64) float64 { return v })); !h.OK || *h.Gap > 0.001 || math.Abs(*h.Median) > 0.01 {
			t.Errorf("a distribution does not meet itself: %s", outcome(h))
		}
		if h := elections.Hold(p, sampled(p, func(v float64) float64 { return 1.5 * v })); h.OK || math.Abs(*h.Median-0.5) > 0.01 {
			t.Errorf("half as much again passes: %s", outcome(h))
		}
	}
	wide := published[5]
	median := float64(wide.Quantiles[50])
	if h := elections.Hold(wide, sampled(wide, func(float64) float64 { return median })); h.OK || *h.Gap < 0.45 {
		t.Errorf("the right median alone passes: %s", outcome(h))
	}
	fixed := published[0]
	if h := elections.Hold(fixed, sampled(fixed, func(v float64) float64 { return v })); !h.OK {
		t.Errorf("150-150: %s", outcome(h))
	}
	if h := elections.Hold(fixed, sampled(fixed, func(v float64) float64 { return v / 2 })); h.OK {
		t.Errorf("150-150: elections twice as fast pass: %s", outcome(h))
	}
}

func TestCheck(t *testing.T) {
	basic := paxos.Basic
	for _, k := range []struct {
		flag, says string
		protocol   *smr.Protocol
		change     func(*elections.Config)
	}{
		{"protocol", "any replica may propose", &basic, func(*elections.Config) {}},
		{"start", `"later" is not crash or fresh`, nil, func(c *elections.Config) { c.Start = "later" }},
		{"logs", "not equal or distinct", nil, func(c *elections.Config) { c.Logs = "" }},
		{"trials", "0 is not in 1 to 1000000", nil, func(c *elections.Config) { c.Trials = 0 }},
		{"election-timeout", "lower end first", nil, func(c *elections.Config) { c.ElectionMax = c.ElectionMin - 1 }},
		{"heartbeat", "not below the shortest election timeout", nil, func(c *elections.Config) { c.Heartbeat = c.ElectionMin }},
		{"delay", "not a range of delays", nil, func(c *elections.Config) { c.DelayMin = -1 }},
		{"candidate-persist", "not a range", nil, func(c *elections.Config) { c.CandidatePersistMin = time.Second }},
		{"voter-persist", "not in 0s to 1h", nil, func(c *elections.Config) { c.VoterPersist = -1 }},
		{"give-up", "not in", nil, func(c *elections.Config) { c.GiveUp = 0 }},
		{"nodes", "1 to 128 nodes", nil, func(c *elections.Config) { c.Nodes = 129 }},
		{"nodes", "no majority", nil, func(c *elections.Config) { c.Nodes = 2 }},
		{"down", "at most 1", nil, func(c *elections.Config) { c.Down = 2 }},
		{"down", "at most 2", nil, func(c *elections.Config) { c.Down, c.Start = 3, result.StartFresh }},
		{"down", "-1 is not", nil, func(c *elections.Config) { c.Down = -1 }},
	} {
		c := elections.Defaults()
		k.change(&c)
		p := k.protocol
		if p == nil {
			p = &raft.Protocol
		}
		err := elections.Check(&c, p)
		var f *bench.FieldError
		if !errors.As(err, &f) || f.Flag != k.flag || !strings.Contains(f.Msg, k.says) {
			t.Errorf("want --%s: ... %s ..., got %v", k.flag, k.says, err)
		}
	}
}

// TestOtherProtocols: a protocol that somebody plugs in is measured like ours; one that
// elects nobody, or does not say so, is told of as that.
func TestOtherProtocols(t *testing.T) {
	mine := smr.Protocol{Name: "mine", New: raft.Protocol.New}
	c := setting(func(c *elections.Config) { c.Trials, c.Logs = 20, result.LogsDistinct })
	if a, b := run(t, c, mine), run(t, c, raft.Protocol); !slices.Equal(a, b) {
		t.Error("a core is measured otherwise under another name")
	}
	silent := smr.Protocol{Name: "silent", New: func(cfg smr.Config) (smr.Core, error) {
		core, err := raft.Protocol.New(cfg)
		return mute{core}, err
	}}
	for want, p := range map[string]smr.Protocol{
		`no core reported "timed-out", though a server alone has no leader`: smrtest.Toy,
		`no core reported "serving", though where nothing takes time`:       silent,
	} {
		c.Protocol = p.Name
		if _, err := elections.Run(context.Background(), c, p, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "smr.Event") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// mute is a core that does not say when it serves.
type mute struct{ smr.Core }

func (m mute) Ready(now smr.Time, rd *smr.Ready) {
	m.Core.Ready(now, rd)
	rd.Events = slices.DeleteFunc(rd.Events, func(e smr.Event) bool { return e.Type == smr.Serving })
}

// TestInterrupted: what was finished is kept, and what was not is not made up.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := setting(func(c *elections.Config) { c.Trials = 50 })
	long := c
	long.Trials = elections.MaxTrials
	file, err := elections.All(ctx, []elections.Config{c, long, c}, elections.Options{Protocols: both, Progress: func(setting, done int) {
		if setting == 1 && done >= 20 {
			cancel()
		}
	}})
	if !errors.Is(err, bench.ErrInterrupted) || file == nil || !file.Interrupted || len(file.Settings) != 2 {
		t.Fatalf("%v, %+v", err, file)
	}
	whole, part := file.Settings[0], file.Settings[1]
	if whole.Trials != 50 || part.Trials < 10 || part.Trials == elections.MaxTrials || part.Unfinished != 0 || part.Phases.FirstCommit.Mean == nil {
		t.Errorf("%d trials, then %d, %d of them unfinished", whole.Trials, part.Trials, part.Unfinished)
	}
	cancel()
	if file, err := elections.All(ctx, []elections.Config{c}, elections.Options{Protocols: both}); !errors.Is(err, bench.ErrInterrupted) || len(file.Settings) != 0 {
		t.Errorf("%v, %+v", err, file)
	}
}
