package wal

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// written is a log with where each of its records ends.
type written struct {
	files   map[fileID][]byte
	records []string
	ends    []place // of records
	synced  int     // how many of the records were synced
}

// write appends n Readys of one record each to a simulated log; what comes after the
// first synced ones is in the page cache only.
func write(t *testing.T, n, synced int, segment int64, size func(i int) int) written {
	t.Helper()
	return writeAll(t, n, synced, segment, func(i int) string { return fmt.Sprintf("%d:%0*d", i, size(i), 0) })
}

func writeAll(t *testing.T, n, synced int, segment int64, text func(i int) string) written {
	t.Helper()
	d := NewSimulated(Options{Segment: segment}, Model{Seed: 7})
	if _, _, _, err := contents(d); err != nil {
		t.Fatal(err)
	}
	w := written{synced: synced}
	known := d.durable
	for i := range n {
		s := text(i)
		d.Append(0, uint64(i+1), smr.SyncEntries, i == 0, record(s))
		w.records = append(w.records, s)
		w.ends = append(w.ends, d.next)
		if i < synced {
			known = d.durable
		}
		d.durable = known // for all that the next records know
	}
	w.files = d.store.(*memStore).files
	return w
}

// reopen recovers from a copy of files.
func reopen(files map[fileID][]byte, segment int64) (*Disk, []string, error) {
	s := newMemStore()
	for f, data := range files {
		s.files[f] = slices.Clone(data)
	}
	s.piece = len(s.files[fileID{segmentFile, 1}]) % 3 * 500 // 0: whole files
	d := newDisk(Options{Segment: segment}, s, newSimDevice(s, Model{}), 1)
	_, _, records, err := contents(d)
	return d, records, err
}

// usable fails the test if a log cannot be written to and read again.
func usable(t *testing.T, d *Disk, had []string) {
	t.Helper()
	d.Append(0, 1, smr.SyncEntries, false, record("more"))
	d.Crash(0)
	if _, _, got, err := contents(d); err != nil || !slices.Equal(got, append(slices.Clone(had), "more")) {
		t.Fatalf("a recovered log of %d records and one more holds %d: %v", len(had), len(got), err)
	}
}

// TestCutAtEveryByte cuts the log at every byte of its last 64 records, by a
// shorter file and by zeros, and expects exactly the whole records before the cut.
func TestCutAtEveryByte(t *testing.T) {
	const n, last = 100, 64
	for _, zeros := range []bool{false, true} {
		if testing.Short() && !zeros {
			continue
		}
		w := write(t, n, n-last, 1<<20, func(i int) int { return i * 13 % 90 })
		f := fileID{segmentFile, 1}
		whole := w.files[f]
		for cut := w.ends[n-last-1].offset(); cut <= int64(len(whole)); cut++ {
			data := whole[:cut]
			if zeros {
				data = append(slices.Clone(data), make([]byte, int64(len(whole))-cut)...)
			}
			want := 0
			for want < n && w.ends[want].offset() <= cut {
				want++
			}
			d, got, err := reopen(map[fileID][]byte{f: data}, 1<<20)
			if err != nil || !slices.Equal(got, w.records[:want]) {
				t.Fatalf("cut at byte %d of %d, zeros %v: %d records, want %d: %v", cut, len(whole), zeros, len(got), want, err)
			}
			if cut%64 == 0 {
				usable(t, d, got)
			}
		}
	}
}

// TestACutBelowWhatWasSyncedIsRot: nothing that a later record says was synced is
// ever cut off.
func TestACutBelowWhatWasSyncedIsRot(t *testing.T) {
	const n = 40
	w := write(t, n, n, 1<<20, func(int) int { return 30 })
	f := fileID{segmentFile, 1}
	for i := range n - 1 {
		from, to := w.ends[i].offset(), w.ends[i+1].offset()
		data := slices.Clone(w.files[f])
		clear(data[from:to]) // a whole record has turned into zeros
		_, got, err := reopen(map[fileID][]byte{f: data}, 1<<20)
		var rot *RotError
		switch {
		case i+1 == n-1: // the last one: nothing after it says anything
			if err != nil || len(got) != n-1 {
				t.Fatalf("the last record in zeros: %d records, %v", len(got), err)
			}
		case !errors.As(err, &rot) || rot.Offset != from || rot.File != "simulated/0000000000000001.seg":
			t.Fatalf("record %d in zeros: %d records, %v; want rot at offset %d", i+1, len(got), err, from)
		}
	}
}

