//go:build !linux

package cluster

import "syscall"

// nodeAttributes has nothing to ask for: a node ignores the terminal's interrupt and
// ends with its standard input.
func nodeAttributes() *syscall.SysProcAttr { return nil }
