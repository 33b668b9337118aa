package result

import "time"

// ElectionsSchema names the format of [Elections].
const ElectionsSchema = "consbench.elections/v1"

// Elections is the result of consbench elections: independent trials of an
// election, many for each setting.
type Elections struct {
	Schema      string            `json:"schema"`
	Started     string            `json:"started"` // RFC 3339
	Environment Environment       `json:"environment"`
	Interrupted bool              `json:"interrupted,omitempty"` // ended early by a signal: settings or trials are missing
	Settings    []ElectionSetting `json:"settings"`
	Exit        int               `json:"exit"` // status of the process
}

// How trials of elections begin, and what the servers' logs hold then.
const (
	StartCrash   = "crash"    // the leader dies within the heartbeat interval after a heartbeat
	StartFresh   = "fresh"    // every live server starts its timer at 0; there is no leader
	LogsEqual    = "equal"    // all logs hold the same
	LogsDistinct = "distinct" // log lengths are a random permutation over all servers
)

// ElectionConfig is everything that decides what the trials of one setting do.
type ElectionConfig struct {
	Protocol string `json:"protocol"`
	Network  string `json:"network,omitempty"` // inproc or tcp: live; empty: virtual time
	Nodes    int    `json:"nodes"`
	Down     int    `json:"down"`  // servers that are dead from the start
	Start    string `json:"start"` // crash or fresh
	Logs     string `json:"logs"`  // equal or distinct
	Trials   int    `json:"trials"`
	Seed     uint64 `json:"seed"`

	ElectionMin time.Duration `json:"election_min_ns"`
	ElectionMax time.Duration `json:"election_max_ns"`
	Heartbeat   time.Duration `json:"heartbeat_ns"`
	DelayMin    time.Duration `json:"delay_min_ns"` // one way, uniform, drawn for each message
	DelayMax    time.Duration `json:"delay_max_ns"`

	CandidatePersistMin time.Duration `json:"candidate_persist_min_ns"` // uniform: before RequestVote or Prepare leaves
	CandidatePersistMax time.Duration `json:"candidate_persist_max_ns"`
	VoterPersist        time.Duration `json:"voter_persist_ns"` // before a vote or promise is granted

	PreVote     bool          `json:"pre_vote"`
	CheckQuorum bool          `json:"check_quorum"`
	GiveUp      time.Duration `json:"give_up_ns"` // a trial that takes longer is unfinished
}

// Live reports whether the trials take real time: they do not repeat.
func (c *ElectionConfig) Live() bool { return c.Network != "" }

// ElectionSetting is what the trials of one setting came to. Times are nanoseconds
// from the crash (start crash) or from 0 (start fresh).
type ElectionSetting struct {
	Config     ElectionConfig `json:"config"`
	Trials     int            `json:"trials"`
	Unfinished int            `json:"unfinished"`          // trials in which some phase had not come when they were given up
	Disturbed  int            `json:"disturbed,omitempty"` // live: attempts that were begun anew, for the machine stood still before the crash
	Phases     ElectionPhases `json:"phases"`
	// SplitVoteRate is the share of trials whose first round, the first term or
	// ballot that anybody campaigned in, did not elect the leader that stayed.
	SplitVoteRate float64           `json:"split_vote_rate"`
	Rounds        ElectionRounds    `json:"rounds"`
	Published     *Published        `json:"published,omitempty"`
	Samples       *ElectionsSamples `json:"samples,omitempty"`
}

// ElectionPhases are the distributions of the phases of an election.
type ElectionPhases struct {
	Detected    Phase `json:"detected"`     // the first live server's timer ran out
	Elected     Phase `json:"elected"`      // the leader that stays had its majority
	Announced   Phase `json:"announced"`    // the last live server had heard from it
	FirstCommit Phase `json:"first_commit"` // the first command after that was acknowledged
}

// Phase is one distribution, over all trials: in one that was given up before the
// phase came, it came later than everything. A figure that depends on how much
// later is null. So is a quantile that fewer than ten trials lie beyond.
type Phase struct {
	Mean      *float64 `json:"mean_ns"`
	P50       *int64   `json:"p50_ns"`
	P90       *int64   `json:"p90_ns"`
	P99       *int64   `json:"p99_ns"`
	P999      *int64   `json:"p99.9_ns"`
	Max       *int64   `json:"max_ns"`
	Quantiles []*int64 `json:"quantiles_ns"` // 101, at 0, 0.01 ... 1: the value of rank ceil(q n), at 0 the least
}

// ElectionRounds counts the terms or ballots that somebody campaigned in, up to the
// election of the leader that stayed or the end of the trial.
type ElectionRounds struct {
	Mean float64 `json:"mean"`
	Max  int     `json:"max"`
}

// ElectionsSamples are the raw values, trial by trial; null: given up before.
type ElectionsSamples struct {
	Detected    []*int64 `json:"detected_ns"`
	Elected     []*int64 `json:"elected_ns"`
	Announced   []*int64 `json:"announced_ns"`
	FirstCommit []*int64 `json:"first_commit_ns"`
	Rounds      []int    `json:"rounds"`
}

// Of is the values of a phase: detected, elected, announced or first_commit.
func (s *ElectionsSamples) Of(phase string) []*int64 {
	switch phase {
	case "detected":
		return s.Detected
	case "elected":
		return s.Elected
	case "announced":
		return s.Announced
	case "first_commit":
		return s.FirstCommit
	}
	return nil
}

// Published is a published distribution of the time without a leader (announced)
// and what it was held against.
type Published struct {
	Source    string   `json:"source"`
	Trials    int      `json:"trials"`
	Mean      float64  `json:"mean_ns"` // of Quantiles, by the trapezoidal rule
	Quantiles []int64  `json:"quantiles_ns"`
	Gap       *float64 `json:"cdf_gap"`    // largest difference of the two distribution functions; null: not compared
	GapLimit  *float64 `json:"gap_limit"`  // inclusive
	Median    *float64 `json:"median_off"` // 0.06: the measured median is 6 % higher
	MedLimit  *float64 `json:"median_limit"`
	Slow      *float64 `json:"slow_share"` // share of trials above SlowerThan; null: not compared
	SlowLeast *float64 `json:"slow_least"`
	Slower    int64    `json:"slower_than_ns,omitempty"`
	OK        bool     `json:"ok"`
}
