package compare_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/result"
)

// campaign is a file of trials whose elections take about center ns. Those with a
// seed that divides by ten lack their values.
func campaign(network string, seed uint64, trials int, center float64) compare.Electing {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := result.ElectionSetting{Trials: trials, Config: result.ElectionConfig{
		Protocol: "raft", Network: network, Nodes: 5, ElectionMin: 150e6, ElectionMax: 300e6, Trials: trials, Seed: seed, GiveUp: 10e9,
	}}
	values := make([]*int64, trials)
	for i := range values {
		v := int64(center * (.5 + rng.Float64()))
		if values[i] = &v; i == 0 {
			values[i] = nil // given up
		}
	}
	if seed%10 != 0 {
		s.Samples = &result.ElectionsSamples{Detected: values, Elected: values, Announced: values, FirstCommit: values, Rounds: make([]int, trials)}
	}
	sorted := slices.Clone(values[1:])
	slices.SortFunc(sorted, func(a, b *int64) int { return int(*a - *b) })
	for _, p := range []*result.Phase{&s.Phases.Detected, &s.Phases.Elected, &s.Phases.Announced, &s.Phases.FirstCommit} {
		p.P50, p.P90 = sorted[trials/2], sorted[trials*9/10]
	}
	return compare.Electing{Name: "x", Path: "x", Protocol: "raft", File: &result.Elections{Settings: []result.ElectionSetting{s}}}
}

// TestOtherTrials: trials of other seeds are two samples, and tested where their
// values were kept; those of one seed are exact, or partly the same.
func TestOtherTrials(t *testing.T) {
	for _, c := range []struct {
		name                   string
		a, b                   compare.Electing
		method, verdict, lacks string
		bounds                 bool
		note                   string
	}{
		{"no change", campaign("", 1, 400, 1e8), campaign("", 2, 600, 1e8), "mann-whitney", "cannot tell", "needs about ", true, "Other seeds draw other trials"},
		{"slower", campaign("", 1, 400, 1e8), campaign("", 2, 600, 1.3e8), "mann-whitney", "worse", "", true, "the shorter of the two --give-up"},
		{"faster", campaign("", 1, 400, 1e8), campaign("", 2, 600, .8e8), "mann-whitney", "better", "", true, ""},
		{"not kept", campaign("", 1, 400, 1e8), campaign("", 20, 400, 2e8), "none", "cannot tell", "other trials", false, "--samples"},
		{"same seed", campaign("", 1, 400, 1e8), campaign("", 1, 400, 1.3e8), "exact", "worse", "", false, "Virtual time: exact"},
		{"more of a seed", campaign("", 1, 400, 1e8), campaign("", 1, 600, 2e8), "none", "cannot tell", "other trials", false, "share some of them"},
		{"live", campaign("tcp", 1, 400, 1e8), campaign("tcp", 2, 400, 2e8), "mann-whitney", "cannot tell", "live trials", true, "Bounds of live trials, of 95 % confidence"},
		{"live, not kept", campaign("tcp", 1, 400, 1e8), campaign("tcp", 10, 400, 2e8), "none", "cannot tell", "live trials", false, "With --samples"},
	} {
		got, err := compare.Elections([]compare.Electing{c.a, c.b})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		l := find(t, got.Against[0], "election.announced")
		if l.Method != c.method || l.Verdict != c.verdict || !strings.HasPrefix(l.Lacks, c.lacks) || (l.Low != nil) != c.bounds {
			t.Errorf("%s: %+v", c.name, l)
		}
		if got.Exact != (c.method == "exact") {
			t.Errorf("%s: exact is %v", c.name, got.Exact)
		}
		if !strings.Contains(strings.Join(got.Notes, " "), c.note) {
			t.Errorf("%s: notes %q", c.name, got.Notes)
		}
		if l := find(t, got.Against[0], "election.announced.p90"); c.method == "mann-whitney" && (l.Verdict != "cannot tell" || l.Low != nil) {
			t.Errorf("%s: the test is one of medians: %+v", c.name, l)
		}
	}
}

// TestOtherTrialsFalseAlarms: of campaigns with nothing but other seeds hardly any
// is called better or worse.
func TestOtherTrialsFalseAlarms(t *testing.T) {
	alarms := 0
	for i := range uint64(200) {
		got, err := compare.Elections([]compare.Electing{campaign("", 20*i+1, 60, 1e8), campaign("", 20*i+2, 60, 1e8)})
		if err != nil {
			t.Fatal(err)
		}
		if v := find(t, got.Against[0], "election.elected").Verdict; v == "better" || v == "worse" {
			alarms++
		}
	}
	if alarms > 16 { // of 5 %, five standard deviations would be 25; Holm's adjustment leaves less
		t.Errorf("%d of 200", alarms)
	}
}
