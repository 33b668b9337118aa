//go:build mutants

package mutant

import (
	"os"
	"sync/atomic"
)

// Enabled is whether this build has mutants at all. Guard every use with it.
const Enabled = true

var (
	chosen = os.Getenv("CONSBENCH_MUTANT")
	calls  atomic.Int64
)

// after is how many chances pass unused, so that the bug falls into the measured window.
const after = 500

// Strike reports whether the named bug is to be committed now: once in a process.
func Strike(name string) bool { return name == chosen && calls.Add(1) == after }
