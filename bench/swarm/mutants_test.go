//go:build mutants

package swarm_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
)

// TestMutantsShrink: at most a quarter of the events is left of the cases that find
// deliberate bugs, of every layer and protocol.
func TestMutantsShrink(t *testing.T) {
	for _, name := range []string{"raft-votes-for-shorter-log", "multi-acks-unsynced", "paxos-counts-unsynced", "log-drops-last", "session-no-dedup"} {
		id, ok := mutant.Named(name)
		if !ok {
			t.Fatalf("there is no mutant %q", name)
		}
		i := slices.IndexFunc(protocols, func(p smr.Protocol) bool { return p.Name == id.Info().Protocols[0] })
		t.Run(name, func(t *testing.T) {
			hunt := swarm.Hunt{Mutant: id, Protocol: protocols[i], First: 1, Kills: 1, Limit: 1000, Jobs: 2, Keyless: true, Shrink: time.Minute}
			k, err := hunt.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if k.Survived {
				t.Fatalf("not found in %d seeds", k.Ran)
			}
			s := k.Shrunk
			if s.Outcome.Events > s.Before/4 {
				t.Errorf("seed %d has shrunk to %d events of %d\nreplay: CONSBENCH_MUTANT=%s go run -tags mutants ./cmd/consbench check -p %s --seed %d",
					k.Seed, s.Outcome.Events, s.Before, name, hunt.Protocol.Name, k.Seed)
			}
			t.Logf("seed %d: %d events of %d in %d runs", k.Seed, s.Outcome.Events, s.Before, s.Runs)
		})
	}
}
