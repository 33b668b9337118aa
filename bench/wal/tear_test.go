package wal

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestAnySectorsMayBeMissing leaves any of the sectors of what was not synced, at 512 B
// and at 4 KiB, and expects exactly the records before the first one that lacks
// something: never rot, never less than was synced, never one that is damaged. Many
// records are zeros but for a bit, so that without one of its sectors a record is a
// single bit away from whole.
func TestAnySectorsMayBeMissing(t *testing.T) {
	const n, segment = 60, 8 << 10
	text := func(i int) string {
		s := bytes.Repeat([]byte{0}, 1+i*397%2300)
		if i%3 == 0 {
			s = []byte(strings.Repeat("text ", 1+i*31%300))
		} else {
			s[i*613%len(s)] = 1 << (i % 8)
		}
		return string(s)
	}
	seeds := uint64(300)
	if testing.Short() {
		seeds = 100
	}
	for _, synced := range []int{0, 1, n / 2, n - 3} {
		w := writeAll(t, n, synced, segment, text)
		from := at(1, segmentHeader)
		if synced > 0 {
			from = w.ends[synced-1]
		}
		for seed := range seeds {
			files := maps.Clone(w.files)
			rng := rand.New(rand.NewPCG(seed, uint64(synced)))
			size, odds := []int64{sector, 4096}[seed%2], 1+rng.IntN(9)
			for f, data := range w.files {
				if f.n < from.segment() {
					continue
				}
				data = slices.Clone(data)
				first := int64(segmentHeader)
				if f.n == from.segment() {
					first = from.offset()
				}
				for off := first; off < int64(len(data)); off = off&^(size-1) + size {
					if rng.IntN(10) >= odds {
						clear(data[off:min(off&^(size-1)+size, int64(len(data)))])
					}
				}
				files[f] = data
			}
			want := synced
			for want < n && whole(w, files, want) {
				want++
			}
			d, got, err := reopen(files, segment)
			if err != nil || !slices.Equal(got, w.records[:want]) {
				t.Fatalf("%d synced, seed %d, sectors of %d B: %d records, want %d: %v", synced, seed, size, len(got), want, err)
			}
			if seed%8 == 0 {
				usable(t, d, got)
			}
		}
	}
}

// whole reports whether files have all bytes from the end of record i-1 to that of i.
func whole(w written, files map[fileID][]byte, i int) bool {
	from := at(1, segmentHeader)
	if i > 0 {
		from = w.ends[i-1]
	}
	to := w.ends[i]
	for s := from.segment(); s <= to.segment(); s++ {
		f := fileID{segmentFile, s}
		lo, hi := int64(segmentHeader), int64(len(w.files[f]))
		if s == from.segment() {
			lo = from.offset()
		}
		if s == to.segment() {
			hi = to.offset()
		}
		if !bytes.Equal(files[f][lo:hi], w.files[f][lo:hi]) {
			return false
		}
	}
	return true
}
