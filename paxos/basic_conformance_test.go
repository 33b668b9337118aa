package paxos_test

import (
	"testing"

	"github.com/consbench/consbench/bench/smr/smrtest"
	"github.com/consbench/consbench/paxos"
)

func TestBasicConformance(t *testing.T) {
	smrtest.Run(t, paxos.Basic, smrtest.Scripts("testdata/basic"), smrtest.Describe(paxos.Basic.Describe))
}
