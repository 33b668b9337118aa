// Package result is the result file, schema consbench.result/v1: everything that
// a report shows, raw. Times are nanoseconds since the start of the measured
// window; an instant that never came is null.
package result

import (
	"encoding/json"

	"github.com/consbench/consbench/bench/cost"
)

// Schema names the format of [File].
const Schema = "consbench.result/v1"

// File is one invocation of consbench run: one configuration, one or more runs.
type File struct {
	Schema      string          `json:"schema"`
	Started     string          `json:"started"` // RFC 3339
	Config      json.RawMessage `json:"config"`  // bench.Config
	Environment Environment     `json:"environment"`
	Interrupted bool            `json:"interrupted,omitempty"` // ended early by a signal
	Runs        []Run           `json:"runs"`

	Scenario     string        `json:"scenario,omitempty"` // that was run
	Expectations []Expectation `json:"expectations,omitempty"`
}

// Expectation is a threshold of a scenario, held against one run.
type Expectation struct {
	Protocol  string   `json:"protocol"`
	Seed      uint64   `json:"seed"`
	Metric    string   `json:"metric"`
	Threshold string   `json:"threshold"`
	Value     *float64 `json:"value"` // in the metric's unit; null: the run has no such figure
	Met       bool     `json:"met"`
}

// Environment is what the figures were measured on.
type Environment struct {
	Version    string            `json:"version"`
	Revision   string            `json:"revision,omitempty"`
	Modified   bool              `json:"modified,omitempty"` // with changes that no revision has
	Go         string            `json:"go"`
	OS         string            `json:"os"`
	Arch       string            `json:"arch"`
	CPU        string            `json:"cpu"`
	CPUs       int               `json:"cpus"`
	GOMAXPROCS int               `json:"gomaxprocs"`
	GOGC       int               `json:"gogc"`
	Memory     int64             `json:"memory_bytes"`
	FileSystem string            `json:"file_system,omitempty"`
	Modules    map[string]string `json:"modules,omitempty"`
	Floors     Floors            `json:"floors"`
}

// Floors are what this machine can do at best; nothing that a run reports can be
// faster. Null where it was not measured.
type Floors struct {
	Clock     *int64 `json:"clock_ns"`     // smallest step of the clock seen
	Wake      *int64 `json:"wake_ns"`      // median: waking a parked goroutine and hearing back
	Loopback  *int64 `json:"loopback_ns"`  // median round trip of one byte over loopback TCP
	Fdatasync *int64 `json:"fdatasync_ns"` // median append of 256 B + fdatasync
}

// Run is one protocol under one seed.
type Run struct {
	Protocol    string `json:"protocol"`
	Network     string `json:"network"`
	Nodes       int    `json:"nodes"`
	Seed        uint64 `json:"seed"`
	Rep         int    `json:"rep"`
	Leaderless  bool   `json:"leaderless,omitempty"` // any replica may propose: there are no elections
	Fingerprint string `json:"fingerprint"`          // hash of what makes two runs comparable
	Measured    int64  `json:"measured_ns"`          // length of the measured window; shorter than asked for if interrupted
	Wall        int64  `json:"wall_ns"`              // how long the run took, from start to verdict
	Interrupted bool   `json:"interrupted,omitempty"`
	Error       string `json:"error,omitempty"` // the run failed before it had a verdict

	Commands   Commands   `json:"commands"`
	Throughput float64    `json:"throughput_per_s"`
	Goodput    float64    `json:"goodput_per_s"`
	Latency    Latencies  `json:"latency_ns"`
	Series     []Interval `json:"series"`
	Regions    []Region   `json:"regions,omitempty"` // of clients, in a topology

	Faults        []Fault        `json:"faults"`
	Elections     []Election     `json:"elections"`
	Distributions *Distributions `json:"distributions,omitempty"` // over the elections that faults caused
	Unavailable   int64          `json:"unavailable_ns"`
	Livelocks     []Livelock     `json:"livelocks,omitempty"`

	PerCommit PerCommit `json:"per_commit"`
	Storage   *Storage  `json:"storage,omitempty"` // what a log on disk did; nil in memory
	Cost      *Cost     `json:"cost,omitempty"`    // what processors did; nil where nobody counted
	Totals    Totals    `json:"totals"`
	Verdict   Verdict   `json:"verdict"`
	Warnings  []string  `json:"warnings"`
}

// Commands counts the commands intended within the measured window by how they
// ended: offered = acknowledged + refused + timed out + unknown.
type Commands struct {
	Offered      uint64 `json:"offered"`
	Acknowledged uint64 `json:"acknowledged"`
	Refused      uint64 `json:"refused"`
	TimedOut     uint64 `json:"timed_out"`  // never handed to a replica by the end of the drain
	Unknown      uint64 `json:"unknown"`    // handed over, no answer
	Late         uint64 `json:"late"`       // acknowledged, but past the deadline: not in goodput
	Retried      uint64 `json:"retried"`    // submissions beyond each command's first
	Duplicates   uint64 `json:"duplicates"` // stood in the log again and took no second effect
}

