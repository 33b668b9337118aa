package elections_test

import (
	"testing"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/raft"
)

// BenchmarkTrials: 10,000 trials on one core should take less than 10 s.
func BenchmarkTrials(b *testing.B) {
	c := elections.Defaults()
	c.Logs, c.Trials = "distinct", b.N
	b.ReportAllocs()
	if _, err := elections.Run(b.Context(), c, raft.Protocol, nil); err != nil {
		b.Fatal(err)
	}
}
