//go:build unix

package measure

import (
	"runtime"
	"syscall"

	"github.com/consbench/consbench/bench/smr"
)

// ReadUsage asks the runtime and the system what the process has spent so far.
func ReadUsage() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m) // stops the world and counts exactly; runtime/metrics lags by a span of objects per processor
	u := Usage{Allocs: m.Mallocs}
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.CPU = smr.Time(r.Utime.Nano() + r.Stime.Nano())
	}
	return u
}
