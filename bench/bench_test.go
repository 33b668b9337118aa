package bench_test

import (
	"context"
	"testing"
	"time"

	"github.com/consbench/consbench/bench"
)

// BenchmarkVirtual is how fast virtual time passes, all checks on: events of the
// simulator and commands a second of wall-clock time, start and verdict included.
func BenchmarkVirtual(b *testing.B) {
	for _, p := range []string{"raft", "multipaxos", "paxos"} {
		b.Run(p, func(b *testing.B) {
			c := virtual(p)
			c.Duration, c.Clients, c.Batch = 10*time.Second, 16, 1
			c.Rate, c.Inflight = 4000, 16
			events, commands := uint64(0), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				file, err := bench.Run(context.Background(), c, protocols, nil)
				if err != nil {
					b.Fatal(err)
				}
				events += file.Runs[0].Totals.Events
				commands += file.Runs[0].Totals.Commits
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(commands)/b.Elapsed().Seconds(), "commands/s")
		})
	}
}

// BenchmarkLive is commits a second on this machine, at the load that the README
// quotes: 3 nodes, 256 B, 1024 clients in a closed loop.
func BenchmarkLive(b *testing.B) {
	for _, network := range []string{"inproc", "tcp"} {
		for _, p := range []string{"raft", "multipaxos"} {
			b.Run(network+"/"+p, func(b *testing.B) {
				c := bench.Defaults()
				c.Protocols, c.Network, c.Clients = []string{p}, network, 1024
				c.Warmup, c.Duration = 500*time.Millisecond, 2*time.Second
				rate, allocs, p99, n := 0.0, 0.0, 0.0, 0.0
				for b.Loop() {
					file, err := bench.Run(context.Background(), c, protocols, nil)
					if err != nil {
						b.Fatal(err)
					}
					r := file.Runs[0]
					if !r.Verdict.Correct {
						b.Fatalf("%+v", r.Verdict)
					}
					rate += r.Throughput
					allocs += r.PerCommit.Allocs
					p99 += float64(*r.Latency.Response.P99)
					n++
				}
				b.ReportMetric(rate/n, "commits/s")
				b.ReportMetric(allocs/n, "allocs/commit")
				b.ReportMetric(p99/n, "p99-ns")
			})
		}
	}
}
