//go:build !mutants

package mutant

// Enabled is whether this build has mutants at all. Guard every use with it.
const Enabled = false

// On reports whether a mutant is switched on.
func On(ID) bool { return false }

// Strike reports whether a mutant that acts once is to do so now.
func Strike(ID) bool { return false }
