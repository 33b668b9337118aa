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
		id    mutant.ID
		after int64
		fault string // a crash would undo what strikes one replica's memory
	}{
		{mutant.SessionDrop, 5000, ""},
		{mutant.SessionDouble, 5000, ""},
		{mutant.SessionSwap, 50, ""},
		{mutant.SessionEarly, 50, ""},
		{mutant.LogUnsynced, 0, "crash any every 30ms for 10ms jitter 9ms"},
	} {
		for _, protocol := range []string{"raft", "multipaxos", "paxos"} {
			var stdout, stderr bytes.Buffer
			args := []string{
				"run", "-p", protocol, "-d", "500ms", "--warmup", "100ms", "--retain", "1MiB", "--clients", "32", "--sync-latency", "2ms",
			}
			if m.fault != "" {
				args = append(args, "--fault", m.fault)
			}
			mutant.Choose(m.id, m.after)
			status := cmd.Main(protocols(), args, &stdout, &stderr)
			if status != 3 || !strings.Contains(stdout.String(), "INCORRECT") {
				t.Errorf("%s, %v: exit status %d, want 3\n%s%s", protocol, m.id, status, stdout.String(), stderr.String())
			}
			mutant.Choose(mutant.None, 0)
			stdout.Reset()
			if status := cmd.Main(protocols(), args, &stdout, &stderr); status != 0 {
				t.Errorf("%v without a mutant: exit status %d\n%s", protocol, status, stdout.String())
			}
		}
	}
}
