package elections

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Options of All.
type Options struct {
	Protocols []smr.Protocol     // known
	Published []result.Published // to compare settings with, one for each; nil = none
	Raw       bool               // keep the samples
	Progress  func(setting, done int)
}

// All carries out the trials of settings, which Check has found to be good, one
// setting after another. When ctx ends early the result holds what was finished,
// the last setting perhaps with fewer trials, and the error is [bench.ErrInterrupted].
func All(ctx context.Context, settings []Config, o Options) (*result.Elections, error) {
	file := &result.Elections{
		Schema: result.ElectionsSchema, Started: time.Now().UTC().Format(time.RFC3339),
		Environment: bench.Describe(&bench.Config{GOGC: gcPercent}), Settings: []result.ElectionSetting{},
	}
	for i, c := range settings {
		at := slices.IndexFunc(o.Protocols, func(p smr.Protocol) bool { return p.Name == c.Protocol })
		if at < 0 {
			return nil, fmt.Errorf("there is no protocol %q", c.Protocol)
		}
		samples, err := Run(ctx, c, o.Protocols[at], func(done int) {
			if o.Progress != nil {
				o.Progress(i, done)
			}
		})
		interrupted := err != nil && ctx.Err() != nil
		switch {
		case interrupted && len(samples) == 0:
			file.Interrupted = true
			return file, bench.ErrInterrupted
		case err != nil && !interrupted:
			return nil, err
		}
		s := Summarize(c, samples, o.Raw)
		if o.Published != nil {
			p := Hold(o.Published[i], samples)
			s.Published = &p
		}
		file.Settings = append(file.Settings, s)
		if interrupted {
			file.Interrupted = true
			return file, bench.ErrInterrupted
		}
	}
	return file, nil
}
