package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/workload"
)

// revision builds a revision and holds this program against it: virtual runs
// exactly, live runs in interleaved pairs.
func (k *gating) revision(ctx context.Context, g *result.Gate, cfg bench.Config, progress *progress) []error {
	deadline := time.Now().Add(k.budget)
	signals := ctx
	ctx, cancel := context.WithDeadline(signals, deadline) // holds for the build and virtual runs, too
	defer cancel()
	stage := ""
	blame := func(err error, kind ...error) []error {
		switch {
		case signals.Err() != nil:
			err = bench.ErrInterrupted
		case ctx.Err() != nil && !errors.Is(err, gate.ErrBudget) && !errors.Is(err, gate.ErrIncorrect):
			kind = nil
			err = failed(fmt.Errorf("--budget %v: %w: it ended during the %s: allow for more, such as --budget %v",
				workload.Duration(k.budget), gate.ErrBudget, stage, workload.Duration(max(defaultBudget, 2*k.budget))))
		}
		if status := (*failure)(nil); !errors.As(err, &status) && !isOurs(err) {
			gate.Blame(g, gate.ErrUsage)
			return []error{err}
		}
		gate.Blame(g, errors.Join(append(kind, err)...))
		return []error{err}
	}
	now, err := self()
	if err != nil {
		return blame(failed(err))
	}
	enter := func(what, note string) {
		stage = what
		progress.note(note)
	}
	enter("build of "+k.against, "building "+k.against)
	old, err := buildRevision(ctx, k.against)
	if err != nil {
		return blame(err, gate.ErrBuild)
	}
	defer func() {
		if err := old.remove(); err != nil {
			say(k.stderr, "--against: "+err.Error())
		}
	}()
	g.Against, g.Revision = k.against, old.revision

	virtual := k.virtual(cfg)
	enter("virtual runs of "+k.against, "virtual runs of "+k.against)
	before, err := old.run(ctx, virtual)
	if err != nil {
		return blame(wrap(k.against, err))
	}
	s := &gate.Source{Name: k.against, File: before, Config: virtual}
	if err := s.Usable(); err != nil {
		return blame(fmt.Errorf("%w: %w", gate.ErrBroken, err))
	}
	var exactOnly []stat.Threshold
	for _, t := range k.thresholds.list {
		if cfg.Network == bench.NetworkSim || gate.Tail(t.Metric.Name) {
			exactOnly = append(exactOnly, t)
		}
	}
	if errs := gate.Matches([]gate.Source{*s}, exactOnly); len(errs) > 0 {
		return blame(errors.Join(errs...))
	}
	if e := k.b.scenario; e != nil && cfg.Network == bench.NetworkSim {
		before.Expectations = evaluate(e, before)
	} else if e != nil && len(e.Expect) > 0 {
		g.Skipped = append(g.Skipped, result.GateSkip{Source: e.Name, Run: "expectations", Why: "of live runs: consbench run holds them"})
	}
	enter("virtual runs of this program", "virtual runs of this program")
	fresh, err := gate.Repeat(ctx, s, gate.Runner(runBench), k.protocols, progress.update)
	if err != nil {
		return blame(err)
	}
	rows, skipped := gate.Exact(s, fresh, k.thresholds.list)
	g.Rows, g.Skipped = append(g.Rows, rows...), append(g.Skipped, skipped...)

	thresholds := gate.Defaults()
	if len(k.thresholds.list) > 0 {
		thresholds = nil
	}
	for _, t := range k.thresholds.list {
		if gate.Tail(t.Metric.Name) {
			g.Skipped = append(g.Skipped, result.GateSkip{Source: k.against, Run: "live runs", Why: t.Metric.Name + " is of the far tail, which they do not repeat: held in virtual time only"})
			continue
		}
		thresholds = append(thresholds, t)
	}
	if cfg.Network == bench.NetworkSim || len(thresholds) == 0 {
		return nil
	}
	bench.Floors(cfg.Dir) // now, not within the first pair
	began := time.Now()
	rows, err = gate.Measured(signals, gate.Trial{ // keeps to the deadline by itself, and to what it has until then
		Source: k.against, Config: cfg, Old: old.run, New: now.run,
		Thresholds: thresholds, Pairs: k.pairs, Deadline: deadline, Progress: progress.pairs,
	})
	g.Rows = append(g.Rows, rows...)
	if errors.Is(err, gate.ErrBudget) {
		before := began.Sub(deadline.Add(-k.budget)).Round(time.Second)
		err = failed(fmt.Errorf("--budget %v: %w after %v for building %s and virtual runs: allow for more, such as --budget %v",
			workload.Duration(k.budget), err, before, k.against, workload.Duration(max(defaultBudget, 2*k.budget))))
	}
	if err != nil {
		return blame(err)
	}
	return nil
}

