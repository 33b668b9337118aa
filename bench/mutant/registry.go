//go:build mutants

package mutant

import "github.com/consbench/consbench/bench/smr/probe"

// Info describes a mutant.
type Info struct {
	Name      string
	Layer     string     // raft, multipaxos, paxos, log or session
	Protocols []string   // that it can be found with
	Once      bool       // it acts once, for the verdict of a single run
	Does      string     // one line
	Source    string     // where the mistake, or the warning of it, is known from
	Needs     []probe.ID // places that a run must reach for it to do harm
}

const (
	raftPaper     = "Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), "
	dissertation  = "Ongaro, Consensus: Bridging Theory and Practice (2014), "
	madeSimple    = "Lamport, Paxos Made Simple (2001), "
	madeLive      = "Chandra, Griesemer, Redstone, Paxos Made Live (2007), "
	students      = "Gjengset, Students' Guide to Raft (2016), "
	protocolAware = "Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage (2018), "
	allFiles      = "Pillai et al., All File Systems Are Not Created Equal (2014), "
)

var (
	onRaft  = []string{"raft"}
	onMulti = []string{"multipaxos"}
	onBasic = []string{"paxos"}
	onAll   = []string{"raft", "multipaxos", "paxos"}
)

func needs(ids ...probe.ID) []probe.ID { return ids }

const count = SessionEarly + 1

