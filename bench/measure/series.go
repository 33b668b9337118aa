package measure

import (
	"cmp"
	"slices"
	"sync"

	"github.com/consbench/consbench/bench/smr"
)

// pendingIntervals is how many intervals may be open because a worker lags.
const pendingIntervals = 16

// Interval is one row of a time series.
type Interval struct {
	T            smr.Time // its start, from the start of the window; inclusive
	Acknowledged uint64
	P50, P99     *int64 // of response latency in nanoseconds, rounded to 3 digits; nil without samples
}

// Series counts acknowledgements and their latency per interval of the measured
// window. Each worker fills a histogram of its own and hands it over when the
// interval has ended; the quantiles are taken when all workers have. Memory is a
// row an interval (24 bytes) and a few histograms.
type Series struct {
	mu      sync.Mutex
	step    smr.Time
	window  smr.Time
	rows    []row
	open    [pendingIntervals]*Histogram // of rows[closed:], at [row % pendingIntervals]; nil = nothing yet
	closed  int                          // rows below have their quantiles
	workers []*SeriesWorker
	free    []*Histogram
	late    uint64
}

type row struct {
	acknowledged uint64
	p50, p99     smr.Time // -1 = no samples
}

// NewSeries returns a series over [0, window) in intervals of step, both positive.
// The last interval is shorter if step does not divide the window.
func NewSeries(window, step smr.Time) *Series {
	s := &Series{step: step, window: window, rows: make([]row, (window+step-1)/step)}
	for i := range s.rows {
		s.rows[i].p50, s.rows[i].p99 = -1, -1
	}
	return s
}

// Worker returns the part of one worker. All workers are made before the first
// acknowledgement is recorded.
func (s *Series) Worker() *SeriesWorker {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &SeriesWorker{s: s, hist: NewHistogram(), end: 0, at: -1}
	s.workers = append(s.workers, w)
	return w
}

// SeriesWorker records for one goroutine.
type SeriesWorker struct {
	s    *Series
	hist *Histogram
	at   int      // interval that hist belongs to; -1 = before the window
	end  smr.Time // of interval at
	done int      // intervals below were handed over; guarded by s.mu
}

// Acknowledged records n commands acknowledged at now with one response latency.
// Time does not run backwards in one worker; what is outside the window is left out.
func (w *SeriesWorker) Acknowledged(now, latency smr.Time, n int) {
	if now >= w.end {
		w.Advance(now)
	}
	if w.at >= 0 && w.at < len(w.s.rows) {
		w.hist.RecordN(latency, n)
	}
}

// Advance hands over what has ended by now. Workers call it now and then when they
// have nothing to record, so that the others need not wait for them.
func (w *SeriesWorker) Advance(now smr.Time) {
	if now < w.end {
		return
	}
	s := w.s
	next := len(s.rows)
	if now < s.window {
		next = int(now / s.step)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.handOver()
	w.at, w.done = next, next
	w.end = smr.Time(next+1) * s.step
	if next == len(s.rows) {
		w.end = smr.Never
	} else {
		w.end = min(w.end, s.window)
	}
	behind := next
	for _, other := range s.workers {
		behind = min(behind, other.done)
	}
	s.close(behind)
}

// handOver gives the worker's histogram to the series, which is locked.
func (w *SeriesWorker) handOver() {
	if w.at >= 0 && w.at < len(w.s.rows) && w.hist.Count() > 0 {
		w.hist = w.s.take(w.at, w.hist)
	}
}

// take puts a worker's histogram of row i in its place and returns an empty one.
func (s *Series) take(i int, h *Histogram) *Histogram {
	s.rows[i].acknowledged += h.Count()
	if i < s.closed {
		s.late += h.Count()
		h.Reset()
		return h
	}
	s.close(i - pendingIntervals + 1)
	place := &s.open[i%pendingIntervals]
	if *place != nil {
		(*place).Merge(h)
		h.Reset()
		return h
	}
	*place = h
	if n := len(s.free); n > 0 {
		h, s.free = s.free[n-1], s.free[:n-1]
		return h
	}
	return NewHistogram()
}

// close takes the quantiles of the rows below i.
func (s *Series) close(i int) {
	for ; s.closed < i; s.closed++ {
		place := &s.open[s.closed%pendingIntervals]
		h := *place
		if h == nil {
			continue
		}
		r := &s.rows[s.closed]
		r.p50, _ = h.Quantile(.5)
		r.p99, _ = h.Quantile(.99)
		h.Reset()
		s.free = append(s.free, h)
		*place = nil
	}
}

// Late is how many acknowledgements came from a worker so far behind the others
// that they are counted in their row but not in its quantiles.
func (s *Series) Late() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}

// Rows ends the series at end, at most the window, and returns its intervals,
// empty ones included. No worker may record any more.
func (s *Series) Rows(end smr.Time) []Interval {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := slices.SortedFunc(slices.Values(s.workers), func(a, b *SeriesWorker) int { return cmp.Compare(a.at, b.at) })
	for _, w := range last { // the one furthest behind first, before its row is closed
		w.handOver()
		w.at, w.end = len(s.rows), smr.Never
	}
	s.close(len(s.rows))
	n := min(len(s.rows), int((max(end, 0)+s.step-1)/s.step))
	out := make([]Interval, n)
	values := make([]int64, 2*n)
	for i, r := range s.rows[:n] {
		out[i] = Interval{T: smr.Time(i) * s.step, Acknowledged: r.acknowledged}
		if r.p50 >= 0 {
			values[2*i], values[2*i+1] = int64(r.p50), int64(r.p99)
			out[i].P50, out[i].P99 = &values[2*i], &values[2*i+1]
		}
	}
	return out
}
