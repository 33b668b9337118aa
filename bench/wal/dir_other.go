//go:build !unix

package wal

import "os"

// lockFile does nothing: there is no flock.
func lockFile(*os.File) error { return nil }

// syncDirectory does nothing: a directory cannot be opened to be synced.
func syncDirectory(string) error { return nil }