// TestEveryFlippedBitIsRot flips every bit of a log over several segments, one at a
// time. What was synced is never lost silently, not even the last record; a tail that was not synced
// is cut or refused.
func TestEveryFlippedBitIsRot(t *testing.T) {
	const n, segment = 24, 1 << 10
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, synced := range []int{n, n - 6} {
		w := write(t, n, synced, segment, func(i int) int { return i * 29 % 120 })
		used := w.ends[n-1]
		for f, data := range w.files {
			for bit := 0; bit < 8*len(data); bit += step {
				if at(f.n, int64(bit/8)) >= used && (f.n != used.segment() || int64(bit/8) >= used.offset()) {
					continue // a segment that was made ahead and holds nothing
				}
				files := maps.Clone(w.files)
				files[f] = slices.Clone(data)
				files[f][bit/8] ^= 1 << (bit % 8)
				_, got, err := reopen(files, segment)
				var rot *RotError
				if errors.As(err, &rot) {
					continue
				}
				if err != nil || len(got) < w.synced || !slices.Equal(got, w.records[:len(got)]) {
					t.Fatalf("bit %d of byte %d of %s: %d records of %d, %d synced: %v", bit%8, bit/8, fileName(f), len(got), n, w.synced, err)
				}
				if w.synced == n {
					t.Fatalf("bit %d of byte %d of %s: nobody noticed", bit%8, bit/8, fileName(f))
				}
			}
		}
	}
}

// TestDamageOfWholeSectors: sectors of zeros or noise in what later records say was
// synced are rot; nothing that is read differs from what was written.
func TestDamageOfWholeSectors(t *testing.T) {
	const n, segment = 60, 4 << 10
	w := write(t, n, n, segment, func(i int) int { return i * 31 % 200 })
	last := w.ends[n-2] // the last record's start
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		files := maps.Clone(w.files)
		f := fileID{segmentFile, 1 + rng.Uint64N(last.segment())}
		data := slices.Clone(files[f])
		from := rng.IntN(len(data))
		to := min(len(data), from+1+rng.IntN(512))
		if at(f.n, int64(to)) > last { // it would take the only witness with it
			continue
		}
		for i := from; i < to; i++ {
			if data[i] = 0; seed%2 == 0 {
				data[i] = byte(rng.Uint32())
			}
		}
		if slices.Equal(data, files[f]) {
			continue
		}
		files[f] = data
		_, got, err := reopen(files, segment)
		if rot := (*RotError)(nil); !errors.As(err, &rot) {
			t.Fatalf("seed %d: %d bytes at %d of %s: %d records, %v", seed, to-from, from, fileName(f), len(got), err)
		}
	}
}

func TestAMissingSegmentIsRot(t *testing.T) {
	const n, segment = 60, 4 << 10
	w := write(t, n, n, segment, func(i int) int { return i * 31 % 200 })
	for s := uint64(1); s <= w.ends[n-1].segment(); s++ {
		files := maps.Clone(w.files)
		delete(files, fileID{segmentFile, s})
		delete(files, fileID{segmentFile, w.ends[n-1].segment() + 1}) // made ahead
		_, got, err := reopen(files, segment)
		if rot := (*RotError)(nil); !errors.As(err, &rot) {
			t.Errorf("without segment %d: %d records, %v", s, len(got), err)
		}
	}
}

// TestCorruptIsFound: the fault that flips a bit is found by the next recovery.
func TestCorruptIsFound(t *testing.T) {
	for _, dev := range devices[1:] {
		for seed := range uint64(10) {
			log, bell := dev.make(t, seed, Batch)
			if _, _, _, err := contents(log); err != nil {
				t.Fatal(err)
			}
			if err := log.Impair(0, Fault{Kind: Corrupt}); !errors.Is(err, ErrNothing) {
				t.Fatalf("%s: an empty log could be corrupted: %v", dev.name, err)
			}
			for i := range uint64(50) {
				log.Append(0, i+1, smr.SyncEntries, false, record(fmt.Sprintf("%0*d", seed*30+i, 0)+"xx"))
			}
			until(t, log, bell, 50)
			if err := log.Impair(1e6, Fault{Kind: Corrupt, Seed: seed}); err != nil {
				t.Fatal(err)
			}
			log.Crash(1e6)
			_, _, got, err := contents(log)
			if rot := (*RotError)(nil); !errors.As(err, &rot) {
				t.Errorf("%s: seed %d: %d records, %v", dev.name, seed, len(got), err)
			}
			if p := log.Poll(1e6); p.Err == nil {
				t.Errorf("%s: a log with rot goes on", dev.name)
			}
			if err := log.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// until waits until Ready number is durable.
func until(t *testing.T, log Log, bell bells, number uint64) {
	t.Helper()
	for now := smr.Time(0); ; {
		p := log.Poll(now)
		if p.Err != nil {
			t.Fatal(p.Err)
		}
		if p.Number >= number {
			return
		}
		if bell != nil {
			<-bell
		} else if now = p.Next; now == smr.Never {
			t.Fatalf("Ready %d is never durable; %+v", number, p)
		}
	}
}
