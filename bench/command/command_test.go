package command

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestCommandsAreReadBack(t *testing.T) {
	var data []byte
	var want []Command
	for n := range 40 {
		c := Command{Session: uint32(n * 7), Seq: uint64(n) << 33, Key: uint32(n)}
		buf := bytes.Repeat([]byte{0xff}, Size(n))
		Put(buf, c, n)
		data, want = append(data, buf...), append(want, c)
	}
	for i, w := range want {
		c, size, err := Next(data)
		if err != nil || c != w || size != Size(i) {
			t.Fatalf("command %d: %+v, %d bytes, %v; want %+v, %d bytes", i, c, size, err, w, Size(i))
		}
		data = data[size:]
	}
}

func TestAnswersAreReadBack(t *testing.T) {
	for _, a := range []Answer{
		{}, {Session: 1<<32 - 1, Seq: 1<<64 - 1, Result: 1<<64 - 1},
		{Status: NotLeader, From: 3, Node: 1<<32 - 1}, {Status: Serving, From: 1<<32 - 1, Term: 1<<64 - 1},
	} {
		if b := a.Append(nil); len(b) != AnswerSize || ReadAnswer(b) != a {
			t.Errorf("%+v came back as %+v", a, ReadAnswer(b))
		}
	}
}

// TestSeenAgainstModel drives Seen and a map side by side.
func TestSeenAgainstModel(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var s Seen
		model := map[uint64]bool{}
		older := s
		for range 5000 {
			if rng.IntN(20) == 0 {
				older = s
			}
			seq := s.Base + rng.Uint64N(WindowSize+8)
			if rng.IntN(4) == 0 && s.Base > 4 {
				seq = s.Base - 1 - rng.Uint64N(4)
			}
			want := !model[seq] && seq < s.Base+WindowSize
			if got := s.Add(seq); got != want {
				t.Fatalf("seed %d: Add(%d) to %+v: %v, want %v", seed, seq, s, got, want)
			}
			if want {
				model[seq] = true
			}
			if s.Len() != uint64(len(model)) || s.Has(seq) != model[seq] || s.Bits&1 != 0 {
				t.Fatalf("seed %d: %+v, %d in the model", seed, s, len(model))
			}
			if !s.Contains(older) || older.Len() < s.Len() && older.Contains(s) {
				t.Fatalf("seed %d: %+v grew to %+v, Contains disagrees", seed, older, s)
			}
			top := s.Base
			for i := range uint64(WindowSize) {
				if s.Has(s.Base + i) {
					top = s.Base + i + 1
				}
			}
			if !s.Below(top) || top > 0 && s.Below(top-1) {
				t.Fatalf("seed %d: %+v Below(%d) is wrong", seed, s, top)
			}
		}
	}
}

func FuzzNext(f *testing.F) {
	buf := make([]byte, Size(5))
	Put(buf, Command{Session: 1, Seq: 2, Key: 3}, 5)
	f.Add(buf)
	f.Fuzz(func(t *testing.T, data []byte) {
		for len(data) > 0 {
			_, size, err := Next(data)
			if err != nil {
				return
			}
			if size < HeaderSize || size > len(data) {
				t.Fatalf("a command of %d bytes in %d", size, len(data))
			}
			data = data[size:]
		}
	})
}
