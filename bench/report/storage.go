package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// storage says what logs on disk did: what a sync covered, what the device can do at
// best, and what restarts had to read.
func (p *page) storage(r *result.Run) {
	s := r.Storage
	if s == nil {
		return
	}
	what := "fsync " + Clean(s.Fsync)
	if !s.Durable {
		what += ": NOT DURABLE"
	}
	parts := []string{what}
	if s.Sync.P50 != nil {
		sync := "p50 of a sync " + duration(float64(*s.Sync.P50))
		if s.Floor != nil && *s.Floor > 0 {
			sync += fmt.Sprintf(", %.2f x the floor of %s (append of 256B + fdatasync, %d files at once, beside this run)",
				float64(*s.Sync.P50)/float64(*s.Floor), duration(float64(*s.Floor)), r.Nodes)
		}
		parts = append(parts, sync)
	} else if s.Floor != nil {
		parts = append(parts, fmt.Sprintf("floor %s (append of 256B + fdatasync, %d files at once, beside this run)", duration(float64(*s.Floor)), r.Nodes))
	}
	if s.Sync.Count > 0 {
		parts = append(parts,
			fmt.Sprintf("a sync covers %s commands, %s records (max %s), %sB (max %sB)", sig3(s.Commands),
				sig3(s.Records.Mean), Count(uint64(s.Records.Max)), sig3(s.Bytes.Mean), sig3(float64(s.Bytes.Max))))
	}
	if took, bytes, n := recoveries(r); n > 0 {
		text := fmt.Sprintf("%s read %sB", plural(n, "recovery"), sig3(float64(bytes)))
		if len(took) > 0 && took[len(took)-1] > 0 {
			text += fmt.Sprintf(" in %s (median; max %s)", duration(float64(took[len(took)/2])), duration(float64(took[len(took)-1])))
		}
		parts = append(parts, text)
		parts = append(parts, reading(s.Recovery)...)
	}
	if s.Files != "" {
		parts = append(parts, "logs kept in "+Clean(s.Files))
	}
	p.labelled("STORAGE", "   ", parts...)
}

// reading says how fast logs were read, and where the time of recoveries went.
func reading(q *result.Reading) (parts []string) {
	if q == nil || q.Took <= 0 {
		return nil
	}
	share := func(ns int64) string { return fmt.Sprintf("%.0f%%", 100*float64(ns)/float64(q.Took)) }
	parts = append(parts, fmt.Sprintf("of that %s making the replica, %s scanning, %s waiting for reads, %s checksums and replay, %s syncing",
		share(q.Took-q.Scan-q.Wait-q.Replay-q.Sync), share(q.Scan), share(q.Wait), share(q.Replay), share(q.Sync)))
	if read := q.Scan + q.Wait + q.Replay + q.Sync; read > 0 && q.Bytes > 0 {
		speed := float64(q.Bytes) / float64(read) * 1e9
		text := sizeWords(speed) + "/s read and replayed"
		if !q.Cold {
			text += " (page cache warm)"
		}
		if q.Device != nil {
			text += fmt.Sprintf(", %.2f x reading a log from end to end (page cache cold) at %s/s", speed / *q.Device, sizeWords(*q.Device))
		}
		parts = append(parts, text)
	}
	return parts
}

// sizeWords shows a number of bytes that was measured.
func sizeWords(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB"}
	i := 0
	for ; bytes >= 999.5 && i < len(units)-1; i++ {
		bytes /= 1000
	}
	return sig3(bytes) + units[i]
}

// recoveries returns the times of all restarts, ascending, and what they read.
func recoveries(r *result.Run) (took []int64, bytes uint64, n int) {
	for _, c := range r.Totals.Recoveries {
		took = append(took, c.Took)
		bytes += c.Bytes
		n++
	}
	slices.Sort(took)
	return took, bytes, n
}

// because is why a replica stopped, without what stands beside it.
func because(s result.Stop) string {
	why := strings.TrimPrefix(Clean(s.Why), fmt.Sprintf("n%d cannot recover: ", s.Node))
	return strings.TrimPrefix(why, "wal: ")
}

// stops lists the replicas that stopped because their logs had failed.
func (p *page) stops(r *result.Run) {
	for _, f := range r.Faults {
		for _, s := range f.Stopped {
			what := "stopped"
			if s.Gone {
				what = "stays down"
			}
			text := fmt.Sprintf("n%d %s at %s: %s (injected: %s)", s.Node, what, seconds(s.At), because(s), Clean(f.Action))
			for i, l := range Wrap(text, p.width-3) {
				p.line(" " + strings.Repeat("  ", min(i, 1)) + l)
			}
		}
	}
}

// syncs is the latency of syncs; of a log in memory there is none.
func syncs(r *result.Run) *result.Latency {
	if r.Storage == nil {
		return new(result.Latency)
	}
	return &r.Storage.Sync
}

// storageMetrics adds the metrics of logs on disk and of recoveries.
func storageMetrics(a map[string]accessor) {
	for name, of := range map[string]func(*result.Storage) float64{
		"commands/sync": func(s *result.Storage) float64 { return s.Commands },
		"records/sync":  func(s *result.Storage) float64 { return s.Records.Mean },
		"bytes/sync":    func(s *result.Storage) float64 { return s.Bytes.Mean },
	} {
		a[name] = func(r *result.Run) (float64, bool) {
			if r.Storage == nil || r.Storage.Sync.Count == 0 {
				return 0, false
			}
			return of(r.Storage), true
		}
	}
	for name, of := range map[string]func(took []int64, bytes uint64) float64{
		"recovery":       func(took []int64, _ uint64) float64 { return float64(took[len(took)/2]) },
		"recovery.max":   func(took []int64, _ uint64) float64 { return float64(took[len(took)-1]) },
		"recovery.bytes": func(took []int64, bytes uint64) float64 { return float64(bytes) / float64(len(took)) },
	} {
		a[name] = func(r *result.Run) (float64, bool) {
			took, bytes, n := recoveries(r)
			if r.Storage == nil || n == 0 {
				return 0, false
			}
			return of(took, bytes), true
		}
	}
}
