package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench/result"
)

// listed is how many faults are shown one by one; of more, the distributions.
const listed = 3

// change is one row of the list: a fault, the election it caused, or both.
type change struct {
	fault    *result.Fault
	election *result.Election
}

// changes pairs each fault with the election it caused, in the order of time.
// Elections without a fault stand where they happened.
func changes(r *result.Run) []change {
	caused := map[int64][]*result.Election{} // by the instant of the fault
	var out []change
	for i := range r.Elections {
		if e := &r.Elections[i]; e.Crash != nil {
			caused[*e.Crash] = append(caused[*e.Crash], e)
		} else {
			out = append(out, change{election: e})
		}
	}
	for i := range r.Faults {
		c := change{fault: &r.Faults[i]}
		if list := caused[c.fault.At]; len(list) > 0 && c.fault.Skipped == "" {
			c.election, caused[c.fault.At] = list[0], list[1:]
		}
		out = append(out, c)
	}
	for _, list := range caused { // by a fault that the file does not hold
		for _, e := range list {
			out = append(out, change{election: e})
		}
	}
	slices.SortStableFunc(out, func(a, b change) int { return cmp.Compare(a.at(), b.at()) })
	return out
}

// began is when an election became visible.
func began(e *result.Election) int64 {
	for _, t := range []*int64{e.Crash, e.Detected, e.Elected, e.Announced, e.FirstCommit} {
		if t != nil {
			return *t
		}
	}
	return 0
}

func (c change) at() int64 {
	if c.fault != nil {
		return c.fault.At
	}
	return began(c.election)
}

// faults writes what was done to the cluster and how it recovered.
func (p *page) faults(r *result.Run) {
	if len(r.Faults) == 0 && len(r.Elections) == 0 {
		if r.Unavailable > 0 {
			p.unavailable(r)
		}
		return
	}
	applied := 0
	for _, f := range r.Faults {
		if f.Skipped == "" {
			applied++
		}
	}
	if applied > listed && r.Distributions != nil {
		p.distributions(r, applied)
	} else {
		p.list(r)
	}
	skipped := map[string]int{}
	var order []string
	for _, f := range r.Faults {
		if f.Skipped != "" {
			text := Clean(f.Action) + " " + Clean(f.Role) + " at " + seconds(f.Intended) + " skipped: " + Clean(f.Skipped)
			if applied > listed || len(r.Faults) > 2*listed {
				text = Clean(f.Action) + " " + Clean(f.Role) + " skipped: " + Clean(f.Skipped)
			}
			if skipped[text]++; skipped[text] == 1 {
				order = append(order, text)
			}
		}
	}
	for _, text := range order {
		if n := skipped[text]; n > 1 {
			text += " (" + strconv.Itoa(n) + " times)"
		}
		for _, l := range Wrap(text, p.width-1) {
			p.line(" " + l)
		}
	}
	p.stops(r)
	p.line("")
	p.unavailable(r)
}

func (p *page) unavailable(r *result.Run) {
	p.labelled("UNAVAILABLE", "", duration(float64(r.Unavailable))+": the longest time without an acknowledgement")
	p.livelocks(r)
}

