package page

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/export"
	"github.com/consbench/consbench/bench/page/pagetest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// fill sets every text below v to s, lists and maps to two elements, numbers and
// pointers to something.
func fill(v reflect.Value, s string, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(depth%2 == 0)
	case reflect.Float64:
		v.SetFloat(1.5 + float64(depth))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(1000 * (1 + depth)))
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(1 + depth))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // raw JSON
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), s, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, s, depth+1)
		v.SetMapIndex(reflect.ValueOf(s), e)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), s, depth+1)
		}
	}
}

// hostile are files of every schema in which every text is s.
func hostile(t testing.TB, s string) []*File {
	t.Helper()
	h := hdrhistogram.New(1, 1e9, 3)
	for i := int64(1); i < 2000; i++ {
		if err := h.RecordValue(i * i); err != nil {
			t.Fatal(err)
		}
	}
	hdr, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	var cfg bench.Config
	fill(reflect.ValueOf(&cfg).Elem(), s, 0)
	config, err := json.Marshal(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, c, e, g, k := new(result.File), new(result.Comparison), new(result.Elections), new(result.Gate), new(result.Sweep)
	for _, v := range []any{r, c, e, g, k} {
		fill(reflect.ValueOf(v).Elem(), s, 0)
	}
	r.Config = config
	for i := range r.Runs {
		run := &r.Runs[i]
		run.Error, run.Measured = "", 5e9
		if i == 1 {
			run.Error = s
		}
		run.Seed = uint64(i)
		for _, l := range []*result.Latency{&run.Latency.Response, &run.Latency.Commit} {
			l.HDR, l.Count = string(hdr), 1999
		}
		for k := range run.Series {
			run.Series[k].T = int64(k) * 1e8
		}
		for k := range run.Faults {
			run.Faults[k].Skipped = []string{"", s}[k%2]
		}
	}
	for i := range c.Sides {
		c.Sides[i].Config = config
	}
	for i := range c.Against {
		c.Against[i].Base, c.Against[i].Side = 0, 1
		c.Against[i].Lines[0].Metric = "throughput" // what the registry does not know is not shown
	}
	for i := range e.Settings {
		set := &e.Settings[i]
		for _, p := range []*result.Phase{&set.Phases.Detected, &set.Phases.Elected, &set.Phases.Announced, &set.Phases.FirstCommit} {
			p.Quantiles = make([]*int64, 101)
			for q := range p.Quantiles {
				v := int64(1e6 * (q + 1))
				p.Quantiles[q] = &v
			}
		}
		set.Trials, set.Published.Quantiles = 2000, make([]int64, 101)
	}
	k.Config = config
	for i := range k.Curves {
		k.Curves[i].Knee.Point, k.Curves[i].Knee.Again, k.Curves[i].Knee.Edge = i, 0, []string{"first", "last"}[i]
		for j := range k.Curves[i].Points { // of metrics that the registry does not know nothing is shown
			p := &k.Curves[i].Points[j]
			p.Values[throughput], p.Values[tail] = result.Middle{Count: 1, Median: float64(1000 * (j + 1))}, result.Middle{Count: 1, Median: float64(1e6 * (j + 1))}
		}
	}
	settings := []Setting{{s, s, false}}
	return []*File{
		{export.Document{Name: s, Result: r}, []string{s, s}, settings}, {export.Document{Name: s, Comparison: c}, nil, settings},
		{Document: export.Document{Name: s, Elections: e}}, {Document: export.Document{Name: s, Gate: g}}, {export.Document{Name: s, Sweep: k}, nil, settings},
	}
}

var (
	tag       = regexp.MustCompile(`<(/?)([!a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z0-9:-]+(?:="[^"]*")?)*)\s*/?>`)
	attribute = regexp.MustCompile(`([a-zA-Z0-9:-]+)(?:="[^"]*")?`)
	verbatim  = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`)
	allowed   = strings.Fields(`a article body button caption circle code desc details div doctype figcaption figure footer g h1 h2 h3 head header html
		li line link main meta nav noscript ol p path pre rect script section span strong style summary svg table tbody td text th thead title tr ul`)
	attributes = strings.Fields(`aria-label aria-labelledby charset class content cx cy d data-e data-l data-m data-n data-x height href html http-equiv id lang name
		r rel role scope tabindex text-anchor viewBox width x x1 x2 y y1 y2`)
)

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// inert fails if a page has an element, an attribute or a character that the template does not
// have.
func inert(t *testing.T, name, html string) {
	t.Helper()
	if n := strings.Count(html, "<script"); n != 1 {
		t.Errorf("%q: %d scripts", name, n)
	}
	rest := verbatim.ReplaceAllString(html, "")
	for _, m := range tag.FindAllStringSubmatch(rest, -1) {
		if el := strings.ToLower(strings.TrimPrefix(m[2], "!")); !contains(allowed, el) {
			t.Errorf("%q: element %s", name, m[0])
		}
		for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
			if !contains(attributes, a[1]) {
				t.Errorf("%q: attribute %s in %s", name, a[1], m[0])
			}
			if a[1] == "href" && !strings.HasPrefix(a[0], `href="#`) && a[0] != `href="data:,"` {
				t.Errorf("%q: link %s", name, a[0])
			}
		}
	}
	if rest = tag.ReplaceAllString(rest, ""); strings.ContainsAny(rest, "<") {
		i := strings.IndexByte(rest, '<')
		t.Errorf("%q: markup that nobody wrote: %q", name, rest[i:min(i+60, len(rest))])
	}
	harmless(t, name, html)
}

