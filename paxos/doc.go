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
// DESIGN.md says where each part of the literature is, what deviates and why.
package paxos
