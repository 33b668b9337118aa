package wal

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// FuzzSegment recovers from any bytes as the only segment: no panic, no record that
// does not read the same again, and what was recovered can be appended to.
func FuzzSegment(f *testing.F) {
	seg := appendSegmentHeader(nil, 1, 1)
	f.Add(slices.Clone(seg))
	for i, s := range []string{"", "a", "abcdefgh", "a longer record of more than a word"} {
		seg = appendFrame(seg, 1, at(1, int64(len(seg))), kindRecord, byte(i)&3, at(1, 32), []byte(s), nil)
	}
	f.Add(slices.Clone(seg))
	f.Add(seg[:len(seg)-3])
	f.Add(append(slices.Clone(seg), make([]byte, 100)...))
	f.Add(appendFrame(slices.Clone(seg), 1, at(1, int64(len(seg))), kindSeal, 0, at(1, int64(len(seg))), nil, nil))
	f.Add(appendFrame(slices.Clone(seg), 1, at(1, int64(len(seg))), kindEnd, 0, at(1, 32), nil, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, got, err := reopen(map[fileID][]byte{{segmentFile, 1}: data}, 1<<20)
		if err != nil {
			if rot := (*RotError)(nil); !errors.As(err, &rot) {
				t.Fatalf("neither a log nor rot: %v", err)
			}
			return
		}
		usable(t, d, got)
	})
}

// FuzzSnapshot: what is accepted as a snapshot is what is written for it.
func FuzzSnapshot(f *testing.F) {
	whole := appendSnapshot(nil, 1, 9, []byte("meta"), []byte("image"))
	f.Add(whole, uint64(9))
	f.Add(whole[:len(whole)-1], uint64(9))
	f.Add(whole, uint64(8))
	f.Add(appendSnapshot(nil, 1, 1, nil, nil), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, index uint64) {
		id, meta, image, _, reason := readSnapshot(data, index)
		if reason == "" && !bytes.Equal(data, appendSnapshot(nil, id, index, meta, image)) {
			t.Fatal("an accepted snapshot is not what is written for it")
		}
	})
}

// TestAppendAllocatesNothing: in steady state, over many segments, baselines and
// snapshots; what is left are the names of new files.
func TestAppendAllocatesNothing(t *testing.T) {
	body := make([]byte, 256)
	records := []smr.Record{{Head: body[:24], Body: body}}
	for _, dev := range devices {
		t.Run(dev.name, func(t *testing.T) {
			var log Log
			var bell bells
			switch dev.name {
			case "simulated":
				log = NewSimulated(Options{}, Model{})
			case "disk":
				bell = make(bells, 1)
				d, err := Open(t.TempDir(), Options{Wake: bell})
				if err != nil {
					t.Fatal(err)
				}
				log = d
			default:
				log, bell = dev.make(t, 0, Batch)
			}
			defer log.Close()
			if _, _, _, err := contents(log); err != nil {
				t.Fatal(err)
			}
			number := uint64(0)
			turn := func() {
				number++
				log.Append(0, number, smr.SyncEntries, number%1000 == 0, records)
				for log.Poll(0).Number < number {
					<-bell
				}
			}
			rounds := 2500
			if bell != nil {
				rounds = 50
			}
			for range rounds {
				turn()
			}
			if n := testing.AllocsPerRun(min(rounds, 800), turn); n != 0 {
				t.Errorf("%v allocations an Append", n)
			}
		})
	}
}
