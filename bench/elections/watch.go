package elections

import (
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

// Sample is what one trial came to. Times count from the crash, or from the start
// of the servers; smr.Never is what had not come when the trial was given up.
type Sample struct {
	Detected    smr.Time // the first live server's timer ran out
	Elected     smr.Time // the leader that stayed had its majority
	Announced   smr.Time // the last live server had heard from it
	FirstCommit smr.Time // the first command after Elected was acknowledged
	Rounds      int      // terms or ballots campaigned in, up to Elected
	Split       bool     // the first of them did not elect the leader that stayed
	Disturbed   int      // live: attempts before, that the machine disturbed before the crash
}

// Finished reports whether every phase came.
func (s *Sample) Finished() bool {
	return s.Announced != smr.Never && s.FirstCommit != smr.Never
}

// watch reads the phases from what the replicas report.
type watch struct {
	zero     smr.Time
	detected smr.Time
	timeouts int // of any timer
	serving  *node
	terms    []uint64 // campaigned in, in order of appearance

	// The leader elected last. It is the one that stays once everybody has heard
	// from it.
	leader      *node
	term        uint64
	rounds      int // up to its election
	heard       []smr.NodeID
	elected     smr.Time
	announced   smr.Time
	firstCommit smr.Time
}

func (w *watch) reset() {
	*w = watch{
		detected: smr.Never, elected: smr.Never, announced: smr.Never, firstCommit: smr.Never,
		terms: w.terms[:0], heard: w.heard[:0],
	}
}

// observe takes an event of n.
func (l *lab) observe(n *node, e smr.Event) {
	switch e.Type {
	case smr.TimedOut:
		l.detected = min(l.detected, e.Time)
		l.timeouts++
	case smr.Campaign:
		if !slices.Contains(l.terms, e.Term) {
			l.terms = append(l.terms, e.Term)
		}
	case smr.Serving:
		l.serving = n
	case smr.Elected:
		if !l.modeled {
			return
		}
		if l.announced == smr.Never && e.Term > l.term {
			l.leader, l.term, l.elected, l.rounds = n, e.Term, e.Time, len(l.terms)
			l.firstCommit = smr.Never
			l.heard = l.heard[:0]
			l.follow(n, e.Time)
		}
		n.source.offer(l.seq) // what clients have been waiting to ask for
		n.timer.Wake()
	case smr.Following:
		if l.leader != nil && e.Term == l.term {
			l.follow(n, e.Time)
		}
	}
}

// follow notes that n has heard from the leader.
func (l *lab) follow(n *node, now smr.Time) {
	if contains(l.heard, n.id) {
		return
	}
	l.heard = append(l.heard, n.id)
	if len(l.heard) == survivors(&l.cfg) && l.announced == smr.Never {
		l.announced = now
	}
}

// acknowledged notes that a command was answered.
func (l *lab) acknowledged() {
	if l.leader != nil && l.firstCommit == smr.Never {
		l.firstCommit = l.world.Now()
	}
}

// over reports whether every phase has come.
func (l *lab) over() bool { return l.announced != smr.Never && l.firstCommit != smr.Never }

// sample is what the trial came to.
func (l *lab) sample() Sample {
	since := func(t smr.Time) smr.Time {
		if t == smr.Never {
			return t
		}
		return t - l.zero
	}
	s := Sample{Detected: since(l.detected), Elected: smr.Never, Announced: since(l.announced), FirstCommit: smr.Never, Rounds: len(l.terms)}
	s.Split = len(l.terms) > 0
	if l.announced != smr.Never { // who was elected has stayed
		s.Elected, s.FirstCommit, s.Rounds = since(l.elected), since(l.firstCommit), l.rounds
		s.Split = l.terms[0] != l.term
	}
	return s
}
