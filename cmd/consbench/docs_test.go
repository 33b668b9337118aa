package main

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/consbench/consbench/cmd"
)

var update = flag.Bool("docs.update", false, "write what the commands print into README.md")

// A block of README.md that is output has the command above it, the beginning of the
// first line that is shown and that of the first that is not:
//
//	<!-- consbench run -d 1s: from SIDE until MACHINE -->
//	```
//	...
//	```
var shown = regexp.MustCompile("(?ms)^<!-- consbench (.*?): from (.*?)(?: until (.*?))? -->\n```\n(.*?)^```$")

// TestDocs: the README shows what virtual runs print, but for what depends on the
// machine. make docs writes it anew.
func TestDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const path = "../../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("COLUMNS", "80")
	t.Setenv("NO_COLOR", "1")
	printed := map[string]string{}
	blocks := 0
	fresh := shown.ReplaceAllStringFunc(string(readme), func(block string) string {
		m := shown.FindStringSubmatch(block)
		command, from, until, old := m[1], m[2], m[3], m[4]
		blocks++
		if _, done := printed[command]; !done {
			var out, errs bytes.Buffer
			if status := cmd.Main(protocols(), words(command), &out, &errs); status != 0 {
				t.Fatalf("consbench %s: status %d\n%s", command, status, &errs)
			}
			printed[command] = out.String()
		}
		now := excerpt(printed[command], from, until)
		if now == "" {
			t.Errorf("consbench %s prints no line that begins with %q", command, from)
		} else if steady(old) != steady(now) && !*update {
			t.Errorf("README.md shows other output of consbench %s (make docs writes it anew):\n%s\nit is\n%s", command, old, now)
		}
		return strings.TrimSuffix(block, old+"```") + now + "```"
	})
	if blocks == 0 {
		t.Error("README.md shows no output")
	}
	if *update && fresh != string(readme) {
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// words splits a command as a shell does that knows single quotes only.
func words(command string) []string {
	var all []string
	for i, part := range strings.Split(command, "'") {
		if i%2 != 0 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// excerpt is the lines of text from the first that begins with from up to the next
// that begins with until, or to the end.
func excerpt(text, from, until string) string {
	_, text, found := strings.Cut("\n"+text, "\n"+from)
	if !found {
		return ""
	}
	text = from + text
	if until != "" {
		text, _, _ = strings.Cut(text, "\n"+until)
	}
	return strings.TrimRight(text, "\n") + "\n"
}

var (
	machine     = regexp.MustCompile(`(?ms)^(MACHINE|FLOORS) .*?(^\S|\z)`)
	allocations = regexp.MustCompile(`[<\d.]+ allocations|[\d.]+[mun]?s CPU|allocs/commit.*`)
	blanks      = regexp.MustCompile(`\s+`)
)

// steady is output without what depends on the machine, on one line: the lengths of
// such figures move the ends of lines.
func steady(text string) string {
	for machine.MatchString(text) {
		text = machine.ReplaceAllString(text, "$2")
	}
	return blanks.ReplaceAllString(allocations.ReplaceAllString(text, ""), " ")
}

// TestSteady: figures of the machine do not count, others do.
func TestSteady(t *testing.T) {
	const a = "LATENCY 1ms\nPER COMMIT 0.0007 allocations   4 messages\n\nMACHINE x, 2 CPUs,\n        y\nFLOORS 20ns\n   3us\nRERUN run\n"
	b := strings.NewReplacer("0.0007", "<0.0001", "2 CPUs", "4 CPUs", "y", "z", "20ns", "30ns").Replace(a)
	if steady(a) != steady(b) || strings.Contains(steady(a), "CPUs") || !strings.Contains(steady(a), "RERUN run") {
		t.Errorf("%q\n%q", steady(a), steady(b))
	}
	for _, other := range []string{"2ms", "5 messages", "RERUN run -d"} {
		c := strings.NewReplacer("1ms", "2ms", "4 messages", "5 messages", "RERUN run", "RERUN run -d").Replace(a)
		if steady(a) == steady(c) {
			t.Errorf("%s does not count", other)
		}
	}
	if got := words("run --fault 'crash leader at 2s' -d 1s"); len(got) != 5 || got[2] != "crash leader at 2s" {
		t.Errorf("%q", got)
	}
	if got := excerpt("a\nbb\nc\n\nd\n", "b", "d"); got != "bb\nc\n" {
		t.Errorf("%q", got)
	}
}
