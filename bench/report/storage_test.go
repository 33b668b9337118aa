package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

// TestGoldenStorage: the STORAGE block of every kind of log and recovery, and the
// replicas that a fault of a disk has stopped.
func TestGoldenStorage(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	device := 1.62e9
	sync := result.Latency{Count: 4210, Min: n(190_000), P50: n(412_000), P99: n(2_100_000), Max: n(9_800_000)}
	batches := result.Storage{
		Fsync: "batch", Durable: true, Sync: sync, Floor: n(298_000), Commands: 71.9,
		Records: result.Batching{Mean: 1.01, Max: 11}, Bytes: result.Batching{Mean: 18_164, Max: 198_088},
	}
	one := []result.Recovery{{Node: 2, Took: 143e6, Bytes: 22_311_872}}
	three := append([]result.Recovery{{Node: 1, Took: 81e6, Bytes: 6_311_000, Torn: 40}, {Node: 3, Took: 1_203e6, Bytes: 1_073_741_824}}, one...)
	with := func(change func(*result.Storage)) *result.Storage {
		s := batches
		change(&s)
		return &s
	}
	for _, width := range []int{80, 120} {
		var out strings.Builder
		for _, c := range []struct {
			what       string
			storage    *result.Storage
			recoveries []result.Recovery
		}{
			{"memory", nil, nil},
			{"batch", &batches, nil},
			{"always, kept", with(func(s *result.Storage) { s.Fsync, s.Files = "always", "/var/tmp/consbench-raft-seed42-1" }), nil},
			{"off", &result.Storage{Fsync: "off", Floor: n(298_000)}, nil},
			{"simulated", with(func(s *result.Storage) { s.Floor = nil }), one},
			{"cold recovery", with(func(s *result.Storage) {
				s.Recovery = &result.Reading{Bytes: 22_311_872, Took: 143e6, Scan: 2e6, Wait: 6e6, Replay: 133e6, Sync: 1e6, Cold: true, Device: &device}
			}), one},
			{"warm recoveries", with(func(s *result.Storage) {
				s.Recovery = &result.Reading{Bytes: 1_102_364_696, Took: 1_427e6, Scan: 12e6, Wait: 106e6, Replay: 1_133e6, Sync: 9e6, Device: &device}
			}), three},
			{"recoveries of little", with(func(s *result.Storage) { s.Recovery = &result.Reading{Took: 2e6, Scan: 1e6} }), []result.Recovery{{Node: 2, Took: 2e6}}},
		} {
			p := &page{width: width}
			r := &result.Run{Nodes: 3, Storage: c.storage, Totals: result.Totals{Recoveries: c.recoveries}}
			p.storage(r)
			fmt.Fprintf(&out, "%s\n%s", c.what, p.out.String())
		}
		p := &page{width: width}
		p.stops(&result.Run{Faults: []result.Fault{
			{Action: "disk fail leader at 1s for 500ms", Stopped: []result.Stop{{Node: 1, At: 1_012e6, Why: "wal: sync failed"}}},
			{Action: "disk corrupt node 2 at 2s", Stopped: []result.Stop{{Node: 2, At: 3e9, Gone: true, Why: "n2 cannot recover: wal: /var/tmp/consbench-raft-seed42-1/n2/0000000000000001.seg: offset 9504: rot: a record does not match its checksum for a single bit"}}},
		}})
		fmt.Fprintf(&out, "stopped\n%s", p.out.String())
		for l := range strings.Lines(out.String()) {
			if len(strings.TrimSuffix(l, "\n")) > width && strings.Contains(l, " ") && !strings.Contains(l, "/var/tmp") {
				t.Errorf("wider than %d: %s", width, l)
			}
		}
		golden(t, fmt.Sprintf("storage-%d.txt", width), out.String())
	}
}
