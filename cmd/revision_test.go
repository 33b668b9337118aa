package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// fake is a main that prints one result, whatever it is asked for.
const fake = `package main

import "os"

func main() {
	if len(os.Args) < 3 || os.Args[1] != "run" || os.Args[2] != "--format=json" {
		os.Exit(2)
	}
	os.Stdout.WriteString(%q)
	os.Exit(%d)
}
`

// fakeRepository is a git repository with a program of a few revisions in it: good
// (a tag), incorrect, broken, and HEAD, which does not build.
func fakeRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := func(name string, args ...string) {
		c := exec.Command(name, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := c.CombinedOutput(); err != nil {
			t.Skipf("%s %v: %v: %s", name, args, err, out)
		}
	}
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("git", "init", "-q")
	write("go.mod", "module example.com/fake\n\ngo 1.24\n")
	var file result.File
	if err := json.Unmarshal(sound(t), &file); err != nil {
		t.Fatal(err)
	}
	file.Config, file.Runs = json.RawMessage("{}"), file.Runs[:1]
	for _, revision := range []string{"good", "incorrect", "broken"} {
		status := 0
		switch revision {
		case "incorrect":
			file.Runs[0].Verdict.Correct, status = false, exitIncorrect
		case "broken":
			status = exitFailed
		}
		data, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		write("cmd/consbench/main.go", fmt.Sprintf(fake, data, status))
		run("git", "add", "-A")
		run("git", "commit", "-q", "-m", revision)
		run("git", "tag", revision)
	}
	write("cmd/consbench/main.go", "package main\n\nfunc main() { nonsense() }\n")
	run("git", "commit", "-q", "-a", "-m", "does not build")
	return dir
}

// TestAgainst builds revisions and holds what they do against what runs here.
func TestAgainst(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	repository := fakeRepository(t)
	t.Chdir(repository)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	here := func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
		file, err := result.Parse(sound(t))
		if err == nil {
			file.Runs = file.Runs[:1]
		}
		return file, err
	}
	real := self
	defer func() { self = real }()
	self = func() (*program, error) { return buildRevision(context.Background(), "good") }

	for _, c := range []struct {
		args    string
		status  int
		out, to string
	}{
		{"good", 0, "against good: 12 pairs of interleaved live runs", ""},
		{"good --network sim", 0, "against good: 1 virtual run on both", ""},
		{"good --network sim --threshold cpu/commit<=+5%", 2, "", "cpu/commit is measured in wall-clock time"},
		{"good --threshold p99.99<=+5%", 2, "", "matches nothing"},
		{"good --threshold election.elected<=+5%", 2, "", "matches nothing"},
		{"incorrect", 1, "nothing was compared", "an incorrect run is no baseline"},
		{"broken", 1, "nothing was compared", "exit status 1"},
		{"HEAD", 1, "nothing was compared", "undefined: nonsense"},
		{"nonesuch", 2, "", `--against: "nonesuch" is no revision of this repository`},
		{"--output=x", 2, "", `is no revision of this repository`},
	} {
		against, flags, _ := strings.Cut(c.args, " ")
		args := append([]string{"--against=" + against, "--pairs=6"}, strings.Fields(flags)...)
		status, out, errs := gateOn(t, here, args...)
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.to) || (c.to == "") != (errs == "") {
			t.Errorf("%s: status %d\n%s%s", c.args, status, out, errs)
		}
	}

	// Nothing is left of any of it, but for what stood in for this program.
	p, err := self()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.path); err == nil {
		t.Errorf("%s is still there", p.path)
	}
}

// TestInterruptedBuild: a signal while building leaves nothing behind.
func TestInterruptedBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("needs git")
	}
	t.Chdir(fakeRepository(t))
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := buildRevision(ctx, "good"); err == nil {
		t.Error("no error")
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	out, err := exec.Command("git", "worktree", "list").Output()
	if err != nil || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%s, %v", out, err)
	}
}

// TestSameConfig: settings that differ are named, those that the other does not
// have are let pass.
func TestSameConfig(t *testing.T) {
	cfg := bench.Defaults()
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := sameConfig(raw, cfg); err != nil {
		t.Error(err)
	}
	if err := sameConfig(edit(raw, func(o object) { delete(o, "batch"); o["new"] = 1; o["faults"] = []string{} }), cfg); err != nil {
		t.Error(err)
	}
	err = sameConfig(edit(raw, func(o object) { o["batch"] = 7; o["nodes"] = 4 }), cfg)
	if err == nil || !strings.Contains(err.Error(), "batch is 7 there and 1024 here, nodes is 4 there and 3 here") {
		t.Error(err)
	}
}

// TestArguments: another process is told the whole configuration.
func TestArguments(t *testing.T) {
	b, err := parse(t, []string{"--protocol", "paxos", "--network", "inproc", "--pre-vote=false", "--fault", "crash leader at 1s for 1s", "--rate", "5k/s"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(t, arguments(b))
	if err != nil || fmt.Sprint(again) != fmt.Sprint(b) {
		t.Errorf("%v: %v\n%v", err, b, again)
	}
}
