package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/workload"
)

// TrialValue returns what the trials of a setting have for a metric of the registry;
// known is false where they have no such figure: it is not of elections, or fewer than
// ten trials lie beyond, or one that was given up decides it.
func TrialValue(s *result.ElectionSetting, metric string) (value float64, known bool) {
	switch metric {
	case "election.rounds":
		return s.Rounds.Mean, s.Trials > 0
	case "election.split_votes":
		return s.SplitVoteRate, s.Trials > 0
	}
	for name, p := range map[string]*result.Phase{
		"election.detected": &s.Phases.Detected, "election.elected": &s.Phases.Elected,
		"election.announced": &s.Phases.Announced, "election.first_commit": &s.Phases.FirstCommit,
	} {
		suffix, of := strings.CutPrefix(metric, name)
		if !of {
			continue
		}
		var v *int64
		switch suffix {
		case "":
			v = p.P50
		case ".min":
			if len(p.Quantiles) > 0 {
				v = p.Quantiles[0]
			}
		case ".p90":
			v = p.P90
		case ".p99":
			v = p.P99
		case ".p99.9":
			v = p.P999
		case ".max":
			v = p.Max
		case ".mean":
			if p.Mean != nil {
				return *p.Mean, true
			}
		}
		if v != nil {
			return float64(*v), true
		}
	}
	return 0, false
}

// SettingName is what a setting of trials goes by: raft/5/elections 150ms-300ms; live
// raft/5/tcp/elections 150ms-300ms.
func SettingName(c *result.ElectionConfig) string {
	network := ""
	if c.Live() {
		network = c.Network + "/"
	}
	return fmt.Sprintf("%s/%d/%selections %s", c.Protocol, c.Nodes, network, fromTo(int64(c.ElectionMin), int64(c.ElectionMax)))
}

// TrialOption is a flag of consbench elections and its value in a setting.
type TrialOption struct {
	Name string
	Of   func(*result.ElectionConfig) string
}

// TrialOptions are what settings of one protocol may differ in.
var TrialOptions = []TrialOption{
	{"network", func(c *result.ElectionConfig) string { return cmp.Or(c.Network, "sim") }},
	{"nodes", func(c *result.ElectionConfig) string { return strconv.Itoa(c.Nodes) }},
	{"down", func(c *result.ElectionConfig) string { return strconv.Itoa(c.Down) }},
	{"start", func(c *result.ElectionConfig) string { return c.Start }},
	{"logs", func(c *result.ElectionConfig) string { return c.Logs }},
	{"trials", func(c *result.ElectionConfig) string { return strconv.Itoa(c.Trials) }},
	{"seed", func(c *result.ElectionConfig) string { return strconv.FormatUint(c.Seed, 10) }},
	{"give-up", func(c *result.ElectionConfig) string { return workload.FormatDuration(c.GiveUp) }},
	{"election-timeout", func(c *result.ElectionConfig) string { return workload.FormatRange(c.ElectionMin, c.ElectionMax) }},
	{"heartbeat", func(c *result.ElectionConfig) string { return workload.FormatDuration(c.Heartbeat) }},
	{"delay", func(c *result.ElectionConfig) string { return workload.FormatRange(c.DelayMin, c.DelayMax) }},
	{"candidate-persist", func(c *result.ElectionConfig) string {
		return workload.FormatRange(c.CandidatePersistMin, c.CandidatePersistMax)
	}},
	{"voter-persist", func(c *result.ElectionConfig) string { return workload.FormatDuration(c.VoterPersist) }},
	{"pre-vote", func(c *result.ElectionConfig) string { return strconv.FormatBool(c.PreVote) }},
	{"check-quorum", func(c *result.ElectionConfig) string { return strconv.FormatBool(c.CheckQuorum) }},
}
