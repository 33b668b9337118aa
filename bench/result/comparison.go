package result

import "encoding/json"

// ComparisonSchema names the format of [Comparison].
const ComparisonSchema = "consbench.comparison/v1"

// Comparison is one invocation of consbench compare: what was measured on each
// side, run by run, and what that comes to.
type Comparison struct {
	Schema      string       `json:"schema"`
	Started     string       `json:"started"`
	Environment Environment  `json:"environment"`
	Exact       bool         `json:"exact"`                 // virtual time: no noise
	Interrupted bool         `json:"interrupted,omitempty"` // ended early by a signal
	Pairs       int          `json:"pairs"`                 // asked for; in virtual time seeds
	Confidence  float64      `json:"confidence"`            // of each ratio's bounds, and of all verdicts of a table together
	Power       float64      `json:"power"`                 // of "visible" and "needed"
	Tolerance   float64      `json:"tolerance"`             // changes within it are the same
	Sides       []Side       `json:"sides"`
	Differences []Difference `json:"differences"`
	Against     []Against    `json:"against"` // each side but the first, against the first
	Notes       []string     `json:"notes"`
}

// Side is a protocol with its settings, or a result file.
type Side struct {
	Name        string          `json:"name"` // as typed
	File        string          `json:"file,omitempty"`
	Protocol    string          `json:"protocol"`
	Network     string          `json:"network"`
	Config      json.RawMessage `json:"config"` // bench.Config
	Good        int             `json:"good"`   // runs, by status; of elections settings
	Incorrect   int             `json:"incorrect"`
	Failed      int             `json:"failed"`
	Interrupted int             `json:"interrupted"`
	Trials      int             `json:"trials,omitempty"` // of elections, all settings together
	Samples     []Sample        `json:"samples"`
}

// Status of a sample. Only good ones are compared.
const (
	Good       = "good"
	Incorrect  = "incorrect"
	Failed     = "failed"
	Unfinished = "interrupted"
)

// Sample is one run of a side.
type Sample struct {
	Pair      int                `json:"pair"` // -1 = of the warm-up; shown if it was not good
	Seed      uint64             `json:"seed"`
	Status    string             `json:"status"`
	Detail    string             `json:"detail,omitempty"`    // what was wrong
	Values    map[string]float64 `json:"values,omitempty"`    // by metric, in its unit; unknown ones are absent
	Elections map[string][]int64 `json:"elections,omitempty"` // by metric, a value for each election that a fault caused
	Never     map[string]int     `json:"never,omitempty"`     // elections without a value
	Faults    int                `json:"faults"`              // that struck
	Caused    int                `json:"elections_caused"`    // elections that faults caused
}

// Difference is an option that is not the same on all sides.
type Difference struct {
	Option string   `json:"option"` // name of the flag
	Values []string `json:"values"` // by side
}

// Against is the comparison of two sides.
type Against struct {
	Base  int    `json:"base"`  // index of side A
	Side  int    `json:"side"`  // index of side B
	Pairs int    `json:"pairs"` // with a good run on both sides; of elections trials
	Lines []Line `json:"metrics"`

	Setting string `json:"setting,omitempty"` // of elections: the range of timeouts
}

// Verdict words of a [Line], beside those of bench/stat: better, worse, same,
// different and cannot tell.
const (
	OfferedRate = "offered rate" // the offered rate decided the throughput, not the side
	OneSided    = "one side"     // only one of them has the metric
	NotRanked   = "no cost"      // throughput in virtual time in which work takes none
)

// Line is one metric of two sides. The ratio is B over A; null stands for what
// does not exist, such as the ratio to zero and bounds of too few pairs.
type Line struct {
	Metric   string   `json:"metric"`
	Method   string   `json:"method,omitempty"` // exact, signed-rank, mann-whitney or none
	A        Middle   `json:"a"`
	B        Middle   `json:"b"`
	Ratio    *float64 `json:"ratio"`
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	P        *float64 `json:"p,omitempty"`          // probability of such a difference, or a larger one, if there is none
	Adjusted *float64 `json:"p_adjusted,omitempty"` // the same for the table as a whole: what the verdict rests on
	Visible  *float64 `json:"visible"`              // smallest relative change that would have shown
	Verdict  string   `json:"verdict"`              // B against A
	Lacks    string   `json:"lacks,omitempty"`      // what telling would take
	Needed   int      `json:"needed,omitempty"`     // pairs, about
}

// Middle is the middle of one side's values: over runs, or over elections.
type Middle struct {
	Count  int     `json:"count"`
	Q1     float64 `json:"q1"`
	Median float64 `json:"median"`
	Q3     float64 `json:"q3"`
}
