package bench

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/topology"
	"github.com/consbench/consbench/bench/workload"
)

// Networks that a run can use.
const (
	NetworkSim    = "sim"    // virtual time
	NetworkInproc = "inproc" // goroutines and mailboxes
	NetworkTCP    = "tcp"    // sockets
)

// CheckLinearizable is the Check that asks for keys.
const CheckLinearizable = "linearizable"

// Config is everything that decides what a run does. Times are in nanoseconds,
// sizes in bytes. Its JSON form stands in the result file and is enough to repeat
// the run.
type Config struct {
	Protocols []string `json:"protocols"`
	Network   string   `json:"network"`
	Processes bool     `json:"processes,omitempty"` // each replica is a process of its own; tcp only
	Nodes     int      `json:"nodes"`
	Seed      uint64   `json:"seed"`
	Repeat    int      `json:"repeat,omitempty"` // runs of each protocol, of consecutive seeds; 0 = 1
	Leader    string   `json:"leader,omitempty"` // who is to lead first: a node's number or a region; empty: chance decides

	Clients  int      `json:"clients"`          // closed loop: this many; open loop: sessions to spread the arrivals over
	Rate     float64  `json:"rate"`             // open loop: arrivals a second, with phases their mean; 0 = closed loop
	Phases   []string `json:"phases,omitempty"` // of the open loop, in canonical form; they make up Duration
	Arrival  string   `json:"arrival"`          // poisson or constant
	Inflight int      `json:"inflight"`
	Check    string   `json:"check,omitempty"` // beside the logs: linearizable or empty; whatever it says, keys are checked
	Keys     int      `json:"keys"`
	Size     int      `json:"size"`

	Duration time.Duration `json:"duration_ns"`
	Warmup   time.Duration `json:"warmup_ns"`
	Drain    time.Duration `json:"drain_ns"`
	Timeout  time.Duration `json:"timeout_ns"` // a command's deadline, for goodput

	Batch      int `json:"batch"`       // commands in an entry, at most
	BatchBytes int `json:"batch_bytes"` // bytes in an entry, at most
	Window     int `json:"window"`      // bytes of entries open at a leader
	Retain     int `json:"retain"`      // bytes of committed entries kept for laggards

	Delay  time.Duration `json:"delay_ns"` // one way
	Jitter time.Duration `json:"jitter_ns"`
	Loss   float64       `json:"loss"`

	// Regions: delays come from a matrix instead of Delay.
	Topology      string           `json:"topology,omitempty"`       // wan5, wan9 or a file's name
	Matrix        *topology.Matrix `json:"matrix,omitempty"`         // of the file
	ClientRegions []string         `json:"client_regions,omitempty"` // where clients are, in equal parts; empty: wherever there are nodes

	ElectionMin time.Duration `json:"election_min_ns"`
	ElectionMax time.Duration `json:"election_max_ns"`
	Heartbeat   time.Duration `json:"heartbeat_ns"`
	PreVote     bool          `json:"pre_vote"`
	CheckQuorum bool          `json:"check_quorum"`
	Q1          int           `json:"q1"` // 0 = majority
	Q2          int           `json:"q2"`
	Proposers   string        `json:"proposers"` // one or all

	Storage     string        `json:"storage"`         // memory or disk
	Fsync       string        `json:"fsync,omitempty"` // of disk: always, batch or off; empty = batch
	SyncLatency time.Duration `json:"sync_latency_ns"`

	// What work costs in virtual time.
	Cost      string      `json:"cost,omitempty"`       // a built-in model or a file's name; empty: work takes no time
	CostModel *cost.Model `json:"cost_model,omitempty"` // of the file
	Cores     int         `json:"cores,omitempty"`      // processors that replicas and clients share; 0: each replica has its own, and clients cost nothing

	Faults []string `json:"faults"` // canonical form

	// Where and how, not what: left out of the fingerprint.
	Dir    string `json:"dir,omitempty"`
	Keep   bool   `json:"keep,omitempty"`   // the files of the run
	Listen string `json:"listen,omitempty"` // first TCP address; empty: free ports
	GOGC   int    `json:"gogc"`
	Meter  bool   `json:"-"` // count work in live runs, too

	// Evidence is what the paths of files begin with that explain a failed verdict;
	// empty: they are temporary files, in Dir.
	Evidence string `json:"-"`

	// Transcript is told what the replicas of runs in virtual time are told and say.
	Transcript io.Writer `json:"-"`
}

