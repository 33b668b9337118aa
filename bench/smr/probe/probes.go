package probe

// ID names one place.
type ID uint8

// Info describes one place.
type Info struct {
	Name  string // unique
	Where string // a protocol's name, or a layer below all protocols
	Means string // one line: what has happened there
}

// The layers that all protocols share.
const (
	Log     = "log"     // bench/wal
	Replica = "replica" // snapshots and sessions: bench/replica
	Fault   = "fault"   // what is done to a cluster: bench/cluster
)

// The protocols with places of their own.
const (
	raft       = "raft"
	multipaxos = "multipaxos"
	basic      = "paxos"
)

// Places. Info says what each one means.
const (
	RaftCandidateStepsDown ID = iota
	RaftLeaderStepsDown
	RaftQuorumLost
	RaftSplitVote
	RaftVoteRefusedLog
	RaftVoteRefusedGiven
	RaftVoteRefusedLease
	RaftVoteRepeated
	RaftPreVoteRefused
	RaftPreCandidateVotes
	RaftVoteReplyStale
	RaftLogTruncated
	RaftOverwrittenPersisted
	RaftAppendStale
	RaftAppendRejected
	RaftAppendRepeated
	RaftAppendNoRoom
	RaftCommitCapped
	RaftRejectionStale
	RaftReplyStale
	RaftTermSkipped
	RaftCommitOldTerm
	RaftCommitOwnDiskLast
	RaftCommitBeforeOwnDisk
	RaftWindowFull
	RaftFlightFull
	RaftRetransmitted
	RaftLinkLost
	RaftTagsLost
	RaftSnapshotWanted
	RaftInstalledFollowing
	RaftInstalledTailKept
	RaftInstalledLeading
	RaftInstalledCampaigning
	RaftBaselineGivenUp
	RaftReplayOverwrites

	MultiPrepareRejected
	MultiPrepareRepeated
	MultiAcceptRejected
	MultiPromisePaged
	MultiPromiseBehind
	MultiPageOutOfTurn
	MultiValueAdopted
	MultiValueReplaced
	MultiHoleFilled
	MultiReproposed
	MultiPollRefused
	MultiCandidateStepsDown
	MultiLeaderStepsDown
	MultiQuorumLost
	MultiAcceptOutOfOrder
	MultiAcceptRepeated
	MultiAcceptSameValue
	MultiAcceptOverwrites
	MultiAcceptNoRoom
	MultiOverwrittenPersisted
	MultiAcceptedStale
	MultiAcceptedOvertaken
	MultiChosenOwnDiskLast
	MultiChosenBeforeOwnDisk
	MultiServingWaits
	MultiNoticeUnconfirmed
	MultiFetched
	MultiFetchConfirmed
	MultiGapReported
	MultiAckTakenBack
	MultiRetransmitted
	MultiWindowFull
	MultiRoomMade
	MultiTagsLost
	MultiSnapshotWanted
	MultiInstalledFollowing
	MultiInstalledLeading
	MultiInstalledCampaigning
	MultiBaselineGivenUp

	BasicPrepareRejected
	BasicPrepareRepeated
	BasicAcceptRejected
	BasicAcceptRepeated
	BasicAcceptOverwrites
	BasicValueAdopted
	BasicValueReplaced
	BasicOwnValueKept
	BasicRejectedByQuorum
	BasicRejectedInTime
	BasicOutbidPreparing
	BasicOutbidAccepting
	BasicDuel
	BasicValueBeaten
	BasicChosenByRival
	BasicHoleFilled
	BasicReplyWaitsAgain
	BasicReplyStale
	BasicVoteOvertaken
	BasicNoticeUnconfirmed
	BasicLearned
	BasicFetched
	BasicAcceptNoRoom
	BasicRetransmitted
	BasicAcceptNudged
	BasicBehindTold
	BasicWindowFull
	BasicSnapshotWanted
	BasicInstalledProposing
	BasicTagsLost
	BasicBaselineGivenUp

	LogTailLost
	LogBaselineLost
	LogSnapshotLost
	LogGroupCommit
	LogReadWithSnapshot

	ReplicaDuplicate
	ReplicaOutOfOrder
	ReplicaStalled
	ReplicaRefused
	ReplicaSnapshotSent
	ReplicaSnapshotResent
	ReplicaSnapshotAbandoned
	ReplicaSnapshotRefused
	ReplicaSnapshotOvertaken
	ReplicaSnapshotInstalled

	FaultCrashTurnBegins // the boundaries of a turn, in the order of bench/replica
	FaultCrashAfterMail
	FaultCrashAfterPersisted
	FaultCrashAfterPropose
	FaultCrashBeforeAppend
	FaultCrashAfterAppend
	FaultCrashBetweenFrames
	FaultCrashAfterFrames
	FaultCrashAfterVote
	FaultCrashBetweenEntries
	FaultCrashAfterEntries
	FaultCrashBeforeSave
	FaultCrashAfterSave
	FaultCrashBeforeBaseline
	FaultCrashBeforeInstall
	FaultCrashAfterInstall
	FaultCrashBeforeAnswers
	FaultCrashTurnEnds
	FaultCrashLeader
	FaultAllDown
	FaultRestarted
	FaultPausedLeader
	FaultCut
	FaultLost
	FaultDuplicated
	FaultDown

	Count = iota // number of places
)

