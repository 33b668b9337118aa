package cluster

import (
	"time"

	"golang.org/x/sys/unix"
)

// machineClock is a clock that all processes of this machine share, in nanoseconds.
func machineClock() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return time.Now().UnixNano()
	}
	return t.Nano()
}
