package cluster

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// LinkFault is what a fault adds to a directed link. Faults on one link add up.
type LinkFault struct {
	Cut                bool
	DelayMin, DelayMax smr.Time // added, uniform
	Loss               float64
	Duplicate, Reorder float64
	Bandwidth          int64 // bytes a second; 0 = as it is
}

type linkKey struct{ from, to smr.NodeID }

// linkSetter is the part of a netsim.Network that links use.
type linkSetter interface {
	SetLink(from, to smr.NodeID, l netsim.Link)
}

// links knows which faults are in force on which link.
type links struct {
	n       int // nodes
	base    netsim.Link
	between func(from, to smr.NodeID) netsim.Link // nil: base everywhere
	network linkSetter
	faults  map[linkKey][]LinkFault
}

func newLinks(n int, base netsim.Link, network linkSetter) links {
	l := links{n: n, base: base, network: network, faults: make(map[linkKey][]LinkFault)}
	l.place(nil)
	return l
}

// place gives every pair a link of its own.
func (l *links) place(between func(from, to smr.NodeID) netsim.Link) {
	l.between = between
	for from := range smr.NodeID(l.n) {
		for to := range smr.NodeID(l.n) {
			if from != to {
				l.apply(linkKey{from + 1, to + 1})
			}
		}
	}
}

func (l *links) apply(k linkKey) {
	link := l.base
	if l.between != nil {
		link = l.between(k.from, k.to)
	}
	for _, f := range l.faults[k] {
		link.Cut = link.Cut || f.Cut
		if f.DelayMax > 0 {
			link.Delay = netsim.Uniform(link.Delay.Base+(f.DelayMin+f.DelayMax)/2, link.Delay.Spread+(f.DelayMax-f.DelayMin)/2)
		}
		link.Loss = either(link.Loss, f.Loss)
		link.Duplicate = either(link.Duplicate, f.Duplicate)
		link.Reorder = either(link.Reorder, f.Reorder)
		if f.Bandwidth > 0 && (link.Bandwidth == 0 || f.Bandwidth < link.Bandwidth) {
			link.Bandwidth = f.Bandwidth
		}
	}
	l.network.SetLink(k.from, k.to, link)
}

// either is the probability of one or both of two independent events.
func either(p, q float64) float64 { return 1 - (1-p)*(1-q) }

// Impair adds f to the link from one replica to another; Repair takes it back.
func (l *links) Impair(from, to smr.NodeID, f LinkFault) {
	k := linkKey{from, to}
	l.faults[k] = append(l.faults[k], f)
	l.apply(k)
}

// Repair takes back one Impair of the same link and fault.
func (l *links) Repair(from, to smr.NodeID, f LinkFault) {
	k := linkKey{from, to}
	for i, g := range l.faults[k] {
		if f == g {
			l.faults[k] = append(l.faults[k][:i], l.faults[k][i+1:]...)
			break
		}
	}
	l.apply(k)
}
