package export

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// interval is a line of a histogram log.
type interval struct {
	about string
	hist  *hdrhistogram.Histogram
}

// writeHlog writes HdrHistogram's log format 1.3 with V2 histograms in nanoseconds:
// a line per run and kind of latency, tagged such as raft.response. Runs of a file
// follow each other from the time that it was started. The column of the maximum is
// in milliseconds, as the log's readers expect.
func writeHlog(o *output, docs []Document, _ Options) error {
	var all []interval
	for i := range docs {
		some, err := intervals(o, &docs[i])
		if err != nil {
			return fmt.Errorf("%s: %w", docs[i].Name, err)
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b interval) int { return int(min(1, max(-1, a.hist.StartTimeMs()-b.hist.StartTimeMs()))) })

	log := hdrhistogram.NewHistogramLogWriter(o)
	var start int64
	if len(all) > 0 {
		start = all[0].hist.StartTimeMs()
	}
	if err := log.OutputComment("[Logged with consbench; latencies in nanoseconds]"); err != nil {
		return err
	}
	if err := log.OutputLogFormatVersion(); err != nil {
		return err
	}
	if err := log.OutputStartTime(start); err != nil {
		return err
	}
	if err := log.OutputLegend(); err != nil {
		return err
	}
	about := ""
	for _, i := range all {
		if i.about != about {
			about = i.about
			if err := log.OutputComment(" " + about); err != nil {
				return err
			}
		}
		if err := log.OutputIntervalHistogram(i.hist); err != nil {
			return err
		}
	}
	return nil
}

// intervals decodes the histograms of a file.
func intervals(o *output, d *Document) ([]interval, error) {
	started, err := time.Parse(time.RFC3339, d.Result.Started)
	if err != nil {
		return nil, err
	}
	var out []interval
	at := started.UnixMilli()
	for i := range d.Result.Runs {
		r := &d.Result.Runs[i]
		start := at
		at += r.Wall / 1e6
		if !o.comparable(d.Name, r) {
			continue
		}
		for _, l := range []struct {
			kind    string
			latency *result.Latency
		}{
			{"response", &r.Latency.Response}, {"service", &r.Latency.Service}, {"commit", &r.Latency.Commit},
		} {
			if l.latency.Count == 0 {
				continue
			}
			h, err := hdrhistogram.Decode([]byte(l.latency.HDR))
			if err != nil {
				return nil, fmt.Errorf("runs[%d].latency_ns.%s.hdr: not an encoded histogram: %w", i, l.kind, err)
			}
			if n := h.TotalCount(); n < 0 || uint64(n) != l.latency.Count {
				return nil, fmt.Errorf("runs[%d].latency_ns.%s.hdr: holds %d values, not %d", i, l.kind, n, l.latency.Count)
			}
			h.SetTag(word(r.Protocol) + "." + l.kind)
			h.SetStartTimeMs(start)
			h.SetEndTimeMs(start + r.Measured/1e6)
			about := comment(d.Name + ": " + identity(r))
			if n := l.latency.Overflow; n > 0 {
				o.note("%s: %s: %s values of %s latency were above what a histogram holds: they stand in its last bucket",
					d.Name, identity(r), report.Count(n), l.kind)
			}
			out = append(out, interval{about, h})
		}
	}
	return out, nil
}
