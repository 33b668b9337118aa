package paxos

import (
	"testing"

	"github.com/consbench/consbench/bench/smr/smrtest"
)

func TestMultiConformance(t *testing.T) { smrtest.Run(t, Multi) }

func FuzzMultiStep(f *testing.F) { smrtest.FuzzStep(f, Multi) }
