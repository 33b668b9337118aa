package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/store"
	"github.com/consbench/consbench/bench/trend"
)

// diff compares two results of run, elections or sweep.
func (h *history) diff(args []string) error {
	s, _, found, err := h.find("diff", args, 2, 2)
	if err != nil {
		return err
	}
	for _, e := range found {
		switch {
		case e.Kind != store.Run && e.Kind != store.Elections && e.Kind != store.Sweep:
			return fmt.Errorf("history diff: %s is a result of %s: only those of run, elections and sweep can be compared", e.Short(), e.Kind)
		case e.Kind != found[0].Kind:
			return fmt.Errorf("history diff: %s is a result of %s and %s of %s: only results of the same command can be compared",
				found[0].Short(), found[0].Kind, e.Short(), e.Kind)
		}
	}
	switch found[0].Kind {
	case store.Elections:
		return h.diffElections(s, found)
	case store.Sweep:
		return h.diffSweeps(s, found)
	}
	return h.diffRuns(s, found)
}

// alike refuses results of unlike machines, if either was measured live.
func (h *history) alike(found []*store.Entry, live bool) error {
	if unlike := store.Unlike(&found[0].Environment, &found[1].Environment); live && len(unlike) > 0 && !h.unlike {
		return failed(fmt.Errorf("%s and %s were measured on unlike machines (%s): what differs may be the machine; --unlike-machines compares them all the same",
			found[0].Short(), found[1].Short(), strings.Join(unlike, ", ")))
	}
	return nil
}

func (h *history) diffRuns(s *store.Store, found []*store.Entry) error {
	var files [2]*result.File
	var configs [2]bench.Config
	live := false
	for i, e := range found {
		files[i] = new(result.File)
		if err := s.Load(e, files[i]); err != nil {
			return failed(err)
		}
		if err := json.Unmarshal(files[i].Config, &configs[i]); err != nil {
			return failed(fmt.Errorf("%s: config: %w", e.Path, err))
		}
		live = live || configs[i].Network != bench.NetworkSim
	}
	if err := h.alike(found, live); err != nil {
		return err
	}
	shared := sharedProtocols(files)
	if len(shared) == 0 {
		return failed(fmt.Errorf("%s and %s have no protocol in common", found[0].Short(), found[1].Short()))
	}
	var all []*result.Comparison
	for _, p := range shared {
		var sides []compare.Side
		for i, e := range found {
			cfg := configs[i]
			cfg.Protocols = []string{p}
			sides = append(sides, compare.Side{Name: e.Short() + ":" + p, Path: e.Path, File: files[i], Config: cfg})
		}
		c, err := compare.Run(context.Background(), sides, compare.Options{Differences: differences(sides)})
		if err != nil {
			return failed(err)
		}
		all = append(all, c)
	}
	return h.compared(found, all)
}

