package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/result"
)

// trialPhase is a phase whose quantile q is base + q spread.
func trialPhase(base, spread time.Duration, never bool) result.Phase {
	var p result.Phase
	at := func(share float64) *int64 {
		v := int64(base) + int64(share*float64(spread))
		return &v
	}
	mean := float64(base) + float64(spread)/2
	p.Mean, p.P50, p.P90, p.P99, p.P999, p.Max = &mean, at(.5), at(.9), at(.99), at(.999), at(1)
	for i := range 101 {
		p.Quantiles = append(p.Quantiles, at(float64(i)/100))
	}
	if never {
		p.Mean, p.P99, p.P999, p.Max = nil, nil, nil, nil
		clear(p.Quantiles[95:])
	}
	return p
}

func trialSetting(protocol string, least, most time.Duration, never bool) result.ElectionSetting {
	s := result.ElectionSetting{
		Config: result.ElectionConfig{
			Protocol: protocol, Nodes: 5, Start: result.StartCrash, Logs: result.LogsDistinct, Trials: 10_000, Seed: 42,
			ElectionMin: least, ElectionMax: most, Heartbeat: least / 2, DelayMin: 100 * time.Microsecond, DelayMax: 100 * time.Microsecond,
			GiveUp: time.Minute,
		},
		Trials: 10_000, SplitVoteRate: 0.1234, Rounds: result.ElectionRounds{Mean: 1.678, Max: 9},
		Phases: result.ElectionPhases{
			Detected: trialPhase(least/2, most, false), Elected: trialPhase(least*2/3, most*2, never),
			Announced: trialPhase(least*3/4, most*2, never), FirstCommit: trialPhase(least, most*2, never),
		},
	}
	if never {
		s.Unfinished = 512
	}
	return s
}

func trialFile(settings ...result.ElectionSetting) *result.Elections {
	return &result.Elections{
		Schema: result.ElectionsSchema, Settings: settings,
		Environment: result.Environment{Version: "v1", Go: "go1.26", OS: "linux", Arch: "amd64", CPU: "a CPU", CPUs: 2},
	}
}

// publishedAs adds what was published to a setting.
func publishedAs(s result.ElectionSetting, gap, off float64, ok bool) result.ElectionSetting {
	limit, median := 0.1, 0.06
	p := &result.Published{Source: "a paper", Trials: 1000, Mean: 2e8, Gap: &gap, GapLimit: &limit, Median: &off, MedLimit: &median, OK: ok}
	for i := range 101 {
		p.Quantiles = append(p.Quantiles, int64(s.Config.ElectionMin)+int64(i)*3e6)
	}
	s.Published = p
	return s
}

// TestTrialsGolden: tables and plots as they are, at both widths.
func TestTrialsGolden(t *testing.T) {
	wide := trialSetting("raft", 150*time.Millisecond, 300*time.Millisecond, false)
	narrow := trialSetting("raft", 12*time.Millisecond, 24*time.Millisecond, false)
	slow := trialSetting("multipaxos", 150*time.Millisecond, 155*time.Millisecond, true)
	fixed := trialSetting("raft", 150*time.Millisecond, 150*time.Millisecond, false)
	fixed.Phases.Announced = trialPhase(50*time.Second, 30*time.Second, true)
	share, least := 1.0, 0.95
	fixed = publishedAs(fixed, 0, 0, true)
	fixed.Published.Gap, fixed.Published.Median, fixed.Published.GapLimit, fixed.Published.MedLimit = nil, nil, nil, nil
	fixed.Published.Slow, fixed.Published.SlowLeast, fixed.Published.Slower = &share, &least, int64(10*time.Second)
	interrupted := trialFile(wide)
	interrupted.Interrupted = true
	for name, file := range map[string]*result.Elections{
		"one":       interrupted,
		"several":   trialFile(wide, narrow, slow),
		"published": trialFile(fixed, publishedAs(wide, 0.0391, 0.0154, true), publishedAs(narrow, 0.2, -0.07, false)),
		"nothing":   trialFile(),
	} {
		for _, columns := range []int{80, 120} {
			var buf bytes.Buffer
			if err := Trials(&buf, file, Options{Width: columns, Rerun: []string{"consbench", "elections"}}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(buf.String()) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > columns {
					t.Errorf("%s: a line of %d columns where there are %d: %s", name, n, columns, line)
				}
			}
			golden(t, fmt.Sprintf("trials-%s-%d.txt", name, columns), buf.String())
		}
	}
}

// TestTrialsOf: settings in virtual time and live ones may have different numbers of trials.
func TestTrialsOf(t *testing.T) {
	of := func(network string, trials int) result.ElectionSetting {
		return result.ElectionSetting{Config: result.ElectionConfig{Network: network, Trials: trials}}
	}
	for want, all := range map[string][]result.ElectionSetting{
		"1,000 trials":                       {of("", 1000)},
		"200 trials a setting":               {of("tcp", 200), of("inproc", 200)},
		"300 trials a setting":               {of("", 300), of("tcp", 300)},
		"1,000 trials a setting (live 200)":  {of("", 1000), of("inproc", 200), of("tcp", 200)},
		"10 trials a setting (live 200,000)": {of("tcp", 200_000), of("", 10)},
	} {
		if got := trialsOf(all); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
