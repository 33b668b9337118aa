// Package bench carries out runs: it makes a cluster of one protocol, puts it under
// a workload and a schedule of faults, measures, and checks that the result counts.
// It knows no protocol; those are handed in as [smr.Protocol].
//
// [Run] takes a [Config] and returns a result file. For each protocol it goes
// through the same phases (runner.go):
//
//	elect     until there is a leader
//	warm up   load without measuring; then all comes to rest
//	measure   the window: load, faults (faults.go), a look around every 100 ms
//	drain     faults are undone, open commands are answered, replicas meet
//	check     the verdict (verdict.go); what was noted becomes a result (collect.go)
//
// The cluster comes to rest before the window, so that counts from there to the end
// of the drain belong to the commands of the window alone.
//
// # Where things are
//
//	smr        the contract with protocols
//	replica    one replica and its turn      client    the load generator
//	cluster    both, under virtual or real time
//	wal        the durable log               workload  arrivals, sizes, keys
//	fault      the schedule of faults        check     what the verdict rests on
//	measure    what is measured, and the registry of metrics
//	result     the result file               report    its table
//	scenario   settings from files           topology  regions and how far they are apart
//	compare    sides against each other      gate      a change against its limits
//	stat       what both rest on             export    results in other formats
//	elections  leader losses by the thousand swarm     the hunt for bugs
//	sweep      curves over settings          mutant    deliberate bugs, for test builds only
//	store      results that are kept         trend     metrics over commits
//	plot       plots in a terminal
//	page       reports as a page in HTML    figure    its figures, as SVG
package bench
