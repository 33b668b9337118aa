package wal

import "math/rand/v2"

// tear is what a power failure leaves of bytes that were written and not synced: so
// many first ones, or any of their sectors. The device and the kernel may write what
// is in the page cache in any order, and a name before or after the file's bytes.
type tear struct {
	rest int64      // bytes that still stay, in the order of the log
	some *rand.Rand // nil: the first bytes; else it says which sectors stay
	odds uint       // that a sector stays, in 8
}

func newTear(seed uint64, unsynced int64) tear {
	rng := rand.New(rand.NewPCG(seed, 0x7ea8))
	if rng.IntN(2) == 0 {
		return tear{rest: rng.Int64N(unsynced + 1)}
	}
	return tear{some: rng, odds: 1 + rng.UintN(7)}
}

// name reports whether the name of a file stays that was not synced.
func (t *tear) name() bool { return t.some != nil && t.some.UintN(2) == 0 }

// apply takes from a segment what does not stay.
func (t *tear) apply(st store, f fileID, e extent, segment int64) error {
	if t.some == nil {
		n := min(t.rest, e.written-e.synced)
		t.rest -= n
		if e.synced+n == e.written {
			return nil
		}
		return st.zero(f, e.synced+n, segment)
	}
	gone := false
	for from := e.synced; from < e.written; {
		to := min(from&^(sector-1)+sector, e.written)
		if t.some.UintN(8) >= t.odds {
			if err := st.write(f, from, zeros[:to-from]); err != nil {
				return err
			}
			gone = true
		}
		from = to
	}
	if !gone {
		return nil
	}
	return st.sync(f)
}
