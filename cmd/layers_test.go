package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/scenario"
)

// layered reads flags over the environment over a scenario.
func layered(t *testing.T, text string, environ []string, args ...string) (bench.Config, *binding, error) {
	t.Helper()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	b := bind(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse("s.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b.scenario = s
	b.layers(s, environ)
	c, err := b.resolve(protocols)
	return c, b, err
}

// TestPrecedence: default < file < environment < flag, for single values and lists,
// and for settings that stand in each other's place.
func TestPrecedence(t *testing.T) {
	const text = "cluster: {nodes: 5, batch: 7}\nworkload: {phases: [steady 1k/s for 2s, pause for 1s], size: 1KiB}\nfaults: [crash leader at 1s, crash any at 2s]\n"
	c, b, err := layered(t, text, []string{"CONSBENCH_BATCH=8", "CONSBENCH_SIZE=2KiB", "OTHER=1"}, "--size", "3KiB")
	if err != nil {
		t.Fatal(err)
	}
	if c.Nodes != 5 || c.Batch != 8 || c.Size != 3<<10 || c.Heartbeat != bench.Defaults().Heartbeat {
		t.Errorf("nodes %d, batch %d, size %d, heartbeat %v", c.Nodes, c.Batch, c.Size, c.Heartbeat)
	}
	if len(c.Phases) != 2 || len(c.Faults) != 2 || c.Duration != 3e9 || int(c.Rate) != 666 {
		t.Errorf("phases %q, faults %q, duration %v, rate %v", c.Phases, c.Faults, c.Duration, c.Rate)
	}
	for flag, want := range map[string]string{"nodes": "s.yaml:1:18", "batch": "CONSBENCH_BATCH", "size": "--size", "heartbeat": ""} {
		if got := b.origins[flag].text; got != want {
			t.Errorf("%s comes from %q, want %q", flag, got, want)
		}
	}
	// A flag for the load replaces the file's, one for faults all of the file's.
	c, _, err = layered(t, text, nil, "--clients", "9", "--fault", "pause any at 1s for 1s")
	if err != nil || c.Clients != 9 || c.Rate != 0 || len(c.Phases) != 0 || len(c.Faults) != 1 || c.Duration != bench.Defaults().Duration {
		t.Errorf("%+v, %v", c, err)
	}
	for flags, leader := range map[string]string{"": "1", "--leader=eu-west-1": "eu-west-1"} {
		c, _, err = layered(t, "network: {topology: wan5}\n", nil, strings.Fields(flags)...)
		if err != nil || c.Leader != leader {
			t.Errorf("in a topology, %q: %v, led by %q, not %q", flags, err, c.Leader, leader)
		}
	}
	c, _, err = layered(t, "network: {topology: wan5}\n", []string{"CONSBENCH_DELAY=5ms"})
	if err != nil || c.Topology != "" || c.Delay != 5e6 || c.Nodes != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestLayersSayWhereAMistakeIs: what is wrong with a value is told at its place.
func TestLayersSayWhereAMistakeIs(t *testing.T) {
	for _, c := range []struct {
		text, environ string
		want          string
	}{
		{"cluster: {nodes: -3}", "", "s.yaml:1:18: cluster.nodes: -3 is not a cluster: 1 to 128 nodes"},
		{"cluster: {nodes: 1000000}", "", "s.yaml:1:18: cluster.nodes: 1000000 is not a cluster"},
		{"protocols: [raf]", "", `s.yaml:1:12: protocols: "raf" is not one of`},
		{"faults:\n  - crash leader at 1s\n  - crash node 9 at 2s\n", "", "s.yaml:3:5: faults[1]: crash node 9 at 2s: there is no node 9"},
		{"faults:\n  - crash leader at 9s\n", "", "s.yaml:2:5: faults[0]: crash leader at 9s: strikes at 9s, but the measured window ends at 5s"},
		{"faults:\n  - isolate region us-west-7 at 1s\nnetwork: {topology: wan5}", "", "s.yaml:2:5: faults[0]: isolate region us-west-7 at 1s: no replica is in region us-west-7"},
		{"expect: [paxoss: p99<=5ms]", "", `s.yaml:1:10: expect: "paxoss" is not among the protocols`},
		{"network: {topology: wan6}", "", `s.yaml:1:21: network.topology: "wan6" is neither wan5 nor wan9 nor a file; did you mean "wan5"?`},
		{"network: {topology: wan5}\ncluster: {leader: mars}", "", `s.yaml:2:19: cluster.leader: "mars" is neither a node from 1 to 5 nor a region`},
		{"doc: x", "CONSBENCH_NODES=x", `CONSBENCH_NODES: "x" is not a whole number`},
		{"doc: x", "CONSBENCH_NODS=3", "CONSBENCH_NODS is no setting; did you mean CONSBENCH_NODES?"},
	} {
		var environ []string
		if c.environ != "" {
			environ = []string{c.environ}
		}
		if _, _, err := layered(t, c.text, environ); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %s", c.text, c.environ, err, c.want)
		}
	}
}

// TestBadScenariosAreUsage: each of the bad files is told of with status 2, its place
// first.
func TestBadScenariosAreUsage(t *testing.T) {
	files, _ := filepath.Glob("../bench/scenario/testdata/bad/*.yaml")
	if len(files) < 50 {
		t.Fatalf("%d files", len(files))
	}
	for _, path := range files {
		var stdout, stderr strings.Builder
		if status := Main(protocols, []string{"scenario", "validate", path}, &stdout, &stderr); status != exitUsage || !strings.HasPrefix(stderr.String(), "consbench: "+path+":") || stdout.Len() > 0 {
			t.Errorf("%s: status %d, %s%s", path, status, stdout.String(), stderr.String())
		}
	}
	var stdout, stderr strings.Builder
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("doc: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := Main(protocols, []string{"scenario", "validate", filepath.Join(dir, "a.yaml")}, &stdout, &stderr); status != exitGood {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}
