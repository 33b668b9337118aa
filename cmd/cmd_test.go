package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// protocols are names only: the command line knows no more of them.
var protocols = []smr.Protocol{
	{Name: "raft", Doc: "Raft"},
	{Name: "multipaxos", Doc: "Multi-Paxos with a stable leader", Flexible: true},
	{Name: "paxos", Doc: "single-decree Paxos for every slot", Flexible: true, Leaderless: true},
}

// TestMain makes this binary the command consbench of the scripts. FAKE_RUN says
// what its runs do.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"consbench": func() {
			runBench = fakeRun(os.Getenv("FAKE_RUN"))
			os.Exit(Main(protocols, os.Args[1:], os.Stdout, os.Stderr))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "replace": replace},
	})
}

// status runs a command that must end with a status: status 2 consbench run -x.
// Status -1 is death by a signal.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// replace changes a text in a file: replace OLD NEW FILE.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	was := ts.ReadFile(args[2])
	if !strings.Contains(was, args[0]) {
		ts.Fatalf("%s holds no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(was, args[0], args[1])), 0o666))
}

var interruptOnce sync.Once

func fakeRun(what string) func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error) {
	return func(ctx context.Context, cfg bench.Config, _ []smr.Protocol, progress bench.Progress) (*result.File, error) {
		raw, err := json.Marshal(cfg)
		if err != nil {
			return nil, err
		}
		file := &result.File{Schema: result.Schema, Started: "2025-01-02T03:04:05Z", Config: raw}
		file.Environment.Version = "v0.1.0"
		for _, p := range cfg.Protocols {
			progress(bench.Update{Protocol: p, Phase: bench.Measuring, Elapsed: time.Second, Of: cfg.Duration, Acknowledged: 12345, RatePerSecond: 12345})
			file.Runs = append(file.Runs, result.Run{
				Protocol: p, Network: cfg.Network, Nodes: cfg.Nodes, Seed: cfg.Seed, Fingerprint: "0123456789abcdef", Measured: int64(cfg.Duration),
				Commands: result.Commands{Offered: 12345, Acknowledged: 12345}, Throughput: 2469,
				Verdict: result.Verdict{Correct: true, Checks: []result.Check{{Name: "logs agree", OK: true}}},
			})
		}
		switch what {
		case "busy":
			return nil, errors.New("listen tcp 127.0.0.1:7000: bind: address already in use")
		case "baseline": // with what a gate asks of one
			for i := range file.Runs {
				file.Runs[i].Fingerprint, file.Runs[i].Totals.Commits = cfg.Fingerprint(file.Runs[i].Protocol), 12345
			}
		case "incorrect":
			file.Runs[0].Verdict = result.Verdict{Checks: []result.Check{{Name: "logs agree", OK: true}, {Name: "acknowledged once", Detail: "command 7 is gone"}}}
		case "broken":
			file.Runs[0].Error = "the replicas did not elect a leader within 10s"
		case "interrupt", "terminate":
			s := syscall.SIGINT
			if what == "terminate" {
				s = syscall.SIGTERM
			}
			var err error
			interruptOnce.Do(func() { err = syscall.Kill(os.Getpid(), s) }) // of runs side by side only one
			if err != nil {
				return nil, err
			}
			<-ctx.Done()
			file.Interrupted = true
			last := &file.Runs[len(file.Runs)-1]
			last.Interrupted, last.Verdict = true, result.Verdict{}
			return file, bench.ErrInterrupted
		case "stubborn": // does not end at the first Ctrl-C
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				return nil, err
			}
			<-ctx.Done()
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				return nil, err
			}
			select {}
		}
		return file, nil
	}
}
