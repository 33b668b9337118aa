// Package smrtest is the conformance suite for replicated logs: it drives any
// [smr.Core] through a small deterministic world and checks everything that the
// core says. A protocol's package needs one test:
//
//	func TestConformance(t *testing.T) { smrtest.Run(t, raft.Protocol) }
//
// [Toy] is a protocol small enough to read in one sitting, and passes. Run is
// made of parts that can be used alone: [Script], [Random], [Deterministic],
// [Allocs], [Messages] and [Latency]; [FuzzStep] is for a fuzz test.
//
// A random schedule that fails prints the line that replays it. More of them:
//
//	go test ./raft -run Conformance/Random -smrtest.seeds=10000
//
// Scripts read like a transcript; go test -rewrite writes what they should say.
// Those in testdata/any hold for every protocol, in testdata/failover for those
// that survive any replica, in testdata/leader for those of them with elections,
// and the others for the protocol that gives the folder its name.
//
// # The world
//
// A [World] is a cluster of cores in virtual time. Each replica is what a driver
// would be: it writes records to a log that becomes durable later, sends frames
// over links that lose, double, reorder and delay them, applies committed entries
// to a state machine, takes snapshots when its log has grown, and sends them to
// peers that need one. A crash loses what is not durable; a restart makes a new
// core and gives it the newest snapshot and the records since the newest durable
// Baseline. A crash may fall between any two steps of a turn, and tear the log
// between any two records, though never inside a Baseline. [NonVoters] takes whole
// logs away.
//
// Buffers passed in are overwritten after the call. What a core hands out is
// consumed before the next call on it.
//
// # What is checked, at every step
//
//   - One value a slot: an index is chosen once, the same for all replicas in all
//     their incarnations, and only from what was proposed; a proposal is chosen
//     at most once. Together with the demand for progress after a crash of all,
//     this is durability: what was reported as committed must still be there.
//   - One leader a term or ballot, elected once; whoever serves knows everything
//     that was chosen before it was elected.
//   - Log matching, for cores that offer [Slots].
//   - Nothing falls: term and commit index, and over a restart the term and the
//     entries that were durable.
//   - The contract: the order and the bounds that package smr states, each Tag
//     ends once in Committed or Lost, and so on.
//
// That no frame leaves before what it says is durable is checked by its
// consequence: crashes right after the send, with everything not durable lost,
// end in two leaders or two values. Some schedules are storms to that end:
// narrow timeouts, voters that crash as soon as they have voted and return while
// the election lasts.
//
// # What a driver may rely on, as this world does
//
// Ready and Applied are called after every Replay, so that a log longer than the
// window passes through it. An own snapshot that is overtaken by a peer's is
// dropped without Snapshotted. Snapshots take time: entries are applied between
// Meta and Snapshotted, and a core keeps them for the Baseline or, if its window
// is too small, leaves the Baseline to the next snapshot.
package smrtest
