package smrtest

import (
	"flag"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

var (
	flagSeed     = flag.Uint64("smrtest.seed", 0, "run only this seed of the random schedules")
	flagSeeds    = flag.Int("smrtest.seeds", 0, "how many random schedules to run (default 150, with -short 8)")
	flagProtocol = flag.String("smrtest.protocol", "", "run the suite for this protocol only")
)

// Faults is a set of things that random schedules may do to a cluster.
type Faults uint

const (
	Crashes       Faults = 1 << iota // replicas lose what is not durable, and restart
	LeaderCrashes                    // the leader too, and all at once
	Losses
	Duplicates
	Reorders
	Cuts // of directed links
	Pauses
	AllFaults = 1<<iota - 1
)

// Random runs schedules with the seeds first to first+n-1, or the one that
// -smrtest.seed names: a cluster and faults drawn from the seed, proposals
// meanwhile, all invariants checked at every step; then all is healed, and the
// cluster must make progress and agree.
func Random(t *testing.T, p smr.Protocol, first uint64, n int, opts ...Option) {
	t.Helper()
	s := settingsOf(p, opts)
	if *flagSeed != 0 {
		first, n = *flagSeed, 1
	} else if *flagSeeds > 0 {
		n = *flagSeeds
	}
	var events, chosen uint64
	for seed := first; seed < first+uint64(n); seed++ {
		w, err := Schedule(p, seed, opts...)
		if err != nil {
			t.Fatalf("%s seed %d: %v\nreplay: go test . -run '%s' -smrtest.seed=%d -smrtest.protocol=%s", s.describe(seed), seed, err, t.Name(), seed, p.Name)
		}
		events += w.Events
		chosen += w.Chosen()
	}
	t.Logf("%d schedules, %d events, %d entries chosen", n, events, chosen)
}

// schedule is one random run.
type schedule struct {
	*World
	settings
	faults    bool // still to come
	intensity smr.Time
	rate      smr.Time // mean time between proposals
}

// Schedule runs one random schedule and returns its world.
func Schedule(p smr.Protocol, seed uint64, opts ...Option) (w *World, err error) {
	s := &schedule{settings: settingsOf(p, opts)}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			if s.World != nil {
				err = fmt.Errorf("at %v: %w", s.now, err)
			}
		}
	}()
	o := s.drawOptions(seed)
	s.World, err = NewWorld(p, o)
	if err != nil {
		return s.World, err
	}
	return s.World, s.run()
}

func (s *schedule) run() error {
	cfg := &s.opts.Config
	s.faults = true
	s.intensity = cfg.ElectionMax * smr.Time(1+s.rng.IntN(4)) / 2
	s.rate = cfg.ElectionMin / smr.Time(2+s.rng.IntN(60))
	span := 12 * cfg.ElectionMax
	if s.stormy {
		s.storm = s.strike
		if !s.Protocol.Leaderless {
			span = 40 * cfg.ElectionMax
			s.After(s.gap(cfg.ElectionMax), s.dethrone)
		}
	}
	if s.rng.IntN(4) > 0 { // else: faults before there was ever a leader
		s.RunUntil(s.now+20*cfg.ElectionMax, func() bool { return s.Leader() >= 0 || s.Protocol.Leaderless })
	}
	s.After(0, s.propose)
	s.After(s.gap(s.intensity), s.fault)
	s.Run(s.now + span)
	s.faults = false
	s.heal()
	return s.converge()
}

// heal undoes all faults but for a minority that may stay down for a while.
func (s *schedule) heal() {
	s.Heal()
	s.storm = nil
	n := s.Nodes()
	down := 0
	spare := s.voters() - s.needed()
	for _, i := range s.rng.Perm(n) {
		r := s.replicas[i]
		r.crashAt = nowhere
		if r.paused {
			s.Resume(i)
		}
		if !r.up && (r.config.NonVoter || down >= spare || s.rng.IntN(2) == 0) {
			s.Restart(i)
		}
		if !r.up {
			down++
		}
	}
}

// needed is how many replicas must be up for progress.
func (s *schedule) needed() int {
	q1, q2 := s.replicas[0].config.Quorums()
	return max(q1, q2)
}

// converge demands progress, first of those that are up, then of all.
func (s *schedule) converge() error {
	patience := 60 * s.opts.Config.ElectionMax
	if s.stormy {
		patience *= 50 // with next to no randomness votes split many times
	}
	for range 2 {
		if s.err != nil {
			return s.err
		}
		limit := s.now + patience
		goal := s.check.acked + 10
		if !s.RunUntil(limit, func() bool { return s.check.acked >= goal }) && s.err == nil {
			return fmt.Errorf("at %v: no progress after all faults were undone: %s", s.now, s.World)
		}
		for i := range s.replicas {
			s.Restart(i)
		}
	}
	s.rate = smr.Never // no more proposals
	limit := s.now + patience
	if !s.RunUntil(limit, s.agreed) && s.err == nil {
		return fmt.Errorf("at %v: replicas do not converge: %s", s.now, s.World)
	}
	return s.err
}

// agreed reports whether all replicas have applied the same, and every proposal
// has ended.
func (s *schedule) agreed() bool {
	for _, r := range s.replicas {
		if r.applied != s.check.last() || len(r.open) > 0 || r.digest != s.check.digest(r.applied) {
			return false
		}
	}
	return true
}

// String says where each replica stands.
func (w *World) String() string {
	out := ""
	for i, r := range w.replicas {
		state := r.status.Role.String()
		switch {
		case !r.up:
			state = "down"
		case r.paused:
			state = "paused"
		}
		out += fmt.Sprintf("\n  n%d %s term %d leader %v log [%d, %d] commit %d durable %d, %d proposals open",
			i+1, state, r.status.Term, r.status.Leader, r.status.First, r.status.Last, r.status.Commit, r.status.Durable, len(r.open))
	}
	return out
}

// gap draws an exponential time with the given mean.
func (s *schedule) gap(mean smr.Time) smr.Time {
	return min(smr.Time(s.rng.ExpFloat64()*float64(mean)), 20*mean)
}

// propose makes some proposals and comes back.
func (s *schedule) propose() {
	if s.rate == smr.Never {
		return
	}
	s.After(s.gap(s.rate), s.propose)
	i := s.rng.IntN(s.Nodes())
	if l := s.Leader(); l >= 0 && s.rng.IntN(8) > 0 {
		i = l
	}
	burst := 1
	if s.rng.IntN(8) == 0 {
		burst += s.rng.IntN(16)
	}
	batched := s.rng.IntN(2) == 0 // one Ready for all, or one for each
	r := s.replicas[i]
	for range burst {
		if !r.up || r.paused || s.err != nil {
			return
		}
		size := 8 + s.rng.IntN(64)
		if s.rng.IntN(16) == 0 {
			size = 8 + s.rng.IntN(s.opts.Config.MaxFrame-smr.Overhead-7)
		}
		if _, err := s.offer(i, size); err != nil {
			break
		}
		if !batched {
			r.input()
		}
	}
	if r.up {
		r.input()
	}
}
