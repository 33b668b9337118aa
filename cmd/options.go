package cmd

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/workload"
)

// The groups of flags in the help, in order.
var groups = []string{"Cluster", "Network", "Workload", "Timers", "Faults", "Output"}

// option is a field of the configuration that a flag sets.
type option struct {
	group, name, short string
	usage              string
	kind               string // of its value, in the help; empty: the value's type
	example            string // a value that works
	shown              string // default as the help shows it, where it is not the value itself; "-": none
	words              []string
	value              func(*bench.Config) pflag.Value
}

func (o option) isBool() bool {
	_, ok := o.value(&bench.Config{}).(*boolValue)
	return ok
}

// options is every flag that makes up the configuration. The default of a flag
// may depend on flags above it; see dependentDefaults.
var options = []option{
	{
		group: "Network", name: "topology", usage: "replicas and clients in regions, their delays from a matrix: wan5, wan9 or a file", kind: "wan5|wan9|file", example: "wan5", shown: "-",
		value: func(c *bench.Config) pflag.Value { return &topologyValue{c} },
	},
	{
		group: "Workload", name: "phase", usage: "open loop in phases that make up the duration, such as 'ramp 1k/s to 20k/s for 5s'; see help scenarios", kind: "phase", example: "steady 10k/s for 5s",
		value: func(c *bench.Config) pflag.Value { return (*phasesValue)(&c.Phases) },
	},
	{
		group: "Cluster", name: "protocol", short: "p", usage: "protocols to run one after another, commas between them", kind: "names", example: "raft,multipaxos",
		value: func(c *bench.Config) pflag.Value { return (*listValue)(&c.Protocols) },
	},
	{
		group: "Cluster", name: "nodes", short: "n", usage: "replicas, 1 to 128", example: "5",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Nodes) },
	},
	{
		group: "Cluster", name: "leader", usage: "who is to lead first: a node's number or a region", kind: "node|region", example: "2", shown: "chance decides; 1 with --topology",
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Leader) },
	},
	{
		group: "Cluster", name: "q1", usage: "size of quorums that elect, for flexible protocols", kind: "number", example: "4", shown: "majority",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Q1) },
	},
	{
		group: "Cluster", name: "q2", usage: "size of quorums that replicate; q1 + q2 > nodes", kind: "number", example: "2", shown: "majority",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Q2) },
	},
	{
		group: "Cluster", name: "proposers", usage: "who proposes where any replica may", kind: "one|all", example: "all", words: []string{"one", "all"},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Proposers) },
	},
	{
		group: "Cluster", name: "batch", usage: "commands in a log entry, at most; 1 = no batching", example: "1",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Batch) },
	},
	{
		group: "Cluster", name: "retain", usage: "committed entries that a leader keeps for laggards", example: "16MiB",
		value: func(c *bench.Config) pflag.Value { return (*workload.Size)(&c.Retain) },
	},
	{
		group: "Cluster", name: "storage", usage: "where replicas keep their logs; disk is files, or on sim a simulated device", kind: "memory|disk", example: "disk", words: []string{"memory", "disk"},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Storage) },
	},
	{
		group: "Cluster", name: "fsync", usage: "a sync for each record, for all that came meanwhile, or never: off is not durable", kind: "always|batch|off", example: "always", shown: "batch", words: []string{"always", "batch", "off"},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Fsync) },
	},
	{
		group: "Cluster", name: "sync-latency", usage: "modelled time of a durable write", example: "500us", shown: "0s",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.SyncLatency) },
	},
	{
		group: "Cluster", name: "dir", usage: "where a run makes the directory of its logs on disk", kind: "directory", example: "/var/tmp", shown: "that of temporary files",
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Dir) },
	},
	{
		group: "Cluster", name: "keep", usage: "keep the logs on disk after the run", example: "true",
		value: func(c *bench.Config) pflag.Value { return (*boolValue)(&c.Keep) },
	},
	{
		group: "Cluster", name: "gogc", usage: "garbage collector target", kind: "percent", example: "400",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.GOGC) },
	},

	{
		group: "Network", name: "network", usage: "virtual time, goroutines or loopback sockets", kind: "sim|inproc|tcp", example: "inproc", words: []string{"sim", "inproc", "tcp"},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Network) },
	},
	{
		group: "Network", name: "processes", usage: "each replica in a process of its own, on tcp; crash kills it", example: "true",
		value: func(c *bench.Config) pflag.Value { return (*boolValue)(&c.Processes) },
	},
	{
		group: "Network", name: "delay", usage: "time that a message travels, one way", example: "1ms", shown: "1ms on sim",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Delay) },
	},
	{
		group: "Network", name: "jitter", usage: "time by which the delay varies, up and down", example: "200us", shown: "0.2ms on sim without --delay",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Jitter) },
	},
	{
		group: "Network", name: "loss", usage: "probability that a message is lost, such as 1%", example: "1%", shown: "0",
		value: func(c *bench.Config) pflag.Value { return (*workload.Probability)(&c.Loss) },
	},
	{
		group: "Network", name: "cost", usage: "what work costs in virtual time: the processors and network interfaces of replicas", kind: "none|example|file", example: "example", shown: "none",
		value: func(c *bench.Config) pflag.Value { return &costValue{c} },
	},
	{
		group: "Network", name: "cores", usage: "with --cost: replicas and clients share this many processors, as on one machine; 0: each replica has its own and clients cost nothing", kind: "number", example: "2",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Cores) },
	},
	{
		group: "Network", name: "client-regions", usage: "regions with clients, commas between them", kind: "names", example: "us-east-1,eu-west-1", shown: "all with a node",
		value: func(c *bench.Config) pflag.Value { return (*listValue)(&c.ClientRegions) },
	},
	{
		group: "Network", name: "listen", usage: "address of the first node on tcp; others follow", kind: "host:port", example: "127.0.0.1:7000", shown: "free ports",
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Listen) },
	},

	{
		group: "Workload", name: "rate", usage: "open loop: commands arrive at this rate regardless of answers, such as 10k/s", example: "10k/s", shown: "-",
		value: func(c *bench.Config) pflag.Value { return (*workload.Rate)(&c.Rate) },
	},
	{
		group: "Workload", name: "clients", usage: "closed loop: this many clients, each sending when it has its answer", example: "64",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Clients) },
	},
	{
		group: "Workload", name: "arrival", usage: "arrivals of an open loop", kind: "poisson|constant", example: "constant", words: []string{"poisson", "constant"},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Arrival) },
	},
	{
		group: "Workload", name: "inflight", usage: "commands a client may have open, 1 to 64; with --rate 64, for arrivals wait when all clients are busy", example: "8", shown: "1, 64 with --rate",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Inflight) },
	},
	{
		group: "Workload", name: "size", usage: "payload of a command", example: "256B",
		value: func(c *bench.Config) pflag.Value { return (*workload.Size)(&c.Size) },
	},
	{
		group: "Workload", name: "check", usage: "what is checked beside the logs: linearizable has clients read, write and compare-and-swap keys, 100 without --keys", kind: "linearizable", example: "linearizable", shown: "-", words: []string{bench.CheckLinearizable},
		value: func(c *bench.Config) pflag.Value { return (*textValue)(&c.Check) },
	},
	{
		group: "Workload", name: "keys", usage: "keys to write, checked for linearizability; 0 = none", example: "1000", shown: "0",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Keys) },
	},
	{
		group: "Workload", name: "duration", short: "d", usage: "time that is measured, warm-up not included", example: "10s",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Duration) },
	},
	{
		group: "Workload", name: "warmup", usage: "time under load before measuring begins", example: "1s",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Warmup) },
	},
	{
		group: "Workload", name: "timeout", usage: "an answer within this time counts as goodput", example: "1s",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Timeout) },
	},

	{
		group: "Timers", name: "election-timeout", usage: "election timers are drawn from this range", example: "150ms-300ms",
		value: func(c *bench.Config) pflag.Value { return &workload.Range{Min: &c.ElectionMin, Max: &c.ElectionMax} },
	},
	{
		group: "Timers", name: "heartbeat", usage: "time between a leader's heartbeats", example: "50ms",
		value: func(c *bench.Config) pflag.Value { return (*workload.Duration)(&c.Heartbeat) },
	},
	{
		group: "Timers", name: "pre-vote", usage: "ask first whether an election could be won", example: "false",
		value: func(c *bench.Config) pflag.Value { return (*boolValue)(&c.PreVote) },
	},
	{
		group: "Timers", name: "check-quorum", usage: "a leader that hears from no quorum steps down", example: "false",
		value: func(c *bench.Config) pflag.Value { return (*boolValue)(&c.CheckQuorum) },
	},

	{
		group: "Faults", name: "fault", usage: "what goes wrong, and when in the measured time, such as 'crash leader at 2s for 1s'; may be repeated", example: "crash leader at 2s for 1s",
		value: func(c *bench.Config) pflag.Value { return (*fault.Flag)(&c.Faults) },
	},
	{
		group: "Faults", name: "repeat", usage: "runs of each protocol, with consecutive seeds", kind: "number", example: "10", shown: "1",
		value: func(c *bench.Config) pflag.Value { return (*intValue)(&c.Repeat) },
	},
	{
		group: "Faults", name: "seed", usage: "all randomness comes from it; in virtual time the same seed gives the same result", example: "7",
		value: func(c *bench.Config) pflag.Value { return (*seedValue)(&c.Seed) },
	},
}

