package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/cmd"
)

// TestBuiltinScenarios runs every built-in scenario in virtual time: its
// expectations are met, and each of its faults finds its victims.
func TestBuiltinScenarios(t *testing.T) {
	quick := map[string]bool{"leader-crash": true}
	for _, name := range scenario.Names() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !quick[name] {
				t.Skip("long")
			}
			t.Parallel()
			var stdout, stderr bytes.Buffer
			status := cmd.Main(protocols(), []string{"run", name, "--quiet", "--format", "json"}, &stdout, &stderr)
			if status != 0 {
				t.Fatalf("consbench run %s: exit %d\n%s", name, status, stderr.String())
			}
			var file result.File
			if err := json.Unmarshal(stdout.Bytes(), &file); err != nil {
				t.Fatal(err)
			}
			if file.Scenario != name || len(file.Expectations) == 0 {
				t.Errorf("scenario %q with %d expectations", file.Scenario, len(file.Expectations))
			}
			for _, r := range file.Runs {
				for _, f := range r.Faults {
					if f.Skipped != "" {
						t.Errorf("%s: %s %s: %s", r.Protocol, f.Action, f.Role, f.Skipped)
					}
				}
				// A livelock is what the scenario is about, or there is none.
				if about := name == "constrained" && r.Protocol == "raft"; about != (len(r.Livelocks) == 1) {
					t.Errorf("%s: %d livelocks", r.Protocol, len(r.Livelocks))
				}
			}
		})
	}
}
