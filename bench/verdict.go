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
	return passed(name, "%d entries on %d replicas, %d comparisons of digests on the way", states[0].Index, len(states), digests.Compared())
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
	if n := len(r.cluster.Restarts()); n > 0 {
		return passed(name, "%d recoveries read what had been synced, no more and no less", n)
	}
	return passed(name, "no frame was malformed, no entry unreadable")
}

// checkLinearizable: what the clients saw of the keys could have come from one copy.
func (r *runner) checkLinearizable() result.Check {
	const name = "linearizable"
	until, mask := smr.Never, uint32(0)
	for _, w := range r.cluster.Workers() {
		w.OpenOperations()
		until, mask = min(until, w.History.Until), mask|w.History.Mask
	}
	var history []check.Operation
	for _, w := range r.cluster.Workers() {
		for _, o := range w.History.Operations {
			if (o.Key-1)&mask != 0 {
				continue
			}
			end := int64(o.Return)
			if o.Return == smr.Never {
				end = -1
			}
			history = append(history, check.Operation{
				Client: int(o.Session), Key: o.Key, ID: o.ID, Call: int64(o.Call), Return: end, Found: o.Found,
			})
		}
	}
	ok, known := check.Linearizable(history, int64(until), linearizeLimit)
	scope := fmt.Sprintf("%d operations", len(history))
	if mask != 0 {
		scope += fmt.Sprintf(" on every %dth key", mask+1)
	}
	if until != smr.Never {
		scope += fmt.Sprintf(", up to %v", time.Duration(until-r.from))
	}
	switch {
	case !known:
		return undecided(name, "not decided within %v: %s", linearizeLimit, scope)
	case !ok:
		return failed(name, "no order of the operations explains what the clients saw: %s", scope)
	}
	return passed(name, "%s", scope)
}
