package report

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// costOf says what work costs in a virtual run.
func costOf(c *bench.Config) string {
	switch {
	case c.Cost == "":
		return "cost none"
	case c.Cores > 0:
		return "cost " + Clean(c.Cost) + " on " + plural(c.Cores, "core")
	}
	return "cost " + Clean(c.Cost)
}

// mostShown is how many replicas are named one by one.
const mostShown = 9

// processors shows how busy the replicas of a virtual run were, the busiest first.
func (p *page) processors(r *result.Run) {
	if r.Cost == nil || r.Network != bench.NetworkSim || r.Measured <= 0 {
		return
	}
	share := func(busy int64) string {
		return strconv.FormatFloat(100*float64(busy)/float64(r.Measured), 'f', 1, 64) + "%"
	}
	order := make([]int, len(r.Cost.Replicas))
	sending := false
	for i := range order {
		order[i] = i
		sending = sending || r.Cost.Replicas[i].Sending > 0
	}
	at := func(i int) int64 { return max(r.Cost.Replicas[i].Busy, r.Cost.Replicas[i].Sending) }
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case at(a) > at(b):
			return -1
		case at(a) < at(b):
			return 1
		}
		return 0
	})
	var parts []string
	for _, i := range order[:min(len(order), mostShown)] {
		part := fmt.Sprintf("n%d %s", i+1, share(r.Cost.Replicas[i].Busy))
		if sending {
			part += " (interface " + share(r.Cost.Replicas[i].Sending) + ")"
		}
		parts = append(parts, part)
	}
	if rest := order[len(parts):]; len(rest) > 0 {
		parts = append(parts, plural(len(rest), "other replica")+" at most "+share(at(rest[0])))
	}
	var clients int64
	for _, w := range r.Cost.Clients {
		clients += w.Busy
	}
	if len(r.Cost.Clients) > 0 {
		parts = append(parts, "clients "+share(clients))
	}
	p.labelled("BUSY", "   ", parts...)
}
