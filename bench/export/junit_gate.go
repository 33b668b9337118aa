package export

import (
	"strings"

	"github.com/consbench/consbench/bench/report"
)

// gateSuites makes a suite of each layer and source, a case per metric of a run.
// What the gate could not tell fails here if that is why it did not pass; else it
// is skipped, as is what was meant to change. A gate that did not pass never looks good.
func gateSuites(all *junitSuites, d *Document) {
	g := d.Gate
	before := len(all.Suites)
	strict := g.Verdict == inconclusive && g.Exit != 0
	suite := func(name string) *junitSuite {
		return &junitSuite{
			Name: junitText(d.Name + ": " + name), Timestamp: junitTime(g.Started), Time: "0",
			Properties: append(properties("file", d.Name, "verdict", g.Verdict, "against", g.Against, "against.revision", g.Revision), environment(&g.Environment)...),
		}
	}
	var s *junitSuite
	part := ""
	flush := func() {
		if s != nil {
			all.add(*s)
		}
		s = nil
	}
	one := func(name, run, metric string) *junitCase {
		if s == nil || part != name {
			flush()
			s, part = suite(name), name
		}
		s.Cases = append(s.Cases, junitCase{Name: junitText(metric), Class: junitText(run), Time: "0"})
		return &s.Cases[len(s.Cases)-1]
	}
	for i := range g.Rows {
		r := &g.Rows[i]
		c := one(r.Layer+": "+r.Source, r.Run, strings.TrimSpace(r.Metric+" "+r.Limit))
		switch {
		case r.Outcome == passed:
		case intended(g):
			c.Skipped = &junitSkipped{junitText(g.Verdict + ": " + gateSentence(r))}
		case r.Outcome == inconclusive && !strict:
			c.Skipped = &junitSkipped{junitText("inconclusive: " + gateSentence(r))}
		default:
			c.Failure = problem(junitText(r.Outcome), gateSentence(r))
		}
	}
	for _, skip := range g.Skipped {
		name := skip.Metric
		if name == "" {
			name = "run"
		}
		one("skipped: "+skip.Source, skip.Run, name).Skipped = &junitSkipped{junitText(skip.Why)}
	}
	flush()
	for i := before; i < len(all.Suites); i++ {
		if all.Suites[i].Failures > 0 {
			return
		}
	}
	if g.Exit != 0 || len(g.Rows) == 0 {
		c := one("verdict", "gate", "verdict")
		if message := report.GateClosing(g); g.Exit != 0 {
			c.Error = problem(junitText(g.Verdict), message)
		} else {
			c.Skipped = &junitSkipped{message}
		}
		flush()
	}
}
