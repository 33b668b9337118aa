package compare

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
)

// manner is how the trials of two settings can be compared.
type manner int

const (
	exactly  manner = iota // the same trials in virtual time
	tested                 // trials of other seeds, each a sample of its own: the Mann-Whitney test
	overlaid               // of one seed, but not as many: some are the same, some are not
	lacking                // of other seeds, and their values were not kept
	apart                  // live: one campaign ran after the other, so the machine differs, too
)

func how(p [2]*result.ElectionSetting) manner {
	switch kept := p[0].Samples != nil && p[1].Samples != nil; {
	case live(p):
		return apart
	case p[0].Config.Seed == p[1].Config.Seed && p[0].Trials == p[1].Trials:
		return exactly
	case p[0].Config.Seed == p[1].Config.Seed:
		return overlaid
	case !kept:
		return lacking
	}
	return tested
}

// facts are what the notes have to tell of.
type facts struct {
	manners  [apart + 1]bool
	censored bool
	bounded  bool // of live trials
}

func (f *facts) note(c *result.Comparison) {
	note := func(when bool, text string) {
		if when {
			c.Notes = append(c.Notes, text)
		}
	}
	note(f.manners[exactly], "Virtual time: exact for these trials; another seed draws other timeouts and delays.")
	note(f.manners[tested], "Other seeds draw other trials: their times are tested as two samples (Mann-Whitney), the ratio being the median of all ratios of a trial of either side; p90, p99, rounds and split votes are shown only.")
	note(f.manners[lacking], "Trials of other seeds differ by chance, too: equal --seed and --trials compare exactly, and where both campaigns were run with --samples their times are tested.")
	note(f.manners[overlaid], "Campaigns of one seed that differ in --trials share some of them: only equal --trials, or other seeds and --samples, tell.")
	note(f.manners[apart], "Live campaigns ran one after the other, so a ratio holds the machine's changes as well: consbench compare A B --network inproc --fault 'crash leader every 1s for 300ms' takes turns and tells.")
	note(f.bounded, fmt.Sprintf("Bounds of live trials, of %g %% confidence each, are of chance among the trials alone.", c.Confidence*100))
	note(f.manners[apart] && !f.bounded, "With --samples live trials have bounds.")
	note(f.censored, "A trial that was given up counts as one that took until then, on both sides the shorter of the two --give-up.")
}

// trialLines compares the figures of two settings.
func trialLines(c *result.Comparison, p [2]*result.ElectionSetting, know *facts) []result.Line {
	lines := []result.Line{}
	b := &both{c: c}
	manner := how(p)
	know.manners[manner] = true
	for _, m := range measure.Metrics() {
		if !strings.HasPrefix(m.Name, "election.") {
			continue
		}
		var values [2][]float64
		for i, s := range p {
			if v, known := report.TrialValue(s, m.Name); known {
				values[i] = []float64{v}
			}
		}
		l := line(m, values)
		switch {
		case l.A.Count+l.B.Count == 0:
			continue
		case l.A.Count+l.B.Count == 1:
			l.Verdict = result.OneSided
			lines = append(lines, l)
			continue
		}
		e := stat.Exact(l.A.Median, l.B.Median)
		fill(&l, "none", e)
		switch l.Verdict = stat.CannotTell.String(); manner {
		case exactly:
			l.Method, l.Verdict = "exact", e.Verdict(m.Better, c.Tolerance).String()
		case tested:
			l.Lacks = "has no bounds"
			if est, known := sampled(&l, m, p, c, know); known {
				l.Verdict, l.Lacks = "", ""
				b.pending = append(b.pending, pending{len(lines), m, est})
			}
		case overlaid, lacking:
			l.Lacks = "other trials"
		case apart:
			l.Lacks = "live trials"
			if _, known := sampled(&l, m, p, c, know); known {
				know.bounded = true
			}
		}
		lines = append(lines, l)
	}
	b.decide(lines, func(string) bool { return true }) // the phases are one family
	return lines
}

// sampled bounds the ratio of the times of the phase that m is the median of, if the values of all
// trials are there.
func sampled(l *result.Line, m measure.Metric, p [2]*result.ElectionSetting, c *result.Comparison, know *facts) (e stat.Estimate, known bool) {
	phase := strings.TrimPrefix(m.Name, "election.")
	end := int64(min(p[0].Config.GiveUp, p[1].Config.GiveUp))
	var values [2][]float64
	for i, s := range p {
		if s.Samples == nil {
			return e, false
		}
		for _, v := range s.Samples.Of(phase) {
			if v == nil || *v > end {
				v, know.censored = &end, true
			}
			values[i] = append(values[i], float64(*v))
		}
	}
	e, err := stat.Unpaired(values[0], values[1], c.Confidence)
	if err != nil { // no such phase
		return e, false
	}
	own := *l // medians as in the campaign's own table
	all := line(m, values)
	l.A, l.B = all.A, all.B
	l.A.Median, l.B.Median = own.A.Median, own.B.Median
	fill(l, mannWhitney, e)
	return e, true
}
