package paxos

import (
	"testing"

	"github.com/consbench/consbench/bench/smr/smrtest"
)

var multiOptions = []smrtest.Option{smrtest.Scripts("testdata/multi"), smrtest.Describe(Multi.Describe)}

func TestMultiConformance(t *testing.T) { smrtest.Run(t, Multi, multiOptions...) }

func FuzzMultiStep(f *testing.F) { smrtest.FuzzStep(f, Multi) }
