package report

import (
	"encoding/json"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// Words and figures of the tables, for pages that show the same things otherwise.
// Names in them are as in the tables: control characters are escaped.

// Duration shows a time in nanoseconds: 1.92ms.
func Duration(ns float64) string { return duration(ns) }

// Short shows a time that somebody chose: 1ms, 1.5s, 2m30s.
func Short(ns int64) string { return short(ns) }

// Number shows x with three significant digits and all of its whole part.
func Number(x float64) string { return sig3(x) }

// Rate shows commands a second of a run, a live one with four digits.
func Rate(r *result.Run, v float64) string { return rate(r, v) + "/s" }

// Ratio shows a ratio with three digits after the point where it is about one.
func Ratio(x float64) string { return ratio3(x) }

// Change shows a relative change: +12.3%, -0.04%.
func Change(x float64) string { return signedPercent(x) }

// Times shows columns of times, each in one unit; nil is blank.
func Times(columns ...[]*int64) [][]string { return times(columns...) }

// Headline says what was run, in the order in which people would tell it: the
// protocol first, the seed last.
func Headline(r *result.Run, config json.RawMessage) []string {
	p := &page{}
	if json.Unmarshal(config, &p.cfg) != nil {
		p.cfg = bench.Config{}
	}
	return p.headline(r)
}

// Ahead says in words who was ahead, of the runs that count.
func Ahead(runs []result.Run, titles []string) string { return closing(runs, titles) }

// Setting names a setting of trials: raft 150ms-300ms.
func Setting(c *result.ElectionConfig) string { return settingName(c) }

// Conditions is what the trials of all settings have in common.
func Conditions(e *result.Elections) string {
	if len(e.Settings) == 0 {
		return ""
	}
	return strings.Join(said(func(p *page) { p.electionConditions(&e.Settings[0].Config, e.Settings) }), "; ")
}

// Machine is what figures were measured on, and what it can do at best.
func Machine(e *result.Environment) []string {
	return said(func(p *page) {
		p.file = &result.File{Environment: *e}
		p.machine()
	})
}

// Remarks are what a run has to say beside its figures: replicas that stopped,
// livelocks, and what its log on disk did.
func Remarks(r *result.Run) []string {
	return said(func(p *page) {
		p.stops(r)
		p.livelocks(r)
		p.storage(r)
	})
}

// SweepCurve names a curve of a sweep. It is the caller's to clean.
func SweepCurve(s *result.Sweep, c *result.SweepCurve) string { return curveName(s, c) }

// SweepConditions is what is swept, and what all points have in common.
func SweepConditions(s *result.Sweep) []string {
	return said(func(p *page) {
		if json.Unmarshal(s.Config, &p.cfg) != nil {
			p.cfg = bench.Config{}
		}
		p.sweepConditions(s)
	})
}

// SweepFindings is what a sweep comes to: what was found, knees, and what does not count.
func SweepFindings(s *result.Sweep) []string {
	p := &page{width: 1 << 20}
	p.sweepClosing(s)
	p.sweepNotes(s)
	var out []string
	for line := range strings.Lines(p.out.String()) {
		if words := strings.Fields(line); len(words) > 0 {
			out = append(out, strings.Join(words, " "))
		}
	}
	return out
}

// said is the lines of a part of a table that has all the room it wants, without labels.
func said(part func(*page)) []string {
	p := &page{width: 1 << 20}
	part(p)
	var out []string
	for line := range strings.Lines(p.out.String()) {
		if len(line) > margin && line[margin-1] == ' ' {
			line = line[margin:]
		}
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
