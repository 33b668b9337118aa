//go:build mutants

package cmd

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
)

// hunting is a table of mutants as it was asked for.
type hunting struct {
	only   string
	layer  string
	kills  int
	limit  int
	first  uint64
	jobs   int
	shrink time.Duration
	keys   bool
	stdout io.Writer

	protocols []smr.Protocol

	shares  []float64 // of its events that each case has left when shrunk
	longest time.Duration
}

// addMutants adds the command that prints the table of mutants.
func addMutants(root *cobra.Command, protocols []smr.Protocol, stdout io.Writer) {
	h := &hunting{protocols: protocols, stdout: stdout}
	c := &cobra.Command{
		Use:   "mutants [flags]",
		Short: "how many seeds of check it takes to find each deliberate bug",
		Long: `How many seeds of consbench check it takes to find each deliberate bug of this test
build. A hunt ends with the first seed that breaks an invariant, the next one begins
behind it. Exit status: 0 all were found, 3 one survived.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return h.run(c.Context()) },
	}
	c.Flags().StringVar(&h.only, "only", "", "mutants whose names contain this")
	c.Flags().StringVar(&h.layer, "layer", "", "mutants of this layer: raft, multipaxos, paxos, log or session")
	c.Flags().IntVar(&h.kills, "kills", 3, "how often each is to be found")
	c.Flags().IntVar(&h.limit, "seeds", 1000, "seeds of one hunt")
	c.Flags().Uint64Var(&h.first, "first", 1, "seed that the first hunt begins with")
	c.Flags().IntVar(&h.jobs, "jobs", runtime.GOMAXPROCS(0), "seeds at once")
	c.Flags().BoolVar(&h.keys, "keys", true, "with cases that have keys, whose histories are checked for linearizability")
	c.Flags().DurationVar(&h.shrink, "shrink", 0, "how long to look for a smaller case than the first that finds each, and show its events, such as 20s")
	root.AddCommand(c)
}

func (h *hunting) run(ctx context.Context) error {
	if h.kills < 1 || h.limit < 1 || h.jobs < 1 {
		return &failure{exitUsage, fmt.Errorf("--kills, --seeds and --jobs must be positive")}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(searchGOGC))
	ctx, interrupt := interruptible(ctx)
	defer interrupt.stop()
	start, layer, rows, survived := time.Now(), "", 0, 0
	for _, id := range mutant.All() {
		info := id.Info()
		if info.Once || !strings.Contains(info.Name, h.only) || h.layer != "" && h.layer != info.Layer {
			continue
		}
		if info.Layer != layer {
			layer = info.Layer
			fmt.Fprintf(h.stdout, "%-29s %-10s %5s %6s %5s%s  %s\n", strings.ToUpper(layer), "protocol", "first", "median", "worst", h.shrinkHead(), "found by")
		}
		for _, p := range h.protocols {
			if !slices.Contains(info.Protocols, p.Name) {
				continue
			}
			hunt := swarm.Hunt{Mutant: id, Protocol: p, First: h.first, Kills: h.kills, Limit: uint64(h.limit), Jobs: h.jobs, Keyless: !h.keys, Shrink: h.shrink}
			k, err := hunt.Run(ctx)
			if err != nil {
				if interrupt.came() {
					return &failure{interrupt.status(), fmt.Errorf("interrupted")}
				}
				return failed(err)
			}
			rows++
			h.row(info.Name, p.Name, k)
			if k.Survived {
				survived++
			}
		}
	}
	fmt.Fprintf(h.stdout, "\n%d rows, %d survived %d seeds, in %v\n", rows, survived, h.limit, time.Since(start).Round(time.Second))
	h.left()
	switch {
	case rows == 0:
		return &failure{exitUsage, fmt.Errorf("no mutant is called %q in layer %q", h.only, h.layer)}
	case survived > 0:
		return &failure{exitIncorrect, fmt.Errorf("%d mutants survived", survived)}
	}
	return nil
}

func (h *hunting) row(name, protocol string, k *swarm.Kill) {
	if k.Violation == nil {
		fmt.Fprintf(h.stdout, "%-29s %-10s %5s %6s %5d%s  SURVIVED\n", name, protocol, "-", "-", k.Ran, h.shrunk(nil))
		return
	}
	by := string(k.Invariant())
	if k.Survived {
		by += ", then SURVIVED"
	}
	fmt.Fprintf(h.stdout, "%-29s %-10s %5d %6d %5d%s  %s\n", name, protocol, k.Seeds[0], k.Median(), k.Worst(), h.shrunk(k.Shrunk), by)
}

func (h *hunting) shrinkHead() string {
	if h.shrink <= 0 {
		return ""
	}
	return fmt.Sprintf(" %7s %6s %5s", "events", "shrunk", "in")
}

// shrunk is what came of shrinking the first case that found a mutant.
func (h *hunting) shrunk(s *swarm.Shrunk) string {
	switch {
	case h.shrink <= 0:
		return ""
	case s == nil:
		return fmt.Sprintf(" %7s %6s %5s", "-", "-", "-")
	}
	h.shares = append(h.shares, float64(s.Outcome.Events)/float64(s.Before))
	h.longest = max(h.longest, s.Took)
	return fmt.Sprintf(" %7d %6d %4.0fs", s.Before, s.Outcome.Events, s.Took.Seconds())
}

// left says how much of the cases that found mutants is left of them.
func (h *hunting) left() {
	if n := len(h.shares); n > 0 {
		slices.Sort(h.shares)
		fmt.Fprintf(h.stdout, "shrunk to %.0f %% of the events in the median, %.0f %% at worst, in at most %v\n", 100*h.shares[n/2], 100*h.shares[n-1], h.longest.Round(time.Second))
	}
}
