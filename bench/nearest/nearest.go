// Package nearest finds the word that somebody probably meant.
package nearest

import (
	"strconv"
	"strings"
)

// Of returns the word of known that is closest to name, or "" if none is close
// enough to be worth suggesting: at most a third of its letters, and at least one,
// may have been inserted, deleted, replaced or swapped with their neighbour. A
// beginning of two letters or more of exactly one word suggests that word.
// Upper and lower case are the same. Of equally close words the first wins.
func Of(name string, known []string) string {
	name = strings.ToLower(name)
	best, least := "", -1
	completed, completions := "", 0
	for _, word := range known {
		lower := strings.ToLower(word)
		if len(name) >= 2 && strings.HasPrefix(lower, name) {
			completed = word
			completions++
		}
		d := Distance(name, lower)
		if d <= max(1, max(len(name), len(lower))/3) && d < len(lower) && (least < 0 || d < least) {
			best, least = word, d
		}
	}
	if best == "" && completions == 1 {
		return completed
	}
	return best
}

// Hint is what to append to an error about name: `; did you mean "raft"?`, or
// nothing.
func Hint(name string, known []string) string {
	word := Of(name, known)
	if word == "" {
		return ""
	}
	return "; did you mean " + strconv.Quote(word) + "?"
}

// Distance is the optimal string alignment distance in bytes: Levenshtein's, and
// two neighbours swapped count once.
func Distance(a, b string) int {
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, old, row = old, row, older
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
