package measure

import (
	"cmp"
	"slices"

	"github.com/consbench/consbench/bench/smr"
)

// MaxEvents bounds the events that one replica's EventLog keeps.
const MaxEvents = 1 << 16

// EventLog keeps what one replica reports of elections. It is not safe for
// concurrent use.
type EventLog struct {
	Node    smr.NodeID
	Events  []smr.Event
	Dropped uint64 // beyond MaxEvents
}

// Add appends the events of a Ready.
func (l *EventLog) Add(events []smr.Event) {
	n := min(len(events), MaxEvents-len(l.Events))
	l.Events = append(l.Events, events[:n]...)
	l.Dropped += uint64(len(events) - n)
}

// Outage is a time in which replicas are out of service: crashed, paused, or cut
// off from every majority.
type Outage struct {
	At, Until smr.Time // [At, Until); Never = for good
	Nodes     []smr.NodeID
	Crash     bool // what leads loses its leadership with its memory
}

// ElectionLog is all that elections are read from. Times count from the start of
// the cluster.
type ElectionLog struct {
	Start   smr.Time // of the measured window, from which times in the result count
	Members []smr.NodeID
	Logs    []*EventLog
	Outages []Outage
	// FirstAcks is when the first command that the leader of a term (or ballot)
	// proposed was acknowledged to a client.
	FirstAcks map[uint64]smr.Time
}

// Election is one change of leader. Instants are nanoseconds from the start of the
// measured window; one that never came is nil.
type Election struct {
	Crash       *int64     // the fault that took the leader away; nil: none did
	Detected    *int64     // the first survivor's timer ran out
	Elected     *int64     // the leader that stayed had its majority
	Announced   *int64     // every live replica had heard from it
	FirstCommit *int64     // the first command of its term was acknowledged
	Rounds      int        // terms or ballots that somebody campaigned for, up to Elected
	Leader      smr.NodeID // None if nobody was elected
	Term        uint64
}

// observation is an event and who reports it.
type observation struct {
	smr.Event
	by smr.NodeID
}

// Elections returns the changes of leader in order of time: one for every outage
// that took the leader away, and one for every leader elected without. Those that
// ended before the window are left out.
//
// The leader that stays is the first one that every survivor hears from before
// another one is elected; failing that, the last one elected before the next such
// outage. Survivors are the members in service when the outage begins, as long as
// they remain so: a replica that comes back meanwhile is not waited for.
func (l *ElectionLog) Elections() []Election {
	r := reader{ElectionLog: l}
	for _, log := range l.Logs {
		for _, e := range log.Events {
			r.events = append(r.events, observation{e, log.Node})
		}
	}
	slices.SortStableFunc(r.events, func(a, b observation) int { return cmp.Compare(a.Time, b.Time) })
	for _, e := range r.events {
		if e.Type == smr.Elected {
			r.elected = append(r.elected, e)
		}
	}
	return r.read()
}

type reader struct {
	*ElectionLog
	events  []observation // in order of time
	elected []observation
}

// read walks through the leaders and the outages that took one away.
func (r *reader) read() []Election {
	faults := slices.Clone(r.Outages)
	slices.SortStableFunc(faults, func(a, b Outage) int { return cmp.Compare(a.At, b.At) })
	faults = slices.DeleteFunc(faults, func(o Outage) bool {
		leader := r.leaderAt(o.At)
		return leader == smr.None || !slices.Contains(o.Nodes, leader)
	})
	var out []Election
	add := func(e Election) {
		for _, t := range []*int64{e.Elected, e.Announced, e.FirstCommit, e.Crash} {
			if t != nil && *t >= 0 {
				out = append(out, e)
				return
			}
		}
	}
	from := -smr.Never
	for i := 0; i <= len(faults); i++ {
		to := smr.Never
		if i < len(faults) {
			to = faults[i].At
		}
		if i > 0 {
			e, end := r.afterFault(faults[i-1].At, to)
			add(e)
			from = end
		}
		for {
			e, end, found := r.spontaneous(from, to)
			if !found {
				break
			}
			add(e)
			from = end
		}
	}
	return out
}

