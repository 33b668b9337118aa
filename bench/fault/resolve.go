package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// View is what a fault knows of the cluster when it chooses its victims.
type View interface {
	Members() []smr.NodeID    // all replicas, ascending
	Live(smr.NodeID) bool     // neither crashed nor paused
	Leader() smr.NodeID       // None if there is none
	Region(smr.NodeID) string // "" if replicas have none
}

// Why an action strikes nobody.
var (
	ErrNoLeader = errors.New("there is no leader at this instant")
	ErrNobody   = errors.New("no live replica answers to it")
	errSameEnds = errors.New("both ends of the link are the same replica")
)

// Link is one direction between two replicas.
type Link struct{ From, To smr.NodeID }

// Effect is an action with its victims chosen.
type Effect struct {
	Nodes  []smr.NodeID   // struck replicas, ascending; of a link: those at its near end; of a partition: of its first group
	Groups [][]smr.NodeID // partition: at least two, each ascending
	Links  []Link         // directed links that are cut or changed; none for what strikes replicas alone
	Text   string         // n2, {n1 n3}, n1 -> n3, {n1 n2} | {n3 n4 n5}
}

// Resolve chooses whom a strikes in the cluster as it is. It is a pure function of
// the action and the view: each random choice runs through the replicas in an
// order that only the action's seed decides and takes the first that qualify, so
// that two protocols lose the same replica wherever their leaders allow it.
func (a *Action) Resolve(v View) (Effect, error) {
	c := chooser{view: v, seed: a.Seed}
	f := a.Fault
	var e Effect
	var err error
	switch {
	case f.Verb == Partition:
		err = c.partition(f.Groups, &e)
	case f.Arrow != NoLink:
		err = c.link(f, &e)
	default:
		if e.Nodes, err = c.choose(f.Target, nil); err == nil {
			e.Text = set(e.Nodes)
			if f.Verb == Isolate || verbs[f.Verb].shape == linkOrNodes {
				e.Links = around(e.Nodes, v.Members())
			}
		}
	}
	return e, err
}

// Out lists the replicas, ascending, that the effect takes out of service: what
// crashes, stops at its next write or pauses, and what can no longer speak with a majority, both ways. By
// this one knows whether a fault takes a leader away.
func (e *Effect) Out(verb Verb, members []smr.NodeID) []smr.NodeID {
	switch verb {
	case Crash, Pause, DiskLose, DiskFull, DiskFail:
		return e.Nodes
	case Isolate, Partition, Cut:
	default:
		return nil
	}
	silent := map[[2]smr.NodeID]bool{}
	for _, l := range e.Links {
		silent[[2]smr.NodeID{min(l.From, l.To), max(l.From, l.To)}] = true
	}
	var out []smr.NodeID
	for _, id := range members {
		hears := 0
		for _, other := range members {
			if !silent[[2]smr.NodeID{min(id, other), max(id, other)}] {
				hears++
			}
		}
		if hears <= len(members)/2 {
			out = append(out, id)
		}
	}
	return out
}

// chooser draws the targets of one action. Every target has a stream of its own.
type chooser struct {
	view   View
	seed   uint64
	stream uint64
}

// choose returns the replicas that t names, ascending and at least one, none of
// them in taken.
func (c *chooser) choose(t Target, taken []smr.NodeID) ([]smr.NodeID, error) {
	c.stream++
	members := c.view.Members()
	leader := c.view.Leader()
	if leader == smr.None && (t.Role == Leader || t.Side == WithLeader) {
		return nil, ErrNoLeader
	}
	var out []smr.NodeID
	size, live := len(members), false
	qualifies := func(id smr.NodeID) bool { return true }
	switch t.Role {
	case Leader:
		qualifies = func(id smr.NodeID) bool { return id == leader }
	case Follower:
		size, live = 1, true
		qualifies = func(id smr.NodeID) bool { return id != leader }
	case Any:
		size, live = 1, true
	case Minority, Majority:
		size, live = (len(members)-1)/2, true
		if t.Role == Majority {
			size = len(members)/2 + 1
		}
		switch {
		case t.Side == WithoutLeader:
			qualifies = func(id smr.NodeID) bool { return id != leader }
		case t.Side == WithLeader && size > 0 && !slices.Contains(taken, leader):
			out = append(out, leader)
		}
	case Node, Nodes:
		for _, id := range t.Nodes {
			if !slices.Contains(members, id) {
				return nil, fmt.Errorf("there is no node %d", id)
			}
		}
		qualifies = func(id smr.NodeID) bool { return slices.Contains(t.Nodes, id) }
	case Region:
		qualifies = func(id smr.NodeID) bool { return c.view.Region(id) == t.Name }
	}
	rng := rand.New(rand.NewPCG(c.seed, c.stream))
	for _, i := range rng.Perm(len(members)) {
		id := members[i]
		if len(out) < size && qualifies(id) && (!live || c.view.Live(id)) && !slices.Contains(taken, id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, ErrNobody
	}
	slices.Sort(out)
	return out, nil
}

func (c *chooser) partition(targets []Target, e *Effect) error {
	var taken []smr.NodeID
	for _, t := range targets {
		g, err := c.choose(t, taken)
		if err != nil {
			return err
		}
		taken = append(taken, g...)
		e.Groups = append(e.Groups, g)
	}
	if len(e.Groups) == 1 {
		var rest []smr.NodeID
		for _, id := range c.view.Members() {
			if !slices.Contains(taken, id) {
				rest = append(rest, id)
			}
		}
		if len(rest) == 0 {
			return errors.New("nobody is on the other side")
		}
		e.Groups = append(e.Groups, rest)
	}
	e.Nodes = e.Groups[0]
	var text []string
	for i, g := range e.Groups {
		text = append(text, set(g))
		for j, h := range e.Groups {
			if i == j {
				continue
			}
			for _, from := range g {
				for _, to := range h {
					e.Links = append(e.Links, Link{from, to})
				}
			}
		}
	}
	e.Text = strings.Join(text, " | ")
	return nil
}

func (c *chooser) link(f *Fault, e *Effect) error {
	from, err := c.choose(f.Target, nil)
	if err != nil {
		return err
	}
	taken := from
	if len(from) == len(c.view.Members()) { // all -> node 3: everybody else's links to it
		taken = nil
	}
	to, err := c.choose(f.To, taken)
	if errors.Is(err, ErrNobody) && len(taken) > 0 {
		if again, alone := c.choose(f.To, nil); alone == nil { // {1,2,3} <-> {1,2,3}: among them
			to, err = again, nil
		}
	}
	if err != nil {
		return err
	}
	add := func(l Link) {
		if l.From != l.To && !slices.Contains(e.Links, l) {
			e.Links = append(e.Links, l)
		}
	}
	for _, a := range from {
		for _, b := range to {
			add(Link{a, b})
			if f.Arrow == BothWays {
				add(Link{b, a})
			}
		}
	}
	if len(e.Links) == 0 {
		return errSameEnds
	}
	e.Nodes, e.Text = from, set(from)+" "+f.Arrow.String()+" "+set(to)
	return nil
}

// around is every link from or to one of nodes.
func around(nodes, members []smr.NodeID) []Link {
	var out []Link
	for _, from := range members {
		for _, to := range members {
			if from != to && (slices.Contains(nodes, from) || slices.Contains(nodes, to)) {
				out = append(out, Link{from, to})
			}
		}
	}
	return out
}

func set(ids []smr.NodeID) string {
	if len(ids) == 1 {
		return ids[0].String()
	}
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = id.String()
	}
	return "{" + strings.Join(s, " ") + "}"
}
