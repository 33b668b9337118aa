package elections

import (
	"errors"
	"fmt"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
)

// Config is one setting: result.ElectionConfig.
type Config = result.ElectionConfig

// Networks that trials go over.
const (
	NetworkSim    = "" // virtual time
	NetworkInproc = bench.NetworkInproc
	NetworkTCP    = bench.NetworkTCP
)

// Bounds of a setting.
const (
	MaxTrials = 1_000_000
	maxTime   = time.Hour
)

// Defaults is the setting of consbench elections without a flag. Pre-vote and
// check-quorum are off, unlike in runs: what is published on elections was
// measured without them.
func Defaults() Config {
	return Config{
		Protocol: "raft", Nodes: 5, Start: result.StartCrash, Logs: result.LogsEqual, Trials: 1000, Seed: 42,
		ElectionMin: 150 * time.Millisecond, ElectionMax: 300 * time.Millisecond, Heartbeat: 75 * time.Millisecond,
		DelayMin: time.Millisecond, DelayMax: time.Millisecond, GiveUp: time.Minute,
	}
}

// survivors is how many servers take part in the election.
func survivors(c *Config) int {
	if c.Start == result.StartCrash {
		return c.Nodes - c.Down - 1
	}
	return c.Nodes - c.Down
}

// Check reports every field of c that cannot work, each as a [bench.FieldError],
// joined. p is the protocol that c names.
func Check(c *Config, p *smr.Protocol) error {
	var errs []error
	add := func(bad bool, flag, format string, args ...any) {
		if bad {
			errs = append(errs, &bench.FieldError{Flag: flag, Msg: fmt.Sprintf(format, args...)})
		}
	}
	d := workload.FormatDuration
	add(p.Leaderless, "protocol", "%s elects no leader: any replica may propose", p.Name)
	add(c.Start != result.StartCrash && c.Start != result.StartFresh, "start", "%q is not crash or fresh", c.Start)
	add(c.Logs != result.LogsEqual && c.Logs != result.LogsDistinct, "logs", "%q is not equal or distinct", c.Logs)
	add(c.Network != NetworkSim && c.Network != NetworkInproc && c.Network != NetworkTCP, "network", "%q is not one of sim, inproc, tcp", c.Network)
	add(c.Trials < 1 || c.Trials > MaxTrials, "trials", "%d is not in 1 to %d", c.Trials, MaxTrials)
	add(c.ElectionMin <= 0 || c.ElectionMax < c.ElectionMin, "election-timeout", "%s-%s is not a range of positive times, lower end first", d(c.ElectionMin), d(c.ElectionMax))
	add(c.ElectionMax > maxTime, "election-timeout", "%s is longer than %s", d(c.ElectionMax), d(maxTime))
	add(c.Heartbeat <= 0, "heartbeat", "%s is not positive", d(c.Heartbeat))
	add(c.ElectionMin > 0 && c.Heartbeat >= c.ElectionMin, "heartbeat", "%s is not below the shortest election timeout, %s: followers would depose every leader", d(c.Heartbeat), d(c.ElectionMin))
	add(c.DelayMin < 0 || c.DelayMax < c.DelayMin || c.DelayMax > maxTime, "delay", "%s-%s is not a range of delays from 0s to %s", d(c.DelayMin), d(c.DelayMax), d(maxTime))
	add(c.CandidatePersistMin < 0 || c.CandidatePersistMax < c.CandidatePersistMin || c.CandidatePersistMax > maxTime,
		"candidate-persist", "%s-%s is not a range of times from 0s to %s", d(c.CandidatePersistMin), d(c.CandidatePersistMax), d(maxTime))
	add(c.VoterPersist < 0 || c.VoterPersist > maxTime, "voter-persist", "%s is not in 0s to %s", d(c.VoterPersist), d(maxTime))
	add(c.GiveUp <= 0 || c.GiveUp > 24*time.Hour, "give-up", "%s is not in 1ns to 24h", d(c.GiveUp))
	if c.Nodes < 1 || c.Nodes > smr.MaxNodes {
		add(true, "nodes", "%d is not a cluster: 1 to %d nodes", c.Nodes, smr.MaxNodes)
		return errors.Join(errs...)
	}
	add(c.Down < 0, "down", "%d is not a number of servers", c.Down)
	crashed := ""
	if c.Start == result.StartCrash {
		crashed = " and the leader's crash"
	}
	most := c.Nodes - c.Nodes/2 - 1 - (c.Nodes - c.Down - survivors(c))
	switch {
	case most < 0:
		add(true, "nodes", "%d with their leader crashed have no majority: nobody could be elected", c.Nodes)
	case c.Down > most:
		add(true, "down", "%d dead servers%s leave no majority of %d: at most %d", c.Down, crashed, c.Nodes, most)
	}
	return errors.Join(errs...)
}
