package fault

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

// Action is one step of a schedule: the start of an instance of a fault, or its
// undoing. It is abstract: [Action.Resolve] finds the replicas concerned.
type Action struct {
	ID    int      // of the instance: its start and its undoing share it; 0, 1, 2 ... by start
	At    smr.Time // when to act, from the start of the measured window
	Undo  bool
	Until smr.Time // end of the instance; Never = the end of the window
	Fault *Fault
	Seed  uint64 // of the choices that this instance makes
}

// Expand returns what is to be done within [0, window), in the order of time; at
// the same instant undoings come first, then starts in the order of the schedule.
// An instance that reaches beyond the window has Until = Never and no undoing: the
// end of the window undoes everything. One that is UntilHealed ends when it has
// healed, at the latest at Until, where its undoing stands: carrying out an
// undoing twice does nothing.
//
// The same faults, window and seed give the same actions. Each fault draws from a
// stream of its own, so that one more at the end of a schedule changes no other.
// Faults that Validate has not seen are cut off at MaxInstances each.
func Expand(faults []Fault, window smr.Time, seed uint64) []Action {
	var starts []Action
	for rule := range faults {
		f := &faults[rule]
		rng := rand.New(rand.NewPCG(seed, uint64(rule)))
		n := min(f.count(window), MaxInstances)
		jittered := func(i int) smr.Time {
			at := f.At + smr.Time(i)*f.Every
			if f.Jitter > 0 {
				at += smr.Time(rng.Int64N(int64(f.Jitter) + 1))
			}
			return at
		}
		var next smr.Time
		if n > 0 {
			next = jittered(0)
		}
		for i := range n {
			a := Action{At: next, Until: smr.Never, Fault: f, Seed: rng.Uint64()}
			if i+1 < n {
				next = jittered(i + 1)
				if f.UntilHealed {
					a.Until = next
				}
			}
			if f.For > 0 {
				a.Until = a.At + f.For
			}
			if a.Until >= window || f.Verb.Instant() {
				a.Until = smr.Never
			}
			if a.At < window {
				starts = append(starts, a)
			}
		}
	}
	slices.SortStableFunc(starts, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	all := make([]Action, 0, 2*len(starts))
	for id, a := range starts {
		a.ID = id
		all = append(all, a)
		if a.Until != smr.Never {
			a.At, a.Undo = a.Until, true
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Action) int {
		if c := cmp.Compare(a.At, b.At); c != 0 || a.Undo == b.Undo {
			return c
		}
		if a.Undo {
			return -1
		}
		return 1
	})
	return all
}
