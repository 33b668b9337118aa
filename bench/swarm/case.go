package swarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
)

// Schema is the version of the form in which cases are saved.
const Schema = "consbench.case/v1"

// Case is one cluster and what is done to it: everything that a run depends on.
// Times are in nanoseconds, or as text such as "1.5ms" where a case is saved.
type Case struct {
	Schema   string `json:"schema"`
	Protocol string `json:"protocol"`
	Seed     uint64 `json:"seed"` // of timers, delays and losses

	Nodes       int  `json:"nodes"`
	ElectionMin Time `json:"election_min"`
	ElectionMax Time `json:"election_max"`
	Heartbeat   Time `json:"heartbeat"`
	PreVote     bool `json:"pre_vote"`
	CheckQuorum bool `json:"check_quorum"`
	Q1          int  `json:"q1"` // 0 = majority
	Q2          int  `json:"q2"`

	MaxFrame int  `json:"max_frame"` // bytes
	Inflight int  `json:"inflight"`  // bytes a leader has open
	Retain   int  `json:"retain"`    // bytes kept for peers that lag
	Compact  int  `json:"compact"`   // bytes of log between two snapshots, at least
	Batch    int  `json:"batch"`     // commands in an entry
	Sync     Time `json:"sync"`      // of the log device
	Files    bool `json:"files"`     // the log is in segment files, with checksums, on a simulated device

	DelayMin  Time    `json:"delay_min"` // one way
	DelayMax  Time    `json:"delay_max"`
	Loss      float64 `json:"loss"` // until all faults are undone, as the next two
	Duplicate float64 `json:"duplicate"`
	Reorder   float64 `json:"reorder"`

	Sessions int     `json:"sessions"`
	Open     int     `json:"open"`   // commands that a session has open, at most
	Size     int     `json:"size"`   // payload bytes
	Keys     int     `json:"keys"`   // 0 = commands without keys
	Rate     float64 `json:"rate"`   // commands a second; 0 = closed loop
	Retry    Time    `json:"retry"`  // silence after which a client asks again
	Spread   bool    `json:"spread"` // leaderless: sessions begin at all replicas

	Load     Time    `json:"load"`               // clients send until then
	Span     Time    `json:"span"`               // length of the phase with faults
	Events   uint64  `json:"events"`             // ... which ends after so many events at the latest
	Patience Time    `json:"patience,omitempty"` // how long a healed cluster may take; 0 = as long as a thousand elections
	Faults   []Fault `json:"faults"`
}

// Kind is what a fault does.
type Kind string

// The kinds of faults. A node is crashed, paused or cut off, its disk or its clock goes
// wrong; links are all links, unless the fault names nodes.
const (
	Crash      Kind = "crash"       // Node loses what is not durable; it restarts after For
	CrashPoint Kind = "crash-point" // the same, when Node comes to Point for the Nth time
	PowerLoss  Kind = "power-loss"  // all nodes crash; each restarts after a part of For
	Pause      Kind = "pause"       // Node takes no turns for For
	Isolate    Kind = "isolate"     // Node is cut off from all
	Partition  Kind = "partition"   // nodes in Side and the others are cut off from each other
	Cut        Kind = "cut"         // links from Node to Peer
	Lossy      Kind = "lossy"       // all links lose this share, P
	Doubling   Kind = "doubling"    // all links deliver this share twice
	Shuffled   Kind = "shuffled"    // all links hold up this share
	Slow       Kind = "slow"        // all links of Node are slower by up to Extra
	SlowDisk   Kind = "slow-disk"   // every sync of Node takes Extra longer
	Depose     Kind = "depose"      // whoever is elected within For is cut off from all for Extra, before it has said so

	StalledDisk Kind = "stalled-disk" // no write of Node ends
	FullDisk    Kind = "full-disk"    // writes of Node fail: it stops, and restarts after For
	FailingDisk Kind = "failing-disk" // likewise its syncs
	TornTail    Kind = "torn-tail"    // a crash of Node keeps some first bytes of what was not synced; with Files only
	RottenDisk  Kind = "rotten-disk"  // a bit of what Node has synced flips; with Files only
	LostLog     Kind = "lost-log"     // Node loses its log as a whole, and restarts as a non-voter after For
	Drift       Kind = "drift"        // the clock of Node runs faster by the share P, slower if it is negative
	Jump        Kind = "jump"         // the clock of Node jumps ahead by Extra, or stands still for so long if it is negative
)

