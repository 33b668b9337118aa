//go:build mutants

package mutant

import (
	"fmt"
	"os"
	"sync/atomic"
)

// Enabled is whether this build has mutants at all. Guard every use with it.
const Enabled = true

var (
	chosen atomic.Uint32
	calls  atomic.Int64
)

func init() {
	name := os.Getenv("CONSBENCH_MUTANT")
	if name == "" {
		return
	}
	id, ok := Named(name)
	if !ok {
		fmt.Fprintf(os.Stderr, "CONSBENCH_MUTANT: there is no mutant %q\n", name)
		os.Exit(2)
	}
	Choose(id, 500)
}

// Choose switches on one mutant, None to have none. The first chances of one that acts
// once pass unused, so that it falls into the measured window.
func Choose(id ID, after int64) {
	calls.Store(-after)
	chosen.Store(uint32(id))
}

// On reports whether a mutant is switched on.
func On(id ID) bool { return uint32(id) == chosen.Load() }

// Strike reports whether a mutant that acts once is to do so now: once after Choose.
func Strike(id ID) bool { return On(id) && calls.Add(1) == 1 }
