//go:build mutants

package swarm

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
)

// Hunt looks for one mutant with the seeds that a search draws.
type Hunt struct {
	Mutant   mutant.ID
	Protocol smr.Protocol
	First    uint64 // seed
	Kills    int    // how often it is to be found: one hunt goes on where the last one ended
	Limit    uint64 // seeds of one hunt, after which the mutant has survived
	Jobs     int    // seeds at once
	Keyless  bool   // cases without keys: no history is checked for linearizability, which may take long

	Shrink time.Duration // how long a smaller case is looked for than the first that finds it; 0 = none is
}

// Kill is what came of a hunt.
type Kill struct {
	Seeds      []uint64          // how many seeds each hunt took, in order
	Seed       uint64            // the first that found it
	Violation  *Violation        // of that seed
	Invariants map[Invariant]int // what found it, how often
	Survived   bool              // the last hunt did not find it
	Ran        uint64            // seeds
	Shrunk     *Shrunk           // nil = none was asked for
}

// Median is the median of the seeds that a hunt took; one that failed counts as its limit.
func (k *Kill) Median() uint64 {
	if len(k.Seeds) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(k.Seeds))
	return s[len(s)/2]
}

// Worst is the longest hunt.
func (k *Kill) Worst() uint64 { return slices.Max(append(k.Seeds, 0)) }

// Invariant is what found the mutant most often.
func (k *Kill) Invariant() (most Invariant) {
	for i, n := range k.Invariants {
		if best := k.Invariants[most]; n > best || n == best && i < most {
			most = i
		}
	}
	return most
}

// Run carries out the hunt. It switches the mutant on for the whole process.
func (h *Hunt) Run(ctx context.Context) (*Kill, error) {
	mutant.Choose(h.Mutant, 0)
	defer mutant.Choose(mutant.None, 0)
	k := &Kill{Invariants: make(map[Invariant]int)}
	found := make([]*Violation, max(1, h.Jobs))
	errs := make([]error, len(found))
	began := h.First // first seed of this hunt
	for next := h.First; ; next += uint64(len(found)) {
		var jobs sync.WaitGroup
		for j := range max(1, h.Jobs) {
			jobs.Go(func() {
				for i := j; i < len(found); i += max(1, h.Jobs) {
					var out *Outcome
					if out, errs[i] = Run(ctx, h.Protocol, h.draw(next+uint64(i))); errs[i] == nil {
						found[i] = out.Violation
					}
				}
			})
		}
		jobs.Wait()
		for i, v := range found { // in order, so that nothing depends on Jobs
			if errs[i] != nil {
				return k, errs[i]
			}
			seed := next + uint64(i)
			k.Ran = seed - h.First + 1
			if v == nil && seed-began+1 < h.Limit {
				continue
			}
			k.Seeds = append(k.Seeds, seed-began+1)
			began = seed + 1
			if v == nil {
				k.Survived = true
				return k, nil
			}
			if err := h.innocent(ctx, seed); err != nil {
				return k, err
			}
			if k.Violation == nil {
				k.Seed, k.Violation = seed, v
				if err := h.shrink(ctx, k); err != nil {
					return k, err
				}
			}
			if k.Invariants[v.Invariant]++; len(k.Seeds) == h.Kills {
				return k, nil
			}
		}
	}
}

// shrink looks for a smaller case than the first that has found the mutant.
func (h *Hunt) shrink(ctx context.Context, k *Kill) (err error) {
	if h.Shrink > 0 {
		k.Shrunk, err = Shrink(ctx, h.Protocol, h.draw(k.Seed), h.Shrink)
	}
	return err
}

// innocent is an error if a seed breaks an invariant without the mutant, too.
func (h *Hunt) innocent(ctx context.Context, seed uint64) error {
	mutant.Choose(mutant.None, 0)
	defer mutant.Choose(h.Mutant, 0)
	out, err := Run(ctx, h.Protocol, h.draw(seed))
	if err == nil && out.Violation != nil {
		err = fmt.Errorf("%s seed %d has a violation without any mutant: %w", h.Protocol.Name, seed, out.Violation)
	}
	return err
}

func (h *Hunt) draw(seed uint64) *Case {
	c := Draw(h.Protocol, seed)
	if h.Keyless {
		c.Keys = 0
	}
	return c
}
