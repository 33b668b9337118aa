package replica

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// A fuzzed transfer is frames, one behind the other: who sent it (u8), its channel (u8),
// its length (u16) and its bytes. On channel 0 nothing comes, and time passes.
func appendFrame(dst []byte, from smr.NodeID, channel uint8, data []byte) []byte {
	dst = append(dst, byte(from), channel)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(data)))
	return append(dst, data...)
}

// chunkOf is a chunk of a snapshot, with a header that says anything.
func chunkOf(id, index, meta, total, offset uint64, piece []byte) []byte {
	var b []byte
	for _, v := range [...]uint64{id, index, meta, total, offset} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return append(b, piece...)
}

// FuzzChunk: whatever comes on the channels of snapshots is refused or does what a
// transfer may do. Memory stays below the size of one snapshot, a transfer never goes
// beyond its end, and what is installed is a whole snapshot that somebody sent.
func FuzzChunk(f *testing.F) {
	const sessions = 3
	_, from, _, _, _ := pairOf(f, sessions, netsim.Link{}, 0)
	whole := from.State().AppendImage([]byte("meta"))
	size := uint64(len(whole))
	good := appendFrame(nil, 1, channelChunk, chunkOf(1, 77, 4, size, 0, whole))
	f.Add(good)
	halves := appendFrame(nil, 1, channelChunk, chunkOf(1, 77, 4, size, 0, whole[:50]))
	halves = appendFrame(halves, 3, channelChunk, chunkOf(9, 77, 4, size, 0, whole[:10]))
	halves = appendFrame(halves, 0, 0, nil)
	halves = appendFrame(halves, 1, channelChunk, chunkOf(1, 77, 4, size, 50, whole[50:]))
	f.Add(halves)
	f.Add(appendFrame(nil, 1, channelChunk, chunkOf(1, 77, 1<<40, size+1<<40, 0, nil)))
	acks := appendFrame(nil, 2, channelAck, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 1), 60))
	f.Add(appendFrame(acks, 2, channelAck, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 1), 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		sim, from, to, cores, turn := pairOf(t, sessions, netsim.Link{}, 0)
		image := from.State().AppendImage(nil)
		damaged := false
		to.Failed = func(_ smr.NodeID, err error) {
			if damaged = errors.Is(err, ErrImage); !damaged {
				t.Error(err)
			}
		}
		cores[0].to = []smr.NodeID{2}
		turn() // a true transfer is under way
		for len(data) >= 4 {
			who, channel := smr.NodeID(data[0]), data[1]
			n := min(int(binary.LittleEndian.Uint16(data[2:])), len(data)-4)
			frame := data[4 : 4+n]
			data = data[4+n:]
			before := to.State().Index
			switch channel {
			case channelChunk:
				s := &to.snapshot
				had := len(s.bytes)
				if !s.chunk(sim.Now(), who, frame) && (len(s.bytes) != had || to.State().Index != before) {
					t.Fatal("a refused chunk was kept")
				}
				if len(s.bytes) > s.total || s.total > maxMeta+s.imageSize() || s.metaSize > s.total {
					t.Fatalf("%d of %d bytes, %d of them meta", len(s.bytes), s.total, s.metaSize)
				}
			case channelAck:
				from.snapshot.ack(sim.Now(), who, frame)
			case 0:
				sim.Run(sim.Now() + 50)
				turn()
			}
			if from.State().Index != 77 || !bytes.Equal(image, from.State().AppendImage(nil)) {
				t.Fatal("the sender's own state has changed")
			}
			for _, o := range from.snapshot.out {
				if o.acked > o.sent || o.sent > len(o.bytes) {
					t.Fatalf("%d bytes acknowledged, %d sent of %d", o.acked, o.sent, len(o.bytes))
				}
			}
			if s := to.State(); s.Index < before || s.Index != before && !damaged && cores[1].installed != s.Index {
				t.Fatalf("the state machine went from %d to %d, the core was told of %d", before, s.Index, cores[1].installed)
			}
		}
	})
}
