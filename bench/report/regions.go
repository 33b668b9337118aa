package report

import (
	"strconv"

	"github.com/consbench/consbench/bench/result"
)

// regions says what the clients of each region have seen: their response latency
// beside their round trip to the leader.
func (p *page) regions(r *result.Run) {
	if len(r.Regions) == 0 {
		return
	}
	g := &grid{header: []string{"REGIONS  ", "clients", "acknow-\nledged"}}
	var columns [][]*int64
	for _, c := range []struct {
		name string
		of   func(*result.Region) *int64
	}{
		{"to leader\nand back", func(r *result.Region) *int64 { return r.ToLeader }},
		{"response\nmin", func(r *result.Region) *int64 { return r.Response.Min }},
		{"p50", func(r *result.Region) *int64 { return r.Response.P50 }},
		{"p99", func(r *result.Region) *int64 { return r.Response.P99 }},
		{"max", func(r *result.Region) *int64 { return r.Response.Max }},
		{"mean", func(r *result.Region) *int64 { return mean(&r.Response) }},
	} {
		g.header = append(g.header, c.name)
		var column []*int64
		for i := range r.Regions {
			column = append(column, c.of(&r.Regions[i]))
		}
		columns = append(columns, column)
	}
	for i := range r.Regions {
		own := &r.Regions[i]
		g.add(" "+Clean(own.Name), strconv.Itoa(own.Clients), Count(own.Acknowledged))
	}
	for _, cells := range times(columns...) {
		g.extend(cells)
	}
	p.table(g, "p99", "mean")
	p.line("")
}
