//go:build unix

package cluster_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// exists reports whether there is such a process that still runs.
func exists(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	// One that nobody has waited for is there, too: its state says Z.
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
