// Package wal is a replica's durable log: records in, the number of the last
// durable Ready out. It knows nothing of what the records mean.
//
// [Disk] is the log that is on a disk. It is written over a small asynchronous
// device (device.go) of which there are two: files, one goroutine a lane (live.go,
// dir.go), and a model in virtual time with the semantics of a page cache. The code
// that is measured is thus the code that is simulated and has its power cut. Faults
// of the device are applied in front of both.
//
//	disk.go     what is appended, group commit, segments made and removed
//	crash.go    faults, and what a power failure takes
//	read.go     walking through a log; torn tail or rot
//	recover.go  what comes back
//	format.go   the bytes
//	dump.go     the same for a person
//
// # Group commit
//
// One batch is with the device at a time: a write and an fdatasync. The first Append
// to an idle device sends its batch off at once, while the turn goes on; what comes
// meanwhile is the next batch. It is submitted from the replica's turn, as its Poll
// learns that the device is done: that costs a wake-up between two syncs and saves
// the lock that another owner of the buffers would need. Segments are made and
// snapshots saved in a second lane, so that commits do not wait for them.
//
// Records are copied once, into the buffer of the batch, because the core lends them
// for a call only and the write outlives it. Their checksum is computed there. That
// of the entries inside is not reused: the log would have to know where entries
// begin, and to combine one CRC of a piece of some hundred bytes with another is no
// cheaper than computing it in hardware (an estimate; it was not measured).
//
// # Files
//
// A baseline begins a segment, so that all segments before a durable baseline can be
// removed, and recovery finds the newest one by looking at the beginnings alone.
// Segments are not recycled: what is behind the end of a log is zeros, and so a
// write that was cut short can be told from a flipped bit (see verdict).
//
// # Crashes
//
// Crash is a power failure, live too: what no finished sync covers is erased from
// the files, or with the fault [Torn] from some byte of it on. A process that was
// killed has lost nothing that the kernel had; it opens the directory again.
//
// [Memory] is the modelled device without files: a sync takes a given time, one sync
// is under way at a time and covers all that was appended before it began. Its memory
// is made of blocks that are reused, so that a log of any length costs what lies
// between two baselines.
package wal
