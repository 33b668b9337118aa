package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/workload"
)

// run writes the section of one run.
func (p *page) run(r *result.Run) {
	for i, l := range fill(p.headline(r), ", ", p.width-2) {
		if i > 0 {
			l = "  " + l
		}
		p.line(p.paint(bold, l))
	}
	p.line("")
	if r.Error != "" {
		p.marked(red, "FAILED", Clean(r.Error))
		p.warnings(r)
		return
	}
	p.throughput(r)
	struck := p.struck(r)
	if !struck {
		p.strip(r)
	}
	p.line("")
	p.latency(r)
	p.histogram(&r.Latency.Response)
	p.line("")
	p.regions(r)
	p.faults(r)
	if struck {
		p.timeline(r)
	}
	p.perCommit(r)
	p.processors(r)
	p.storage(r)
	p.line("")
	p.verdict(r)
	p.warnings(r)
}

// headline says what was run, in the order in which people would tell it.
func (p *page) headline(r *result.Run) []string {
	c := &p.cfg
	parts := []string{Clean(r.Protocol), plural(r.Nodes, "node")}
	if q1, q2 := c.Quorums(); c.Q1 != 0 || c.Q2 != 0 {
		parts = append(parts, fmt.Sprintf("q1 %d q2 %d", q1, q2))
	}
	network := Clean(r.Network)
	if c.Processes {
		network += " processes"
	}
	if c.Topology != "" {
		network += " " + Clean(c.Topology)
		if c.Jitter > 0 {
			network += " +-" + short(int64(c.Jitter))
		}
	} else if c.Delay > 0 {
		network += " " + plusMinus(int64(c.Delay), int64(c.Jitter))
	} else if r.Network == bench.NetworkSim {
		network += " without delay"
	}
	parts = append(parts, network)
	if r.Network == bench.NetworkSim {
		parts = append(parts, costOf(c))
	}
	if c.Loss > 0 {
		parts = append(parts, strconv.FormatFloat(c.Loss*100, 'f', -1, 64)+"% loss")
	}
	if c.Storage != "" {
		storage := Clean(c.Storage)
		if c.Fsync != "" {
			storage += " fsync " + Clean(c.Fsync)
		}
		if !c.Durable() {
			storage += " NOT DURABLE"
		}
		if c.SyncLatency > 0 {
			storage += " sync " + short(int64(c.SyncLatency))
		}
		parts = append(parts, storage)
	}
	if n := len(c.Phases); n > 0 {
		parts = append(parts, "open loop in "+plural(n, "phase")+" "+Clean(c.Arrival))
	} else if c.Rate > 0 {
		parts = append(parts, "open loop "+sig3(c.Rate)+"/s "+Clean(c.Arrival))
	} else {
		loop := "closed loop " + plural(c.Clients, "client")
		if c.Inflight > 1 {
			loop += " x " + strconv.Itoa(c.Inflight)
		}
		parts = append(parts, loop)
	}
	parts = append(parts, workload.Size(c.Size).String())
	if c.Keys > 0 {
		parts = append(parts, plural(c.Keys, "key"))
	}
	return append(parts, "seed "+strconv.FormatUint(r.Seed, 10))
}

func (p *page) throughput(r *result.Run) {
	k := &r.Commands
	number := func(v float64) string { return rate(r, v) }
	rate := number(r.Throughput) + " commands/s"
	if p.cfg.Rate > 0 && r.Measured > 0 {
		offered, asked := number(float64(k.Offered)/(float64(r.Measured)/1e9)), number(p.cfg.Rate)
		rate += " of " + offered + "/s offered"
		if offered != asked {
			rate += " (asked for: " + asked + "/s)" // Poisson arrivals come as they come
		}
	}
	over := "over " + short(r.Measured)
	if r.Interrupted {
		over = "over " + short(r.Measured/1e7*1e7)
	}
	if r.Interrupted {
		over += " of " + short(int64(p.cfg.Duration)) + ": interrupted"
	}
	p.labelled("THROUGHPUT", "   ", rate, over,
		"goodput "+number(r.Goodput)+"/s (answered within "+short(int64(p.cfg.Timeout))+")")

	parts := []string{Count(k.Offered) + " offered", Count(k.Acknowledged) + " acknowledged"}
	for _, x := range []struct {
		n    uint64
		name string
	}{
		{k.Refused, "refused"},
		{k.TimedOut, "never sent"},
		{k.Unknown, "of unknown fate"},
		{k.Late, "late"},
		{k.Retried, "retries"},
		{k.Duplicates, "duplicates without effect"},
		{r.Totals.Overflowed, "frames dropped by full queues"},
	} {
		if x.n > 0 {
			parts = append(parts, Count(x.n)+" "+x.name)
		}
	}
	p.labelled("COMMANDS", "   ", parts...)
}

