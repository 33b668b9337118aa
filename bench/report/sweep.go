package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/plot"
	"github.com/consbench/consbench/bench/result"
)

// Swept are the metrics that a sweep shows where none are asked for; those of a wide
// page come last.
var swept = []string{"throughput", "response.mean", "response.p50", "response.p99", "response.p99.9"}

// Sweep writes the result of consbench sweep: a table for each curve, the curves in a
// plot, their knees, and what a search has found. metrics are the columns; nil: those
// that matter most.
func Sweep(w io.Writer, s *result.Sweep, metrics []measure.Metric, o Options) error {
	p := &page{file: &result.File{Environment: s.Environment}, width: max(o.Width, minWidth), color: o.Color, plots: o.Plots}
	if o.Width == 0 {
		p.width = defaultWidth
	}
	if err := json.Unmarshal(s.Config, &p.cfg); err != nil {
		return fmt.Errorf("report: config of the sweep: %w", err)
	}
	if len(metrics) == 0 {
		for _, name := range swept {
			m, err := measure.Find(name)
			if err != nil {
				return err
			}
			metrics = append(metrics, m)
		}
		for _, t := range s.Objective { // its metrics, whatever they are
			if m, err := measure.Find(metricOf(t)); err == nil && !slices.Contains(metrics, m) {
				metrics = append(metrics, m)
			}
		}
	}
	p.sweepConditions(s)
	for i := range s.Curves {
		p.sweepCurve(s, &s.Curves[i], metrics)
	}
	p.sweepPlot(s)
	p.sweepClosing(s)
	if s.Interrupted {
		p.marked(yellow, "INTERRUPTED", "the figures cover only the runs that were finished until then")
	}
	p.sweepNotes(s)
	if !bytes.HasSuffix(p.out.Bytes(), []byte("\n\n")) {
		p.line("")
	}
	p.machine()
	p.rerun(o.Rerun)
	_, err := w.Write(p.out.Bytes())
	return err
}

// sweepConditions says what is swept, and what all points have in common.
func (p *page) sweepConditions(s *result.Sweep) {
	var parts []string
	for i, a := range s.Over {
		text := Clean(a.Setting) + " "
		switch {
		case a.From != "":
			text += Clean(a.From) + " to " + Clean(a.To)
		case len(a.Values) > 4:
			text += fmt.Sprintf("%s to %s (%d values)", Clean(a.Values[0]), Clean(a.Values[len(a.Values)-1]), len(a.Values))
		default:
			text += Clean(strings.Join(a.Values, ", "))
		}
		if i > 0 {
			text = "for each " + text
		}
		parts = append(parts, text)
	}
	if len(s.Objective) > 0 {
		var all []string
		for _, t := range s.Objective {
			all = append(all, Clean(t))
		}
		parts[0] = "the highest " + parts[0] + " with " + strings.Join(all, " and ")
	}
	p.labelled("SWEEP", ", ", parts...)
	common := p.sharedHeadline(s)
	common = slices.DeleteFunc(common, func(part string) bool { // one value of a range is not what it is about
		loop := strings.HasPrefix(part, "closed loop") || strings.HasPrefix(part, "open loop")
		return loop && slices.ContainsFunc(s.Over, func(a result.SweepAxis) bool { return isLoad(a.Setting) })
	})
	if s.Repeat > 1 {
		common = append(common, plural(s.Repeat, "run")+" a point, medians")
	}
	p.labelled("", ", ", common...)
	p.line("")
}

