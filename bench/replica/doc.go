// Package replica is one replica of the log: a protocol core, its durable log,
// its end of the network and the state machine, driven in turns.
//
//	mail      -> core.Step, or the snapshot transfer        receive.go
//	commands  -> batches -> core.Propose                    propose.go
//	core.Ready -> records to the log, frames to the network,
//	              committed entries to the state machine,
//	              answers to the clients                    turn.go
//	snapshots: taken, sent, installed                       snapshot.go
//	a crash and what comes back after it                    replica.go
//	what it was told and has said last                      trace.go
//	the same of all replicas, as it happens                 transcript.go
//	the places in a turn where one can be made to strike    boundary.go
//
// A turn never waits and reads the clock once, at its end: the time at its start
// is an input. The same code is run by goroutines and by the simulator.
package replica
