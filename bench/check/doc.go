// Package check decides whether a run counts: that all replicas hold the same log,
// that every acknowledged command took effect exactly once and, if there are keys,
// that what the clients saw is linearizable.
//
// It reads what the replicas hold and what the clients wrote down themselves, and
// trusts no counter of the run.
package check
