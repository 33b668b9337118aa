package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/consbench/consbench/bench/smr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bells counts wake-ups; a test can wait for one.
type bells chan struct{}

func (b bells) Wake() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// ready is a Ready in the model.
type ready struct {
	number   uint64
	baseline bool
	records  []string
}

// model is what a log must hold: plainly, in memory.
type model struct {
	kept    []string // durable, from the newest durable baseline on
	pending []ready
}

func (m *model) settle(number uint64) {
	for len(m.pending) > 0 && m.pending[0].number <= number {
		if m.pending[0].baseline {
			m.kept = nil
		}
		m.kept = append(m.kept, m.pending[0].records...)
		m.pending = m.pending[1:]
	}
}

// after is what is recovered if n records that are not durable outlive a crash. A
// baseline is all there or not at all.
func (m *model) after(n int) (records []string) {
	records = slices.Clone(m.kept)
	for _, r := range m.pending {
		if r.baseline {
			if n < len(r.records) {
				break
			}
			records = nil
		}
		k := min(n, len(r.records))
		records = append(records, r.records[:k]...)
		if n -= k; n == 0 {
			break
		}
	}
	return records
}

func (m *model) allows(got []string, torn bool) bool {
	if slices.Equal(got, m.kept) {
		return true
	}
	all := 0
	for _, r := range m.pending {
		all += len(r.records)
	}
	if !torn { // a sync may have made the first records of a Ready durable, not all
		all = 0
		if len(m.pending) > 0 && !m.pending[0].baseline {
			all = len(m.pending[0].records) - 1
		}
	}
	for n := 1; n <= all; n++ {
		if slices.Equal(got, m.after(n)) {
			return true
		}
	}
	return false
}

// contents recovers a log.
func contents(l Log) (rec Recovery, index uint64, records []string, err error) {
	rec, err = l.Recover(
		func(i uint64, meta, image []byte) error {
			if string(meta) != fmt.Sprint("meta", i) || string(image) != fmt.Sprint("image", i) {
				return fmt.Errorf("snapshot %d: %q %q", i, meta, image)
			}
			index = i
			return nil
		},
		func(r []byte) error { records = append(records, string(r)); return nil })
	return rec, index, records, err
}

// devices are the logs that the model is held against, all with small segments.
var devices = []struct {
	name string
	make func(t *testing.T, seed uint64, p Policy) (Log, bells)
}{
	{"memory", func(_ *testing.T, seed uint64, _ Policy) (Log, bells) { return NewMemory(smr.Time(seed % 3 * 7)), nil }},
	{"simulated", func(_ *testing.T, seed uint64, p Policy) (Log, bells) {
		d := NewSimulated(Options{Policy: p, Segment: 16 << 10}, Model{Sync: smr.Time(seed % 3 * 7), Jitter: smr.Time(seed % 4 * 3), Bandwidth: int64(seed%2) * 1e13, Seed: seed})
		d.store.(*memStore).piece = int(seed%5) * 1000 // 0: whole files
		return d, nil
	}},
	{"disk", func(t *testing.T, seed uint64, p Policy) (Log, bells) {
		b := make(bells, 1)
		d, err := Open(t.TempDir(), Options{Policy: p, Segment: 16 << 10, Wake: b, Owner: "a test"})
		if err != nil {
			t.Fatal(err)
		}
		d.store.(*dirStore).piece = int(seed%3) << 10 // 0: 1 MiB
		return d, b
	}},
}

// TestAgainstModel runs random operations, faults and crashes on every device and
// compares what comes back with a model.
func TestAgainstModel(t *testing.T) {
	for _, d := range devices {
		for _, policy := range []Policy{Batch, Always} {
			if d.name == "memory" && policy == Always {
				continue
			}
			t.Run(d.name+"/"+policy.String(), func(t *testing.T) {
				seeds, steps := uint64(24), 600
				if d.name == "disk" {
					seeds, steps = 3, 250
				}
				if testing.Short() {
					seeds = max(1, seeds/6)
				}
				for seed := range seeds {
					log, _ := d.make(t, seed, policy)
					againstModel(t, log, seed, steps, d.name != "memory")
					if err := log.Close(); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
				}
			})
		}
	}
}

