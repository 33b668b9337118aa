package main

import (
	"fmt"
	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/stat"
	"time"
)

const schema = "consbench.trial/v1"

// Settings say what to try.
type Settings struct {
	Protocol     string        `json:"protocol"`
	Network      string        `json:"network"`
	Clients      int           `json:"clients"`
	Pairs        int           `json:"pairs"`         // of a batch
	Comparisons  int           `json:"comparisons"`   // live, of the protocol with itself
	Resamples    int           `json:"resamples"`     // drawn from recorded pairs
	Injected     int           `json:"injected"`      // pairs recorded with the change in them
	LiveInjected int           `json:"live_injected"` // live comparisons with the change in them
	Duration     time.Duration `json:"duration_ns"`
	Warmup       time.Duration `json:"warmup_ns"`
	Seed         uint64        `json:"seed"`
	Quick        bool          `json:"quick,omitempty"` // proves nothing
	Budget       time.Duration `json:"budget_ns"`       // of one call; -resume may have another
}

func defaults() Settings {
	return Settings{
		Protocol: "raft", Network: bench.NetworkInproc, Clients: 64, Pairs: 20, Comparisons: 40, Resamples: 2000, Injected: 200, LiveInjected: 3,
		Duration: 200 * time.Millisecond, Warmup: 100 * time.Millisecond, Seed: 42, Budget: 20 * time.Minute,
	}
}

// quick is a trial of the trial.
func (s Settings) quick() Settings {
	s.Pairs, s.Comparisons, s.Resamples, s.Injected, s.LiveInjected = 8, 3, 100, 12, 1
	s.Duration, s.Warmup, s.Quick = 100*time.Millisecond, 50*time.Millisecond, true
	return s
}

// What the trial asks for.
const (
	leastComparisons = 40
	leastRecorded    = 200
	leastResamples   = 2000
	leastInjected    = 100  // pairs, where time is short
	leastPairs       = 10   // of a live batch, where time is short
	mostFalse        = 0.01 // of resampled comparisons
	leastCaught      = 0.95
	block            = 5    // neighbours that are drawn together
	aim              = 1.08 // of the change that is to be seen, since a recorded one is known to some percent only
	most             = 1.2  // of it, beyond which it would be too easy
)

func (s Settings) check() error {
	if s.Budget <= 0 {
		return fmt.Errorf("-budget: %v is no time", s.Budget)
	}
	if s.Pairs < stat.MinPairs || s.Comparisons < 1 || s.Resamples < 1 || s.Injected < stat.MinPairs || s.LiveInjected < 0 {
		return fmt.Errorf("needs at least %d -pairs and -injected, one of -comparisons and -resamples", stat.MinPairs)
	}
	if s.Network != bench.NetworkInproc && s.Network != bench.NetworkTCP {
		return fmt.Errorf("-network: %q is not inproc or tcp: a trial is of live runs", s.Network)
	}
	c := s.config()
	return c.Validate(protocols)
}

// config is that of gate's live runs, with shorter timers: in a short run the wait
// for the first leader would take half of the time.
func (s Settings) config() bench.Config {
	c := bench.Defaults()
	c.Protocols, c.Network, c.Clients, c.Seed = []string{s.Protocol}, s.Network, s.Clients, s.Seed
	c.Duration, c.Warmup, c.Retain = s.Duration, s.Warmup, 1<<20
	c.ElectionMin, c.ElectionMax, c.Heartbeat = 80*time.Millisecond, 120*time.Millisecond, 20*time.Millisecond
	return c
}