// openSessions is how many sessions an open loop at rate spreads its commands
// over: with 64 open in each, enough for one second without an answer, up to a
// million open commands.
func openSessions(rate float64) int {
	n := 1024
	for float64(n*openInflight) < rate && n < 1<<14 {
		n *= 2
	}
	return n
}

// openInflight is how many commands a session of an open loop may have open, unless
// --inflight says otherwise: as many as there can be. Arrivals do not wait for answers;
// with one command for each session a slow cluster would have them wait for a session
// soon, and 64 times as many sessions would have to be kept in every replica's table.
const openInflight = 64

// checkedKeys is how many keys there are where --check alone asks for some: few enough
// that clients meet on them, many enough that each key's history is decided quickly.
const checkedKeys = 100

// dependentDefaults sets the defaults that depend on other flags. given tells
// which flags have a value of their own.
func dependentDefaults(c *bench.Config, given func(flag string) bool) {
	base := bench.Defaults()
	set := func(flag string, field func(*bench.Config)) {
		if !given(flag) {
			field(c)
		}
	}
	set("nodes", func(c *bench.Config) { c.Nodes = base.Nodes })
	set("leader", func(c *bench.Config) { c.Leader = base.Leader })
	set("heartbeat", func(c *bench.Config) { c.Heartbeat = base.Heartbeat })
	set("election-timeout", func(c *bench.Config) { c.ElectionMin, c.ElectionMax = base.ElectionMin, base.ElectionMax })
	set("delay", func(c *bench.Config) { c.Delay = base.Delay })
	set("jitter", func(c *bench.Config) { c.Jitter = base.Jitter })
	set("clients", func(c *bench.Config) { c.Clients = base.Clients })
	set("inflight", func(c *bench.Config) { c.Inflight = base.Inflight })
	set("keys", func(c *bench.Config) { c.Keys = base.Keys })
	if c.Check == bench.CheckLinearizable {
		set("keys", func(c *bench.Config) { c.Keys = checkedKeys })
	}
	c.FollowPhases()
	if regions := c.Regions(); regions > 0 {
		regionDefaults(c, regions, set)
	} else if c.Network == bench.NetworkSim {
		set("delay", func(c *bench.Config) { c.Delay = simDelay })
		if !given("delay") {
			set("jitter", func(c *bench.Config) { c.Jitter = simJitter })
		}
	}
	if c.Rate > 0 {
		set("clients", func(c *bench.Config) { c.Clients = openSessions(c.Rate) })
		set("inflight", func(c *bench.Config) { c.Inflight = openInflight })
	}
}

// regionDefaults are the defaults in a topology: a node in each region, the first of
// which leads (chance would put the leaders of two protocols into two regions, and the
// comparison would be of these), and timers that its longest round trip leaves time for.
// Heartbeats come once in such a trip, as etcd's guide has it; its ten trips for a
// time-out are cut to four to eight, for nothing else than the trip takes time here.
func regionDefaults(c *bench.Config, regions int, set func(string, func(*bench.Config))) {
	set("nodes", func(c *bench.Config) { c.Nodes = regions })
	if !c.Processes { // which have no regions
		set("leader", func(c *bench.Config) { c.Leader = "1" })
	}
	trip := (c.LongestTrip() + 50*time.Millisecond - 1).Truncate(50 * time.Millisecond)
	trip = max(trip, bench.Defaults().Heartbeat)
	set("heartbeat", func(c *bench.Config) { c.Heartbeat = trip })
	set("election-timeout", func(c *bench.Config) { c.ElectionMin, c.ElectionMax = 4*trip, 8*trip })
}
