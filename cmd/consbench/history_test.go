package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/cmd"
)

// TestDiffElections: history diff compares the settings that two files of elections have
// in common.
func TestDiffElections(t *testing.T) {
	dir := t.TempDir()
	call := func(status int, args ...string) (string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := cmd.Main(protocols(), args, &out, &errs); got != status {
			t.Fatalf("consbench %q: status %d, want %d\n%s", args, got, status, &errs)
		}
		return out.String(), errs.String()
	}
	trials := func(name string, more ...string) {
		t.Helper()
		call(0, append([]string{"elections", "--trials", "60", "--quiet", "-o", filepath.Join(dir, name+".json")}, more...)...)
	}
	trials("a", "-p", "raft,multipaxos")
	trials("b", "-p", "raft", "--heartbeat", "20ms")
	trials("c", "-p", "multipaxos")
	out, _ := call(0, "history", "diff", "--store", dir, "a", "b")
	for _, want := range []string{"elections raft multipaxos, settings: 2", "--heartbeat:   A 75ms   B 20ms", "election.detected"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if _, text := call(1, "history", "diff", "--store", dir, "b", "c"); !strings.Contains(text, "have no setting in common") {
		t.Errorf("other protocols: %s", text)
	}
}
