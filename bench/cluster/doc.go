// Package cluster puts replicas and clients together and lets time pass: by the
// simulator's clock ([NewVirtual]) or by the machine's ([NewLive]). What can be
// done to a cluster while it runs (crash, pause, cut a link) is the same for both.
//
// Replicas and client workers are actors: they have one method, Turn. A driver
// decides when it is called. The virtual one pops an event heap; the live one has
// a goroutine for each actor, which parks when there is nothing to do.
package cluster
