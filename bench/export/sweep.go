package export

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// sweptAt are the setting of an axis and its value at a point; blank: there is no such
// axis.
func sweptAt(s *result.Sweep, axis int, value string) (setting, at string) {
	if axis >= len(s.Over) {
		return "", ""
	}
	return s.Over[axis].Setting, value
}

// sweptOver is the network of a sweep.
func sweptOver(s *result.Sweep) string {
	var c struct {
		Network string `json:"network"`
	}
	_ = json.Unmarshal(s.Config, &c) // blank if it does not say
	return c.Network
}

// points calls f for every point of the curves that was run, and every metric of the
// registry that it has.
func points(s *result.Sweep, f func(*result.SweepCurve, *result.SweepPoint, measure.Metric, result.Middle)) {
	for i := range s.Curves {
		c := &s.Curves[i]
		for j := range c.Points {
			for _, m := range measure.Metrics() {
				if v, known := c.Points[j].Values[m.Name]; known {
					f(c, &c.Points[j], m, v)
				}
			}
		}
	}
}

// csvSweeps writes a row per point and metric.
func csvSweeps(w *csv.Writer, docs []Document) {
	w.Write([]string{
		"file", "protocol", "network", "setting", "value", "number", "setting2", "value2", "good", "failed", "incorrect",
		"offered_per_s", "backlog", "overload", "met", "metric", "unit", "count", "q1", "median", "q3",
	})
	for i := range docs {
		s := docs[i].Sweep
		network := sweptOver(s)
		points(s, func(c *result.SweepCurve, p *result.SweepPoint, m measure.Metric, v result.Middle) {
			setting, value := sweptAt(s, 0, p.Value)
			setting2, value2 := sweptAt(s, 1, c.At)
			met := ""
			if p.Met != nil {
				met = strconv.FormatBool(*p.Met)
			}
			w.Write([]string{
				cell(docs[i].Name), cell(c.Protocol), cell(network), cell(setting), cell(value), orBlank(p.Number), cell(setting2), cell(value2),
				strconv.Itoa(p.Good), strconv.Itoa(p.Failed), strconv.Itoa(p.Incorrect),
				orBlank(p.Offered), orBlank(p.Backlog), cell(p.Overload), met, m.Name, m.Unit, strconv.Itoa(v.Count), number(v.Q1), number(v.Median), number(v.Q3),
			})
		})
	}
}

// orBlank is a number in full that may be null.
func orBlank(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}

// sweepLine is a metric of a point.
type sweepLine struct {
	File      string   `json:"file"`
	Protocol  string   `json:"protocol"`
	Network   string   `json:"network"`
	Setting   string   `json:"setting"`
	Value     string   `json:"value"`
	Number    *float64 `json:"number"` // null: a word
	Setting2  string   `json:"setting2,omitempty"`
	Value2    string   `json:"value2,omitempty"`
	Good      int      `json:"good"`
	Failed    int      `json:"failed"`
	Incorrect int      `json:"incorrect"`
	Offered   *float64 `json:"offered_per_s"` // null: a closed loop
	Backlog   *float64 `json:"backlog"`
	Overload  string   `json:"overload,omitempty"`
	Met       *bool    `json:"met,omitempty"` // of a search
	Metric    string   `json:"metric"`
	Unit      string   `json:"unit"`
	Better    string   `json:"better"`
	Exact     bool     `json:"exact"`
	result.Middle
}

func jsonlSweep(enc *json.Encoder, d *Document) (err error) {
	s := d.Sweep
	network := sweptOver(s)
	points(s, func(c *result.SweepCurve, p *result.SweepPoint, m measure.Metric, v result.Middle) {
		l := sweepLine{
			File: d.Name, Protocol: c.Protocol, Network: network, Number: p.Number, Good: p.Good, Failed: p.Failed, Incorrect: p.Incorrect,
			Offered: p.Offered, Backlog: p.Backlog, Overload: p.Overload, Met: p.Met,
			Metric: m.Name, Unit: m.Unit, Better: m.Better.String(), Exact: s.Exact && m.Exact, Middle: v,
		}
		l.Setting, l.Value = sweptAt(s, 0, p.Value)
		l.Setting2, l.Value2 = sweptAt(s, 1, c.At)
		if err == nil {
			err = enc.Encode(l)
		}
	})
	return err
}

// markdownSweep writes a table for each curve, and what there is to say of them.
func markdownSweep(b *strings.Builder, d *Document) {
	s := d.Sweep
	heading(b, "Sweep", d.Name)
	if s.Interrupted {
		b.WriteString("**INTERRUPTED**: only the runs that were finished until then.\n\n")
	}
	for i := range s.Curves {
		c := &s.Curves[i]
		name := c.Protocol
		if setting, at := sweptAt(s, 1, c.At); at != "" {
			name += " " + setting + "=" + at
		}
		var shown []measure.Metric
		for _, m := range report.Compared() {
			for j := range c.Points {
				if _, known := c.Points[j].Values[m.Name]; known {
					shown = append(shown, m)
					break
				}
			}
		}
		header := []string{md(name + ", " + s.Over[0].Setting), ""}
		for _, m := range shown {
			header = append(header, md(m.Name))
		}
		var rows [][]string
		for j := range c.Points {
			p := &c.Points[j]
			row := []string{md(p.Value), sweepWord(c, j)}
			for _, m := range shown {
				text := ""
				if v, known := p.Values[m.Name]; known {
					text = md(report.Found(&result.Expectation{Metric: m.Name, Value: &v.Median}))
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
		table(b, true, header, rows)
		b.WriteByte('\n')
	}
	for _, text := range report.SweepFindings(s) {
		b.WriteString("- " + md(text) + "\n")
	}
	machine(b, &s.Environment)
}

// sweepWord says of a point what its figures do not.
func sweepWord(c *result.SweepCurve, i int) string {
	p := &c.Points[i]
	var words []string
	add := func(is bool, word string) {
		if is {
			words = append(words, word)
		}
	}
	add(p.Incorrect > 0, "**INCORRECT**")
	add(p.Failed > 0, "**FAILED**")
	add(p.Overload != "", "overload")
	add(p.Met != nil && *p.Met, "meets")
	add(p.Met != nil && !*p.Met, "misses")
	add(c.Knee != nil && c.Knee.Edge == "" && c.Knee.Point == i, "knee")
	return strings.Join(words, ", ")
}

// checkSweep checks what the types do not say.
func checkSweep(k *result.Sweep) error {
	if len(k.Over) == 0 {
		return errors.New("over: empty: nothing was swept")
	}
	if len(k.Curves) == 0 {
		return errors.New("curves: empty: nothing was measured")
	}
	for i := range k.Curves {
		if knee, n := k.Curves[i].Knee, len(k.Curves[i].Points); knee != nil {
			inner := knee.Edge != "first" && knee.Edge != "last"
			if knee.Point < 0 || knee.Point >= n || inner && (knee.Point == 0 || knee.Point == n-1) {
				return fmt.Errorf("curves[%d].knee.point: %d is not between two of %d points", i, knee.Point, n)
			}
			if a := knee.Again; a < 0 || a >= n || a > 0 && (k.Curves[i].Points[a].Power == nil || k.Curves[i].Points[knee.Point].Power == nil) {
				return fmt.Errorf("curves[%d].knee.again: %d is no point with a power", i, a)
			}
		}
		for j := range k.Curves[i].Points {
			for name := range k.Curves[i].Points[j].Values {
				if _, err := measure.Find(name); err != nil {
					return fmt.Errorf("curves[%d].points[%d].values: %w", i, j, err)
				}
			}
		}
	}
	return nil
}
