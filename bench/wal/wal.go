package wal

import "github.com/consbench/consbench/bench/smr"

// Log is what a replica needs of its storage. All calls come from the replica's
// turns; none blocks.
type Log interface {
	// Append adds the records of one Ready. What they must be durable for decides
	// whether a sync is started for them. A baseline makes all records before it
	// superfluous, once it is durable itself.
	Append(now smr.Time, number uint64, sync smr.SyncKind, baseline bool, records []smr.Record)
	// Save stores a snapshot of the state machine at index. A Save while the one
	// before is not durable replaces it.
	Save(now smr.Time, index uint64, meta, image []byte)
	// Poll says what has become durable.
	Poll(now smr.Time) Progress
	// Durable is how many bytes a recovery would read after a crash at now.
	Durable(now smr.Time) uint64
	// Crash is a power failure at now: what is not durable is gone.
	Crash(now smr.Time)
	// Recover hands out the newest durable snapshot, if there is one, and then
	// every record from the newest durable baseline on. Both are borrowed for the
	// call. It ends with the first error of either function.
	Recover(restore func(index uint64, meta, image []byte) error, replay func(record []byte) error) (Recovery, error)
	Stats() Stats
}

// Progress is what has become durable.
type Progress struct {
	Number   uint64   // the last Ready all of whose records are durable
	Snapshot uint64   // index of the newest durable snapshot, 0 = none
	Next     smr.Time // when to Poll again; Never if nothing is under way
}

// Recovery is what a recovery read.
type Recovery struct {
	Records  uint64
	Bytes    uint64
	Snapshot uint64 // index, 0 = none
}

// Stats counts what went to the log since it was made.
type Stats struct {
	Records, Bytes uint64 // framing included
	Syncs          uint64 // of the log and of snapshots
	Snapshots      uint64
	SnapshotBytes  uint64
}