func (p *page) latency(r *result.Run) {
	if r.Latency.Response.Count == 0 {
		p.labelled("LATENCY", "", "no command was acknowledged")
		return
	}
	type row struct {
		name string
		l    *result.Latency
	}
	rows := []row{{" response", &r.Latency.Response}}
	if differ(&r.Latency.Response, &r.Latency.Service) {
		rows = append(rows, row{" service", &r.Latency.Service})
	}
	rows = append(rows, row{" commit", &r.Latency.Commit})
	if r.Storage != nil && r.Storage.Sync.Count > 0 {
		rows = append(rows, row{" sync", &r.Storage.Sync})
	}

	g := &grid{header: []string{"LATENCY  "}, rows: make([][]string, len(rows))}
	var columns [][]*int64
	blank := false
	for i, r := range rows {
		g.rows[i] = []string{r.name}
	}
	for _, c := range []struct {
		name string
		of   func(*result.Latency) *int64
	}{
		{"min", func(l *result.Latency) *int64 { return l.Min }},
		{"p50", func(l *result.Latency) *int64 { return l.P50 }},
		{"p90", func(l *result.Latency) *int64 { return l.P90 }},
		{"p99", func(l *result.Latency) *int64 { return l.P99 }},
		{"p99.9", func(l *result.Latency) *int64 { return l.P999 }},
		{"p99.99", func(l *result.Latency) *int64 { return l.P9999 }},
		{"max", func(l *result.Latency) *int64 { return l.Max }},
		{"mean", mean},
	} {
		if c.name == "min" && !p.wide() {
			continue
		}
		column := make([]*int64, len(rows))
		for i, r := range rows {
			column[i] = c.of(r.l)
			blank = blank || column[i] == nil && r.l.Count > 0
		}
		g.header = append(g.header, c.name)
		columns = append(columns, column)
	}
	for _, cells := range times(columns...) {
		g.extend(cells)
	}
	if p.wide() {
		g.header = append(g.header, "samples")
		for i, r := range rows {
			g.rows[i] = append(g.rows[i], Count(r.l.Count))
		}
	}
	p.table(g, "p90", "mean")
	if blank {
		p.line(p.paint(dim, " (blank: too few samples to know)"))
	}
	if p.cfg.Rate == 0 && len(r.Faults) > 0 {
		for _, l := range Wrap("(closed loop: a client that waits out a stall counts it once; with --rate every command that was due does)", p.width-1) {
			p.line(p.paint(dim, " "+l))
		}
	}
	for _, r := range rows {
		if r.l.Overflow > 0 {
			p.line(fmt.Sprintf(" (%s: %s above the histogram's range)", strings.TrimSpace(r.name), Count(r.l.Overflow)))
		}
	}
}

func mean(l *result.Latency) *int64 {
	if l.Mean == nil {
		return nil
	}
	ns := int64(*l.Mean + 0.5)
	return &ns
}

// differ reports whether two latencies show different figures.
func differ(a, b *result.Latency) bool {
	same := func(x, y *int64) bool { return x == nil && y == nil || x != nil && y != nil && *x == *y }
	return b.Count > 0 && !(a.Count == b.Count && same(a.Min, b.Min) && same(a.P50, b.P50) && same(a.P90, b.P90) &&
		same(a.P99, b.P99) && same(a.P999, b.P999) && same(a.P9999, b.P9999) && same(a.Max, b.Max) && same(mean(a), mean(b)))
}

func (p *page) perCommit(r *result.Run) {
	if r.Totals.Commits == 0 {
		p.labelled("PER COMMIT", "", "nothing was committed")
		return
	}
	c := &r.PerCommit
	parts := []string{
		sig3(c.Messages) + " messages", sig3(c.WireBytes) + "B sent", sig3(c.LogBytes) + "B logged",
		sig3(c.Fsyncs) + " syncs", sig3(c.Allocs) + " allocations",
	}
	if r.Network != bench.NetworkSim { // there it is the simulator's
		parts = append(parts, duration(c.CPU)+" CPU")
	}
	if r.Totals.Entries > 0 {
		parts = append(parts, sig3(float64(r.Totals.Commits)/float64(r.Totals.Entries))+" commands an entry")
	}
	if c.Heartbeats > 0 || c.CatchUp > 0 {
		parts = append(parts, "apart: "+sig3(c.Heartbeats)+" heartbeats, "+sig3(c.CatchUp)+" catch-up")
	}
	p.labelled("PER COMMIT", "   ", parts...)
}

func (p *page) verdict(r *result.Run) {
	v := &r.Verdict
	if v.Correct {
		var parts []string
		for _, c := range v.Checks {
			part := Clean(c.Name)
			if c.Detail != "" {
				part += " (" + Clean(c.Detail) + ")"
			}
			parts = append(parts, part)
		}
		if !p.cfg.Durable() {
			parts = append(parts, "but NOT DURABLE (--fsync off: nothing is on stable storage when it is acknowledged)")
		}
		p.beside(green, "CORRECT", fill(parts, "   ", p.width-margin))
		return
	}
	switch v.Word() {
	case "UNCHECKED":
		p.marked(yellow, "UNCHECKED", "the run ended before anything was verified: its figures do not count")
		return
	case "UNDECIDED":
		p.marked(yellow, "UNDECIDED", "nothing wrong was found, but not everything could be checked: the figures above do not count")
	default:
		p.marked(red, "INCORRECT", "the figures above do not count: a check failed")
	}
	for _, c := range v.Checks {
		mark, col := " ok", green
		switch {
		case c.Undecided:
			mark, col = " OPEN", yellow
		case !c.OK:
			mark, col = " FAIL", red
		}
		text := Clean(c.Name)
		if c.Detail != "" {
			text += ": " + Clean(c.Detail)
		}
		p.marked(col, mark, text)
		if c.Drawing != "" {
			p.beside("", " DRAWN", []string{Clean(c.Drawing)}) // names of files stay whole
		}
	}
	if v.Trace != "" {
		p.beside("", " TRACE", append([]string{Clean(v.Trace)}, Wrap("the last events of each replica, for a live run cannot be replayed", p.width-margin)...))
	}
}

func (p *page) warnings(r *result.Run) {
	for i, w := range r.Warnings {
		p.marked(yellow, "WARNING "+strconv.Itoa(i+1), Clean(w))
	}
}
