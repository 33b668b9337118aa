package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/store"
)

// job is what every command that takes its time has around it: the file that its
// result goes to, profiles, progress, and an early end by a signal.
type job struct {
	*interruption
	progress *progress
	target   *target      // nil: nothing is saved
	store    *store.Store // nil: nothing is kept
	profiled func() error
	stderr   io.Writer
}

// begin opens what the flags of output ask for, before anything is measured. The
// context that it returns ends with the first signal. The caller defers stop.
func (o *output) begin(parent context.Context, stderr io.Writer) (context.Context, *job, error) {
	j := &job{stderr: stderr}
	var err error
	if o.path != "" && o.path != "-" {
		if j.target, err = openTarget(o.path); err != nil {
			return nil, nil, failed(fmt.Errorf("--output: %w", err))
		}
	}
	if j.store, err = o.openStore(); err != nil {
		return nil, nil, failed(fmt.Errorf("--store: %w", err))
	}
	if j.profiled, err = startProfiles(o.cpu, o.mem); err != nil {
		return nil, nil, failed(err)
	}
	ctx, interrupt := interruptible(parent)
	j.interruption = interrupt
	j.progress = newProgress(stderr, o.quiet, interrupt.came)
	return ctx, j, nil
}

// done says that nothing is measured any more.
func (j *job) done() {
	j.progress.done()
	if err := j.profiled(); err != nil {
		say(j.stderr, err.Error())
	}
}

// save writes a result to its file and to the store, if there are such.
func (j *job) save(v any) error {
	var err error
	if j.target != nil {
		if err = j.target.replace(func(w io.Writer) error { return report.JSON(w, v) }); err != nil {
			err = fmt.Errorf("--output: %w", err)
		}
	}
	return errors.Join(err, j.keep(v))
}

// evidence is what the names of files begin with that explain a failed verdict: they
// stand beside the result.
func (j *job) evidence() string {
	if j.target == nil || j.target.direct {
		return ""
	}
	return strings.TrimSuffix(j.target.path, filepath.Ext(j.target.path))
}

// settingsAreFlags refuses a word that belongs to no flag of a command.
func settingsAreFlags(word, command string) error {
	return fmt.Errorf("unexpected argument %q: every setting is a flag; see consbench %s --help", word, command)
}
