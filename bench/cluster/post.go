package cluster

import (
	"slices"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// post carries commands and answers between clients and replicas that are some way
// apart. It is an actor of its own with a line of the link model for each way, so
// that neither end knows of the distance, and the same on every network. Nothing is
// lost and nothing overtakes: clients have connections. Faults strike the links
// between replicas only.
type post struct {
	distance func(worker int, node smr.NodeID) netsim.Dist
	wake     netsim.Waker
	seed     uint64
	routes   []*route
}

// route is one way from a sender to a receiver.
type route struct {
	line    *netsim.Line
	from    *mailbox.Box // what the sender has put in since the last turn
	deliver func([]byte) // into the receiver's own mailbox

	data    []byte // on its way, in order; the first read bytes of it have arrived
	read    int
	parcels []parcel // likewise, the first done have arrived
	done    int
}

// parcel is what was sent within one turn.
type parcel struct {
	due  smr.Time
	size int
}

// actors is how many actors the cluster has.
func (o *Options) actors() int {
	n := o.Nodes + o.Clients.Workers
	if o.Distance != nil {
		n++
	}
	if o.Cost != nil {
		n += o.Nodes // their outboxes
	}
	return n
}

// newPost returns nil if clients are where the replicas are.
func newPost(o *Options, d driver) *post {
	if o.Distance == nil {
		return nil
	}
	return &post{distance: o.Distance, wake: d.Waker(o.Nodes + o.Clients.Workers), seed: o.Clients.Seed}
}

// commands is where worker puts its commands for each replica: at its own end of
// the way.
func (p *post) commands(worker int, direct []client.Target) []client.Target {
	if p == nil {
		return direct
	}
	out := slices.Clone(direct)
	for i, t := range direct {
		node := smr.NodeID(i + 1)
		if p.distance(worker, node) != (netsim.Dist{}) {
			box := p.add(worker, node, 0, commandBound, func(data []byte) {
				t.Box.Append(data, nil)
				t.Wake.Wake()
			})
			out[i] = client.Target{Box: box, Wake: p.wake}
		}
	}
	return out
}

// answers is where node puts its answers for worker.
func (p *post) answers(worker int, node smr.NodeID, direct end) replica.Answers {
	if p == nil || p.distance(worker, node) == (netsim.Dist{}) {
		return direct
	}
	return end{p.add(worker, node, 1, 4*commandBound, direct.Send), p.wake}
}

func (p *post) add(worker int, node smr.NodeID, way uint32, bound int, deliver func([]byte)) *mailbox.Box {
	// Clients have no number among the nodes: their lines begin behind the last.
	line := netsim.NewLine(p.seed, smr.NodeID(2*worker+smr.MaxNodes+1)+smr.NodeID(way), node)
	line.Set(netsim.Link{Delay: p.distance(worker, node)})
	r := &route{line: line, from: mailbox.New(1<<12, bound), deliver: deliver}
	p.routes = append(p.routes, r)
	return r.from
}

// Turn takes what was sent and delivers what has arrived.
func (p *post) Turn(now smr.Time) (wake smr.Time) {
	wake = smr.Never
	for _, r := range p.routes {
		wake = min(wake, r.turn(now))
	}
	return wake
}

func (r *route) turn(now smr.Time) (wake smr.Time) {
	if sent := r.from.Swap(); len(sent) > 0 {
		r.parcels = append(r.parcels, parcel{r.line.Send(now, len(sent)).Due[0], len(sent)})
		r.data = append(r.data, sent...)
	}
	at := r.read
	for ; r.done < len(r.parcels) && r.parcels[r.done].due <= now; r.done++ {
		at += r.parcels[r.done].size
	}
	if at > r.read {
		r.deliver(r.data[r.read:at])
		r.read = at
	}
	// Memory is used again from the start when most of it has been read.
	if r.read > len(r.data)/2 {
		r.data = r.data[:copy(r.data, r.data[r.read:])]
		r.parcels = r.parcels[:copy(r.parcels, r.parcels[r.done:])]
		r.read, r.done = 0, 0
	}
	if r.done == len(r.parcels) {
		return smr.Never
	}
	return r.parcels[r.done].due
}
