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
	Pairs      int       // in a batch, at its first look; see [plan]
	Deadline   time.Time // half of the time until then is the first batch's
	Progress   func(done, of int, protocol string)

	Looks int              // at most; 0: three
	Now   func() time.Time // nil: the clock
}

// ErrNothing says that a threshold matches nothing.
var ErrNothing = errors.New("matches nothing")

// ErrBudget says that there is no time for as many pairs as bounds can be drawn from.
var ErrBudget = errors.New("not enough time")

// batch holds the values of the pairs, by protocol and metric.
type batch map[string]map[string]*series

type series struct{ old, new []float64 }

// held is a limit on a metric of one protocol.
type held struct {
	protocol string
	limit    stat.Threshold
	row      result.GateRow
}

func (h *held) is(o stat.Outcome) bool { return h.row.Outcome == o.String() }

// Measured runs both programs in pairs, the order turning between pairs, and holds
// the new one against the limits. Where a first look leaves it open and there is
// time, more pairs follow, up to the looks of a plan that is made before the first.
// What fails is measured again: it fails only if a second batch of pairs says
// the same, by the same plan. The error is [bench.ErrInterrupted], or wraps [ErrIncorrect], [ErrBroken],
// [ErrNothing] or [ErrBudget]; rows are of the pairs until then.
func Measured(ctx context.Context, t Trial) ([]result.GateRow, error) {
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Looks == 0 {
		t.Looks = maxLooks
	}
	start := t.Now()
	warm := batch{}
	if err := t.pair(ctx, 0, 0, t.Config.Protocols, warm); err != nil {
		return nil, err
	}
	for _, l := range t.Thresholds {
		if !warm.has(l.Metric.Name) {
			return nil, fmt.Errorf("threshold %q %w: no run of %v has a figure for %s", l, ErrNothing, t.Config.Duration, l.Metric.Name)
		}
	}
	each, left := t.Now().Sub(start), t.Deadline.Sub(t.Now())
	looks := plan(t.Pairs, t.Looks, each, left/batches)
	if looks == nil {
		return nil, fmt.Errorf("%w: a pair of runs takes %v, and two batches of at least %d pairs need %v; %v was left",
			ErrBudget, each.Round(time.Millisecond), stat.MinPairs, (2 * stat.MinPairs * each).Round(time.Second), max(left, 0).Round(time.Second))
	}
	var all []*held
	for _, p := range t.Config.Protocols {
		for _, l := range t.Thresholds {
			all = append(all, &held{protocol: p, limit: l})
		}
	}
	first, err := t.batch(ctx, looks, all, t.Now().Add(left/batches))
	if err == nil {
		err = t.again(ctx, looks, all, first)
	}
	var rows []result.GateRow
	for _, h := range all {
		if h.row.Metric != "" {
			rows = append(rows, h.row)
		}
	}
	return rows, err
}

// look is a number of pairs of a batch at which it is judged, and how much of the
// chance of a false alarm it may spend.
type look struct {
	pairs int
	level float64
}

// plan is when a batch is judged: at pairs, and as long as something is still
// open then, after twice and four times as many, if there is time for them; nil if
// there is no time for bounds at all. Whoever looks several times errs several
// times: so the looks of the plan share the 5 % that one would have (Bonferroni),
// which holds whatever made the batch go on, and the plan is made before anything was
// seen. Of a plan that turns out too long the last looks are of fewer pairs, or none.
func plan(pairs, most int, each, left time.Duration) []look {
	fit := pairs << (most - 1)
	if each > 0 {
		fit = int(min(left/each, time.Duration(fit)))
	}
	if fit < stat.MinPairs {
		return nil
	}
	looks := []look{{pairs: min(pairs, fit)}}
	for next := 2 * pairs; len(looks) < most && next <= fit; next *= 2 {
		looks = append(looks, look{pairs: next})
	}
	for i := range looks {
		looks[i].level = (1 - stat.DefaultConfidence) / float64(len(looks))
	}
	return looks
}

const maxLooks = 3

// batch makes a batch of pairs for limits and judges them at every look. What is
// decided stays so.
func (t *Trial) batch(ctx context.Context, looks []look, all []*held, deadline time.Time) (batch, error) {
	into, done := batch{}, 0
	var open []string
	for _, h := range all {
		if !slices.Contains(open, h.protocol) {
			open = append(open, h.protocol)
		}
	}
	for i, now := range looks {
		made, err := t.pairs(ctx, open, done, now.pairs, deadline, into)
		if err != nil {
			return into, err
		}
		if made == 0 {
			break
		}
		done += made
		for _, h := range all {
			s := into[h.protocol][h.limit.Metric.Name]
			if s != nil && slices.Contains(open, h.protocol) && (i == 0 || h.is(stat.Inconclusive)) {
				h.row = t.judge(h.protocol, h.limit, *s, 1-now.level)
			}
		}
		last := looks[len(looks)-1].pairs
		open = slices.DeleteFunc(open, func(p string) bool { return settled(all, p, last) })
		if len(open) == 0 || done < now.pairs {
			break
		}
	}
	return into, nil
}

