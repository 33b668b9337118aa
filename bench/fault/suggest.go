package fault

import (
	"strings"

	"github.com/consbench/consbench/bench/nearest"
)

// didYouMean ends an error message with the known word nearest to word, if one is
// near: up to two letters lost, added, changed or swapped, fewer in a short word.
func didYouMean(word string, known []string) string {
	best, at := "", 3
	for _, k := range known {
		if d := nearest.Distance(strings.ToLower(word), k); d < at && 3*d <= max(len(k), 3) {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}
