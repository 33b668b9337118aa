// Package benchstattest checks that the readers of Go's benchmark format,
// golang.org/x/perf/benchfmt and benchstat, understand what package export writes.
// It is a module of its own because x/perf has no released versions, which the
// module of consbench does without.
//
// The files to read are in the directory that BENCHSTATTEST names. TestBenchstat of
// package export writes them and runs this package's tests.
package benchstattest
