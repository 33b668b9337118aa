package main

import (
	"context"
	"errors"
	"fmt"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/stat"
	"math"
	"time"
)

// inject finds the delay that costs as much throughput as the comparisons said they
// would catch, and looks whether they do.
func (e *experiment) inject(ctx context.Context, keep func() error) error {
	if e.Sees == 0 || e.Sees >= .9 {
		return nil // judge says so
	}
	if len(e.Changed) == 0 {
		if err := e.calibrate(ctx, keep); err != nil {
			return err
		}
	}
	if len(e.Changed) == 0 {
		return nil // judge says so
	}
	e.Caught = e.resample(ctx, e.Changed, 1, 1, 3)
	e.CaughtLooking = e.resample(ctx, e.Changed, 1, 0, 4)
	e.say("injected: throughput %.1f%% lower, %d of %d caught", 100*e.Injected.Fall, e.Caught.Failed, e.Caught.Comparisons)
	for len(e.LiveInjected) < e.Settings.LiveInjected {
		c, _, err := e.compare(ctx, e.Injected.Burn)
		if errors.Is(err, errTime) {
			e.say("no time for more live comparisons with the change in them")
			break // nothing rests on them
		}
		if err != nil {
			return err
		}
		e.LiveInjected = append(e.LiveInjected, c)
		e.LiveCaught.add(c.Verdict, c.Second)
		e.say("injected, live %d of %d: %s", len(e.LiveInjected), e.Settings.LiveInjected, c.Verdict)
		if err := keep(); err != nil {
			return err
		}
	}
	return nil
}

// Tries of the calibration.
const (
	mostTries  = 24
	mostFinals = 8
	mostBurn   = 100 * time.Millisecond
)

// calibrate finds the delay and records pairs with it. What it has seen is kept, so
// that it goes on where it was interrupted.
func (e *experiment) calibrate(ctx context.Context, keep func() error) error {
	want := loss(e.Sees * aim)
	start := want * 1e9 / max(e.entries, 1)
	best, finals := math.Inf(1), 0
	var injected Effect
	var changed []Pair
	for len(e.Calibration) < mostTries && finals < mostFinals {
		burn, sure := next(e.Calibration, want, start, 2*e.Settings.Pairs)
		if burn > mostBurn {
			break
		}
		n := e.Settings.Pairs
		if sure {
			finals++
			n = e.Settings.Injected
			if took := e.pair; took > 0 {
				n = max(min(n, int(e.until.Sub(e.now())/took)), min(n, leastInjected))
			}
		}
		pairs, err := e.record(ctx, burn, n)
		if errors.Is(err, errTime) && len(changed) > 0 {
			break
		}
		if err != nil {
			return err
		}
		f := effect(burn, pairs)
		e.say("a delay of %v a proposal: throughput %.1f%% lower (%.1f%% to %.1f%%), wanted %.1f%%", f.Burn, 100*f.Fall, 100*f.Low, 100*f.High, 100*aim*e.Sees)
		e.Calibration, e.CalibratedPairs = append(e.Calibration, f), e.CalibratedPairs+n
		if sure {
			off := math.Abs(f.Fall/e.Sees - aim)
			if f.Fall < e.Sees {
				off *= 10 // less than was to be seen shows nothing
			}
			if off < best {
				best, injected, changed = off, f, pairs
			}
		}
		if sure && f.Fall >= e.Sees && f.Fall <= most*e.Sees {
			break
		}
		if err := keep(); err != nil {
			return err
		}
	}
	if e.Injected, e.Changed = injected, changed; changed == nil {
		e.Changed = []Pair{}
	}
	return keep()
}

// loss is what a fall of throughput is on a logarithmic scale, on which it grows about
// in proportion to the delay.
func loss(fall float64) float64 { return -math.Log1p(-min(max(fall, -.5), .99)) }

// next is the delay to try after those that were seen, and whether these were near
// enough to what is wanted, over enough pairs, to record with it. Far from it,
// the search goes by fours and then by halves of the logarithm; near it, by the price
// of a delay that all near tries together give.
func next(seen []Effect, want, start float64, enough int) (burn time.Duration, sure bool) {
	low, high, pairs := 0.0, math.Inf(1), 0
	for _, f := range seen {
		switch l := loss(f.Fall); {
		case l < want/2:
			low = max(low, float64(f.Burn))
		case l > 2*want:
			high = min(high, float64(f.Burn))
		default:
			pairs += f.Pairs
		}
	}
	// By least squares over all but those far above, for which the proportion does not
	// hold: to leave out those far below would leave the lucky ones.
	var paid, spent float64
	for _, f := range seen {
		if l, x := loss(f.Fall), float64(f.Burn); l <= 2*want {
			paid, spent = paid+float64(f.Pairs)*l*x, spent+float64(f.Pairs)*x*x
		}
	}
	at := start
	switch {
	case pairs > 0 && paid > 0:
		at = want * spent / paid
	case low > 0 && low < high && !math.IsInf(high, 1):
		at = math.Sqrt(low * high)
	case low > 0 && loss(seen[len(seen)-1].Fall) < want:
		at = 4 * max(low, float64(seen[len(seen)-1].Burn)) // nothing above yet, or they contradict each other
	case !math.IsInf(high, 1):
		at = high / 4
	}
	return time.Duration(max(math.Round(at), 1)), pairs >= enough
}

// record makes pairs with a change in them.
func (e *experiment) record(ctx context.Context, burn time.Duration, n int) ([]Pair, error) {
	r, began := &recorder{e: e}, e.now()
	programs := [2]gate.Program{r.program(0, 0), r.program(1, burn)}
	for i := range n {
		if !e.now().Before(e.until) {
			return nil, errTime
		}
		c := e.Config
		c.Seed += uint64(i + 1)
		for turn := range 2 {
			file, err := programs[turn^stat.First(i)](ctx, c)
			if err != nil {
				return nil, err
			}
			if len(file.Runs) != 1 || !file.Runs[0].Verdict.Correct || file.Runs[0].Error != "" {
				return nil, fmt.Errorf("a run of the calibration does not count: %s", file.Runs[0].Error)
			}
		}
	}
	e.pair = e.now().Sub(began) / time.Duration(n)
	pairs := r.pairs()
	if len(pairs) < min(n, stat.MinPairs) {
		return nil, fmt.Errorf("runs of %v are too short: most have no p99", e.Settings.Duration)
	}
	return pairs, nil
}

// effect is by how much throughput fell.
func effect(burn time.Duration, pairs []Pair) Effect {
	old, new := throughputs(pairs)
	b, err := stat.Paired(old, new, stat.DefaultConfidence)
	if err != nil {
		return Effect{Burn: burn, Pairs: len(pairs)}
	}
	return Effect{Burn: burn, Pairs: len(pairs), Fall: 1 - b.Value, Low: 1 - b.High, High: 1 - b.Low}
}
