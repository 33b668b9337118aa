package export

import (
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// The elements of JUnit XML, as Ant's schema has them: all attributes and the empty
// elements at the end of a suite are required, and their order is fixed. Jenkins'
// schema takes the same.

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Name       string          `xml:"name,attr"`
	Timestamp  string          `xml:"timestamp,attr"` // UTC, without a zone
	Hostname   string          `xml:"hostname,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"` // seconds
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Skipped *junitSkipped `xml:"skipped"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes a suite per run, a case per check of its verdict and per
// expectation of its scenario; of a gate, a case per metric.
func writeJUnit(o *output, docs []Document, _ Options) error {
	var all junitSuites
	for i := range docs {
		d := &docs[i]
		if d.Kind() == Verdict {
			gateSuites(&all, d)
			continue
		}
		for j := range d.Result.Runs {
			all.add(runSuite(d, &d.Result.Runs[j]))
		}
	}
	if _, err := io.WriteString(o, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(o)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(o, "\n")
	return err
}

// add numbers a suite and counts its cases.
func (all *junitSuites) add(s junitSuite) {
	s.Package, s.Hostname, s.ID = "consbench", "localhost", len(all.Suites)
	for i := range s.Cases {
		c := &s.Cases[i]
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Suites = append(all.Suites, s)
}

// junitText makes text fit for an attribute: one line without control characters,
// and something where a name must not be empty.
func junitText(s string) string {
	if s = strings.TrimSpace(report.Clean(s)); s == "" {
		return "-"
	}
	return s
}

func junitTime(started string) string {
	t, err := time.Parse(time.RFC3339, started)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}

func junitSeconds(ns int64) string { return strconv.FormatFloat(float64(ns)/1e9, 'f', 6, 64) }

func problem(kind, message string) *junitProblem {
	return &junitProblem{junitText(message), kind, junitText(message)}
}

func properties(pairs ...string) []junitProperty {
	var out []junitProperty
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, junitProperty{pairs[i], report.Clean(pairs[i+1])})
	}
	return out
}

func environment(e *result.Environment) []junitProperty {
	return properties("version", e.Version, "revision", e.Revision, "go", e.Go, "os", e.OS, "arch", e.Arch, "cpu", e.CPU)
}

func runSuite(d *Document, r *result.Run) junitSuite {
	s := junitSuite{
		Name: junitText(d.Name + ": " + identity(r)), Timestamp: junitTime(d.Result.Started), Time: junitSeconds(r.Wall),
		Properties: append(properties(
			"file", d.Name, "protocol", r.Protocol, "network", r.Network, "nodes", strconv.Itoa(r.Nodes),
			"seed", strconv.FormatUint(r.Seed, 10), "rep", strconv.Itoa(r.Rep), "fingerprint", r.Fingerprint,
		), environment(&d.Result.Environment)...),
	}
	var out []string
	for _, w := range r.Warnings {
		out = append(out, report.Clean(w))
	}
	if r.Interrupted {
		out = append(out, "interrupted: the run covers less than it was to")
	}
	s.Out = strings.Join(out, "\n")
	one := func(name string) *junitCase {
		s.Cases = append(s.Cases, junitCase{Name: junitText(name), Class: junitText(r.Name()), Time: "0"})
		return &s.Cases[len(s.Cases)-1]
	}
	if r.Error != "" {
		one("run").Error = problem("failed", r.Error)
		return s
	}
	for _, c := range r.Verdict.Checks {
		if t := one(c.Name); !c.OK {
			t.Failure = problem("check", c.Detail)
		}
	}
	for i := range d.Result.Expectations {
		x := &d.Result.Expectations[i]
		if x.Protocol != r.Protocol || x.Seed != r.Seed {
			continue
		}
		if t := one("expected " + x.Threshold); !x.Met {
			t.Failure = problem("expectation", "expected "+x.Threshold+", found "+report.Found(x))
		}
	}
	switch standing(r) {
	case interrupted:
		if len(r.Verdict.Checks) == 0 {
			one("verdict").Skipped = &junitSkipped{"interrupted before anything was verified"}
		}
	case unchecked:
		one("verdict").Error = problem("unchecked", "nothing was verified")
	case incorrect:
		if !slices.ContainsFunc(s.Cases, func(c junitCase) bool { return c.Failure != nil && c.Failure.Type == "check" }) { // never count as good what its file calls incorrect
			one("verdict").Failure = problem("check", "INCORRECT")
		}
	}
	return s
}
