package mutant

// ID names a mutant. What each one does, and where the mistake is known from, stands
// in the registry, which only a build with mutants has.
type ID uint8

// Mutants.
const (
	None ID = iota

	RaftCommitsOldTerms
	RaftForgetsVote
	RaftVotesTwice
	RaftVotesForShorterLog
	RaftVotesByLength
	RaftVoteNotDurable
	RaftPollCountsAsVotes
	RaftVotesAcrossTerms
	RaftEvenQuorum
	RaftCountsUnsynced
	RaftAcksUnsynced
	RaftPersistedABA
	RaftCommitUnchecked
	RaftTruncatesOnMatch
	RaftKeepsConflict
	RaftTermUnchecked
	RaftStaleReply
	RaftInstallKeepsTail
	RaftMetaTerm

	MultiForgetsPromise
	MultiPromiseNotDurable
	MultiBallotReused
	MultiAdoptsLast
	MultiFirstPage
	MultiPromisesAcrossBallots
	MultiCountsAcrossBallots
	MultiPromiseQuorum
	MultiCountsUnsynced
	MultiAcksUnsynced
	MultiNoticeUnchecked
	MultiHoleIsNoop
	MultiReacceptUnlogged

	BasicForgetsPromise
	BasicPromiseNotDurable
	BasicBallotReused
	BasicAdoptsLast
	BasicAdoptsNothing
	BasicAcceptsBelowPromise
	BasicCountsAcrossBallots
	BasicPromiseQuorum
	BasicCountsUnsynced
	BasicAcksUnsynced
	BasicNoticeUnchecked

	LogAcksBeforeSync
	LogSyncCoversLater
	LogBaselineEarly
	LogSnapshotEarly
	LogDropsLast
	LogUnsynced // once

	SessionNoDedup
	SessionForgetsNewest
	SessionWindowForgotten
	SessionTableForgotten
	SessionAnswersEarly
	SessionDrop   // once
	SessionDouble // once
	SessionSwap   // once
	SessionEarly  // once; the last one, see registry.go
)
