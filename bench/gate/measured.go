package gate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// Defaults are the limits of the measured layer. Higher quantiles are not among
// them: runs that take less than an hour do not repeat them.
func Defaults() []stat.Threshold {
	var all []stat.Threshold
	for _, s := range []string{"throughput>=-3%", "response.p50<=+5%", "response.p99<=+5%"} {
		t, err := stat.ParseThreshold(s)
		if err != nil {
			panic(err)
		}
		all = append(all, t)
	}
	return all
}

// Tail reports whether a metric is one of the far tail, which live runs do not
// repeat: it is held in virtual time only.
func Tail(metric string) bool {
	return strings.HasSuffix(metric, ".p99.9") || strings.HasSuffix(metric, ".p99.99") || strings.HasSuffix(metric, ".max")
}

// Program is one of the two that are measured: it carries out a configuration of
// one protocol.
type Program func(context.Context, bench.Config) (*result.File, error)

// batches of pairs must say so before a metric fails.
const batches = 2

// Trial says what to measure.
type Trial struct {
	Source     string // name of the old program
	Config     bench.Config
	Old, New   Program
	Thresholds []stat.Threshold
	Pairs      int       // in a batch
	Deadline   time.Time // half of the time until then is the first batch's
	Progress   func(done, of int, protocol string)
}

// ErrNothing says that a threshold matches nothing.
var ErrNothing = errors.New("matches nothing")

// batch holds the values of the pairs, by protocol and metric.
type batch map[string]map[string]*series

type series struct{ old, new []float64 }

// Measured runs both programs in pairs, the order turning from pair to pair, and
// holds the new one against the limits. What fails is measured again: it fails only
// if the second batch says the same. The error is [bench.ErrInterrupted], or wraps
// [ErrIncorrect], [ErrBroken] or [ErrNothing]; rows are of the pairs until then.
func Measured(ctx context.Context, t Trial) ([]result.GateRow, error) {
	start := time.Now()
	warm := batch{}
	if err := t.pair(ctx, 0, t.Config.Protocols, warm); err != nil {
		return nil, err
	}
	for _, l := range t.Thresholds {
		if !warm.has(l.Metric.Name) {
			return nil, fmt.Errorf("threshold %q %w: no run of %v has a figure for %s", l, ErrNothing, t.Config.Duration, l.Metric.Name)
		}
	}
	first := batch{}
	if err := t.batch(ctx, t.Config.Protocols, start.Add(time.Until(t.Deadline)/2), first); err != nil {
		return nil, err
	}
	var rows []result.GateRow
	var again []string
	for _, p := range t.Config.Protocols {
		for _, l := range t.Thresholds {
			s := first[p][l.Metric.Name]
			if s == nil {
				continue
			}
			row := t.judge(p, l, *s)
			rows = append(rows, row)
			if row.Outcome == stat.Fail.String() && !slices.Contains(again, p) {
				again = append(again, p)
			}
		}
	}
	if len(again) == 0 {
		return rows, nil
	}
	second := batch{}
	if err := t.batch(ctx, again, t.Deadline, second); err != nil {
		return rows, err
	}
	i := 0
	for _, p := range t.Config.Protocols {
		for _, l := range t.Thresholds {
			if first[p][l.Metric.Name] == nil {
				continue
			}
			if rows[i].Outcome == stat.Fail.String() {
				rows[i] = t.confirm(p, l, *first[p][l.Metric.Name], second[p][l.Metric.Name])
			}
			i++
		}
	}
	return rows, nil
}

func (b batch) has(metric string) bool {
	for _, m := range b {
		if m[metric] != nil {
			return true
		}
	}
	return false
}

// batch runs pairs until there are enough or time is up.
func (t *Trial) batch(ctx context.Context, protocols []string, deadline time.Time, into batch) error {
	start := time.Now()
	for i := range t.Pairs {
		if spent := time.Since(start); i > 0 && time.Now().Add(spent/time.Duration(i)).After(deadline) {
			return nil
		}
		if t.Progress != nil {
			t.Progress(i, t.Pairs, strings.Join(protocols, ", "))
		}
		if err := t.pair(ctx, i, protocols, into); err != nil {
			return err
		}
	}
	return nil
}

