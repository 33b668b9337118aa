//go:build mutants

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/cmd"
)

// TestVerdictFindsMutants: a program that drops, doubles, swaps or acknowledges
// early one command, or keeps one unsynced byte over a crash, exits 3.
func TestVerdictFindsMutants(t *testing.T) {
	for _, m := range []struct {
		name  string
		after int64
		fault string // a crash would undo what strikes one replica's memory
	}{
		{"drop", 5000, ""},
		{"double", 5000, ""},
		{"swap", 50, ""},
		{"early", 50, ""},
		{"unsynced", 0, "crash any every 30ms for 10ms jitter 9ms"},
	} {
		for _, protocol := range []string{"raft", "multipaxos", "paxos"} {
			var stdout, stderr bytes.Buffer
			args := []string{
				"run", "-p", protocol, "-d", "500ms", "--warmup", "100ms", "--retain", "1MiB", "--clients", "32", "--sync-latency", "2ms",
			}
			if m.fault != "" {
				args = append(args, "--fault", m.fault)
			}
			mutant.Choose(m.name, m.after)
			status := cmd.Main(protocols(), args, &stdout, &stderr)
			if status != 3 || !strings.Contains(stdout.String(), "INCORRECT") {
				t.Errorf("%s, %s: exit status %d, want 3\n%s%s", protocol, m.name, status, stdout.String(), stderr.String())
			}
			mutant.Choose("", 0)
			stdout.Reset()
			if status := cmd.Main(protocols(), args, &stdout, &stderr); status != 0 {
				t.Errorf("%s without a mutant: exit status %d\n%s", protocol, status, stdout.String())
			}
		}
	}
}
