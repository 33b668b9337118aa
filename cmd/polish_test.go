package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench"
)

// TestRefusedValues: values that would be taken for something else are refused.
func TestRefusedValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"run -p multipaxos --q2 0":              "--q2: 0 is no quorum",
		"run -p multipaxos --q1=0":              "--q1: 0 is no quorum",
		"run --dir " + file:                     "is not a directory",
		"run --dir " + file + "/none":           "--dir: ",
		"compare raft raft --dir " + file:       "is not a directory",
		"gate --against HEAD --dir " + file:     "is not a directory",
		"metrics nonesuch":                      `unknown metric "nonesuch"`,
		"metrics response.p98":                  "did you mean",
		"compare raft multipaxos:q2=0":          "0 is no quorum",
		"metrics throughput nonesuch.throughpt": "unknown metric",
	} {
		var out bytes.Buffer
		if status := Main(protocols, strings.Fields(args), &out, &out); status != exitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, no %q in\n%s", args, status, want, &out)
		}
	}
}

func TestMetricsOfAName(t *testing.T) {
	for args, want := range map[string]int{"throughput": 1, "p99": 1, "failover": 1, "election": 37, "THROUGHPUT": 1, "throughput throughput goodput": 2, "messages/commit": 1} {
		var out bytes.Buffer
		status := Main(protocols, append([]string{"metrics"}, strings.Fields(args)...), &out, &out)
		if n := strings.Count("\n"+out.String(), "better; "); status != exitGood || n != want {
			t.Errorf("%s: status %d, %d metrics, want %d:\n%s", args, status, n, want, &out)
		}
	}
}

// TestColumns: where there is no terminal, COLUMNS says how wide to write.
func TestColumns(t *testing.T) {
	for value, want := range map[string]int{"": 80, "120": 120, "1000": 160, "0": 80, "-3": 80, "wide": 80, "70": 70} {
		t.Setenv("COLUMNS", value)
		if got := width(&bytes.Buffer{}); got != want {
			t.Errorf("COLUMNS=%s: %d, want %d", value, got, want)
		}
	}
}

// TestSeedIsRepeated: the command that repeats a run names its seed, whatever it is.
func TestSeedIsRepeated(t *testing.T) {
	for _, seed := range []uint64{0, 7, bench.Defaults().Seed} {
		c := bench.Defaults()
		c.Seed = seed
		if got := strings.Join(Rerun(c), " "); strings.Count(got, "--seed ") != 1 {
			t.Errorf("seed %d: %s", seed, got)
		}
	}
}