// sweepCurve is the table of one curve.
func (p *page) sweepCurve(s *result.Sweep, c *result.SweepCurve, metrics []measure.Metric) {
	axis := s.Over[0].Setting
	head := Clean(curveName(s, c))
	open, repeated := false, false
	var best float64
	for i := range c.Points {
		pt := &c.Points[i]
		open = open || pt.Offered != nil
		repeated = repeated || len(pt.Samples) > 1
		if pt.Power != nil && isLoad(axis) {
			best = max(best, *pt.Power)
		}
	}
	g := &grid{header: []string{head, ""}, left: 2}
	for i := range c.Points {
		g.add(" "+Clean(c.Points[i].Value), p.sweepMark(s, c, i))
	}
	column := func(header string, cell func(*result.SweepPoint) string) {
		g.header = append(g.header, header)
		cells := make([]string, len(c.Points))
		for i := range c.Points {
			cells[i] = cell(&c.Points[i])
		}
		g.extend(cells)
	}
	if open && axis != "rate" {
		column("offered", func(pt *result.SweepPoint) string {
			if pt.Offered == nil {
				return ""
			}
			return about(*pt.Offered) + "/s"
		})
	}
	var latencies []measure.Metric
	var values [][]*int64
	for _, m := range metrics {
		if m.Unit == measure.Nanoseconds {
			col := make([]*int64, len(c.Points))
			for i := range c.Points {
				if v, known := c.Points[i].Values[m.Name]; known {
					ns := int64(math.Round(v.Median))
					col[i] = &ns
				}
			}
			latencies, values = append(latencies, m), append(values, col)
		}
	}
	cells := times(values...)
	for _, m := range metrics {
		if k := slices.Index(latencies, m); k >= 0 {
			if !slices.ContainsFunc(values[k], func(v *int64) bool { return v != nil }) {
				continue // of too few commands everywhere
			}
			g.header = append(g.header, strings.TrimPrefix(m.Name, "response."))
			g.extend(cells[k])
			continue
		}
		column(m.Name, func(pt *result.SweepPoint) string {
			v, known := pt.Values[m.Name]
			switch {
			case !known:
				return ""
			case m.Unit == measure.PerSecond && s.Exact:
				return sig3(v.Median) + "/s"
			case m.Unit == measure.PerSecond:
				return about(v.Median) + "/s"
			case m.Unit == measure.Bytes:
				return sig3(v.Median) + "B"
			}
			return sig3(v.Median)
		})
	}
	if repeated && !s.Exact {
		noisy := "response.p99"
		if len(s.Objective) > 0 {
			noisy = metricOf(s.Objective[0])
		}
		column(Clean(strings.TrimPrefix(noisy, "response."))+" +-", func(pt *result.SweepPoint) string {
			v := pt.Values[noisy]
			return strings.TrimPrefix(spreadText(&v), "+-")
		})
	}
	if open {
		column("backlog", func(pt *result.SweepPoint) string {
			if pt.Backlog == nil {
				return ""
			}
			return Count(uint64(math.Round(*pt.Backlog)))
		})
	}
	if slices.ContainsFunc(c.Points, func(pt result.SweepPoint) bool { return pt.Busy > 0 }) {
		column("busy", func(pt *result.SweepPoint) string {
			if pt.Busy == 0 { // work takes no time there
				return ""
			}
			return fmt.Sprintf("%.0f%%", 100*pt.Busy)
		})
	}
	if best > 0 && len(s.Objective) == 0 {
		column("power", func(pt *result.SweepPoint) string {
			if pt.Power == nil {
				return ""
			}
			return fmt.Sprintf("%.0f%%", 100**pt.Power/best)
		})
	}
	p.table(g, "backlog", "p50", "p99 +-", "p99.9", "busy")
	p.line("")
}

// metricOf is the name of the metric that a threshold holds.
func metricOf(threshold string) string { return threshold[:strings.IndexAny(threshold+"<", "<>")] }

func isLoad(setting string) bool {
	return setting == "rate" || setting == "clients" || setting == "inflight"
}

// curveName is the protocol, and the value of the second setting.
func curveName(s *result.Sweep, c *result.SweepCurve) string {
	if c.At == "" || len(s.Over) < 2 {
		return c.Protocol
	}
	return c.Protocol + " " + s.Over[1].Setting + "=" + c.At
}

// saturated is from which share of the time on the busiest replica is at its limit.
const saturated = 0.95

// sweepMark says of a point what its figures do not.
func (p *page) sweepMark(s *result.Sweep, c *result.SweepCurve, i int) string {
	pt := &c.Points[i]
	var words []string
	switch {
	case pt.Incorrect > 0:
		words = append(words, "INCORRECT")
	case pt.Good == 0 && len(pt.Samples) > 0:
		words = append(words, "failed")
	case pt.Failed > 0:
		words = append(words, fmt.Sprintf("%d of %d failed", pt.Failed, len(pt.Samples)))
	case len(pt.Samples) == 0:
		words = append(words, "not run")
	}
	switch {
	case pt.Overload != "":
		words = append(words, "OVERLOAD")
	case pt.Busy >= saturated:
		words = append(words, "saturated")
	}
	if pt.Met != nil {
		word := "misses"
		if *pt.Met {
			word = "meets"
		}
		words = append(words, word)
	}
	if k := c.Knee; k != nil && k.Point == i && k.Edge == "" {
		words = append(words, "knee")
	}
	return strings.Join(words, ", ")
}

