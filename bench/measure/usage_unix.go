//go:build unix

package measure

import (
	"runtime/metrics"
	"syscall"

	"github.com/consbench/consbench/bench/smr"
)

// ReadUsage asks the runtime and the system what the process has spent so far.
func ReadUsage() Usage {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}}
	metrics.Read(sample)
	u := Usage{Allocs: sample[0].Value.Uint64() + sample[1].Value.Uint64()}
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.CPU = smr.Time(r.Utime.Nano() + r.Stime.Nano())
	}
	return u
}
