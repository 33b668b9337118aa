package export

import (
	"testing"
	"time"

	"github.com/consbench/consbench/bench/result"
)

// TestElectionNames: settings that differ in anything have names of their own, and
// what all share stays out of them.
func TestElectionNames(t *testing.T) {
	base := result.ElectionConfig{
		Protocol: "raft", Nodes: 5, Start: "crash", Logs: "equal",
		ElectionMin: 150 * time.Millisecond, ElectionMax: 300 * time.Millisecond, DelayMin: time.Millisecond, DelayMax: time.Millisecond,
	}
	const name = "BenchmarkConsbench/elections/protocol=raft/nodes=5/timeout=150ms-300ms"
	for _, c := range []struct {
		change func(*result.ElectionConfig)
		a, b   string
	}{
		{func(c *result.ElectionConfig) { c.Logs = "distinct" }, "/logs=equal", "/logs=distinct"},
		{func(c *result.ElectionConfig) { c.DelayMax = 2 * time.Millisecond }, "/delay=1ms", "/delay=1ms-2ms"},
		{func(c *result.ElectionConfig) { c.Network = "tcp" }, "/network=sim", "/network=tcp"},
		{func(c *result.ElectionConfig) { c.Down = 2 }, "/down=0", "/down=2"},
	} {
		settings := []result.ElectionSetting{{Config: base}, {Config: base}}
		c.change(&settings[1].Config)
		if got := electionNames(settings); got[0] != name+c.a || got[1] != name+c.b {
			t.Errorf("%q, want %q and %q", got, name+c.a, name+c.b)
		}
	}
	if got := electionNames([]result.ElectionSetting{{Config: base}}); got[0] != name {
		t.Errorf("%q, want %q", got[0], name)
	}
}
