package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Phase is where a run is.
type Phase string

// The phases of a run, in order.
const (
	Electing  Phase = "electing"
	WarmingUp Phase = "warm-up"
	Measuring Phase = "measuring"
	Draining  Phase = "draining"
	Checking  Phase = "checking"
)

// Progress is told now and then, at most a few times a second of wall-clock
// time, how a run is doing. It is called from one goroutine.
type Progress func(Update)

// Update is one report of progress.
type Update struct {
	Protocol      string
	Phase         Phase
	Elapsed, Of   time.Duration // in the run's own time, of this phase
	Acknowledged  uint64        // so far, in the measured window
	RatePerSecond float64       // since the last update
}

// ErrInterrupted is returned with a partial result when ctx ended a run early.
var ErrInterrupted = errors.New("interrupted")

// Run carries out cfg, one protocol after another, and returns what was measured.
// The file is never nil when the error is nil or [ErrInterrupted]. A run that
// could not be carried out has its Error set; if none could, that is the error. A
// run whose verdict is INCORRECT is no error: the caller reads the verdict.
//
// Run sets the garbage collector's percentage for the process while it lasts, and
// GOMAXPROCS where logs are files.
func Run(ctx context.Context, cfg Config, known []smr.Protocol, progress Progress) (*result.File, error) {
	if err := cfg.Validate(known); err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(cfg.GOGC))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cfg.processors()))
	raw, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	file := &result.File{
		Schema: result.Schema, Started: time.Now().UTC().Format(time.RFC3339), Config: raw,
		Environment: Describe(&cfg), Runs: []result.Run{},
	}
	file.Environment.Floors = Floors(cfg.Dir)
	if progress == nil {
		progress = func(Update) {}
	}
	var failures []error
	for i := range len(cfg.Protocols) * cfg.repetitions() {
		name, cfg, rep := cfg.repetition(i)
		runtime.GC() // each run begins with an empty heap, and with its pages
		run, err := runOne(ctx, &cfg, *find(known, name), progress)
		if run != nil {
			run.Rep = rep
			file.Runs = append(file.Runs, *run)
		}
		if errors.Is(err, context.Canceled) {
			file.Interrupted = true
			return file, ErrInterrupted
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			failures = append(failures, err)
			file.Runs = append(file.Runs, result.Run{Protocol: name, Network: cfg.Network, Nodes: cfg.Nodes, Seed: cfg.Seed, Rep: rep, Error: err.Error()})
		}
	}
	if len(failures) == len(cfg.Protocols)*cfg.repetitions() {
		return nil, errors.Join(failures...)
	}
	return file, nil
}

// repetitions is how many runs there are of each protocol.
func (c *Config) repetitions() int { return max(1, c.Repeat) }

// repetition is what run i of all is: every protocol meets the same seeds. rep
// counts from 1.
func (c Config) repetition(i int) (protocol string, cfg Config, rep int) {
	rep = i%c.repetitions() + 1
	protocol = c.Protocols[i/c.repetitions()]
	c.Seed += uint64(rep - 1)
	return protocol, c, rep
}
