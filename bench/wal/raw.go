package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ReadCold reads the segments of the log in dir from end to end, as far as they were
// written, after the page cache was told to forget them: what a recovery could do at
// best. Nobody may have the log open. It stops behind limit bytes.
func ReadCold(dir string, limit int64) (bytes int64, took time.Duration, err error) {
	if err := Check(dir); err != nil {
		return 0, 0, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil {
		return 0, 0, fmt.Errorf("wal: %w", err)
	}
	buf := make([]byte, pieceSize)
	for _, name := range names {
		if bytes >= limit {
			break
		}
		n, t, err := readCold(name, buf)
		if err != nil {
			return 0, 0, fmt.Errorf("wal: %w", err)
		}
		bytes, took = bytes+n, took+t
	}
	return bytes, took, nil
}

func readCold(name string, buf []byte) (bytes int64, took time.Duration, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // what is not on the device cannot be forgotten
		return 0, 0, err
	}
	dropCache(f)
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	began, end := time.Now(), dataEnd(f, info.Size())
	for bytes < end {
		n, err := f.ReadAt(buf[:min(end-bytes, int64(len(buf)))], bytes)
		if err != nil {
			return 0, 0, err
		}
		bytes += int64(n)
	}
	return bytes, time.Since(began), nil
}
