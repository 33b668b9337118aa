package export

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var escapes = regexp.MustCompile(`%(25|0A|0D|3A|2C)`)

var command = regexp.MustCompile(`^::(error|warning) title=[^:,\r\n]+::[^\r\n]*$`)

func annotate(t *testing.T, d Document) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Annotate(&b, d.Gate); err != nil {
		t.Fatal(err)
	}
	if b.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestAnnotate(t *testing.T) {
	got := annotate(t, files()[Verdict])
	want := []string{
		"::error title=consbench gate%3A raft/3/sim messages/commit%3A fail::was 4, is 5: +25.0%25, limit +-0.1%25 (exact, results/base.json)",
		"::warning title=consbench gate%3A raft/3/inproc throughput%3A inconclusive::was 1,000,000/s, is 990,000/s: -1.0%25 [-5.0%25, +3.0%25], limit >=-3%25; needs about 80 pairs (measured, main)",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	g := gateFile()
	for len(g.Rows) < 40 {
		g.Rows = append(g.Rows, g.Rows[0])
	}
	if got = annotate(t, Document{Gate: g}); len(got) != maxAnnotations+1 || !strings.HasSuffix(got[maxAnnotations-1], "::29 more, see the summary") {
		t.Errorf("%d annotations:\n%s", len(got), strings.Join(got, "\n"))
	}
	g.Rows, g.Verdict = nil, "broken"
	if got = annotate(t, Document{Gate: g}); len(got) != 1 || !strings.HasPrefix(got[0], "::error title=consbench gate%3A broken::") {
		t.Errorf("%q", got)
	}
	g.Exit, g.Verdict = 0, "pass"
	if got = annotate(t, Document{Gate: g}); got != nil {
		t.Errorf("%q", got)
	}
	for _, verdict := range []string{"updated", "caught"} {
		g := gateFile()
		g.Verdict, g.Exit = verdict, 0
		for _, line := range annotate(t, Document{Gate: g}) {
			if !strings.HasPrefix(line, "::notice ") {
				t.Errorf("%s: %s", verdict, line)
			}
		}
		if text, _ := write(t, "junit", Options{}, Document{Gate: g}); strings.Contains(text, "<failure") {
			t.Errorf("%s looks bad:\n%s", verdict, text)
		}
	}
	for _, s := range hostile {
		for _, line := range annotate(t, filled(s)[Verdict]) {
			if !command.MatchString(line) || strings.Contains(escapes.ReplaceAllString(line, ""), "%") {
				t.Errorf("%.40q: %q", s, line)
			}
		}
	}
}

func TestGitHub(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"GITHUB_STEP_SUMMARY": path}
	call := func() string {
		var b bytes.Buffer
		if err := GitHub(&b, func(name string) string { return env[name] }, gateFile()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if call() != "" {
		t.Error("annotations outside of GitHub Actions")
	}
	env["GITHUB_ACTIONS"] = "true"
	if !strings.HasPrefix(call(), "::error ") {
		t.Error("no annotations")
	}
	got, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(got), "before\n### Gate consbench: FAIL\n") {
		t.Errorf("%v: %s", err, got)
	}
	env["GITHUB_STEP_SUMMARY"] = filepath.Join(path, "below")
	if err := GitHub(&bytes.Buffer{}, func(name string) string { return env[name] }, gateFile()); err == nil || !strings.Contains(err.Error(), "GITHUB_STEP_SUMMARY") {
		t.Error(err)
	}
}

func TestSummaryFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	long := strings.Repeat("| a line of a table |\n", 20_000)
	for range 4 {
		if err := StepSummary(path, long); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || len(got) > maxSummary {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		for l := range strings.Lines(string(got)) {
			if l != "| a line of a table |\n" && !strings.Contains(cutOff, l) {
				t.Fatalf("a line cut in two: %q", l)
			}
		}
	}
}
