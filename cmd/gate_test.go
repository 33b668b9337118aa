package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// sound is a baseline of two protocols, with every field that a result has.
func sound(t *testing.T) []byte {
	t.Helper()
	cfg := bench.Defaults()
	cfg.Protocols, cfg.Delay, cfg.Faults = []string{"raft", "paxos"}, simDelay, []string{}
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	file := &result.File{Schema: result.Schema, Started: "2025-01-02T03:04:05Z", Config: raw}
	file.Environment.Version, file.Environment.CPU = "v0.1.0", "a CPU"
	ns, mean := int64(2_000_000), 2e6
	l := result.Latency{Count: 9971, Min: &ns, Mean: &mean, P50: &ns, P90: &ns, P99: &ns, Max: &ns}
	for _, p := range cfg.Protocols {
		file.Runs = append(file.Runs, result.Run{
			Protocol: p, Network: cfg.Network, Nodes: cfg.Nodes, Seed: cfg.Seed, Rep: 1, Fingerprint: cfg.Fingerprint(p),
			Measured: int64(cfg.Duration), Throughput: 9971.5, Goodput: 9971.5,
			Commands:  result.Commands{Offered: 9971, Acknowledged: 9971},
			Latency:   result.Latencies{Response: l, Service: l, Commit: l},
			Series:    []result.Interval{{T: 0, Acknowledged: 9971, P50: &ns}},
			Faults:    []result.Fault{},
			Elections: []result.Election{{Detected: &ns, Elected: &ns, Rounds: 1, Leader: 1, Term: 1}},
			PerCommit: result.PerCommit{Messages: 4, WireBytes: 600},
			Totals:    result.Totals{Commits: 9971, Entries: 9971, Frames: map[string]uint64{"replication": 4}, Recoveries: []result.Recovery{}},
			Verdict:   result.Verdict{Correct: true, Checks: []result.Check{{Name: "logs agree", OK: true}}},
			Warnings:  []string{},
		})
	}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// object is a piece of JSON.
type object = map[string]any

func edit(data []byte, f func(o object)) []byte {
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		panic(err)
	}
	f(o)
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return data
}

// at follows a path such as runs.0.commands to an object.
func at(o object, path string) object {
	var v any = o
	for step := range strings.SplitSeq(path, ".") {
		switch step {
		case "0", "1":
			v = v.([]any)[step[0]-'0']
		default:
			v = v.(object)[step]
		}
	}
	return v.(object)
}

// damage is one way to spoil a baseline, and part of what must be said about it.
type damage struct {
	name string
	do   func([]byte) []byte
	says string
}