// Defaults is the configuration of consbench run without a flag.
func Defaults() Config {
	return Config{
		Protocols: []string{"raft"}, Network: NetworkSim, Nodes: 3, Seed: 42,
		Clients: 64, Arrival: "poisson", Inflight: 1, Size: 256,
		Duration: 5 * time.Second, Warmup: time.Second, Drain: 10 * time.Second, Timeout: time.Second,
		Batch: 1024, BatchBytes: 64 << 10, Window: 8 << 20, Retain: 16 << 20,
		ElectionMin: 150 * time.Millisecond, ElectionMax: 300 * time.Millisecond, Heartbeat: 50 * time.Millisecond,
		PreVote: true, CheckQuorum: true, Proposers: "one", Storage: "memory", GOGC: 400,
	}
}

// A FieldError says which flag holds a value that cannot work.
type FieldError struct {
	Flag string // as typed, without dashes
	Msg  string // what was wrong and what would be right
}

func (e *FieldError) Error() string { return "--" + e.Flag + ": " + e.Msg }

func wrong(flag, format string, args ...any) error {
	return &FieldError{flag, fmt.Sprintf(format, args...)}
}

// Validate reports every field that cannot work, each as a [FieldError], joined.
// known are the protocols of this program.
func (c *Config) Validate(known []smr.Protocol) error {
	var errs []error
	add := func(bad bool, flag, format string, args ...any) {
		if bad {
			errs = append(errs, wrong(flag, format, args...))
		}
	}
	add(len(c.Protocols) == 0, "protocol", "needs at least one of %s", names(known))
	for _, name := range c.Protocols {
		p := find(known, name)
		add(p == nil, "protocol", "%q is not one of %s%s", name, names(known), didYouMean(name, known))
		if p != nil && !p.Flexible {
			add(c.Q1 != 0 || c.Q2 != 0, "q1", "%s knows majorities only: --q1 and --q2 are for %s", name, flexible(known))
		}
	}
	add(c.Network != NetworkSim && c.Network != NetworkInproc && c.Network != NetworkTCP,
		"network", "%q is not one of sim, inproc, tcp", c.Network)
	add(c.Transcript != nil && c.Network != NetworkSim, "transcript", "is of runs in virtual time, --network sim: a live run that is INCORRECT leaves a trace of its last events")
	add(c.Processes && c.Network != NetworkTCP, "processes", "replicas in processes of their own talk over sockets: it needs --network tcp, not %s", c.Network)
	add(c.Nodes < 1 || c.Nodes > smr.MaxNodes, "nodes", "%d is not a cluster: 1 to %d nodes", c.Nodes, smr.MaxNodes)
	add(c.Clients < 1 || c.Clients > 1<<20, "clients", "%d is not in 1 to %d", c.Clients, 1<<20)
	add(c.Rate < 0 || c.Rate > 1e9, "rate", "%g/s is not in 1/s to 1000M/s", c.Rate)
	add(c.Arrival != "poisson" && c.Arrival != "constant", "arrival", "%q is not poisson or constant", c.Arrival)
	add(c.Inflight < 1 || c.Inflight > 64, "inflight", "%d is not in 1 to 64", c.Inflight)
	add(c.Inflight >= 1 && c.Clients > 4<<20/c.Inflight, "inflight", "%d clients with %d open commands each are more than %d commands", c.Clients, c.Inflight, 4<<20)
	add(c.Check != "" && c.Check != CheckLinearizable, "check", "%q is not %s; logs, sessions and replicas are always checked", c.Check, CheckLinearizable)
	add(c.Check == CheckLinearizable && c.Keys == 0, "check", "%s is about keys, and --keys 0 has none: such as --keys 100", CheckLinearizable)
	add(c.Keys < 0 || c.Keys > 1<<24, "keys", "%d is not in 0 to %d", c.Keys, 1<<24)
	add(c.Keys > 0 && c.Clients > 1<<16, "keys", "a run with keys remembers the last results of every client: at most %d clients", 1<<16)
	add(c.Size < 0 || c.Size > 1<<20, "size", "%v is not in 0B to 1MiB", workload.Size(c.Size))
	add(c.Duration <= 0 || c.Duration > 24*time.Hour, "duration", "%s is not in 1ns to 24h", workload.FormatDuration(c.Duration))
	add(c.Warmup < 0 || c.Warmup > time.Hour, "warmup", "%v is not in 0s to 1h", c.Warmup)
	add(c.Timeout <= 0, "timeout", "%v is not a deadline: it must be positive", c.Timeout)
	add(c.Batch < 1 || c.Batch > 1<<16, "batch", "%d is not in 1 (no batching) to %d commands", c.Batch, 1<<16)
	add(c.Retain < 0 || c.Retain > 8<<30, "retain", "%v is not in 0B to 8GiB", workload.Size(c.Retain))
	add(c.Delay < 0 || c.Delay > time.Minute, "delay", "%v is not in 0s to 1m", c.Delay)
	add(c.Jitter < 0 || c.Jitter > time.Minute, "jitter", "%v is not in 0s to 1m", c.Jitter)
	add(c.Jitter > c.Delay && c.Topology == "", "jitter", "%v is more than the delay of %v: a message cannot arrive before it is sent", c.Jitter, c.Delay)
	add(!(c.Loss >= 0 && c.Loss < 1), "loss", "%g%% of all messages cannot be lost: a percentage from 0%% to below 100%%", 100*c.Loss)
	add(c.ElectionMin <= 0 || c.ElectionMax < c.ElectionMin, "election-timeout", "%v-%v is not a range of positive times, lower end first", c.ElectionMin, c.ElectionMax)
	add(c.Heartbeat <= 0, "heartbeat", "%v is not positive", c.Heartbeat)
	add(c.Heartbeat >= c.ElectionMin && c.ElectionMin > 0, "heartbeat", "%v is not below the shortest election timeout, %v: followers would depose every leader", c.Heartbeat, c.ElectionMin)
	if c.Nodes < 1 {
		return errors.Join(errs...)
	}
	q1, q2 := c.Quorums()
	add(q1 < 1 || q1 > c.Nodes, "q1", "%d is not in 1 to %d nodes", q1, c.Nodes)
	add(q2 < 1 || q2 > c.Nodes, "q2", "%d is not in 1 to %d nodes", q2, c.Nodes)
	add(q1+q2 <= c.Nodes, "q1", "q1 + q2 = %d + %d must be more than the %d nodes, or two quorums could miss each other", q1, q2, c.Nodes)
	if c.Network == NetworkSim && c.Rate == 0 && c.SyncLatency == 0 && c.Cost == "" && (c.Delay == 0 && c.Topology == "" || c.Nodes == 1 || q2 == 1) {
		add(true, "sync-latency", "in virtual time nothing takes any time in this run (%s), so a closed loop would never get beyond an instant: give it a sync latency or --cost, or use --rate or another --network", c.whyInstant(q2))
	}
	delay := "delay"
	if c.Topology != "" {
		delay = "topology"
	}
	add(c.Nodes > 1 && c.trip() >= c.ElectionMax && c.ElectionMax > 0 && c.anyLeader(known), delay, "a round trip of %s is as long as the longest election timeout, %s: nobody could be elected; raise --election-timeout",
		workload.FormatDuration(c.trip()), workload.FormatDuration(c.ElectionMax))
	errs = append(errs, c.validateRegions()...)
	errs = append(errs, c.validatePhases()...)
	add(c.Repeat < 0 || c.Repeat > 10_000, "repeat", "%d is not in 1 to 10000", c.Repeat)
	add(c.Proposers != "one" && c.Proposers != "all", "proposers", "%q is not one or all", c.Proposers)
	add(c.Proposers == "all" && !c.anyLeaderless(known), "proposers", "all is for protocols in which any replica may propose, not for %s", strings.Join(c.Protocols, ", "))
	errs = append(errs, c.validateStorage()...)
	errs = append(errs, c.validateCost()...)
	add(c.SyncLatency < 0 || c.SyncLatency > time.Minute, "sync-latency", "%v is not in 0s to 1m", c.SyncLatency)
	add(c.GOGC < 1, "gogc", "%d is not a positive percentage", c.GOGC)
	return errors.Join(errs...)
}

