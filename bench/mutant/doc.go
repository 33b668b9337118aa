// Package mutant holds deliberate bugs, to show that the checks find them: mistakes
// that published implementations made, or that the papers warn of.
//
// The ordinary binary has no trace of them: Enabled is a false constant there, and
// what stands behind `if mutant.Enabled && mutant.On(...)` is not compiled in (a test
// builds both binaries and looks). With -tags mutants, the environment variable
// CONSBENCH_MUTANT names the one bug that is switched on, for the whole process;
// [Choose] does the same from inside.
//
// A mutant is a place in the code, a constant in ids.go, and a line in registry.go
// that says where the mistake is known from. README.md here has the table of how many
// seeds each one survives.
package mutant
