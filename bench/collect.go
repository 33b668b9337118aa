package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// collect turns what the parts have noted down into a result. The cluster has
// stopped.
func (r *runner) collect() *result.Run {
	length := r.to - r.from
	ledger, outages := r.ledger(), r.outages(length)
	totals := r.after.cluster
	totals.Sub(&r.before.cluster)
	run := &result.Run{
		Protocol: r.protocol.Name, Network: r.cfg.Network, Nodes: r.cfg.Nodes, Seed: r.cfg.Seed, Rep: 1, Leaderless: r.protocol.Leaderless,
		Fingerprint: r.cfg.fingerprint(r.protocol.Name),
		Measured:    int64(length), Interrupted: r.interrupted,
		Commands: result.Commands{
			Offered: ledger.Issued, Acknowledged: ledger.Acknowledged, Refused: ledger.Refused,
			TimedOut: ledger.TimedOut, Unknown: ledger.Unknown,
			Late: ledger.Late, Retried: ledger.Retried, Duplicates: totals.Duplicates,
		},
		Latency: result.Latencies{
			Response: latency(ledger.Response), Service: latency(ledger.Service), Commit: latency(r.cluster.CommitLatency()),
		},
		Series:      r.intervals(length),
		Faults:      r.faultRecords(outages, length),
		Elections:   []result.Election{},
		Unavailable: int64(outages.Longest()),
		Livelocks:   r.livelocks(outages),
		Regions:     r.byRegion,
		Verdict:     r.verdict(),
	}
	if seconds := time.Duration(length).Seconds(); seconds > 0 {
		run.Throughput = float64(ledger.Throughput) / seconds
		run.Goodput = float64(ledger.Goodput) / seconds
	}
	elections := r.elections(ledger.Terms)
	for _, e := range elections {
		run.Elections = append(run.Elections, result.Election{
			Crash: e.Crash, Detected: e.Detected, Elected: e.Elected, Announced: e.Announced, FirstCommit: e.FirstCommit,
			Rounds: e.Rounds, Leader: uint32(e.Leader), Term: e.Term,
		})
	}
	run.Distributions = r.distributions(elections, run.Faults)
	r.costs(run, &totals.Costs, totals.Commits, totals.Entries)
	run.Storage = r.storage(totals.Commits)
	run.Cost = r.cost()
	run.Totals.Stopped = r.faults.stops(run.Faults)
	for _, id := range r.cluster.NonVoters() {
		run.Totals.NonVoters = append(run.Totals.NonVoters, uint32(id))
	}
	run.Warnings = r.warnings(run, &ledger)
	if err := r.trace(&run.Verdict); err != nil {
		run.Warnings = append(run.Warnings, err.Error())
	}
	run.Wall = int64(time.Since(r.started))
	return run
}

// ledger adds up those of all workers.
func (r *runner) ledger() client.Ledger {
	var sum client.Ledger
	for i, w := range r.cluster.Workers() {
		l := w.Ledger(r.to)
		r.inFlight += l.InFlight.Mean(r.to - r.from)
		if r.cfg.Topology != "" {
			r.byRegion = append(r.byRegion, r.region(i, &l))
		}
		if i == 0 {
			sum = l
		} else {
			sum.Add(&l)
		}
	}
	return sum
}

func (r *runner) outages(length smr.Time) *measure.Outages {
	var all []*measure.Availability
	for _, w := range r.cluster.Workers() {
		all = append(all, w.Gaps)
	}
	return measure.NewOutages(length, all...)
}

func latency(h *measure.Histogram) result.Latency {
	l := result.Latency{Count: h.Count(), Overflow: h.Overflow(), HDR: h.Encode()}
	if h.Count() == 0 {
		return l
	}
	lowest, highest, mean := int64(h.Min()), int64(h.Max()), h.Mean()
	l.Min, l.Max, l.Mean = &lowest, &highest, &mean
	quantile := func(q float64) *int64 {
		v, enough := h.Quantile(q)
		if !enough {
			return nil
		}
		n := int64(v)
		return &n
	}
	l.P50, l.P90, l.P99, l.P999, l.P9999 = quantile(.5), quantile(.9), quantile(.99), quantile(.999), quantile(.9999)
	return l
}

// batching is the distribution of sizes that h holds in the place of times.
func batching(h *measure.Histogram) (b result.Batching) {
	if h.Count() == 0 {
		return b
	}
	p50, _ := h.Quantile(.5)
	p99, _ := h.Quantile(.99)
	return result.Batching{Mean: h.Mean(), P50: int64(p50), P99: int64(p99), Max: int64(h.Max())}
}

