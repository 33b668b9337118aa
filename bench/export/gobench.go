package export

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// writeGobench writes Go's benchmark format (go.dev/design/14313-benchmark-format):
// a line per run, its metrics as units. benchstat compares benchmarks of the same
// name and configuration, so the configuration lines hold only what makes two
// machines differ; revision and date stand in comments, which begin with #.
func writeGobench(o *output, docs []Document, _ Options) error {
	if len(docs) > 0 && docs[0].Kind() != Result {
		return gobenchOthers(o, docs)
	}
	if err := gobenchUnits(o, docs); err != nil {
		return err
	}
	shown := map[string]string{}
	for i := range docs {
		f := docs[i].Result
		e := &f.Environment
		if err := o.print("# %s: %s\n", report.Clean(docs[i].Name), report.Clean(strings.Join(about(&f.Environment, f.Started), ", "))); err != nil {
			return err
		}
		for _, c := range []struct{ key, value string }{
			{"pkg", "github.com/consbench/consbench"}, {"goos", e.OS}, {"goarch", e.Arch}, {"cpu", e.CPU},
		} {
			value := strings.TrimSpace(report.Clean(c.value))
			if shown[c.key] == value {
				continue
			}
			shown[c.key] = value
			if err := o.print("%s: %s\n", c.key, value); err != nil { // without a value it is unset
				return err
			}
		}
		for j := range f.Runs {
			r := &f.Runs[j]
			if !o.comparable(docs[i].Name, r) {
				if err := o.print("# left out, %s: %s\n", standing(r), report.Clean(identity(r))); err != nil {
					return err
				}
				continue
			}
			if err := o.print("%s\n", gobenchLine(r, e.GOMAXPROCS)); err != nil {
				return err
			}
		}
	}
	return nil
}

// about says what made a file, and when.
func about(e *result.Environment, started string) []string {
	parts := []string{"consbench " + e.Version}
	if e.Revision != "" {
		parts = append(parts, "revision "+e.Revision)
	}
	return append(parts, e.Go, "started "+started)
}

// benchName is the name of a run as a benchmark. Go appends GOMAXPROCS, unless it
// is 1.
func benchName(r *result.Run, gomaxprocs int) string {
	name := fmt.Sprintf("BenchmarkConsbench/protocol=%s/network=%s/nodes=%d", word(r.Protocol), word(r.Network), r.Nodes)
	if gomaxprocs > 1 {
		name += "-" + strconv.Itoa(gomaxprocs)
	}
	return name
}

func gobenchLine(r *result.Run, gomaxprocs int) string {
	var b strings.Builder
	b.WriteString(benchName(r, gomaxprocs))
	b.WriteByte('\t')
	b.WriteString(strconv.FormatUint(max(r.Commands.Acknowledged, 1), 10))
	for _, m := range measure.Metrics() {
		if v := value(r, m); v != "" {
			b.WriteByte('\t')
			b.WriteString(v)
			b.WriteByte(' ')
			b.WriteString(benchUnit(m))
		}
	}
	return b.String()
}

// benchUnit is a metric as a unit of a benchmark. The parts ns and B are what
// benchstat scales by: p99-ns, cpu-ns/commit, wire-B/commit. A bare quantile is one
// of response latency.
func benchUnit(m measure.Metric) string {
	name, per, _ := strings.Cut(strings.TrimPrefix(m.Name, "response."), "/")
	if per != "" {
		per = "/" + per
	}
	switch {
	case m.Name == "throughput":
		return "commits/s"
	case m.Unit == measure.PerSecond:
		return name + "-commits/s"
	case m.Unit == measure.Nanoseconds:
		return name + "-ns" + per
	case m.Unit == measure.Bytes:
		return strings.TrimSuffix(name, "_bytes") + "-B" + per
	}
	return name + per
}

// gobenchUnits tells benchstat which direction is better, and, where each benchmark
// is one virtual run, that there is no noise in it.
func gobenchUnits(o *output, docs []Document) error {
	virtual := true
	seen, used := map[string]bool{}, map[string]bool{}
	for i := range docs {
		for j := range docs[i].Result.Runs {
			r := &docs[i].Result.Runs[j]
			if standing(r) != correct {
				continue
			}
			name := benchName(r, docs[i].Result.Environment.GOMAXPROCS)
			virtual = virtual && r.Network == "sim" && !seen[name]
			seen[name] = true
			for _, m := range measure.Metrics() {
				used[m.Name] = used[m.Name] || value(r, m) != ""
			}
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
	return nil
}

// unitMeta is what benchstat should know about a metric.
func unitMeta(m measure.Metric, virtual bool) (meta string) {
	if m.Better != measure.Neither {
		meta += " better=" + m.Better.String()
	}
	if m.Exact && virtual {
		meta += " assume=exact"
	}
	return meta
}
