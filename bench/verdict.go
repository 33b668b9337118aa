package bench

import (
	"fmt"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// linearizeLimit is how long the search for a linearization may take.
const linearizeLimit = 30 * time.Second

// verdict decides whether the run counts.
func (r *runner) verdict() result.Verdict {
	v := result.Verdict{Correct: true, Checks: []result.Check{
		r.checkLogs(), r.checkSessions(), r.checkReplicas(),
	}}
	if r.cfg.Keys > 0 {
		v.Checks = append(v.Checks, r.checkLinearizable())
	}
	for _, c := range v.Checks {
		v.Correct = v.Correct && c.OK
	}
	return v
}

func passed(name, format string, args ...any) result.Check {
	return result.Check{Name: name, OK: true, Detail: fmt.Sprintf(format, args...)}
}

func failed(name, format string, args ...any) result.Check {
	return result.Check{Name: name, Detail: fmt.Sprintf(format, args...)}
}

func undecided(name, format string, args ...any) result.Check {
	return result.Check{Name: name, Undecided: true, Detail: fmt.Sprintf(format, args...)}
}

// checkLogs: all replicas hold the same log.
func (r *runner) checkLogs() result.Check {
	const name = "logs agree"
	digests := r.cluster.Digests()
	if d := digests.Diverged(); len(d) > 0 {
		return failed(name, "%s", strings.Join(d, "; "))
	}
	if !r.settled && r.interrupted {
		return undecided(name, "%d comparisons of digests agree, but the interruption left no time for the replicas to come to rest: %s", digests.Compared(), r.cluster.Standing())
	}
	if !r.settled {
		return undecided(name, "%d comparisons of digests agree, but the replicas did not come to rest within %v: %s",
			digests.Compared(), time.Duration(settleLimit), r.cluster.Standing())
	}
	names, states := r.cluster.States()
	for i, s := range states {
		if s.Index != states[0].Index || s.Digest != states[0].Digest {
			return failed(name, "%s and %s differ at the end: entry %d, digest %016x; entry %d, digest %016x",
				names[0], names[i], states[0].Index, states[0].Digest, s.Index, s.Digest)
		}
	}
	return passed(name, "%d entries on %d replicas, %d comparisons of digests on the way%s", states[0].Index, len(states), digests.Compared(), r.outside())
}

// checkSessions: every acknowledged command took effect exactly once.
func (r *runner) checkSessions() result.Check {
	const name = "acknowledged once"
	names, states := r.cluster.States()
	s := check.Sessions{Unsettled: !r.settled}
	tables := make([]check.Table, len(states))
	for _, w := range r.cluster.Workers() {
		w.Sessions(func(id uint32, c client.Session) {
			for i, state := range states {
				t := state.Sessions[id]
				tables[i] = check.Table{Seen: t.Seen, Effects: t.Effects}
			}
			s.Check(id, c.Acked, c.Next, names, tables)
		})
	}
	if p := s.Problems(); len(p) > 0 {
		return failed(name, "%s", strings.Join(p, "; "))
	}
	if !r.settled {
		return undecided(name, "nothing was doubled, but replicas that have not caught up cannot show that nothing was lost")
	}
	return passed(name, "%d acknowledged commands stand once in the tables of %d replicas", s.Acknowledged(), len(states))
}

// checkReplicas: no replica met what it must never meet, and each came back with
// exactly what its log had synced.
func (r *runner) checkReplicas() result.Check {
	const name = "replicas sound"
	if p := r.cluster.Problems(); len(p) > 0 {
		return failed(name, "%s", strings.Join(p, "; "))
	}
	if n := r.after.cluster.Malformed; n > 0 {
		return failed(name, "%d frames came that no replica could have sent", n)
	}
	restarts, read, lost := r.cluster.Restarts(), 0, 0
	for _, s := range restarts {
		if s.Lost {
			lost++
		} else {
			read++
		}
	}
	stopped, rotten := 0, 0
	for _, s := range r.cluster.Stops() {
		if s.Gone {
			rotten++
		} else {
			stopped++
		}
	}
	var said []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			said = append(said, "1 "+one)
		case n > 1:
			said = append(said, fmt.Sprintf("%d %s", n, many))
		}
	}
	if r.cfg.Processes {
		say(read, "killed replica came back with what it had of the committed log", "killed replicas came back with what they had of the committed log")
	} else {
		say(read, "recovery read what had been synced, no more and no less", "recoveries read what had been synced, no more and no less")
	}
	say(stopped, "stopped when its log failed", "stopped when their logs failed")
	say(rotten, "refused to start from a damaged log", "refused to start from a damaged log")
	say(lost, "came back without a log, as a non-voter", "came back without a log, as non-voters")
	if len(said) == 0 {
		said = []string{"no frame was malformed, no entry unreadable"}
	}
	return passed(name, "%s", strings.Join(said, "; "))
}

// outside says which replicas are not, or not fully, part of what agrees.
func (r *runner) outside() string {
	var said []string
	for _, s := range r.cluster.Stops() {
		if s.Gone {
			said = append(said, fmt.Sprintf("; %v is down for good", s.Node))
		}
	}
	for _, id := range r.cluster.NonVoters() {
		said = append(said, fmt.Sprintf("; %v is a non-voter", id))
	}
	return strings.Join(said, "")
}

// checkLinearizable: what the clients saw of the keys could have come from one copy.
func (r *runner) checkLinearizable() result.Check {
	const name = "linearizable"
	history, mask, until := r.cluster.History()
	limit := linearizeLimit
	if r.interrupted {
		limit = time.Second
	}
	ok, known := check.Linearizable(history, int64(until), limit)
	scope := fmt.Sprintf("%d operations", len(history))
	if mask != 0 {
		scope += fmt.Sprintf(" on every %dth key", mask+1)
	}
	if until != smr.Never {
		scope += fmt.Sprintf(", up to %v", time.Duration(until-r.from))
	}
	switch {
	case !known:
		return undecided(name, "not decided within %v: %s", limit, scope)
	case !ok:
		c := failed(name, "no order of the operations explains what the clients saw: %s", scope)
		r.draw(&c, history, int64(until))
		return c
	}
	return passed(name, "%s", scope)
}
