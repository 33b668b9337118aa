package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/consbench/consbench/cmd"
)

// TestCompare goes through real virtual runs: recorded, compared as files, and
// against fresh ones.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	both, nine := filepath.Join(dir, "both.json"), filepath.Join(dir, "nine.json")
	short := []string{"-d", "300ms", "--warmup", "100ms", "--clients", "8"}
	for _, k := range []struct {
		args   []string
		status int
		want   []string // regular expressions, of lines
	}{
		{append([]string{"run", "-p", "raft,paxos", "-o", both}, short...), 0, nil},
		{append([]string{"run", "-p", "raft", "--seed", "9", "-o", nine}, short...), 0, nil},
		{append([]string{"compare", "raft", "raft"}, short...), 0, []string{`A \(raft\) and B \(raft\) are equal in all [78] metrics, to the last digit\.`, "NOTES +Virtual time: exact for seed 42, one run a side."}},
		{append([]string{"compare", "raft", "raft", "--all"}, short...), 0, []string{` allocs/commit +cannot tell: .*`, ` throughput +same .*  1\.000`}},
		{append([]string{"compare", "raft", "paxos"}, short...), 0, []string{` commit\.p50 +worse .*  [12]\.\d+`, ` messages/commit +worse .*`, "Against raft, paxos is worse in .*"}},
		{append([]string{"compare", "raft", "raft:batch=1"}, short...), 0, []string{"DIFFERENT +--batch:   A 1024   B 1", ` wire_bytes/commit +worse .*`}},
		{[]string{"compare", both + ":raft", both + ":paxos"}, 0, []string{`A +.*both\.json:raft \(raft, recorded\).*`, ` messages/commit +worse .*`}},
		{append([]string{"compare", nine, "raft"}, short...), 0, []string{"NOTES +Virtual time: exact for seed 9, one run a side.", ".* are equal in all .*"}},
		{append([]string{"compare", nine, "raft", "--seed", "8"}, short...), 1, []string{"NOTES +A and B have no seed in common."}},
		{[]string{"compare", both, "raft"}, 2, []string{"consbench: .*both.json: holds raft, paxos: say which, such as .*both.json:raft"}},
		{[]string{"compare", both + ":zab", "raft"}, 2, []string{`consbench: .*both.json: holds no "zab", but raft, paxos`}},
	} {
		var out bytes.Buffer
		if status := cmd.Main(protocols(), k.args, &out, &out); status != k.status {
			t.Errorf("%v: status %d, want %d:\n%s", k.args, status, k.status, &out)
			continue
		}
		text := strings.Join(strings.Fields(out.String()), " ") // wrapped text in one line
		for _, want := range k.want {
			if !regexp.MustCompile(`(?m)^`+want+`$`).MatchString(out.String()) && !regexp.MustCompile(strings.ReplaceAll(want, " +", " ")).MatchString(text) {
				t.Errorf("%v: no %s in\n%s", k.args, want, &out)
			}
		}
	}
}
