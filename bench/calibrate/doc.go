// Package calibrate fits a cost model to this machine: it carries out short live runs
// of one protocol in which replicas count what they do, finds the times that explain
// best how long it took, and holds the model against runs that it was not fitted to.
//
// In each run replicas and clients count what they do in their turns, and how long the
// turns take. The processor time of the whole process is divided among them as these
// lengths are, so that waking, reading sockets and collecting garbage are paid for and
// other programs are not: one row for each replica and client of each run. cost.Fit
// finds the times that explain the rows best.
//
// The settings differ in what they have much of: nodes, bytes, frames, entries,
// commands. What all of them have in the same proportion the fit cannot tell apart, and
// large standard errors say so; predictions need only sums.
//
// Predictions are virtual runs of the same configuration in which replicas and clients
// share as many processors as this program has.
package calibrate
