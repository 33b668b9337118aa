package swarm_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var seeds = flag.Uint64("swarm.seeds", 60, "seeds of each protocol that TestSearch and TestTwice run")

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// TestSearch: the protocols pass some seeds, and those strike with every kind of fault.
func TestSearch(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 15)
	}
	for _, p := range protocols {
		t.Run(p.Name, func(t *testing.T) {
			s := swarm.Search{Protocol: p, First: 1, Seeds: n, Jobs: runtime.GOMAXPROCS(0)}
			tally, err := s.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if tally.Failed != nil {
				t.Fatalf("%v\nreplay: consbench check -p %s --seed %d", tally.Violation, p.Name, tally.Failed.Seed)
			}
			for _, k := range swarm.Kinds {
				if tally.Faults[k] == 0 && !testing.Short() { // few seeds need not draw them all
					t.Errorf("no %s in %d seeds", k, tally.Seeds)
				}
			}
			t.Logf("%d seeds, %d events, %d entries chosen", tally.Seeds, tally.Events, tally.Chosen)
		})
	}
}

// TestFailedOnce: cases that have failed, because of a core or of the judge, pass since.
func TestFailedOnce(t *testing.T) {
	files, err := filepath.Glob("testdata/failed/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := swarm.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(protocols, func(p smr.Protocol) bool { return p.Name == c.Protocol })
			out, err := swarm.Run(context.Background(), protocols[i], c)
			if err != nil {
				t.Fatal(err)
			}
			if out.Violation != nil {
				t.Errorf("%v\nreplay: consbench check --replay bench/swarm/%s", out.Violation, file)
			}
		})
	}
}

// traces runs seeds of all protocols, several at once, and returns the hash of each.
func traces(t *testing.T, jobs int) string {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(jobs))
	all := make([]string, len(protocols)*int(*seeds))
	t.Run(fmt.Sprintf("on %d", jobs), func(t *testing.T) {
		for i, p := range protocols {
			for seed := range *seeds {
				t.Run("", func(t *testing.T) {
					t.Parallel()
					out, err := swarm.Run(context.Background(), p, swarm.Draw(p, seed+1))
					if err != nil {
						t.Error(err)
						return
					}
					all[i*int(*seeds)+int(seed)] = fmt.Sprintf("%s %d: %016x after %d events\n", p.Name, seed+1, out.Trace, out.Events)
				})
			}
		}
	})
	return strings.Join(all, "")
}

// TestTwice: a seed decides everything that happens, whatever else the machine does.
func TestTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("twice as many seeds as TestSearch")
	}
	one, eight := traces(t, 1), traces(t, 8)
	if one != eight {
		a, b := strings.SplitAfter(one, "\n"), strings.SplitAfter(eight, "\n")
		for i := range a {
			if a[i] != b[i] {
				t.Errorf("%q on one processor, %q on eight", a[i], b[i])
			}
		}
	}
	if strings.Count(one, "\n") != len(protocols)*int(*seeds) {
		t.Errorf("not all seeds have a trace")
	}
}

// forgetful votes again after a restart: it forgets the vote of the term it returns in.
type forgetful struct{ smr.Core }

// Replay implements smr.Core: no record with a vote is read.
func (f forgetful) Replay(record []byte) error {
	if len(record) == 24 { // nothing but term, vote and commit index
		return nil
	}
	return f.Core.Replay(record)
}

