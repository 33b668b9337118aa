package tcp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// FuzzScan cuts frames out of bytes that nobody has checked.
func FuzzScan(f *testing.F) {
	f.Add(append(encodeFrame("head", "body"), encodeFrame("", "")...))
	f.Add(encodeFrame("h", "cut off")[:25])
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		const maxFrame = 1 << 10
		whole, need, err := scan(b, maxFrame)
		if whole > len(b) || err == nil && (whole+need <= len(b) || need > headerSize+maxFrame) {
			t.Fatalf("whole %d, need %d of %d bytes", whole, need, len(b))
		}
		for rest := b[:whole]; len(rest) > 0; {
			hsize := binary.LittleEndian.Uint32(rest[4:])
			frame, after := frameAt(rest)
			again := make([]byte, headerSize)
			putHeader(again, len(frame.data), frame.channel, frame.hold, frame.reordered, frame.data[:hsize])
			if again = append(again, frame.data...); !bytes.Equal(again, rest[:len(rest)-len(after)]) {
				t.Fatalf("encodes as %x, was %x", again, rest)
			}
			rest = after
		}
	})
}

// TestScanAnywhereCut cuts a stream at every place: the frames found are the same.
func TestScanAnywhereCut(t *testing.T) {
	var stream []byte
	ends := map[int]bool{0: true}
	for _, body := range []string{"", "x", "longer body", ""} {
		stream = append(stream, encodeFrame("head", body)...)
		ends[len(stream)] = true
	}
	last := 0
	for cut := range len(stream) + 1 {
		whole, need, err := scan(stream[:cut], 1<<10)
		if ends[cut] {
			last = cut
		}
		if err != nil || whole != last || cut-whole >= need {
			t.Fatalf("cut at %d: whole %d, want %d; need %d; %v", cut, whole, last, need, err)
		}
	}
}

func TestReaderDoesNotTrustClaims(t *testing.T) {
	o := options(t, 1, 2)
	o.MaxFrame, o.QueueBound = MaxFrameSize, MaxFrameSize
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	var r reader
	r.init(&conn{port: &port{net: &Network{opt: o}}})
	if got := len(r.take(headerSize, MaxFrameSize).mem); got != o.ChunkSize {
		t.Errorf("20 bytes came, which claim 1 GiB: %d bytes allocated", got)
	}
	if got := len(r.take(1<<20, MaxFrameSize).mem); got != 2<<20 {
		t.Errorf("1 MiB came of 1 GiB: %d bytes allocated", got)
	}
	if got := len(r.take(1<<20, 1<<20+5).mem); got != 1<<20+5 {
		t.Errorf("1 MiB came of little more: %d bytes allocated", got)
	}
}

// TestFramesOfAllSizes sends frames much smaller and much larger than a chunk.
func TestFramesOfAllSizes(t *testing.T) {
	nodes, closeAll := members(t, 2)
	defer closeAll()
	a, b := nodes[0], nodes[1]
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	frames := make([][]byte, 300)
	for i := range frames {
		frames[i] = make([]byte, rng.IntN(1<<rng.IntN(21)+1))
		for j := range frames[i] {
			frames[i][j] = byte(i + j)
		}
	}
	sent := 0
	for got := 0; got < len(frames); {
		for k := 0; k < 5 && sent < len(frames) && sent-got < 10; k++ {
			f := frames[sent]
			head := len(f) / (1 + rng.IntN(8))
			a.port.Send(0, 2, 0, f[:head], f[head:])
			sent++
		}
		a.port.Flush(0)
		b.port.Poll(0)
		before := got
		for m, ok := b.port.Next(); ok; m, ok = b.port.Next() {
			if !bytes.Equal(m.Data, frames[got]) {
				t.Fatalf("seed %d: frame %d of %d bytes is damaged", seed, got, len(frames[got]))
			}
			got++
		}
		if got == before && !b.sleep.Park(b.clock.Now()+30e9) {
			t.Fatalf("seed %d: %d of %d frames", seed, got, sent)
		}
	}
	a.port.Send(0, 2, 0, make([]byte, 17<<20), nil)
	if s := a.port.Stats(); s.DroppedFrames() != 1 {
		t.Fatalf("a frame over the limit: %+v", s)
	}
}
