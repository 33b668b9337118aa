package fault

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// Verb is what a fault does.
type Verb uint8

// The verbs of the grammar.
const (
	Crash Verb = iota
	Pause
	Isolate
	Partition
	Cut
	Delay
	Loss
	Duplicate
	Reorder
	Slow
	DiskStall
	DiskSlow
	DiskFull
	DiskFail
	DiskCorrupt
	DiskLose
	ClockDrift
	ClockJump
	CPUSlow
)

// shape is what follows a verb.
type shape uint8

const (
	nodes       shape = iota // a target
	groups                   // targets between bars
	link                     // target -> target
	linkOrNodes              // either
)

// amountKind is what a verb takes before its target.
type amountKind uint8

const (
	nothing amountKind = iota
	aTime
	aTimeRange
	aSignedTime
	aPercent
	aSignedPercent
	aBandwidth
	aFactor
)

type verbInfo struct {
	name    string
	shape   shape
	amount  amountKind
	instant bool // happens at once: there is nothing to undo
}

var verbs = [...]verbInfo{
	Crash:       {name: "crash"},
	Pause:       {name: "pause"},
	Isolate:     {name: "isolate"},
	Partition:   {name: "partition", shape: groups},
	Cut:         {name: "cut", shape: link},
	Delay:       {name: "delay", shape: linkOrNodes, amount: aTimeRange},
	Loss:        {name: "loss", shape: linkOrNodes, amount: aPercent},
	Duplicate:   {name: "duplicate", shape: linkOrNodes, amount: aPercent},
	Reorder:     {name: "reorder", shape: linkOrNodes, amount: aPercent},
	Slow:        {name: "slow", shape: linkOrNodes, amount: aBandwidth},
	DiskStall:   {name: "disk stall"},
	DiskSlow:    {name: "disk slow", amount: aTime},
	DiskFull:    {name: "disk full"},
	DiskFail:    {name: "disk fail"},
	DiskCorrupt: {name: "disk corrupt", instant: true},
	DiskLose:    {name: "disk lose"},
	ClockDrift:  {name: "clock drift", amount: aSignedPercent},
	ClockJump:   {name: "clock jump", amount: aSignedTime, instant: true},
	CPUSlow:     {name: "cpu slow", amount: aFactor},
}

func (v Verb) String() string {
	if int(v) < len(verbs) {
		return verbs[v].name
	}
	return "verb(" + strconv.Itoa(int(v)) + ")"
}

// Stops reports whether the verb takes the replicas that it strikes out of service,
// with all that they remember but for their logs: at once, or at their next write.
func (v Verb) Stops() bool {
	return v == Crash || v == DiskLose || v == DiskFull || v == DiskFail
}

// Instant reports whether the verb happens at once, with nothing to undo.
func (v Verb) Instant() bool { return verbs[v].instant }

// Amount is how much: what it means depends on the verb.
type Amount struct {
	Min, Max  smr.Time // delay: drawn uniformly from [Min, Max]; disk slow, clock jump: Min = Max
	Percent   float64  // loss, duplicate, reorder: chance of each message; clock drift
	Bandwidth int64    // slow: bytes a second
	Factor    float64  // cpu slow: so many times the usual time
}

// MaxFactor is how many times slower a processor can be made.
const MaxFactor = 1e6

// Probability is Percent as a number from 0 to 1.
func (a Amount) Probability() float64 { return a.Percent / 100 }

// Role is how a target is named.
type Role uint8

// The roles of the grammar. Nobody is the absence of a target.
const (
	Nobody Role = iota
	Leader
	Follower
	Any
	All
	Minority
	Majority
	Node   // one replica by its number
	Nodes  // several by their numbers
	Region // all replicas of a region
)

var roleNames = [...]string{"nobody", "leader", "follower", "any", "all", "minority", "majority", "node", "nodes", "region"}

func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "role(" + strconv.Itoa(int(r)) + ")"
}

// Side says whether a minority or majority has the leader in it.
type Side uint8

// Sides of a minority or majority.
const (
	Either Side = iota
	WithLeader
	WithoutLeader
)

// Target names the replicas that a fault strikes, before they are known.
type Target struct {
	Role  Role
	Nodes []smr.NodeID // Node: one; Nodes: ascending, at least one
	Name  string       // Region
	Side  Side         // Minority, Majority
}

func (t Target) String() string {
	switch t.Role {
	case Node:
		return "node " + strconv.FormatUint(uint64(t.Nodes[0]), 10)
	case Nodes:
		var b strings.Builder
		for i, id := range t.Nodes {
			b.WriteByte("{,"[min(i, 1)])
			b.WriteString(strconv.FormatUint(uint64(id), 10))
		}
		return b.String() + "}"
	case Region:
		return "region " + t.Name
	}
	return t.Role.String() + [...]string{"", " with leader", " without leader"}[t.Side]
}

