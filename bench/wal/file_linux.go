package wal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes a file's data durable. The process never tries a second time.
func syncData(f *os.File) error {
	err := unix.Fdatasync(int(f.Fd()))
	for err == unix.EINTR { // it was interrupted, it has not failed
		err = unix.Fdatasync(int(f.Fd()))
	}
	return os.NewSyscallError("fdatasync", err)
}

// allocate gives a file blocks for size bytes, so that later syncs need not wait for
// the file system to find them. Where there is no fallocate the file is only as long.
func allocate(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return f.Truncate(size)
	}
	return os.NewSyscallError("fallocate", err)
}
