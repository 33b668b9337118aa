package smrtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestDisk drives a disk and a plain list of Readys side by side: what a crash
// leaves is a prefix of the log that holds all that was durable, starts at the
// newest Baseline in it, and has no Baseline cut short.
func TestDisk(t *testing.T) {
	type ready struct {
		baseline bool
		records  []string
	}
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var d disk
		var readies []ready
		synced := 0
		for n := 1; n <= 30; n++ {
			r := ready{baseline: rng.IntN(6) == 0}
			for i := range 1 + rng.IntN(3) {
				text := fmt.Sprintf("%d.%d", n, i)
				r.records = append(r.records, text)
				d.append(stored{number: uint64(n), baseline: r.baseline, start: r.baseline && i == 0}, []byte(text[:1]), []byte(text[1:]))
			}
			readies = append(readies, r)
			if rng.IntN(3) == 0 {
				synced += rng.IntN(n - synced + 1)
				d.sync(uint64(synced))
			}
		}
		kept := rng.IntN(6)
		d.crash(kept)

		var want []string
		for n, r := range readies {
			take := len(r.records)
			if n >= synced {
				if take = min(take, kept); r.baseline && take < len(r.records) {
					break
				}
				kept -= take
			}
			if r.baseline {
				want = want[:0]
			}
			want = append(want, r.records[:take]...)
			if take < len(r.records) {
				break
			}
		}
		got := []string{}
		for i := range d.records {
			got = append(got, string(d.record(i)))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
