package result

// GateSchema names the format of [Gate].
const GateSchema = "consbench.gate/v1"

// Gate is the verdict of consbench gate.
type Gate struct {
	Schema      string      `json:"schema"`
	Started     string      `json:"started"` // RFC 3339
	Environment Environment `json:"environment"`
	Baselines   []string    `json:"baselines"`         // files, of the exact layer
	Against     string      `json:"against,omitempty"` // revision, as asked for
	Revision    string      `json:"revision,omitempty"`
	Interrupted bool        `json:"interrupted,omitempty"` // ended early by a signal: rows are missing

	Rows         []GateRow  `json:"rows"`
	Skipped      []GateSkip `json:"skipped"`         // what was not compared
	Tests        []GateTest `json:"tests,omitempty"` // of a self-test
	Passed       int        `json:"passed"`
	Failed       int        `json:"failed"`
	Inconclusive int        `json:"inconclusive"`
	Changed      int        `json:"changed,omitempty"` // by an update
	Verdict      string     `json:"verdict"`           // pass, fail, inconclusive, incorrect, broken or interrupted; updated, caught or missed
	Why          string     `json:"why,omitempty"`     // of a verdict that the rows do not explain
	Exit         int        `json:"exit"`              // status of the process
}

// Layers of a gate.
const (
	LayerExact    = "exact"    // virtual time: no noise
	LayerMeasured = "measured" // wall-clock time: pairs of interleaved runs
)

// GateRow is one metric of one run, held against its limit. Old, new, low and high
// are in the metric's unit, changes are relative: 0.05 is +5 %.
type GateRow struct {
	Layer  string   `json:"layer"`
	Source string   `json:"source"` // the baseline's file, or the revision
	Run    string   `json:"run"`    // protocol/nodes/network
	Metric string   `json:"metric"`
	Unit   string   `json:"unit"`
	Old    *float64 `json:"old"`    // null: no figure
	New    *float64 `json:"new"`    // measured layer: both are medians
	Change *float64 `json:"change"` // null: none, or from zero
	Low    *float64 `json:"low"`    // bounds of the change; null: exact, or too few pairs
	High   *float64 `json:"high"`
	// Confidence is that of the bounds: above 0.95 where several looks at the pairs
	// share the 5 % that one look would have.
	Confidence float64  `json:"confidence,omitempty"`
	Limit      string   `json:"limit"`   // as it was held against: +-0.1%, +5%, 2ms
	Outcome    string   `json:"outcome"` // pass, fail or inconclusive; changed in an update
	Pairs      int      `json:"pairs,omitempty"`
	Batches    int      `json:"batches,omitempty"` // of pairs: 2 if a first one had failed
	Needs      int      `json:"needs,omitempty"`   // pairs that would probably tell
	Visible    *float64 `json:"visible,omitempty"` // smallest change that would have failed 95 % of the time, both batches taken together
	Note       string   `json:"note,omitempty"`
}

// GateSkip is something that was not compared, and why.
type GateSkip struct {
	Source string `json:"source"`
	Run    string `json:"run"`
	Metric string `json:"metric,omitempty"` // empty: the whole run
	Why    string `json:"why"`
}

// GateTest is one test of a gate on itself.
type GateTest struct {
	Layer  string   `json:"layer"`
	Flaw   string   `json:"flaw"` // what was made worse; empty: nothing, and nothing may fail
	Caught bool     `json:"caught"`
	Row    *GateRow `json:"row"` // that failed
}

// Outcome says in a word what came of it.
func (t *GateTest) Outcome() string {
	switch {
	case t.Flaw == "" && t.Caught:
		return "QUIET"
	case t.Flaw == "":
		return "ALARM"
	case t.Caught:
		return "CAUGHT"
	}
	return "MISSED"
}