// sweepClosing says where the knees are, or what was found.
func (p *page) sweepClosing(s *result.Sweep) {
	for i := range s.Curves {
		c := &s.Curves[i]
		name := Clean(curveName(s, c))
		if c.Found != nil {
			color, label, text := foundText(s, c)
			p.marked(color, label, name+": "+text)
		}
		if c.Knee != nil {
			p.marked(bold, "KNEE", name+": "+kneeText(s, c))
		}
		if where, first := overloaded(c); first != nil && len(s.Objective) == 0 {
			p.marked(yellow, "OVERLOAD", fmt.Sprintf("%s %s: %s; what waits grows, so the latencies there are of the window's length, not of the cluster", name, where, Clean(first.Overload)))
		}
		for j := range c.Points {
			pt := &c.Points[j]
			for k := range pt.Samples {
				if sm := &pt.Samples[k]; sm.Status != result.Good {
					p.marked(red, Clean(strings.ToUpper(sm.Status)), Clean(fmt.Sprintf("%s %s=%s, seed %d: %s", name, s.Over[0].Setting, pt.Value, sm.Seed, sm.Detail)))
					break
				}
			}
		}
	}
}

// overloaded says at which points there is overload, and which is the first; nil: none.
func overloaded(c *result.SweepCurve) (where string, first *result.SweepPoint) {
	var in, out []string
	for i := range c.Points {
		pt := &c.Points[i]
		switch {
		case pt.Overload != "":
			if first == nil {
				first = pt
			}
			in = append(in, Clean(pt.Value))
		case first != nil && pt.Good > 0:
			out = append(out, Clean(pt.Value))
		}
	}
	switch {
	case first == nil:
		return "", nil
	case len(out) == 0:
		return "from " + in[0] + " on", first
	}
	return "at " + strings.Join(in, ", ") + ", but not at " + strings.Join(out, ", ") + " (there batches are larger, and carry more)", first
}

func kneeText(s *result.Sweep, c *result.SweepCurve) string {
	k := c.Knee
	axis := Clean(s.Over[0].Setting) + " "
	pt := &c.Points[k.Point]
	switch k.Edge {
	case "last":
		return fmt.Sprintf("none up to %s%s: throughput over mean response still rises there", axis, Clean(pt.Value))
	case "first":
		return fmt.Sprintf("none from %s%s on: throughput over mean response only falls; begin lower", axis, Clean(pt.Value))
	}
	text := fmt.Sprintf("%s%s (between %s and %s): %s/s at a mean response of %s, where throughput over response is highest",
		axis, Clean(pt.Value), Clean(c.Points[k.Point-1].Value), Clean(c.Points[k.Point+1].Value),
		about(pt.Values["throughput"].Median), duration(pt.Values["response.mean"].Median))
	if most := beyondKnee(c); most != nil {
		text += fmt.Sprintf("; throughput rises further, to %s/s at %s%s, but with a mean response of %s",
			about(most.Values["throughput"].Median), axis, Clean(most.Value), duration(most.Values["response.mean"].Median))
	}
	if k.Again > 0 {
		other := &c.Points[k.Again]
		text += fmt.Sprintf("; unclear, for at %s it is %.0f%% of that again: take more --repeat, a longer --duration or more values", Clean(other.Value), 100**other.Power / *pt.Power)
	}
	return text
}

// beyondKnee is the point with the highest throughput above the knee if that is much more
// at a much longer response; nil if there is none.
func beyondKnee(c *result.SweepCurve) *result.SweepPoint {
	const more, longer = 1.25, 2
	knee := c.Points[c.Knee.Point].Values
	var best *result.SweepPoint
	for i := c.Knee.Point + 1; i < len(c.Points); i++ {
		pt := &c.Points[i]
		x, response := pt.Values["throughput"].Median, pt.Values["response.mean"].Median
		if x > more*knee["throughput"].Median && response > longer*knee["response.mean"].Median && (best == nil || x > best.Values["throughput"].Median) {
			best = pt
		}
	}
	return best
}