// settled reports whether more pairs of a protocol would change nothing: all is
// decided or something has failed, which asks for another batch, or so many pairs are
// missing that the last look would not tell either.
func settled(all []*held, protocol string, last int) bool {
	hope := false
	for _, h := range all {
		switch {
		case h.protocol != protocol || h.row.Metric == "":
		case h.is(stat.Fail):
			return true
		case h.is(stat.Inconclusive) && h.row.Needs <= 2*last:
			hope = true
		}
	}
	return !hope
}

// again measures once more what failed.
func (t *Trial) again(ctx context.Context, looks []look, all []*held, first batch) error {
	var failed, anew []*held
	for _, h := range all {
		if h.row.Metric != "" && h.is(stat.Fail) {
			failed, anew = append(failed, h), append(anew, &held{protocol: h.protocol, limit: h.limit})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	other := *t
	other.Config.Seed += 1 << 32 // nothing of the first batch
	second, err := other.batch(ctx, looks, anew, t.Deadline)
	for i, h := range failed {
		t.confirm(h, anew[i], first, second, err == nil)
	}
	return err
}

func (b batch) has(metric string) bool {
	for _, m := range b {
		if m[metric] != nil {
			return true
		}
	}
	return false
}

// pairs runs pairs, from number done on, until there are enough or time is up, and
// returns how many.
func (t *Trial) pairs(ctx context.Context, protocols []string, done, until int, deadline time.Time, into batch) (int, error) {
	start := t.Now()
	for i := done; i < until; i++ {
		if made := i - done; made > 0 {
			if now := t.Now(); now.Add(now.Sub(start) / time.Duration(made)).After(deadline) {
				return made, nil
			}
		} else if done > 0 && !start.Before(deadline) {
			return 0, nil
		}
		if t.Progress != nil {
			t.Progress(i, until, strings.Join(protocols, ", "))
		}
		if err := t.pair(ctx, i, i+1, protocols, into); err != nil {
			return i - done, err
		}
	}
	return max(until-done, 0), nil
}

// pair runs each protocol once on either side.
func (t *Trial) pair(ctx context.Context, i, seed int, protocols []string, into batch) error {
	first := stat.First(i)
	for _, p := range protocols {
		c := t.Config
		c.Protocols = []string{p}
		c.Seed += uint64(seed)
		var runs [2]*result.Run
		for turn := range 2 {
			side := turn ^ first
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

// judge holds one metric of one protocol against a limit, by bounds of a confidence.
func (t *Trial) judge(protocol string, l stat.Threshold, s series, confidence float64) result.GateRow {
	before, now := stat.Summarize(s.old).Median, stat.Summarize(s.new).Median
	row := result.GateRow{
		Layer: result.LayerMeasured, Source: t.Source, Run: fmt.Sprintf("%s/%d/%s", protocol, t.Config.Nodes, t.Config.Network),
		Metric: l.Metric.Name, Unit: l.Metric.Unit, Limit: limit(l), Old: &before, New: &now, Pairs: len(s.new), Batches: 1,
	}
	ratio, err := stat.Paired(s.old, s.new, confidence)
	held := ratio
	if err == nil && !l.Relative {
		held, err = stat.Single(s.new, confidence)
	}
	if err != nil {
		row.Outcome, row.Note = stat.Inconclusive.String(), err.Error()
		return row
	}
	row.Change = relative(ratio.Value)
	if ratio.Bounded() {
		row.Confidence = confidence
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
	if change := math.Abs(l.Limit - 1); l.Relative && change > 0 {
		row.Needs = ratio.PairsFor(change, stat.DefaultPower)
		if row.Needs <= len(s.new) && row.Needs > 0 {
			row.Needs = 2 * len(s.new)
		}
	}
	if len(s.new) < t.Pairs {
		row.Note = fmt.Sprintf("there was time for %d of %d pairs: --budget", len(s.new), t.Pairs)
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

// confirm joins what failed in a first batch with what a second one says. Where they
// do not agree, both together may still pass.
func (t *Trial) confirm(h, second *held, before, after batch, complete bool) {
	a, b := before[h.protocol][h.limit.Metric.Name], after[h.protocol][h.limit.Metric.Name]
	if !complete || b == nil || len(b.new) < stat.MinPairs {
		h.row.Outcome, h.row.Note = stat.Inconclusive.String(), "one batch of pairs failed; there was no time for the second: --budget"
		return
	}
	if second.is(stat.Fail) {
		h.row = second.row
		h.row.Note, h.row.Batches = "two batches say so", batches
		return
	}
	h.row = t.judge(h.protocol, h.limit, series{slices.Concat(a.old, b.old), slices.Concat(a.new, b.new)}, stat.DefaultConfidence)
	if h.is(stat.Fail) {
		h.row.Outcome = stat.Inconclusive.String()
	}
	h.row.Note, h.row.Batches = "one batch of pairs failed, a second one did not", batches
}
