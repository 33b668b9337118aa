package calibrate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// truth is what work costs in the runs that are to be calibrated by.
var truth = cost.Model{
	Turn: 1500, Receive: 2100, ReceiveByte: .5, Send: 3300, SendByte: .3, Propose: 140, ProposeByte: .2,
	Entry: 650, Apply: 90, ApplyByte: .1, Client: 270,
}

// runs are the runs of a calibration, of a machine on which work costs what truth says:
// virtual ones, whose replicas do what a protocol's replicas do.
func runs(t *testing.T, settings []setting, protocol string) (all []measured) {
	t.Helper()
	for _, s := range settings {
		c := s.config(&Options{Network: bench.NetworkSim, Protocol: protocol, Duration: 40 * time.Millisecond, Seed: 42})
		c.Meter, c.Warmup, c.Window, c.Retain = false, 10*time.Millisecond, 1<<20, 1<<20
		c.Cost, c.CostModel, c.Cores, c.Delay = "truth", &truth, 2, 20*time.Microsecond
		file, err := bench.Run(context.Background(), c, protocols, nil)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		r := file.Runs[0]
		all = append(all, measured{setting: s, run: r})
	}
	return changed(all, func(*result.Cost) {})
}

// changed is a copy of runs with something changed in each; their processor time is the
// sum of the turns before that.
func changed(runs []measured, change func(*result.Cost)) (all []measured) {
	for _, m := range runs {
		c := *m.run.Cost
		c.Replicas, c.Clients, c.CPU = slices.Clone(c.Replicas), slices.Clone(c.Clients), 0
		for _, w := range slices.Concat(c.Replicas, c.Clients) {
			c.CPU += w.Busy
		}
		change(&c)
		m.run.Cost = &c
		all = append(all, m)
	}
	return all
}

// noisy makes turns longer or shorter, by a share with the standard deviation noise.
func noisy(runs []measured, noise float64, seed uint64) []measured {
	rng := rand.New(rand.NewPCG(seed, 0))
	return changed(runs, func(c *result.Cost) {
		c.CPU = 0
		for _, list := range [][]result.Work{c.Replicas, c.Clients} {
			for i := range list {
				list[i].Busy = int64(float64(list[i].Busy) * (1 + noise*rng.NormFloat64()))
				c.CPU += list[i].Busy
			}
		}
	})
}

// costs compares what a model charges for the work of runs with what truth does, and
// returns the largest error, as a share.
func costs(all []measured, m *cost.Model) (worst float64) {
	for _, one := range all {
		for _, w := range one.run.Cost.Replicas {
			worst = max(worst, math.Abs(m.Cost(&w.Done)/truth.Cost(&w.Done)-1))
		}
	}
	return worst
}

// TestFitRecoversTheModel: from runs of a machine on which work costs what a model says
// the fit finds that model again: the cost of the work of all replicas, in runs that it
// was not fitted to as well, and each term within its own standard error.
func TestFitRecoversTheModel(t *testing.T) {
	if testing.Short() {
		t.Skip("long in virtual time, which has one goroutine")
	}
	for _, protocol := range []string{"raft", "multipaxos"} {
		exact, others := runs(t, fitted, protocol), runs(t, held, protocol)
		far, terms := 0, 0
		for seed := range uint64(20) {
			noise, allowed := .03, .1
			basis := noisy(exact, noise, seed)
			if seed == 0 {
				basis, noise, allowed = exact, 0, .02 // turns at the ends of the window count in part
			}
			model, stderr, err := fit(basis)
			if err != nil {
				t.Fatal(err)
			}
			if off := max(costs(exact, &model), costs(others, &model)); off > allowed {
				t.Errorf("%s, noise %g, seed %d: the cost of a replica's work is off by %.1f %%: %+v", protocol, noise, seed, 100*off, model)
			}
			have, errs := model.Times(), stderr.Times()
			for i, want := range truth.Times() {
				off := math.Abs(have[i] - want)
				if off > 4*errs[i]+.02*want {
					t.Errorf("%s, noise %g, seed %d: %s = %g +- %g, want %g", protocol, noise, seed, cost.TermName(i), have[i], errs[i], want)
				}
				if terms++; off > errs[i] {
					far++
				}
			}
		}
		t.Logf("%s: %d of %d terms are further off than their standard error", protocol, far, terms)
		if share := float64(far) / float64(terms); share > .45 { // a third, were all of them normal
			t.Errorf("%s: %.0f %% of the terms are further off than their standard error", protocol, 100*share)
		}
	}
}

// TestNoModel: what makes no model is an error that says why, not a model.
func TestNoModel(t *testing.T) {
	good := runs(t, fitted[:4], "raft")
	change := func(f func(*result.Cost)) []measured { return changed(good, f) }
	bare := good[0]
	bare.run.Cost = nil
	alike := change(func(c *result.Cost) { c.Replicas, c.Clients = []result.Work{good[0].run.Cost.Replicas[0]}, nil })
	for len(alike) < 40 {
		alike = append(alike, alike...)
	}
	for _, c := range []struct {
		says string
		is   error
		runs []measured
	}{
		{"the 0 runs make no model: cost: 0 rows for 0 terms are too few", cost.ErrTooFew, nil},
		{"the 2 runs make no model: cost: ", cost.ErrTooFew, good[:2]},
		{"are all alike: only what they cost together can be known", cost.ErrAlike, alike},
		{"-n 1 --size 16 --batch 1 --clients 256: how much processor time the program used is not known", nil, []measured{bare}},
		{"how much processor time the program used is not known", nil, change(func(c *result.Cost) { c.CPU = 0 })},
		{"no turn took any time", nil, change(func(c *result.Cost) { clear(c.Replicas); clear(c.Clients) })},
		{"which is no time", nil, change(func(c *result.Cost) { c.Replicas[0].Busy = -1 })},
	} {
		model, _, err := fit(c.runs)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%d runs: %v, model %+v; want %q", len(c.runs), err, model, c.says)
		}
	}
}

// TestCheck: what cannot be calibrated is told by the name of its flag.
func TestCheck(t *testing.T) {
	for want, o := range map[string]Options{
		"":            {Network: bench.NetworkTCP, Protocol: "raft", Duration: time.Second},
		"--network: ": {Network: bench.NetworkSim, Protocol: "raft", Duration: time.Second},
		"--protocol":  {Network: bench.NetworkTCP, Protocol: "rafft", Duration: time.Second},
		"--duration":  {Network: bench.NetworkTCP, Protocol: "raft", Duration: -time.Second},
	} {
		if err := Check(o, protocols); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// TestInterrupted: a calibration that is ended early makes no model.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := 0
	f, err := Run(ctx, Options{Network: bench.NetworkInproc, Protocol: "raft", Duration: time.Hour, Seed: 1, Progress: func(n, of int, run string) {
		if done++; n != 0 || of != Runs() || !strings.HasPrefix(run, "inproc -n 1 ") {
			t.Errorf("run %d of %d: %s", n, of, run)
		}
		cancel()
	}}, protocols)
	if f != nil || !errors.Is(err, bench.ErrInterrupted) && !errors.Is(err, context.Canceled) || done != 1 {
		t.Errorf("%+v, %v, after %d runs", f, err, done)
	}
}
