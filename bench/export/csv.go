package export

import (
	"encoding/csv"
	"strconv"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// writeCSV writes RFC 4180: a header, lines that end in CR LF. Text goes through
// cell, numbers stand in full, what is unknown is blank.
func writeCSV(o *output, docs []Document, opt Options) error {
	w := csv.NewWriter(o)
	w.UseCRLF = true
	switch {
	case len(docs) > 0 && docs[0].Kind() == Comparison:
		csvComparisons(w, docs)
	case len(docs) > 0 && docs[0].Kind() == Elections:
		csvElections(w, docs)
	case len(docs) > 0 && docs[0].Kind() == Sweep:
		csvSweeps(w, docs)
	case opt.Series:
		csvSeries(w, docs)
	default:
		csvMetrics(w, docs)
	}
	w.Flush()
	return w.Error()
}

// runColumns tell which run a row is about.
var runColumns = []string{"file", "protocol", "network", "nodes", "seed", "rep", "fingerprint", "status"}

func runCells(file string, r *result.Run) []string {
	return []string{
		cell(file), cell(r.Protocol), cell(r.Network), strconv.Itoa(r.Nodes), strconv.FormatUint(r.Seed, 10),
		strconv.Itoa(r.Rep), cell(r.Fingerprint), standing(r),
	}
}

// csvMetrics writes a row per run and metric. An error of w stays with it.
func csvMetrics(w *csv.Writer, docs []Document) {
	w.Write(append(runColumns[:len(runColumns):len(runColumns)], "metric", "unit", "value"))
	for i := range docs {
		for j := range docs[i].Result.Runs {
			r := &docs[i].Result.Runs[j]
			head := runCells(docs[i].Name, r)
			for _, m := range measure.Metrics() {
				w.Write(append(head[:len(head):len(head)], m.Name, m.Unit, value(r, m)))
			}
		}
	}
}

// csvSeries writes a row per run and interval.
func csvSeries(w *csv.Writer, docs []Document) {
	w.Write(append(runColumns[:len(runColumns):len(runColumns)], "t_ns", "acknowledged", "response.p50_ns", "response.p99_ns", "leader"))
	for i := range docs {
		for j := range docs[i].Result.Runs {
			r := &docs[i].Result.Runs[j]
			head := runCells(docs[i].Name, r)
			for _, s := range r.Series {
				leader := ""
				if s.Leader != 0 {
					leader = strconv.FormatUint(uint64(s.Leader), 10)
				}
				w.Write(append(head[:len(head):len(head)],
					decimal(s.T), strconv.FormatUint(s.Acknowledged, 10), optional(s.P50), optional(s.P99), leader))
			}
		}
	}
}

// csvComparisons writes a row per pair of sides and metric.
func csvComparisons(w *csv.Writer, docs []Document) {
	w.Write([]string{
		"file", "base", "side", "pairs", "metric", "unit", "method",
		"base_count", "base_q1", "base_median", "base_q3", "side_count", "side_q1", "side_median", "side_q3",
		"ratio", "low", "high", "visible", "verdict", "lacks", "needed", "setting",
	})
	middle := func(m result.Middle) []string {
		if m.Count == 0 {
			return []string{"0", "", "", ""}
		}
		return []string{strconv.Itoa(m.Count), number(m.Q1), number(m.Median), number(m.Q3)}
	}
	ratio := func(v *float64) string {
		if v == nil {
			return ""
		}
		return number(*v)
	}
	for i := range docs {
		c := docs[i].Comparison
		for _, a := range c.Against {
			for _, l := range a.Lines {
				row := []string{
					cell(docs[i].Name), cell(c.Sides[a.Base].Name), cell(c.Sides[a.Side].Name), strconv.Itoa(a.Pairs),
					cell(l.Metric), unit(l.Metric), cell(l.Method),
				}
				row = append(row, middle(l.A)...)
				row = append(row, middle(l.B)...)
				row = append(row, ratio(l.Ratio), ratio(l.Low), ratio(l.High), ratio(l.Visible), cell(l.Verdict), cell(l.Lacks))
				needed := ""
				if l.Needed > 0 {
					needed = strconv.Itoa(l.Needed)
				}
				w.Write(append(row, needed, cell(a.Setting)))
			}
		}
	}
}

// unit of a metric; blank if the registry does not know it.
func unit(metric string) string {
	m, err := measure.Find(metric)
	if err != nil {
		return ""
	}
	return m.Unit
}
