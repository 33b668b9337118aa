package tcp

import (
	"sync"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// member is a node of a benchmark.
type member struct {
	port  netsim.Port
	sleep *park.Parker
	clock *park.Clock
}

// members opens n nodes that have reached each other.
func members(b testing.TB, n int) (nodes []*member, closeAll func()) {
	var ids []smr.NodeID
	for i := range n {
		ids = append(ids, smr.NodeID(i+1))
	}
	net, err := New(options(b, ids...))
	if err != nil {
		b.Fatal(err)
	}
	clock := park.NewClock()
	for _, id := range ids {
		m := &member{sleep: park.New(clock, park.Options{}), clock: clock}
		if m.port, err = net.Open(id, m.sleep); err != nil {
			b.Fatal(err)
		}
		nodes = append(nodes, m)
	}
	for _, m := range nodes {
		for up := 0; up < n-1; m.sleep.Park(clock.Now() + 1_000_000) {
			m.port.PeerChanges(func(_ smr.NodeID, isUp bool) {
				if isUp {
					up++
				}
			})
		}
	}
	return nodes, func() {
		net.Close()
		for _, m := range nodes {
			m.sleep.Close()
		}
	}
}

// benchmarkEcho has node 1 send frames to the others, which answer each; batch
// frames per link are under way.
func benchmarkEcho(b *testing.B, n, size, batch int) {
	nodes, closeAll := members(b, n)
	defer closeAll()
	var wg sync.WaitGroup
	for _, m := range nodes[1:] {
		wg.Go(func() {
			answer := make([]byte, 32)
			for {
				now := m.clock.Now()
				m.port.Poll(now)
				for f, ok := m.port.Next(); ok; f, ok = m.port.Next() {
					if f.Channel == 1 {
						return
					}
					m.port.Send(now, 1, 0, answer, nil)
				}
				m.port.Flush(now)
				m.sleep.Park(smr.Never)
			}
		})
	}
	leader := nodes[0]
	head, body := make([]byte, 32), make([]byte, size)
	b.SetBytes(int64((n - 1) * size))
	b.ReportAllocs()
	under := 0
	for b.Loop() {
		now := leader.clock.Now()
		for id := 2; id <= n; id++ {
			leader.port.Send(now, smr.NodeID(id), 0, head, body)
			under++
		}
		for first := true; under >= (n-1)*batch; first = false {
			if first {
				leader.port.Flush(now)
			}
			leader.port.Poll(now)
			got := 0
			for _, ok := leader.port.Next(); ok; _, ok = leader.port.Next() {
				got++
			}
			if under -= got; got == 0 {
				leader.sleep.Park(smr.Never)
			}
		}
	}
	b.ReportMetric(float64(b.N*(n-1))/b.Elapsed().Seconds(), "frames/s")
	for id := 2; id <= n; id++ {
		leader.port.Send(0, smr.NodeID(id), 1, nil, nil)
	}
	leader.port.Flush(0)
	wg.Wait()
}

func BenchmarkEcho(b *testing.B) {
	b.Run("256B", func(b *testing.B) { benchmarkEcho(b, 3, 256, 64) })
	b.Run("16KiB", func(b *testing.B) { benchmarkEcho(b, 3, 16<<10, 16) })
	b.Run("64KiB", func(b *testing.B) { benchmarkEcho(b, 3, 64<<10, 16) })
	b.Run("1MiB", func(b *testing.B) { benchmarkEcho(b, 3, 1<<20, 8) })
	b.Run("RoundTrip", func(b *testing.B) { benchmarkEcho(b, 2, 64, 1) })
}
