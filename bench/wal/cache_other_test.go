//go:build !linux

package wal

import "os"

func dropCache(*os.File) {}
