package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// search looks for the highest value of every curve.
func (r *runner) search(ctx context.Context) error {
	axis := &r.o.Over[0]
	if !r.virtual {
		if err := r.warmUp(ctx, axis.From); err != nil {
			return err
		}
	}
	return r.each(ctx, len(r.o.Curves), func(i int) error {
		s := &search{kind: axis.Kind, from: axis.From.Number, to: axis.To.Number, precision: r.o.Precision, confirm: !r.virtual}
		s.probe = func(v Value, more bool) (bool, error) { return r.probe(ctx, i, v) }
		o, err := s.run()
		r.mu.Lock()
		defer r.mu.Unlock()
		c := &r.file.Curves[i]
		c.Found = &result.SweepFound{
			Value: o.best.Text, Above: o.above.Text, Unsettled: o.unsettled, Doubts: s.doubts(), Tries: len(s.tried),
		}
		for k := range c.Points {
			if p := &c.Points[k]; p.Value == o.best.Text || p.Value == o.above.Text {
				if n := len(p.Samples); c.Found.Confirmed == 0 || n < c.Found.Confirmed {
					c.Found.Confirmed = n
				}
			}
		}
		return err
	})
}

// errIncorrect ends a search: what a cluster that loses commands can take is of no
// interest.
var errIncorrect = errors.New("a run was INCORRECT")

// probe runs a value, as often again as it was asked for, and reports whether it
// meets the objective.
func (r *runner) probe(ctx context.Context, curve int, v Value) (bool, error) {
	c := &r.file.Curves[curve]
	at := func() *result.SweepPoint { // with mu held
		i := slices.IndexFunc(c.Points, func(p result.SweepPoint) bool { return p.Value == v.Text })
		if i < 0 {
			i = 0
			for i < len(c.Points) && *c.Points[i].Number < v.Number {
				i++
			}
			c.Points = slices.Insert(c.Points, i, newPoint(v))
		}
		return &c.Points[i]
	}
	r.mu.Lock()
	first := len(at().Samples)
	r.mu.Unlock()
	err := r.each(ctx, r.o.Repeat, func(rep int) error { return r.one(ctx, curve, v, first+rep, at) })
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := at()
	p.Why = missed(p, r.o.Objective)
	met := p.Why == ""
	p.Met = &met
	if p.Incorrect > 0 {
		return false, errIncorrect
	}
	return met, nil
}

// missed says why a point does not meet an objective; "" if it does.
func missed(p *result.SweepPoint, objective []stat.Threshold) string {
	for i := range p.Samples {
		if s := &p.Samples[i]; s.Status != result.Good {
			return fmt.Sprintf("%d of %d runs %s: %s", p.Failed+p.Incorrect, len(p.Samples), s.Status, s.Detail)
		}
	}
	var why []string
	for _, t := range objective {
		m, known := p.Values[t.Metric.Name]
		switch {
		case !known || m.Count < p.Good:
			why = append(why, t.Metric.Name+" has no value"+tooFew(t.Metric, p))
		case t.Evaluate(stat.Estimate{Value: m.Median, Low: m.Median, High: m.Median, Exact: true}, 0) != stat.Pass:
			why = append(why, t.Metric.Name+" "+show(t.Metric, m.Median))
		}
	}
	if p.Overload != "" {
		why = append(why, "overload: "+p.Overload)
	}
	return strings.Join(why, ", ")
}

// tooFew says of how few commands a quantile would have had to be.
func tooFew(m measure.Metric, p *result.SweepPoint) string {
	if n, known := p.Values["acknowledged"]; known && n.Median < 10_000 && strings.Contains(m.Name, ".p") && !strings.HasPrefix(m.Name, "election.") {
		return fmt.Sprintf(" (%s commands are too few for it: take a longer --duration)", report.Count(uint64(n.Median)))
	}
	return ""
}

// show is a value in the unit of its metric, three digits of it.
func show(m measure.Metric, v float64) string {
	kind := map[string]Kind{measure.Nanoseconds: Duration, measure.PerSecond: Rate, measure.Bytes: Size}[m.Unit]
	if kind == Word {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return kind.at(v).Text
}
