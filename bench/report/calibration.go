package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/result"
)

// termWords explain the terms of a cost model, in their order.
var termWords = [cost.Terms]string{
	"a turn that does anything", "a frame received", "  each of its bytes", "a frame sent", "  each of its bytes",
	"a command taken from clients", "  each of its bytes", "an entry applied", "a command applied", "  each of its bytes",
	"a command at its client",
}

// Calibration writes a cost model and how well it predicts.
func Calibration(w io.Writer, f *cost.File, env result.Environment, o Options) error {
	p := &page{file: &result.File{Environment: env}, width: max(o.Width, minWidth), color: o.Color}
	if o.Width == 0 {
		p.width = defaultWidth
	}
	p.line(p.paint(bold, fmt.Sprintf("cost model of %s over %s, fitted to %d runs", Clean(f.Protocol), Clean(f.Network), len(f.Fitted))))
	for _, l := range Wrap(Clean(f.About), p.width-1) {
		p.line(l)
	}
	p.line("")
	g := &grid{header: []string{"PROCESSOR TIME", "each", "+-"}}
	times, errs := f.Model.Times(), [cost.Terms]float64{}
	if f.Errors != nil {
		errs = f.Errors.Times()
	}
	for i, t := range times {
		cells := []string{" " + termWords[i], nanoseconds(t), nanoseconds(errs[i])}
		if errs[i] == 0 {
			cells[2] = ""
		}
		g.add(cells...)
	}
	p.table(g)
	for _, l := range Wrap("(+- is one standard error: large where the runs cannot tell two terms apart, of which then only the sum is known; 0 is what would have been negative)", p.width-1) {
		p.line(p.paint(dim, " "+l))
	}
	p.line("")
	for _, part := range []struct {
		name string
		runs []cost.Comparison
	}{{"FITTED", f.Fitted}, {"NOT FITTED", f.Held}} {
		p.predictions(part.name, part.runs)
		p.line("")
	}
	p.machine()
	p.rerun(o.Rerun)
	_, err := w.Write(p.out.Bytes())
	return err
}

// predictions shows runs as they were measured and as the model has them.
func (p *page) predictions(name string, runs []cost.Comparison) {
	g := &grid{header: []string{name, "commands/s", "model", "off", "p50", "model", "off"}}
	for _, r := range runs {
		mark := " "
		if r.Disturbed {
			mark = "~"
		}
		g.add(mark+Clean(r.Run), sig3(r.Throughput[0]), sig3(r.Throughput[1]), off(r.Throughput), duration(r.P50[0]), duration(r.P50[1]), off(r.P50))
	}
	p.table(g)
	quiet := slices.DeleteFunc(slices.Clone(runs), func(c cost.Comparison) bool { return c.Disturbed })
	if n := len(runs) - len(quiet); n > 0 {
		for _, l := range Wrap(fmt.Sprintf("(~: other programs were busy, so that %s measured less than the machine can do; the model is of processor time, which they distort less)", plural(n, "run")), p.width-1) {
			p.line(p.paint(dim, " "+l))
		}
	}
	if runs = quiet; len(runs) > 0 {
		p.line(fmt.Sprintf(" typical error: throughput %s, p50 %s", percentOff(runs, func(c *cost.Comparison) [2]float64 { return c.Throughput }), percentOff(runs, func(c *cost.Comparison) [2]float64 { return c.P50 })))
	}
}

// off is how far a prediction is from what was measured.
func off(v [2]float64) string {
	if v[0] <= 0 {
		return ""
	}
	return strconv.FormatFloat(100*(v[1]/v[0]-1), 'f', 0, 64) + "%"
}

// percentOff is the geometric mean of the factors by which predictions are wrong, up or
// down.
func percentOff(runs []cost.Comparison, of func(*cost.Comparison) [2]float64) string {
	sum, n := 0.0, 0
	for i := range runs {
		if v := of(&runs[i]); v[0] > 0 && v[1] > 0 {
			sum += math.Abs(math.Log(v[1] / v[0]))
			n++
		}
	}
	if n == 0 {
		return "unknown"
	}
	return strconv.FormatFloat(100*(math.Exp(sum/float64(n))-1), 'f', 0, 64) + "%"
}

// nanoseconds shows a small time to the precision of a model.
func nanoseconds(ns float64) string {
	switch {
	case ns == 0:
		return "0"
	case ns < 10:
		return strconv.FormatFloat(ns, 'f', 3, 64) + "ns"
	}
	return duration(ns)
}
