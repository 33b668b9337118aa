package bench

import (
	"fmt"
	"time"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

// Sizes of the measurement of how fast the device reads, in bytes of one log.
const (
	readLeast = 4 << 20 // less says more about the first access than about the device
	readMost  = 256 << 20
)

// reading is what recoveries from files took, beside what the device can do: a log is
// read from end to end. nil if no replica restarted.
func (r *runner) reading() *result.Reading {
	restarts := r.cluster.Restarts()
	if r.files == nil || len(restarts) == 0 {
		return nil
	}
	out := &result.Reading{Cold: !r.cfg.Processes}
	for _, s := range restarts {
		out.Bytes += s.Bytes
		out.Took += int64(s.Took)
		out.Scan += int64(s.Spent.Scan)
		out.Wait += int64(s.Spent.Wait)
		out.Replay += int64(s.Spent.Replay)
		out.Sync += int64(s.Spent.Sync)
	}
	for id := smr.NodeID(1); int(id) <= r.cfg.Nodes; id++ {
		bytes, took, err := wal.ReadCold(r.files.log(id), readMost)
		if err != nil || bytes < readLeast || took < time.Microsecond {
			continue // what a fault has left may be anything
		}
		speed := float64(bytes) / took.Seconds()
		if out.Device == nil || speed > *out.Device {
			out.Device = &speed
		}
	}
	return out
}

// log is the directory of a replica's log.
func (f *files) log(id smr.NodeID) string { return fmt.Sprintf("%s/%v", f.dir, id) }
