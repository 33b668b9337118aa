//go:build mutants

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/swarm"
	"github.com/consbench/consbench/cmd"
)

// TestNoTraceOfMutants builds both binaries: the ordinary one has the name of no mutant
// in it, the other one has them all.
func TestNoTraceOfMutants(t *testing.T) {
	build := func(tags string) []byte {
		path := filepath.Join(t.TempDir(), "consbench")
		if out, err := exec.Command("go", "build", "-tags", tags, "-o", path, ".").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		binary, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return binary
	}
	ordinary, mutated := build(""), build("mutants")
	names := []string{"CONSBENCH_MUTANT", "bench/mutant.On", "bench/mutant.Strike"}
	for _, id := range mutant.All() {
		if i := id.Info(); !i.Once { // those that act once have names that are words
			names = append(names, i.Name, i.Does)
		}
	}
	for _, name := range names {
		if !bytes.Contains(mutated, []byte(name)) {
			t.Errorf("the test build has no %q", name)
		}
		if bytes.Contains(ordinary, []byte(name)) {
			t.Errorf("the ordinary binary has %q", name)
		}
	}
}

// TestRegistryOfMutants: each has a source, and the layers have as many as they should.
func TestRegistryOfMutants(t *testing.T) {
	layers := make(map[string]int)
	for _, id := range mutant.All() {
		i := id.Info()
		if got, ok := mutant.Named(i.Name); !ok || got != id || i.Does == "" || len(i.Protocols) == 0 {
			t.Errorf("mutant %d: %+v", id, i)
		}
		if !i.Once {
			layers[i.Layer]++
			if i.Source == "" {
				t.Errorf("%s has no source", i.Name)
			}
		}
	}
	for layer, least := range map[string]int{"raft": 9, "multipaxos": 7, "paxos": 5, "log": 4, "session": 3} {
		if layers[layer] < least {
			t.Errorf("%d mutants of %s, want %d", layers[layer], layer, least)
		}
	}
}

// quick are mutants that the first seeds of a search find.
var quick = []mutant.ID{
	mutant.RaftForgetsVote, mutant.RaftVotesTwice, mutant.RaftVotesForShorterLog, mutant.RaftCountsUnsynced,
	mutant.RaftAcksUnsynced, mutant.RaftCommitUnchecked, mutant.RaftKeepsConflict, mutant.RaftMetaTerm,
	mutant.MultiForgetsPromise, mutant.MultiPromiseQuorum, mutant.MultiCountsUnsynced, mutant.MultiAcksUnsynced,
	mutant.MultiNoticeUnchecked, mutant.MultiHoleIsNoop,
	mutant.BasicForgetsPromise, mutant.BasicAdoptsNothing, mutant.BasicPromiseQuorum,
	mutant.LogAcksBeforeSync, mutant.LogBaselineEarly, mutant.SessionNoDedup, mutant.SessionForgetsNewest,
}

// TestSearchFindsMutants: what the table in bench/mutant/README.md says, for those
// mutants that take few seeds.
func TestSearchFindsMutants(t *testing.T) {
	const seeds = 64
	for _, id := range quick {
		i := id.Info()
		for _, p := range protocols() {
			if i.Protocols[0] != p.Name {
				continue
			}
			hunt := swarm.Hunt{Mutant: id, Protocol: p, Kills: 1, Limit: seeds, Jobs: 2, Keyless: true}
			k, err := hunt.Run(t.Context())
			switch {
			case err != nil:
				t.Fatal(err)
			case k.Survived:
				t.Errorf("%v survives %d seeds of %s", id, seeds, p.Name)
			default:
				t.Logf("%v: seed %d, %v", id, k.Seed, k.Violation.Invariant)
			}
		}
	}
}

// TestVerdictFindsMutants: a program that drops, doubles, swaps or acknowledges
// early one command, or keeps one unsynced byte over a crash, exits 3.
func TestVerdictFindsMutants(t *testing.T) {
	for _, m := range []struct {
		id    mutant.ID
		after int64
		fault string // a crash would undo what strikes one replica's memory
	}{
		{mutant.SessionDrop, 5000, ""},
		{mutant.SessionDouble, 5000, ""},
		{mutant.SessionSwap, 50, ""},
		{mutant.SessionEarly, 50, ""},
		{mutant.LogUnsynced, 0, "crash any every 30ms for 10ms jitter 9ms"},
	} {
		for _, protocol := range []string{"raft", "multipaxos", "paxos"} {
			var stdout, stderr bytes.Buffer
			args := []string{
				"run", "-p", protocol, "-d", "500ms", "--warmup", "100ms", "--retain", "1MiB", "--clients", "32", "--sync-latency", "2ms",
			}
			if m.fault != "" {
				args = append(args, "--fault", m.fault)
			}
			mutant.Choose(m.id, m.after)
			status := cmd.Main(protocols(), args, &stdout, &stderr)
			if status != 3 || !strings.Contains(stdout.String(), "INCORRECT") {
				t.Errorf("%s, %v: exit status %d, want 3\n%s%s", protocol, m.id, status, stdout.String(), stderr.String())
			}
			mutant.Choose(mutant.None, 0)
			stdout.Reset()
			if status := cmd.Main(protocols(), args, &stdout, &stderr); status != 0 {
				t.Errorf("%v without a mutant: exit status %d\n%s", protocol, status, stdout.String())
			}
		}
	}
}
