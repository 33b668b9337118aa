//go:build !linux

package wal

import "os"

// syncData makes a file's data durable; without fdatasync, by fsync.
func syncData(f *os.File) error { return f.Sync() }

// allocate makes a file size bytes long.
func allocate(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	return f.Truncate(size)
}

// dataEnd is how many of the first size bytes of a file may have been written to.
func dataEnd(_ *os.File, size int64) int64 { return size }

// dropCache has the kernel forget a file, where there is a way to.
func dropCache(*os.File) {}