func damages() []damage {
	raw := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	swap := func(old, with string) func([]byte) []byte {
		return func(d []byte) []byte {
			if !bytes.Contains(d, []byte(old)) {
				panic(old)
			}
			return bytes.Replace(d, []byte(old), []byte(with), 1)
		}
	}
	set := func(path, key string, v any) func([]byte) []byte {
		return func(d []byte) []byte {
			return edit(d, func(o object) {
				if path != "" {
					o = at(o, path)
				}
				o[key] = v
			})
		}
	}
	drop := func(path, key string) func([]byte) []byte {
		return func(d []byte) []byte {
			return edit(d, func(o object) {
				if path != "" {
					o = at(o, path)
				}
				if _, ok := o[key]; !ok {
					panic(path + "." + key)
				}
				delete(o, key)
			})
		}
	}
	cut := func(mark string) func([]byte) []byte {
		return func(d []byte) []byte { return d[:bytes.Index(d, []byte(mark))] }
	}
	const throughput = `"throughput_per_s": 9971.5`
	number := func(n string) func([]byte) []byte { return swap(throughput, `"throughput_per_s": `+n) }
	return []damage{
		{"empty", raw(""), "empty"},
		{"blank", raw(" \n\t\n"), "empty"},
		{"binary", raw("\x7fELF\x02\x01\x01\x00"), "not text: it holds a byte 0x00"},
		{"gzip", raw("\x1f\x8b\x08\x00"), "not text: it holds a byte 0x8b"},
		{"nul", swap("a CPU", "a\x00CPU"), "byte 0x00"},
		{"latin1", swap("a CPU", "\xe4 CPU"), "byte 0xe4"},
		{"text", raw("throughput 9971/s\n"), "not JSON"},
		{"half", func(d []byte) []byte { return d[:len(d)/2] }, "truncated: it ends in the middle of a value"},
		{"last brace", func(d []byte) []byte { return bytes.TrimSpace(d)[:len(bytes.TrimSpace(d))-1] }, "truncated"},
		{"in a text", cut(" CPU"), "truncated"},
		{"in a number", cut("71.5"), "truncated"},
		{"brace follows", func(d []byte) []byte { return append(d, '}') }, "something follows"},
		{"twice", func(d []byte) []byte { return append(d, d...) }, "something follows"},
		{"zeros follow", func(d []byte) []byte { return append(d, make([]byte, 512)...) }, "byte 0x00"},
		{"in a list", func(d []byte) []byte { return fmt.Appendf(nil, "[%s]", d) }, "not an object"},
		{"null", raw("null"), "not an object"},
		{"number", raw("42"), "not an object"},
		{"comma", swap(`"runs": [`, `"runs": [,`), "not JSON: invalid character ','"},
		{"deep", raw(strings.Repeat("[", 20000)), "not JSON"},
		{"conflict", swap(throughput, "<<<<<<< HEAD\n"+throughput), "not JSON"},

		{"NaN", number("NaN"), "throughput_per_s: NaN is no number in JSON"},
		{"Infinity", number("Infinity"), "throughput_per_s: Infinity is no number in JSON"},
		{"-Infinity", number("-Infinity"), "throughput_per_s: -Infinity is no number in JSON"},
		{"Inf", number("+Inf"), "throughput_per_s: +Inf is no number in JSON"},
		{"range", number("1e999"), "runs[0].throughput_per_s: 1e999 is out of range"},
		{"null number", number("null"), "runs[0].throughput_per_s: null where a number must be"},
		{"null cost", set("runs.0.per_commit", "messages", nil), "runs[0].per_commit.messages: null where a number must be"},
		{"text number", set("runs.0.commands", "acknowledged", "9971"), "runs[0].commands.acknowledged: a text where a number must be"},
		{"list number", set("runs.0.totals", "commits", []int{1}), "runs[0].totals.commits: a list where a number must be"},
		{"bool number", set("runs.0", "nodes", true), "runs[0].nodes: true or false where a number must be"},
		{"number text", set("runs.0", "protocol", 1), "runs[0].protocol: a number where a text must be"},
		{"number bool", set("runs.0.verdict", "correct", 1), "runs[0].verdict.correct: a number where true or false must be"},
		{"fraction", set("runs.0.commands", "offered", 1.5), "runs[0].commands.offered: 1.5 where a whole number must be"},
		{"too many", swap(`"offered": 9971`, `"offered": 99999999999999999999`), "runs[0].commands.offered: 99999999999999999999 is out of range"},
		{"negative count", set("runs.0.commands", "offered", -1), "runs[0].commands.offered: -1 is negative"},
		{"negative latency", set("runs.0.latency_ns.response", "p50", -5), "runs[0].latency_ns.response.p50: -5 is negative"},
		{"negative mean", set("runs.0.latency_ns.commit", "mean", -5), "runs[0].latency_ns.commit.mean: -5 is negative"},
		{"negative cost", set("runs.0.per_commit", "wire_bytes", -.5), "runs[0].per_commit.wire_bytes: -0.5 is negative"},
		{"negative throughput", number("-1"), "runs[0].throughput_per_s: -1 is negative"},

		{"schema v2", set("", "schema", "consbench.result/v2"), `schema: "consbench.result/v2" is not "consbench.result/v1"`},
		{"gate's schema", set("", "schema", result.GateSchema), `schema: "consbench.gate/v1" is not "consbench.result/v1"`},
		{"null schema", set("", "schema", nil), "schema: must be a text"},
		{"no schema", drop("", "schema"), "schema: missing"},
		{"started", set("", "started", "yesterday"), `started: "yesterday" is not a time`},
		{"field missing", drop("runs.1.commands", "late"), "runs[1].commands.late: missing"},
		{"latency missing", drop("runs.1.latency_ns", "commit"), "runs[1].latency_ns.commit: missing"},
		{"quantile missing", drop("runs.1.latency_ns.commit", "p99.9"), "runs[1].latency_ns.commit.p99.9: missing"},
		{"verdict missing", drop("runs.0", "verdict"), "runs[0].verdict: missing"},
		{"field unknown", set("runs.0", "throughput", 1), "runs[0].throughput: unknown field"},
		{"field's case", swap(`"throughput_per_s"`, `"Throughput_per_s"`), "runs[0].Throughput_per_s: unknown field"},
		{"field twice", swap(throughput, throughput+",\n"+throughput), "runs[0].throughput_per_s: stands there twice"},

		{"no runs", set("", "runs", []any{}), "runs: empty"},
		{"null runs", set("", "runs", nil), "runs: empty"},
		{"runs missing", drop("", "runs"), "runs: missing"},
		{"runs an object", set("", "runs", object{}), "runs: an object where a list must be"},
		{"null run", set("", "runs", []any{nil}), "runs[0]: null where an object must be"},
		{"protocol gone", func(d []byte) []byte { return edit(d, func(o object) { o["runs"] = o["runs"].([]any)[:1] }) }, "runs: none of paxos, which the file's configuration asks for"},
		{"run twice", func(d []byte) []byte {
			return edit(d, func(o object) { o["runs"] = append(o["runs"].([]any), o["runs"].([]any)[1]) })
		}, "runs[2]: the same run as runs[1]: paxos/3/sim, seed 42, rep 1"},
		{"no protocol", set("runs.0", "protocol", ""), "runs[0].protocol: empty"},
		{"no nodes", set("runs.0", "nodes", 0), "runs[0].nodes: 0 is not a cluster"},
		{"live only", func(d []byte) []byte {
			return bytes.ReplaceAll(d, []byte(`"network": "sim"`), []byte(`"network": "tcp"`))
		}, "no virtual run"},
		{"failed", set("runs.0", "error", "no leader was elected"), "runs[0].error: a run that failed is no baseline"},
		{"incorrect", set("runs.0.verdict", "correct", false), "runs[0].verdict: an incorrect run is no baseline"},
		{"check failed", set("runs.0.verdict.checks.0", "ok", false), "runs[0].verdict: an incorrect run is no baseline"},
		{"not verified", set("runs.0.verdict", "checks", []any{}), "runs[0].verdict.checks: empty"},
		{"run interrupted", set("runs.0", "interrupted", true), "runs[0].interrupted: a run that was cut short is no baseline"},
		{"interrupted", set("", "interrupted", true), "interrupted: true"},
		{"nothing committed", set("runs.0.totals", "commits", 0), "runs[0].totals.commits: 0"},

		{"no config", drop("", "config"), "config: missing"},
		{"null config", set("", "config", nil), "config: null where an object must be"},
		{"list config", set("", "config", []any{}), "config: a list where an object must be"},
		{"empty config", set("", "config", object{}), "config.protocols: missing"},
		{"config field missing", drop("config", "batch"), "config.batch: missing"},
		{"config field unknown", set("config", "bach", 1), "config.bach: unknown field"},
		{"config type", set("config", "nodes", "three"), "config.nodes: a text where a number must be"},
		{"config invalid", set("config", "nodes", 0), "config: --nodes: 0 is not a cluster"},
		{"config fault", set("config", "faults", []string{"crash everybody at noon"}), "config: "},
		{"config protocol", set("config", "protocols", []string{"zab"}), `config: --protocol: "zab" is not one of`},
		{"config edited", set("config", "batch", 1), "runs[0].fingerprint: "},
		{"config seed", set("config", "seed", 7), "runs[0].seed: 42, but the file's configuration says 7"},
		{"fingerprint", set("runs.0", "fingerprint", "0123456789abcdef"), "runs[0].fingerprint: 0123456789abcdef is not that of the file's configuration"},
		{"no fingerprint", set("runs.1", "fingerprint", ""), "runs[1].fingerprint: empty"},
		{"other protocol", set("runs.0", "protocol", "multipaxos"), "runs[0].protocol: multipaxos, but the file's configuration says [raft paxos]"},
		{"other nodes", set("runs.0", "nodes", 5), "runs[0].nodes: 5, but the file's configuration says 3"},
	}
}

