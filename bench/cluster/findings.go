package cluster

import (
	"fmt"
	"sync"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// findings are what replicas show while they run, for the verdict.
type findings struct {
	digests  *check.Digests
	restarts []Restart
	stops    []Stop

	mu       *sync.Mutex // replicas report from their turns
	problems []string
	hold     func() // keeps what led to a problem; nil: nothing is kept
}

// Restart is a recovery of a crashed replica.
type Restart struct {
	Node smr.NodeID
	At   smr.Time // when it began
	Took smr.Time
	wal.Recovery
}

func newFindings() findings { return findings{digests: check.NewDigests(), mu: new(sync.Mutex)} }

const maxProblems = 16

// failed notes what no replica must ever meet.
func (f *findings) failed(id smr.NodeID, problem error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hold != nil {
		f.hold()
	}
	if len(f.problems) < maxProblems {
		f.problems = append(f.problems, fmt.Sprintf("%v: %v", id, problem))
	}
}

// Digests is the comparison of the replicas' digests while they ran.
func (f *findings) Digests() *check.Digests { return f.digests }

// Problems are what no replica must ever meet, and did.
func (f *findings) Problems() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.problems...)
}

// Stops are the replicas whose logs have failed, in the order of time.
func (f *findings) Stops() []Stop { return f.stops }

// Restarts are the recoveries of crashed replicas.
func (f *findings) Restarts() []Restart { return f.restarts }
