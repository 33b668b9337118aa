package wal

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// BenchmarkAppendSync compares an append of 256 B that is waited for with a write
// and fdatasync to a plain preallocated file on the same device. Both take turns, so
// that the device treats both alike; x-floor is the ratio of the medians.
func BenchmarkAppendSync(b *testing.B) {
	dir := b.TempDir()
	bell := make(bells, 1)
	log, err := Open(filepath.Join(dir, "log"), Options{Wake: bell, Segment: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	if _, _, _, err := contents(log); err != nil {
		b.Fatal(err)
	}
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	if err := allocate(plain, 64<<20); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 256)
	records := []smr.Record{{Body: data}}
	var ours, floor []time.Duration
	b.ReportAllocs()
	number := uint64(0)
	for b.Loop() {
		began := time.Now()
		number++
		log.Append(0, number, smr.SyncEntries, false, records)
		for log.Poll(0).Number < number {
			<-bell
		}
		half := time.Now()
		if _, err := plain.WriteAt(data, int64(number)*256%(64<<20)); err != nil {
			b.Fatal(err)
		}
		if err := syncData(plain); err != nil {
			b.Fatal(err)
		}
		ours, floor = append(ours, half.Sub(began)), append(floor, time.Since(half))
	}
	o, f := median(ours)*1e6, median(floor)*1e6
	b.ReportMetric(o, "p50-us")
	b.ReportMetric(f, "floor-p50-us")
	b.ReportMetric(o/f, "x-floor")
}

// median is that of v, in seconds.
func median(v []time.Duration) float64 {
	slices.Sort(v)
	return v[len(v)/2].Seconds()
}

// BenchmarkSimulated is what an append costs in a simulation.
func BenchmarkSimulated(b *testing.B) {
	data := make([]byte, 256)
	records := []smr.Record{{Body: data}}
	for name, log := range map[string]Log{"memory": NewMemory(1), "simulated": NewSimulated(Options{}, Model{Sync: 1})} {
		b.Run(name, func(b *testing.B) {
			log.Crash(0)
			if _, _, _, err := contents(log); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			now := smr.Time(0)
			for b.Loop() {
				now += 2
				log.Append(now, uint64(now), smr.SyncEntries, now%8192 == 0, records)
				log.Poll(now + 1)
			}
		})
	}
}

// BenchmarkRecovery recovers logs of records of 16 KiB, with the page cache cold,
// beside reading the same files from one end to the other, in turns. x-read is the
// ratio of the median times.
func BenchmarkRecovery(b *testing.B) {
	for _, size := range []int{64, 256, 1024} {
		b.Run(byteCount(size), func(b *testing.B) {
			if size > 64 && testing.Short() {
				b.Skip("a large file")
			}
			dir := filepath.Join(b.TempDir(), "log")
			bell := make(bells, 1)
			log, err := Open(dir, Options{Wake: bell})
			if err != nil {
				b.Fatal(err)
			}
			if _, _, _, err := contents(log); err != nil {
				b.Fatal(err)
			}
			records := []smr.Record{{Body: make([]byte, 16<<10)}}
			for n := uint64(1); n <= uint64(size)*64; n++ {
				log.Append(0, n, smr.SyncEntries, false, records)
				for n%256 == 0 && log.Poll(0).Number+512 < n {
					<-bell
				}
			}
			if err := log.Close(); err != nil {
				b.Fatal(err)
			}
			var raw, ours []time.Duration
			for b.Loop() {
				_, took, err := ReadCold(dir, 1<<40)
				if err != nil {
					b.Fatal(err)
				}
				raw = append(raw, took)
				log, err := Open(dir, Options{})
				if err != nil {
					b.Fatal(err)
				}
				log.store.evict()
				began := time.Now()
				if _, err := log.Recover(nil, func([]byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
				ours = append(ours, time.Since(began))
				log.Close()
			}
			mb, o, r := float64(size)*1.048576, median(ours), median(raw)
			b.ReportMetric(mb/o, "recovery-MB/s")
			b.ReportMetric(mb/r, "device-MB/s")
			b.ReportMetric(o/r, "x-read")
		})
	}
}

func byteCount(mib int) string {
	if mib >= 1024 {
		return "1GiB"
	}
	return map[int]string{64: "64MiB", 256: "256MiB"}[mib]
}
