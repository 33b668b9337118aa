package mailbox

import (
	"encoding/binary"
	"runtime"
	"sync"
	"testing"
)

// TestManyWriters: every record arrives once, in the order of its writer.
func TestManyWriters(t *testing.T) {
	const writers, records = 4, 50_000
	b := New(64, 1<<20)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var head [8]byte
			for i := 0; i < records; {
				switch {
				case i%3 == 0 && i+5 <= records: // several under one lock, written in place
					b.Begin()
					for range 5 {
						dst := b.Reserve(16)
						if dst == nil {
							break
						}
						binary.LittleEndian.PutUint64(dst, uint64(w))
						binary.LittleEndian.PutUint64(dst[8:], uint64(i))
						i++
					}
					b.Commit()
				default:
					binary.LittleEndian.PutUint64(head[:], uint64(w))
					if b.Append(head[:], binary.LittleEndian.AppendUint64(nil, uint64(i))) {
						i++
					}
				}
			}
		})
	}
	var next [writers]uint64
	for total := 0; total < writers*records; {
		batch := b.Swap()
		if len(batch) == 0 {
			runtime.Gosched()
		}
		for ; len(batch) > 0; batch = batch[16:] {
			w, i := binary.LittleEndian.Uint64(batch), binary.LittleEndian.Uint64(batch[8:])
			if w >= writers || i != next[w] {
				t.Fatalf("writer %d: record %d, want %d", w, i, next[w%writers])
			}
			next[w]++
			total++
		}
	}
	wg.Wait()
	if b.Waiting() || b.Swap() != nil {
		t.Fatal("something is left")
	}
}

func TestBound(t *testing.T) {
	b := New(16, 100)
	for i := range 3 {
		if got := b.Append(make([]byte, 20), make([]byte, 20)); got != (i < 2) {
			t.Fatalf("record %d of 40 bytes in 100: taken %v", i, got)
		}
	}
	if !b.Append(make([]byte, 20), nil) || b.Append([]byte{1}, nil) || b.Dropped() != 2 {
		t.Fatalf("the bound is exact; %d dropped", b.Dropped())
	}
	if n := len(b.Swap()); n != 100 {
		t.Fatalf("took %d bytes", n)
	}
	if !b.Append(make([]byte, 100), nil) {
		t.Fatal("a taken batch still counts")
	}
	b.Begin()
	if b.Reserve(1<<62) != nil {
		t.Fatal("an absurd reservation was granted")
	}
	b.Commit()
	b.Swap()
	again := b.Recycle()
	if b.Append([]byte{1}, nil) || b.Waiting() || again.Waiting() {
		t.Fatal("a closed box takes bytes")
	}
	if !again.Append(make([]byte, 100), nil) || again.Append([]byte{1}, nil) {
		t.Fatal("a recycled box has another bound")
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := New(1<<10, 1<<20)
	head, body := make([]byte, 16), make([]byte, 300)
	turn := func() {
		for range 100 {
			b.Append(head, body)
		}
		b.Swap()
	}
	turn()
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func benchmarkAppend(b *testing.B, size int) {
	box := New(4<<20, 4<<20)
	body := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if !box.Append(nil, body) {
			b.Fatal("full")
		}
		if i++; i%32 == 0 {
			box.Swap()
		}
	}
}

func BenchmarkAppend256B(b *testing.B)  { benchmarkAppend(b, 256) }
func BenchmarkAppend64KiB(b *testing.B) { benchmarkAppend(b, 64<<10) }

func BenchmarkContended(b *testing.B) {
	box := New(16<<20, 64<<20)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				if len(box.Swap()) == 0 {
					runtime.Gosched()
				}
			}
		}
	}()
	body := make([]byte, 256)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for !box.Append(nil, body) {
				runtime.Gosched()
			}
		}
	})
	close(stop)
	<-done
}