func againstModel(t *testing.T, log Log, seed uint64, steps int, tears bool) {
	rng := rand.New(rand.NewPCG(seed, 0))
	var m model
	now, number, snapshot := smr.Time(0), uint64(0), uint64(0)
	var failed error
	torn, asked := false, uint64(0)
	start := func(step int, durable uint64) {
		rec, index, got, err := contents(log)
		if err != nil {
			t.Fatalf("seed %d step %d: %v", seed, step, err)
		}
		if rec.Lost {
			m, snapshot = model{}, 0
		}
		// A snapshot that is renamed already may turn out to be durable.
		if !m.allows(got, torn) || index != snapshot {
			t.Fatalf("seed %d step %d: recovered snapshot %d and %d records, want snapshot %d and %d (%d Readys not durable, torn %v)", seed, step, index, len(got), snapshot, len(m.kept), len(m.pending), torn)
		}
		if !torn && !rec.Lost && rec.Bytes != durable {
			t.Fatalf("seed %d step %d: recovered %d B where %d B were durable", seed, step, rec.Bytes, durable)
		}
		if rec.Records != uint64(len(got)) || log.Durable(now) != rec.Bytes {
			t.Fatalf("seed %d step %d: %+v, %d records, %d B durable", seed, step, rec, len(got), log.Durable(now))
		}
		m = model{kept: got}
		number, failed = 0, nil
		if rng.IntN(4) == 0 { // what was recovered is durable: a second recovery reads the same
			log.Crash(now)
			if _, again, same, err := contents(log); err != nil || again != index || !slices.Equal(same, got) {
				t.Fatalf("seed %d step %d: recovered %d records, then %d: %v", seed, step, len(got), len(same), err)
			}
		}
	}
	settle := func() {
		p := log.Poll(now)
		m.settle(p.Number)
		snapshot = p.Snapshot
		if failed != nil && p.Err == nil {
			t.Fatalf("seed %d: the device had failed with %v and works again", seed, failed)
		}
		failed = p.Err
	}
	start(-1, 0)
	for step := range steps {
		now += smr.Time(rng.IntN(6))
		switch rng.IntN(24) {
		default:
			number++
			r := ready{number: number, baseline: rng.IntN(15) == 0}
			var records []smr.Record
			count, size := 1+rng.IntN(3), 1+rng.IntN(9000)
			if r.baseline && rng.IntN(2) == 0 { // of several segments
				count, size = 4+rng.IntN(9), 9000
			}
			for range count {
				s := fmt.Sprintf("%d.%d:%0*d", seed, number, rng.IntN(size), 0)
				r.records = append(r.records, s)
				records = append(records, record(s)...)
			}
			log.Append(now, number, smr.SyncKind(rng.IntN(4)), r.baseline, records)
			m.pending = append(m.pending, r)
		case 18, 19:
			asked = uint64(step) + 1
			log.Save(now, asked, fmt.Append(nil, "meta", asked), fmt.Append(nil, "image", asked))
		case 20:
			f := Fault{Kind: []FaultKind{Stall, Slow, Torn, Full, Fail, Lose}[rng.IntN(6)], Extra: smr.Time(rng.IntN(30)), Seed: rng.Uint64()}
			if f.Kind > Slow && f.Kind != Torn && rng.IntN(3) > 0 {
				continue
			}
			err := log.Impair(now, f)
			if err != nil && (tears || !errors.Is(err, ErrUnsupported)) {
				t.Fatalf("seed %d step %d: %v: %v", seed, step, f.Kind, err)
			}
			torn = torn || f.Kind == Torn && err == nil
		case 21:
			k := FaultKind(rng.IntN(7))
			log.Repair(now, k)
			torn = torn && k != Torn
		case 22, 23:
			settle()
			if rng.IntN(3) > 0 && failed == nil {
				continue
			}
			for _, k := range []FaultKind{Full, Fail} {
				log.Repair(now, k)
			}
			settle()
			durable := log.Durable(now)
			log.Crash(now)
			start(step, durable)
		}
		settle()
	}
}
