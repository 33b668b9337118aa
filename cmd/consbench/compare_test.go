package main

import (
	"bytes"
	"os"
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
	mine, other := filepath.Join(dir, "mine.yaml"), filepath.Join(dir, "other.yaml")
	for path, text := range map[string]string{
		mine:  "protocols: [raft]\nseed: 9\nrepeat: 2\nworkload: {clients: 8, duration: 300ms, warmup: 100ms}\nexpect: [p99 <= 10ms]\n",
		other: "protocols: [raft, multipaxos]\nworkload: {clients: 4, duration: 300ms, warmup: 100ms}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran, voted := filepath.Join(dir, "ran.json"), filepath.Join(dir, "voted.json")
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
		{[]string{"compare", mine, other + ":raft"}, 0, []string{"DIFFERENT +--clients:   A 8   B 4", "NOTES +Virtual time: one run a side for each of 2 seeds, exact for each; .*", "RERUN +consbench compare .*"}},
		{[]string{"compare", other}, 0, []string{`A +.*other\.yaml:raft, 1 good run, .*`, `B +.*other\.yaml:multipaxos, 1 good run`}},
		{[]string{"compare", mine, "--protocol", "raft,multipaxos"}, 0, []string{`B +.*mine\.yaml:multipaxos, 2 good runs`}},
		{[]string{"compare", mine + ":batch=1", mine, "--seed", "5"}, 0, []string{"DIFFERENT +--batch:   A 1   B 1024", "NOTES +Virtual time: one run a side for each of 2 seeds, exact for each; .*", "RERUN +consbench compare .* --seed 5"}},
		{[]string{"compare", mine, other}, 2, []string{"consbench: .*other.yaml: holds raft, multipaxos: say which, such as .*other.yaml:raft"}},
		{[]string{"compare", "leader-crahs", "raft"}, 2, []string{`consbench: "leader-crahs" is neither .*; did you mean "leader-crash"\?`}},
		{[]string{"compare", "raft", "multipaxos", "-p", "raft"}, 2, []string{"consbench: --protocol: sides are arguments: .*"}},
		{[]string{"run", mine, "-o", ran}, 0, nil},
		{[]string{"gate", "--baseline", ran, "-v"}, 0, []string{" +PASS +raft/3/sim seed 9 .*", " PASS +response.p99 .* <=10ms"}},
		{[]string{"elections", "-p", "raft,multipaxos", "--trials", "100", "-o", voted}, 0, nil},
		{[]string{"gate", "--baseline", voted}, 0, []string{"EXACT +.*voted.json: 2 settings of elections repeated"}},
		{[]string{"gate", "--baseline", voted, "--threshold", "failover<=1ms"}, 99, []string{" FAIL +election.first_commit .* <=1ms"}},
		{[]string{"gate", "--baseline", voted, "--update"}, 0, []string{"[0-9]+ unchanged: exit 0"}},
		{[]string{"compare", voted}, 0, []string{`A +.*voted.json:raft \(raft, recorded\), 1 setting of elections, 100 trials`, "Election timeout 150ms-300ms, 100 trials", " election.detected +same .* 1.000"}},
		{[]string{"compare", voted + ":raft", voted + ":raft"}, 0, []string{"are equal in all [0-9]+ metrics, to the last digit"}},
		{[]string{"compare", voted + ":raft", "raft"}, 2, []string{"consbench: raft is not a file of elections: these compare only with one another"}},
		{[]string{"compare", voted, voted + ":raft"}, 2, []string{"consbench: .*voted.json: holds raft, multipaxos: say which, such as .*voted.json:raft"}},
		{[]string{"gate", "leader-crash"}, 2, []string{"consbench: leader-crash: a scenario goes with --against; .*"}},
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