// Kinds lists all kinds of faults.
var Kinds = []Kind{
	Crash, CrashPoint, PowerLoss, Pause, Isolate, Partition, Cut, Lossy, Doubling, Shuffled, Slow, SlowDisk, Depose,
	StalledDisk, FullDisk, FailingDisk, TornTail, RottenDisk, LostLog, Drift, Jump,
}

// Fault is one fault of a case.
type Fault struct {
	At     Time    `json:"at"`
	Kind   Kind    `json:"kind"`
	Node   int     `json:"node,omitempty"` // 0 = the leader at that moment, else node 1
	Peer   int     `json:"peer,omitempty"`
	Side   uint64  `json:"side,omitempty"`    // bit i is node i+1
	OneWay bool    `json:"one_way,omitempty"` // only what goes from Side to the others, or from Node, is cut
	For    Time    `json:"for,omitempty"`     // until it is undone; 0 = a crashed node restarts at once
	Point  string  `json:"point,omitempty"`   // a boundary of a turn
	Nth    int     `json:"nth,omitempty"`
	P      float64 `json:"p,omitempty"`
	Extra  Time    `json:"extra,omitempty"`
	Sync   Time    `json:"sync,omitempty"` // by how much longer the syncs take of those who are deposed, meanwhile
}

// Time is a time or span that is saved as text.
type Time smr.Time

func (t Time) String() string { return time.Duration(t).String() }

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no time: write 150ms or 1.5s", text)
	}
	*t = Time(d)
	return nil
}

// JSON writes the case in the form that Parse reads.
func (c *Case) JSON() []byte {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(err) // numbers, texts and lists of them
	}
	return append(b, '\n')
}

// maxCase bounds a saved case, in bytes.
const maxCase = 1 << 20

// Parse reads a case that was saved. What it does not know is an error.
func Parse(data []byte) (*Case, error) {
	if len(data) > maxCase {
		return nil, fmt.Errorf("no case: %d bytes, a case has at most %d", len(data), maxCase)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	c := new(Case)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("no case: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("no case: something follows it at byte %d", d.InputOffset())
	}
	if c.Schema != Schema {
		return nil, fmt.Errorf("no case: schema is %q, not %q", c.Schema, Schema)
	}
	return c, c.Validate()
}

// Limits of a case: nothing that is drawn comes near them.
const (
	maxNodes   = 128
	leastDelay = 10 * us // in a cluster without delay a closed loop goes round without end at one instant
	maxFaults  = 10_000
	maxSpan    = Time(time.Hour)
	maxBytes   = 64 << 20
)

// Validate reports the first field that cannot be.
func (c *Case) Validate() error {
	bad := func(field, want string) error { return fmt.Errorf("case: %s must be %s", field, want) }
	core := c.core()
	core.ID = 1
	switch {
	case c.Nodes < 2 || c.Nodes > maxNodes:
		return bad("nodes", "between 2 and 128")
	case c.ElectionMax > maxSpan || c.Sync < 0 || c.Sync > maxSpan:
		return bad("election_max and sync", "at most an hour")
	case c.Q2 == 1 && c.Sync < leastDelay:
		return bad("sync", "at least 10us where q2 is 1: else a command takes no time")
	case c.DelayMin < 0 || c.DelayMax < c.DelayMin || c.DelayMax < leastDelay || c.DelayMax > maxSpan:
		return bad("delay_min and delay_max", "in order, from 10us to an hour for the longer one")
	case !share(c.Loss) || !share(c.Duplicate) || !share(c.Reorder):
		return bad("loss, duplicate and reorder", "between 0 and 1")
	case c.MaxFrame > maxBytes || c.Inflight > maxBytes || c.Retain > maxBytes || c.Compact < 0:
		return bad("max_frame, inflight, retain and compact", "at most 64 MiB and not negative")
	case c.Batch < 1 || c.Batch > 1<<16:
		return bad("batch", "between 1 and 65536")
	case c.Sessions < 1 || c.Sessions > 1<<16 || c.Open < 1 || c.Open > 64:
		return bad("sessions and open", "between 1 and 65536, and 1 and 64")
	case c.Size < 0 || c.Size > maxPayload || c.Keys < 0 || c.Keys > 1<<16:
		return bad("size and keys", "not negative, at most 1024 and 65536")
	case !(c.Rate >= 0 && c.Rate <= 1e6) || c.Retry <= 0 || c.Retry > maxSpan:
		return bad("rate and retry", "between 0 and 1000000, and positive")
	case c.Load < 0 || c.Load > maxSpan || c.Span < 0 || c.Span > maxSpan:
		return bad("load and span", "between 0 and an hour")
	case c.Patience < 0 || c.Patience > maxSpan:
		return bad("patience", "between 0 and an hour")
	case len(c.Faults) > maxFaults:
		return bad("faults", "at most 10000")
	}
	for i := range c.Faults {
		if err := c.Faults[i].validate(c.Nodes); err != nil {
			return fmt.Errorf("case: faults[%d]: %w", i, err)
		}
		if k := c.Faults[i].Kind; !c.Files && (k == TornTail || k == RottenDisk) {
			return fmt.Errorf("case: faults[%d]: a %s needs a log in files", i, k)
		}
	}
	if err := core.Validate(); err != nil {
		return err
	}
	if frail, most := c.frail(), c.spare(); frail.Len() > most {
		return fmt.Errorf("case: %d nodes lose what they have logged; no more than %d can, or there is no quorum", frail.Len(), most)
	}
	return nil
}

// frail are the nodes that may lose for good what they have logged.
func (c *Case) frail() (nodes smr.Set) {
	for i := range c.Faults {
		if f := &c.Faults[i]; f.losing() {
			nodes.Add(f.Node - 1)
		}
	}
	return nodes
}

// spare is how many nodes can do without a vote.
func (c *Case) spare() int {
	core := c.core()
	q1, q2 := core.Quorums()
	return c.Nodes - max(q1, q2)
}

// losing reports whether a node may never again be the member of a quorum.
func (f *Fault) losing() bool { return f.Kind == RottenDisk || f.Kind == LostLog }

// disturbed reports whether a clock goes wrong.
func (c *Case) disturbed() bool {
	return slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Kind == Drift || f.Kind == Jump })
}

