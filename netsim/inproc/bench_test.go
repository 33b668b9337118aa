package inproc

import (
	"sync"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// benchmarkEcho has node 1 send batches to two others that answer each frame.
func benchmarkEcho(b *testing.B, size, batch int) {
	net := New(Options{})
	defer net.Close()
	clock := park.NewClock()
	open := func(id smr.NodeID) (netsim.Port, *park.Parker) {
		p := park.New(clock, park.Options{})
		port, err := net.Open(id, p)
		if err != nil {
			b.Fatal(err)
		}
		return port, p
	}
	var wg sync.WaitGroup
	for id := smr.NodeID(2); id <= 3; id++ {
		port, sleep := open(id)
		wg.Go(func() {
			defer sleep.Close()
			answer := make([]byte, 32)
			for {
				now := clock.Now()
				port.Poll(now)
				for m, ok := port.Next(); ok; m, ok = port.Next() {
					if m.Channel == 1 {
						return
					}
					port.Send(now, 1, 0, answer, nil)
				}
				port.Flush(now)
				sleep.Park(smr.Never)
			}
		})
	}
	port, sleep := open(1)
	defer sleep.Close()
	head, body := make([]byte, 32), make([]byte, size)
	b.SetBytes(int64(2 * size))
	b.ReportAllocs()
	inFlight := 0
	for b.Loop() {
		now := clock.Now()
		port.Send(now, 2, 0, head, body)
		port.Send(now, 3, 0, head, body)
		inFlight += 2
		for inFlight >= 2*batch {
			port.Flush(now)
			sleep.Park(smr.Never)
			port.Poll(clock.Now())
			for _, ok := port.Next(); ok; _, ok = port.Next() {
				inFlight--
			}
		}
	}
	port.Send(0, 2, 1, nil, nil)
	port.Send(0, 3, 1, nil, nil)
	port.Flush(0)
	wg.Wait()
}

func BenchmarkEcho256B(b *testing.B)  { benchmarkEcho(b, 256, 64) }
func BenchmarkEcho64KiB(b *testing.B) { benchmarkEcho(b, 64<<10, 16) }
