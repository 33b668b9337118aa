package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/cmd"
)

// TestGuides carries out the commands of each protocol's guide: what it quotes of their
// transcripts is there, in that order.
func TestGuides(t *testing.T) {
	if testing.Short() {
		t.Skip("long under the race detector, which has nothing to find in virtual time")
	}
	for _, p := range protocols() {
		var out, errs bytes.Buffer
		if status := cmd.Main(protocols(), []string{"help", p.Name}, &out, &errs); status != 0 || p.Guide == "" {
			t.Fatalf("help %s: status %d, %d bytes of guide\n%s", p.Name, status, len(p.Guide), &errs)
		}
		if first, _, _ := strings.Cut(p.Guide, "\n"); !strings.Contains(strings.Join(strings.Fields(out.String()), " "), first) {
			t.Errorf("help %s does not say %q", p.Name, first)
		}
		command, transcript, quotes := "", "", 0
		for _, line := range strings.Split(strings.ReplaceAll(p.Guide, "\\\n", " "), "\n") {
			switch quoted, isQuote := strings.CutPrefix(line, "    "); {
			case strings.HasPrefix(line, "  consbench run "):
				command = strings.TrimSpace(line)
				transcript = transcriptOf(t, command)
			case isQuote:
				quotes++
				_, rest, found := strings.Cut(transcript, "ms  "+quoted+"\n")
				if !found {
					t.Fatalf("help %s: what follows the line before this one in\n%s\nhas no %q", p.Name, command, quoted)
				}
				transcript = rest
			}
		}
		if quotes < 5 {
			t.Errorf("help %s quotes %d lines", p.Name, quotes)
		}
	}
}

// transcriptOf carries out a command and returns what it prints.
func transcriptOf(t *testing.T, command string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := cmd.Main(protocols(), append(words(command)[1:], "--quiet"), &out, &errs); status != 0 {
		t.Fatalf("%s: status %d\n%s", command, status, &errs)
	}
	return out.String()
}

// TestTranscript: a transcript changes nothing that is measured, equal seeds write equal
// ones, faults and phases stand in it, and every message that arrives was sent.
func TestTranscript(t *testing.T) {
	if testing.Short() {
		t.Skip("as above")
	}
	dir := t.TempDir()
	args := func(p string, more ...string) []string {
		return append([]string{"run", "-p", p, "--clients", "4", "--warmup", "100ms", "-d", "500ms", "--quiet", "--storage", "disk", "--sync-latency", "1ms",
			"--fault", "crash leader at 100ms for 200ms", "--fault", "disk stall any at 350ms for 50ms"}, more...)
	}
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		var texts, results [3]string
		for i := range results {
			file := filepath.Join(dir, "run.txt")
			more := []string{"--format", "json", "--transcript", file}
			if i == 2 {
				more = more[:2]
			}
			var out, errs bytes.Buffer
			if status := cmd.Main(protocols(), args(p, more...), &out, &errs); status != 0 {
				t.Fatalf("%s: status %d\n%s", p, status, &errs)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[i], results[i] = string(text), out.String()
			_, results[i], _ = strings.Cut(results[i], `"commands"`)
			results[i], _, _ = strings.Cut(results[i], `"per_commit"`) // in which there are allocations and CPU time
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: the same seed writes two transcripts", p)
		}
		if results[0] != results[2] {
			t.Errorf("%s: the run with a transcript differs from the one without", p)
		}
		sent := map[string]int{}
		for _, line := range strings.Split(texts[0], "\n") {
			if len(line) < 21 {
				continue
			}
			node, what := strings.TrimSpace(line[16:20]), line[21:]
			if to, frame, ok := strings.Cut(strings.TrimPrefix(what, "-> "), "  "); ok && strings.HasPrefix(what, "-> ") {
				for _, peer := range strings.Split(to, ", ") {
					sent[node+" to "+peer+": "+frame]++
				}
			}
			if from, frame, ok := strings.Cut(strings.TrimPrefix(what, "<- "), "  "); ok && strings.HasPrefix(what, "<- ") {
				if sent[from+" to "+node+": "+frame]--; sent[from+" to "+node+": "+frame] < 0 {
					t.Fatalf("%s: arrives and was not sent: %s", p, line)
				}
			}
		}
		if len(sent) < 100 {
			t.Errorf("%s: %d different messages", p, len(sent))
		}
		for _, want := range []string{"--   " + p + ", 3 nodes, seed 42\n", "the warm-up begins", "the measured window begins", "FAULT: crash n", "CRASHES\n",
			"FAULT ends: crash n", "FAULT: disk stall n", "on stable storage\n", "the measured window ends"} {
			if !strings.Contains(texts[0], want) {
				t.Errorf("%s: no %q in the transcript", p, want)
			}
		}
	}
}

// TestTranscriptMistakes: where it cannot be written, or has nothing to tell of.
func TestTranscriptMistakes(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"--transcript run.txt --network inproc", 2, "--transcript: is of runs in virtual time"},
		{"--transcript=", 2, "--transcript: needs the name of a file"},
		{"--transcript - -o -", 2, "--transcript: - and JSON cannot both have standard output"},
		{"--transcript - --format json", 2, "--transcript: - and JSON cannot both have standard output"},
		{"--transcript x -o x", 2, "--transcript: is the file of --output, too"},
		{"--transcript " + dir, 1, "--transcript: " + dir + " is a directory"},
		{"--transcript " + dir + "/no/run.txt", 1, "--transcript: cannot write in " + dir + "/no"},
	} {
		var out, errs bytes.Buffer
		status := cmd.Main(protocols(), append([]string{"run", "-d", "10ms", "--quiet"}, strings.Fields(c.args)...), &out, &errs)
		if status != c.status || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: status %d\n%s", c.args, status, &errs)
		}
	}
}
