//go:build !mutants

// Package mutant holds deliberate bugs, to show that a run's verdict finds them.
// The ordinary binary has no trace of them: Enabled is a false constant there and
// the code behind it is not compiled in. With -tags mutants, the environment
// variable CONSBENCH_MUTANT names the one bug that is switched on.
package mutant

// Enabled is whether this build has mutants at all. Guard every use with it.
const Enabled = false

// Strike reports whether the named bug is to be committed now: once in a process.
func Strike(string) bool { return false }
