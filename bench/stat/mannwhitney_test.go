package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDifferences: what is counted is what stands in the list of all differences.
func TestDifferences(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		sample := func() []float64 {
			v := make([]float64, 1+rng.IntN(30))
			for i := range v {
				if v[i] = rng.NormFloat64(); seed%2 == 0 {
					v[i] = math.Round(v[i]) // ties, zeros
				}
			}
			slices.Sort(v)
			return v
		}
		d := differences{sample(), sample()}
		var all []float64
		for _, y := range d.b {
			for _, x := range d.a {
				all = append(all, y-x)
			}
		}
		slices.Sort(all)
		for k, want := range all {
			if got := d.at(k); got != want {
				t.Fatalf("seed %d: difference %d of %d is %v, not %v", seed, k, len(all), got, want)
			}
		}
		if got, want := d.side(), sideOf(all); got != want {
			t.Fatalf("seed %d: %d on the emptier side, not %d", seed, got, want)
		}
	}
}
