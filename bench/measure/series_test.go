package measure

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func TestSeries(t *testing.T) {
	series := NewSeries(950*ms, 100*ms)
	a, b := series.Worker(), series.Worker()
	a.Acknowledged(-5*ms, ms, 7) // warm-up
	a.Acknowledged(0, 2*ms, 3)
	a.Acknowledged(99*ms, 2*ms, 1)
	b.Acknowledged(50*ms, 4*ms, 1)
	a.Acknowledged(100*ms, 3*ms, 2)
	b.Acknowledged(949*ms, 5*ms, 1)
	a.Acknowledged(950*ms, 5*ms, 9) // after the window
	rows := series.Rows(950 * ms)
	if len(rows) != 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, row := range rows {
		want := map[int]uint64{0: 5, 1: 2, 9: 1}[i]
		if row.T != smr.Time(i)*100*ms || row.Acknowledged != want || (row.P50 == nil) != (want == 0) || (row.P99 == nil) != (want == 0) {
			t.Errorf("row %d: %+v", i, row)
		}
	}
	if *rows[0].P50 != int64(2*ms) && *rows[0].P50 > int64(2002*us) || *rows[0].P99 != int64(4*ms) || *rows[1].P50 != int64(3*ms) {
		t.Errorf("quantiles %d %d %d", *rows[0].P50, *rows[0].P99, *rows[1].P50)
	}
	if series.Late() != 0 {
		t.Errorf("%d late", series.Late())
	}
}

func TestSeriesCutShort(t *testing.T) {
	series := NewSeries(10*s, 100*ms)
	w := series.Worker()
	w.Acknowledged(10*ms, ms, 1)
	w.Acknowledged(310*ms, ms, 2)
	rows := series.Rows(320 * ms)
	if len(rows) != 4 || rows[0].Acknowledged != 1 || rows[3].Acknowledged != 2 {
		t.Errorf("%+v", rows)
	}
	if len(NewSeries(s, 100*ms).Rows(0)) != 0 {
		t.Error("a run that did not begin has rows")
	}
}

// However far one worker lags, every acknowledgement is in its row.
func TestSeriesCountsEverything(t *testing.T) {
	const seed = 2
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		series := NewSeries(10*s, 100*ms)
		workers := []*SeriesWorker{series.Worker(), series.Worker(), series.Worker()}
		now := make([]smr.Time, 3)
		want := make([]uint64, 100)
		for range 5000 {
			i := r.IntN(3)
			now[i] += smr.Time(r.Int64N(int64(20 * ms)))
			if r.IntN(50) == 0 {
				now[i] += 3 * s
			}
			n := 1 + r.IntN(5)
			workers[i].Acknowledged(now[i], ms, n)
			if now[i] < 10*s {
				want[now[i]/(100*ms)] += uint64(n)
			}
		}
		var late uint64
		for i, row := range series.Rows(10 * s) {
			if row.Acknowledged != want[i] {
				t.Fatalf("seed %d: row %d has %d, want %d", seed, i, row.Acknowledged, want[i])
			}
			if row.Acknowledged > 0 && row.P50 == nil {
				late += row.Acknowledged
			}
		}
		if late > series.Late() {
			t.Fatalf("seed %d: %d have no quantiles, %d are known to be late", seed, late, series.Late())
		}
	}
}

func TestSeriesOfConcurrentWorkers(t *testing.T) {
	series := NewSeries(s, 10*ms)
	var wg sync.WaitGroup
	for range 4 {
		w := series.Worker()
		wg.Go(func() {
			for now := smr.Time(0); now < s; now += ms {
				w.Acknowledged(now, ms, 1)
			}
		})
	}
	wg.Wait()
	for i, row := range series.Rows(s) {
		if row.Acknowledged != 40 {
			t.Errorf("row %d has %d", i, row.Acknowledged)
		}
	}
}

func TestHotPathAllocatesNothing(t *testing.T) {
	series := NewSeries(1000*s, 100*ms)
	w, idle := series.Worker(), series.Worker()
	a := NewAvailability()
	h := NewHistogram()
	var now smr.Time
	step := func() {
		now += 7 * ms
		w.Acknowledged(now, ms, 3)
		idle.Advance(now)
		a.Asking(now, true)
		a.Acknowledged(now + ms)
		a.Asking(now+ms, false)
		h.RecordN(ms, 2)
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(20_000, step); n != 0 {
		t.Errorf("%v allocations a turn", n)
	}
}
