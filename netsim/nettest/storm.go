package nettest

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/park"
)

// Storm runs nodes 1 to 3 of a live network, each on its own goroutine. They send
// to each other, crash and restart, while links are cut, delayed and healed. Frames
// of a sender must arrive in order and intact, and all nodes must hear from all in
// the end. It is meant for the race detector.
func Storm(t *testing.T, net netsim.Network, seed uint64) {
	const nodes, restarts = 3, 5
	clock := park.NewClock()
	var healed, happy atomic.Int32
	var wg sync.WaitGroup
	giveUp := clock.Now() + Patience
	for i := range smr.NodeID(nodes) {
		id := i + 1
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(id)))
			sleep := park.New(clock, park.Options{})
			defer sleep.Close()
			last := map[smr.NodeID]uint64{} // incarnation and number of the last frame
			for life := uint64(1); life <= restarts+1; life++ {
				port, err := net.Open(id, sleep)
				if err != nil {
					t.Errorf("%v: %v", id, err)
					return
				}
				heard := map[smr.NodeID]bool{}
				counted := false
				for turn := uint64(0); ; turn++ {
					now := clock.Now()
					if now > giveUp {
						t.Errorf("seed %d: %v in life %d heard from %v only; %+v", seed, id, life, heard, port.Stats())
						break
					}
					port.PeerChanges(func(smr.NodeID, bool) {})
					port.Poll(now)
					for m, ok := port.Next(); ok; m, ok = port.Next() {
						number := binary.LittleEndian.Uint64(m.Data)
						if number <= last[m.From] || string(m.Data[8:]) != string(numbered(int(number), len(m.Data))[8:]) {
							t.Errorf("seed %d: %v received %x after %x from %v, or damaged", seed, id, number, last[m.From], m.From)
						}
						last[m.From] = number
						heard[m.From] = true
					}
					frame := numbered(int(life<<32|turn), rng.IntN(1<<rng.IntN(16)))
					for to := range smr.NodeID(nodes) {
						if to+1 != id {
							port.Send(now, to+1, 0, frame[:8], frame[8:])
						}
					}
					port.Flush(now)
					switch {
					case life <= restarts:
					case healed.Load() == 1 && len(heard) >= nodes-1 && !counted:
						counted = true
						happy.Add(1)
					}
					if life <= restarts && turn > 100 || happy.Load() == nodes {
						break
					}
					sleep.Park(min(port.Due(), now+smr.Time(100*time.Microsecond)))
				}
				if err := port.Close(); err != nil {
					t.Errorf("%v: %v", id, err)
				}
			}
		})
	}
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(seed, 0))
		sleep := park.New(clock, park.Options{})
		defer sleep.Close()
		links := []netsim.Link{{}, {Cut: true}, {Delay: netsim.Normal(ms, ms)}, {Loss: 0.5}, {Bandwidth: 1 << 20, Queue: 1 << 20}}
		for range 200 {
			net.SetLink(1+smr.NodeID(rng.IntN(nodes)), 1+smr.NodeID(rng.IntN(nodes)), links[rng.IntN(len(links))])
			sleep.Park(clock.Now() + smr.Time(100*time.Microsecond))
		}
		for from := range smr.NodeID(nodes) {
			for to := range smr.NodeID(nodes) {
				net.SetLink(from+1, to+1, netsim.Link{})
			}
		}
		healed.Store(1)
	})
	wg.Wait()
}
