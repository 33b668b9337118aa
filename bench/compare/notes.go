package compare

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// notes is what a reader of the figures must know.
func (r *runner) notes() []string {
	out := []string{}
	note := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	c := r.c
	if seeds := r.seeds(); c.Exact && len(seeds) == 1 {
		note("Virtual time: exact for seed %d, one run a side.", seeds[0])
	} else if c.Exact && len(seeds) > 1 {
		note("Virtual time: one run a side for each of %d seeds, exact for each; another seed draws other timeouts and delays.", len(seeds))
	}
	if r.extended {
		note("Seeds were added until each side had had %d elections.", MinElections)
	}
	for i, s := range c.Sides {
		f := r.sides[i].File
		if f == nil {
			continue
		}
		if !c.Exact {
			note("%s was recorded at %s, not interleaved: the bounds do not hold what changed on the machine between the sides.", report.Letter(i), f.Started)
		}
		if s.Good == 0 && s.Incorrect+s.Failed+s.Interrupted == 0 {
			note("%s holds no runs.", report.Letter(i))
		}
		if e, own := f.Environment, c.Environment; !c.Exact && (e.CPU != own.CPU || e.CPUs != own.CPUs || e.GOMAXPROCS != own.GOMAXPROCS || e.Go != own.Go) {
			note("%s was recorded on %s, %d CPUs, GOMAXPROCS %d, %s.", report.Letter(i), e.CPU, e.CPUs, e.GOMAXPROCS, e.Go)
		}
	}
	for i := range c.Sides {
		if s := &c.Sides[i]; s.Good == 0 && s.Failed >= hopeless && r.sides[i].File == nil && r.o.Pairs > hopeless {
			note("%s was given up after %d runs.", report.Letter(i), s.Failed)
		}
	}
	noted := map[*result.Side]bool{}
	for i := range c.Against {
		if a := c.Against[i]; a.Pairs == 0 && c.Sides[a.Base].Good > 0 && c.Sides[a.Side].Good > 0 {
			note("%s and %s have no %s in common.", report.Letter(a.Base), report.Letter(a.Side), map[bool]string{true: "seed", false: "pair"}[c.Exact])
		}
		b := pairUp(c, c.Against[i].Base, c.Against[i].Side)
		for _, s := range b.limited() {
			if !noted[s] {
				noted[s] = true
				note("%s delivers what it is offered: its throughput is the offered rate, not what it could do.", report.Letter(index(c, s)))
			}
		}
	}
	for i := range c.Sides {
		never := 0
		for _, s := range c.Sides[i].Samples {
			never += s.Never["election.first_commit"]
		}
		if never > 0 {
			note("%s: after %s of %d leaders no command of a new leader was acknowledged; these are not in election.first_commit.", report.Letter(i), strconv.Itoa(never), caused(&c.Sides[i]))
		}
	}
	return out
}

func index(c *result.Comparison, s *result.Side) int {
	for i := range c.Sides {
		if &c.Sides[i] == s {
			return i
		}
	}
	panic("compare: a side of another comparison")
}

// seeds of the pairs that were compared, each once, in order.
func (r *runner) seeds() []uint64 {
	var out []uint64
	for _, a := range r.c.Against {
		for _, p := range pairUp(r.c, a.Base, a.Side).pairs {
			if !slices.Contains(out, p[0].Seed) {
				out = append(out, p[0].Seed)
			}
		}
	}
	return out
}
