package cluster

import "syscall"

// nodeAttributes keep the terminal's signals from a node, for the run decides when
// it ends, and let it die with the thread that started it, and so with the run.
func nodeAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
