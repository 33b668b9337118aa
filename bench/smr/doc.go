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
//
// # A replica that has lost its log
//
// A replica whose whole log is gone, not only what no sync covered, has forgotten
// votes, promises and acknowledgements that others count on, and some of them may
// still be on their way. It must not vote on anything again. Restarted with
// Config.NonVoter, for the rest of its life and over all further restarts, it
//
//   - grants no vote and makes no promise, in polls before elections neither;
//   - never campaigns and never proposes: Propose returns ErrNotLeader;
//   - takes entries and snapshots as ever, applies what is committed, and may say
//     how far it has come, for a leader has to know what to send; but it marks
//     that, and whoever receives it counts it in no quorum: not to commit, nor to
//     find out whether a leader still has one.
//
// What it said before it lost its log counts as it always did: a quorum of q2 may
// be among those that once held an entry, with some of them non-voters now. If k
// of n have lost theirs, a quorum of q1 among the other n - k meets the at least
// q2 - k of these that still hold it, since q1 + (q2 - k) > n - k. So nothing that
// was committed is forgotten as long as anybody can be elected at all.
package smr
