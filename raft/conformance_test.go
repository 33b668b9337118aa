package raft

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/smrtest"
)

// TestConformance runs the suite for replicated logs, and the transcripts in
// testdata, which show Raft's own messages.
func TestConformance(t *testing.T) {
	smrtest.Run(t, Protocol, smrtest.LogMatching(), smrtest.Scripts("testdata"),
		smrtest.Describe(func(frame []byte) string {
			_, what, _ := strings.Cut(show(smr.Frame{Head: frame}), " ") // without receiver and kind
			_, what, _ = strings.Cut(what, " ")
			return what
		}))
}
