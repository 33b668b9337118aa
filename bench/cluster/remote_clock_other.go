//go:build !linux

package cluster

import "time"

// machineClock is a clock that all processes of this machine share, in nanoseconds.
// Here that is the wall clock; a step of it shifts what later processes report.
func machineClock() int64 { return time.Now().UnixNano() }
