package measure_test

import (
	"math"
	"testing"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
)

// One server, constant service time S, Poisson arrivals at utilisation r (M/D/1):
// mean response S (1 + r/(2(1-r))), the formula of Pollaczek and Khinchine.
func TestPoissonArrivalsAtOneServer(t *testing.T) {
	const service = 20_000 // ns
	for _, c := range []struct {
		utilisation float64
		samples     int
		tolerance   float64
	}{{.5, 1_000_000, .02}, {.8, 2_000_000, .02}, {.9, 4_000_000, .02}, {.95, 4_000_000, .05}} {
		if testing.Short() && c.samples > 1_000_000 {
			continue
		}
		const seed = 1
		arrivals := workload.NewPoisson(0, workload.Rate(c.utilisation*1e9/service), seed)
		h := measure.NewHistogram()
		var free smr.Time
		for range c.samples {
			at := arrivals.Next()
			free = max(free, at) + service
			h.Record(free - at)
		}
		r := c.utilisation
		want := service * (1 + r/(2*(1-r)))
		if got := h.Mean(); math.Abs(got/want-1) > c.tolerance {
			t.Errorf("seed %d: utilisation %v: mean response %.0f ns, want %.0f", seed, r, got, want)
		}
		if h.Min() != service {
			t.Errorf("smallest response %v", h.Min())
		}
	}
}

// 10,000 operations of 1 ms, then one stall of 100 s, planned interval 10 ms (the
// example of Gil Tene's "How NOT to measure latency").
func TestCoordinatedOmission(t *testing.T) {
	const (
		ms    = smr.Time(1e6)
		stall = 100_000 * ms
	)
	arrivals := workload.NewConstant(0, 100)
	serve := func(start smr.Time) (done smr.Time) {
		if start < stall { // all is well until 100 s have passed
			return start + ms
		}
		return max(start+ms, 2*stall) // then nothing is answered before 200 s
	}
	// response is from the intended instant; raw is what a generator sees that waits
	// for its answer and leaves out what it could not send meanwhile.
	response, raw := measure.NewHistogram(), measure.NewHistogram()
	var busy smr.Time
	for range 20_000 {
		intended := arrivals.Next()
		done := serve(intended)
		response.Record(done - intended)
		if intended >= busy {
			raw.Record(done - intended)
			busy = done
		}
	}
	check := func(name string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s is %v ms, want %v", name, got, want)
		}
	}
	quantile := func(h *measure.Histogram, q float64) float64 {
		v, _ := h.Quantile(q)
		return float64(v) / float64(ms)
	}
	if raw.Count() != 10_001 || response.Count() != 20_000 {
		t.Errorf("%d raw values, %d responses", raw.Count(), response.Count())
	}
	check("raw mean", raw.Mean()/float64(ms), 11.00, .001)
	check("raw p99.99", quantile(raw, .9999), 1, .001)
	check("mean", response.Mean()/float64(ms), 25_003, .001)
	check("p50", quantile(response, .5), 1, .001)
	check("p75", quantile(response, .75), 50_000, .001)
	check("p99", quantile(response, .99), 98_000, .001)
}

// A closed loop of N clients without think time at one server, latency L, service
// S: throughput is min(N/(L+S), 1/S), and Little's law holds.
func TestClosedLoop(t *testing.T) {
	const latency, service, end = smr.Time(1e6), smr.Time(100e3), smr.Time(10e9)
	for _, clients := range []int{1, 5, 11, 50} {
		var free smr.Time
		next := make([]smr.Time, clients) // when each client sends, in order of time as a ring
		h := measure.NewHistogram()
		var open measure.InFlight
		for range clients {
			open.Change(0, 1)
		}
		for i := 0; ; i = (i + 1) % clients {
			sent := next[i]
			free = max(free, sent+latency/2) + service
			next[i] = free + latency/2
			if next[i] >= end {
				break
			}
			h.Record(next[i] - sent)
		}
		throughput := float64(h.Count()) / 10
		want := min(float64(clients)*1e9/float64(latency+service), 1e9/float64(service))
		if math.Abs(throughput/want-1) > .01 {
			t.Errorf("%d clients: %v/s, want %v", clients, throughput, want)
		}
		if w := measure.LittlesLaw(open.Mean(end), throughput, h.Mean(), h.Count()); w != "" {
			t.Errorf("%d clients: %s", clients, w)
		}
	}
}
