package measure

import (
	"fmt"
	"math"
	"strconv"

	"github.com/consbench/consbench/bench/smr"
)

// InFlight is the time average of a number of open commands.
type InFlight struct {
	open int
	last smr.Time
	area float64 // command-nanoseconds
}

// Change says that at now delta commands were opened, or closed if negative. Time
// before 0, the start of the measured window, does not count.
func (f *InFlight) Change(now smr.Time, delta int) {
	f.area += float64(f.open) * float64(max(now, 0)-max(f.last, 0))
	f.open += delta
	f.last = max(f.last, now)
}

// Open is how many commands are open now.
func (f *InFlight) Open() int { return f.open }

// Mean is the time average over [0, end); nothing has changed after end.
func (f *InFlight) Mean(end smr.Time) float64 {
	if end <= 0 {
		return 0
	}
	return (f.area + float64(f.open)*float64(max(end-max(f.last, 0), 0))) / float64(end)
}

// littleTolerance is how far a run may be off Little's law before that is worth a
// warning; littleSample is how many commands make it say anything.
const (
	littleTolerance = 0.10
	littleSample    = 100
)

// LittlesLaw holds the commands in flight, a time average, against throughput (a
// second) times mean service time (ns), to which it must be equal in a steady
// state (Little, "A proof for the queuing formula L = λW", 1961). It returns a
// warning if they are more than 10 % apart, else "". count is the number of
// responses; few of them say nothing.
func LittlesLaw(inFlight, throughput, meanService float64, count uint64) string {
	expected := throughput * meanService / 1e9
	larger := max(inFlight, expected)
	if count < littleSample || larger == 0 || math.Abs(inFlight-expected) <= littleTolerance*larger {
		return ""
	}
	return fmt.Sprintf("Little's law is off by %.0f%%: %s commands were in flight, but throughput x mean service time is %s; the run was not in a steady state",
		100*math.Abs(inFlight-expected)/larger, plain(inFlight), plain(expected))
}

// plain is x without an exponent: whole, or with two digits if it is small.
func plain(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}
