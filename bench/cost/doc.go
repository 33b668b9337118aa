// Package cost says what work costs in virtual time: the processors and the network
// interfaces of replicas.
//
// Without a [Model] virtual work takes no time, and a virtual throughput is that of
// the load, never a limit. With one, each replica is a single server, a [CPU], and a
// turn of it takes time:
//
//	turn        waking up, once a turn of a replica that does anything
//	receive     a frame from a peer, and each of its bytes
//	propose     a command that a leader takes from its clients, and each of its bytes
//	send        a frame to a peer, and each of its bytes
//	entry       an entry that is applied
//	apply       a command that is applied, at every replica, and each of its bytes
//	client      a command at the client, waking up included; counts only where clients
//	            share processors
//	bandwidth   of the network interface: frames leave one after the other
//
// Work is done in the order in which the turn does it, first in, first out, and each
// frame and answer leaves when the work up to it is done: a replica with one command
// an entry and a cost of apply alone is the M/D/1 queue of the books, exactly. What
// comes meanwhile waits for the next turn, and all of it is taken then: batches grow
// under load as they do live. Costs are kept in whole picoseconds, so that sums are
// exact and the same on every machine.
//
// What a turn decides, it decides at its start: timers run out and records reach the
// log then. The device of the log is not part of the model (--sync-latency, or
// --storage disk), nor is what clients send over the network interface.
//
// With [Host] replicas and clients share a number of processors, as they do in a live
// run on one machine; without, each replica has one of its own and clients cost nothing.
//
// [Work] is what the model prices. It is counted live, too: [Fit] makes a model of it
// (fit.go), by least squares without negative coefficients.
package cost