// between returns the events in [from, to).
func (r *reader) between(from, to smr.Time) []observation {
	at := func(t smr.Time) int {
		i, _ := slices.BinarySearchFunc(r.events, t, func(o observation, t smr.Time) int { return cmp.Compare(o.Time, t) })
		return i
	}
	return r.events[at(from):max(at(from), at(to))]
}

// leaderAt is who led just before t, None if nobody in service did.
func (r *reader) leaderAt(t smr.Time) smr.NodeID {
	var last observation
	for _, e := range r.elected {
		if e.Time < t && e.Term >= last.Term {
			last = e
		}
	}
	if last.by == smr.None {
		return smr.None
	}
	for _, e := range r.between(last.Time, t) {
		if e.Type == smr.SteppedDown && e.by == last.by && e.Term >= last.Term {
			return smr.None
		}
	}
	for _, o := range r.Outages {
		lost := o.Until > t || o.Crash
		if lost && o.At > last.Time && o.At < t && slices.Contains(o.Nodes, last.by) {
			return smr.None
		}
	}
	return last.by
}

// down reports whether node is out of service at t.
func (r *reader) down(node smr.NodeID, t smr.Time) bool {
	for _, o := range r.Outages {
		if o.At <= t && t < o.Until && slices.Contains(o.Nodes, node) {
			return true
		}
	}
	return false
}

func (r *reader) inService(t smr.Time) []smr.NodeID {
	return slices.DeleteFunc(slices.Clone(r.Members), func(id smr.NodeID) bool { return r.down(id, t) })
}

// afterFault reads the election that the outage at crash caused. end is when its
// leader was elected, or where the search ended.
func (r *reader) afterFault(crash, to smr.Time) (e Election, end smr.Time) {
	e.Crash = r.instant(crash)
	survivors := r.inService(crash)
	// A replica acts before a fault that strikes at the same instant: hence crash+1.
	stays, announced, found := r.staying(crash+1, to, survivors)
	end = to
	if found {
		end = stays.Time + 1
		r.fill(&e, stays, announced)
	}
	var other *int64 // of one that came back meanwhile
	terms := map[uint64]bool{}
	for _, o := range r.between(crash+1, end) {
		if r.down(o.by, o.Time) {
			continue
		}
		switch {
		case o.Type == smr.Campaign:
			terms[o.Term] = true
		case o.Type != smr.TimedOut:
		case slices.Contains(survivors, o.by):
			if e.Detected == nil {
				e.Detected = r.instant(o.Time)
			}
		case other == nil:
			other = r.instant(o.Time)
		}
	}
	if e.Detected == nil {
		e.Detected = other
	}
	e.Rounds = len(terms)
	return e, end
}

// spontaneous reads the next election in [from, to) that no outage caused.
func (r *reader) spontaneous(from, to smr.Time) (e Election, end smr.Time, found bool) {
	i := slices.IndexFunc(r.elected, func(o observation) bool { return o.Time >= from && o.Time < to && !r.down(o.by, o.Time) })
	if i < 0 {
		return e, to, false
	}
	stays, announced, _ := r.staying(r.elected[i].Time, to, r.inService(r.elected[i].Time))
	r.fill(&e, stays, announced)
	var first observation // campaign
	terms := map[uint64]bool{}
	for _, o := range r.between(from, stays.Time+1) {
		if o.Type == smr.Campaign {
			if len(terms) == 0 {
				first = o
			}
			terms[o.Term] = true
		}
	}
	e.Rounds = len(terms)
	for _, o := range r.between(from, first.Time+1) { // the time-out that led to it
		if o.Type == smr.TimedOut && o.by == first.by {
			e.Detected = r.instant(o.Time)
		}
	}
	return e, stays.Time + 1, true
}

