package wal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Log is what a replica needs of its storage. All calls come from the replica's
// turns, or from whoever crashes and restarts it between two turns; only Crash,
// Recover and Close may wait for the device.
type Log interface {
	// Append adds the records of one Ready. What they must be durable for decides
	// whether a sync is started for them. A baseline makes all records before it
	// superfluous, once it is durable itself. After the device has failed, Append
	// does nothing.
	Append(now smr.Time, number uint64, sync smr.SyncKind, baseline bool, records []smr.Record)
	// Save stores a snapshot of the state machine at index. A Save while the one
	// before is not durable replaces it.
	Save(now smr.Time, index uint64, meta, image []byte)
	// Poll says what has become durable, and goes on with what waits for the device.
	Poll(now smr.Time) Progress
	// Durable is how many bytes a recovery would read after a crash at now.
	Durable(now smr.Time) uint64
	// Crash is a power failure at now: what is not known to be durable is gone.
	Crash(now smr.Time)
	// Recover hands out the newest durable snapshot, if there is one, and then
	// every record from the newest durable baseline on. Both are borrowed for the
	// call. It ends with the first error of either function, and with a
	// [*RotError] where what had been synced cannot be read. It comes before the
	// first Append, and after every Crash.
	Recover(restore func(index uint64, meta, image []byte) error, replay func(record []byte) error) (Recovery, error)
	// Impair begins a fault of the device and Repair ends it; neither undoes what
	// the fault has done. The error says why this log cannot have this fault.
	Impair(now smr.Time, f Fault) error
	Repair(now smr.Time, kind FaultKind)
	// Observe has f called, from Poll, for each sync of the log that has ended.
	Observe(f func(Sync))
	Stats() Stats
	// Close gives back files and goroutines. What was appended is made durable
	// first, unless the device fails or is stalled. Closing twice is harmless.
	Close() error
}

// Progress is what has become durable.
type Progress struct {
	Number   uint64   // the last Ready all of whose records are durable
	Snapshot uint64   // index of the newest durable snapshot, 0 = none
	Next     smr.Time // when to Poll again; Never if nothing is under way, or if the Waker will say
	// Err is why the device has failed: nothing beyond Number and Snapshot becomes
	// durable any more, and the replica must stop. A failed sync is never tried
	// again, since the kernel may have dropped what it could not write and would
	// then report success. Only Crash and Recover end this state.
	Err error
}

// Recovery is what a recovery read.
type Recovery struct {
	Records  uint64
	Bytes    uint64 // of these records, framing included
	Snapshot uint64 // index, 0 = none
	Torn     uint64 // bytes cut off behind the last whole record
	Lost     bool   // the whole log was lost since the last recovery: what was promised is forgotten
	Spent    Spent
}

// Spent is where the time of a recovery went. A log without files takes none.
type Spent struct {
	Scan   smr.Time // listing files, reading their beginnings and the snapshot
	Wait   smr.Time // for the device to read records
	Replay smr.Time // checksums, and what is done with the records
	Sync   smr.Time // of what may not have been synced, and of the end of the log
}

// Sync is one sync of the log that has ended.
type Sync struct {
	Took           smr.Time // from the first of its writes to its end
	Records, Bytes int      // that it made durable, framing included
}

// Stats counts what went to the log since it was made.
type Stats struct {
	Records, Bytes uint64 // framing included
	Syncs          uint64 // of segments, snapshots and the directory
	Snapshots      uint64
	SnapshotBytes  uint64
}

// Waker tells a replica that its disk has something new for it.
type Waker interface{ Wake() }

// Policy is when a log is synced.
type Policy uint8

const (
	Batch  Policy = iota // one sync covers all that was appended while the one before went on
	Always               // every record has a sync of its own
	Off                  // never: what is appended counts as durable at once. NOT DURABLE
)

var policyNames = []string{"batch", "always", "off"}

func (p Policy) String() string { return nameOf(policyNames, int(p), "policy") }

// ParsePolicy reads what String writes.
func ParsePolicy(s string) (Policy, error) {
	for i, name := range policyNames {
		if s == name {
			return Policy(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no sync policy: always, batch or off", s)
}

// FaultKind is what can be wrong with a device.
type FaultKind uint8

const (
	Stall   FaultKind = iota // no write ends until Repair
	Slow                     // every sync takes Fault.Extra longer
	Full                     // writes fail: no space left
	Fail                     // syncs fail
	Corrupt                  // one bit of a durable record flips, now; Repair does nothing
	Lose                     // all that was ever written is gone, now, and the device with it until Recover; Repair does nothing
	Torn                     // a crash keeps some of what was not synced, instead of nothing: its first bytes, or any of its sectors of 512 B
)

var faultNames = []string{"stall", "slow", "full", "fail", "corrupt", "lose", "torn"}

func (k FaultKind) String() string { return nameOf(faultNames, int(k), "fault") }

// Fault is a fault of a device.
type Fault struct {
	Kind  FaultKind
	Extra smr.Time // of Slow
	Seed  uint64   // of Corrupt: which bit; of Torn: what is kept
}

// Errors of a device that has failed, and of faults.
var (
	ErrFull        = errors.New("wal: no space left on device")
	ErrSync        = errors.New("wal: sync failed")
	ErrLost        = errors.New("wal: the log's directory is gone")
	ErrNothing     = errors.New("wal: nothing is durable yet that could be corrupted")
	ErrUnsupported = errors.New("wal: a log in memory has no such fault: it keeps no checksums")
	ErrClosed      = errors.New("wal: closed")
)

// RotError says that what had been synced cannot be read any more. A log with rot
// is not used: a replica that forgets what it has promised is worse than one that
// is missing.
type RotError struct {
	File   string
	Offset int64 // in File, of the record or header that is bad
	Reason string
}

func (e *RotError) Error() string {
	return fmt.Sprintf("wal: %s: offset %d: rot: %s", e.File, e.Offset, e.Reason)
}

func nameOf(names []string, i int, what string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", strings.ToLower(what), i)
}
