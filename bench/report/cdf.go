package report

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/plot"
	"github.com/consbench/consbench/bench/result"
)

// beyond is how many values must lie beyond a quantile for it to be shown.
const beyond = 10

// distributionPlot draws distribution functions: of the phases of a single setting,
// else of the time until everybody had heard from the leader, setting by setting.
func (p *page) distributionPlot(all []result.ElectionSetting) {
	var curves []plot.Distribution
	title := "time until every live server had heard from the leader"
	if len(all) == 1 {
		title = settingName(&all[0].Config)
		for i, ph := range phasesOf(&all[0]) {
			curves = append(curves, phaseCurve(phaseNames[i], all[0].Trials, ph))
		}
	} else {
		for i := range all {
			curves = append(curves, phaseCurve(settingName(&all[i].Config), all[i].Trials, &all[i].Phases.Announced))
		}
	}
	p.cdf("of the trials by then, a logarithmic tail above 90%: "+title, curves)
}

// phaseCurve is what is known of a phase: quantiles by the hundredth, and the
// 99.9th percentile.
func phaseCurve(name string, trials int, ph *result.Phase) plot.Distribution {
	d := plot.Distribution{Name: name}
	add := func(share float64, t *int64) {
		if t != nil && float64(trials)*(1-share) > beyond-1e-6 {
			d.Quantiles = append(d.Quantiles, plot.Quantile{Share: share, Value: float64(*t)})
		}
	}
	for i, q := range ph.Quantiles {
		add(float64(i)/float64(len(ph.Quantiles)-1), q)
	}
	add(.999, ph.P999)
	return d
}

// latencyPlot draws the distribution functions of response latency of all runs over
// each other, where plots are asked for that tell the same as a table.
func (p *page) latencyPlot(runs []result.Run) {
	if !p.plots.All {
		return
	}
	var curves []plot.Distribution
	for i, name := range names(runs) {
		if runs[i].Error == "" {
			curves = append(curves, latencyCurve(name, &runs[i].Latency.Response))
		}
	}
	p.cdf("of the commands answered by then (response), a logarithmic tail above 90%", curves)
}

// latencyCurve is the distribution function of a histogram, as far as it is known.
func latencyCurve(name string, l *result.Latency) plot.Distribution {
	d := plot.Distribution{Name: name}
	h, err := hdrhistogram.Decode([]byte(l.HDR))
	if l.HDR == "" || err != nil {
		return d // the table says so
	}
	n := float64(h.TotalCount())
	for step := 0; ; step++ {
		share := float64(step) / 100
		if step > 90 { // ten steps to each factor of ten that fewer lie beyond
			share = 1 - math.Pow(10, -1-float64(step-90)/10)
		}
		if n*(1-share) < beyond-1e-6 {
			return d
		}
		v := float64(h.ValueAtQuantile(100 * share))
		if share == 0 && l.Min != nil {
			v = float64(*l.Min)
		}
		if l.Max != nil {
			v = min(v, float64(*l.Max))
		}
		d.Quantiles = append(d.Quantiles, plot.Quantile{Share: share, Value: v})
	}
}

// cdf writes a plot of distribution functions.
func (p *page) cdf(title string, curves []plot.Distribution) {
	if p.plots.None {
		return
	}
	lines := plot.CDF("", curves, p.drawing())
	if lines == nil {
		return
	}
	p.marked(bold, "SHARE", title)
	for _, l := range lines {
		p.line(l)
	}
	p.line("")
}