// Latencies holds the three latencies of DESIGN.md, measures.
type Latencies struct {
	Response Latency `json:"response"` // intended send time -> acknowledged at the client
	Service  Latency `json:"service"`  // actual (first) send -> acknowledged at the client
	Commit   Latency `json:"commit"`   // leader takes the command -> leader learns that it is chosen
}

// Region is what the clients of one region have seen.
type Region struct {
	Name         string  `json:"name"`
	Clients      int     `json:"clients"`
	ToLeader     *int64  `json:"to_leader_ns"` // round trip to the one that led at the start of the window, without jitter
	Offered      uint64  `json:"offered"`
	Acknowledged uint64  `json:"acknowledged"`
	Response     Latency `json:"response"`
	Service      Latency `json:"service"`
}

// Latency is one distribution in nanoseconds. Min, mean and max are exact; a
// quantile is null where the sample is too small to know it (count < 10/(1-q)).
type Latency struct {
	Count    uint64   `json:"count"`
	Min      *int64   `json:"min"`
	Mean     *float64 `json:"mean"`
	P50      *int64   `json:"p50"`
	P90      *int64   `json:"p90"`
	P99      *int64   `json:"p99"`
	P999     *int64   `json:"p99.9"`
	P9999    *int64   `json:"p99.99"`
	Max      *int64   `json:"max"`
	Overflow uint64   `json:"overflow"` // values above what the histogram holds; counted in its last bucket
	HDR      string   `json:"hdr"`      // base64 of HdrHistogram's V2 compressed encoding
}

// Interval is one step of the time series.
type Interval struct {
	T            int64  `json:"t_ns"` // start of the interval
	Acknowledged uint64 `json:"acknowledged"`
	P50          *int64 `json:"p50_ns"` // of response latency
	P99          *int64 `json:"p99_ns"`
	Leader       uint32 `json:"leader"` // at the interval's end; 0 = none
}

// Fault is one action of the schedule as it was carried out.
type Fault struct {
	At          int64    `json:"at_ns"`            // actual
	Intended    int64    `json:"intended_ns"`      // as scheduled
	Until       *int64   `json:"until_ns"`         // null = until the end of the window
	Action      string   `json:"action"`           // verb: crash, pause, partition ...
	Amount      string   `json:"amount,omitempty"` // how much: 40ms, 10% ...
	Target      string   `json:"target"`           // as resolved: n2, {n1 n3} ...
	Role        string   `json:"role"`             // as asked for: leader, follower, node 3 ...
	Nodes       []uint32 `json:"nodes"`
	Unavailable int64    `json:"unavailable_ns"`    // longest gap in acknowledgements from this fault on, up to the next one (measure.Outages.During)
	Skipped     string   `json:"skipped,omitempty"` // why it could not be applied
	Stopped     []Stop   `json:"stopped,omitempty"` // replicas whose logs it made fail
}

// Stop is a replica that stopped because its log failed, or that did not come back
// because it could not read its log.
type Stop struct {
	Node uint32 `json:"node"`
	At   int64  `json:"at_ns"`
	Why  string `json:"why"`
	Gone bool   `json:"gone,omitempty"` // for the rest of the run
}

// Election is one change of leader, with or without a fault before it.
type Election struct {
	Crash       *int64 `json:"crash_ns"` // the fault that took the leader away
	Detected    *int64 `json:"detected_ns"`
	Elected     *int64 `json:"elected_ns"`
	Announced   *int64 `json:"announced_ns"`
	FirstCommit *int64 `json:"first_commit_ns"`
	Rounds      int    `json:"rounds"`
	Leader      uint32 `json:"leader"`
	Term        uint64 `json:"term"`
}

// Livelock is an outage of many election timeouts in which some replica could speak
// with a quorum all the time, and no leader stayed.
type Livelock struct {
	From      int64  `json:"from_ns"`
	Until     int64  `json:"until_ns"`
	Hub       uint32 `json:"hub"` // a replica that could speak with a quorum
	Timeouts  int    `json:"timeouts"`
	Campaigns int    `json:"campaigns"`         // terms or ballots that somebody campaigned for
	Elected   int    `json:"elected"`           // times that somebody had a majority
	Longest   int64  `json:"longest_leader_ns"` // of those, from the election to stepping down
}

// Distributions are the phases over all elections that faults caused, each
// counted from its fault, and the unavailability per fault that took a leader
// away.
type Distributions struct {
	Detected    Spread `json:"detected"`
	Elected     Spread `json:"elected"`
	Announced   Spread `json:"announced"`
	FirstCommit Spread `json:"first_commit"`
	Unavailable Spread `json:"unavailable"`
}

// Spread is a small sample in nanoseconds. Never counts instants that did not come.
type Spread struct {
	Count int     `json:"count"`
	Never int     `json:"never"`
	Min   int64   `json:"min"`
	P50   int64   `json:"p50"`
	P90   int64   `json:"p90"`
	Max   int64   `json:"max"`
	Mean  float64 `json:"mean"`
}

