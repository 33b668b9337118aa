package bench

import (
	"testing"
	"time"

	"github.com/consbench/consbench/bench/result"
)

func TestParseBusy(t *testing.T) {
	for stat, want := range map[string]time.Duration{
		"cpu  100 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3": 1710 * time.Millisecond,
		"cpu  1 2 3 4 5 6 7":                             -1,
		"cpu0 100 20 30 4000 5 6 7 8":                    -1,
		"cpu  100 x 30 4000 500 6 7 8":                   -1,
		"":                                               -1,
	} {
		if got := parseBusy(stat); got != want {
			t.Errorf("%q: %v, want %v", stat, got, want)
		}
	}
}

// TestForeign: what the machine did and this program did not.
func TestForeign(t *testing.T) {
	r := &runner{measuredWall: time.Second}
	if r.machineBusy = 0; r.foreign() != 0 {
		t.Error("unknown")
	}
	r.machineBusy, r.busy = 100*time.Second, 1e9
	if r.foreign() != 1 {
		t.Errorf("%g", r.foreign())
	}
	r.machineBusy, r.busy = time.Second, 2e9
	if r.foreign() != 0 {
		t.Errorf("%g", r.foreign())
	}
	r.machineBusy, r.measuredWall = time.Hour, time.Millisecond
	if r.foreign() != 0 {
		t.Error("of a window shorter than the kernel counts")
	}
}

// TestFloorsOnce: what is known is not measured again.
func TestFloorsOnce(t *testing.T) {
	step := int64(77)
	KnowFloors("nowhere", result.Floors{Clock: &step})
	if f := Floors("nowhere"); f.Clock != &step || f.Loopback != nil {
		t.Errorf("%+v", f)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
