package window

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

type mirror struct {
	ballot uint64
	data   []byte
}

// TestAgainstModel drives a window and a map side by side.
func TestAgainstModel(t *testing.T) {
	seeds := uint64(50)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := New[int](16<<10, 10)
		model := map[uint64]mirror{}
		full := 0
		for step := range 4_000 {
			switch op := rng.IntN(100); {
			case op < 75: // put, mostly at the end, sometimes with a hole or over an old one
				i := w.Last() + 1
				if rng.IntN(4) == 0 {
					i = w.First() + rng.Uint64N(w.Last()+4-w.First()+1)
				}
				data := make([]byte, rng.IntN(700))
				for j := range data {
					data[j] = byte(rng.Uint32())
				}
				ballot := 1 + rng.Uint64N(9)
				if w.Put(i, ballot, 0, Sum(data), data) == nil {
					full++
					break
				}
				model[i] = mirror{ballot, data}
			case op < 80:
				if i := w.First() + rng.Uint64N(w.Last()-w.First()+2); w.Has(i) {
					w.SetBallot(i, 77)
					model[i] = mirror{77, model[i].data}
				}
			case op < 81:
				w.Pack()
				if want := w.held(); w.Bytes() != want {
					t.Fatalf("seed %d, step %d: %d bytes packed, %d held", seed, step, w.Bytes(), want)
				}
			case op < 83:
				i := w.First() + rng.Uint64N(w.Last()-w.First()+2)
				w.Truncate(i)
				for j := range model {
					if j >= i {
						delete(model, j)
					}
				}
			default:
				i := w.First() + rng.Uint64N(2)
				if rng.IntN(50) == 0 {
					i = w.Last() + rng.Uint64N(5)
				}
				w.Release(i)
				for j := range model {
					if j <= i {
						delete(model, j)
					}
				}
			}
			compare(t, seed, step, w, model)
		}
		if full == 0 {
			t.Fatalf("seed %d: the window was never full: the test does not test that", seed)
		}
		w.Release(w.Last())
		if w.Bytes() != 0 {
			t.Fatalf("seed %d: %d bytes taken by an empty window", seed, w.Bytes())
		}
	}
}

func compare(t *testing.T, seed uint64, step int, w *Window[int], model map[uint64]mirror) {
	t.Helper()
	held := 0
	for i := w.First(); i <= w.Last(); {
		if !w.Has(i) {
			i++
			continue
		}
		run, next := w.Run(i, w.Last(), 2000)
		if len(run) > 2000 && next != i+1 {
			t.Fatalf("seed %d step %d: a run of %d bytes, limit 2000", seed, step, len(run))
		}
		for ; i < next; i++ {
			e, rest, err := Decode(run)
			if err != nil {
				t.Fatalf("seed %d step %d slot %d: %v", seed, step, i, err)
			}
			m, ok := model[i]
			if !ok || e.Index != i || e.Ballot != m.ballot || w.At(i).Ballot != m.ballot || !bytes.Equal(e.Data, m.data) || !bytes.Equal(w.Data(i), m.data) {
				t.Fatalf("seed %d step %d slot %d: got ballot %d, %d bytes; want ballot %d, %d bytes (present %v)",
					seed, step, i, e.Ballot, len(e.Data), m.ballot, len(m.data), ok)
			}
			run = rest
			held++
		}
		if len(run) != 0 {
			t.Fatalf("seed %d step %d: %d bytes behind the last entry of a run", seed, step, len(run))
		}
	}
	if held != len(model) {
		t.Fatalf("seed %d step %d: %d slots held, want %d", seed, step, held, len(model))
	}
}

func TestPutRefusesWhatDoesNotFit(t *testing.T) {
	w := New[int](4<<10, 0)
	if w.Put(0, 1, 0, 0, nil) != nil {
		t.Error("slot 0 lies before First")
	}
	if w.Put(w.Limit()+1, 1, 0, 0, nil) != nil {
		t.Error("a slot beyond the ring was taken")
	}
	if w.Put(1, 1, 0, 0, make([]byte, 5<<10)) != nil {
		t.Error("an entry larger than the arena was taken")
	}
	if w.Last() != 0 || w.Bytes() != 0 {
		t.Error("a refused Put changed the window")
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	w := New[int](64<<10, 0)
	data := make([]byte, 300)
	sum := Sum(data)
	n := testing.AllocsPerRun(1000, func() {
		for w.Put(w.Last()+1, 1, 0, sum, data) == nil {
			w.Release(w.First())
		}
		w.Run(w.First(), w.Last(), 4096)
	})
	if n != 0 {
		t.Fatalf("%v allocations a Put", n)
	}
}

func FuzzDecode(f *testing.F) {
	w := New[int](4<<10, 0)
	w.Put(1, 3, 0, Sum([]byte("hello")), []byte("hello"))
	w.Put(2, 3, 0, Sum(nil), nil)
	run, _ := w.Run(1, 2, 1<<20)
	f.Add(bytes.Clone(run))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, run []byte) {
		e, rest, err := Decode(run)
		if err != nil {
			if !errors.Is(err, ErrShort) && !errors.Is(err, ErrChecksum) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if e.Ballot == 0 {
			return
		}
		again := New[int](len(run)+64, e.Index-1)
		if e.Index == 0 || e.Index-1 > 1<<62 {
			return
		}
		if again.Put(e.Index, e.Ballot, 0, e.Sum, e.Data) == nil {
			t.Fatal("decoded, but cannot be held")
		}
		if enc, _ := again.Run(e.Index, e.Index, 0); !bytes.Equal(enc, run[:len(run)-len(rest)]) {
			t.Fatalf("encodes as %x, was %x", enc, run[:len(run)-len(rest)])
		}
	})
}

func BenchmarkPut(b *testing.B) {
	w := New[int](8<<20, 0)
	data := make([]byte, 16<<10)
	sum := Sum(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for w.Put(w.Last()+1, 1, 0, sum, data) == nil {
			w.Release(w.First())
		}
	}
}

// held is the length of all entries.
func (w *Window[X]) held() (n int) {
	for i := w.first; i <= w.last; i++ {
		if s := w.At(i); s != nil {
			n += EncodedSize(s.Size())
		}
	}
	return n
}
