package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
)

// Trials is a file of consbench elections to repeat: at equal seeds, trials in virtual
// time have equal quantiles.
type Trials struct {
	Name string
	File *result.Elections
}

// virtual are the settings that can be repeated.
func (t *Trials) virtual() (list []*result.ElectionSetting) {
	for i := range t.File.Settings {
		if s := &t.File.Settings[i]; !s.Config.Live() {
			list = append(list, s)
		}
	}
	return list
}

// Virtual is how many settings can be repeated.
func (t *Trials) Virtual() int { return len(t.virtual()) }

// Skipped names the settings that are not repeated.
func (t *Trials) Skipped() (list []result.GateSkip) {
	for i := range t.File.Settings {
		if c := &t.File.Settings[i].Config; c.Live() {
			list = append(list, result.GateSkip{Source: t.Name, Run: report.SettingName(c), Why: "live: not repeatable"})
		}
	}
	return list
}

// Check reports what keeps the settings from running in this program.
func (t *Trials) Check(known []smr.Protocol) error {
	var errs []error
	for i := range t.File.Settings {
		c := &t.File.Settings[i].Config
		at := slices.IndexFunc(known, func(p smr.Protocol) bool { return p.Name == c.Protocol })
		if at < 0 {
			errs = append(errs, fmt.Errorf("%s: settings[%d].config.protocol: there is no %q", t.Name, i, c.Protocol))
		} else if err := elections.Check(c, &known[at]); err != nil {
			errs = append(errs, fmt.Errorf("%s: settings[%d].config: %w", t.Name, i, err))
		}
	}
	return errors.Join(errs...)
}

// Usable reports what keeps the file from being a baseline.
func (t *Trials) Usable() error {
	if t.File.Interrupted {
		return fmt.Errorf("%s: interrupted: true: trials that were cut short are no baseline", t.Name)
	}
	for i := range t.File.Settings {
		if s := &t.File.Settings[i]; !s.Config.Live() && s.Trials != s.Config.Trials {
			return fmt.Errorf("%s: settings[%d].trials: %d, but the setting asks for %d", t.Name, i, s.Trials, s.Config.Trials)
		}
	}
	return nil
}

// Repeat carries out the trials in virtual time again. The error is [bench.ErrInterrupted], or wraps
// [ErrBroken].
func (t *Trials) Repeat(ctx context.Context, known []smr.Protocol, progress func(c *result.ElectionConfig, done int)) (*result.Elections, error) {
	var settings []elections.Config
	var published []result.Published
	raw := false
	for _, s := range t.virtual() {
		settings = append(settings, s.Config)
		if s.Published != nil {
			published = append(published, *s.Published)
		}
		raw = raw || s.Samples != nil
	}
	if len(published) != len(settings) { // a figure has one for each
		published = nil
	}
	fresh, err := elections.All(ctx, settings, elections.Options{
		Protocols: known, Published: published, Raw: raw, Progress: func(setting, done int) { progress(&settings[setting], done) },
	})
	switch {
	case errors.Is(err, bench.ErrInterrupted):
		return nil, bench.ErrInterrupted
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", t.Name, ErrBroken, err)
	}
	for i := range fresh.Settings {
		if p := fresh.Settings[i].Published; p != nil && !p.OK {
			fresh.Exit = 99 // as consbench elections has it
		}
	}
	return fresh, nil
}

// Exact holds fresh trials against those of the file. Thresholds take the place of
// the tolerance of their metrics.
func (t *Trials) Exact(fresh *result.Elections, thresholds []stat.Threshold) []result.GateRow {
	var rows []result.GateRow
	for i, old := range t.virtual() {
		for _, m := range measure.Metrics() {
			if !strings.HasPrefix(m.Name, "election.") {
				continue
			}
			row := result.GateRow{Layer: result.LayerExact, Source: t.Name, Run: report.SettingName(&old.Config), Metric: m.Name, Unit: m.Unit}
			before, had := report.TrialValue(old, m.Name)
			now, has := report.TrialValue(&fresh.Settings[i], m.Name)
			if figures(&row, before, had, now, has) {
				rows = append(rows, judgeExact(row, m, thresholds)...)
			}
		}
	}
	return rows
}

// Changes are the rows of an update.
func (t *Trials) Changes(fresh *result.Elections) []result.GateRow {
	return changed(t.Exact(fresh, nil))
}

// has reports whether some setting has a figure for a metric.
func (t *Trials) has(metric string) bool {
	return slices.ContainsFunc(t.virtual(), func(s *result.ElectionSetting) bool {
		_, known := report.TrialValue(s, metric)
		return known
	})
}

// Replacement is the file with fresh trials in the place of the old ones. Live ones
// stay as they are.
func (t *Trials) Replacement(fresh *result.Elections) *result.Elections {
	out := *fresh
	out.Settings = slices.Clone(t.File.Settings)
	next := 0
	for i := range out.Settings {
		if !out.Settings[i].Config.Live() {
			out.Settings[i] = fresh.Settings[next]
			next++
		}
	}
	return &out
}
