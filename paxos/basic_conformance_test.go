package paxos_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr/smrtest"
	"github.com/consbench/consbench/paxos"
)

func TestBasicConformance(t *testing.T) {
	smrtest.Run(t, paxos.Basic, smrtest.Scripts("testdata/basic"), smrtest.Describe(describeBatch))
}

// describeBatch writes a frame as its items: op, slot, ballot.
func describeBatch(frame []byte) string {
	b, err := paxos.ParseBatch(frame)
	if err != nil {
		return err.Error()
	}
	var out []string
	for i := range b.Len() {
		it := b.Item(i)
		s := fmt.Sprintf("%v %d", it.Op, it.Slot)
		if it.Ballot != 0 {
			s += " " + it.Ballot.String()
		}
		switch {
		case it.Op == paxos.OpPromise && it.Other != 0:
			s += " (accepted " + it.Other.String() + ")"
		case it.Op == paxos.OpReject:
			s += " (promised " + it.Other.String() + ")"
		}
		out = append(out, s)
	}
	return strings.Join(append(out, fmt.Sprintf("known %d", b.Known)), ", ")
}