// gateOn runs consbench gate and returns its exit status and what it printed. run
// takes the place of the benchmark.
func gateOn(t *testing.T, run func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error), args ...string) (status int, stdout, stderr string) {
	t.Helper()
	real := runBench
	defer func() { runBench = real }()
	runBench = run
	var out, errs bytes.Buffer
	status = Main(protocols, append([]string{"gate", "--quiet"}, args...), &out, &errs)
	return status, out.String(), errs.String()
}

func neverRun(t *testing.T) func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
	return func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
		t.Error("something ran")
		return nil, context.Canceled
	}
}

// again gives back the file that is at path, as its configuration's result.
func again(path string) func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
	return func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
		return result.Load(path)
	}
}

func save(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "baseline.json")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDamagedBaselines: each is refused with status 2 before anything runs, by a
// message of its own that names the file.
func TestDamagedBaselines(t *testing.T) {
	path := save(t, sound(t))
	if status, out, errs := gateOn(t, again(path), "--baseline", path); status != 0 || errs != "" {
		t.Fatalf("the sound one: status %d\n%s%s", status, out, errs)
	}
	all := damages()
	if len(all) < 30 {
		t.Fatalf("only %d", len(all))
	}
	names := map[string]bool{}
	for _, d := range all {
		if names[d.name] {
			t.Errorf("%s is there twice", d.name)
		}
		names[d.name] = true
		t.Run(strings.ReplaceAll(d.name, " ", "-"), func(t *testing.T) {
			path := save(t, d.do(slices.Clone(sound(t))))
			status, out, errs := gateOn(t, neverRun(t), "--baseline", path)
			if status != 2 || out != "" || !strings.HasPrefix(errs, "consbench: "+path+": ") || !strings.Contains(errs, d.says) {
				t.Errorf("status %d, stdout %q, stderr %q; want 2 and %q", status, out, errs, d.says)
			}
		})
	}
}

// TestUpdateRefusesDamage: of what is no result file nothing is rewritten.
func TestUpdateRefusesDamage(t *testing.T) {
	for _, d := range damages()[:25] {
		data := d.do(slices.Clone(sound(t)))
		path := save(t, data)
		status, _, errs := gateOn(t, neverRun(t), "--update", "--baseline", path)
		now, err := os.ReadFile(path)
		if status != 2 || err != nil || !bytes.Equal(now, data) {
			t.Errorf("%s: status %d, %s, %v", d.name, status, errs, err)
		}
	}
}

// TestMissingBaselines: what is not there, and what is no file.
func TestMissingBaselines(t *testing.T) {
	dir := t.TempDir()
	for path, says := range map[string]string{
		filepath.Join(dir, "none.json"): "no such file", dir: "a directory without result files",
	} {
		status, _, errs := gateOn(t, neverRun(t), "--baseline", path)
		if status != 2 || !strings.Contains(errs, says) {
			t.Errorf("%s: status %d, %s", path, status, errs)
		}
	}
}
