package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// gobenchOthers writes comparisons, a line per run with its side as a part of the name
// (benchstat -col /side sets them side by side), and elections, a line per setting.
func gobenchOthers(o *output, docs []Document) error {
	var lines []string
	used, virtual, repeated := map[string]bool{}, true, map[string]bool{}
	add := func(name string, n int, values func(metric string) (float64, bool)) {
		virtual = virtual && !repeated[name]
		repeated[name] = true
		var b strings.Builder
		fmt.Fprintf(&b, "%s\t%d", name, max(n, 1))
		for _, m := range measure.Metrics() {
			if v, known := values(m.Name); known {
				used[m.Name] = true
				b.WriteString("\t" + number(v) + " " + benchUnit(m))
			}
		}
		lines = append(lines, b.String())
	}
	for i := range docs {
		d := &docs[i]
		e := &result.Environment{}
		started := ""
		if d.Comparison != nil {
			e, started = &d.Comparison.Environment, d.Comparison.Started
		} else {
			e, started = &d.Elections.Environment, d.Elections.Started
		}
		lines = append(lines, fmt.Sprintf("# %s: %s", report.Clean(d.Name), report.Clean(strings.Join(about(e, started), ", "))), "pkg: github.com/consbench/consbench")
		for _, c := range []struct{ key, value string }{{"goos", e.OS}, {"goarch", e.Arch}, {"cpu", e.CPU}} {
			lines = append(lines, c.key+": "+strings.TrimSpace(report.Clean(c.value)))
		}
		if d.Comparison != nil {
			virtual = virtual && d.Comparison.Exact
			o.sides(d, e.GOMAXPROCS, add)
			continue
		}
		for j, name := range electionNames(d.Elections.Settings) {
			s := &d.Elections.Settings[j]
			virtual = virtual && s.Config.Network == ""
			add(name, s.Trials, func(metric string) (float64, bool) { return report.TrialValue(s, metric) })
		}
	}
	for _, m := range measure.Metrics() {
		meta := unitMeta(m, virtual)
		if meta == "" || !used[m.Name] {
			continue
		}
		if err := o.print("Unit %s%s\n", benchUnit(m), meta); err != nil {
			return err
		}
	}
	return o.print("%s\n", strings.Join(lines, "\n"))
}

// electionNames are the names of settings as benchmarks: protocol, size and timeouts,
// and whatever else some of them differ in. Seed and number of trials only repeat a
// setting.
func electionNames(settings []result.ElectionSetting) []string {
	names := make([]string, len(settings))
	for i := range settings {
		c := &settings[i].Config
		names[i] = fmt.Sprintf("BenchmarkConsbench/elections/protocol=%s/nodes=%d/timeout=%s-%s", word(c.Protocol), c.Nodes, c.ElectionMin, c.ElectionMax)
	}
	for _, o := range report.TrialOptions {
		if slices.Contains([]string{"nodes", "election-timeout", "trials", "seed"}, o.Name) {
			continue
		}
		for i := range settings {
			if o.Of(&settings[i].Config) == o.Of(&settings[0].Config) {
				continue
			}
			for j := range settings {
				names[j] += "/" + o.Name + "=" + word(o.Of(&settings[j].Config))
			}
			break
		}
	}
	return names
}

// sides adds the good runs of a comparison, and notes those that are left out.
func (o *output) sides(d *Document, gomaxprocs int, add func(string, int, func(string) (float64, bool))) {
	for i := range d.Comparison.Sides {
		s := &d.Comparison.Sides[i]
		var config struct {
			Nodes int `json:"nodes"`
		}
		name := "BenchmarkConsbench/network=" + word(s.Network)
		if json.Unmarshal(s.Config, &config) == nil && config.Nodes > 0 {
			name += fmt.Sprintf("/nodes=%d", config.Nodes)
		}
		name += "/side=" + word(letter(i)+"~"+s.Name)
		if gomaxprocs > 1 {
			name += fmt.Sprintf("-%d", gomaxprocs)
		}
		for _, r := range s.Samples {
			if r.Status != result.Good {
				o.note("%s: %s seed %d: %s: left out", d.Name, s.Name, r.Seed, r.Status)
				continue
			}
			add(name, int(r.Values["acknowledged"]), func(metric string) (float64, bool) {
				v, known := r.Values[metric]
				return v, known
			})
		}
	}
}
