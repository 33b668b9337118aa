package bench

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
)

// Thresholds of warnings.
const (
	tooFew    = 10_000                // responses; below, p99.9 is blank
	lateAfter = 1 * time.Millisecond  // p99 of the load generator's lateness
	saturated = 0.95                  // of all processors
	coarse    = 10 * time.Microsecond // step of the clock

	foreignLoad = 0.1                    // of all processors
	shortest    = 500 * time.Millisecond // window that the kernel's ticks of 10 ms can tell of
)

// disturbedBy begins the warning that a live run was not alone.
const disturbedBy = "other programs"

// Disturbed reports whether a live run was warned that it was not alone.
func Disturbed(run *result.Run) bool {
	return slices.ContainsFunc(run.Warnings, func(w string) bool { return strings.HasPrefix(w, disturbedBy) })
}

// count shows a whole number with commas between its thousands.
func count(n uint64) string { return workload.Group(strconv.FormatUint(n, 10)) }

// foreign is the share of all processors that other programs kept busy within the
// measured window; 0 if that is not known.
func (r *runner) foreign() float64 {
	if r.machineBusy <= 0 || r.measuredWall < shortest {
		return 0
	}
	others := r.machineBusy - time.Duration(r.busy)
	return min(max(float64(others)/float64(r.measuredWall)/float64(runtime.NumCPU()), 0), 1)
}

// rounded keeps three digits of a time.
func rounded(t smr.Time) time.Duration {
	scale := time.Duration(1)
	for time.Duration(t)/scale >= 1000 {
		scale *= 10
	}
	return time.Duration(t).Round(scale)
}

// warnings are what a reader of the figures must know. They do not make a run
// incorrect.
func (r *runner) warnings(run *result.Run, l *client.Ledger) []string {
	out := []string{}
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	live := r.cfg.Network != NetworkSim
	if run.Interrupted {
		warn("interrupted after %v of %v: everything here is of that time", time.Duration(run.Measured).Round(time.Millisecond), r.cfg.Duration)
	}
	if !r.cfg.Durable() {
		warn("NOT DURABLE: with --fsync off nothing is on stable storage when it is acknowledged")
	}
	if r.transcript != nil {
		warn("allocations and CPU time are of the transcript, too")
	}
	for _, s := range run.Totals.Stopped {
		warn("n%d stopped, and no fault of the schedule explains it: %s", s.Node, s.Why)
	}
	if n := run.Commands.Acknowledged; n > 0 && n < tooFew {
		warn("only %s responses: quantiles that so few cannot tell are left blank", count(n))
	}
	if p99, _ := l.Lateness.Quantile(.99); live && time.Duration(p99) > lateAfter {
		warn("the load generator was late by %v at p99 (%v at worst): response times include that", rounded(p99), rounded(l.Lateness.Max()))
	}
	if n := run.Commands.TimedOut; n > 0 {
		warn("%s commands were never handed to a replica: the clients were too few, or the offered rate was more than the cluster can do", count(n))
	}
	if live && r.measuredWall > 0 {
		processors := min(runtime.GOMAXPROCS(0), runtime.NumCPU())
		if share := float64(r.busy) / float64(r.measuredWall) / float64(processors); share > saturated {
			warn("the processors were saturated (%.0f%% of %d): the figures are of this machine as much as of the protocol", 100*min(share, 1), processors)
		}
		if share := r.foreign(); share > foreignLoad {
			warn(disturbedBy+" kept %.0f%% of the processors busy meanwhile: these figures are of that, too", 100*share)
		}
		if step := Floors(r.cfg.Dir).Clock; step != nil && time.Duration(*step) > coarse {
			warn("the clock moves in steps of %v", time.Duration(*step))
		}
	}
	// Commands are in flight from when a client sends them: the time that goes with
	// that is service time. Waiting for a client is the generator's, warned of above.
	mean := 0.0
	if run.Latency.Service.Mean != nil {
		mean = *run.Latency.Service.Mean
	}
	if w := measure.LittlesLaw(r.inFlight, run.Throughput, mean, run.Commands.Acknowledged); w != "" {
		out = append(out, w)
	}
	if w := r.saturation(run); w != "" {
		out = append(out, w)
	}
	if n := run.Totals.Overflowed; n > 0 {
		warn("%s frames were dropped because a queue was full", count(n))
	}
	if n := run.Latency.Response.Overflow; n > 0 {
		warn("%s response times were above an hour and count as an hour", count(n))
	}
	return out
}
