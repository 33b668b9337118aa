package swarm

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// fault tells what is done to the cluster.
func (t *Transcript) fault(now smr.Time, f *Fault, id smr.NodeID) {
	if t == nil {
		return
	}
	words := string(f.Kind)
	switch f.Kind {
	case CrashPoint:
		words = fmt.Sprintf("%v will crash at %s, the %s time, and be back ", id, f.Point, ordinal(f.Nth))
		if f.For > 0 {
			words += fmt.Sprintf("after %v", f.For)
		} else {
			words += "at once"
		}
	case PowerLoss:
		words = "all lose power, and come back one after the other"
	case Crash, Pause, Isolate:
		words = fmt.Sprintf("%s %v", f.Kind, id)
	case Cut:
		words = fmt.Sprintf("cut %v from n%d", id, f.Peer)
	case Partition:
		words = fmt.Sprintf("partition {%s} from the others", members(f.Side))
	case Lossy, Doubling, Shuffled:
		words = fmt.Sprintf("all links %s, share %.2f", f.Kind, f.P)
	case Slow:
		words = fmt.Sprintf("links of %v slower by up to %v", id, f.Extra)
	case SlowDisk:
		words = fmt.Sprintf("syncs of %v slower by %v", id, f.Extra)
	case StalledDisk, FullDisk, FailingDisk, TornTail, RottenDisk, LostLog:
		words = fmt.Sprintf("%s of %v", f.Kind, id)
	case Depose:
		words = fmt.Sprintf("whoever is elected will be cut off, for %v", f.Extra)
	case Drift:
		words = fmt.Sprintf("the clock of %v drifts by %+.2f", id, f.P)
	case Jump:
		words = fmt.Sprintf("the clock of %v jumps by %v", id, f.Extra)
	}
	if f.OneWay {
		words += ", one way"
	}
	if f.Kind != Jump && f.Kind != RottenDisk && f.Kind != CrashPoint {
		words += fmt.Sprintf(", until %.3f", float64(now+smr.Time(f.For))/1e6)
	}
	t.line(now, all{}, "FAULT: %s", words)
}

func ordinal(n int) string {
	switch {
	case n%100/10 != 1 && n%10 == 1:
		return fmt.Sprintf("%dst", n)
	case n%100/10 != 1 && n%10 == 2:
		return fmt.Sprintf("%dnd", n)
	case n%100/10 != 1 && n%10 == 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

func members(side uint64) string {
	var names []string
	for i := range 64 {
		if side>>i&1 == 1 {
			names = append(names, smr.NodeID(i+1).String())
		}
	}
	return strings.Join(names, ", ")
}

func (t *Transcript) healed(now smr.Time) {
	if t != nil {
		t.line(now, all{}, "all faults are undone")
	}
}

// deposed tells that a leader is cut off as it is elected.
func (t *Transcript) deposed(now smr.Time, id smr.NodeID, long Time) {
	if t != nil {
		t.line(now, all{}, "FAULT: %v, elected, is cut off until %.3f", id, float64(now+smr.Time(long))/1e6)
	}
}
