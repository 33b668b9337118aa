package main

import (
	"fmt"
	"slices"
)

// judge says whether it held.
func (e *experiment) judge() {
	e.Verdict, e.Why = "", []string{}
	if e.Settings.Quick {
		return
	}
	must := func(ok bool, format string, args ...any) {
		if !ok {
			e.Why = append(e.Why, fmt.Sprintf(format, args...))
		}
	}
	must(e.Live.Comparisons >= leastComparisons, "%d live comparisons are fewer than %d", e.Live.Comparisons, leastComparisons)
	must(e.Live.Failed == 0, "%d of %d live comparisons of a program with itself failed", e.Live.Failed, e.Live.Comparisons)
	must(e.Live.Passed > 0, "no live comparison passed: the machine is too noisy to tell anything")
	must(len(e.Pairs) >= leastRecorded && e.Resampled.Comparisons >= leastResamples, "%d comparisons of %d pairs are fewer than %d of %d", e.Resampled.Comparisons, len(e.Pairs), leastResamples, leastRecorded)
	for _, c := range []Counts{e.Resampled, e.Blocks} {
		must(float64(c.Failed) <= mostFalse*float64(c.Comparisons), "%d of %d resampled comparisons of a program with itself failed", c.Failed, c.Comparisons)
	}
	must(e.Injected.Fall >= e.Sees && e.Injected.Fall <= most*e.Sees && e.Sees > 0,
		"the change that was injected, %.2f%%, is not as large as the smallest that the gate sees, %.2f%%, but at most %g times", 100*e.Injected.Fall, 100*e.Sees, most)
	must(e.Caught.Comparisons > 0 && float64(e.Caught.Failed) >= leastCaught*float64(e.Caught.Comparisons), "%d of %d changes were caught", e.Caught.Failed, e.Caught.Comparisons)
	e.Verdict = "held"
	if len(e.Why) > 0 {
		e.Verdict = "failed"
	}
	slices.Sort(e.Why)
}
