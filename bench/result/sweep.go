package result

import "encoding/json"

// SweepSchema names the format of [Sweep].
const SweepSchema = "consbench.sweep/v1"

// Sweep is one invocation of consbench sweep: runs over the values of one or two
// settings, and what that comes to.
type Sweep struct {
	Schema      string          `json:"schema"`
	Started     string          `json:"started"` // RFC 3339
	Environment Environment     `json:"environment"`
	Config      json.RawMessage `json:"config"` // bench.Config, which the points depart from
	Exact       bool            `json:"exact"`  // virtual time: no noise
	Interrupted bool            `json:"interrupted,omitempty"`
	Over        []SweepAxis     `json:"over"`   // the first along the curves, the second from curve to curve
	Repeat      int             `json:"repeat"` // runs of each point, of consecutive seeds
	Objective   []string        `json:"objective,omitempty"`
	Precision   float64         `json:"precision,omitempty"` // of a search: how far its bounds may be apart, relative
	Curves      []SweepCurve    `json:"curves"`
	Notes       []string        `json:"notes"`
	Exit        int             `json:"exit"` // status of the process
}

// SweepAxis is a setting that is swept.
type SweepAxis struct {
	Setting string   `json:"setting"` // name of the flag
	Kind    string   `json:"kind"`    // whole, rate (1/s), size (B), duration (ns), share (of 1) or word
	Values  []string `json:"values,omitempty"`
	From    string   `json:"from,omitempty"` // of a search: its range
	To      string   `json:"to,omitempty"`
}

// SweepCurve is one protocol over the values of the first setting.
type SweepCurve struct {
	Protocol string       `json:"protocol"`
	At       string       `json:"at,omitempty"` // value of the second setting
	Points   []SweepPoint `json:"points"`       // by value, rising; words as given
	Knee     *SweepKnee   `json:"knee,omitempty"`
	Found    *SweepFound  `json:"found,omitempty"` // of a search
}

// SweepPoint is one value of the first setting.
type SweepPoint struct {
	Value     string            `json:"value"`  // as the flag takes it
	Number    *float64          `json:"number"` // in the unit of the axis; null: a word
	Config    json.RawMessage   `json:"config"` // bench.Config of the first run
	Good      int               `json:"good"`   // runs, by status
	Incorrect int               `json:"incorrect"`
	Failed    int               `json:"failed"`
	Values    map[string]Middle `json:"values"`             // by metric, over the good runs
	Offered   *float64          `json:"offered_per_s"`      // of an open loop, mean; null: closed
	Backlog   *float64          `json:"backlog,omitempty"`  // commands due in the window and unanswered at its end, mean
	Overload  string            `json:"overload,omitempty"` // how it shows, in most of the runs; "" = not overloaded
	Busy      float64           `json:"busy,omitempty"`     // share of the window that the busiest processor or network interface of a replica was at work, mean; of virtual time with a cost model
	Power     *float64          `json:"power"`              // throughput over mean response, 1/s^2
	Met       *bool             `json:"met,omitempty"`      // of a search: the objective
	Why       string            `json:"why,omitempty"`      // it is not met
	Samples   []SweepSample     `json:"samples"`
}

// SweepSample is one run of a point. Its pair is the repetition, from 0.
type SweepSample struct {
	Sample
	Offered  float64  `json:"offered_per_s"`
	Backlog  float64  `json:"backlog"`
	Busy     float64  `json:"busy,omitempty"`
	Overload string   `json:"overload,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// SweepKnee is where throughput over mean response is highest (Kleinrock, "Power and
// deterministic rules of thumb for probabilistic problems in computer
// communications", ICC 1979). It lies between the neighbours of that point.
type SweepKnee struct {
	Point int    `json:"point"`           // index
	Again int    `json:"again,omitempty"` // index of another point nearly as high, beyond a dip: the knee is unclear
	Edge  string `json:"edge,omitempty"`  // "first" or "last": the highest is at the end of the curve, where there may be none
}

// SweepFound is what a search for the highest value came to.
type SweepFound struct {
	Value     string `json:"value,omitempty"`      // the highest that met the objective; "" = none did
	Above     string `json:"above,omitempty"`      // the lowest tried above that did not; "" = none was tried
	Confirmed int    `json:"confirmed"`            // runs behind either bound, the fewer
	Unsettled bool   `json:"unsettled,omitempty"`  // the bounds still moved when they were tried again
	Doubts    string `json:"monotonous,omitempty"` // values on the wrong side of the bounds
	Tries     int    `json:"tries"`                // values
}
