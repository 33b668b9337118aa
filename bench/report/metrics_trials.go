package report

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/result"
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

// SettingName is what a setting of trials goes by: raft/5/elections 150ms-300ms.
func SettingName(c *result.ElectionConfig) string {
	return fmt.Sprintf("%s/%d/elections %s", c.Protocol, c.Nodes, fromTo(int64(c.ElectionMin), int64(c.ElectionMax)))
}
