package elections_test

import (
	"testing"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/raft"
)

// TestFigure16 holds every range of the figure; make figure16 does with 10,000 trials.
func TestFigure16(t *testing.T) {
	base := elections.Defaults()
	base.Trials = 1000
	settings, published, err := elections.Figure16(base)
	if err != nil || len(settings) != 10 {
		t.Fatalf("%d settings, %v", len(settings), err)
	}
	if testing.Short() { // one range of each kind
		settings, published = append(settings[:1], settings[5]), append(published[:1], published[5])
		settings[0].Trials, settings[1].Trials = 2, 300
	}
	for i, c := range settings {
		if err := elections.Check(&c, &raft.Protocol); err != nil {
			t.Fatal(err)
		}
		samples, err := elections.Run(t.Context(), c, raft.Protocol, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := elections.Hold(published[i], samples)
		t.Logf("%v-%v: %s", c.ElectionMin, c.ElectionMax, outcome(p))
		if !p.OK {
			t.Errorf("%v-%v: not as published: %s", c.ElectionMin, c.ElectionMax, outcome(p))
		}
		if c.Start != result.StartCrash || c.Logs != result.LogsDistinct || c.Heartbeat != c.ElectionMin/2 {
			t.Errorf("%v-%v: another experiment: %+v", c.ElectionMin, c.ElectionMax, c)
		}
	}
}
