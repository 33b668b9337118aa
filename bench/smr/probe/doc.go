// Package probe names the places that a search for bugs must reach: the turns in the
// protocols, the log, the session layer and the fault plane where published
// implementations went wrong. A search that never got there has shown nothing about
// them, however many seeds it ran.
//
// A [Set] counts how often each place was reached. It is handed down in
// smr.Config.Probes and is nil in a measured run: then a [Set.Hit] is one comparison.
// Probes mark decisions, never the path of every entry. A Set belongs to one
// goroutine; sets of several runs are added up.
//
// To add a place: a constant and its line in probes.go, and a Hit where it happens.
package probe
