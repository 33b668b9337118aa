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

// diff compares two results of run.
func (h *history) diff(args []string) error {
	s, _, found, err := h.find("diff", args, 2, 2)
	if err != nil {
		return err
	}
	var files [2]*result.File
	var configs [2]bench.Config
	live := false
	for i, e := range found {
		if e.Kind != store.Run {
			return fmt.Errorf("history diff: %s is a result of %s: only results of run can be compared", e.Short(), e.Kind)
		}
		files[i] = new(result.File)
		if err := s.Load(e, files[i]); err != nil {
			return failed(err)
		}
		if err := json.Unmarshal(files[i].Config, &configs[i]); err != nil {
			return failed(fmt.Errorf("%s: config: %w", e.Path, err))
		}
		live = live || configs[i].Network != bench.NetworkSim
	}
	if unlike := store.Unlike(&found[0].Environment, &found[1].Environment); live && len(unlike) > 0 && !h.unlike {
		return failed(fmt.Errorf("%s and %s were measured on unlike machines (%s): what differs may be the machine; --unlike-machines compares them all the same",
			found[0].Short(), found[1].Short(), strings.Join(unlike, ", ")))
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
		Searched    int      `json:"searched"`
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
			Machine: s.Machine, Exact: s.Exact, Searched: s.Searched, Changes: []change{},
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
