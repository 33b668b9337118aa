package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Limits are what a schedule is held against: the cluster, the run and the build.
type Limits struct {
	Nodes  int      // replicas are numbered 1 to Nodes
	Window smr.Time // length of the measured window

	Verbs       []Verb          // that the build carries out; nil = [Basic]
	Refused     map[Verb]string // why this run cannot have verbs that the build knows
	UntilHealed bool            // the build can tell when the cluster has healed
	Regions     []string        // of the replicas; without any, or "" alone, they have none
}

// Basic is the verbs that need nothing but the cluster and its links.
var Basic = []Verb{Crash, Pause, Isolate, Partition, Cut, Delay, Loss, Duplicate, Reorder, Slow}

// Disk is the verbs that strike a replica's storage.
var Disk = []Verb{DiskStall, DiskSlow, DiskFull, DiskFail, DiskCorrupt, DiskLose}

// MaxInstances bounds how often the faults of a schedule strike, all together.
const MaxInstances = 100_000

// Validate reports every fault that cannot be carried out, joined, each with the
// fault in canonical form and the reason.
func Validate(faults []Fault, l Limits) error {
	if l.Verbs == nil {
		l.Verbs = Basic
	}
	var errs []error
	total := 0
	for _, f := range faults {
		if why := f.wrong(l); why != "" {
			errs = append(errs, fmt.Errorf("%s: %s", f, why))
			continue
		}
		if total += f.count(l.Window); total > MaxInstances {
			errs = append(errs, fmt.Errorf("%s: the schedule would strike more than %d times in %s", f, MaxInstances, formatTime(l.Window)))
			break
		}
	}
	return errors.Join(errs...)
}

func (f Fault) wrong(l Limits) string {
	supported := false
	var names []string
	for _, v := range l.Verbs {
		supported = supported || v == f.Verb
		names = append(names, v.String())
	}
	switch {
	case !supported:
		return fmt.Sprintf("%s is not supported by this build yet; it can %s", f.Verb, or(names))
	case l.Refused[f.Verb] != "":
		return l.Refused[f.Verb]
	case f.UntilHealed && !l.UntilHealed:
		return `"until healed" is not supported by this build yet; use "for" and a time`
	case f.At >= l.Window:
		return fmt.Sprintf("strikes at %s, but the measured window ends at %s", formatTime(f.At), formatTime(l.Window))
	}
	if f.Every == 0 && f.Jitter >= l.Window-f.At {
		return fmt.Sprintf("with its jitter it may strike after the measured window, which ends at %s", formatTime(l.Window))
	}
	for _, t := range f.targets() {
		if why := t.wrong(l); why != "" {
			return why
		}
	}
	return ""
}

func (t Target) wrong(l Limits) string {
	for _, id := range t.Nodes {
		if int(id) > l.Nodes {
			return strings.TrimSuffix(fmt.Sprintf("there is no node %d: the cluster has nodes 1 to %d", id, l.Nodes), " to 1")
		}
	}
	switch {
	case t.Role == Region && strings.Join(l.Regions, "") == "":
		return "the replicas of this run have no regions: they come with a topology"
	case t.Role == Region && !slices.Contains(l.Regions, t.Name):
		return fmt.Sprintf("no replica is in region %s%s", t.Name, didYouMean(t.Name, l.Regions))
	case t.Role == Minority && l.Nodes < 3:
		return fmt.Sprintf("a cluster of %d has no minority", l.Nodes)
	case t.Role == Follower && l.Nodes < 2:
		return "a cluster of 1 has no follower"
	}
	return ""
}

// count is how many instances start within window, jitter not considered.
func (f Fault) count(window smr.Time) int {
	switch {
	case f.At >= window:
		return 0
	case f.Every == 0:
		return 1
	}
	return int(min((window-1-f.At)/f.Every+1, MaxInstances+1))
}