// harmless fails if text could move a cursor or reorder what stands around it.
func harmless(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q: not UTF-8", name)
	}
	for i, r := range text {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
			t.Errorf("%q: %U in %q", name, r, text[max(0, i-40):min(i+20, len(text))])
			return
		}
	}
}

// TestHostile: fifty names in every place that takes a name are inert on the page, in the
// terminal, in cells of a spreadsheet and in Markdown.
func TestHostile(t *testing.T) {
	if len(pagetest.Names) != 50 {
		t.Errorf("%d names", len(pagetest.Names))
	}
	for i, name := range pagetest.Names {
		if testing.Short() && i%5 != 0 {
			continue
		}
		files := hostile(t, name)
		var b bytes.Buffer
		if err := Write(&b, files); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		inert(t, name, b.String())

		for _, show := range []func(io.Writer) error{
			func(w io.Writer) error { return report.Table(w, files[0].Result, report.Options{Rerun: []string{"x"}}) },
			func(w io.Writer) error { return report.Comparison(w, files[1].Comparison, report.Options{}, true) },
			func(w io.Writer) error { return report.Trials(w, files[2].Elections, report.Options{}) },
			func(w io.Writer) error { return report.Gate(w, files[3].Gate, report.Options{}, true) },
			func(w io.Writer) error { return report.Sweep(w, files[4].Sweep, nil, report.Options{}) },
		} {
			b.Reset()
			if err := show(&b); err != nil {
				t.Errorf("%q: %v", name, err)
			}
			harmless(t, name, b.String())
		}

		var docs []export.Document
		for _, f := range files {
			docs = append(docs, f.Document)
		}
		for _, d := range docs {
			if d.Gate != nil {
				continue // no rows of metrics
			}
			b.Reset()
			if _, err := export.Write(&b, "csv", []export.Document{d}, export.Options{}); err != nil {
				t.Errorf("%q: csv: %v", name, err)
			}
			cells(t, name, b.String())
		}
		b.Reset()
		if _, err := export.Write(&b, "markdown", docs, export.Options{}); err != nil {
			t.Errorf("%q: markdown: %v", name, err)
		}
		markdown(t, name, b.String())
	}
}

// cells fails if a spreadsheet would take a cell for a formula.
func cells(t *testing.T, name, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Errorf("%q: %v", name, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			harmless(t, name, cell)
			if _, err := strconv.ParseFloat(cell, 64); err == nil {
				continue
			}
			if c := strings.TrimLeftFunc(cell, unicode.IsSpace); c != "" && strings.ContainsAny(c[:1], "=+-@") || strings.HasPrefix(c, "\uff1d") {
				t.Errorf("%q: formula %q", name, cell)
			}
		}
	}
}

// folded are the titles of the tables of elections that a reader has to open.
var folded = []string{
	"<details><summary>election.detected</summary>\n", "<details><summary>election.elected</summary>\n", "<details><summary>election.first_commit</summary>\n",
}

// markdown fails if text has markup of somebody else.
func markdown(t *testing.T, name, text string) {
	t.Helper()
	harmless(t, name, text)
	columns := 0
	for line := range strings.Lines(text) {
		if line == "</details>\n" || strings.HasPrefix(line, "<details><summary>All ") || contains(folded, line) { // its own
			continue
		}
		for _, bad := range []string{"<", "](", "`", "javascript:hacked", "@everyone", "https://", "www.evil"} {
			if strings.Contains(line, bad) {
				t.Errorf("%q: %q in %q", name, bad, line)
			}
		}
		if strings.HasPrefix(line, "::") {
			t.Errorf("%q: a command: %q", name, line)
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(line, "|")
		if columns > 0 && n != columns {
			t.Errorf("%q: %d cells where %d must be: %q", name, n, columns, line)
		}
		columns = n
	}
}
