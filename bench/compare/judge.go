package compare

import (
	"encoding/json"
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

// keepsUp is the share of the commands offered from which on the rate, not the side,
// has decided the throughput.
const keepsUp = 0.98

// manySeeds are as many virtual runs as a table of measured lines can be judged by.
// Of fewer the smallest and the largest ratio say more than bounds would.
const manySeeds = 12

// Judge forms the comparisons of c anew from its samples.
func Judge(c *result.Comparison) {
	c.Against = []result.Against{}
	for i := 1; i < len(c.Sides); i++ {
		c.Against = append(c.Against, against(c, 0, i))
	}
}

// both are the good runs of two sides that belong together.
type both struct {
	c     *result.Comparison
	sides [2]*result.Side
	pairs [][2]*result.Sample

	open    *stat.Estimate // of the line being made, if others decide on it too
	pending []pending
}

func pairUp(c *result.Comparison, base, side int) *both {
	b := &both{c: c, sides: [2]*result.Side{&c.Sides[base], &c.Sides[side]}}
	partner := map[int]*result.Sample{}
	good := func(s *result.Sample) bool { return s.Status == result.Good }
	for i := range b.sides[1].Samples {
		if s := &b.sides[1].Samples[i]; good(s) {
			partner[s.Pair] = s
		}
	}
	for i := range b.sides[0].Samples {
		s := &b.sides[0].Samples[i]
		if p := partner[s.Pair]; p != nil && good(s) {
			b.pairs = append(b.pairs, [2]*result.Sample{s, p})
			delete(partner, s.Pair)
		}
	}
	return b
}

func against(c *result.Comparison, base, side int) result.Against {
	b := pairUp(c, base, side)
	a := result.Against{Base: base, Side: side, Pairs: len(b.pairs), Lines: []result.Line{}}
	if len(b.pairs) == 0 {
		return a
	}
	for _, m := range measure.Metrics() {
		b.open = nil
		var l result.Line
		if strings.HasPrefix(m.Name, "election.") {
			l = b.elections(m)
		} else {
			l = b.values(m)
		}
		if l.A.Count+l.B.Count == 0 {
			continue
		}
		if b.open != nil {
			b.pending = append(b.pending, pending{len(a.Lines), m, *b.open})
		}
		a.Lines = append(a.Lines, l)
	}
	b.decide(a.Lines, report.Key)
	return a
}

// pending is a measured line whose verdict depends on the others of its table.
type pending struct {
	line   int
	metric measure.Metric
	of     stat.Estimate
}

// decide forms the verdicts of the measured lines. Each bound on its own is wrong
// once in twenty tables; a table of ten would find something in every third that
// compares a side with itself. So what is called better or worse must be so by
// Holm's adjustment over the table that people read, that is over the key metrics;
// for the other metrics, which --all shows, over all of them. Visible and Needed are
// of the strictest level that can be asked for (Bonferroni), so they promise less.
func (b *both) decide(lines []result.Line, isKey func(metric string) bool) {
	for _, key := range []bool{true, false} {
		var family []*pending
		var p []float64
		for i := range b.pending {
			if o := &b.pending[i]; !key || isKey(o.metric.Name) {
				family, p = append(family, o), append(p, o.of.P)
			}
		}
		for i, adjusted := range stat.Holm(p) {
			if o := family[i]; key == isKey(o.metric.Name) {
				b.judge(&lines[o.line], o, adjusted, stat.Simultaneous(b.c.Confidence, len(family)))
			}
		}
	}
}

// judge completes a measured line.
func (b *both) judge(l *result.Line, o *pending, adjusted, confidence float64) {
	l.P, l.Adjusted = finite(o.of.P), finite(adjusted)
	strict := o.of
	strict.Confidence = confidence
	l.Visible = finite(strict.Visible(b.c.Power))
	if l.Verdict != "" {
		return // few pairs, or few elections
	}
	v := o.of.VerdictIf(adjusted <= 1-b.c.Confidence+1e-12, o.metric.Better, b.c.Tolerance)
	l.Verdict = v.String()
	if v != stat.CannotTell {
		return
	}
	unit := "pairs"
	if l.Method == mannWhitney {
		unit = "elections"
	} else if least := stat.PairsAt(confidence); o.of.Pairs < least {
		l.Needed = least
		l.Lacks = fmt.Sprintf("needs %d pairs", least)
		return
	}
	if l.Needed = strict.Needed(b.c.Tolerance, b.c.Power); l.Needed == 0 {
		l.Lacks = "too much noise"
		return
	}
	l.Lacks = "needs about " + approximately(l.Needed) + " " + unit
}

const mannWhitney = "mann-whitney"

// values compares a metric that each run has one value of.
func (b *both) values(m measure.Metric) result.Line {
	var all, paired [2][]float64
	for _, p := range b.pairs {
		x, inA := p[0].Values[m.Name]
		y, inB := p[1].Values[m.Name]
		if inA {
			all[0] = append(all[0], x)
		}
		if inB {
			all[1] = append(all[1], y)
		}
		if inA && inB {
			paired[0], paired[1] = append(paired[0], x), append(paired[1], y)
		}
	}
	l := line(m, all)
	n := len(paired[0])
	if n == 0 {
		l.Verdict = result.OneSided
		return l
	}
	if b.c.Exact && m.Exact && (n < manySeeds || slices.Equal(paired[0], paired[1])) {
		e := stat.ExactOver(paired[0], paired[1])
		fill(&l, "exact", e)
		l.Verdict = e.Verdict(m.Better, b.c.Tolerance).String()
		if l.Verdict == stat.CannotTell.String() {
			l.Lacks = "seeds disagree"
		}
	} else {
		e, err := stat.Paired(paired[0], paired[1], b.c.Confidence)
		b.measured(&l, "signed-rank", e, err)
	}
	if m.Name == "throughput" || m.Name == "goodput" {
		if n := len(b.limited()); n == 2 {
			l.Verdict, l.Lacks, l.Needed = result.OfferedRate, "", 0
		} else if l.Verdict != stat.Same.String() && b.costless() {
			l.Verdict, l.Lacks, l.Needed = result.NotRanked, "", 0
		}
	}
	return l
}

// costless reports whether work takes no time on one of the sides, so that their
// throughputs are no measure of what they could do.
func (b *both) costless() bool {
	for _, s := range b.sides {
		var cfg bench.Config
		if json.Unmarshal(s.Config, &cfg) == nil && !cfg.RanksThroughput() {
			return true
		}
	}
	return false
}

// limited are the sides whose offered rate decides their throughput.
func (b *both) limited() []*result.Side {
	var out []*result.Side
	for i, s := range b.sides {
		var cfg bench.Config
		if json.Unmarshal(s.Config, &cfg) != nil || cfg.Rate <= 0 {
			continue
		}
		var shares []float64
		for _, p := range b.pairs {
			if offered := p[i].Values["offered"]; offered > 0 {
				shares = append(shares, p[i].Values["throughput"]*cfg.Duration.Seconds()/offered)
			}
		}
		if stat.Summarize(shares).Median >= keepsUp {
			out = append(out, s)
		}
	}
	return out
}

// measured fills in an estimate that has bounds. Its verdict is formed with those of
// the other metrics.
func (b *both) measured(l *result.Line, method string, e stat.Estimate, err error) {
	if err != nil {
		l.Verdict, l.Lacks = stat.CannotTell.String(), "unusable values"
		return
	}
	fill(l, method, e)
	b.open = &e
}

// approximately rounds n up to two digits.
func approximately(n int) string {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return fmt.Sprint((n + unit - 1) / unit * unit)
}

// elections compares a metric over all elections that faults caused.
func (b *both) elections(m measure.Metric) result.Line {
	name, statistic := m.Name, ""
	for _, s := range []string{"min", "p90", "max"} {
		if base, ok := strings.CutSuffix(m.Name, "."+s); ok {
			name, statistic = base, s
		}
	}
	var all [2][]float64
	var had [2]int // elections, those without a value too
	for _, p := range b.pairs {
		for i := range p {
			had[i] += p[i].Caused
			for _, v := range p[i].Elections[name] {
				all[i] = append(all[i], float64(v))
			}
		}
	}
	l := line(m, all)
	same := slices.Equal(all[0], all[1])
	switch {
	case len(all[0]) == 0 || len(all[1]) == 0:
		l.Verdict = result.OneSided
	case statistic != "" || m.Name == "election.rounds":
		l.A.Median, l.B.Median = of(statistic, all[0]), of(statistic, all[1])
		l.A.Q1, l.A.Q3, l.B.Q1, l.B.Q3 = l.A.Median, l.A.Median, l.B.Median, l.B.Median
		fill(&l, "none", stat.Exact(l.A.Median, l.B.Median))
		l.Low, l.High = nil, nil
		l.Verdict, l.Lacks = stat.CannotTell.String(), "has no bounds"
		if b.c.Exact && same {
			l.Method, l.Verdict, l.Lacks = "exact", stat.Same.String(), ""
		}
	case b.c.Exact && same:
		fill(&l, "exact", stat.Exact(1, 1))
		l.Verdict = stat.Same.String()
	default:
		e, err := stat.Unpaired(all[0], all[1], b.c.Confidence)
		b.measured(&l, mannWhitney, e, err)
		if min(had[0], had[1]) < MinElections {
			l.Verdict, l.Needed = stat.CannotTell.String(), MinElections
			l.Lacks = fmt.Sprintf("needs %d elections", MinElections)
		}
	}
	return l
}

// of is a statistic of the elections of a side; "" is the mean.
func of(statistic string, values []float64) float64 {
	x := slices.Clone(values)
	slices.Sort(x)
	switch statistic {
	case "min":
		return x[0]
	case "p90":
		return x[max(0, int(math.Ceil(.9*float64(len(x))))-1)]
	case "max":
		return x[len(x)-1]
	}
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func line(m measure.Metric, values [2][]float64) result.Line {
	middle := func(values []float64) result.Middle {
		s := stat.Summarize(values)
		return result.Middle{Count: s.Count, Q1: s.Q1, Median: s.Median, Q3: s.Q3}
	}
	return result.Line{Metric: m.Name, A: middle(values[0]), B: middle(values[1])}
}

func fill(l *result.Line, method string, e stat.Estimate) {
	l.Method, l.Ratio = method, finite(e.Value)
	if e.Exact && e.Pairs == 1 {
		return // bounds would only repeat the ratio
	}
	if e.Bounded() || e.High < math.MaxFloat64 {
		l.Low, l.High = finite(e.Low), finite(e.High)
	}
}

// finite is v, nil if JSON could not say it.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
