package wal

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// FuzzDamage does to a log of several segments what the input says: in steps of six
// bytes, what, to which segment, from where, how much. Whatever is left, a recovery
// finds rot or some first ones of the records that were written, and what it recovered
// can be appended to.
func FuzzDamage(f *testing.F) {
	const n, segment = 40, 4 << 10
	for _, step := range [][]byte{
		nil,
		{0, 1, 200, 0, 3, 0},  // a flipped bit
		{1, 2, 0, 2, 0, 2},    // a sector of zeros
		{2, 2, 0, 1, 0, 0},    // a file that is cut
		{3, 1, 0, 0, 0, 0},    // a segment that is missing
		{4, 1, 2, 0, 0, 0},    // a segment under the name of another
		{5, 2, 100, 0, 80, 0}, // bytes that stand elsewhere, too
		{1, 3, 0, 0, 0, 1, 0, 1, 40, 0, 0, 0},
	} {
		f.Add(step, uint8(n))
		f.Add(step, uint8(n/2))
	}
	f.Fuzz(func(t *testing.T, steps []byte, synced uint8) {
		w := write(t, n, int(synced)%(n+1), segment, func(i int) int { return i * 37 % 260 })
		files := w.files
		for ; len(steps) >= 6; steps = steps[6:] {
			id := fileID{segmentFile, uint64(steps[1])}
			data, ok := files[id]
			if !ok || len(data) == 0 {
				continue
			}
			from := int(binary.LittleEndian.Uint16(steps[2:])) % len(data)
			much := int(binary.LittleEndian.Uint16(steps[4:]))
			to := min(from+much, len(data))
			switch steps[0] % 6 {
			case 0:
				data[from] ^= 1 << (much % 8)
			case 1:
				clear(data[from:to])
			case 2:
				files[id] = data[:from]
			case 3:
				delete(files, id)
			case 4:
				files[fileID{segmentFile, uint64(steps[2])}] = slices.Clone(data)
			case 5:
				copy(data, data[from:to])
			}
		}
		d, got, err := reopen(files, segment)
		if rot := (*RotError)(nil); errors.As(err, &rot) {
			return
		}
		if err != nil || len(got) > n || !slices.Equal(got, w.records[:len(got)]) {
			t.Fatalf("%d records, not those that were written, or an error that is not rot: %v", len(got), err)
		}
		usable(t, d, got)
	})
}