func share(p float64) bool { return p >= 0 && p <= 1 }

func (f *Fault) validate(nodes int) error {
	known := false
	for _, k := range Kinds {
		known = known || k == f.Kind
	}
	switch {
	case !known:
		return fmt.Errorf("there is no kind %q", f.Kind)
	case f.At < 0 || f.At > maxSpan || f.For < 0 || f.For > maxSpan || f.Extra < 0 && f.Kind != Jump || max(f.Extra, -f.Extra) > maxSpan || f.Sync < 0 || f.Sync > maxSpan:
		return fmt.Errorf("at, for, extra and sync must be between 0 and an hour")
	case f.Node < 0 || f.Node > nodes || f.Peer < 0 || f.Peer > nodes:
		return fmt.Errorf("node and peer must be at most %d", nodes)
	case f.Kind == Cut && (f.Peer == 0 || f.Node == 0 || f.Peer == f.Node):
		return fmt.Errorf("a cut needs two nodes")
	case f.losing() && f.Node == 0:
		return fmt.Errorf("a %s needs a node", f.Kind)
	case f.Kind == Drift && !(f.P >= -.9 && f.P <= 9):
		return fmt.Errorf("p of a drift must be between -0.9 and 9")
	case f.Kind != Drift && !share(f.P):
		return fmt.Errorf("p must be between 0 and 1")
	case f.Kind == CrashPoint && f.Nth < 1:
		return fmt.Errorf("nth must be positive")
	}
	if f.Kind == CrashPoint {
		if _, ok := boundary(f.Point); !ok {
			return fmt.Errorf("there is no boundary %q in a turn", f.Point)
		}
	}
	return nil
}

func boundary(name string) (replica.Boundary, bool) {
	for b := replica.Anywhere; b < replica.Boundaries; b++ {
		if b.String() == name {
			return b, true
		}
	}
	return 0, false
}

// core is what every replica of the case is told, but for its ID.
func (c *Case) core() smr.Config {
	cfg := smr.Config{
		Seed:        c.Seed,
		ElectionMin: smr.Time(c.ElectionMin), ElectionMax: smr.Time(c.ElectionMax), Heartbeat: smr.Time(c.Heartbeat),
		MaxFrame: c.MaxFrame, Inflight: c.Inflight, Retain: c.Retain,
		PreVote: c.PreVote, CheckQuorum: c.CheckQuorum, Q1: c.Q1, Q2: c.Q2,
	}
	for i := range min(c.Nodes, maxNodes) {
		cfg.Peers = append(cfg.Peers, smr.NodeID(i+1))
	}
	return cfg
}

func pointName(b int) string { return replica.Boundary(b).String() }
