package bench_test

import (
	"context"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
)

// BenchmarkDisk is what logs on disk cost, held against the floor that is measured
// beside each run, n preallocated files synced at once: with 64 clients, how many
// times the commits that one fdatasync a command allows; with one, how many times the
// floor its median commit takes. TMPDIR says which device.
func BenchmarkDisk(b *testing.B) {
	for _, p := range []string{"raft", "multipaxos"} {
		for name, clients := range map[string]int{"1-client": 1, "64-clients": 64} {
			b.Run(p+"/"+name, func(b *testing.B) {
				c := bench.Defaults()
				c.Protocols, c.Network, c.Clients, c.Storage = []string{p}, bench.NetworkInproc, clients, bench.StorageDisk
				c.Warmup, c.Duration = 500*time.Millisecond, 2*time.Second
				var rate, ratio, commit, syncs, floor, n float64
				for b.Loop() {
					file, err := bench.Run(context.Background(), c, protocols, nil)
					if err != nil {
						b.Fatal(err)
					}
					r := file.Runs[0]
					if !r.Verdict.Correct || r.Storage.Floor == nil || r.Latency.Commit.P50 == nil {
						b.Fatalf("%+v %+v", r.Verdict, r.Storage)
					}
					f := float64(*r.Storage.Floor)
					rate += r.Throughput
					ratio += r.Throughput * f / 1e9
					commit += float64(*r.Latency.Commit.P50) / f
					syncs += float64(*r.Storage.Sync.P50) / f
					floor += f
					n++
				}
				b.ReportMetric(rate/n, "commits/s")
				b.ReportMetric(ratio/n, "x-one-fdatasync")
				b.ReportMetric(commit/n, "commit-p50/floor")
				b.ReportMetric(syncs/n, "sync-p50/floor")
				b.ReportMetric(floor/n, "floor-ns")
			})
		}
	}
}