// isOurs reports whether an error is of the running, not of the asking.
func isOurs(err error) bool {
	return errors.Is(err, gate.ErrBroken) || errors.Is(err, gate.ErrIncorrect) || errors.Is(err, bench.ErrInterrupted)
}

func wrap(name string, err error) error {
	if errors.Is(err, bench.ErrInterrupted) {
		return err
	}
	return fmt.Errorf("%s: %w: %w", name, gate.ErrBroken, err)
}

// virtual is cfg in virtual time, as run would have it.
func (k *gating) virtual(cfg bench.Config) bench.Config {
	c := k.b.copy(cfg.Protocols[0])
	c.config = cfg
	c.config.Network = bench.NetworkSim
	if k.b.scenario == nil && len(cfg.Faults) == 0 && len(cfg.Phases) == 0 && !k.b.given("duration") {
		c.config.Duration = virtualDuration
	}
	dependentDefaults(&c.config, c.given)
	return c.config
}

// virtualDuration has 64 clients send over 100,000 commands through a stable
// leader, so that allocations are held too.
const virtualDuration = 4 * time.Second

// test makes this program worse in several ways and looks whether the gate says so,
// and that it says nothing of a program that is the same.
func (k *gating) test(ctx context.Context, g *result.Gate, cfg bench.Config, progress *progress) []error {
	deadline := time.Now().Add(k.budget)
	virtual := k.virtual(cfg)
	progress.note("self-test in virtual time")
	file, err := runBench(ctx, virtual, k.protocols, progress.update)
	if err != nil {
		gate.Blame(g, wrap("", err))
		return []error{err}
	}
	s := &gate.Source{Name: "self-test", File: file, Config: virtual}
	if err := s.Usable(); err != nil {
		gate.Blame(g, gate.ErrBroken)
		return []error{err}
	}
	note := func(t result.GateTest, rows []result.GateRow, expected string) {
		for i := range rows {
			if r := &rows[i]; r.Outcome == stat.Fail.String() {
				if t.Row == nil || r.Metric == expected {
					t.Row = r
				}
			}
		}
		t.Caught = (t.Flaw == "") == (t.Row == nil)
		g.Tests = append(g.Tests, t)
	}
	for _, c := range []struct {
		flaw         gate.Flaw
		what, metric string
	}{
		{gate.None, "", ""}, {gate.Chatty, "one more message", "messages/commit"}, {gate.Wasteful, "one more allocation", "allocs/commit"},
	} {
		fresh, err := gate.Repeat(ctx, s, gate.Runner(runBench), c.flaw.With(k.protocols), progress.update)
		if err != nil {
			gate.Blame(g, err)
			return []error{err}
		}
		rows, _ := gate.Exact(s, fresh, nil)
		note(result.GateTest{Layer: result.LayerExact, Flaw: c.what}, rows, c.metric)
	}
	if cfg.Network != bench.NetworkSim {
		for i, c := range []struct {
			flaw gate.Flaw
			what string
		}{{gate.None, ""}, {gate.Slow, workload.FormatDuration(gate.Burn) + " more"}} {
			rows, err := gate.Measured(ctx, gate.Trial{
				Source: "self-test", Config: cfg, Old: k.inProcess(gate.None), New: k.inProcess(c.flaw), Thresholds: gate.Defaults(),
				Pairs: k.pairs, Deadline: time.Now().Add(time.Until(deadline) / time.Duration(2-i)), Progress: progress.pairs,
			})
			if err != nil {
				gate.Blame(g, err)
				return []error{err}
			}
			note(result.GateTest{Layer: result.LayerMeasured, Flaw: c.what}, rows, "throughput")
		}
	}
	g.Verdict = gate.Caught
	for _, t := range g.Tests {
		if !t.Caught {
			g.Verdict = gate.Missed
		}
	}
	if g.Verdict == gate.Missed {
		return []error{errors.New("--self-test: the gate does not see on this machine what it should")}
	}
	return nil
}

// inProcess runs protocols with a flaw in this process.
func (k *gating) inProcess(flaw gate.Flaw) gate.Program {
	known := flaw.With(k.protocols)
	return func(ctx context.Context, cfg bench.Config) (*result.File, error) {
		return runBench(ctx, cfg, known, nil)
	}
}
