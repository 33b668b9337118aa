package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// Limits of the exact layer.
const (
	Tolerance      = 0.001   // relative, either direction
	AllocTolerance = 0.01    // allocations a command, upward
	AllocCommands  = 100_000 // commands that allocations are counted over, at least
)

const allocs = "allocs/commit"

// Source is a result file to repeat and the configuration that it brings.
type Source struct {
	Name   string // of the file, or the revision
	File   *result.File
	Config bench.Config
}

// virtual are the runs that can be repeated.
func (s *Source) virtual() []*result.Run {
	var runs []*result.Run
	for i := range s.File.Runs {
		if r := &s.File.Runs[i]; r.Network == bench.NetworkSim {
			runs = append(runs, r)
		}
	}
	return runs
}

// title names a run, with its seed where the name alone does not tell it apart.
func (s *Source) title(r *result.Run) string {
	for _, other := range s.virtual() {
		if other != r && other.Name() == r.Name() {
			return fmt.Sprintf("%s seed %d", r.Name(), r.Seed)
		}
	}
	return r.Name()
}

// Virtual is how many runs can be repeated.
func (s *Source) Virtual() int { return len(s.virtual()) }

// Skipped names the runs that are not repeated.
func (s *Source) Skipped() []result.GateSkip {
	var out []result.GateSkip
	for i := range s.File.Runs {
		if r := &s.File.Runs[i]; r.Network != bench.NetworkSim {
			out = append(out, result.GateSkip{Source: s.Name, Run: r.Name(), Why: "live: not repeatable, hold it against a revision (--against)"})
		}
	}
	return out
}

// Usable reports what keeps the file's virtual runs from being a baseline. A file
// without any is one only beside others that have some.
func (s *Source) Usable() error {
	if s.File.Interrupted {
		return fmt.Errorf("%s: interrupted: true: a run that was cut short is no baseline", s.Name)
	}
	runs := s.virtual()
	for i := range s.File.Runs {
		r := &s.File.Runs[i]
		field := func(name, format string, args ...any) error {
			return fmt.Errorf("%s: runs[%d].%s: %s", s.Name, i, name, fmt.Sprintf(format, args...))
		}
		switch {
		case r.Network != bench.NetworkSim:
		case r.Error != "":
			return field("error", "a run that failed is no baseline: %s", r.Error)
		case r.Interrupted:
			return field("interrupted", "a run that was cut short is no baseline")
		case len(r.Verdict.Checks) == 0:
			return field("verdict.checks", "empty: a run that was not verified is no baseline")
		case !r.Verdict.Correct || slices.ContainsFunc(r.Verdict.Checks, func(c result.Check) bool { return !c.OK }):
			return field("verdict", "an incorrect run is no baseline")
		case r.Totals.Commits == 0:
			return field("totals.commits", "0: a run without a command is no baseline")
		}
	}
	for _, p := range s.Config.Protocols {
		if len(runs) > 0 && !slices.ContainsFunc(runs, func(r *result.Run) bool { return r.Protocol == p }) {
			return fmt.Errorf("%s: runs: none of %s, which the file's configuration asks for", s.Name, p)
		}
	}
	return readable(s)
}

// Matches reports every threshold that holds nothing of these sources: none of
// their virtual runs or trials has a figure for its metric.
func Matches(sources []Source, thresholds []stat.Threshold, trials ...Trials) []error {
	var errs []error
	for _, t := range thresholds {
		found := slices.ContainsFunc(trials, func(s Trials) bool { return s.has(t.Metric.Name) })
		for i := range sources {
			for _, r := range sources[i].virtual() {
				_, known := report.Value(r, t.Metric.Name)
				found = found || known && (t.Metric.Exact || t.Metric.Name == allocs && countable(&sources[i].Config, r) == "")
			}
		}
		switch {
		case found:
		case t.Metric.Name == allocs:
			errs = append(errs, fmt.Errorf("threshold %q matches nothing: allocations are held where at least %s commands ran without faults", t, report.Count(AllocCommands)))
		case !t.Metric.Exact:
			errs = append(errs, fmt.Errorf("threshold %q matches nothing: %s is measured in wall-clock time, which needs --against", t, t.Metric.Name))
		default:
			errs = append(errs, fmt.Errorf("threshold %q matches nothing: no virtual run has a figure for %s", t, t.Metric.Name))
		}
	}
	return errs
}

// Exact holds the virtual runs of fresh against those of a source. Thresholds take
// the place of the tolerance of their metrics.
func Exact(s *Source, fresh *result.File, thresholds []stat.Threshold) ([]result.GateRow, []result.GateSkip) {
	var rows []result.GateRow
	var skipped []result.GateSkip
	for _, old := range s.virtual() {
		i := slices.IndexFunc(fresh.Runs, func(r result.Run) bool {
			return r.Protocol == old.Protocol && r.Seed == old.Seed && r.Rep == old.Rep
		})
		if i < 0 {
			rows = append(rows, result.GateRow{
				Layer: result.LayerExact, Source: s.Name, Run: s.title(old), Metric: "run", Outcome: stat.Fail.String(), Note: "the baseline has it, it did not run now",
			})
			continue
		}
		for _, m := range measure.Metrics() {
			row, ok := exactRow(s, m, old, &fresh.Runs[i])
			switch {
			case m.Name == allocs && ok:
				if why := countable(&s.Config, old); why != "" {
					skipped = append(skipped, result.GateSkip{Source: s.Name, Run: s.title(old), Metric: m.Name, Why: why})
					continue
				}
			case !m.Exact || !ok:
				continue
			}
			rows = append(rows, judgeExact(row, m, thresholds)...)
		}
		rows = append(rows, expectations(s, old, &fresh.Runs[i])...)
	}
	return rows, skipped
}

