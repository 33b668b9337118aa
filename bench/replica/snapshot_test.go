package replica

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// still is a core that does nothing but ask for what the test tells it to.
type still struct {
	to        []smr.NodeID // SnapshotTo
	installed uint64
	meta      string
}

func (c *still) Restore(uint64, []byte) error            { return nil }
func (c *still) Replay([]byte) error                     { return nil }
func (c *still) Start(smr.Time)                          {}
func (c *still) Step(smr.Time, smr.NodeID, []byte) error { return nil }
func (c *still) Tick(smr.Time)                           {}
func (c *still) Propose(smr.Time, smr.Tag, []byte) error { return smr.ErrNotLeader }
func (c *still) Peer(smr.Time, smr.NodeID, bool)         {}
func (c *still) Persisted(smr.Time, uint64)              {}
func (c *still) Applied(uint64)                          {}
func (c *still) Meta(_ uint64, dst []byte) []byte        { return append(dst, "meta"...) }
func (c *still) Snapshotted(uint64)                      {}
func (c *still) Installed(_ smr.Time, index uint64, meta []byte) {
	c.installed, c.meta = index, string(meta)
}
func (c *still) Status(*smr.Status) {}
func (c *still) Ready(_ smr.Time, rd *smr.Ready) {
	rd.Reset()
	rd.SnapshotTo = append(rd.SnapshotTo, c.to...)
}

type nothing struct{}

func (nothing) Swap() []byte { return nil }
func (nothing) Send([]byte)  {}
func (nothing) Wake()        {}

// pair is two replicas on a virtual network: one that knows much, one that knows nothing.
func pair(t *testing.T, link netsim.Link, latency smr.Time) (sim *netsim.Sim, from, to *Replica, cores [2]*still, turn func()) {
	t.Helper()
	return pairOf(t, 2000, link, latency)
}

func pairOf(t testing.TB, sessions int, link netsim.Link, latency smr.Time) (sim *netsim.Sim, from, to *Replica, cores [2]*still, turn func()) {
	t.Helper()
	sim = netsim.NewSim()
	network := netsim.NewVirtual(sim, 1, link)
	var replicas [2]*Replica
	for i := range replicas {
		core := new(still)
		cores[i] = core
		port, err := network.Open(smr.NodeID(i+1), nothing{})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{
			Protocol: smr.Protocol{New: func(smr.Config) (smr.Core, error) { return core, nil }},
			Core:     smr.Config{ID: smr.NodeID(i + 1), MaxFrame: 4 << 10, ElectionMin: 100, Heartbeat: 30},
			Sessions: sessions, Keys: 10, Batch: 1,
		}
		replicas[i], _, err = New(o, Parts{
			Log: wal.NewMemory(latency), Port: port, Commands: nothing{}, Clients: []Answers{nothing{}}, Clock: sim.Now,
			Window: NewWindow(), Events: new(measure.EventLog), Commit: measure.NewLazyHistogram(), Failed: func(_ smr.NodeID, err error) { t.Error(err) },
		}, new(Board), 0)
		if err != nil {
			t.Fatal(err)
		}
		replicas[i].Start(0)
	}
	cores[0].to = []smr.NodeID{2}
	state := replicas[0].State()
	rng := rand.New(rand.NewPCG(3, 0))
	for i := range state.Sessions {
		state.Sessions[i].Seen.Base = rng.Uint64()
	}
	state.Index, state.Digest = 77, 0xfeed
	turn = func() {
		sim.Run(sim.Now() + 10)
		replicas[0].Turn(sim.Now())
		replicas[1].Turn(sim.Now())
	}
	return sim, replicas[0], replicas[1], cores, turn
}

// TestASnapshotArrives over a link that loses, doubles and reorders, and onto a
// device that takes its time.
func TestASnapshotArrives(t *testing.T) {
	link := netsim.Link{Delay: netsim.Uniform(5, 5), Loss: .2, Duplicate: .2, Reorder: .2}
	_, from, to, cores, turn := pair(t, link, 40)
	turns := 0
	for cores[1].installed == 0 {
		turn()
		if turns++; turns > 5000 {
			t.Fatal("the snapshot does not arrive")
		}
		if cores[1].installed != 0 && turns < 4 {
			t.Fatal("installed before it was durable")
		}
	}
	if cores[1].installed != 77 || cores[1].meta != "meta" {
		t.Fatalf("installed %d with %q", cores[1].installed, cores[1].meta)
	}
	if a, b := from.State(), to.State(); b.Digest != a.Digest || b.Sessions[1999] != a.Sessions[1999] {
		t.Fatal("the states differ")
	}
	// When the core no longer asks, the transfer ends.
	cores[0].to = nil
	for range 100 {
		turn()
	}
	before := from.Counters().Frames[smr.CatchUp]
	for range 100 {
		turn()
	}
	if n := from.Counters().Frames[smr.CatchUp] - before; n != 0 {
		t.Fatalf("%d chunks are sent to nobody", n)
	}
}

