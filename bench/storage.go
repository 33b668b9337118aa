package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/wal"
)

// Storages that a run can use.
const (
	StorageMemory = "memory" // outlives its replica
	StorageDisk   = "disk"   // files; in virtual time a simulated device
)

// Policy is when logs on disk are synced.
func (c *Config) Policy() wal.Policy {
	p, err := wal.ParsePolicy(c.Fsync)
	if err != nil {
		return wal.Batch
	}
	return p
}

// Durable reports whether what is acknowledged is on stable storage, or modelled to be.
func (c *Config) Durable() bool { return c.Storage != StorageDisk || c.Policy() != wal.Off }

// validateStorage reports the flags about storage that cannot work, or not together.
func (c *Config) validateStorage() (errs []error) {
	add := func(bad bool, flag, format string, args ...any) {
		if bad {
			errs = append(errs, wrong(flag, format, args...))
		}
	}
	disk, live := c.Storage == StorageDisk, c.Network != NetworkSim
	add(c.Storage != StorageMemory && !disk, "storage", "%q is not memory or disk", c.Storage)
	if c.Fsync != "" {
		_, err := wal.ParsePolicy(c.Fsync)
		add(err != nil, "fsync", "%q is not one of always, batch, off", c.Fsync)
		add(err == nil && !disk, "fsync", "a log in memory is not synced: it needs --storage disk")
	}
	add(c.SyncLatency > 0 && disk && live, "sync-latency", "models a device, but on %s logs are real files with a latency of their own: leave it out, or use --network sim", c.Network)
	add(c.Dir != "" && disk && !live, "dir", "a simulated device has no files: it needs --network inproc or tcp")
	add(c.Keep && !(disk && live), "keep", "there are no files to keep: it needs --storage disk and --network inproc or tcp")
	return errs
}

// processors is GOMAXPROCS for the run. A goroutine in fdatasync keeps its processor
// from the others until the scheduler's monitor notices, which takes it 20 us to 10 ms:
// on two processors, two syncs stop the cluster. So each log may have one more.
func (c *Config) processors() int {
	n := runtime.GOMAXPROCS(0)
	if c.Storage == StorageDisk && c.Network != NetworkSim && !c.Processes {
		n += c.Nodes
	}
	return n
}

// unfit says why this run cannot have some faults of storage, processors and clocks.
func (c *Config) unfit() map[fault.Verb]string {
	out := map[fault.Verb]string{fault.CPUSlow: c.unslowable()}
	if c.Storage != StorageDisk {
		out[fault.DiskCorrupt] = "a log in memory has no checksums to find it by: it needs --storage disk"
	}
	if c.Processes {
		for _, v := range fault.Disk {
			out[v] = "the disk of a replica in a process of its own is the real one, and no run can break it: leave out --processes"
		}
		for _, v := range []fault.Verb{fault.ClockDrift, fault.ClockJump} {
			out[v] = "a replica in a process of its own reads the machine's clock, and no run can bend it: leave out --processes"
		}
	}
	return out
}

// files is the directory that a run owns: its own logs, one directory a replica, and
// nothing else.
type files struct {
	dir  string
	keep bool
}

// openFiles makes the directory for the logs of one run, or returns nil if it has no
// files. Its name is new: nothing that was there before is touched.
func (c *Config) openFiles(protocol string) (*files, error) {
	if c.Storage != StorageDisk || c.Network == NetworkSim {
		return nil, nil
	}
	dir, err := os.MkdirTemp(c.Dir, fmt.Sprintf("consbench-%s-seed%d-", protocol, c.Seed))
	if err != nil {
		return nil, wrong("dir", "%v", err)
	}
	return &files{dir, c.Keep}, nil
}

// close removes what the run has made, if it is not to be kept.
func (f *files) close() error {
	if f == nil || f.keep {
		return nil
	}
	return os.RemoveAll(f.dir)
}

// Sizes of the measurement of the floor.
const (
	floorSyncs = 64 // of each file
	floorWrite = 256
)

// syncFloor measures what no replica of this run can beat: it returns the times of
// appends of 256 B and their fdatasync, n preallocated files at once.
func syncFloor(dir string, n int) ([]time.Duration, error) {
	var (
		group sync.WaitGroup
		times = make([][]time.Duration, n)
		errs  = make([]error, n)
	)
	for i := range n {
		group.Go(func() { times[i], errs[i] = floorOf(dir) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err // the others say the same
		}
	}
	return slices.Concat(times...), nil
}

func floorOf(dir string) (times []time.Duration, err error) {
	f, err := os.CreateTemp(dir, "floor-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	buf := make([]byte, floorWrite)
	if _, err := f.Write(make([]byte, floorSyncs*floorWrite)); err != nil { // no holes, no growth
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	for i := range floorSyncs {
		start := time.Now()
		if _, err := f.WriteAt(buf, int64(i*floorWrite)); err != nil {
			return nil, err
		}
		if err := syncData(f); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// measureFloor adds a measurement of the device under the logs: before the run has
// begun and after it is over, for what else the machine does changes with time.
func (r *runner) measureFloor() error {
	if r.files == nil {
		return nil
	}
	times, err := syncFloor(r.files.dir, r.cfg.Nodes)
	r.floor = append(r.floor, times...)
	return err
}

// storage is the part of the result about logs on disk.
func (r *runner) storage(commands uint64) *result.Storage {
	if r.cfg.Storage != StorageDisk {
		return nil
	}
	syncs := r.cluster.Syncs()
	s := &result.Storage{Fsync: r.cfg.Policy().String(), Durable: r.cfg.Durable(), Sync: latency(syncs.Took)}
	s.Records, s.Bytes = batching(syncs.Records), batching(syncs.Bytes)
	if n := syncs.Took.Count(); n > 0 {
		s.Commands = float64(commands) * float64(r.cfg.Nodes) / float64(n)
	}
	if len(r.floor) > 0 {
		slices.Sort(r.floor)
		median := int64(r.floor[len(r.floor)/2])
		s.Floor = &median
	}
	if r.files != nil && r.files.keep {
		s.Files = r.files.dir
	}
	s.Recovery = r.reading()
	return s
}
