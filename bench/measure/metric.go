package measure

import (
	"fmt"
	"slices"
	"strings"

	edits "github.com/consbench/consbench/bench/nearest"
)

// Direction says which change of a metric is for the better.
type Direction uint8

// Directions of a metric.
const (
	Neither Direction = iota
	Lower
	Higher
)

func (d Direction) String() string { return [...]string{"neither", "lower", "higher"}[d] }

// Unit of a metric, as in a result file.
const (
	PerSecond   = "1/s"
	Nanoseconds = "ns"
	Bytes       = "B"
	Count       = "1"
)

// Metric is one line of the registry: what a name means, everywhere.
type Metric struct {
	Name   string
	Unit   string
	Better Direction
	Exact  bool   // in virtual time the seed alone decides it; else it is measured there too
	Doc    string // the definition, one sentence
}

// Metrics returns the registry in the order in which reports show it. The slice is
// the caller's.
func Metrics() []Metric { return slices.Clone(registry) }

// quantiles of a latency, beside min, mean and max.
var quantiles = []struct{ name, share string }{
	{"p50", "half"}, {"p90", "90 %"}, {"p99", "99 %"}, {"p99.9", "99.9 %"}, {"p99.99", "99.99 %"},
}

var registry = func() []Metric {
	m := []Metric{
		{"throughput", PerSecond, Higher, true, "Commands acknowledged at a client within the measured window, over its length."},
		{"goodput", PerSecond, Higher, true, "Distinct commands acknowledged within their deadline in the measured window, over its length."},
		{"offered", Count, Neither, true, "Commands intended within the measured window: acknowledged + refused + timed out + unknown."},
		{"acknowledged", Count, Higher, true, "Of those offered, commands acknowledged by the end of the drain."},
		{"refused", Count, Lower, true, "Of those offered, commands without an answer that the last replica asked turned away."},
		{"timed_out", Count, Lower, true, "Of those offered, commands never handed to a replica by the end of the drain."},
		{"unknown", Count, Lower, true, "Of those offered, commands handed to a replica that had no answer by the end of the drain."},
		{"late", Count, Lower, true, "Commands acknowledged past their deadline: in latency, not in goodput."},
		{"retried", Count, Lower, true, "Submissions beyond each command's first."},
		{"duplicates", Count, Lower, true, "Commands that stood in the log again and took no second effect."},
	}
	for _, l := range []struct{ name, doc string }{
		{"response", "from the intended send time to the acknowledgement at the client"},
		{"service", "from the first actual send to the acknowledgement at the client"},
		{"commit", "from the leader taking the command from its mailbox to the leader learning that it is chosen"},
		{"sync", "from the first write to a log on disk that a sync covers to the end of the sync"},
	} {
		add := func(suffix, before, after string) {
			m = append(m, Metric{l.name + "." + suffix, Nanoseconds, Lower, true, before + " time " + l.doc + after + "."})
		}
		what := "commands"
		if l.name == "sync" {
			what = "syncs"
		}
		for _, q := range quantiles {
			add(q.name, "Least", " that "+q.share+" of the "+what+" do not exceed; to 3 digits, blank where fewer than ten lie beyond")
		}
		add("min", "Smallest", ", exact")
		add("mean", "Mean", ", exact")
		add("max", "Largest", ", exact")
	}
	spread := func(name, doc string) {
		for _, s := range []struct{ suffix, doc string }{{"", "Median"}, {".min", "Smallest"}, {".p90", "90th percentile"}, {".p99", "99th percentile"}, {".p99.9", "99.9th percentile"}, {".max", "Largest"}, {".mean", "Mean"}} {
			m = append(m, Metric{name + s.suffix, Nanoseconds, Lower, true, s.doc + " over the faults that took the leader away, or over trials: " + doc + "."})
		}
	}
	m = append(m, Metric{"unavailable", Nanoseconds, Lower, true, "Longest interval of the measured window in which no command was acknowledged although clients were asking."})
	spread("election.detected", "from the fault to the first survivor's time-out")
	spread("election.elected", "from the fault to the majority of the leader that stayed")
	spread("election.announced", "from the fault until every live replica had heard from the leader that stayed")
	spread("election.first_commit", "from the fault to the first acknowledgement of a command of the new term or ballot")
	spread("election.unavailable", "longest interval around the fault in which no command was acknowledged although clients were asking")
	perCommit := ", all replicas together, over distinct commands committed."
	return append(m,
		Metric{"election.rounds", Count, Lower, true, "Mean number of terms or ballots campaigned for in an election, over the faults that took the leader away."},
		Metric{"election.split_votes", Count, Lower, true, "Share of the trials of consbench elections whose first term or ballot did not elect the leader that stayed."},
		Metric{"messages/commit", Count, Lower, true, "Frames of kind replication and election" + perCommit},
		Metric{"heartbeats/commit", Count, Lower, true, "Frames of kind heartbeat" + perCommit},
		Metric{"catch_up/commit", Count, Lower, true, "Frames of kind catch-up, snapshot chunks included" + perCommit},
		Metric{"wire_bytes/commit", Bytes, Lower, true, "Bytes of replication and election frames" + perCommit},
		Metric{"log_bytes/commit", Bytes, Lower, true, "Bytes of log records" + perCommit},
		Metric{"fsyncs/commit", Count, Lower, true, "Writes made durable" + perCommit},
		Metric{"commands/sync", Count, Neither, true, "Commands that one sync of a log on disk made durable at its replica, mean."},
		Metric{"records/sync", Count, Neither, true, "Records that one sync of a log on disk made durable, mean."},
		Metric{"bytes/sync", Bytes, Neither, true, "Bytes that one sync of a log on disk made durable, framing included, mean."},
		Metric{"recovery", Nanoseconds, Lower, true, "Median time in which a replica that restarted read its log; virtual time has no such time."},
		Metric{"recovery.max", Nanoseconds, Lower, true, "Longest such time."},
		Metric{"recovery.bytes", Bytes, Lower, true, "Bytes of log that a replica read when it restarted, mean, framing included."},
		Metric{"commands/entry", Count, Neither, true, "Distinct commands committed, over the log entries that hold them: how large the batches were."},
		Metric{"allocs/commit", Count, Lower, false, "Objects allocated by the whole process, over distinct commands committed."},
		Metric{"cpu/commit", Nanoseconds, Lower, false, "CPU time of the whole process, user and system, over distinct commands committed."},
	)
}()