// list shows each fault and election in a row of its own, times counted from the
// fault.
func (p *page) list(r *result.Run) {
	rows := changes(r)
	g := &grid{header: []string{"FAULTS", "t"}}
	if p.wide() {
		g.header = append(g.header, "until")
	}
	for _, c := range rows {
		name, until := " election", ""
		if f := c.fault; f != nil {
			name = " " + Clean(f.Action)
			if f.Amount != "" {
				name += " " + Clean(f.Amount)
			}
			if f.Target != "" {
				name += " " + Clean(f.Target)
			}
			if !p.wide() && f.Until != nil {
				name += " for " + short(round2(*f.Until-f.At))
			}
			if p.wide() && f.Role != "" && f.Role != f.Target {
				name += " (" + Clean(f.Role) + ")"
			}
			until = "the end"
			if f.Until != nil {
				until = seconds(*f.Until)
			}
		}
		row := []string{name, seconds(c.at())}
		if p.wide() {
			row = append(row, until)
		}
		g.rows = append(g.rows, row)
	}
	var columns [][]*int64
	for _, phase := range []struct {
		name string
		of   func(*result.Election) *int64
	}{
		{"detected", func(e *result.Election) *int64 { return e.Detected }},
		{"elected", func(e *result.Election) *int64 { return e.Elected }},
		{"announced", func(e *result.Election) *int64 { return e.Announced }},
		{"first\ncommit", func(e *result.Election) *int64 { return e.FirstCommit }},
	} {
		column := make([]*int64, len(rows))
		for i, c := range rows {
			if c.election != nil {
				column[i] = since(c.at(), phase.of(c.election))
			}
		}
		g.header = append(g.header, phase.name)
		columns = append(columns, column)
	}
	unavailable := make([]*int64, len(rows))
	rounds, leaders := make([]string, len(rows)), make([]string, len(rows))
	for i, c := range rows {
		if c.fault != nil && c.fault.Skipped == "" {
			unavailable[i] = &c.fault.Unavailable
		}
		if c.election != nil {
			rounds[i] = strconv.Itoa(c.election.Rounds)
			if c.election.Leader != 0 {
				leaders[i] = "n" + strconv.FormatUint(uint64(c.election.Leader), 10)
			}
		}
	}
	for _, cells := range times(append(columns, unavailable)...) {
		g.extend(cells)
	}
	g.header = append(g.header, "unavail-\nable", "rounds")
	g.extend(rounds)
	if p.wide() {
		g.header = append(g.header, "leader")
		g.extend(leaders)
	}
	if r.Leaderless {
		for _, h := range []string{"detected", "elected", "announced", "first\ncommit", "rounds", "leader"} {
			g.drop(slices.Index(g.header, h))
		}
	}
	p.table(g, "rounds", "announced")
	if r.Leaderless {
		p.line(p.paint(dim, " (any replica may propose: there is no leader to elect)"))
	}
}

// since is t counted from start; nil stays nil.
func since(start int64, t *int64) *int64 {
	if t == nil {
		return nil
	}
	d := *t - start
	return &d
}

// distributions shows the phases over many faults.
func (p *page) distributions(r *result.Run, applied int) {
	d := r.Distributions
	g := &grid{header: []string{plural(applied, "FAULT"), "times", "never", "min", "p50", "p90", "max", "mean"}}
	if applied != 1 {
		g.header[0] = group(strconv.Itoa(applied)) + " FAULTS"
	}
	rows := []struct {
		name string
		s    *result.Spread
	}{
		{" detected", &d.Detected}, {" elected", &d.Elected}, {" announced", &d.Announced},
		{" first commit", &d.FirstCommit}, {" unavailable", &d.Unavailable},
	}
	if r.Leaderless {
		rows = rows[4:]
	}
	columns := make([][]*int64, 5)
	for _, row := range rows {
		g.add(row.name, strconv.Itoa(row.s.Count), strconv.Itoa(row.s.Never))
		m := int64(row.s.Mean + 0.5)
		for i, v := range []*int64{&row.s.Min, &row.s.P50, &row.s.P90, &row.s.Max, &m} {
			if row.s.Count == 0 || i == 2 && row.s.Count < enoughForP90 {
				v = nil
			}
			columns[i] = append(columns[i], v)
		}
	}
	for _, cells := range times(columns...) {
		g.extend(cells)
	}
	p.table(g)
	if applied < enoughForP90 {
		p.line(p.paint(dim, " (p90: blank where fewer than 100 times can tell it)"))
	}
}

// enoughForP90 is how many values it takes for ten to lie beyond the 90th percentile.
const enoughForP90 = 100
