package smrtest

import (
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// drawOptions draws a cluster from the seed. Some seeds are stormy: elections in
// quick succession, and crashes right after a vote.
func (s *settings) drawOptions(seed uint64) Options {
	o := Options{Seed: seed, LogMatching: s.logMatching}
	rng := newRand(seed ^ 0x5ca1ab1e)
	pick := func(times ...smr.Time) smr.Time { return times[rng.IntN(len(times))] }
	o.Nodes = []int{1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7}[rng.IntN(12)]

	o.Link.Delay.Max = pick(100e3, 1e6, 5e6)
	o.Link.Delay.Min = pick(0, o.Link.Delay.Max/2, o.Link.Delay.Max)
	o.Sync.Max = pick(0, 0, 500e3, 5e6)
	o.Sync.Min = pick(0, o.Sync.Max)
	o.Lag = pick(0, 0, 100e3)
	o.Late = float64(pick(0, 0, 1, 3)) / 10

	cfg := DefaultConfig()
	cfg.ElectionMin = 10*(o.Link.Delay.Max+o.Sync.Max+o.Lag) + 20e6
	cfg.ElectionMax = cfg.ElectionMin * pick(3, 4, 6) / 2
	if s.stormy = s.allowed&LeaderCrashes != 0 && rng.IntN(4) == 0; s.stormy {
		if !s.protocol.Leaderless {
			cfg.ElectionMax = cfg.ElectionMin + 2*o.Link.Delay.Max
		}
		o.Link.Delay.Min, o.Link.Dup, o.Link.Reorder = 0, 0.3, 0.3
		if rng.IntN(3) > 0 {
			o.Nodes = 3
		}
	}
	cfg.Heartbeat = cfg.ElectionMin / pick(2, 3, 8)
	cfg.PreVote, cfg.CheckQuorum = rng.IntN(2) > 0, rng.IntN(2) > 0
	cfg.MaxFrame = int(pick(4<<10, 4<<10, 16<<10))
	cfg.Inflight = cfg.MaxFrame * int(pick(1, 2, 8))
	cfg.Retain = int(pick(0, 1<<10, 8<<10, 64<<10))
	o.Compact = max(2*cfg.Retain, int(pick(2<<10, 8<<10)))
	if s.protocol.Flexible && rng.IntN(3) == 0 {
		cfg.Q1 = 1 + rng.IntN(o.Nodes)
		cfg.Q2 = o.Nodes + 1 - cfg.Q1 + rng.IntN(cfg.Q1)
	}
	o.Config = cfg
	return o
}

// describe says in one line what a seed draws.
func (s *settings) describe(seed uint64) string {
	o := s.drawOptions(seed)
	c := &o.Config
	return fmt.Sprintf("%s n=%d election=%v-%v heartbeat=%v delay=%v-%v sync=%v-%v lag=%v late=%.1f pre-vote=%v check-quorum=%v max-frame=%d inflight=%d retain=%d compact=%d q1=%d q2=%d:",
		s.protocol.Name, o.Nodes, c.ElectionMin, c.ElectionMax, c.Heartbeat, o.Link.Delay.Min, o.Link.Delay.Max, o.Sync.Min, o.Sync.Max, o.Lag, o.Late,
		c.PreVote, c.CheckQuorum, c.MaxFrame, c.Inflight, c.Retain, o.Compact, c.Q1, c.Q2)
}

// fault does something to the cluster and comes back.
func (s *schedule) fault() {
	if !s.faults || s.err != nil {
		return
	}
	s.After(s.gap(s.intensity), s.fault)
	n := s.Nodes()
	i := s.rng.IntN(n)
	if l := s.Leader(); l >= 0 && s.rng.IntN(2) == 0 {
		i = l
	}
	for range 20 { // until one is drawn that is allowed
		var need Faults
		var do func()
		switch s.rng.IntN(12) {
		case 0, 1, 2:
			need, do = Crashes, func() { s.arm(i) }
		case 3:
			need, do = LeaderCrashes, s.powerFailure
		case 4:
			need, do = Cuts, func() { s.isolate(i) }
		case 5:
			need, do = Cuts, s.partition
		case 6:
			need, do = Cuts, func() { s.Cut(i, s.rng.IntN(n), true) }
		case 7:
			need, do = Pauses, func() { s.pause(i) }
		case 8:
			need, do = Losses, func() { s.opts.Link.Loss = s.share(0.4) }
		case 9:
			need, do = Duplicates, func() { s.opts.Link.Dup = s.share(0.3) }
		case 10:
			need, do = Reorders, func() { s.opts.Link.Reorder = s.share(0.5) }
		case 11:
			do = s.Heal
		}
		if s.allowed&need == need {
			do()
			return
		}
	}
}

// share draws a share of frames, often none.
func (s *schedule) share(most float64) float64 {
	return max(0, s.rng.Float64()*1.5-0.5) * most
}

// arm makes replica i crash at a boundary of its next turn that has output, and
// restart some time later.
func (s *schedule) arm(i int) {
	r := s.replicas[i]
	if !r.up || r.crashAt != nowhere || r.status.Role == smr.Leader && s.allowed&LeaderCrashes == 0 {
		return
	}
	r.crashAt = boundary(1 + s.rng.IntN(boundaries-1))
	r.keep = s.keep()
	s.restart(i, r)
}

// keep draws how many records a crash leaves of those not durable: mostly none.
func (s *schedule) keep() int { return max(0, s.rng.IntN(8)-4) }

// restart brings a replica back later, whether it has crashed by then or not.
func (s *schedule) restart(i int, r *replica) {
	s.After(s.gap(s.intensity), func() {
		switch {
		case !s.faults:
		case r.up:
			r.crashAt = nowhere
		default:
			s.wipe(i)
			s.Restart(i)
		}
	})
}

// strike decides, in a storm, whether r crashes now that it has sent rd: often
// when it has just voted. It comes back so soon that a late or doubled request
// of the same election finds it.
func (s *schedule) strike(r *replica, rd *smr.Ready) bool {
	odds := 400
	for i := range rd.Frames {
		if rd.Frames[i].Kind == smr.Election {
			switch {
			case s.protocol.Leaderless: // there they are half of all
				odds = 60
			case r.status.Role == smr.Follower:
				odds = 3
			default:
				odds = 12
			}
		}
	}
	if len(rd.Frames) == 0 || s.rng.IntN(odds) > 0 {
		return false
	}
	r.keep = 0
	s.After(s.draw(Range{0, s.opts.Link.Delay.Max}), func() { s.Restart(r.pos) })
	return true
}

// dethrone crashes whoever leads, in a storm, and comes back.
func (s *schedule) dethrone() {
	if !s.faults || s.err != nil {
		return
	}
	s.After(s.gap(s.opts.Config.ElectionMax), s.dethrone)
	if l := s.Leader(); l >= 0 {
		s.Crash(l, 0)
		s.After(s.draw(Range{0, s.opts.Config.ElectionMax}), func() { s.Restart(l) })
	}
}

func (s *schedule) powerFailure() {
	for i, r := range s.replicas {
		s.Crash(i, s.keep())
		s.restart(i, r)
	}
}

func (s *schedule) isolate(i int) {
	for j := range s.Nodes() {
		if j != i {
			s.Cut(i, j, true)
			s.Cut(j, i, true)
		}
	}
}

// partition cuts the cluster in two, sometimes in one direction only.
func (s *schedule) partition() {
	oneWay := s.rng.IntN(3) == 0
	side := s.rng.Uint64()
	for i := range s.Nodes() {
		for j := range s.Nodes() {
			if side>>i&1 == 0 && side>>j&1 == 1 {
				s.Cut(i, j, true)
				s.Cut(j, i, !oneWay)
			}
		}
	}
}

func (s *schedule) pause(i int) {
	s.Pause(i)
	s.After(s.gap(s.intensity), func() { s.Resume(i) })
}
