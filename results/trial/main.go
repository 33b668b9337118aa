package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// jobEnv marks a process that is to carry out one run, told on standard input.
const jobEnv = "CONSBENCH_TRIAL_JOB"

func main() {
	if os.Getenv(jobEnv) != "" {
		if err := carryOut(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command; the exit status is 0 if all held, 1 if something went wrong, 2
// for usage and 99 if something did not hold.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fail := func(status int, err error) int {
		fmt.Fprintln(stderr, "trial:", err)
		return status
	}
	s := defaults()
	flags := flag.NewFlagSet("trial", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("o", ".", "directory for trial.json and trial.md")
	resume := flags.Bool("resume", false, "go on with the trial.json that is there")
	quick := flags.Bool("quick", false, "a minute that shows that everything works, and proves nothing")
	flags.StringVar(&s.Protocol, "protocol", s.Protocol, "raft, multipaxos or paxos")
	flags.StringVar(&s.Network, "network", s.Network, "inproc or tcp")
	flags.IntVar(&s.Clients, "clients", s.Clients, "closed loop of this many clients")
	flags.IntVar(&s.Pairs, "pairs", s.Pairs, "pairs of a batch")
	flags.IntVar(&s.Comparisons, "comparisons", s.Comparisons, "live comparisons of the protocol with itself")
	flags.IntVar(&s.Resamples, "resamples", s.Resamples, "comparisons drawn from recorded pairs")
	flags.IntVar(&s.Injected, "injected", s.Injected, "pairs recorded with the change in them")
	flags.IntVar(&s.LiveInjected, "live-injected", s.LiveInjected, "live comparisons with the change in them")
	flags.DurationVar(&s.Duration, "duration", s.Duration, "measured time of a run")
	flags.DurationVar(&s.Warmup, "warmup", s.Warmup, "time under load before it")
	flags.DurationVar(&s.Budget, "budget", s.Budget, "time for all: live comparisons share it, with fewer pairs where it is short; what is not finished then, -resume goes on with")
	flags.Uint64Var(&s.Seed, "seed", s.Seed, "of the runs and of the drawing")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		return fail(2, fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	}
	if *quick {
		s = s.quick()
	}
	if err := s.check(); err != nil {
		return fail(2, err)
	}
	e := &experiment{run: process, log: stderr, save: func(t *Trial) error { return save(*dir, t) }}
	if *resume {
		if err := load(filepath.Join(*dir, "trial.json"), &e.Trial); err != nil {
			return fail(2, err)
		}
		was := e.Settings
		if was.Budget = s.Budget; was != s {
			return fail(2, errors.New("-resume: trial.json is of other settings"))
		}
		e.Settings = s
	} else {
		e.Trial = newTrial(s)
	}
	if err := e.all(ctx); err != nil {
		return fail(1, err)
	}
	fmt.Fprint(stdout, summary(&e.Trial))
	if e.Verdict == "failed" {
		return 99
	}
	return 0
}

// load reads a trial.
func load(path string, t *Trial) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, t); err != nil || t.Schema != schema {
		return fmt.Errorf("%s: no trial: %v", path, err)
	}
	return nil
}

// save writes both files, each as a whole.
func save(dir string, t *Trial) error {
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"trial.json": append(compact(data), '\n'), "trial.md": []byte(summary(t))} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".tmp", content, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return err
		}
	}
	return nil
}

// job is one run.
type job struct {
	Config bench.Config  `json:"config"`
	Burn   time.Duration `json:"burn_ns"`
	Floors result.Floors `json:"floors"`
}

// carryOut is the other end of process.
func carryOut(in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	bench.KnowFloors(j.Config.Dir, j.Floors)
	file, err := bench.Run(context.Background(), j.Config, gate.Slower(protocols, j.Burn), nil)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(file)
}

// process carries out a run in a process of its own.
func process(ctx context.Context, c bench.Config, burn time.Duration) (*result.File, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(job{c, burn, bench.Floors(c.Dir)})
	if err != nil {
		return nil, err
	}
	return child(ctx, exec.CommandContext(ctx, self), in)
}
