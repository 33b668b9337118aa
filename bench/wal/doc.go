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
//	crash.go    faults, and what a power failure takes; tear.go: what it may leave
//	survey.go   what there is, by the beginnings of files
//	read.go     walking through a log; torn tail or rot
//	ahead.go    reading while what was read is looked at
//	recover.go  what comes back
//	format.go   the bytes; span.go: reading them
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
// of the entries inside is not reused: the log would have to know where entries begin.
//
// # Files
//
// A baseline begins a segment, so that all segments before a durable baseline can be
// removed, and recovery finds the newest one by looking at the beginnings alone. They
// also tell, in most logs, that all of it was synced; else it is read twice.
// Segments are not recycled: what is behind the end of a log is zeros, and so a
// write that was cut short can be told from a flipped bit.
//
// # Torn or rotten
//
// A record that cannot be read has one of two causes. Either a power failure took it
// before its sync had ended: nobody was told that it is durable, and it is cut off with
// all that follows, a torn tail. Or it was durable and the device has lost it: rot, and
// the replica stops. Length and checksum find both and tell them apart in no case; nor
// does what follows, for sectors reach the device in any order, and the third of three
// records may be there when the second is not. Two things tell (see verdict):
//
//   - A witness. Each frame says up to where the log was synced when it was made. A
//     frame behind the damage that was made after the damaged one was synced proves rot.
//     The first frame after every sync is one, and so is the seal of a log that was
//     closed. Frames of the tail that a crash tore are none: they were made before
//     their own sync.
//   - The size of the damage. A sector of 512 B is on the device as it was before, zeros,
//     or as it was written. Damage of a single bit is thus rot, unless the bit stands in
//     a sector that is zeros without it.
//
// What remains cannot be told by a log that is written in one place: damage of more
// than a bit, or of a sector's only bit, in what the very last sync before the crash
// covered, with no witness written yet. It is taken for torn, and the replica may have
// forgotten what it had answered for. To write each witness at once would take a second
// sync for every one.
//
// That a device writes sectors of 512 B whole is assumed, and that a name that was synced
// stays. So is that a sector which is written again with the same bytes in front, as the
// last one of a batch is by the next batch, never loses them.
//
// # Crashes
//
// Crash is a power failure, live too: what no finished sync covers is erased from
// the files. With the fault [Torn] some of it stays: all up to some byte, or any of its
// sectors, and perhaps the name of a new segment. The page cache is emptied. A process
// that was killed has lost nothing that the kernel had; it opens the directory again.
//
// # Recovery
//
// Files are read in pieces of 1 MiB, ahead of checksums and replay, which take turns
// with the device. The log alone is read at 0.7 (64 MiB) to 1.2 times (1 GiB) the speed
// at which the same files can be read cold (BenchmarkRecovery). A whole replica takes longer, and the
// device is not why: the report of a run says so. Replay copies every entry into the
// new window, whose memory it is the first to touch, and on virtual machines a fresh
// page can cost more than to read it from the disk.
//
// [Memory] is the modelled device without files: a sync takes a given time, one sync
// is under way at a time and covers all that was appended before it began. Its memory
// is made of blocks that are reused, so that a log of any length costs what lies
// between two baselines.
package wal
