package smrtest

import "testing"

func TestToy(t *testing.T) { Run(t, Toy, Without(LeaderCrashes)) }

func FuzzToy(f *testing.F) { FuzzStep(f, Toy, Without(LeaderCrashes)) }

// BenchmarkWorld is how many events a second the world handles with all checks.
func BenchmarkWorld(b *testing.B) {
	var events uint64
	for seed := range uint64(b.N) {
		w, err := Schedule(Toy, seed, Without(LeaderCrashes))
		if err != nil {
			b.Fatal(err)
		}
		events += w.Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
