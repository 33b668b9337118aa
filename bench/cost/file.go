package cost

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// File is a model and where it comes from, schema consbench.cost/v1.
type File struct {
	Schema   string       `json:"schema"`
	About    string       `json:"about"`              // the machine, or why these figures
	Network  string       `json:"network,omitempty"`  // of the runs that it was fitted to
	Protocol string       `json:"protocol,omitempty"` // likewise
	Model    Model        `json:"model"`
	Errors   *Model       `json:"standard_errors,omitempty"` // of the times
	Fitted   []Comparison `json:"fitted,omitempty"`          // the runs that it was fitted to
	Held     []Comparison `json:"held_out,omitempty"`        // runs that it was not
}

// Comparison is one run, measured and as the model has it.
type Comparison struct {
	Run        string     `json:"run"`                 // its flags
	Throughput [2]float64 `json:"throughput_per_s"`    // measured, predicted
	P50        [2]float64 `json:"p50_ns"`              // of response latency
	Disturbed  bool       `json:"disturbed,omitempty"` // other programs were busy while it was measured
}

//go:embed models/*.json
var models embed.FS

// Names are the built-in models.
func Names() (out []string) {
	entries, err := fs.ReadDir(models, "models")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".json"))
	}
	slices.Sort(out)
	return out
}

// Builtin is the built-in model of that name, nil if there is none.
func Builtin(name string) *Model {
	data, err := models.ReadFile(path.Join("models", name+".json"))
	if err != nil {
		return nil
	}
	f := new(File)
	if err := json.Unmarshal(data, f); err != nil {
		panic(fmt.Sprintf("cost: model %s: %v", name, err))
	}
	return &f.Model
}
