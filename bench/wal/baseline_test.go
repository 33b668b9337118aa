package wal

import (
	"fmt"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestABaselineOfManySegments: replay begins where a baseline does, not where the last
// of its segments does, however much was written behind it.
func TestABaselineOfManySegments(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 4
	}
	for _, dev := range devices {
		for behind := 0; behind < 12; behind += step {
			log, bell := dev.make(t, uint64(behind), Batch)
			if _, _, _, err := contents(log); err != nil {
				t.Fatal(err)
			}
			number := uint64(0)
			add := func(baseline bool, names ...string) {
				number++
				var records []smr.Record
				for _, s := range names {
					records = append(records, record(s)...)
				}
				log.Append(0, number, smr.SyncEntries, baseline, records)
				until(t, log, bell, number)
			}
			for i := range 5 {
				add(false, fmt.Sprint("before", i))
			}
			var want []string
			for i := range 10 {
				want = append(want, fmt.Sprintf("%d:%0*d", i, 9000, 0))
			}
			add(true, want...)
			for i := range behind {
				s := fmt.Sprintf("behind%d:%0*d", i, 5000, 0)
				add(false, s)
				want = append(want, s)
			}
			log.Crash(1 << 40)
			for range 2 { // what was recovered can be recovered again
				_, _, got, err := contents(log)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("%s, %d Readys behind the baseline: recovered %d records, want %d: %v", dev.name, behind, len(got), len(want), err)
				}
			}
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