var infos = [Count]Info{
	RaftCandidateStepsDown:   {"candidate-steps-down", raft, "a candidate heard of a leader or a higher term"},
	RaftLeaderStepsDown:      {"leader-steps-down", raft, "a leader heard of a higher term"},
	RaftQuorumLost:           {"quorum-lost", raft, "check-quorum: a leader that heard from no majority stepped down"},
	RaftSplitVote:            {"split-vote", raft, "a candidate's election timed out and it began another"},
	RaftVoteRefusedLog:       {"vote-refused-log", raft, "a vote was refused to a log that is behind the voter's"},
	RaftVoteRefusedGiven:     {"vote-refused-given", raft, "a vote was refused because this term's was given to another"},
	RaftVoteRefusedLease:     {"vote-refused-lease", raft, "check-quorum: a request was ignored because a leader lives"},
	RaftVoteRepeated:         {"vote-repeated", raft, "a request came again from the candidate that has the vote"},
	RaftPreVoteRefused:       {"pre-vote-refused", raft, "a poll was answered with no"},
	RaftPreCandidateVotes:    {"pre-candidate-votes", raft, "a server that polls gave its vote to another"},
	RaftVoteReplyStale:       {"vote-reply-stale", raft, "an answer came to an election or poll that is over"},
	RaftLogTruncated:         {"log-truncated", raft, "a leader's entry conflicted and the log was cut"},
	RaftOverwrittenPersisted: {"overwritten-persisted", raft, "a write became durable of which entries had been overwritten since (ABA)"},
	RaftAppendStale:          {"append-stale", raft, "an append or heartbeat came from the leader of an earlier term"},
	RaftAppendRejected:       {"append-rejected", raft, "the consistency check failed"},
	RaftAppendRepeated:       {"append-repeated", raft, "all entries of an append were known and acknowledged"},
	RaftAppendNoRoom:         {"append-no-room", raft, "a follower's window had no room for an entry"},
	RaftCommitCapped:         {"commit-capped", raft, "a leader's commit index was ahead of what the follower had checked"},
	RaftRejectionStale:       {"rejection-stale", raft, "a rejection told of an earlier plan and was ignored"},
	RaftReplyStale:           {"reply-stale", raft, "an append reply came of an earlier term"},
	RaftTermSkipped:          {"term-skipped", raft, "a leader went back over a whole conflicting term"},
	RaftCommitOldTerm:        {"commit-old-term", raft, "a majority held entries of an earlier term and none of the leader's own (5.4.2)"},
	RaftCommitOwnDiskLast:    {"commit-own-disk-last", raft, "entries were committed when the leader's own write became durable"},
	RaftCommitBeforeOwnDisk:  {"commit-before-own-disk", raft, "a leader committed an entry that it had not made durable itself"},
	RaftWindowFull:           {"window-full", raft, "a proposal was refused: too much is open"},
	RaftFlightFull:           {"flight-full", raft, "entries waited because too many bytes were under way to a peer"},
	RaftRetransmitted:        {"retransmitted", raft, "entries were sent again"},
	RaftLinkLost:             {"link-lost", raft, "a link changed with entries under way on it"},
	RaftTagsLost:             {"tags-lost", raft, "a leader stepped down with own proposals open"},
	RaftSnapshotWanted:       {"snapshot-wanted", raft, "a peer fell behind the leader's window"},
	RaftInstalledFollowing:   {"installed-following", raft, "a snapshot replaced a follower's log"},
	RaftInstalledTailKept:    {"installed-tail-kept", raft, "a snapshot was installed and what lies behind it stayed"},
	RaftInstalledLeading:     {"installed-leading", raft, "a snapshot was installed at a leader"},
	RaftInstalledCampaigning: {"installed-campaigning", raft, "a snapshot was installed at a candidate or in a poll"},
	RaftBaselineGivenUp:      {"baseline-given-up", raft, "the window had let go of what a baseline needs"},
	RaftReplayOverwrites:     {"replay-overwrites", raft, "a record read at the start replaced entries of earlier ones"},

	MultiPrepareRejected:      {"prepare-rejected", multipaxos, "a prepare came below the promise"},
	MultiPrepareRepeated:      {"prepare-repeated", multipaxos, "a prepare of the ballot promised came again"},
	MultiAcceptRejected:       {"accept-rejected", multipaxos, "an accept or heartbeat came below the promise"},
	MultiPromisePaged:         {"promise-paged", multipaxos, "a promise did not fit and went in pages"},
	MultiPromiseBehind:        {"promise-behind", multipaxos, "a candidate asked for slots that are released"},
	MultiPageOutOfTurn:        {"page-out-of-turn", multipaxos, "a page of a promise came out of turn"},
	MultiValueAdopted:         {"value-adopted", multipaxos, "a candidate took a value from a promise"},
	MultiValueReplaced:        {"value-replaced", multipaxos, "a promise named a higher-numbered proposal of another value"},
	MultiHoleFilled:           {"hole-filled", multipaxos, "a new leader proposed a no-op in a slot that nobody reported"},
	MultiReproposed:           {"reproposed", multipaxos, "a new leader proposed an open value again"},
	MultiPollRefused:          {"poll-refused", multipaxos, "a poll was answered with no"},
	MultiCandidateStepsDown:   {"candidate-steps-down", multipaxos, "a candidate gave up for a higher ballot"},
	MultiLeaderStepsDown:      {"leader-steps-down", multipaxos, "a leader gave up for a higher ballot"},
	MultiQuorumLost:           {"quorum-lost", multipaxos, "check-quorum: a leader that heard from too few stepped down"},
	MultiAcceptOutOfOrder:     {"accept-out-of-order", multipaxos, "a slot was accepted above a gap"},
	MultiAcceptRepeated:       {"accept-repeated", multipaxos, "all entries of an accept were accepted before"},
	MultiAcceptSameValue:      {"accept-same-value", multipaxos, "a value was accepted again under a higher ballot"},
	MultiAcceptOverwrites:     {"accept-overwrites", multipaxos, "an accepted value gave way to that of a higher ballot"},
	MultiAcceptNoRoom:         {"accept-no-room", multipaxos, "an acceptor's window had no room for an entry"},
	MultiOverwrittenPersisted: {"overwritten-persisted", multipaxos, "a write became durable of which entries had been overwritten since (ABA)"},
	MultiAcceptedStale:        {"accepted-stale", multipaxos, "an acknowledgement came of another ballot, or to no leader"},
	MultiAcceptedOvertaken:    {"accepted-overtaken", multipaxos, "an acknowledgement was overtaken by a later one"},
	MultiChosenOwnDiskLast:    {"chosen-own-disk-last", multipaxos, "slots were chosen when the leader's own write became durable"},
	MultiChosenBeforeOwnDisk:  {"chosen-before-own-disk", multipaxos, "a slot was chosen that the leader had not made durable itself"},
	MultiServingWaits:         {"serving-waits", multipaxos, "a leader with nothing to inherit waited to be confirmed"},
	MultiNoticeUnconfirmed:    {"notice-unconfirmed", multipaxos, "a notice named a slot that is held here under another ballot"},
	MultiFetched:              {"fetched", multipaxos, "a follower asked for slots that were chosen before its leader's ballot"},
	MultiFetchConfirmed:       {"fetch-confirmed", multipaxos, "a fetch was answered by slot and ballot, without entries"},
	MultiGapReported:          {"gap-reported", multipaxos, "a follower told the leader which slot it misses"},
	MultiAckTakenBack:         {"ack-taken-back", multipaxos, "a peer that restarted misses what it had acknowledged"},
	MultiRetransmitted:        {"retransmitted", multipaxos, "slots were sent again"},
	MultiWindowFull:           {"window-full", multipaxos, "a proposal was refused: too much is open"},
	MultiRoomMade:             {"room-made", multipaxos, "a window in pieces was put together"},
	MultiTagsLost:             {"tags-lost", multipaxos, "a leader gave up with own proposals open"},
	MultiSnapshotWanted:       {"snapshot-wanted", multipaxos, "a peer fell behind the leader's window"},
	MultiInstalledFollowing:   {"installed-following", multipaxos, "a snapshot was installed at a follower"},
	MultiInstalledLeading:     {"installed-leading", multipaxos, "a snapshot was installed at a leader"},
	MultiInstalledCampaigning: {"installed-campaigning", multipaxos, "a snapshot was installed at a candidate or in a poll"},
	MultiBaselineGivenUp:      {"baseline-given-up", multipaxos, "the window had let go of what a baseline needs"},

	BasicPrepareRejected:    {"prepare-rejected", basic, "a prepare came below the promise of its slot"},
	BasicPrepareRepeated:    {"prepare-repeated", basic, "a prepare of the ballot promised came again"},
	BasicAcceptRejected:     {"accept-rejected", basic, "an accept came below the promise of its slot"},
	BasicAcceptRepeated:     {"accept-repeated", basic, "an accept of the ballot accepted came again"},
	BasicAcceptOverwrites:   {"accept-overwrites", basic, "an accepted value gave way to that of a higher ballot"},
	BasicValueAdopted:       {"value-adopted", basic, "a proposer took a value from a promise"},
	BasicValueReplaced:      {"value-replaced", basic, "a second promise named a higher-numbered proposal"},
	BasicOwnValueKept:       {"own-value-kept", basic, "the value adopted was the own acceptor's"},
	BasicRejectedByQuorum:   {"rejected-by-quorum", basic, "a proposer gave up because too many had rejected its ballot"},
	BasicRejectedInTime:     {"rejected-in-time", basic, "a proposer gave up because one had rejected its ballot and others were silent"},
	BasicOutbidPreparing:    {"outbid-preparing", basic, "the own acceptor promised a rival while the own proposer prepared"},
	BasicOutbidAccepting:    {"outbid-accepting", basic, "the own acceptor accepted a rival's proposal while the own one was under way"},
	BasicDuel:               {"duel", basic, "a proposer's third ballot in a row was beaten"},
	BasicValueBeaten:        {"value-beaten", basic, "a slot went to another value and the own one moved on"},
	BasicChosenByRival:      {"chosen-by-rival", basic, "a rival had the own value chosen"},
	BasicHoleFilled:         {"hole-filled", basic, "a no-op was proposed in a slot that stood open"},
	BasicReplyWaitsAgain:    {"reply-waits-again", basic, "an acceptor's state changed while an answer waited for the disk"},
	BasicReplyStale:         {"reply-stale", basic, "an answer came to a ballot or phase that is over"},
	BasicVoteOvertaken:      {"vote-overtaken", basic, "an own vote became durable when its ballot was over"},
	BasicNoticeUnconfirmed:  {"notice-unconfirmed", basic, "a notice named a slot that is held here under another ballot"},
	BasicLearned:            {"learned", basic, "a chosen value came as such"},
	BasicFetched:            {"fetched", basic, "chosen slots were asked for"},
	BasicAcceptNoRoom:       {"accept-no-room", basic, "the window had no room for an entry"},
	BasicRetransmitted:      {"retransmitted", basic, "a request was sent again"},
	BasicAcceptNudged:       {"accept-nudged", basic, "an accept sent in vain before was repeated at once, for its slot had become the next one"},
	BasicBehindTold:         {"behind-told", basic, "a peer asked about a slot that is released"},
	BasicWindowFull:         {"window-full", basic, "a proposal was refused: no slot or no room"},
	BasicSnapshotWanted:     {"snapshot-wanted", basic, "a peer fell behind the window"},
	BasicInstalledProposing: {"installed-proposing", basic, "a snapshot was installed over slots with an own proposer at work"},
	BasicTagsLost:           {"tags-lost", basic, "a snapshot hid what became of an own proposal"},
	BasicBaselineGivenUp:    {"baseline-given-up", basic, "the window had let go of what a baseline needs"},

	LogTailLost:         {"tail-lost", Log, "a crash took records that were not synced"},
	LogBaselineLost:     {"baseline-lost", Log, "a crash took a baseline that was not synced"},
	LogSnapshotLost:     {"snapshot-lost", Log, "a crash took a snapshot that was not synced"},
	LogGroupCommit:      {"group-commit", Log, "one sync made several Readys durable"},
	LogReadWithSnapshot: {"read-with-snapshot", Log, "a recovery read a snapshot and records behind it"},

	ReplicaDuplicate:         {"duplicate", Replica, "a command stood in the log again and took no effect"},
	ReplicaOutOfOrder:        {"out-of-order", Replica, "a snapshot was taken with commands that took effect out of order"},
	ReplicaStalled:           {"stalled", Replica, "commands waited because the core's window was full"},
	ReplicaRefused:           {"refused", Replica, "commands came to a replica that does not lead"},
	ReplicaSnapshotSent:      {"snapshot-sent", Replica, "a transfer was begun"},
	ReplicaSnapshotResent:    {"snapshot-resent", Replica, "chunks of a snapshot were sent again"},
	ReplicaSnapshotAbandoned: {"snapshot-abandoned", Replica, "a transfer was given up on the way"},
	ReplicaSnapshotRefused:   {"snapshot-refused", Replica, "the rest of a transfer came to a replica that had lost its beginning"},
	ReplicaSnapshotOvertaken: {"snapshot-overtaken", Replica, "the log brought a replica past a snapshot that it was making durable"},
	ReplicaSnapshotInstalled: {"snapshot-installed", Replica, "a peer's snapshot was installed"},

	FaultCrashTurnBegins:     {"crash-turn-begins", Fault, "a crash before any input was taken"},
	FaultCrashAfterMail:      {"crash-after-mail", Fault, "a crash when the mail had been taken"},
	FaultCrashAfterPersisted: {"crash-after-persisted", Fault, "a crash when the core had been told what is durable"},
	FaultCrashAfterPropose:   {"crash-after-propose", Fault, "a crash when the core had taken commands"},
	FaultCrashBeforeAppend:   {"crash-before-append", Fault, "a crash before records reached the log"},
	FaultCrashAfterAppend:    {"crash-after-append", Fault, "a crash between append and send"},
	FaultCrashBetweenFrames:  {"crash-between-frames", Fault, "a crash with some frames of a Ready sent"},
	FaultCrashAfterFrames:    {"crash-after-frames", Fault, "a crash between send and apply"},
	FaultCrashAfterVote:      {"crash-after-vote", Fault, "a crash between the frames of an election and all that follows"},
	FaultCrashBetweenEntries: {"crash-between-entries", Fault, "a crash with some entries of a Ready applied"},
	FaultCrashAfterEntries:   {"crash-after-entries", Fault, "a crash between apply and answer"},
	FaultCrashBeforeSave:     {"crash-before-save", Fault, "a crash before a snapshot reached the log"},
	FaultCrashAfterSave:      {"crash-after-save", Fault, "a crash when a snapshot had reached the log"},
	FaultCrashBeforeBaseline: {"crash-before-baseline", Fault, "a crash between a durable snapshot and its baseline"},
	FaultCrashBeforeInstall:  {"crash-before-install", Fault, "a crash with a peer's snapshot durable and not applied"},
	FaultCrashAfterInstall:   {"crash-after-install", Fault, "a crash with a peer's snapshot applied and the core not told"},
	FaultCrashBeforeAnswers:  {"crash-before-answers", Fault, "a crash before clients were answered"},
	FaultCrashTurnEnds:       {"crash-turn-ends", Fault, "a crash at the end of a turn"},
	FaultCrashLeader:         {"crash-leader", Fault, "a leader crashed"},
	FaultAllDown:             {"all-down", Fault, "all replicas were down at once"},
	FaultRestarted:           {"restarted", Fault, "a replica came back from its log"},
	FaultPausedLeader:        {"paused-leader", Fault, "a leader was paused"},
	FaultCut:                 {"cut", Fault, "frames came to a link that was cut"},
	FaultLost:                {"lost", Fault, "a link lost frames"},
	FaultDuplicated:          {"duplicated", Fault, "a link delivered frames twice"},
	FaultDown:                {"down", Fault, "frames came to a replica that was down"},
}

// Info describes a place.
func (id ID) Info() Info { return infos[id] }

// String is the place's full name, such as raft/log-truncated.
func (id ID) String() string { return infos[id].Where + "/" + infos[id].Name }

// Of lists the places that a run of protocol can reach: its own and those of the
// layers below all protocols.
func Of(protocol string) (ids []ID) {
	for id := range ID(Count) {
		switch i := &infos[id]; {
		case protocol == basic && (id == ReplicaRefused || id == FaultCrashAfterVote): // any replica may propose, there are no elections
		case i.Where == protocol, i.Where == Log, i.Where == Replica, i.Where == Fault:
			ids = append(ids, id)
		}
	}
	return ids
}
