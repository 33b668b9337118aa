package wal

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func record(s string) []smr.Record {
	return []smr.Record{{Head: []byte(s[:1]), Body: []byte(s[1:])}}
}

func recovered(t *testing.T, m *Memory) (index uint64, records []string) {
	t.Helper()
	_, err := m.Recover(
		func(i uint64, meta, image []byte) error {
			if string(meta) != fmt.Sprint("meta", i) || string(image) != fmt.Sprint("image", i) {
				t.Fatalf("snapshot %d: %q %q", i, meta, image)
			}
			index = i
			return nil
		},
		func(r []byte) error { records = append(records, string(r)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return index, records
}

func TestOneSyncCoversWhatCameBefore(t *testing.T) {
	m := NewMemory(10)
	m.Append(0, 1, smr.SyncEntries, false, record("a1")) // sync until 10
	m.Append(3, 2, smr.SyncEntries, false, record("b2"))
	m.Append(6, 3, smr.SyncEntries, false, record("c3"))
	for _, want := range []struct {
		at smr.Time
		p  Progress
	}{
		{9, Progress{Number: 0, Next: 10}},
		{10, Progress{Number: 1, Next: 20}}, // 2 and 3 share the second sync
		{19, Progress{Number: 1, Next: 20}},
		{20, Progress{Number: 3, Next: smr.Never}},
	} {
		if p := m.Poll(want.at); p != want.p {
			t.Fatalf("at %d: %+v, want %+v", want.at, p, want.p)
		}
	}
	if s := m.Stats().Syncs; s != 2 {
		t.Fatalf("%d syncs, want 2", s)
	}
}

func TestCommitMarksWaitForTheNextSync(t *testing.T) {
	m := NewMemory(0)
	m.Append(0, 1, smr.SyncEntries, false, record("a1"))
	m.Append(0, 2, smr.SyncNone, false, record("m2"))
	if p := m.Poll(5); p.Number != 1 || p.Next != smr.Never {
		t.Fatalf("%+v: a mark must not cause a sync", p)
	}
	m.Crash(6)
	if _, got := recovered(t, m); !slices.Equal(got, []string{"a1"}) {
		t.Fatalf("recovered %q", got)
	}
}

// TestCrashAgainstModel checks that a crash at any instant keeps exactly what the
// finished syncs cover, from the newest durable baseline on.
func TestCrashAgainstModel(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 0))
		m := NewMemory(smr.Time(rng.IntN(3) * 7))
		var kept []string // durable in the model
		type ready struct {
			number   uint64
			baseline bool
			records  []string
		}
		var pending []ready
		now, number, snapshot := smr.Time(0), uint64(0), uint64(0)
		settle := func() {
			p := m.Poll(now)
			for len(pending) > 0 && pending[0].number <= p.Number {
				if pending[0].baseline {
					kept = nil
				}
				kept = append(kept, pending[0].records...)
				pending = pending[1:]
			}
			snapshot = p.Snapshot
		}
		for step := range 600 {
			now += smr.Time(rng.IntN(6))
			switch rng.IntN(12) {
			default:
				number++
				r := ready{number: number, baseline: rng.IntN(15) == 0}
				var records []smr.Record
				for range 1 + rng.IntN(3) {
					s := fmt.Sprintf("%d.%d:%0*d", seed, number, rng.IntN(40_000), 0)
					r.records = append(r.records, s)
					records = append(records, record(s)...)
				}
				m.Append(now, number, smr.SyncKind(rng.IntN(4)), r.baseline, records)
				pending = append(pending, r)
			case 10:
				m.Save(now, uint64(step)+1, fmt.Append(nil, "meta", step+1), fmt.Append(nil, "image", step+1))
			case 11:
				settle()
				if rng.IntN(3) > 0 {
					continue
				}
				m.Crash(now)
				index, got := recovered(t, m)
				if index != snapshot || !slices.Equal(got, kept) {
					t.Fatalf("seed %d step %d: recovered snapshot %d and %d records, want %d and %d", seed, step, index, len(got), snapshot, len(kept))
				}
				pending, number = nil, 0
			}
			settle()
		}
	}
}

func TestMemoryIsBoundedAndNothingIsAllocated(t *testing.T) {
	m := NewMemory(0)
	body := make([]byte, 60<<10)
	records := []smr.Record{{Head: body[:32], Body: body}}
	number := uint64(0)
	turn := func() {
		number++
		m.Append(0, number, smr.SyncEntries, m.end-m.base > 8<<20, records)
	}
	for range 1000 {
		turn()
	}
	if n := testing.AllocsPerRun(1000, turn); n != 0 {
		t.Errorf("%v allocations an Append", n)
	}
	if n := len(m.blocks) + len(m.spare); n > 12 {
		t.Errorf("%d blocks for a log of 8 MiB", n)
	}
}
