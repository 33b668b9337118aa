package plot

import (
	"math"
	"strings"
)

// Spark draws values as one character each, from the least to the most; equal
// values stand in the middle, a value that is not a number is a blank.
func Spark(values []float64, ascii bool) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	if ascii {
		levels = []rune("_.-=+*%#")
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			least, most = min(least, v), max(most, v)
		}
	}
	var b strings.Builder
	for _, v := range values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			b.WriteByte(' ')
		case most == least:
			b.WriteRune(levels[len(levels)/2-1])
		default:
			x := (v/2 - least/2) / (most/2 - least/2) // halves: the range of floats is finite
			b.WriteRune(levels[min(int(x*float64(len(levels))), len(levels)-1)])
		}
	}
	return b.String()
}
