package report

import (
	"math"
	"slices"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// Value returns what a run has for a metric of the registry in bench/measure, in
// the metric's unit. known is false where the run has no such figure: a quantile of
// too few samples, an election that did not take place, a run that failed.
func Value(r *result.Run, metric string) (value float64, known bool) {
	of := accessors[metric]
	if of == nil || r.Error != "" {
		return 0, false
	}
	return of(r)
}

type accessor func(*result.Run) (float64, bool)

// accessors has one function for each metric of the registry, by name.
var accessors = func() map[string]accessor {
	a := map[string]accessor{}
	number := func(name string, of func(*result.Run) float64) {
		a[name] = func(r *result.Run) (float64, bool) { return of(r), true }
	}
	number("throughput", func(r *result.Run) float64 { return r.Throughput })
	number("goodput", func(r *result.Run) float64 { return r.Goodput })
	number("unavailable", func(r *result.Run) float64 { return float64(r.Unavailable) })

	for name, of := range map[string]func(*result.Commands) uint64{
		"offered":      func(c *result.Commands) uint64 { return c.Offered },
		"acknowledged": func(c *result.Commands) uint64 { return c.Acknowledged },
		"refused":      func(c *result.Commands) uint64 { return c.Refused },
		"timed_out":    func(c *result.Commands) uint64 { return c.TimedOut },
		"unknown":      func(c *result.Commands) uint64 { return c.Unknown },
		"late":         func(c *result.Commands) uint64 { return c.Late },
		"retried":      func(c *result.Commands) uint64 { return c.Retried },
		"duplicates":   func(c *result.Commands) uint64 { return c.Duplicates },
	} {
		number(name, func(r *result.Run) float64 { return float64(of(&r.Commands)) })
	}

	for name, of := range map[string]func(*result.Run) *result.Latency{
		"response": func(r *result.Run) *result.Latency { return &r.Latency.Response },
		"service":  func(r *result.Run) *result.Latency { return &r.Latency.Service },
		"commit":   func(r *result.Run) *result.Latency { return &r.Latency.Commit },
		"sync":     syncs,
	} {
		for suffix, part := range map[string]func(*result.Latency) *int64{
			"min":    func(l *result.Latency) *int64 { return l.Min },
			"p50":    func(l *result.Latency) *int64 { return l.P50 },
			"p90":    func(l *result.Latency) *int64 { return l.P90 },
			"p99":    func(l *result.Latency) *int64 { return l.P99 },
			"p99.9":  func(l *result.Latency) *int64 { return l.P999 },
			"p99.99": func(l *result.Latency) *int64 { return l.P9999 },
			"max":    func(l *result.Latency) *int64 { return l.Max },
		} {
			a[name+"."+suffix] = func(r *result.Run) (float64, bool) {
				if v := part(of(r)); v != nil {
					return float64(*v), true
				}
				return 0, false
			}
		}
		a[name+".mean"] = func(r *result.Run) (float64, bool) {
			if v := of(r).Mean; v != nil {
				return *v, true
			}
			return 0, false
		}
	}

	for name, values := range map[string]func(*result.Run) []*int64{
		"detected":     phase(func(e *result.Election) *int64 { return e.Detected }),
		"elected":      phase(func(e *result.Election) *int64 { return e.Elected }),
		"announced":    phase(func(e *result.Election) *int64 { return e.Announced }),
		"first_commit": phase(func(e *result.Election) *int64 { return e.FirstCommit }),
		"unavailable":  outages,
	} {
		a["election."+name+".mean"] = func(r *result.Run) (float64, bool) {
			s := measure.NewSpread(values(r))
			return s.Mean, s.Count > 0
		}
		for suffix, thousandths := range map[string]int{".p99": 990, ".p99.9": 999} {
			a["election."+name+suffix] = func(r *result.Run) (float64, bool) { return Tail(known(values(r)), thousandths) }
		}
		for suffix, part := range map[string]func(*measure.Spread) int64{
			"":     func(s *measure.Spread) int64 { return s.P50 },
			".min": func(s *measure.Spread) int64 { return s.Min },
			".p90": func(s *measure.Spread) int64 { return s.P90 },
			".max": func(s *measure.Spread) int64 { return s.Max },
		} {
			a["election."+name+suffix] = func(r *result.Run) (float64, bool) {
				s := measure.NewSpread(values(r))
				return float64(part(&s)), s.Count > 0
			}
		}
	}
	a["election.rounds"] = func(r *result.Run) (float64, bool) {
		sum, n := 0, 0
		for _, e := range r.Elections {
			if e.Crash != nil {
				sum += e.Rounds
				n++
			}
		}
		return float64(sum) / float64(max(n, 1)), n > 0
	}

	for name, of := range map[string]func(*result.PerCommit) float64{
		"messages":   func(p *result.PerCommit) float64 { return p.Messages },
		"heartbeats": func(p *result.PerCommit) float64 { return p.Heartbeats },
		"catch_up":   func(p *result.PerCommit) float64 { return p.CatchUp },
		"wire_bytes": func(p *result.PerCommit) float64 { return p.WireBytes },
		"log_bytes":  func(p *result.PerCommit) float64 { return p.LogBytes },
		"fsyncs":     func(p *result.PerCommit) float64 { return p.Fsyncs },
		"allocs":     func(p *result.PerCommit) float64 { return p.Allocs },
		"cpu":        func(p *result.PerCommit) float64 { return p.CPU },
	} {
		a[name+"/commit"] = func(r *result.Run) (float64, bool) {
			return of(&r.PerCommit), r.Totals.Commits > 0
		}
	}
	a["election.split_votes"] = func(*result.Run) (float64, bool) { return 0, false } // of trials only
	storageMetrics(a)
	a["commands/entry"] = func(r *result.Run) (float64, bool) {
		return float64(r.Totals.Commits) / float64(max(r.Totals.Entries, 1)), r.Totals.Entries > 0
	}
	return a
}()

// known are the values that are not nil.
func known(values []*int64) (out []int64) {
	for _, v := range values {
		if v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// Tail is the value of rank ceil(q n), q in thousandths; not known where fewer than
// ten values lie beyond.
func Tail(values []int64, thousandths int) (float64, bool) {
	n := len(values)
	if n*(1000-thousandths) < 10*1000 {
		return 0, false
	}
	values = slices.Sorted(slices.Values(values))
	return float64(values[(thousandths*n+999)/1000-1]), true
}

// phase collects an instant of the elections that faults caused, each counted from
// its fault.
func phase(of func(*result.Election) *int64) func(*result.Run) []*int64 {
	return func(r *result.Run) []*int64 {
		var all []*int64
		for i := range r.Elections {
			if e := &r.Elections[i]; e.Crash != nil {
				all = append(all, since(*e.Crash, of(e)))
			}
		}
		return all
	}
}

// outages collects the unavailability around the faults that took the leader away.
func outages(r *result.Run) []*int64 {
	var all []*int64
	for _, c := range changes(r) {
		if c.fault != nil && c.election != nil {
			all = append(all, &c.fault.Unavailable)
		}
	}
	return all
}

// Cells shows a metric of several runs in one unit. Unknown values are blank; nil
// if all are.
func Cells(m measure.Metric, runs []result.Run) []string {
	values := make([]*int64, len(runs))
	out := make([]string, len(runs))
	some := false
	for i := range runs {
		v, known := Value(&runs[i], m.Name)
		if !known {
			continue
		}
		some = true
		switch m.Unit {
		case measure.Nanoseconds:
			ns := int64(math.Round(v))
			values[i] = &ns
		case measure.PerSecond:
			out[i] = rate(&runs[i], v) + "/s"
		case measure.Bytes:
			out[i] = sig3(v) + "B"
		default:
			out[i] = sig3(v)
		}
	}
	if !some {
		return nil
	}
	if m.Unit == measure.Nanoseconds {
		out = times(values)[0]
	}
	return out
}

// rate shows a rate of a run: a live one with four digits.
func rate(r *result.Run, v float64) string {
	if r.Network == bench.NetworkSim {
		return sig3(v)
	}
	return about(v)
}

// Compared are the metrics that the runs of one file are set side by side in, in
// the order of the registry.
func Compared() []measure.Metric {
	names := []string{
		"throughput", "response.p50", "response.p99", "response.p99.9", "response.max", "commit.p50", "commit.p99",
		"unavailable", "election.detected", "election.elected", "election.first_commit", "messages/commit", "wire_bytes/commit",
	}
	var out []measure.Metric
	for _, m := range measure.Metrics() {
		if slices.Contains(names, m.Name) {
			out = append(out, m)
		}
	}
	if len(out) != len(names) {
		panic("report: a metric that is compared is not in the registry")
	}
	return out
}

// Elections returns what a metric such as election.elected was in each of the
// run's elections that a fault caused. Instants that never came are only counted.
// known is false where the metric is no such one, or the run had no elections.
func Elections(r *result.Run, metric string) (values []int64, never int, known bool) {
	if r.Error != "" {
		return nil, 0, false
	}
	of := map[string]func(*result.Run) []*int64{
		"election.detected":     phase(func(e *result.Election) *int64 { return e.Detected }),
		"election.elected":      phase(func(e *result.Election) *int64 { return e.Elected }),
		"election.announced":    phase(func(e *result.Election) *int64 { return e.Announced }),
		"election.first_commit": phase(func(e *result.Election) *int64 { return e.FirstCommit }),
		"election.unavailable":  outages,
		"election.rounds": phase(func(e *result.Election) *int64 {
			rounds := *e.Crash + int64(e.Rounds)
			return &rounds
		}),
	}[metric]
	if of == nil {
		return nil, 0, false
	}
	for _, v := range of(r) {
		if v != nil {
			values = append(values, *v)
		} else {
			never++
		}
	}
	return values, never, len(values)+never > 0
}
