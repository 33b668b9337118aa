package bench

import (
	"math"
	"time"

	"github.com/consbench/consbench/bench/workload"
)

// phases are those of the open loop, none if it has none.
func (c *Config) phases() (out []workload.Phase) {
	for _, s := range c.Phases {
		p, err := workload.ParsePhase(s)
		if err != nil {
			return nil // Validate has told
		}
		out = append(out, p)
	}
	return out
}

// FollowPhases sets what follows from the phases: the length of the measured window
// and the mean rate.
func (c *Config) FollowPhases() {
	if phases := c.phases(); len(phases) > 0 {
		c.Duration = workload.Length(phases)
		c.Rate = float64(workload.MeanRate(phases))
	}
}

// openingRate is that of the warm-up: of the first phase in which commands arrive.
func (c *Config) openingRate() rate {
	if phases := c.phases(); len(phases) > 0 {
		return workload.OpeningRate(phases)
	}
	return rate(c.Rate)
}

func (c *Config) validatePhases() (errs []error) {
	if len(c.Phases) > workload.MaxPhases {
		return []error{wrong("phase", "%d phases are more than %d", len(c.Phases), workload.MaxPhases)}
	}
	for _, s := range c.Phases {
		if _, err := workload.ParsePhase(s); err != nil {
			errs = append(errs, wrong("phase", "%v", err))
		}
	}
	phases := c.phases()
	if len(errs) > 0 || len(phases) == 0 {
		return errs
	}
	length, mean := workload.Length(phases), float64(workload.MeanRate(phases))
	switch {
	case mean == 0:
		errs = append(errs, wrong("phase", "no commands arrive in any phase"))
	case c.Duration != length:
		errs = append(errs, wrong("duration", "%s is not the length of the phases together, %s: leave it out", workload.FormatDuration(c.Duration), workload.FormatDuration(length)))
	case math.Abs(c.Rate-mean) > 1e-9*mean:
		errs = append(errs, wrong("rate", "the phases say the rate: leave it out"))
	}
	return errs
}

// PhaseAt is the number, from 0, of the phase at an instant of the measured window.
func (c *Config) PhaseAt(t time.Duration) int {
	for i, p := range c.phases() {
		if t -= p.For; t < 0 {
			return i
		}
	}
	return len(c.Phases) - 1
}