var infos = [count]Info{
	RaftCommitsOldTerms: {"raft-commits-old-terms", "raft", onRaft, false,
		"commits an entry of an earlier term by counting replicas", raftPaper + "5.4.2, figure 8", needs(probe.RaftCommitOldTerm)},
	RaftForgetsVote: {"raft-forgets-vote", "raft", onRaft, false,
		"has forgotten after a restart whom it voted for", raftPaper + "figure 2, persistent state", needs(probe.FaultRestarted)},
	RaftVotesTwice: {"raft-votes-twice", "raft", onRaft, false,
		"votes for whoever asks, also a second time in a term", raftPaper + "5.2", needs(probe.RaftVoteRefusedGiven)},
	RaftVotesForShorterLog: {"raft-votes-for-shorter-log", "raft", onRaft, false,
		"votes without comparing logs", raftPaper + "5.4.1", needs(probe.RaftVoteRefusedLog)},
	RaftVotesByLength: {"raft-votes-by-length", "raft", onRaft, false,
		"compares logs by length, not by the last term first", raftPaper + "5.4.1", needs(probe.RaftVoteRefusedLog)},
	RaftVoteNotDurable: {"raft-vote-not-durable", "raft", onRaft, false,
		"answers a vote request before the vote is durable", raftPaper + "figure 2: updated on stable storage before responding", nil},
	RaftPollCountsAsVotes: {"raft-poll-counts-as-votes", "raft", onRaft, false,
		"takes the answers to its pre-vote for votes", dissertation + "9.6", nil},
	RaftVotesAcrossTerms: {"raft-votes-across-terms", "raft", onRaft, false,
		"counts votes that were given to it in an earlier term", students + "term confusion", needs(probe.RaftVoteReplyStale)},
	RaftEvenQuorum: {"raft-even-quorum", "raft", onRaft, false,
		"takes half of an even cluster for a majority", "quorum arithmetic, (n+1)/2 for n/2+1", nil},
	RaftCountsUnsynced: {"raft-counts-unsynced", "raft", onRaft, false,
		"a leader counts its own entries before they are durable", dissertation + "10.2.1", nil},
	RaftAcksUnsynced: {"raft-acks-unsynced", "raft", onRaft, false,
		"a follower acknowledges entries before they are durable", raftPaper + "figure 2: updated on stable storage before responding", needs(probe.LogTailLost)},
	RaftPersistedABA: {"raft-persisted-aba", "raft", onRaft, false,
		"a write that has ended vouches for entries that replaced what it wrote", "etcd-io/raft, rawnode.go, on acceptReady (ABA)", needs(probe.RaftOverwrittenPersisted)},
	RaftCommitUnchecked: {"raft-commit-unchecked", "raft", onRaft, false,
		"commits up to the leader's index, not only up to the last entry checked", students + "min(leaderCommit, index of last new entry)", needs(probe.RaftCommitCapped)},
	RaftTruncatesOnMatch: {"raft-truncates-on-match", "raft", onRaft, false,
		"cuts the log behind a delayed append though nothing conflicts", students + "the truncation of the log", needs(probe.RaftAppendRepeated)},
	RaftKeepsConflict: {"raft-keeps-conflict", "raft", onRaft, false,
		"keeps its own entry where the leader's has another term", raftPaper + "figure 2, AppendEntries 3", needs(probe.RaftLogTruncated)},
	RaftTermUnchecked: {"raft-term-unchecked", "raft", onRaft, false,
		"the consistency check looks at the index and not at the term", raftPaper + "5.3, log matching", needs(probe.RaftAppendRejected)},
	RaftStaleReply: {"raft-stale-reply", "raft", onRaft, false,
		"takes a reply of an earlier term for a current one", students + "term confusion", needs(probe.RaftReplyStale)},
	RaftInstallKeepsTail: {"raft-install-keeps-tail", "raft", onRaft, false,
		"keeps what lies behind a snapshot whose last entry it does not hold", raftPaper + "7: else it discards its entire log", needs(probe.RaftInstalledFollowing)},
	RaftMetaTerm: {"raft-meta-term", "raft", onRaft, false,
		"a snapshot remembers the current term instead of its last entry's", raftPaper + "7, last included term", needs(probe.LogReadWithSnapshot)},

	MultiForgetsPromise: {"multi-forgets-promise", "multipaxos", onMulti, false,
		"has forgotten after a restart what it promised", madeSimple + "2.5: stable storage", needs(probe.FaultRestarted)},
	MultiPromiseNotDurable: {"multi-promise-not-durable", "multipaxos", onMulti, false,
		"answers a prepare before the promise is durable", madeSimple + "2.5: records its intended response before sending it", nil},
	MultiBallotReused: {"multi-ballot-reused", "multipaxos", onMulti, false,
		"begins a ballot anew that it used before a restart", madeSimple + "2.5: remembers the highest-numbered proposal it has attempted", needs(probe.FaultRestarted)},
	MultiAdoptsLast: {"multi-adopts-last", "multipaxos", onMulti, false,
		"adopts the proposal reported last, not the highest-numbered one", madeSimple + "2.2, P2c", needs(probe.MultiValueReplaced)},
	MultiFirstPage: {"multi-first-page", "multipaxos", onMulti, false,
		"takes the first page of a promise for all of it", madeLive + "on what the paper leaves out", needs(probe.MultiPromisePaged)},
	MultiPromisesAcrossBallots: {"multi-promises-across-ballots", "multipaxos", onMulti, false,
		"counts promises that were made to its earlier ballots", madeSimple + "2.2: a response to its prepare request numbered n", nil},
	MultiCountsAcrossBallots: {"multi-counts-across-ballots", "multipaxos", onMulti, false,
		"counts acceptances of its earlier ballots", madeSimple + "2.3", needs(probe.MultiAcceptedStale)},
	MultiPromiseQuorum: {"multi-promise-quorum", "multipaxos", onMulti, false,
		"leads with one promise too few", madeSimple + "2.2; Howard, Malkhi, Spiegelman, Flexible Paxos (2016)", nil},
	MultiCountsUnsynced: {"multi-counts-unsynced", "multipaxos", onMulti, false,
		"a leader counts its own acceptance before it is durable", madeSimple + "2.5: stable storage", nil},
	MultiAcksUnsynced: {"multi-acks-unsynced", "multipaxos", onMulti, false,
		"an acceptor acknowledges before its acceptance is durable", madeSimple + "2.5: stable storage", needs(probe.LogTailLost)},
	MultiNoticeUnchecked: {"multi-notice-unchecked", "multipaxos", onMulti, false,
		"takes what it holds for chosen when a notice names the slot, whatever the ballot", "Howard, Mortier, Paxos vs Raft (2020), 3, on commit indexes", needs(probe.MultiNoticeUnconfirmed)},
	MultiHoleIsNoop: {"multi-hole-is-noop", "multipaxos", onMulti, false,
		"takes a slot that it never heard of for a no-op when a notice passes it", madeSimple + "3, on gaps", needs(probe.MultiAcceptOutOfOrder)},
	MultiReacceptUnlogged: {"multi-reaccept-unlogged", "multipaxos", onMulti, false,
		"does not log that it accepted a value again under a higher ballot", madeSimple + "2.5: the highest-numbered proposal it has ever accepted", needs(probe.MultiAcceptSameValue)},

	BasicForgetsPromise: {"paxos-forgets-promise", "paxos", onBasic, false,
		"has forgotten after a restart what it promised", madeSimple + "2.5: stable storage", needs(probe.FaultRestarted)},
	BasicPromiseNotDurable: {"paxos-promise-not-durable", "paxos", onBasic, false,
		"answers a prepare before the promise is durable", madeSimple + "2.5: records its intended response before sending it", nil},
	BasicBallotReused: {"paxos-ballot-reused", "paxos", onBasic, false,
		"sends a prepare before its number is durable, and uses the number again after a restart", madeSimple + "2.5: remembers the highest-numbered proposal it has attempted", nil},
	BasicAdoptsLast: {"paxos-adopts-last", "paxos", onBasic, false,
		"adopts the proposal reported last, not the highest-numbered one", madeSimple + "2.2, P2c", needs(probe.BasicValueAdopted)},
	BasicAdoptsNothing: {"paxos-adopts-nothing", "paxos", onBasic, false,
		"proposes its own value whatever the promises reported", madeSimple + "2.2, P2c", needs(probe.BasicValueAdopted)},
	BasicAcceptsBelowPromise: {"paxos-accepts-below-promise", "paxos", onBasic, false,
		"accepts a proposal that is numbered lower than its promise", madeSimple + "2.2, P1a", needs(probe.BasicAcceptRejected)},
	BasicCountsAcrossBallots: {"paxos-counts-across-ballots", "paxos", onBasic, false,
		"counts acceptances of its earlier ballots", madeSimple + "2.3", needs(probe.BasicReplyStale)},
	BasicPromiseQuorum: {"paxos-promise-quorum", "paxos", onBasic, false,
		"begins phase 2 with one promise too few", madeSimple + "2.2; Howard, Malkhi, Spiegelman, Flexible Paxos (2016)", nil},
	BasicCountsUnsynced: {"paxos-counts-unsynced", "paxos", onBasic, false,
		"a proposer counts its own acceptance before it is durable", madeSimple + "2.5: stable storage", nil},
	BasicAcksUnsynced: {"paxos-acks-unsynced", "paxos", onBasic, false,
		"an acceptor acknowledges before its acceptance is durable", madeSimple + "2.5: stable storage", needs(probe.LogTailLost)},
	BasicNoticeUnchecked: {"paxos-notice-unchecked", "paxos", onBasic, false,
		"takes what it holds for chosen when a notice names the slot, whatever the ballot", madeSimple + "2.3", needs(probe.BasicNoticeUnconfirmed)},

	LogAcksBeforeSync: {"log-acks-before-sync", "log", onAll, false,
		"says that records are durable when they are written", allFiles + "3; fsync forgotten", needs(probe.LogTailLost)},
	LogSyncCoversLater: {"log-sync-covers-later", "log", onAll, false,
		"a sync vouches for what was appended after it began", "group commit: PostgreSQL, LogwrtResult; fsync(2)", needs(probe.LogTailLost)},
	LogBaselineEarly: {"log-baseline-early", "log", onAll, false,
		"lets go of old records when a baseline is written, before it is durable", protocolAware + "3; LevelDB CURRENT renamed before sync", needs(probe.LogBaselineLost)},
	LogSnapshotEarly: {"log-snapshot-early", "log", onAll, false,
		"says that a snapshot is durable when it is written", allFiles + "3; rename before fsync", needs(probe.LogSnapshotLost)},
	LogDropsLast: {"log-drops-last", "log", onAll, false,
		"a recovery takes the last whole record for torn", protocolAware + "3: truncating acknowledged records", needs(probe.FaultRestarted)},
	LogUnsynced: {"unsynced", "log", onAll, true, "a crash leaves one byte that was not synced", "", nil},

	SessionNoDedup: {"session-no-dedup", "session", onAll, false,
		"a command that is retried takes effect again", dissertation + "6.3", needs(probe.ReplicaDuplicate)},
	SessionForgetsNewest: {"session-forgets-newest", "session", onAll, false,
		"off by one: the newest command of a session may take effect again", dissertation + "6.3", needs(probe.ReplicaDuplicate)},
	SessionWindowForgotten: {"session-window-forgotten", "session", onAll, false,
		"a snapshot has not the commands that took effect out of order", dissertation + "6.3: sessions are part of the snapshot", needs(probe.ReplicaOutOfOrder)},
	SessionTableForgotten: {"session-table-forgotten", "session", onAll, false,
		"a snapshot has no sessions", dissertation + "6.3: sessions are part of the snapshot", nil},
	SessionAnswersEarly: {"session-answers-early", "session", onAll, false,
		"a client has its answer when its command is proposed", raftPaper + "8: responds after the entry is applied", nil},
	SessionDrop:   {"drop", "session", onAll, true, "one replica leaves out one command", "", nil},
	SessionDouble: {"double", "session", onAll, true, "one replica has a command take effect twice", "", nil},
	SessionSwap:   {"swap", "session", onAll, true, "one replica applies two commands in the other order", "", nil},
	SessionEarly:  {"early", "session", onAll, true, "one command is answered and never proposed", "", nil},
}

// Info describes a mutant.
func (id ID) Info() Info { return infos[id] }

func (id ID) String() string { return infos[id].Name }

// All lists the mutants.
func All() (ids []ID) {
	for id := None + 1; id < count; id++ {
		ids = append(ids, id)
	}
	return ids
}

// Named finds a mutant by its name.
func Named(name string) (ID, bool) {
	for _, id := range All() {
		if infos[id].Name == name {
			return id, true
		}
	}
	return None, false
}