// pair runs each protocol once on either side.
func (t *Trial) pair(ctx context.Context, i int, protocols []string, into batch) error {
	for _, p := range protocols {
		c := t.Config
		c.Protocols = []string{p}
		c.Seed += uint64(i)
		var runs [2]*result.Run
		for turn := range 2 {
			side := (turn + i) % 2
			run, err := t.one(ctx, c, side)
			if err != nil {
				return err
			}
			runs[side] = run
		}
		for _, l := range t.Thresholds {
			old, known := report.Value(runs[0], l.Metric.Name)
			now, both := report.Value(runs[1], l.Metric.Name)
			if !known || !both {
				continue
			}
			if into[p] == nil {
				into[p] = map[string]*series{}
			}
			s := into[p][l.Metric.Name]
			if s == nil {
				s = &series{}
				into[p][l.Metric.Name] = s
			}
			s.old, s.new = append(s.old, old), append(s.new, now)
		}
	}
	return nil
}

// one is a run of one side. An incorrect run of the old program is not this
// program's fault, but there is nothing to hold against then.
func (t *Trial) one(ctx context.Context, c bench.Config, side int) (*result.Run, error) {
	name, program := t.Source, t.Old
	if side == 1 {
		name, program = "this program", t.New
	}
	file, err := program(ctx, c)
	switch {
	case ctx.Err() != nil || errors.Is(err, bench.ErrInterrupted):
		return nil, bench.ErrInterrupted
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", name, ErrBroken, err)
	case len(file.Runs) != 1:
		return nil, fmt.Errorf("%s: %w: %d runs in place of one", name, ErrBroken, len(file.Runs))
	}
	if err := sound(name, file); err != nil {
		if side == 0 && errors.Is(err, ErrIncorrect) {
			err = fmt.Errorf("%w: %s", ErrBroken, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		return nil, err
	}
	return &file.Runs[0], nil
}

// judge holds one metric of one protocol against a limit.
func (t *Trial) judge(protocol string, l stat.Threshold, s series) result.GateRow {
	before, now := stat.Summarize(s.old).Median, stat.Summarize(s.new).Median
	row := result.GateRow{
		Layer: result.LayerMeasured, Source: t.Source, Run: fmt.Sprintf("%s/%d/%s", protocol, t.Config.Nodes, t.Config.Network),
		Metric: l.Metric.Name, Unit: l.Metric.Unit, Limit: limit(l), Old: &before, New: &now, Pairs: len(s.new),
	}
	ratio, err := stat.Paired(s.old, s.new, stat.DefaultConfidence)
	held := ratio
	if err == nil && !l.Relative {
		held, err = stat.Single(s.new, stat.DefaultConfidence)
	}
	if err != nil {
		row.Outcome, row.Note = stat.Inconclusive.String(), err.Error()
		return row
	}
	row.Change = relative(ratio.Value)
	if ratio.Bounded() {
		row.Low, row.High = relative(ratio.Low), relative(ratio.High)
	}
	v := l.Catches(ratio, batches, stat.DefaultPower)
	if math.IsNaN(v) { // not a limit on changes for the worse
		v = ratio.Visible(stat.DefaultPower)
	}
	if !math.IsInf(v, 0) {
		row.Visible = &v
	}
	outcome := l.Evaluate(held, stat.DefaultPower)
	row.Outcome = outcome.String()
	if outcome != stat.Inconclusive {
		return row
	}
	switch change := math.Abs(l.Limit - 1); {
	case len(s.new) < t.Pairs && len(s.new) < stat.MinPairs:
		row.Note = fmt.Sprintf("time was up after %d pairs: --budget", len(s.new))
	case l.Relative && change > 0:
		row.Needs = ratio.PairsFor(change, stat.DefaultPower)
		if row.Needs <= len(s.new) && row.Needs > 0 {
			row.Needs = 2 * len(s.new)
		}
	}
	return row
}

func relative(ratio float64) *float64 {
	if math.IsInf(ratio, 0) || math.IsNaN(ratio) {
		return nil
	}
	ratio--
	return &ratio
}

// confirm judges what failed in a first batch by a second one. Where they do not
// agree, both together may still pass.
func (t *Trial) confirm(protocol string, l stat.Threshold, first series, second *series) result.GateRow {
	if second == nil {
		row := t.judge(protocol, l, first)
		row.Outcome, row.Note = stat.Inconclusive.String(), "one batch of pairs failed; there was no time for the second: --budget"
		return row
	}
	row := t.judge(protocol, l, *second)
	if row.Outcome == stat.Fail.String() {
		row.Note = "two batches say so"
		return row
	}
	row = t.judge(protocol, l, series{slices.Concat(first.old, second.old), slices.Concat(first.new, second.new)})
	if row.Outcome == stat.Fail.String() {
		row.Outcome = stat.Inconclusive.String()
	}
	row.Note = "one batch of pairs failed, a second one did not"
	return row
}
