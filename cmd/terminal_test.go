package cmd

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

func TestColored(t *testing.T) {
	for _, c := range []struct {
		flag string
		env  string
		want bool
	}{
		{"auto", "", false},
		{"always", "NO_COLOR=1", true},
		{"never", "CLICOLOR_FORCE=1", false},
		{"auto", "CLICOLOR_FORCE=1", true},
		{"auto", "CLICOLOR_FORCE=0", false},
		{"auto", "CLICOLOR_FORCE=1 NO_COLOR=1", false},
		{"auto", "CLICOLOR_FORCE=1 NO_COLOR=", true}, // empty is not set
		{"auto", "CLICOLOR_FORCE=1 CLICOLOR=0", true},
		{"auto", "CLICOLOR=1", false},
	} {
		got := colored(c.flag, &bytes.Buffer{}, environment(c.env))
		if got != c.want {
			t.Errorf("--color %s with %q: %v", c.flag, c.env, got)
		}
	}
}

func TestPlots(t *testing.T) {
	for _, c := range []struct {
		flag string
		want report.Plots
	}{
		{"auto", report.Plots{}}, // no terminal
		{"unicode", report.Plots{Unicode: true, All: true}},
		{"ascii", report.Plots{All: true}},
		{"none", report.Plots{None: true}},
	} {
		if got := plots(c.flag, &bytes.Buffer{}, os.LookupEnv); got != c.want {
			t.Errorf("--plot %s: %+v", c.flag, got)
		}
	}
	for _, c := range []struct {
		system, env string
		want        bool
	}{
		{"linux", "", false},
		{"linux", "LANG=C", false},
		{"linux", "LANG=de_CH.UTF-8", true},
		{"linux", "LANG=en_US.utf8 TERM=xterm", true},
		{"linux", "LANG=en_US.UTF-8 LC_ALL=C", false},
		{"linux", "LANG=en_US.UTF-8 LC_ALL=", true}, // empty is not set
		{"linux", "LANG=C LC_CTYPE=C.UTF-8", true},
		{"linux", "LANG=en_US.UTF-8 TERM=dumb", false},
		{"linux", "LANG=en_US.UTF-8 TERM=linux", false},
		{"darwin", "LANG=en_US.UTF-8 NO_COLOR=1", true}, // about colour
		{"windows", "LANG=en_US.UTF-8", false},
		{"windows", "WT_SESSION=1", true},
	} {
		if got := unicodeTerminal(c.system, environment(c.env)); got != c.want {
			t.Errorf("%s with %q: %v", c.system, c.env, got)
		}
	}
}

// environment looks up variables in text such as A=1 B=2.
func environment(text string) func(string) (string, bool) {
	env := map[string]string{}
	for _, pair := range strings.Fields(text) {
		k, v, _ := strings.Cut(pair, "=")
		env[k] = v
	}
	return func(k string) (string, bool) { v, ok := env[k]; return v, ok }
}

var update = bench.Update{Protocol: "raft", Phase: bench.Measuring, Elapsed: 2340 * time.Millisecond, Of: 5 * time.Second, Acknowledged: 23456, RatePerSecond: 10023.4}

func TestProgressPlain(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newProgress(&out, false, func() bool { return false })
	p.now = func() time.Time { return now }
	p.last = now
	for range 45 { // seconds
		now = now.Add(time.Second)
		p.update(update)
	}
	p.done()
	line := "raft  measuring  2.3s of 5s  23,456 commands, 10,023/s\n"
	if got, want := out.String(), strings.Repeat(line, 4); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressInPlace(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, false, func() bool { return false })
	p.columns = 60
	p.update(update)
	p.update(bench.Update{Protocol: "raft", Phase: bench.Checking})
	p.done()
	want := "\rraft  measuring  2.3s of 5s  [#########...........]  23,456\x1b[K" + "\rraft  checking\x1b[K" + "\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	out.Reset()
	p.ending = func() bool { return true }
	p.update(update)
	if got := out.String(); !strings.HasPrefix(got, "\rinterrupted, finishing (Ctrl-C again to kill)  raft  ") {
		t.Errorf("got %q", got)
	}
}

func TestProgressQuiet(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, true, func() bool { return false })
	for range 3 {
		p.update(update)
	}
	if p.done(); out.Len() > 0 {
		t.Errorf("got %q", out.String())
	}
}

// TestTargetFailure checks that a result that cannot be written leaves the file
// there was, and nothing else.
func TestTargetFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.json")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	target, err := openTarget(path)
	if err != nil {
		t.Fatal(err)
	}
	nan := 0.0
	if err := target.write(&result.File{Runs: []result.Run{{Throughput: nan / nan}}}); err == nil { // JSON has no NaN
		t.Error("no error")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("the file is now %q, %v", data, err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if err := target.write(&result.File{Schema: result.Schema}); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); !bytes.Contains(data, []byte(result.Schema)) {
		t.Errorf("the file is now %q", data)
	}
}

// TestHelpWidth keeps help within 80 columns.
func TestHelpWidth(t *testing.T) {
	for _, args := range [][]string{nil, {"run", "--help"}, {"version", "--help"}, {"help", "help"}, {"completion"}} {
		var stdout, stderr bytes.Buffer
		if status := Main(protocols, args, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
			t.Errorf("%q: status %d, %s", args, status, stderr.String())
		}
		for _, line := range strings.Split(stdout.String(), "\n") {
			if len(line) > 80 {
				t.Errorf("%q: %d columns: %s", args, len(line), line)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestBrokenOutput checks that a report that cannot be written is a failure.
func TestBrokenOutput(t *testing.T) {
	before := runBench
	defer func() { runBench = before }()
	runBench = fakeRun("")
	var stderr bytes.Buffer
	if status := Main(protocols, []string{"run"}, brokenWriter{}, &stderr); status != exitFailed {
		t.Errorf("status %d", status)
	}
	if got, want := stderr.String(), "consbench: standard output: no space left on device\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHostileInput checks that what was typed cannot reach the terminal as an
// escape sequence.
func TestHostileInput(t *testing.T) {
	for _, args := range [][]string{
		{"\x1b[31m"}, {"run", "--\x1b[31m"}, {"run", "-\x1b"}, {"run", "\x1b[2J"}, {"run", "-p", "\x1b[31m"}, {"run", "--size", "\x1b[31m"},
		{"run", "--fault", "crash \x1b[31m"}, {"run", "--network", "\x1b"}, {"run", "-o", "/missing\x1b/x"}, {"run", "--format", "\x1b"}, {"help", "\x1b"},
	} {
		var stdout, stderr bytes.Buffer
		status := Main(protocols, args, &stdout, &stderr)
		if status == 0 || strings.Contains(stderr.String()+stdout.String(), "\x1b") {
			t.Errorf("%q: status %d, stderr %q", args, status, stderr.String())
		}
	}
}

func FuzzMain(f *testing.F) {
	for _, s := range []string{"run\x00--size\x00256", "run\x00-nodes\x003", "help\x00run", "--", "run\x00--fault=crash", "completion\x00bash", "\x00", "run\x00-"} {
		f.Add(s)
	}
	before := runBench
	runBench = fakeRun("")
	f.Cleanup(func() { runBench = before })
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "-o") || strings.Contains(line, "profile") {
			return // no files
		}
		var stdout, stderr bytes.Buffer
		status := Main(protocols, strings.Split(line, "\x00"), &stdout, &stderr)
		if (status != 0) != (stderr.Len() > 0) && !strings.Contains(line, "__complete") || strings.Contains(stderr.String(), "goroutine ") {
			t.Errorf("status %d, stderr %q", status, stderr.String())
		}
	})
}
