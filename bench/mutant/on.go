//go:build mutants

package mutant

import (
	"os"
	"sync/atomic"
)

// Enabled is whether this build has mutants at all. Guard every use with it.
const Enabled = true

var (
	chosen atomic.Value // string
	calls  atomic.Int64
)

func init() { Choose(os.Getenv("CONSBENCH_MUTANT"), 500) }

// Choose switches on the named bug; the first chances after that pass unused, so
// that it falls into the measured window.
func Choose(name string, after int64) {
	calls.Store(-after)
	chosen.Store(name)
}

// Strike reports whether the named bug is to be committed now: once after Choose.
func Strike(name string) bool { return name == chosen.Load() && calls.Add(1) == 1 }
