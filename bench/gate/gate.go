package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
)

// Verdicts of a gate.
const (
	Pass         = "pass"
	Fail         = "fail"
	Inconclusive = "inconclusive"
	Incorrect    = "incorrect"   // a run lost or invented something: nothing else counts
	Broken       = "broken"      // a run could not be carried out
	Interrupted  = "interrupted" // by a signal
	Misused      = "misused"     // what was asked for cannot be held against anything
	Updated      = "updated"     // baselines were replaced
	Caught       = "caught"      // self-test: what was made worse was found
	Missed       = "missed"      // self-test: it was not
)

// Changed is the outcome of a row that an update accepts.
const Changed = "changed"

// New is a verdict without rows.
func New() *result.Gate {
	c := bench.Defaults()
	return &result.Gate{
		Schema: result.GateSchema, Started: time.Now().UTC().Format(time.RFC3339), Environment: bench.Describe(&c),
		Baselines: []string{}, Rows: []result.GateRow{}, Skipped: []result.GateSkip{},
	}
}

// Conclude counts the rows and derives the verdict from them.
func Conclude(g *result.Gate) {
	g.Passed, g.Failed, g.Inconclusive, g.Changed = 0, 0, 0, 0
	for _, r := range g.Rows {
		switch r.Outcome {
		case stat.Pass.String():
			g.Passed++
		case stat.Fail.String():
			g.Failed++
		case Changed:
			g.Changed++
		default:
			g.Inconclusive++
		}
	}
	switch {
	case g.Verdict != "" && g.Verdict != Broken && g.Verdict != Inconclusive: // said already
	case g.Failed > 0:
		g.Verdict = Fail
	case g.Verdict == Broken:
	case g.Verdict == Inconclusive || g.Inconclusive > 0:
		g.Verdict = Inconclusive
	case g.Passed > 0:
		g.Verdict = Pass
	default:
		g.Verdict = Broken // nothing was held against anything: that is no pass
	}
}

// Blame notes in the verdict what an error of [Repeat] means for it; the gravest
// stays.
func Blame(g *result.Gate, err error) {
	switch {
	case errors.Is(err, ErrIncorrect):
		g.Verdict = Incorrect
	case g.Verdict == Incorrect:
	case errors.Is(err, bench.ErrInterrupted):
		g.Verdict = Interrupted
	case errors.Is(err, ErrUsage) || errors.Is(err, ErrNothing):
		g.Verdict = Misused
	case errors.Is(err, ErrBudget):
		if g.Verdict == "" {
			g.Verdict = Inconclusive
		}
	case g.Verdict == "" || g.Verdict == Inconclusive:
		g.Verdict = Broken
	}
	if (g.Verdict == Broken || g.Verdict == Inconclusive) && g.Why == "" {
		g.Why = why(err)
	}
	g.Interrupted = g.Interrupted || errors.Is(err, bench.ErrInterrupted)
}

// why says in few words what kept a gate from a verdict; the errors say more.
func why(err error) string {
	switch {
	case errors.Is(err, ErrBudget):
		return "no time for all runs (--budget)"
	case errors.Is(err, ErrBuild):
		return "the revision was not built"
	case errors.Is(err, ErrReplace):
		return "a baseline cannot be replaced"
	}
	return "a run failed"
}

// ErrBuild says that there is no program of a revision.
var ErrBuild = errors.New("not built")

// ErrReplace says that a file could not be written.
var ErrReplace = errors.New("not replaced")

// ErrIncorrect says that a run was found incorrect.
var ErrIncorrect = errors.New("INCORRECT")

// ErrUsage says that what was asked for makes no sense.
var ErrUsage = errors.New("usage")

// ErrBroken says that a run could not be carried out.
var ErrBroken = errors.New("the run failed")

// Runner carries out a configuration: [bench.Run], or a stand-in.
type Runner func(context.Context, bench.Config, []smr.Protocol, bench.Progress) (*result.File, error)

// Repeat runs the virtual runs of a source again. The error is
// [bench.ErrInterrupted], or wraps [ErrIncorrect] or [ErrBroken].
func Repeat(ctx context.Context, s *Source, run Runner, known []smr.Protocol, progress bench.Progress) (*result.File, error) {
	c := s.Config
	c.Dir, c.Listen = "", "" // of another machine
	return counts(ctx, s.Name, c, run, known, progress)
}

// counts carries out c and reports whether all of its runs count.
func counts(ctx context.Context, name string, c bench.Config, run Runner, known []smr.Protocol, progress bench.Progress) (*result.File, error) {
	file, err := run(ctx, c, known, progress)
	switch {
	case errors.Is(err, bench.ErrInterrupted):
		return file, bench.ErrInterrupted
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", name, ErrBroken, err)
	}
	return file, sound(name, file)
}

// sound reports the runs of a file that do not count.
func sound(name string, file *result.File) error {
	var errs []error
	for i := range file.Runs {
		r := &file.Runs[i]
		switch {
		case r.Error != "":
			errs = append(errs, fmt.Errorf("%s: %s: %w: %s", name, r.Name(), ErrBroken, r.Error))
		case r.Interrupted && len(r.Verdict.Checks) == 0: // nothing was verified
			return bench.ErrInterrupted
		case !r.Verdict.Correct:
			err := fmt.Errorf("%s: %s: %w", name, r.Name(), ErrIncorrect)
			for _, c := range r.Verdict.Checks {
				if !c.OK {
					err = fmt.Errorf("%w: %s: %s", err, c.Name, c.Detail)
				}
			}
			errs = append(errs, err)
		case r.Interrupted || file.Interrupted:
			return bench.ErrInterrupted
		}
	}
	return errors.Join(errs...)
}
