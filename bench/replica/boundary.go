package replica

import (
	"strconv"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// Boundary is a place inside a turn. What is done on one side of it and not on the
// other is what a crash there tears apart.
type Boundary uint8

// The boundaries of a turn, in its order. One that has nothing on one of its sides,
// such as AfterFrames in a turn that sends none, is not passed.
const (
	Anywhere       Boundary = iota // no place: stands for all of them
	TurnBegins                     // no input has been taken
	AfterMail                      // the core has taken the mail
	AfterPersisted                 // the core was told what is durable
	AfterPropose                   // the core has taken commands
	BeforeAppend                   // the core wants records in the log, and frames sent after them
	AfterAppend                    // the records are in the log, not durable; no frame is sent
	BetweenFrames                  // some frames are sent, others of the same Ready are not
	AfterFrames                    // all frames of a Ready are sent, its entries are not applied
	AfterVote                      // the same, with frames of an election among them
	BetweenEntries                 // some entries are applied, others of the same Ready are not
	AfterEntries                   // entries are applied, the clients have no answer
	BeforeSave                     // a snapshot is taken and is not in the log
	AfterSave                      // it is with the log, not durable as far as this replica knows
	BeforeBaseline                 // the own snapshot is durable, the core does not know
	BeforeInstall                  // a peer's snapshot is durable, the state machine is where it was
	AfterInstall                   // the state machine stands at the snapshot, the core does not know
	BeforeAnswers                  // everything is done but answering clients
	TurnEnds                       // everything is done
	Boundaries     = 19            // number of boundaries, Anywhere included
)

var boundaryNames = [Boundaries]string{
	"anywhere", "turn-begins", "after-mail", "after-persisted", "after-propose", "before-append", "after-append",
	"between-frames", "after-frames", "after-vote", "between-entries", "after-entries", "before-save", "after-save",
	"before-baseline", "before-install", "after-install", "before-answers", "turn-ends",
}

func (b Boundary) String() string {
	if int(b) < len(boundaryNames) {
		return boundaryNames[b]
	}
	return "boundary(" + strconv.Itoa(int(b)) + ")"
}

// died unwinds the turn in which a replica dies.
type died struct{}

// passes is called at each boundary.
func (r *Replica) passes(b Boundary) {
	if r.Dies != nil && r.Dies(b) {
		r.Core.Probes.Hit(probe.FaultCrashTurnBegins + probe.ID(b-TurnBegins))
		r.dead = true
		r.Trace.dies("at " + b.String())
		panic(died{})
	}
}

// Turn does everything that can be done at now and returns when the next turn is
// due even if nothing comes. now is at least that of the turn before. A dead
// replica does nothing.
func (r *Replica) Turn(now smr.Time) (wake smr.Time) {
	if r.dead {
		return smr.Never
	}
	if err := r.Log.Poll(now).Err; err != nil {
		r.stop(err)
		return smr.Never
	}
	if r.Dies == nil {
		return r.turn(now)
	}
	defer func() {
		switch p := recover(); p {
		case nil:
		case died{}:
			wake = smr.Never
		default:
			panic(p)
		}
	}()
	return r.turn(now)
}

// stop is the end of a replica whose log has failed. It must not go on: what it
// would promise or acknowledge now, it would not remember.
func (r *Replica) stop(err error) {
	r.dead, r.failure = true, err
	r.Trace.dies("its log has failed: " + err.Error())
}

// Dead reports whether the replica takes no turns any more, because it died at a
// boundary or because its log has failed: to be crashed.
func (r *Replica) Dead() bool { return r.dead }

// NonVoter reports whether the replica has lost its log, now or in the past.
func (r *Replica) NonVoter() bool { return r.Core.NonVoter }

// Failure is why the log has failed, nil if it has not.
func (r *Replica) Failure() error { return r.failure }
