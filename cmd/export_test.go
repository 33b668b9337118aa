package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

// TestGateOnGitHub: in a job of GitHub Actions a gate annotates on standard error
// and writes the step's summary; what is on standard output, in the file and in the
// exit status stays as it is.
func TestGateOnGitHub(t *testing.T) {
	baseline := save(t, sound(t))
	var now result.File
	if err := json.Unmarshal(sound(t), &now); err != nil {
		t.Fatal(err)
	}
	now.Runs[0].PerCommit.Messages++
	data, err := json.Marshal(now)
	if err != nil {
		t.Fatal(err)
	}
	fresh := save(t, data)
	gate := filepath.Join(t.TempDir(), "gate.json")
	t.Setenv("GITHUB_ACTIONS", "")
	status, want, errs := gateOn(t, again(fresh), "--baseline", baseline)
	if status != exitGate || errs != "" {
		t.Fatalf("status %d\n%s%s", status, want, errs)
	}
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	status, out, errs := gateOn(t, again(fresh), "--baseline", baseline, "-o", gate)
	if status != exitGate || out != want {
		t.Errorf("status %d, stdout\n%s\nwant\n%s", status, out, want)
	}
	if n := strings.Count(errs, "\n"); n != 1 || !strings.HasPrefix(errs, "::error title=consbench gate%3A raft/3/sim messages/commit%3A fail::was 4, is 5") {
		t.Errorf("stderr %q", errs)
	}
	if text, err := os.ReadFile(summary); err != nil || !strings.HasPrefix(string(text), "### Gate consbench: FAIL\n") {
		t.Errorf("%v: %s", err, text)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(summary, "x"))
	if status, out, errs = gateOn(t, again(fresh), "--baseline", baseline); status != exitGate || out != want || !strings.Contains(errs, "consbench: GITHUB_STEP_SUMMARY: ") {
		t.Errorf("a summary that cannot be written: status %d, stderr %q", status, errs)
	}

	for _, format := range []string{"junit", "markdown"} {
		var out, errs bytes.Buffer
		if status := Main(protocols, []string{"export", "--to", format, gate}, &out, &errs); status != exitGood || !strings.Contains(out.String(), "was 4, is 5") && !strings.Contains(out.String(), "| 4 | 5 |") {
			t.Errorf("%s: status %d\n%s%s", format, status, &out, &errs)
		}
	}
	var out2, errs2 bytes.Buffer
	if status := Main(protocols, []string{"export", "--to", "csv", gate}, &out2, &errs2); status != exitUsage || !strings.Contains(errs2.String(), "csv has no form for it; it goes to jsonl, junit, markdown") {
		t.Errorf("csv: status %d, %s", status, &errs2)
	}
}