// Changes are the rows of an update: changed is what is not what it was, be it by
// ever so little; allocations are if they went beyond their tolerance, up or down.
func Changes(s *Source, fresh *result.File) []result.GateRow {
	rows, _ := Exact(s, fresh, nil)
	return changed(rows)
}

func changed(rows []result.GateRow) []result.GateRow {
	for i := range rows {
		r := &rows[i]
		same := r.Change != nil && *r.Change == 0
		if r.Metric == allocs && r.Old != nil && r.New != nil {
			same = math.Abs(*r.New-*r.Old) <= AllocTolerance
		}
		if r.Outcome = stat.Pass.String(); !same {
			r.Outcome = Changed
		}
	}
	return rows
}

// Replacement is fresh with the live runs of the source, which nothing repeated.
func (s *Source) Replacement(fresh *result.File) *result.File {
	out := *fresh
	out.Scenario, out.Expectations = s.File.Scenario, again(s, fresh.Runs)
	out.Runs = slices.Clone(fresh.Runs)
	for _, r := range s.File.Runs {
		if r.Network != bench.NetworkSim {
			out.Runs = append(out.Runs, r)
		}
	}
	return &out
}

// countable says why the allocations of a run cannot be held, if they cannot.
func countable(c *bench.Config, r *result.Run) string {
	switch {
	case len(c.Faults) > 0 || c.Loss > 0:
		return "not counted where there are faults"
	case r.Totals.Commits < AllocCommands:
		return fmt.Sprintf("counted over %s commands and more", report.Count(AllocCommands))
	}
	return ""
}

// exactRow is a row without limit and outcome; false if neither side has a figure.
func exactRow(s *Source, m measure.Metric, old, fresh *result.Run) (result.GateRow, bool) {
	row := result.GateRow{Layer: result.LayerExact, Source: s.Name, Run: s.title(old), Metric: m.Name, Unit: m.Unit}
	before, hadOld := report.Value(old, m.Name)
	now, hasNew := report.Value(fresh, m.Name)
	return row, figures(&row, before, hadOld, now, hasNew)
}

// figures fills in what is known; false if nothing is.
func figures(row *result.GateRow, before float64, hadOld bool, now float64, hasNew bool) bool {
	if hadOld {
		row.Old = &before
	}
	if hasNew {
		row.New = &now
	}
	if hadOld && hasNew {
		row.Change = change(before, now)
	}
	return hadOld || hasNew
}

// change is relative; nil from zero.
func change(before, now float64) *float64 {
	share := now/before - 1
	if before == now {
		share = 0
	}
	if math.IsInf(share, 0) {
		return nil
	}
	return &share
}

// judgeExact completes a row, or makes one of it for each threshold on its metric.
func judgeExact(row result.GateRow, m measure.Metric, thresholds []stat.Threshold) []result.GateRow {
	var rows []result.GateRow
	for _, t := range thresholds {
		if t.Metric.Name == m.Name {
			rows = append(rows, judgeThreshold(row, t))
		}
	}
	if rows != nil {
		return rows
	}
	ok := row.Old != nil && row.New != nil
	if m.Name == allocs {
		row.Limit = fmt.Sprintf("+%g/cmd", AllocTolerance)
		ok = ok && *row.New <= *row.Old+AllocTolerance
	} else {
		row.Limit = fmt.Sprintf("+-%g%%", 100*Tolerance)
		ok = ok && math.Abs(*row.New-*row.Old) <= Tolerance*math.Abs(*row.Old)
	}
	row.Outcome = outcome(ok)
	row.Note = missing(row)
	return []result.GateRow{row}
}

func judgeThreshold(row result.GateRow, t stat.Threshold) result.GateRow {
	row.Limit = limit(t)
	row.Note = missing(row)
	switch {
	case row.New == nil || t.Relative && row.Old == nil:
		row.Outcome = outcome(false)
	case t.Relative:
		row.Outcome = t.Evaluate(stat.Exact(*row.Old, *row.New), stat.DefaultPower).String()
	default:
		row.Outcome = t.Evaluate(stat.ExactValue(*row.New), stat.DefaultPower).String()
	}
	return row
}

// limit shows which way a limit holds: <=+5%.
func limit(t stat.Threshold) string { return strings.TrimPrefix(t.String(), t.Metric.Name) }

func missing(row result.GateRow) string {
	switch {
	case row.Old == nil:
		return "had no figure before"
	case row.New == nil:
		return "has no figure any more"
	}
	return ""
}

func outcome(ok bool) string {
	if ok {
		return stat.Pass.String()
	}
	return stat.Fail.String()
}
