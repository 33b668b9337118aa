// Command trial tries the measured layer of consbench gate on the machine it runs
// on: does it leave a program alone that has not changed, and does it catch a change
// that it says it can see?
//
//	go run ./results/trial -o results/trial
//
// Every run is a process of its own, as under gate --against, and every verdict is
// that of gate.Measured: pairs in alternating order, bounds, limits, second batch.
//
//  1. Live: a protocol is compared with itself, many times. None may fail.
//  2. Resampled: thousands of comparisons are drawn from the pairs recorded in 1,
//     each pair by itself and, because neighbours may resemble each other, in blocks
//     of neighbours. At most one in a hundred may fail.
//  3. Injected: proposals are made slower, in real runs, until throughput has fallen
//     by as much as the comparisons of 1 said they would catch (their SEES). Drawn
//     from pairs recorded that way, and a few times live, 95 of 100 must fail.
//
// It writes trial.json, with every pair, and trial.md, after every comparison. It
// keeps to -budget: comparisons share the time and take fewer pairs, at least 10 a
// batch, where it is short; fewer injected pairs are recorded, at least 100, and the
// live comparisons with a change are left out; trial.md tells. What still does not
// fit, and an experiment that was interrupted, goes on with -resume.
package main
