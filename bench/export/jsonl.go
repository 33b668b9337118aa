package export

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// runFields tell which run a line is about.
type runFields struct {
	File        string `json:"file"`
	Protocol    string `json:"protocol"`
	Network     string `json:"network"`
	Nodes       int    `json:"nodes"`
	Seed        uint64 `json:"seed"`
	Rep         int    `json:"rep"`
	Fingerprint string `json:"fingerprint"`
	Status      string `json:"status"`
}

func fieldsOf(file string, r *result.Run) runFields {
	return runFields{file, r.Protocol, r.Network, r.Nodes, r.Seed, r.Rep, r.Fingerprint, standing(r)}
}

type metricLine struct {
	runFields
	Metric string   `json:"metric"`
	Unit   string   `json:"unit"`
	Better string   `json:"better"`
	Exact  bool     `json:"exact"` // the seed alone decides it in this run
	Value  *float64 `json:"value"` // null = unknown
}

type seriesLine struct {
	runFields
	T            int64   `json:"t_ns"`
	Acknowledged uint64  `json:"acknowledged"`
	P50          *int64  `json:"response.p50_ns"`
	P99          *int64  `json:"response.p99_ns"`
	Leader       *uint32 `json:"leader"` // null = none
}

// comparedLine is a metric of two sides, with all that the comparison says of it.
type comparedLine struct {
	File  string `json:"file"`
	Base  string `json:"base"`
	Side  string `json:"side"`
	Pairs int    `json:"pairs"`
	Unit  string `json:"unit"`
	Exact bool   `json:"exact"`

	Setting string `json:"setting,omitempty"` // of elections
	result.Line
}

// gateLine is a row of a gate.
type gateLine struct {
	File string `json:"file"`
	result.GateRow
}

// writeJSONL writes a line of JSON per run and metric, or per run and interval; of a
// comparison one per pair of sides and metric, of a gate one per row, of a sweep one
// per point and metric.
func writeJSONL(o *output, docs []Document, opt Options) error {
	enc := json.NewEncoder(printable{o})
	for i := range docs {
		if docs[i].Kind() == Elections {
			if err := jsonlElections(enc, &docs[i]); err != nil {
				return err
			}
			continue
		}
		if docs[i].Kind() == Sweep {
			if err := jsonlSweep(enc, &docs[i]); err != nil {
				return err
			}
			continue
		}
		if docs[i].Kind() != Result {
			if err := jsonlVerdicts(enc, &docs[i]); err != nil {
				return err
			}
			continue
		}
		for j := range docs[i].Result.Runs {
			r := &docs[i].Result.Runs[j]
			fields := fieldsOf(docs[i].Name, r)
			write := jsonlMetrics
			if opt.Series {
				write = jsonlSeries
			}
			if err := write(enc, fields, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// printable escapes what encoding/json leaves as it is and a terminal does not: the
// control characters beyond ASCII's and those that reorder text. In JSON they stand
// in strings only. Each call writes a whole line.
type printable struct{ w io.Writer }

func (p printable) Write(line []byte) (int, error) {
	var b []byte
	for _, r := range string(line) {
		if r == '\n' || unicode.IsPrint(r) && !unicode.In(r, unicode.Bidi_Control) {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	if _, err := p.w.Write(b); err != nil {
		return 0, err
	}
	return len(line), nil
}

func jsonlMetrics(enc *json.Encoder, fields runFields, r *result.Run) error {
	for _, m := range measure.Metrics() {
		line := metricLine{runFields: fields, Metric: m.Name, Unit: m.Unit, Better: m.Better.String(), Exact: exact(m, r)}
		if v, known := report.Value(r, m.Name); known {
			line.Value = &v
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func jsonlVerdicts(enc *json.Encoder, d *Document) error {
	if d.Gate != nil {
		for _, r := range d.Gate.Rows {
			if err := enc.Encode(gateLine{d.Name, r}); err != nil {
				return err
			}
		}
		return nil
	}
	c := d.Comparison
	for _, a := range c.Against {
		for _, l := range a.Lines {
			line := comparedLine{d.Name, c.Sides[a.Base].Name, c.Sides[a.Side].Name, a.Pairs, unit(l.Metric), l.Method == "exact", a.Setting, l}
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

func jsonlSeries(enc *json.Encoder, fields runFields, r *result.Run) error {
	for i := range r.Series {
		s := &r.Series[i]
		line := seriesLine{runFields: fields, T: s.T, Acknowledged: s.Acknowledged, P50: s.P50, P99: s.P99}
		if s.Leader != 0 {
			line.Leader = &s.Leader
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
