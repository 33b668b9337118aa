package wal

import "github.com/consbench/consbench/bench/smr"

// Options of a log of segment files.
type Options struct {
	Policy  Policy
	Segment int64  // bytes of a segment file; 0 = 16 MiB on disk, 1 MiB simulated
	Owner   string // of Open: who the directory belongs to, a line for people such as "consbench run, node 2"
	Wake    Waker  // of Open: woken when Poll has something new; may be nil
}

// Model says how long a simulated device takes. The zero Model takes no time.
type Model struct {
	Sync      smr.Time // of a sync
	Jitter    smr.Time // mean of what comes on top of it, exponentially distributed
	Bandwidth int64    // bytes written in a second; 0 = no limit
	Seed      uint64
}
