package check

import (
	"fmt"

	"github.com/consbench/consbench/bench/command"
)

// Table is what one replica holds of a session.
type Table struct {
	Seen    command.Seen
	Effects uint64
}

// Sessions compares the clients' ledger with the tables of all replicas.
type Sessions struct {
	Unsettled bool // the replicas do not stand at the same entry: each may lack what another has

	acknowledged uint64
	problems     []string
	more         uint64
}

// Check compares one session: its client had acked acknowledged and sent nothing
// from next on; replica i of those that are up is called names[i] and holds tables[i].
func (s *Sessions) Check(session uint32, acked command.Seen, next uint64, names []string, tables []Table) {
	s.acknowledged += acked.Len()
	for i, t := range tables {
		switch n := t.Seen.Len(); {
		case !t.Seen.Contains(acked) && !s.Unsettled:
			s.problem("session %d: %s does not have a command that was acknowledged (has %d, acknowledged %d)", session, names[i], n, acked.Len())
		case !t.Seen.Below(next):
			s.problem("session %d: %s has a command that was never sent", session, names[i])
		case t.Effects != n:
			s.problem("session %d: on %s %d commands took effect %d times", session, names[i], n, t.Effects)
		case i > 0 && t != tables[0] && !s.Unsettled:
			s.problem("session %d: %s and %s hold different commands", session, names[0], names[i])
		}
	}
}

func (s *Sessions) problem(format string, args ...any) {
	if len(s.problems) == 4 {
		s.more++
		return
	}
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// Acknowledged is how many commands the clients hold to be done.
func (s *Sessions) Acknowledged() uint64 { return s.acknowledged }

// Problems lists what was wrong; the last line counts what it leaves out.
func (s *Sessions) Problems() []string {
	if s.more > 0 {
		return append(s.problems[:len(s.problems):len(s.problems)], fmt.Sprintf("and %d more", s.more))
	}
	return s.problems
}