// diffElections compares the settings that both files have, protocol by protocol.
func (h *history) diffElections(s *store.Store, found []*store.Entry) error {
	var files [2]*result.Elections
	live := false
	for i, e := range found {
		doc, _, err := h.document(s, e)
		if err != nil {
			return failed(err)
		}
		files[i] = doc.(*result.Elections)
		for k := range files[i].Settings {
			live = live || files[i].Settings[k].Config.Live()
		}
	}
	if err := h.alike(found, live); err != nil {
		return err
	}
	var shared []string
	for i := range files[0].Settings {
		p := files[0].Settings[i].Config.Protocol
		other := slices.ContainsFunc(files[1].Settings, func(o result.ElectionSetting) bool { return o.Config.Protocol == p })
		if other && !contains(shared, p) {
			shared = append(shared, p)
		}
	}
	var all []*result.Comparison
	for _, p := range shared {
		var sides []compare.Electing
		for i, e := range found {
			sides = append(sides, compare.Electing{Name: e.Short() + ":" + p, Path: e.Path, Protocol: p, File: files[i]})
		}
		c, err := compare.Elections(sides)
		if err != nil {
			return failed(err)
		}
		if len(c.Against) > 0 && len(c.Against[0].Lines) > 0 {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return failed(fmt.Errorf("%s and %s have no setting in common", found[0].Short(), found[1].Short()))
	}
	return h.compared(found, all)
}

// compared shows what comparisons of two results came to.
func (h *history) compared(found []*store.Entry, all []*result.Comparison) error {
	if h.out.format == "json" {
		return wrote(report.JSON(h.stdout, all))
	}
	if err := report.Beside(h.stdout, found[0], found[1], h.out.look(h.stdout, nil)); err != nil {
		return wrote(err)
	}
	for i, c := range all {
		o := h.out.look(h.stdout, nil)
		o.Part = i+1 < len(all)
		if err := report.Comparison(h.stdout, c, o, h.all); err != nil {
			return wrote(err)
		}
	}
	return nil
}

// diffSweeps sets the values that both sweeps have beside each other.
func (h *history) diffSweeps(s *store.Store, found []*store.Entry) error {
	var files [2]*result.Sweep
	var sides []compare.Side
	live := false
	for i, e := range found {
		doc, _, err := h.document(s, e)
		if err != nil {
			return failed(err)
		}
		files[i] = doc.(*result.Sweep)
		side := compare.Side{Name: e.Short()}
		if err := json.Unmarshal(files[i].Config, &side.Config); err != nil {
			return failed(fmt.Errorf("%s: config: %w", e.Path, err))
		}
		sides = append(sides, side)
		live = live || !files[i].Exact
	}
	if err := h.alike(found, live); err != nil {
		return err
	}
	swept := func(d result.Difference) bool {
		return slices.ContainsFunc(files[0].Over, func(a result.SweepAxis) bool { return a.Setting == d.Option })
	}
	d, err := report.DiffSweeps(files[0], files[1], slices.DeleteFunc(differences(sides), swept))
	if err != nil {
		return failed(fmt.Errorf("%s and %s: %w", found[0].Short(), found[1].Short(), err))
	}
	if h.out.format == "json" {
		return wrote(report.JSON(h.stdout, d))
	}
	if err := report.Beside(h.stdout, found[0], found[1], h.out.look(h.stdout, nil)); err != nil {
		return wrote(err)
	}
	return wrote(report.Sweeps(h.stdout, d, h.out.look(h.stdout, nil)))
}

// sharedProtocols are those that both files have runs of, in the order of the first.
func sharedProtocols(files [2]*result.File) []string {
	var out []string
	for _, r := range files[0].Runs {
		in := slices.ContainsFunc(files[1].Runs, func(o result.Run) bool { return o.Protocol == r.Protocol })
		if in && !contains(out, r.Protocol) {
			out = append(out, r.Protocol)
		}
	}
	return out
}

// trend follows metrics over the results of the store.
func (h *history) trend(args []string) error {
	var metrics []measure.Metric
	var errs []error
	for _, a := range args {
		m, err := measure.Find(a)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("history trend: %w", err))
		case slices.Contains(metrics, m):
			errs = append(errs, fmt.Errorf("history trend: %s is given twice", a))
		default:
			metrics = append(metrics, m)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	asked := len(metrics) > 0
	if !asked {
		metrics = slices.DeleteFunc(slices.Clone(measure.Metrics()), func(m measure.Metric) bool { return !report.Key(m.Name) })
	}
	s, all, err := h.entries()
	if err != nil {
		return err
	}
	results, leftOut, err := h.results(s, h.matching(all), asked)
	if err != nil {
		return err
	}
	place, unplaced := inGit(results)
	series := trend.Follow(results, metrics, place, trend.DefaultOptions())
	if h.out.format == "json" {
		return wrote(report.JSON(h.stdout, trendFile(series)))
	}
	if len(series) == 0 {
		say(h.stderr, fmt.Sprintf("there is nothing to follow in %s: %d good runs have such a metric; consbench run --store %s keeps one", s.Dir(), len(results), quote(s.Dir())))
		return nil
	}
	if err := report.Trends(h.stdout, series, h.out.look(h.stdout, nil)); err != nil {
		return wrote(err)
	}
	if leftOut != "" {
		say(h.stderr, "left out: "+leftOut)
	}
	if len(place) == 0 && unplaced > 0 {
		say(h.stderr, fmt.Sprintf("ordered by time: %d of %d runs are of no revision that git knows here", unplaced, len(results)))
	}
	return nil
}

// results are the good runs of entries, and what was left out, in words.
func (h *history) results(s *store.Store, entries []store.Entry, asked bool) ([]trend.Result, string, error) {
	var out []trend.Result
	bad := map[string]int{}
	seen := map[string]bool{} // a copy is no second result
	for i := range entries {
		e := &entries[i]
		if e.Kind != store.Run || seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		file := new(result.File)
		if err := s.Load(e, file); err != nil {
			say(h.stderr, "skipped "+err.Error())
			continue
		}
		for j := range file.Runs {
			r := &file.Runs[j]
			if h.protocol != "" && r.Protocol != h.protocol || h.network != "" && r.Network != h.network {
				continue
			}
			if v := store.Verdict(r); v != "CORRECT" {
				bad[v]++
				continue
			}
			r.Latency.Response.HDR, r.Series = "", nil // nobody asks for them here
			virtual := r.Network == bench.NetworkSim
			out = append(out, trend.Result{
				ID: e.Short(), Revision: e.Revision, Modified: e.Modified, Started: e.Started,
				Run: r.Name(), Seed: r.Seed, Fingerprint: r.Fingerprint, Virtual: virtual,
				Machine: store.Machine(&e.Environment), Arch: e.Environment.Arch,
				Value: func(metric string) (float64, bool) {
					if m, err := measure.Find(metric); virtual && !asked && (err != nil || !m.Exact) {
						return 0, false // CPU and allocations of the simulator
					}
					return report.Value(r, metric)
				},
			})
		}
	}
	var parts []string
	for _, v := range []string{"INCORRECT", "UNDECIDED", "UNCHECKED", "FAILED", "INTERRUPTED"} {
		if bad[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", bad[v], v))
		}
	}
	return out, strings.Join(parts, ", "), nil
}

// inGit returns the place of each revision in git's history, the oldest first; nil
// if some result is of none that git knows here, and how many are not. Revisions that
// it knows are written out in full.
func inGit(results []trend.Result) (map[string]int, int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	place := map[string]int{}
	var names []string
	if out, err := exec.CommandContext(ctx, "git", "rev-list", "--topo-order", "--reverse", "--all").Output(); err == nil {
		names = strings.Fields(string(out))
		for i, name := range names {
			place[name] = i
		}
	}
	slices.Sort(names)
	unplaced := 0
	for i := range results {
		r := &results[i].Revision
		if at, _ := slices.BinarySearch(names, *r); *r != "" && at < len(names) && strings.HasPrefix(names[at], *r) {
			*r = names[at] // it may have been abbreviated
			continue
		}
		unplaced++
	}
	if unplaced > 0 {
		return nil, unplaced
	}
	return place, 0
}

// trendFile is what trend shows, for programs.
func trendFile(all []trend.Series) any {
	type point struct {
		ID       string    `json:"id"`
		Revision string    `json:"revision,omitempty"`
		Modified bool      `json:"modified,omitempty"`
		Started  time.Time `json:"started"`
		Value    float64   `json:"value"`
	}
	type change struct {
		At     int     `json:"at"` // index of the first point after it
		Before float64 `json:"before"`
		After  float64 `json:"after"`
		P      float64 `json:"p"`
		Better bool    `json:"better"`
		Worse  bool    `json:"worse"`
	}
	type series struct {
		Metric      string   `json:"metric"`
		Unit        string   `json:"unit"`
		Run         string   `json:"run"`
		Seed        uint64   `json:"seed"`
		Fingerprint string   `json:"fingerprint"`
		Machine     string   `json:"machine"`
		Exact       bool     `json:"exact"`
		Step        int      `json:"step"` // points to each value that was searched for changes
		Points      []point  `json:"points"`
		Changes     []change `json:"changes"`
	}
	file := struct {
		Schema string   `json:"schema"`
		Series []series `json:"series"`
	}{Schema: "consbench.trend/v1", Series: []series{}}
	for _, s := range all {
		out := series{
			Metric: s.Metric.Name, Unit: s.Metric.Unit, Run: s.Run, Seed: s.Seed, Fingerprint: s.Fingerprint,
			Machine: s.Machine, Exact: s.Exact, Step: s.Step, Changes: []change{},
		}
		for _, p := range s.Points {
			out.Points = append(out.Points, point{p.Result.ID, p.Result.Revision, p.Result.Modified, p.Result.Started, p.Value})
		}
		for _, c := range s.Changes {
			out.Changes = append(out.Changes, change{c.At, c.Before, c.After, c.P, c.Better, c.Worse})
		}
		file.Series = append(file.Series, out)
	}
	return file
}