// staying finds the leader elected in [from, to) that stays, and when the last of
// survivors heard from it.
func (r *reader) staying(from, to smr.Time, survivors []smr.NodeID) (stays observation, announced *int64, found bool) {
	for i, e := range r.elected {
		if e.Time < from || e.Time >= to || r.down(e.by, e.Time) {
			continue
		}
		next := to
		if i+1 < len(r.elected) {
			next = min(next, r.elected[i+1].Time)
		}
		stays, found = e, true
		if t, all := r.heard(e, survivors); all && t <= next {
			return stays, r.instant(t), true
		}
	}
	return stays, nil, found
}

// heard returns when the last of survivors had heard from leader; all is false if
// one that stayed in service never did.
func (r *reader) heard(leader observation, survivors []smr.NodeID) (last smr.Time, all bool) {
	last = leader.Time
	since := r.between(leader.Time, smr.Never)
	for _, id := range survivors {
		at := smr.Never
		i := slices.IndexFunc(since, func(o observation) bool {
			return o.by == id && o.Term == leader.Term && (o.Type == smr.Following || o.Type == smr.Elected)
		})
		if i >= 0 {
			at = since[i].Time
		}
		if slices.ContainsFunc(r.Outages, func(o Outage) bool {
			return o.At < at && o.Until > leader.Time && slices.Contains(o.Nodes, id)
		}) {
			continue // it did not remain in service
		}
		if i < 0 {
			return last, false
		}
		last = max(last, at)
	}
	return last, true
}

func (r *reader) fill(e *Election, leader observation, announced *int64) {
	e.Leader, e.Term = leader.by, leader.Term
	e.Elected, e.Announced = r.instant(leader.Time), announced
	if t, ok := r.FirstAcks[leader.Term]; ok {
		e.FirstCommit = r.instant(t)
	}
}

func (r *reader) instant(t smr.Time) *int64 {
	v := int64(t - r.Start)
	return &v
}

// Phases are the distributions of the phases over all elections that a fault
// caused, each counted from the fault.
type Phases struct{ Detected, Elected, Announced, FirstCommit Spread }

// NewPhases takes the distributions; elections without a fault are left out.
func NewPhases(elections []Election) Phases {
	pick := func(instant func(*Election) *int64) Spread {
		var v []*int64
		for i := range elections {
			e := &elections[i]
			if e.Crash == nil {
				continue
			}
			t := instant(e)
			if t != nil {
				d := *t - *e.Crash
				t = &d
			}
			v = append(v, t)
		}
		return NewSpread(v)
	}
	return Phases{
		Detected:    pick(func(e *Election) *int64 { return e.Detected }),
		Elected:     pick(func(e *Election) *int64 { return e.Elected }),
		Announced:   pick(func(e *Election) *int64 { return e.Announced }),
		FirstCommit: pick(func(e *Election) *int64 { return e.FirstCommit }),
	}
}

// Spread is the distribution of a sample small enough to be kept whole.
type Spread struct {
	Count         int // of values
	Never         int // instants that did not come, in no other figure
	Min, P50, P90 int64
	Max           int64
	Mean          float64
}

// NewSpread describes values, in which nil is an instant that never came. A
// quantile q is the value of rank ceil(q n): one of the sample, nothing between.
func NewSpread(values []*int64) Spread {
	var s Spread
	var v []int64
	sum := 0.0
	for _, p := range values {
		if p == nil {
			s.Never++
			continue
		}
		v = append(v, *p)
		sum += float64(*p)
	}
	if s.Count = len(v); s.Count == 0 {
		return s
	}
	slices.Sort(v)
	rank := func(percent int) int64 { return v[(percent*len(v)+99)/100-1] }
	s.Min, s.P50, s.P90, s.Max = v[0], rank(50), rank(90), v[len(v)-1]
	s.Mean = sum / float64(len(v))
	return s
}
