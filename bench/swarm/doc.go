// Package swarm hunts for bugs in replicated logs. Every seed draws a cluster of its
// own ([Draw]): size, timeouts, windows, batches, links, a workload with retries, and
// faults, most of all crashes at every boundary inside a replica's turn. Most seeds
// leave most features out and are all the more extreme in the rest (Groce et al.,
// "Swarm testing", ISSTA 2012).
//
// [Run] carries a case out on bench/cluster in virtual time: the replicas, clients
// and links are those of a measured run. Each core is wrapped by a [judge], which
// sees everything that the core is told and says and holds it against the invariants
// after every step; ordinary runs are not wrapped and pay nothing. After the faults
// everything is healed, and the cluster must make progress within a bound.
//
// The judge believes no core: a quorum is counted from acceptances, votes and promises
// that were logged and became durable, each under one term or ballot. What chance
// seldom brings together (leaders deposed one after the other, answers to elections
// that are over, windows full on disks that stand still, sessions out of order in
// snapshots) is aimed at in four cases of five. The aims were drawn up with the
// deliberate bugs of bench/mutant in view: that those are found says less of bugs that
// nobody has thought of.
//
// A case that fails is data: [Shrink] takes away from it whatever the failure does
// not need, and a run with a [Transcript] tells what was said until it broke.
//
//	case.go        a case, as drawn, shrunk, saved and replayed
//	draw.go        the distribution that seeds draw from
//	aims.go        accidents that take several things at once
//	run.go         one case on one cluster: faults, healing, the last checks
//	strike.go      faults begin and end
//	judge.go       the invariants over all replicas
//	ballots.go     who has accepted what, and pledged what to whom, durably
//	watch.go       one wrapped core
//	search.go      many seeds
//	shrink.go      the smallest case that still fails
//	transcript.go  who said what to whom; transcript_fault.go: and what was done to them
//	proof.go       which of it the violation contradicts
package swarm
