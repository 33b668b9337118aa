package swarm

import (
	"context"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// Search is many seeds of one protocol.
type Search struct {
	Protocol smr.Protocol
	First    uint64        // seed
	Seeds    uint64        // how many
	Time     time.Duration // of the machine, after which no new seed begins; 0 = no limit
	Jobs     int           // seeds at once
	Progress func(*Tally)  // called after every seed, one call at a time; may be nil
}

// Tally sums up the seeds that have ended.
type Tally struct {
	Protocol string
	Seeds    uint64
	Of       uint64
	Events   uint64
	Chosen   uint64
	Commands uint64
	Took     time.Duration // of the machine
	CPU      time.Duration // of the process
	Virtual  smr.Time
	Faults   map[Kind]uint64
	Points   map[string]uint64 // crashes at crash points, by boundary
	Probes   probe.Set         // places reached

	Failed    *Case // the failing case of the lowest seed
	Violation *Violation
	Cut       bool // time was up before all seeds had their turn
}

// Run carries out the search. It ends at the first violation, with the lowest seed
// of those under way that failed; so that the result does not depend on Jobs.
func (s *Search) Run(ctx context.Context) (*Tally, error) {
	t := &Tally{Protocol: s.Protocol.Name, Of: s.Seeds, Faults: make(map[Kind]uint64), Points: make(map[string]uint64)}
	start, usage := time.Now(), measure.ReadUsage()
	var (
		mu    sync.Mutex
		next  = s.First
		end   = s.First + s.Seeds
		fault error
		jobs  sync.WaitGroup
	)
	take := func() (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if next >= end || fault != nil || ctx.Err() != nil {
			return 0, false
		}
		if s.Time > 0 && time.Since(start) >= s.Time {
			t.Cut = true
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range max(1, s.Jobs) {
		jobs.Go(func() {
			for seed, ok := take(); ok; seed, ok = take() {
				c := Draw(s.Protocol, seed)
				out, err := Run(ctx, s.Protocol, c)
				mu.Lock()
				if err != nil {
					if fault == nil && ctx.Err() == nil {
						fault = err
					}
					mu.Unlock()
					return
				}
				t.add(out)
				t.Took, t.CPU = time.Since(start), time.Duration(measure.ReadUsage().Sub(usage).CPU)
				if out.Violation != nil && (t.Failed == nil || c.Seed < t.Failed.Seed) {
					t.Failed, t.Violation = c, out.Violation
					end = min(end, seed)
				}
				if s.Progress != nil {
					s.Progress(t)
				}
				mu.Unlock()
			}
		})
	}
	jobs.Wait()
	t.Took = time.Since(start)
	if fault == nil {
		fault = context.Cause(ctx)
	}
	return t, fault
}

func (t *Tally) add(o *Outcome) {
	t.Seeds++
	t.Events += o.Events
	t.Chosen += o.Chosen
	t.Commands += o.Commands
	t.Virtual += o.Time
	t.Probes.Add(&o.Probes)
	for k, n := range o.Faults {
		t.Faults[k] += n
	}
	for b, n := range o.Crashes {
		if n > 0 {
			t.Points[pointName(b)] += n
		}
	}
}

// Missing lists the places that no seed has reached.
func (t *Tally) Missing() []probe.ID { return t.Probes.Missing(t.Protocol) }

// EventsPerSecond is how many events one core gets through in a second of its time.
func (t *Tally) EventsPerSecond() float64 {
	busy := t.CPU
	if busy == 0 {
		busy = t.Took // a system that does not tell
	}
	return float64(t.Events) / max(busy.Seconds(), 1e-9)
}
