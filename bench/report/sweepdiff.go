package report

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// SweepDiffSchema names the format of [SweepDiff].
const SweepDiffSchema = "consbench.sweepdiff/v1"

// SweepDiff is two sweeps over the same setting, curve by curve: A and B.
type SweepDiff struct {
	Schema    string              `json:"schema"`
	Setting   string              `json:"setting"`
	Exact     bool                `json:"exact"` // both in virtual time
	Options   []result.Difference `json:"options"`
	Curves    []CurveDiff         `json:"curves"`
	OnlyCurve [2][]string         `json:"only_curves"` // curves that the other has not
}

// CurveDiff is one protocol in both.
type CurveDiff struct {
	Curve    string      `json:"curve"`
	Points   []PointDiff `json:"points"`
	Only     [2][]string `json:"only_values"` // values that the other has not, with a good run
	Knee     [2]string   `json:"knee"`        // the value; "" = none
	Overload [2]string   `json:"overload"`    // where; "" = nowhere
	Found    *[2]string  `json:"found"`       // of searches, the highest value; "" = none
}

// PointDiff is a value of the setting in both. A figure that is not known is null.
type PointDiff struct {
	Value      string      `json:"value"`
	Throughput [2]*float64 `json:"throughput_per_s"` // medians
	P99        [2]*float64 `json:"response_p99_ns"`  // medians
	Mean       [2]*float64 `json:"response_mean_ns"` // medians
	Runs       [2]int      `json:"runs"`             // good ones
}

// DiffSweeps sets two sweeps beside each other. It is an error if they are not over the same
// settings, or have no value of a curve in common.
func DiffSweeps(a, b *result.Sweep, options []result.Difference) (*SweepDiff, error) {
	if x, y := sweptOver(a), sweptOver(b); x != y {
		return nil, fmt.Errorf("the sweeps are over %s and over %s", x, y)
	}
	d := &SweepDiff{Schema: SweepDiffSchema, Setting: a.Over[0].Setting, Exact: a.Exact && b.Exact, Options: options, Curves: []CurveDiff{}}
	both := [2]*result.Sweep{a, b}
	byName := [2]map[string]*result.SweepCurve{{}, {}}
	for k, s := range both {
		for i := range s.Curves {
			byName[k][curveKey(&s.Curves[i])] = &s.Curves[i]
		}
	}
	points := 0
	for k, s := range both {
		for i := range s.Curves {
			c := &s.Curves[i]
			other := byName[1-k][curveKey(c)]
			switch {
			case other == nil:
				d.OnlyCurve[k] = append(d.OnlyCurve[k], curveName(s, c))
			case k == 0:
				one := diffCurves(curveName(s, c), c, other)
				points += len(one.Points)
				d.Curves = append(d.Curves, one)
			}
		}
	}
	if points == 0 {
		return nil, fmt.Errorf("the sweeps over %s have no value of a protocol in common", sweptOver(a))
	}
	return d, nil
}

func sweptOver(s *result.Sweep) string {
	var names []string
	for _, o := range s.Over {
		names = append(names, Clean(o.Setting))
	}
	return strings.Join(names, " and ")
}

func curveKey(c *result.SweepCurve) string { return c.Protocol + "\x00" + c.At }

func diffCurves(name string, a, b *result.SweepCurve) CurveDiff {
	d := CurveDiff{Curve: name, Points: []PointDiff{}}
	both := [2]*result.SweepCurve{a, b}
	for k, c := range both {
		d.Overload[k], _ = overloaded(c)
		if c.Knee != nil && c.Knee.Edge == "" && c.Knee.Point >= 0 && c.Knee.Point < len(c.Points) {
			d.Knee[k] = c.Points[c.Knee.Point].Value
		}
		for i := range c.Points {
			p := &c.Points[i]
			other := pointAt(both[1-k], p.Value)
			switch {
			case p.Good == 0 && (other == nil || other.Good == 0):
			case other == nil || other.Good == 0:
				d.Only[k] = append(d.Only[k], p.Value)
			case k == 0 && p.Good > 0:
				d.Points = append(d.Points, PointDiff{
					Value: p.Value, Runs: [2]int{p.Good, other.Good},
					Throughput: medians("throughput", p, other), P99: medians("response.p99", p, other), Mean: medians("response.mean", p, other),
				})
			}
		}
	}
	if a.Found != nil && b.Found != nil {
		d.Found = &[2]string{a.Found.Value, b.Found.Value}
	}
	return d
}

