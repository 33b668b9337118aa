package elections

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

// gcPercent keeps what is collected small enough for a processor's cache: a trial
// allocates 400 KB, all of which dies with it.
const gcPercent = 200

// seedOf is the seed of trial i. It depends on nothing else, so that trial i of
// every setting and protocol draws the same timeouts.
func seedOf(seed uint64, i int) uint64 {
	x := seed + uint64(i+1)*0x9e3779b97f4a7c15 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// liveLanes is how many live trials go on at once. They wait nearly all of the time.
const liveLanes = 8

func lanes(cfg *Config) int {
	if cfg.Network == NetworkSim {
		return runtime.GOMAXPROCS(0)
	}
	return liveLanes
}

// Run carries out the trials of cfg, which Check has found to be good, on all
// processors. The samples are in the order of the trials and, in virtual time, depend
// on cfg alone.
// When ctx ends early, Run returns its error and those samples before which none is
// missing. progress may be nil; it is called from one goroutine at a time.
func Run(ctx context.Context, cfg Config, protocol smr.Protocol, progress func(done int)) ([]Sample, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	samples, ended := make([]Sample, cfg.Trials), make([]bool, cfg.Trials)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	var telling sync.Mutex
	for range min(lanes(&cfg), cfg.Trials) {
		workers.Go(func() {
			l := newLab(ctx, cfg, protocol)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= cfg.Trials {
					return
				}
				var err error
				if samples[i], err = l.trial(seedOf(cfg.Seed, i)); err != nil {
					cancel(err) // of no effect if it is ctx that has ended
					return
				}
				ended[i] = true
				if n := done.Add(1); progress != nil && telling.TryLock() {
					progress(int(n))
					telling.Unlock()
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		if i := slices.Index(ended, false); i >= 0 {
			samples = samples[:i]
		}
		return samples, err
	}
	return samples, nil
}
