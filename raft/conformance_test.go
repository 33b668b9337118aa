package raft_test

import (
	"testing"

	"github.com/consbench/consbench/bench/smr/smrtest"
	"github.com/consbench/consbench/raft"
)

func TestConformance(t *testing.T) {
	smrtest.Run(t, raft.Protocol, smrtest.LogMatching())
}