// TestATransferGivenUpBeginsAgain: the receiver has lost what had come, in a crash or to
// another sender's transfer, while chunks in the middle are under way.
func TestATransferGivenUpBeginsAgain(t *testing.T) {
	_, _, to, cores, turn := pair(t, netsim.Link{Delay: netsim.Uniform(5, 0)}, 0)
	for len(to.snapshot.bytes) == 0 {
		turn()
	}
	to.snapshot.from, to.snapshot.id, to.snapshot.bytes = 3, 9, nil
	for turns := 0; cores[1].installed == 0; turns++ {
		if turns > 1000 {
			t.Fatal("the snapshot does not arrive")
		}
		turn()
	}
}

// TestSendersDoNotUndoOneAnother: two peers send their snapshots at once, and each begins
// again when it hears that the other's has taken the place of its own.
func TestSendersDoNotUndoOneAnother(t *testing.T) {
	sim, from, to, cores, _ := pair(t, netsim.Link{}, 0)
	whole := from.State().AppendImage([]byte("meta"))
	const piece = 4000
	senders := []struct {
		id   smr.NodeID
		sent int
	}{{id: 1}, {id: 3}}
	for rounds := 0; cores[1].installed == 0; rounds++ {
		if rounds > 2000 {
			t.Fatal("no snapshot arrives")
		}
		for i := range senders {
			s := &senders[i]
			if to.snapshot.from != s.id { // as its acknowledgements tell it
				s.sent = 0
			}
			end := min(s.sent+piece, len(whole))
			var chunk []byte
			for _, v := range [...]uint64{uint64(s.id), 77, 4, uint64(len(whole)), uint64(s.sent)} {
				chunk = binary.LittleEndian.AppendUint64(chunk, v)
			}
			if !to.snapshot.chunk(sim.Now(), s.id, append(chunk, whole[s.sent:end]...)) {
				t.Fatal("malformed")
			}
			s.sent = end
		}
		sim.Run(sim.Now() + 10)
		to.Turn(sim.Now())
	}
}

// TestASilentPeerGetsOneChunkAtATime: a peer that is down costs one frame for each
// time-out, not a window of them.
func TestASilentPeerGetsOneChunkAtATime(t *testing.T) {
	_, from, _, _, turn := pair(t, netsim.Link{Cut: true}, 0)
	for range 1000 { // 10,000 ns
		turn()
	}
	if n := from.Counters().Frames[smr.CatchUp]; n < 50 || n > 110 {
		t.Fatalf("%d chunks in 100 time-outs", n)
	}
}

func TestChunksThatNobodySent(t *testing.T) {
	_, from, to, _, _ := pair(t, netsim.Link{}, 0)
	s := &to.snapshot
	good := func(id, index, meta, total, offset uint64, n int) []byte {
		b := make([]byte, chunkHeader+n)
		for i, v := range []uint64{id, index, meta, total, offset} {
			for j := range 8 {
				b[8*i+j] = byte(v >> (8 * j))
			}
		}
		return b
	}
	size := uint64(from.snapshot.imageSize())
	if !s.chunk(0, 1, good(1, 9, 4, size+4, 0, 10)) {
		t.Fatal("a good chunk was refused")
	}
	for name, b := range map[string][]byte{
		"short":                   make([]byte, chunkHeader-1),
		"no id":                   good(0, 9, 4, size+4, 0, 10),
		"index 0":                 good(2, 0, 4, size+4, 0, 10),
		"claims a huge image":     good(2, 9, 4, 1<<60, 0, 10),
		"claims a huge meta":      good(2, 9, 1<<40, size+1<<40, 0, 10),
		"beyond its end":          good(2, 9, 4, size+4, size, 10),
		"offset overflows":        good(2, 9, 4, size+4, 1<<64-5, 10),
		"another index, same id":  good(1, 10, 4, size+4, 10, 10),
		"another length, same id": good(1, 9, 3, size+3, 10, 10),
	} {
		if s.chunk(0, 1, b) {
			t.Errorf("%s: accepted", name)
		}
	}
	if len(s.bytes) != 10 {
		t.Fatalf("%d bytes kept", len(s.bytes))
	}
}

// TestADamagedSnapshotIsReported: it passed every checksum on the way, so that the
// replica must not go on.
func TestADamagedSnapshotIsReported(t *testing.T) {
	_, _, to, _, _ := pair(t, netsim.Link{}, 0)
	var problem error
	to.Failed = func(_ smr.NodeID, err error) { problem = err }
	s := &to.snapshot
	s.index, s.metaSize, s.bytes = 5, 0, make([]byte, s.imageSize())
	s.install(0)
	if !errors.Is(problem, ErrImage) {
		t.Fatalf("problem: %v", problem)
	}
}