// aliases are other names of a metric. A bare quantile is one of response latency.
var aliases = func() map[string]string {
	a := map[string]string{
		"min": "response.min", "mean": "response.mean", "max": "response.max",
		"commits/s": "throughput", "failover": "election.first_commit",
	}
	for _, q := range quantiles {
		a[q.name] = "response." + q.name
	}
	for _, phase := range []string{"detected", "elected", "announced", "first_commit", "unavailable"} {
		a["election."+phase+".p50"] = "election." + phase
	}
	return a
}()

// Find returns the metric of that name or alias. Of an unknown name the error
// tells the nearest known one.
func Find(name string) (Metric, error) {
	full := name
	if a, ok := aliases[name]; ok {
		full = a
	}
	for _, m := range registry {
		if m.Name == full {
			return m, nil
		}
	}
	return Metric{}, fmt.Errorf("unknown metric %q%s", name, nearest(name))
}

// nearest is the end of an error message: what the user may have meant.
func nearest(name string) string {
	lower := strings.ToLower(name)
	known := make([]string, 0, len(registry)+len(aliases))
	for _, m := range registry {
		known = append(known, m.Name)
	}
	for a := range aliases {
		known = append(known, a)
	}
	slices.Sort(known[len(registry):]) // a map has no order, an error message should
	best, least := "", len(name)/3+2
	for _, k := range known {
		d := edits.Distance(lower, k)
		if _, short, found := strings.Cut(k, "."); found && d > 1 { // first_commit for election.first_commit
			d = min(d, 1+edits.Distance(lower, short))
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ": see the list of metrics"
	}
	return fmt.Sprintf(": did you mean %s?", best)
}
