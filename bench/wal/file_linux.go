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

// dataEnd is how many of the first size bytes of a file may have been written to:
// what is behind them is a hole, or blocks that the file system knows to be zeros.
func dataEnd(f *os.File, size int64) int64 {
	fd, end := int(f.Fd()), int64(0)
	for end < size {
		data, err := unix.Seek(fd, end, unix.SEEK_DATA)
		if err == unix.ENXIO {
			break
		}
		if err != nil {
			return size
		}
		if end, err = unix.Seek(fd, data, unix.SEEK_HOLE); err != nil {
			return size
		}
	}
	return min(end, size)
}

// dropCache has the kernel forget what it remembers of a file and what is on the disk.
func dropCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }
