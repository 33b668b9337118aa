//go:build !unix

package measure

import "runtime"

// ReadUsage asks the runtime what the process has spent so far; CPU is 0 here.
func ReadUsage() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m) // stops the world and counts exactly; runtime/metrics lags by a span of objects per processor
	return Usage{Allocs: m.Mallocs}
}
