package scenario

// File is the form of a scenario file. The types describe it, for the reader
// (decode.go) and for the schema; no value of theirs is made. A field's option is
// the flag of consbench run that it sets.
type File struct {
	Doc       Text          `json:"doc,omitempty" jsonschema_description:"What the scenario shows, in a line."`
	Protocols []Text        `json:"protocols,omitempty" option:"protocol" jsonschema_description:"Protocols to run one after another, such as raft."`
	Seed      Seed          `json:"seed,omitempty" option:"seed" jsonschema_description:"All randomness comes from it."`
	Repeat    Number        `json:"repeat,omitempty" option:"repeat" jsonschema_description:"Runs of each protocol, with consecutive seeds."`
	Cluster   Cluster       `json:"cluster,omitempty"`
	Timers    Timers        `json:"timers,omitempty"`
	Network   Network       `json:"network,omitempty"`
	Storage   Storage       `json:"storage,omitempty"`
	Workload  Workload      `json:"workload,omitempty"`
	Faults    []Fault       `json:"faults,omitempty" option:"fault" jsonschema_description:"What goes wrong, to whom and when in the measured time."`
	Expect    []Expectation `json:"expect,omitempty" jsonschema_description:"Thresholds that every run must keep to; exit status 99 if one does not."`
}

// Cluster is the replicas.
type Cluster struct {
	Nodes     Number `json:"nodes,omitempty" option:"nodes" jsonschema_description:"Replicas, 1 to 128."`
	Leader    Text   `json:"leader,omitempty" option:"leader" jsonschema_description:"Who is to lead first: a node's number or a region."`
	Q1        Number `json:"q1,omitempty" option:"q1" jsonschema_description:"Size of quorums that elect, for flexible protocols; 0 = majority."`
	Q2        Number `json:"q2,omitempty" option:"q2" jsonschema_description:"Size of quorums that replicate; q1 + q2 > nodes."`
	Proposers Text   `json:"proposers,omitempty" option:"proposers" jsonschema:"enum=one,enum=all" jsonschema_description:"Who proposes where any replica may."`
	Batch     Number `json:"batch,omitempty" option:"batch" jsonschema_description:"Commands in a log entry, at most; 1 = no batching."`
	Retain    Size   `json:"retain,omitempty" option:"retain" jsonschema_description:"Committed entries that a leader keeps for laggards."`
}

// Timers are those of elections.
type Timers struct {
	Election    Range    `json:"election-timeout,omitempty" option:"election-timeout" jsonschema_description:"Election timers are drawn from this range."`
	Heartbeat   Duration `json:"heartbeat,omitempty" option:"heartbeat" jsonschema_description:"Time between a leader's heartbeats."`
	PreVote     Switch   `json:"pre-vote,omitempty" option:"pre-vote" jsonschema_description:"Ask first whether an election could be won."`
	CheckQuorum Switch   `json:"check-quorum,omitempty" option:"check-quorum" jsonschema_description:"A leader that hears from no quorum steps down."`
}

// Network is what carries messages.
type Network struct {
	Kind          Text     `json:"kind,omitempty" option:"network" jsonschema:"enum=sim,enum=inproc,enum=tcp" jsonschema_description:"Virtual time, goroutines or loopback sockets."`
	Topology      Text     `json:"topology,omitempty" option:"topology" jsonschema_description:"Regions with their round trips: wan5, wan9 or a file."`
	ClientRegions []Text   `json:"client-regions,omitempty" option:"client-regions" jsonschema_description:"Regions with clients; all with a node unless given."`
	Delay         Duration `json:"delay,omitempty" option:"delay" jsonschema_description:"Time that a message travels, one way."`
	Jitter        Duration `json:"jitter,omitempty" option:"jitter" jsonschema_description:"Time by which the delay varies, up and down."`
	Loss          Percent  `json:"loss,omitempty" option:"loss" jsonschema_description:"Probability that a message is lost."`
	Cost          Text     `json:"cost,omitempty" option:"cost" jsonschema_description:"What work costs in virtual time: none, example or a file of consbench calibrate."`
	Cores         Number   `json:"cores,omitempty" option:"cores" jsonschema_description:"Processors that replicas and clients share; 0: each replica has its own, and clients cost nothing."`
}

// Storage is what keeps the log.
type Storage struct {
	Kind        Text     `json:"kind,omitempty" option:"storage" jsonschema_description:"Where replicas keep their log."`
	SyncLatency Duration `json:"sync-latency,omitempty" option:"sync-latency" jsonschema_description:"Modelled time of a durable write."`
}

// Workload is what clients ask for.
type Workload struct {
	Clients  Number   `json:"clients,omitempty" option:"clients" jsonschema_description:"Closed loop: this many clients, each sending when it has its answer."`
	Rate     Rate     `json:"rate,omitempty" option:"rate" jsonschema_description:"Open loop: commands arrive at this rate whatever the answers."`
	Phases   []Phase  `json:"phases,omitempty" option:"phase" jsonschema_description:"Open loop in phases, which make up the measured time."`
	Arrival  Text     `json:"arrival,omitempty" option:"arrival" jsonschema:"enum=poisson,enum=constant" jsonschema_description:"Arrivals of an open loop."`
	Inflight Number   `json:"inflight,omitempty" option:"inflight" jsonschema_description:"Commands that a client may have open, 1 to 64."`
	Size     Size     `json:"size,omitempty" option:"size" jsonschema_description:"Payload of a command."`
	Keys     Number   `json:"keys,omitempty" option:"keys" jsonschema_description:"Keys to write, checked for linearizability; 0 = none."`
	Duration Duration `json:"duration,omitempty" option:"duration" jsonschema_description:"Time that is measured, warm-up not included."`
	Warmup   Duration `json:"warmup,omitempty" option:"warmup" jsonschema_description:"Time under load before measuring begins."`
	Timeout  Duration `json:"timeout,omitempty" option:"timeout" jsonschema_description:"An answer within this time counts as goodput."`
}

// The kinds of values.
type (
	Number      int    // a whole number
	Seed        uint64 // likewise, up to 2^64-1
	Switch      bool
	Text        string
	Duration    string // 150ms
	Range       string // 150ms-300ms
	Size        string // 64KiB
	Rate        string // 10k/s
	Percent     string // 1%
	Fault       string // crash leader at 2s
	Phase       string // steady 10k/s for 5s
	Expectation string // unavailable<=500ms, or raft: unavailable<=500ms
)
