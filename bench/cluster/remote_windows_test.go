package cluster_test

import "os"

// exists reports whether there is such a process that still runs.
func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err == nil {
		_ = p.Release()
	}
	return err == nil
}
