// Package raft is Raft as a pure state machine behind [smr.Core].
//
// The algorithm is that of Ongaro and Ousterhout, "In Search of an Understandable
// Consensus Algorithm" (extended version, 2014; cited by section), with pre-vote,
// check-quorum and the leader's parallel disk write of Ongaro's dissertation
// "Consensus: Bridging Theory and Practice" (2014). DESIGN.md beside this file
// says what of them is where and what deviates.
//
// # Where to read
//
//   - raft.go: the server's state, its role changes, and Step, the one dispatch.
//   - follower.go: AppendEntries and RequestVote at the receiver.
//   - candidate.go: polls and elections.
//   - leader.go: proposals, replies, the commit rule. progress.go: its view of a peer.
//   - log.go: the log over the shared window. ready.go: what leaves a core.
//   - recovery.go: records and snapshots back into state.
//   - message.go, wire.go: the messages, and their bytes.
//
// # How an entry travels
//
// Propose encodes the command into the window, once. The next Ready hands that
// encoding out as the body of a log record and of one frame per peer. A follower
// verifies the frame, puts the entries into its own window, logs them in its next
// Ready and acknowledges them after Persisted. The leader counts a majority, itself
// included once its own write is durable, and hands out the entry as Committed. The
// followers learn of it from the next append or heartbeat: two frames a follower
// and commit.
package raft
