package raft

import (
	"testing"
	"time"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/timer"
)

// before is what a server had before a frame.
type before struct {
	election timer.Election
	term     uint64
	vote     smr.NodeID
}

// otherTimers is a Raft server whose election timer keeps another rule, which is
// applied after every frame.
type otherTimers struct {
	*core
	rule func(c *core, now smr.Time, b before)
}

func (o *otherTimers) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	b := before{o.election, o.term, o.vote}
	err := o.core.Step(now, from, frame)
	if o.role != smr.Leader {
		o.rule(o.core, now, b)
	}
	return err
}

// TestTimerRuleDecidesFigure16: the rule of when election timers restart is what the
// published distributions depend on. With the right one they are met; a server that
// restarts its timer when it only learns of a higher term, or that does not when it
// grants a vote, misses them.
func TestTimerRuleDecidesFigure16(t *testing.T) {
	rules := []struct {
		name string
		met  bool
		at   time.Duration // the range that begins there tells
		rule func(c *core, now smr.Time, b before)
	}{
		{"as it is", true, 150 * time.Millisecond, func(*core, smr.Time, before) {}},
		{"a learned term restarts the timer", false, 150 * time.Millisecond, func(c *core, now smr.Time, b before) {
			if c.term > b.term {
				c.election.Restart(now)
			}
		}},
		{"a granted vote does not restart it", false, 12 * time.Millisecond, func(c *core, _ smr.Time, b before) {
			if c.leader == smr.None && c.vote != smr.None && c.vote != c.cfg.ID && (c.term > b.term || b.vote == smr.None) {
				c.election = b.election
			}
		}},
	}
	for _, r := range rules {
		protocol := Protocol
		protocol.New = func(cfg smr.Config) (smr.Core, error) {
			c, err := New(cfg)
			if err != nil {
				return nil, err
			}
			return &otherTimers{c.(*core), r.rule}, nil
		}
		base := elections.Defaults()
		base.Trials = 500
		if testing.Short() {
			if r.met { // bench/elections has it
				continue
			}
			base.Trials = 50
		}
		settings, published, err := elections.Figure16(base)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range settings {
			if c.ElectionMin != r.at || c.ElectionMax != 2*r.at {
				continue
			}
			samples, err := elections.Run(t.Context(), c, protocol, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := elections.Hold(published[i], samples)
			if p.OK != r.met {
				t.Errorf("%s: %v-%v: gap %.3f, median off by %+.3f: within the limits: %v", r.name, c.ElectionMin, c.ElectionMax, *p.Gap, *p.Median, p.OK)
			}
			t.Logf("%s: %v-%v: gap %.3f, median off by %+.3f", r.name, c.ElectionMin, c.ElectionMax, *p.Gap, *p.Median)
		}
	}
}
