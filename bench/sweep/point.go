package sweep

import (
	"fmt"
	"math"
	"slices"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

func sampleOf(run *result.Run, cfg *bench.Config, rep int) result.SweepSample {
	s := result.SweepSample{Sample: compare.SampleOf(run, rep), Warnings: run.Warnings}
	s.Seed = cfg.Seed
	if s.Status == result.Good && run.Measured > 0 {
		s.Offered = float64(run.Commands.Offered) / (float64(run.Measured) / 1e9)
		s.Backlog = max(0, (s.Offered-run.Throughput)*float64(run.Measured)/1e9)
		s.Overload = overload(run, cfg)
		s.Busy = busy(run)
	}
	return s
}

// busy is the share of the window that the busiest processor or network interface of a
// replica was at work; 0: work takes no time of the model's.
func busy(run *result.Run) (share float64) {
	if run.Cost == nil || run.Network != bench.NetworkSim {
		return 0
	}
	for _, w := range run.Cost.Replicas {
		share = max(share, float64(max(w.Busy, w.Sending))/float64(run.Measured))
	}
	return share
}

// keepsUp is the share of the offered rate that a run must acknowledge; unanswered is
// the share of commands that may stay without an answer; noise is how many standard
// deviations of the arrivals are none of the cluster's doing.
const (
	keepsUp    = 0.98
	unanswered = 0.001
	noise      = 3
)

// overload says how the overload of a run shows; "" if it is not overloaded. See the
// package's documentation.
func overload(run *result.Run, cfg *bench.Config) string {
	c := &run.Commands
	if cfg.Rate <= 0 || len(cfg.Phases) > 0 || len(cfg.Faults) > 0 || c.Offered == 0 {
		return ""
	}
	length := float64(run.Measured) / 1e9
	offered := float64(c.Offered) / length
	acknowledged, from := uint64(0), run.Measured
	for _, i := range run.Series {
		if i.T >= run.Measured/2 {
			acknowledged += i.Acknowledged
			from = min(from, i.T)
		}
	}
	if half := float64(run.Measured-from) / 1e9; half > 0 {
		rate := float64(acknowledged) / half
		if rate < keepsUp*offered-noise*math.Sqrt(float64(c.Offered))/length {
			return fmt.Sprintf("%s/s of %s/s", report.Count(uint64(rate+.5)), report.Count(uint64(offered+.5)))
		}
	}
	if n := c.Refused + c.TimedOut + c.Unknown; float64(n) > unanswered*float64(c.Offered) {
		return fmt.Sprintf("%s of %s commands without an answer", report.Count(n), report.Count(c.Offered))
	}
	return ""
}

// summarize forms the figures of a point from its samples.
func summarize(p *result.SweepPoint, open bool) {
	p.Good, p.Failed, p.Incorrect = 0, 0, 0
	p.Overload, p.Offered, p.Backlog, p.Power, p.Busy = "", nil, nil, nil, 0
	values := map[string][]float64{}
	var offered, backlog, busy []float64
	var overloaded []string
	for i := range p.Samples {
		s := &p.Samples[i]
		switch s.Status {
		case result.Good:
			p.Good++
		case result.Incorrect:
			p.Incorrect++
			continue
		default:
			p.Failed++
			continue
		}
		for name, v := range s.Values {
			values[name] = append(values[name], v)
		}
		offered, backlog, busy = append(offered, s.Offered), append(backlog, s.Backlog), append(busy, s.Busy)
		if s.Overload != "" {
			overloaded = append(overloaded, s.Overload)
		}
	}
	clear(p.Values)
	for name, all := range values {
		m := stat.Summarize(all)
		p.Values[name] = result.Middle{Count: m.Count, Q1: m.Q1, Median: m.Median, Q3: m.Q3}
	}
	if open && p.Good > 0 {
		o, b := mean(offered), mean(backlog)
		p.Offered, p.Backlog = &o, &b
	}
	if p.Good > 0 {
		p.Busy = mean(busy)
	}
	if 2*len(overloaded) > p.Good {
		p.Overload = overloaded[0]
	}
	if x, response := p.Values["throughput"], p.Values["response.mean"]; response.Count > 0 && response.Median > 0 {
		power := x.Median / (response.Median / 1e9)
		p.Power = &power
	}
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}

// Load are the settings that are more load: only along them there is a knee.
var Load = []string{"rate", "clients", "inflight"}

// knee finds the highest power of a curve.
func knee(points []result.SweepPoint, setting string) *result.SweepKnee {
	if !slices.Contains(Load, setting) {
		return nil
	}
	best, known := -1, 0
	first, last := -1, -1
	for i := range points {
		p := points[i].Power
		if p == nil {
			continue
		}
		if known++; first < 0 {
			first = i
		}
		last = i
		if best < 0 || *p > *points[best].Power {
			best = i
		}
	}
	if known < 3 {
		return nil
	}
	k := &result.SweepKnee{Point: best, Again: again(points, best)}
	switch best {
	case first:
		k.Edge = "first"
	case last:
		k.Edge = "last"
	}
	return k
}

// A power that falls below dip of the highest and then comes back to another of it
// makes a knee unclear.
const (
	dip     = 0.9
	another = 0.8
)

// again is the point beyond a dip on either side of best at which the power is nearly
// as high again; 0 if there is none. (At point 0 it would be no dip that it follows:
// the curve falls from there on.)
func again(points []result.SweepPoint, best int) (at int) {
	high, most := *points[best].Power, 0.0
	for _, step := range []int{1, -1} {
		least := high
		for i := best + step; i >= 0 && i < len(points); i += step {
			p := points[i].Power
			if p == nil {
				continue
			}
			least = min(least, *p)
			if *p >= another*high && least < dip**p && *p > most {
				at, most = i, *p
			}
		}
	}
	return at
}
