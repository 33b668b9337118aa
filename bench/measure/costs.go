package measure

import "github.com/consbench/consbench/bench/smr"

// Costs are what one replica has spent since its start, over all its incarnations.
// They only grow; a window's costs are a difference.
type Costs struct {
	Frames     [smr.Kinds]uint64 // handed to the network, by kind
	FrameBytes [smr.Kinds]uint64 // their head and body, what a transport adds included
	Dropped    uint64            // frames lost by the network, asked for or not
	Overflowed uint64            // frames dropped because a queue was full

	LogRecords uint64
	LogBytes   uint64 // head and body of records
	Fsyncs     uint64

	Snapshots uint64 // taken
	Installs  uint64 // received from a peer
}

// Add adds what o has spent.
func (c *Costs) Add(o *Costs) { c.each(o, func(a *uint64, b uint64) { *a += b }) }

// Sub takes off what o, an earlier state of c, had spent.
func (c *Costs) Sub(o *Costs) { c.each(o, func(a *uint64, b uint64) { *a -= b }) }

func (c *Costs) each(o *Costs, f func(*uint64, uint64)) {
	for k := range c.Frames {
		f(&c.Frames[k], o.Frames[k])
		f(&c.FrameBytes[k], o.FrameBytes[k])
	}
	f(&c.Dropped, o.Dropped)
	f(&c.Overflowed, o.Overflowed)
	f(&c.LogRecords, o.LogRecords)
	f(&c.LogBytes, o.LogBytes)
	f(&c.Fsyncs, o.Fsyncs)
	f(&c.Snapshots, o.Snapshots)
	f(&c.Installs, o.Installs)
}

// Sent counts a frame of n bytes.
func (c *Costs) Sent(kind smr.Kind, n int) {
	c.Frames[kind]++
	c.FrameBytes[kind] += uint64(n)
}

// Usage is what the whole process has spent, clients and measuring included.
type Usage struct {
	Allocs uint64   // objects allocated
	CPU    smr.Time // user and system
}

// Sub returns what was spent since before.
func (u Usage) Sub(before Usage) Usage {
	return Usage{u.Allocs - before.Allocs, u.CPU - before.CPU}
}

// PerCommit is the cost of one distinct command committed, by the whole cluster.
type PerCommit struct {
	Messages   float64 // frames of kind replication and election
	Heartbeats float64
	CatchUp    float64
	WireBytes  float64 // of replication and election frames
	LogBytes   float64
	Fsyncs     float64
	Allocs     float64 // of the process
	CPU        float64 // of the process, nanoseconds
}

// Per divides the cluster's costs, all replicas added, and the process's usage by
// the number of distinct commands committed. All is 0 if there were none.
func (c *Costs) Per(commits uint64, u Usage) PerCommit {
	if commits == 0 {
		return PerCommit{}
	}
	per := func(n uint64) float64 { return float64(n) / float64(commits) }
	return PerCommit{
		Messages:   per(c.Frames[smr.Replication] + c.Frames[smr.Election]),
		Heartbeats: per(c.Frames[smr.Heartbeat]),
		CatchUp:    per(c.Frames[smr.CatchUp]),
		WireBytes:  per(c.FrameBytes[smr.Replication] + c.FrameBytes[smr.Election]),
		LogBytes:   per(c.LogBytes),
		Fsyncs:     per(c.Fsyncs),
		Allocs:     per(u.Allocs),
		CPU:        float64(u.CPU) / float64(commits),
	}
}
