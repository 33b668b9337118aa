package bench

import "github.com/consbench/consbench/bench/smr"

func didYouMean(name string, known []smr.Protocol) string {
	var list []string
	for _, p := range known {
		list = append(list, p.Name)
	}
	return suggest(name, list)
}

func suggest(string, []string) string { return "" }
