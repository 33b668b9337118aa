package export

import (
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// electionMetrics are those of the registry that trials of elections may have.
var electionMetrics = func() (list []measure.Metric) {
	for _, m := range measure.Metrics() {
		if strings.HasPrefix(m.Name, "election.") && !strings.HasPrefix(m.Name, "election.unavailable") {
			list = append(list, m)
		}
	}
	return list
}()

// csvElections writes a row per setting and metric.
func csvElections(w *csv.Writer, docs []Document) {
	w.Write([]string{
		"file", "protocol", "network", "nodes", "down", "start", "logs", "seed", "election_min_ns", "election_max_ns", "heartbeat_ns", "delay_min_ns", "delay_max_ns",
		"candidate_persist_min_ns", "candidate_persist_max_ns", "voter_persist_ns", "pre_vote", "check_quorum", "trials", "unfinished", "metric", "unit", "value",
	})
	for i := range docs {
		for j := range docs[i].Elections.Settings {
			s := &docs[i].Elections.Settings[j]
			c := &s.Config
			head := []string{
				cell(docs[i].Name), cell(c.Protocol), cell(orSim(c.Network)), strconv.Itoa(c.Nodes), strconv.Itoa(c.Down), cell(c.Start), cell(c.Logs), strconv.FormatUint(c.Seed, 10),
				decimal(int64(c.ElectionMin)), decimal(int64(c.ElectionMax)), decimal(int64(c.Heartbeat)), decimal(int64(c.DelayMin)), decimal(int64(c.DelayMax)),
				decimal(int64(c.CandidatePersistMin)), decimal(int64(c.CandidatePersistMax)), decimal(int64(c.VoterPersist)),
				strconv.FormatBool(c.PreVote), strconv.FormatBool(c.CheckQuorum), strconv.Itoa(s.Trials), strconv.Itoa(s.Unfinished),
			}
			for _, m := range electionMetrics {
				value := ""
				if v, known := report.TrialValue(s, m.Name); known {
					value = number(v)
				}
				w.Write(append(head[:len(head):len(head)], m.Name, m.Unit, value))
			}
		}
	}
}

// orSim is the name of a network in full.
func orSim(network string) string {
	if network == "" {
		return "sim"
	}
	return network
}

// electionLine is a metric of the trials of a setting.
type electionLine struct {
	File       string                `json:"file"`
	Config     result.ElectionConfig `json:"config"`
	Trials     int                   `json:"trials"`
	Unfinished int                   `json:"unfinished"`
	Metric     string                `json:"metric"`
	Unit       string                `json:"unit"`
	Better     string                `json:"better"`
	Exact      bool                  `json:"exact"`
	Value      *float64              `json:"value"` // null = unknown
}

func jsonlElections(enc *json.Encoder, d *Document) error {
	for i := range d.Elections.Settings {
		s := &d.Elections.Settings[i]
		for _, m := range electionMetrics {
			line := electionLine{d.Name, s.Config, s.Trials, s.Unfinished, m.Name, m.Unit, m.Better.String(), m.Exact, nil}
			if v, known := report.TrialValue(s, m.Name); known {
				line.Value = &v
			}
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// markdownElections writes a table of the settings: when everybody had heard from a
// leader, the other phases folded away.
func markdownElections(b *strings.Builder, d *Document) {
	heading(b, "Elections", d.Name)
	if d.Elections.Interrupted {
		b.WriteString("**INTERRUPTED**: only what was measured until then.\n\n")
	}
	markdownPhase(b, d.Elections, "announced")
	b.WriteString("\nTimes until every live server had heard from the leader that stayed.\n")
	for _, phase := range []string{"detected", "elected", "first_commit"} {
		b.WriteString("\n<details><summary>election." + phase + "</summary>\n\n")
		markdownPhase(b, d.Elections, phase)
		b.WriteString("\n</details>\n")
	}
	machine(b, &d.Elections.Environment)
}

func markdownPhase(b *strings.Builder, e *result.Elections, phase string) {
	header := []string{"Setting", "trials", "unfinished", "split votes", "rounds"}
	columns := []string{".min", "", ".p90", ".p99", ".p99.9", ".max", ".mean"}
	for _, suffix := range columns {
		header = append(header, strings.TrimPrefix(suffix, "."))
		if suffix == "" {
			header[len(header)-1] = "p50"
		}
	}
	var rows [][]string
	for i := range e.Settings {
		s := &e.Settings[i]
		row := []string{
			md(report.SettingName(&s.Config)), report.Count(uint64(s.Trials)), report.Count(uint64(s.Unfinished)),
			strconv.FormatFloat(100*s.SplitVoteRate, 'f', 1, 64) + "%", strconv.FormatFloat(s.Rounds.Mean, 'f', 2, 64),
		}
		for _, suffix := range columns {
			text := ""
			if v, known := report.TrialValue(s, "election."+phase+suffix); known {
				text = md(report.Found(&result.Expectation{Metric: "election." + phase, Value: &v}))
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	table(b, true, header, rows)
}