// TestShrink finds a bug that is put in, makes its case small, and tells of it.
func TestShrink(t *testing.T) {
	p := forgetfulRaft()
	s := swarm.Search{Protocol: p, First: 1, Seeds: 1000, Jobs: 1}
	tally, err := s.Run(context.Background())
	if err != nil || tally.Failed == nil {
		t.Fatalf("%d seeds find nothing: %v", tally.Seeds, err)
	}
	small, err := swarm.Shrink(context.Background(), p, tally.Failed, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if small.Outcome.Events > small.Before/4 {
		t.Errorf("seed %d has shrunk to %d events of %d", tally.Failed.Seed, small.Outcome.Events, small.Before)
	}
	if small.Outcome.Violation.Invariant != tally.Violation.Invariant {
		t.Errorf("shrunk to %v from %v", small.Outcome.Violation, tally.Violation)
	}
	if small.Outcome.Events*4 > small.Before {
		t.Errorf("%d events of %d are left", small.Outcome.Events, small.Before)
	}
	saved, err := swarm.Parse(small.Case.JSON())
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	out, err := swarm.Narrate(context.Background(), &told, p, saved)
	if err != nil {
		t.Fatal(err)
	}
	if out.Violation == nil || *out.Violation != *small.Outcome.Violation || out.Trace != small.Outcome.Trace {
		t.Errorf("saved and read, the case ends with %v, trace %x; before with %v, %x", out.Violation, out.Trace, small.Outcome.Violation, small.Outcome.Trace)
	}
	for _, words := range []string{"RESTARTS", "VIOLATED " + string(out.Violation.Invariant)} {
		if !strings.Contains(told.String(), words) {
			t.Errorf("the transcript does not say %q:\n%s", words, &told)
		}
	}
	t.Logf("seed %d: %d events of %d in %d runs", tally.Failed.Seed, small.Outcome.Events, small.Before, small.Runs)
}

// deaf hears nothing any more when it has committed some entries.
type deaf struct{ smr.Core }

// Step implements smr.Core.
func (d deaf) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	var st smr.Status
	if d.Status(&st); st.Commit > 20 {
		return nil
	}
	return d.Core.Step(now, from, frame)
}

// TestShrinkNoProgress: of a cluster that comes to a stand no more is shown than it takes
// to see that; and it would make no progress either if it had all the time there is.
func TestShrinkNoProgress(t *testing.T) {
	if testing.Short() {
		t.Skip("cases that fail when a long time has passed")
	}
	p := raft.Protocol
	p.New = func(cfg smr.Config) (smr.Core, error) {
		core, err := raft.New(cfg)
		return deaf{core}, err
	}
	c := swarm.Draw(p, 1)
	c.Nodes, c.Faults = 3, nil
	small, err := swarm.Shrink(context.Background(), p, c, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if small == nil || small.Outcome.Violation.Invariant != swarm.Progress {
		t.Fatalf("shrunk: %+v, want a case without progress", small)
	}
	if small.Outcome.Events > small.Before/4 {
		t.Errorf("shrunk to %d events of %d", small.Outcome.Events, small.Before)
	}
	patient := *small.Case
	patient.Patience = 0
	out, err := swarm.Run(context.Background(), p, &patient)
	if err != nil || out.Violation == nil || out.Violation.Invariant != swarm.Progress {
		t.Errorf("with patience: %v, %v", out, err)
	}
	t.Logf("%d events of %d in %d runs, patience %v", small.Outcome.Events, small.Before, small.Runs, small.Case.Patience)
}

// livelock leaves its peers without an answer after a while.
type livelock struct {
	smr.Core
	steps *int
}

// Step implements smr.Core.
func (l livelock) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	if *l.steps++; *l.steps > 50 {
		return nil
	}
	return l.Core.Step(now, from, frame)
}

// TestNoProgress: a cluster that stands still after healing is a violation of its own.
func TestNoProgress(t *testing.T) {
	p := paxos.Multi
	steps := 0
	p.New = func(cfg smr.Config) (smr.Core, error) {
		core, err := paxos.Multi.New(cfg)
		return livelock{core, &steps}, err
	}
	out, err := swarm.Run(context.Background(), p, swarm.Draw(p, 3))
	if err != nil {
		t.Fatal(err)
	}
	if out.Violation == nil || out.Violation.Invariant != swarm.Progress {
		t.Errorf("violation: %v", out.Violation)
	}
}

// FuzzParse: what is read as a case is written as the same case.
func FuzzParse(f *testing.F) {
	for _, p := range protocols {
		f.Add(swarm.Draw(p, 1).JSON())
	}
	f.Add([]byte(`{"schema":"consbench.case/v1","nodes":3,"loss":1e999}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := swarm.Parse(data)
		if err != nil {
			return
		}
		again, err := swarm.Parse(c.JSON())
		if err != nil || !bytes.Equal(again.JSON(), c.JSON()) {
			t.Errorf("%s is read again as %v, %v", c.JSON(), again, err)
		}
	})
}
