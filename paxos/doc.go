// Package paxos holds two replicated logs made of Paxos instances, one per slot
// of the log, built from the same three roles:
//
//   - [Acceptor] promises and accepts (Lamport, Paxos Made Simple, 2001, 2.2);
//   - [Proposer] conducts the two phases of one [Ballot];
//   - [Learner] finds out what is chosen (2.3).
//
// The roles know ballots and members; values stand in the log window
// (bench/smr/window) and are named by their slot. No role does any I/O: the
// protocols around them keep promises and acceptances durable before they are
// answered.
//
// # Where to read
//
//   - ballot.go, acceptor.go, proposer.go, learner.go: the roles. Beside Paxos Made
//     Simple they are the whole algorithm; roles_test.go runs an instance with them.
//   - message.go, wire.go and basic*.go: protocol paxos, both phases for every slot.
//   - multi*.go: protocol multipaxos, phase 1 once for the log. Begin with multi.go,
//     then follow a ballot through multi_candidate.go and multi_leader.go and to the
//     other side in multi_acceptor.go and multi_learner.go.
//   - testdata: transcripts of Multi-Paxos, frame by frame.
//
// # How an entry travels in Multi-Paxos
//
// Propose encodes the command into the window, once, under the leader's ballot.
// The next Ready hands that encoding out as the body of a log record and of one
// accept per peer. An acceptor verifies the entries, takes each that its promise
// allows into its own window, whatever slots it lacks, logs them in its next Ready
// and acknowledges them after Persisted. The leader counts acceptances slot by slot,
// its own once durable; what q2 have accepted is chosen, and is handed out in order.
// The others learn of it from the notice on the next accept or heartbeat.
//
// DESIGN.md says where each part of the literature is, what deviates and why.
package paxos