func pointAt(c *result.SweepCurve, value string) *result.SweepPoint {
	for i := range c.Points {
		if c.Points[i].Value == value {
			return &c.Points[i]
		}
	}
	return nil
}

func medians(metric string, a, b *result.SweepPoint) (out [2]*float64) {
	for k, p := range []*result.SweepPoint{a, b} {
		if m, known := p.Values[metric]; known && m.Count > 0 {
			out[k] = &m.Median
		}
	}
	return out
}

// Sweeps writes two sweeps beside each other.
func Sweeps(w io.Writer, d *SweepDiff, o Options) error {
	p := newPage(o)
	for i := range d.Options {
		p.different(&d.Options[i])
	}
	if len(d.Options) > 0 {
		p.line("")
	}
	for i := range d.Curves {
		p.curveDiff(d, &d.Curves[i])
	}
	for k, names := range d.OnlyCurve {
		if len(names) > 0 {
			p.labelled("NOTES", ", ", "only in "+Letter(k)+": "+strings.Join(cleaned(names), ", "))
		}
	}
	if d.Exact {
		p.labelled("NOTES", " ", "Virtual time: what differs follows from what is different above, or from the program.")
	} else {
		p.labelled("NOTES", " ", "Live, one after the other: what differs may be chance or the hour. consbench compare runs both in turns and says what is real.")
	}
	p.line("")
	_, err := w.Write(p.out.Bytes())
	return err
}

func (p *page) curveDiff(d *SweepDiff, c *CurveDiff) {
	g := &grid{header: []string{Clean(c.Curve), "commands/s", "", "", "p99", "", ""}}
	g.add(" "+Clean(d.Setting), "A", "B", "change", "A", "B", "change")
	var columns [2][]*int64
	for i := range c.Points {
		for k, v := range c.Points[i].P99 {
			var cell *int64
			if v != nil {
				ns := int64(math.Round(*v))
				cell = &ns
			}
			columns[k] = append(columns[k], cell)
		}
	}
	cells := times(columns[0], columns[1])
	for i := range c.Points {
		pt := &c.Points[i]
		row := []string{" " + Clean(pt.Value)}
		for _, v := range pt.Throughput {
			text := ""
			switch {
			case v != nil && d.Exact:
				text = sig3(*v)
			case v != nil:
				text = about(*v)
			}
			row = append(row, text)
		}
		g.add(append(row, changeOf(pt.Throughput), cells[0][i], cells[1][i], changeOf(pt.P99))...)
	}
	p.table(g)
	pair := func(v [2]string, none string) []string {
		for k := range v {
			if v[k] = Clean(v[k]); v[k] == "" {
				v[k] = none
			}
		}
		return []string{"A " + v[0], "B " + v[1]}
	}
	if c.Found != nil {
		p.labelled("FOUND", ", ", pair(*c.Found, "none")...)
	} else {
		p.labelled("KNEE", ", ", pair(c.Knee, "none")...)
	}
	if c.Overload != [2]string{} {
		p.labelled("OVERLOAD", ", ", pair(c.Overload, "none")...)
	}
	for k, values := range c.Only {
		if len(values) > 0 {
			p.labelled("ONLY IN "+Letter(k), ", ", cleaned(values)...)
		}
	}
	p.line("")
}

func cleaned(list []string) (out []string) {
	for _, s := range list {
		out = append(out, Clean(s))
	}
	return out
}

// changeOf is the relative change from the first to the second, "" if it is not known.
func changeOf(v [2]*float64) string {
	if v[0] == nil || v[1] == nil || *v[0] == 0 {
		return ""
	}
	return signedPercent(*v[1] / *v[0] - 1)
}