// PerCommit is cluster totals over distinct commands committed, counted from the
// quiet instant before the measured window to the end of the drain.
type PerCommit struct {
	Messages   float64 `json:"messages"`   // frames of kind replication and election
	Heartbeats float64 `json:"heartbeats"` // frames of kind heartbeat
	CatchUp    float64 `json:"catch_up"`   // frames of kind catch-up, snapshot chunks included
	WireBytes  float64 `json:"wire_bytes"` // of replication and election frames
	LogBytes   float64 `json:"log_bytes"`
	Fsyncs     float64 `json:"fsyncs"`
	Allocs     float64 `json:"allocs"` // whole process
	CPU        float64 `json:"cpu_ns"` // whole process, user and system
}

// Totals are what PerCommit divides, and the rest that was counted.
type Totals struct {
	Commits    uint64            `json:"commits"` // distinct commands
	Entries    uint64            `json:"entries"` // log entries: batches of commands
	Frames     map[string]uint64 `json:"frames"`  // by kind
	FrameBytes map[string]uint64 `json:"frame_bytes"`
	Dropped    uint64            `json:"dropped"`    // frames lost by the network, asked for or not
	Overflowed uint64            `json:"overflowed"` // frames dropped because a queue was full
	LogBytes   uint64            `json:"log_bytes"`
	Fsyncs     uint64            `json:"fsyncs"`
	Snapshots  uint64            `json:"snapshots"`            // taken
	Installs   uint64            `json:"installs"`             // received from a peer
	Recoveries []Recovery        `json:"recoveries"`           // restarts
	Stopped    []Stop            `json:"stopped,omitempty"`    // that no fault explains
	NonVoters  []uint32          `json:"non_voters,omitempty"` // replicas that lost their logs
	Events     uint64            `json:"events"`               // of the simulator; 0 live
}

// Cost is what the processors of replicas and clients did in the measured window: in
// virtual time with a cost model, or live where a calibration counted.
type Cost struct {
	Replicas []Work `json:"replicas"`
	Clients  []Work `json:"clients,omitempty"` // where they share processors with replicas
	CPU      int64  `json:"cpu_ns,omitempty"`  // live: time of all processors that the process used
}

// Work is what one processor did, and for how long.
type Work struct {
	Busy    int64     `json:"busy_ns"`
	Sending int64     `json:"sending_ns"` // that the network interface was busy
	Done    cost.Work `json:"done"`
}

// Storage is what the logs of all replicas did in the measured window.
type Storage struct {
	Fsync    string   `json:"fsync"` // always, batch or off
	Durable  bool     `json:"durable"`
	Sync     Latency  `json:"sync_ns"`             // from the first write that a sync covers to its end
	Floor    *int64   `json:"floor_ns"`            // measured beside the run: median append of 256 B + fdatasync, as many files at once as there are nodes; null on a simulated device
	Records  Batching `json:"records_a_sync"`      // that one sync made durable
	Bytes    Batching `json:"bytes_a_sync"`        // likewise, framing included
	Commands float64  `json:"commands_a_sync"`     // mean, of one replica
	Files    string   `json:"directory,omitempty"` // kept after the run

	Recovery *Reading `json:"recovery,omitempty"` // of restarts that read files
}

// Batching is a distribution of sizes.
type Batching struct {
	Mean float64 `json:"mean"`
	P50  int64   `json:"p50"`
	P99  int64   `json:"p99"`
	Max  int64   `json:"max"`
}

// Recovery is one restart of a crashed replica.
type Recovery struct {
	Node    uint32 `json:"node"`
	At      int64  `json:"at_ns"`
	Took    int64  `json:"took_ns"` // live: from reading the log to being there
	Records uint64 `json:"records"` // replayed
	Bytes   uint64 `json:"bytes"`
	Torn    uint64 `json:"torn_bytes,omitempty"` // cut off behind the last whole record
	Lost    bool   `json:"lost,omitempty"`       // the log was gone: a non-voter from here on
}

// Verdict says whether the run counts.
type Verdict struct {
	Correct bool    `json:"correct"`
	Checks  []Check `json:"checks"`
	Trace   string  `json:"trace,omitempty"` // file with the last events of each replica; of a live run that is INCORRECT
}

// Check is one thing that was verified.
type Check struct {
	Name      string `json:"name"`
	OK        bool   `json:"ok"`
	Undecided bool   `json:"undecided,omitempty"` // not OK, but nothing wrong was found either
	Detail    string `json:"detail"`
	Drawing   string `json:"drawing,omitempty"` // file that shows what is wrong in a browser; see linearizable
}

// Word is the verdict in a word: CORRECT; INCORRECT, a check failed; UNDECIDED, none
// failed but not all could be decided; UNCHECKED, the run ended before them.
func (v *Verdict) Word() string {
	switch {
	case v.Correct:
		return "CORRECT"
	case len(v.Checks) == 0:
		return "UNCHECKED"
	}
	for _, c := range v.Checks {
		if !c.OK && !c.Undecided {
			return "INCORRECT"
		}
	}
	return "UNDECIDED"
}
