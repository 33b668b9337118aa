// Package smr is the contract between a replicated log and everything that
// drives it: state machine replication, reduced to what a driver must know.
//
// A protocol is a pure state machine, a [Core]. It takes frames from peers,
// commands from clients and the time; it gives back frames for its peers,
// records for its log and committed entries, all of them in one [Ready]. It
// reads no clock, starts no goroutine, takes no lock, does no I/O and uses no
// randomness but a generator seeded from [Config]. The same inputs in the same
// order give the same outputs, byte for byte, live and simulated.
//
// Inside a core things have types; at its edge they are bytes. Transports, logs
// and the simulator move opaque bytes, so that a third protocol plugs in with
// one small adapter and in-process and TCP runs do the same encoding work.
//
// # A turn
//
// The driver calls a core from one goroutine, in turns:
//
//	frames in   -> Step for each
//	commands in -> Propose for each batch
//	deadline    -> Tick
//	Ready       -> records to the log, frames to the network,
//	               committed entries to the state machine
//	log durable -> Persisted, then Ready again
//
// Inputs only change state; Ready drains. A burst of inputs leaves as one batch:
// N proposals are one frame per peer, N acknowledgements one frame back.
//
// # Durability
//
// No frame that carries a term or ballot leaves before that term or ballot is
// durable here, one's own RequestVote and Prepare included; only entries travel
// ahead of the disk. Votes, promises and acknowledgements are therefore built
// when Ready is called, from what Persisted has confirmed by then. A leader
// sends entries at once and counts itself among the acceptors only after
// Persisted (Ongaro, dissertation, 10.2.1). Persisted(n) confirms an entry only
// if the entry was not overwritten since Ready n.
//
// # Buffers
//
// What is passed in is borrowed for the call; what is handed out stays valid
// until the next call on the core. The exception is [Ready] itself, which the
// caller owns and reuses. In steady state a core allocates nothing.
//
// # Start and restart
//
// New, then Restore once, Replay for every record since the newest durable
// Baseline, Start once, then turns. Ready is called between Replays and then yields
// only Committed, so that a long log is applied as it is read. A crash may tear the
// log between any two records that are not durable, but a Baseline is all there or
// not at all: it takes effect only when the Ready that brought it is durable.
package smr
