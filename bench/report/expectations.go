package report

import (
	"fmt"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/result"
)

// expectations says which of a scenario's expectations were met.
func (p *page) expectations() {
	list := p.file.Expectations
	if len(list) == 0 {
		return
	}
	met := 0
	several := false
	for i := range list {
		if list[i].Met {
			met++
		}
		several = several || list[i].Seed != list[0].Seed
	}
	switch {
	case met == len(list):
		p.marked(green, "EXPECTED", "all "+Count(uint64(met))+" expectations were met")
	default:
		p.marked(red, "EXPECTED", fmt.Sprintf("%d of %d expectations were missed", len(list)-met, len(list)))
	}
	g := &grid{header: []string{"", "protocol", "expected", "found"}, left: 4}
	if several {
		g.header = append(g.header, "seed")
	}
	for i := range list {
		x := &list[i]
		word := " met"
		if !x.Met {
			word = " MISSED"
		}
		cells := []string{word, Clean(x.Protocol), Clean(x.Threshold), Found(x)}
		if several {
			cells = append(cells, fmt.Sprint(x.Seed))
		}
		g.add(cells...)
	}
	p.table(g)
	p.line("")
}

// Found is the figure that an expectation was held against.
func Found(x *result.Expectation) string {
	if x.Value == nil {
		return "the run has no such figure"
	}
	m, err := measure.Find(x.Metric)
	if err != nil {
		return sig3(*x.Value)
	}
	switch m.Unit {
	case measure.Nanoseconds:
		return duration(*x.Value)
	case measure.PerSecond:
		return sig3(*x.Value) + "/s"
	case measure.Bytes:
		return sig3(*x.Value) + "B"
	}
	return sig3(*x.Value)
}
