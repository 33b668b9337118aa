package bench

import (
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/smr"
)

// didYouMean ends an error about an unknown protocol.
func didYouMean(name string, known []smr.Protocol) string {
	var list []string
	for _, p := range known {
		list = append(list, p.Name)
	}
	return nearest.Hint(name, list)
}