// Quorums returns the quorum sizes in force.
func (c *Config) Quorums() (q1, q2 int) {
	s := smr.Config{Peers: make([]smr.NodeID, max(c.Nodes, 0)), Q1: c.Q1, Q2: c.Q2}
	return s.Quorums()
}

// whyInstant says why a commit takes no time in virtual time.
func (c *Config) whyInstant(q2 int) string {
	switch {
	case c.Nodes == 1:
		return "one node"
	case q2 == 1:
		return "q2 is 1"
	}
	return "no delay"
}

// anyLeader reports whether a protocol of the run elects leaders.
func (c *Config) anyLeader(known []smr.Protocol) bool {
	for _, name := range c.Protocols {
		if p := find(known, name); p != nil && !p.Leaderless {
			return true
		}
	}
	return false
}

func (c *Config) anyLeaderless(known []smr.Protocol) bool {
	for _, name := range c.Protocols {
		if p := find(known, name); p == nil || p.Leaderless {
			return true
		}
	}
	return false
}

func find(known []smr.Protocol, name string) *smr.Protocol {
	for i := range known {
		if known[i].Name == name {
			return &known[i]
		}
	}
	return nil
}

func names(known []smr.Protocol) string {
	var s []string
	for _, p := range known {
		s = append(s, p.Name)
	}
	return strings.Join(s, ", ")
}

func flexible(known []smr.Protocol) string {
	var some []smr.Protocol
	for _, p := range known {
		if p.Flexible {
			some = append(some, p)
		}
	}
	return names(some)
}
