package main

import (
	"context"
	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
	"math"
	"math/rand/v2"
	"time"
)

// resample makes comparisons of pairs that are drawn, some neighbours at a time, with
// that many looks; 0: all that a gate may take.
func (e *experiment) resample(ctx context.Context, pool []Pair, neighbours, looks int, stream uint64) Counts {
	var c Counts
	rng := rand.New(rand.NewPCG(e.Settings.Seed, stream))
	for range e.Settings.Resamples {
		d := &drawing{pool: pool, rng: rng, neighbours: neighbours, metrics: e.Metrics}
		rows, err := gate.Measured(ctx, gate.Trial{
			Source: "itself", Config: e.Config, Old: d.program(0), New: d.program(1),
			Thresholds: gate.Defaults(), Pairs: e.Settings.Pairs, Looks: looks, Deadline: time.Now().Add(24 * time.Hour),
		})
		v := verdict(rows)
		if err != nil {
			v = stat.Fail.String()
		}
		c.add(v, twice(rows))
	}
	return c
}

// drawing plays recorded pairs to gate.Measured.
type drawing struct {
	pool       []Pair
	rng        *rand.Rand
	neighbours int
	metrics    []string
	calls      int
	drawn      int // pairs
	at         int
}

func (d *drawing) program(side int) gate.Program {
	return func(_ context.Context, c bench.Config) (*result.File, error) {
		if d.calls%2 == 0 {
			if d.drawn%d.neighbours == 0 {
				d.at = d.rng.IntN(len(d.pool))
			} else {
				d.at = (d.at + 1) % len(d.pool)
			}
			d.drawn++
		}
		d.calls++
		values := d.pool[d.at].Old
		if side == 1 {
			values = d.pool[d.at].New
		}
		return played(c, d.metrics, values), nil
	}
}

// played is the result of a run that measured values.
func played(c bench.Config, metrics []string, values []float64) *result.File {
	r := result.Run{Protocol: c.Protocols[0], Network: c.Network, Nodes: c.Nodes, Seed: c.Seed, Verdict: result.Verdict{Correct: true}}
	for i, name := range metrics {
		ns := int64(math.Round(values[i]))
		switch name {
		case "throughput":
			r.Throughput = values[i]
		case "response.p50":
			r.Latency.Response.P50 = &ns
		case "response.p99":
			r.Latency.Response.P99 = &ns
		default:
			panic("trial: gate holds " + name + " by default, which cannot be played")
		}
	}
	return &result.File{Runs: []result.Run{r}}
}
