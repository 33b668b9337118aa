//go:build mutants

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/cmd"
)

// TestEvidence: answers before their time are no linearizable history, wherever the
// clients are. The violation is drawn beside the result, and a live run leaves the last
// events of its replicas, for it cannot be replayed.
func TestEvidence(t *testing.T) {
	mutant.Choose(mutant.SessionAnswersEarly, 0)
	defer mutant.Choose(mutant.None, 0)
	for network, names := range map[string][]string{"sim": {"raft", "multipaxos", "paxos"}, "inproc": {"raft"}, "tcp": {"multipaxos"}} {
		for _, protocol := range names {
			dir := t.TempDir()
			path := filepath.Join(dir, "result.json")
			var stdout, stderr bytes.Buffer
			args := []string{
				"run", "--check", "linearizable", "--network", network, "-p", protocol, "-d", "100ms", "--warmup", "50ms",
				"--clients", "16", "--seed", "5", "-o", path,
			}
			status := cmd.Main(protocols(), args, &stdout, &stderr)
			file, err := result.Load(path)
			if status != 3 || err != nil {
				t.Fatalf("%s over %s: exit status %d, %v\n%s%s", protocol, network, status, err, stdout.String(), stderr.String())
			}
			v := &file.Runs[0].Verdict
			var drawing string
			for _, c := range v.Checks {
				drawing += c.Drawing
			}
			page, err := os.ReadFile(drawing)
			if err != nil || !bytes.Contains(page, []byte("<html")) || filepath.Dir(drawing) != dir {
				t.Errorf("%s over %s: drawn in %q: %v", protocol, network, drawing, err)
			}
			trace, err := os.ReadFile(v.Trace)
			if live := network != "sim"; live != (v.Trace != "") || live && (err != nil || !bytes.Contains(trace, []byte("takes proposal"))) {
				t.Errorf("%s over %s: trace in %q: %v", protocol, network, v.Trace, err)
			}
			for _, p := range []string{drawing, v.Trace} {
				if !strings.Contains(stdout.String(), filepath.Base(p)) {
					t.Errorf("the report does not name %s:\n%s", p, stdout.String())
				}
			}
		}
	}
}
