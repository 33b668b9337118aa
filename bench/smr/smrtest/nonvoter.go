package smrtest

import (
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// Wipe takes everything from the log of replica i, which is down: from now on it is a
// non-voter.
func (w *World) Wipe(i int) {
	r := w.replicas[i]
	if r.up {
		w.fail(r, "wiped while it runs")
		return
	}
	r.disk = disk{}
	r.promised, r.status, r.keep = r.promised[:0], smr.Status{}, 0
	r.config.NonVoter = true
}

// voters is how many replicas have never been wiped.
func (w *World) voters() (n int) {
	for _, r := range w.replicas {
		if !r.config.NonVoter {
			n++
		}
	}
	return n
}

// wiping makes random schedules wipe replicas that are down, as many as the others
// can do without.
func wiping(s *settings) { s.wipes = true }

// wipe wipes replica i now and then.
func (s *schedule) wipe(i int) {
	if s.wipes && (s.replicas[i].config.NonVoter || s.voters() > s.needed()) && s.rng.IntN(3) == 0 {
		s.Wipe(i)
	}
}

// NonVoters demands that a replica that has lost its log follows and is in no quorum:
// with two voters of three, one of them down, nothing is committed and nobody elected.
// Random schedules that wipe replicas follow.
func NonVoters(t *testing.T, p smr.Protocol, first uint64, n int, opts ...Option) {
	t.Helper()
	s := settingsOf(p, opts)
	for _, lost := range []int{1, 2} {
		if err := withNonVoter(p, lost, s.allowed&LeaderCrashes != 0); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if s.allowed&LeaderCrashes != 0 {
		if err := lastCopy(p); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if s.allowed&Crashes != 0 {
		Random(t, p, first, n, append(opts, wiping)...)
	}
}

// withNonVoter runs a cluster of three in which the follower so many places behind the
// leader loses its log.
func withNonVoter(p smr.Protocol, place int, leaderMayCrash bool) error {
	w, leader, err := calm(p, 3, 1e6, func(o *Options) { o.Config.CheckQuorum = place == 2 })
	if err != nil {
		return err
	}
	lost, other := (leader+place)%3, (leader+3-place)%3
	patience := 20 * w.replicas[0].config.ElectionMax
	commit := func(at int, n uint64) bool {
		goal := w.check.acked + n
		for w.check.acked < goal {
			before := w.check.acked
			if _, err := w.Propose(at, 64); err != nil || !w.RunUntil(w.now+patience, func() bool { return w.check.acked > before }) {
				return false
			}
		}
		return true
	}
	serves := func() bool {
		return p.Leaderless || w.RunUntil(w.now+patience, func() bool {
			if l := w.Leader(); l >= 0 {
				leader = l
			}
			return w.Leader() >= 0 && w.Status(leader).Commit == w.Status(leader).Last
		})
	}
	abreast := func() bool { return w.replicas[lost].applied == w.check.last() }
	for range 2 { // it may lose its log twice
		if !commit(leader, 20) {
			return fmt.Errorf("no progress: %v%v", w.err, w)
		}
		w.Crash(lost, 0)
		w.Wipe(lost)
		w.Restart(lost)
		if !commit(leader, 20) || !w.RunUntil(w.now+patience, abreast) {
			return fmt.Errorf("n%d has lost its log and does not catch up: %v%v", lost+1, w.err, w)
		}
	}
	if _, err := w.Propose(lost, 64); err != smr.ErrNotLeader {
		return fmt.Errorf("n%d has lost its log and proposes: %v", lost+1, err)
	}

	w.Crash(other, 0)
	before := w.check.acked
	_, err = w.Propose(leader, 64) // a leader may have stepped down by itself
	w.Run(w.now + patience)
	if w.check.acked > before {
		return fmt.Errorf("committed by n%d and n%d, which has lost its log%v", leader+1, lost+1, w)
	}
	if leaderMayCrash && w.replicas[leader].config.CheckQuorum && w.Leader() >= 0 {
		return fmt.Errorf("n%d takes n%d, which has lost its log, for a quorum%v", leader+1, lost+1, w)
	}
	w.Restart(other)
	if !serves() || err == nil && !w.RunUntil(w.now+patience, func() bool { return len(w.replicas[leader].open) == 0 }) {
		return fmt.Errorf("no progress with two voters: %v%v", w.err, w)
	}
	if !leaderMayCrash {
		return w.err
	}
	other = 3 - leader - lost
	w.Crash(leader, 0)
	chosen := w.Chosen()
	w.Run(w.now + patience)
	if l := w.Leader(); l >= 0 || w.Chosen() > chosen {
		return fmt.Errorf("n%d leads and %d entries were chosen by n%d and n%d, which has lost its log%v", l+1, w.Chosen()-chosen, other+1, lost+1, w)
	}
	w.Restart(leader)
	if !serves() || !commit(leader, 1) || !w.RunUntil(w.now+patience, abreast) {
		return fmt.Errorf("no progress with two voters again: %v%v", w.err, w)
	}
	return w.err
}

// lastCopy runs a cluster of three in which a follower acknowledges what the leader
// alone has beside it, and then loses its log. Without the leader the other two must
// decide nothing, or they would decide it again; with it they must go on.
func lastCopy(p smr.Protocol) error {
	w, leader, err := calm(p, 3, 1e6, nil)
	if err != nil {
		return err
	}
	lost, other := (leader+1)%3, (leader+2)%3
	patience := 20 * w.replicas[0].config.ElectionMax
	w.Crash(other, 0)
	for range 10 {
		if _, err := w.Propose(leader, 64); err != nil {
			return err
		}
	}
	if !w.RunUntil(w.now+patience, func() bool { return w.check.acked >= 10 }) {
		return fmt.Errorf("no progress of two: %v%v", w.err, w)
	}
	w.Crash(leader, 0)
	w.Crash(lost, 0)
	w.Wipe(lost)
	w.Restart(lost)
	w.Restart(other)
	w.Run(w.now + patience/20)
	_, _ = w.Propose(other, 64) // refused, where leaders are elected
	w.Run(w.now + patience)
	w.Restart(leader)
	if !w.RunUntil(w.now+patience, func() bool {
		last := w.check.last()
		return w.replicas[0].applied == last && w.replicas[1].applied == last && w.replicas[2].applied == last && len(w.replicas[other].open) == 0
	}) {
		return fmt.Errorf("no progress with the last copy back: %v%v", w.err, w)
	}
	return w.err
}
