package raft

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestRandomSchedules lets servers crash, links fail and disks be slow, by seed.
func TestRandomSchedules(t *testing.T) {
	seeds := uint64(120)
	if testing.Short() {
		seeds = 20
	}
	chosen := 0
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { chosen += randomSchedule(t, seed) })
	}
	if chosen < 100*int(seeds) {
		t.Errorf("only %d entries were chosen under %d seeds: the test tests little", chosen, seeds)
	}
}

func randomSchedule(t *testing.T, seed uint64) (chosen int) {
	n := []int{1, 2, 3, 3, 5}[seed%5]
	cfg := testConfig(n)
	cfg.PreVote, cfg.CheckQuorum = seed&1 != 0, seed&2 != 0
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 16<<10, 8<<10
	l := links{delay: 2 * ms, jitter: 4 * ms, loss: 0.05, double: 0.05}
	if seed%3 != 0 {
		l.syncMin, l.sync = ms, 10*ms
	}
	if seed%4 != 0 {
		l.snapshotEvery = 40
	}
	w := newWorld(t, seed, cfg, l)
	for step := range 600 {
		w.run(ms * 5)
		s := w.servers[w.rng.IntN(n)]
		switch k := w.rng.IntN(100); {
		case k < 3:
			if s.up {
				w.crash(s)
			}
		case k < 8:
			w.restart(s)
		case k < 10:
			w.isolate(s, true)
		case k < 14:
			w.isolate(s, false)
		case k < 16:
			if s.up {
				s.core.Peer(w.now, w.cfg.Peers[w.rng.IntN(n)], w.rng.IntN(2) == 0)
				w.drain(s)
			}
		default:
			for _, s := range w.servers {
				if !s.up || s.role.Role != smr.Leader {
					continue
				}
				for i := range w.rng.IntN(6) {
					w.propose(s, fmt.Sprintf("%d/%d/%v%s", step, i, s.id, strings.Repeat("x", w.rng.IntN(1500))))
				}
				w.drain(s)
			}
		}
	}
	w.agree()
	return len(w.chosen)
}
