package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// program is another build of this command, to be run as a process.
type program struct {
	path     string
	name     string // in messages
	revision string // commit, if it was built from one
	remove   func() error
}

// self is this program, as a process like the other. Tests put another here.
var self = func() (*program, error) {
	path, err := os.Executable()
	return &program{path: path, name: "this program", remove: func() error { return nil }}, err
}

// buildRevision builds this command as it was at a git revision, in a directory of
// its own, which remove takes away again.
func buildRevision(ctx context.Context, revision string) (_ *program, err error) {
	for tool, what := range map[string]string{"git": "find the revision", "go": "build the revision"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, failed(fmt.Errorf("--against: no %s on the PATH to %s with", tool, what))
		}
	}
	if _, err := command(ctx, "", "git", "rev-parse", "--show-toplevel"); err != nil {
		return nil, failed(errors.New("--against: this is not a git repository: run it where the source of consbench is checked out"))
	}
	commit, err := command(ctx, "", "git", "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return nil, &bench.FieldError{Flag: "against", Msg: fmt.Sprintf("%q is no revision of this repository; a shallow clone may lack it (git fetch --unshallow)", revision)}
	}
	dir, err := os.MkdirTemp("", "consbench-gate-*")
	if err != nil {
		return nil, failed(err)
	}
	tree := filepath.Join(dir, "tree")
	p := &program{path: filepath.Join(dir, "consbench"), name: revision, revision: commit, remove: func() error {
		// Also after a Ctrl-C, and where the worktree was never made, or is still locked.
		_, _ = command(context.Background(), "", "git", "worktree", "unlock", tree)
		_, _ = command(context.Background(), "", "git", "worktree", "remove", "--force", tree)
		return os.RemoveAll(dir)
	}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.remove())
		}
	}()
	if _, err := command(ctx, "", "git", "worktree", "add", "--detach", tree, commit); err != nil {
		return nil, failed(fmt.Errorf("--against: git worktree add: %w", err))
	}
	main := "./cmd/consbench"
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" && info.Path != "command-line-arguments" && !strings.HasSuffix(info.Path, ".test") {
		main = info.Path // somebody's own main, with protocols of their own
	}
	if _, err := command(ctx, tree, "go", "build", "-trimpath", "-buildvcs=false", "-o", p.path, main); err != nil {
		return nil, failed(fmt.Errorf("--against: %s does not build: %w", revision, err))
	}
	return p, nil
}

// command runs a tool and returns what it printed, or the end of what it complained.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	gently(c)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return "", bench.ErrInterrupted
		}
		return "", fmt.Errorf("%w: %s", err, tail(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// gently ends a process by an interrupt, upon which git, go and consbench remove what
// they have begun, and kills it if that takes long.
func gently(c *exec.Cmd) {
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
}

// tail is the last lines of what a process said.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

// floorsEnv tells a run what the floors of the machine are, as JSON, so that each of
// many short ones need not measure them. Revisions that do not know it measure them.
const floorsEnv = "CONSBENCH_FLOORS"

// adoptFloors takes over what another process has measured. What cannot be read is
// measured anew.
func adoptFloors(dir string) {
	var f result.Floors
	if raw := os.Getenv(floorsEnv); raw != "" && json.Unmarshal([]byte(raw), &f) == nil {
		bench.KnowFloors(dir, f)
	}
}

// run carries out cfg in a process and returns its result.
func (p *program) run(ctx context.Context, cfg bench.Config) (*result.File, error) {
	floors, err := json.Marshal(bench.Floors(cfg.Dir))
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, p.path, append([]string{"run", "--format=json", "--quiet"}, arguments(cfg)...)...)
	c.Env = append(slices.DeleteFunc(os.Environ(), isSetting), floorsEnv+"="+string(floors))
	gently(c)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err = c.Run()
	if ctx.Err() != nil {
		return nil, bench.ErrInterrupted
	}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitIncorrect) {
		return nil, fmt.Errorf("%w: %s", err, strings.ReplaceAll(tail(stderr.String()), "consbench: ", ""))
	}
	file := new(result.File)
	if err := json.Unmarshal(stdout.Bytes(), file); err != nil { // leniently: another version wrote it
		return nil, fmt.Errorf("its result cannot be read: %w", err)
	}
	if file.Schema != result.Schema {
		return nil, fmt.Errorf("its result is %q, not %q", file.Schema, result.Schema)
	}
	return file, sameConfig(file.Config, cfg)
}

// sameConfig reports settings that a program has understood otherwise: its defaults
// are others, or it does not know them. What it has no field for is not held
// against it.
func sameConfig(theirs json.RawMessage, cfg bench.Config) error {
	ours, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(theirs, &a), json.Unmarshal(ours, &b)); err != nil {
		return err
	}
	var differ []string
	for name, value := range b {
		if other, ok := a[name]; ok && name != "dir" && name != "listen" && fmt.Sprint(other) != fmt.Sprint(value) && !(empty(other) && empty(value)) {
			differ = append(differ, fmt.Sprintf("%s is %v there and %v here", name, other, value))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	return fmt.Errorf("it runs another configuration: %s; give these as flags", strings.Join(differ, ", "))
}

func empty(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && len(list) == 0
}
