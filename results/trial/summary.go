package main

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/stat"
)

// summary is the trial in Markdown.
func summary(t *Trial) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	s, env := &t.Settings, &t.Environment
	p("# The gate tried on a program that is the same, and on one that is slower\n")
	p("Written by `go run ./results/trial`; all pairs are in trial.json.\n")
	switch {
	case t.Verdict == "held":
		p("**All of it held.**\n")
	case t.Verdict == "failed":
		p("**It did not hold:**\n")
		for _, w := range t.Why {
			p("- %s", w)
		}
		p("")
	case s.Quick:
		p("**A quick trial: it shows that everything works and proves nothing.**\n")
	default:
		p("**Not finished.**\n")
	}
	p("| | what | asked for | seen |")
	p("|---|---|---|---|")
	p("| live | comparisons of %s with itself that fail | 0 of %d | **%d of %d** |", s.Protocol, leastComparisons, t.Live.Failed, t.Live.Comparisons)
	p("| | of the others: passed, inconclusive | | %d, %d |", t.Live.Passed, t.Live.Inconclusive)
	for _, m := range t.Metrics {
		p("| | of all: %s passed, was inconclusive, failed; pairs of a comparison | | %s |", m, outcomes(t, m))
	}
	p("| | first batches that failed, so that a second was made | | %d |", t.Live.Seconds)
	p("| | comparisons that could not be carried out and were repeated | | %d |", len(t.Broken))
	p("| resampled | comparisons drawn from %d recorded pairs, with up to three looks, that fail | at most %g %% of %d | **%d of %d** |", len(t.Pairs), 100*mostFalse, leastResamples, t.Resampled.Failed, t.Resampled.Comparisons)
	p("| | drawn in blocks of %d neighbours | at most %g %% | %d of %d |", block, 100*mostFalse, t.Blocks.Failed, t.Blocks.Comparisons)
	p("| injected | smallest fall of throughput that the gate says it sees (median) | | %.2f %% |", 100*t.Sees)
	p("| | fall injected, by %v more in every proposal, over %d pairs | 1 to %g times that | %.2f %% (%.2f to %.2f) |", t.Injected.Burn, t.Injected.Pairs, most, 100*t.Injected.Fall, 100*t.Injected.Low, 100*t.Injected.High)
	p("| | comparisons drawn from these pairs that fail | %g of 100 | **%.1f of 100** (%d of %d) |", 100*leastCaught, 100*share(t.Caught), t.Caught.Failed, t.Caught.Comparisons)
	p("| | the same with up to three looks | | %.1f of 100 (%d of %d) |", 100*share(t.CaughtLooking), t.CaughtLooking.Failed, t.CaughtLooking.Comparisons)
	p("| | live comparisons with it that fail | | %d of %d |", t.LiveCaught.Failed, t.LiveCaught.Comparisons)
	p("")
	var limits []string
	for _, l := range gate.Defaults() {
		limits = append(limits, "`"+l.String()+"`")
	}
	p("A comparison fails if any of %s fails: in two batches of %d pairs each the %g %% bounds exclude no change and the estimate is beyond the limit. Live comparisons look once, and take fewer pairs where the time is short; with three looks a batch goes on to twice and four times as many pairs as long as it cannot tell, and the looks share the 5 %% (bounds of 98.3 %%).\n",
		strings.Join(limits, ", "), s.Pairs, 100*stat.DefaultConfidence)
	p("## The noise\n")
	p("| metric | median | half the distance of the quartiles | neighbouring pairs correlate by | second run of a pair over the first |")
	p("|---|---:|---:|---:|---:|")
	for i, m := range t.Metrics {
		old, _ := column(t.Pairs, i)
		sum := stat.Summarize(old)
		second := "unknown"
		if b, known := t.Second[m]; known {
			second = fmt.Sprintf("%.3f (%.3f-%.3f)", b.Value, b.Low, b.High)
		}
		p("| %s | %s | %.1f %% | %.2f | %s |", m, figure(m, sum.Median), 100*sum.Relative(), t.Follows[m], second)
	}
	p("\n## Settings\n")
	p("- %s, %d nodes, %s, %d clients, %v measured after %v of warm-up, election timers %v-%v, `--retain 1MiB`; every run is a process.", s.Protocol, t.Config.Nodes, s.Network, s.Clients, s.Duration, s.Warmup, t.Config.ElectionMin, t.Config.ElectionMax)
	p("- %d pairs a batch, A B, B A, B A, A B and so on (Thue-Morse), after a warm-up pair; seed %d.", s.Pairs, s.Seed)
	p("- %s, %s/%s, %s, %d CPUs, GOMAXPROCS %d, %.1f GiB.", env.Go, env.OS, env.Arch, env.CPU, env.CPUs, env.GOMAXPROCS, float64(env.Memory)/(1<<30))
	p("- started %s, took %v; budget %v.", t.Started, t.Took, s.Budget)
	return b.String()
}

func share(c Counts) float64 { return float64(c.Failed) / float64(max(c.Comparisons, 1)) }

// figure shows a metric's value.
func figure(metric string, v float64) string {
	if metric == "throughput" {
		return fmt.Sprintf("%.3g M/s", v/1e6)
	}
	return fmt.Sprintf("%.1f us", v/1e3)
}

// outcomes counts those of a metric in the live comparisons.
func outcomes(t *Trial, metric string) string {
	count, fewest, most := map[string]int{}, 0, 0
	for _, c := range t.Comparisons {
		for _, r := range c.Rows {
			if r.Metric != metric {
				continue
			}
			count[r.Outcome]++
			if n := r.Pairs / max(r.Batches, 1); fewest == 0 || n < fewest {
				fewest = n
			}
			most = max(most, r.Pairs/max(r.Batches, 1))
		}
	}
	return fmt.Sprintf("%d, %d, %d; %d to %d", count["pass"], count["inconclusive"], count["fail"], fewest, most)
}