// foundText says what a search came to.
func foundText(s *result.Sweep, c *result.SweepCurve) (code, string, string) {
	f := c.Found
	point := func(value string) *result.SweepPoint {
		i := slices.IndexFunc(c.Points, func(pt result.SweepPoint) bool { return pt.Value == value })
		if i < 0 {
			return &result.SweepPoint{}
		}
		return &c.Points[i]
	}
	axis := Clean(s.Over[0].Setting)
	var parts []string
	color, label := green, "FOUND"
	switch {
	case f.Value == "" && f.Above == "":
		return yellow, "NOT FOUND", "nothing was tried"
	case f.Value == "":
		color, label = red, "NOT FOUND"
		parts = append(parts, fmt.Sprintf("even the lowest %s, %s, misses: %s", axis, Clean(f.Above), Clean(point(f.Above).Why)))
	case f.Above == "":
		parts = append(parts, fmt.Sprintf("%s %s, the end of the range: nothing up to there misses", axis, Clean(f.Value)))
	default:
		parts = append(parts, fmt.Sprintf("%s %s; %s misses: %s", axis, Clean(f.Value), Clean(f.Above), Clean(point(f.Above).Why)))
	}
	if !s.Exact {
		parts = append(parts, fmt.Sprintf("either bound by %s", plural(f.Confirmed, "run")))
	}
	if f.Unsettled {
		parts = append(parts, "the bounds still moved when they were tried again: the noise is larger than the step, take more --repeat or a longer --duration")
	}
	if f.Doubts != "" {
		parts = append(parts, "doubtful: "+Clean(f.Doubts)+", so above the bound the objective is not monotonic")
	}
	return color, label, strings.Join(parts, "; ")
}

// sweepNotes are the notes of the file and the warnings of its runs.
func (p *page) sweepNotes(s *result.Sweep) {
	notes := slices.Clone(s.Notes)
	warned, runs, example := 0, 0, ""
	for i := range s.Curves {
		c := &s.Curves[i]
		for j := range c.Points {
			for k := range c.Points[j].Samples {
				sm := &c.Points[j].Samples[k]
				runs++
				for _, w := range sm.Warnings {
					if strings.HasPrefix(w, "only ") { // the blanks say so
						continue
					}
					if warned++; example == "" {
						example = fmt.Sprintf("%s %s=%s: %s", curveName(s, c), s.Over[0].Setting, c.Points[j].Value, w)
					}
					break
				}
			}
		}
	}
	if warned > 0 {
		notes = append(notes, fmt.Sprintf("%d of %s had warnings (--output keeps all), such as %s", warned, plural(runs, "run"), example))
	}
	for i, n := range notes {
		label := "NOTES"
		if i > 0 {
			label = ""
		}
		p.marked(bold, label, Clean(n))
	}
}

// sharedHeadline is what the headlines of all points have in common.
func (p *page) sharedHeadline(s *result.Sweep) []string {
	var common []string
	first := true
	for i := range s.Curves {
		for j := range s.Curves[i].Points {
			raw := s.Curves[i].Points[j].Config
			of := page{}
			if len(raw) == 0 || json.Unmarshal(raw, &of.cfg) != nil {
				continue
			}
			parts := of.headline(&result.Run{Network: of.cfg.Network, Nodes: of.cfg.Nodes, Seed: of.cfg.Seed})[1:]
			if first {
				common, first = parts, false
			}
			common = slices.DeleteFunc(common, func(part string) bool { return !slices.Contains(parts, part) })
		}
	}
	if !slices.ContainsFunc(common, func(part string) bool { return part == p.cfg.Network || strings.HasPrefix(part, p.cfg.Network+" ") }) {
		common = append([]string{Clean(p.cfg.Network)}, common...) // its delays are swept
	}
	return common
}

// sweepPlot draws the 99th percentile of the response over the throughput, or the mean
// where that is unknown; a curve for each that has more than one point.
func (p *page) sweepPlot(s *result.Sweep) {
	if p.plots.None || len(s.Objective) > 0 || !isLoad(s.Over[0].Setting) {
		return // the points of a search crowd where it ends; others are no curve of a load
	}
	metric, name := "response.p99", "p99 of the response"
	known, all := 0, 0
	for i := range s.Curves {
		for j := range s.Curves[i].Points {
			if pt := &s.Curves[i].Points[j]; pt.Good > 0 {
				all++
				if _, is := pt.Values[metric]; is {
					known++
				}
			}
		}
	}
	if 2*known < all {
		metric, name = "response.mean", "mean response"
	}
	var curves []plot.Load
	points := 0
	for i := range s.Curves {
		c := &s.Curves[i]
		d := plot.Load{Name: Clean(curveName(s, c)), Knee: -1}
		for j := range c.Points {
			v := c.Points[j].Values
			latency, known := v[metric]
			if !known {
				continue
			}
			if k := c.Knee; k != nil && k.Edge == "" && k.Point == j {
				d.Knee = len(d.Points)
			}
			d.Points = append(d.Points, plot.LoadPoint{Rate: v["throughput"].Median, Latency: latency.Median})
		}
		points = max(points, len(d.Points))
		curves = append(curves, d)
	}
	if points < 3 {
		return
	}
	for _, l := range plot.Curve(name+" over commands/s", curves, plot.Options{Width: p.width, ASCII: !p.plots.Unicode, Color: p.color}) {
		p.line(l)
	}
	p.line("")
}
