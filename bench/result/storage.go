package result

// Reading is what recoveries took that read files: sums over all of them. What is
// missing to Took is making the replica.
type Reading struct {
	Bytes  uint64 `json:"bytes"`
	Took   int64  `json:"took_ns"`
	Scan   int64  `json:"scan_ns"`   // listing files, reading their beginnings and the snapshot
	Wait   int64  `json:"wait_ns"`   // for the device to read records
	Replay int64  `json:"replay_ns"` // checksums, and what the replica does with the records
	Sync   int64  `json:"sync_ns"`   // of what may not have been synced, and of the end of the log
	Cold   bool   `json:"cold"`      // a crash emptied the page cache; else the records were in memory
	// Device is how fast a log was read from end to end after the run, in bytes per
	// second, the page cache empty; null if no log had enough to tell.
	Device *float64 `json:"device_bytes_per_second"`
}