func (r *runner) intervals(length smr.Time) []result.Interval {
	rows := r.series.Rows(length)
	out := make([]result.Interval, len(rows))
	for i, row := range rows {
		out[i] = result.Interval{T: int64(row.T), Acknowledged: row.Acknowledged, P50: row.P50, P99: row.P99}
		if i < len(r.leaders) {
			out[i].Leader = uint32(r.leaders[i])
		}
	}
	return out
}

// faultRecords says what each fault did to the service: the longest gap that
// is of the time from it to the next fault.
func (r *runner) faultRecords(o *measure.Outages, length smr.Time) []result.Fault {
	out := []result.Fault{}
	for i, s := range r.faults.strikes {
		end := length
		if i+1 < len(r.faults.strikes) {
			end = smr.Time(r.faults.strikes[i+1].record.At)
		}
		f := s.record
		if f.Skipped == "" {
			f.Unavailable = int64(o.During(smr.Time(f.At), max(end, smr.Time(f.At)+1)))
		}
		out = append(out, f)
	}
	return out
}

func (r *runner) elections(terms []client.FirstCommit) []measure.Election {
	log := measure.ElectionLog{Start: r.from, Members: r.faults.Members(), Logs: r.cluster.Events(), FirstAcks: make(map[uint64]smr.Time)}
	for _, t := range terms {
		log.FirstAcks[t.Term] = t.At
	}
	for _, s := range r.faults.strikes {
		out := s.effect.Out(s.action.Fault.Verb, log.Members)
		if s.record.Skipped != "" || len(out) == 0 {
			continue
		}
		until := smr.Never
		if s.until != smr.Never {
			until = r.from + s.until
		}
		log.Outages = append(log.Outages, measure.Outage{
			At: r.from + smr.Time(s.record.At), Until: until, Nodes: out, Crash: s.action.Fault.Verb.Stops(),
		})
	}
	all := log.Elections()
	return slices.DeleteFunc(all, func(e measure.Election) bool {
		// Those before the window, and what undoing the faults at its end set off.
		return e.Crash == nil && e.Elected != nil && (*e.Elected < 0 || *e.Elected >= int64(r.to-r.from))
	})
}

func (r *runner) distributions(elections []measure.Election, faults []result.Fault) *result.Distributions {
	var gaps []*int64
	for i, s := range r.faults.strikes {
		if s.leader != smr.None {
			gaps = append(gaps, &faults[i].Unavailable)
		}
	}
	if len(gaps) < 2 {
		return nil
	}
	p := measure.NewPhases(elections)
	return &result.Distributions{
		Detected: spread(p.Detected), Elected: spread(p.Elected), Announced: spread(p.Announced),
		FirstCommit: spread(p.FirstCommit), Unavailable: spread(measure.NewSpread(gaps)),
	}
}

func spread(s measure.Spread) result.Spread {
	return result.Spread{Count: s.Count, Never: s.Never, Min: s.Min, P50: s.P50, P90: s.P90, Max: s.Max, Mean: s.Mean}
}

func (r *runner) costs(run *result.Run, c *measure.Costs, commits, entries uint64) {
	per := c.Per(commits, r.after.usage.Sub(r.before.usage))
	run.PerCommit = result.PerCommit(per)
	t := &run.Totals
	*t = result.Totals{
		Commits: commits, Entries: entries,
		Frames: make(map[string]uint64), FrameBytes: make(map[string]uint64),
		Dropped: c.Dropped, Overflowed: c.Overflowed,
		LogBytes: c.LogBytes, Fsyncs: c.Fsyncs, Snapshots: c.Snapshots, Installs: c.Installs,
		Recoveries: []result.Recovery{}, Events: r.cluster.Simulated(),
	}
	for k := range smr.Kind(smr.Kinds) {
		t.Frames[k.String()], t.FrameBytes[k.String()] = c.Frames[k], c.FrameBytes[k]
	}
	for _, s := range r.cluster.Restarts() {
		t.Recoveries = append(t.Recoveries, result.Recovery{
			Node: uint32(s.Node), At: int64(s.At - r.from), Took: int64(s.Took), Records: s.Records, Bytes: s.Bytes, Torn: s.Torn, Lost: s.Lost,
		})
	}
}

// fingerprint is a hash of what makes two runs comparable: the protocol and all
// that the configuration says, where and how excepted.
func (c *Config) fingerprint(protocol string) string {
	comparable := *c
	comparable.Protocols = []string{protocol}
	comparable.Repeat = 0 // each run has its own seed
	comparable.Check = "" // keys are checked, whoever asked for them
	comparable.Dir, comparable.Keep, comparable.Listen, comparable.GOGC = "", false, "", 0
	raw, err := json.Marshal(comparable)
	if err != nil {
		panic(err) // a Config holds nothing that JSON cannot
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