// Arrow is the direction of a link.
type Arrow uint8

// Directions of a link.
const (
	NoLink   Arrow = iota
	OneWay         // ->
	BothWays       // <->
)

var arrows = [...]string{"", "->", "<->"}

func (a Arrow) String() string { return arrows[a] }

// Fault is one fault of a schedule: what, to whom and when. Times count from the
// start of the measured window.
type Fault struct {
	Verb   Verb
	Amount Amount

	Target Target   // all verbs but partition; the near end of a link
	Arrow  Arrow    // NoLink: the target alone
	To     Target   // the far end of a link
	Groups []Target // partition: one (against all others) or more

	At          smr.Time // of the first instance
	Every       smr.Time // between instances; 0 = strikes once
	For         smr.Time // length; 0 = to the end of the window, or UntilHealed
	UntilHealed bool     // until a command sent after the start is acknowledged
	Jitter      smr.Time // an instance is later by up to this, inclusive
}

// String is the canonical form: it parses to an equal Fault.
func (f Fault) String() string {
	w := []string{f.Verb.String()}
	if a := f.Quantity(); a != "" {
		w = append(w, a)
	}
	w = append(w, f.Where(), f.when())
	return strings.Join(w, " ")
}

// Where is the target part of the canonical form: leader, node 1 -> node 3,
// {1,2} | {3,4,5} ...
func (f Fault) Where() string {
	if f.Verb == Partition {
		var s []string
		for _, g := range f.Groups {
			s = append(s, g.String())
		}
		return strings.Join(s, " | ")
	}
	if f.Arrow != NoLink {
		return f.Target.String() + " " + f.Arrow.String() + " " + f.To.String()
	}
	return f.Target.String()
}

// Quantity is the amount in the canonical form, 40ms or 10%; "" if the verb takes
// none.
func (f Fault) Quantity() string {
	switch verbs[f.Verb].amount {
	case aTime, aTimeRange, aSignedTime:
		if f.Amount.Min != f.Amount.Max {
			return formatTime(f.Amount.Min) + "-" + formatTime(f.Amount.Max)
		}
		return formatTime(f.Amount.Min)
	case aPercent, aSignedPercent:
		return strconv.FormatFloat(f.Amount.Percent, 'f', -1, 64) + "%"
	case aBandwidth:
		return formatSize(f.Amount.Bandwidth) + "/s"
	case aFactor:
		return strconv.FormatFloat(f.Amount.Factor, 'f', -1, 64) + "x"
	}
	return ""
}

func (f Fault) when() string {
	var w []string
	if f.Every == 0 || f.At != f.Every {
		w = append(w, "at "+formatTime(f.At))
	}
	if f.Every != 0 {
		w = append(w, "every "+formatTime(f.Every))
	}
	if f.For != 0 {
		w = append(w, "for "+formatTime(f.For))
	}
	if f.UntilHealed {
		w = append(w, "until healed")
	}
	if f.Jitter != 0 {
		w = append(w, "jitter "+formatTime(f.Jitter))
	}
	return strings.Join(w, " ")
}

// Format prints a schedule in the form that Parse reads.
func Format(faults []Fault) string {
	s := make([]string, len(faults))
	for i, f := range faults {
		s[i] = f.String()
	}
	return strings.Join(s, "; ")
}

// targets lists the targets that the fault names.
func (f Fault) targets() []Target {
	if f.Verb == Partition {
		return f.Groups
	}
	if f.Arrow != NoLink {
		return []Target{f.Target, f.To}
	}
	return []Target{f.Target}
}

// formatTime prints t as [time.Duration.String] does, without trailing zero units.
func formatTime(t smr.Time) string {
	s := time.Duration(t).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return strings.Replace(s, "µs", "us", 1)
}

type sizeUnit struct {
	name   string
	factor int64
}

// sizeUnits are in the order in which formatSize tries them.
var sizeUnits = []sizeUnit{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1}}

func formatSize(n int64) string {
	i := slices.IndexFunc(sizeUnits, func(u sizeUnit) bool { return n%u.factor == 0 })
	return strconv.FormatInt(n/sizeUnits[i].factor, 10) + sizeUnits[i].name
}

// Flag is a repeatable command line flag (pflag.Value) that collects faults in
// canonical form.
type Flag []string

// Set parses s, which may hold several faults, and appends them.
func (l *Flag) Set(s string) error {
	faults, err := Parse(s)
	for _, f := range faults {
		*l = append(*l, f.String())
	}
	return err
}

func (l *Flag) String() string { return strings.Join(*l, "; ") }

// Type implements pflag.Value.
func (*Flag) Type() string { return "fault" }
