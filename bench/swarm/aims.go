package swarm

// aim is what a case is after: a kind of accident that takes several things at once,
// which chance seldom brings together.
type aim uint8

const (
	anything   aim = iota
	duels          // leaders are cut off one after the other, each with entries of its own
	latecomers     // links slower than elections: answers to what is over
	crammed        // windows full of large entries, disks that stand still
	remainders     // sessions with commands out of order, in snapshots
	relapses       // crashes while a slow disk writes, of who has been heard by some
)

// aims is how often each is drawn.
var aims = []aim{
	anything, anything, anything, duels, duels, duels, latecomers, latecomers, latecomers,
	crammed, crammed, remainders, relapses, relapses, relapses,
}

// narrow sets what an aim needs.
func (d *drawer) narrow() {
	c := d.c
	switch d.aim {
	case duels:
		c.Size, c.Rate = min(c.Size, 24), 0
		if d.deep = d.IntN(2) == 0; d.deep { // who is cut off has them one by one, who comes next in fewer entries
			c.Rate, c.Sessions, c.Open = d.rate(20, 60), 8, 4
		}
		if d.IntN(2) == 0 {
			c.Retain, c.Compact = 0, pick(d, 1<<10, 2<<10, 4<<10)
		}
	case latecomers:
		c.DelayMin, c.Rate = 0, d.rate(5, 10, 20)
		if c.CheckQuorum = d.IntN(2) == 0; c.CheckQuorum {
			c.PreVote = false // who steps down of itself is elected again before the others notice
		}
	case crammed:
		c.MaxFrame, c.Retain, c.Rate = 4<<10, pick(d, 0, 0, 1<<10), 0
		c.Inflight = c.MaxFrame * pick(d, 1, 1, 2)
		c.Size = pick(d, 500, maxPayload)
		c.Sessions, c.Open = pick(d, 3, 5, 8), pick(d, 2, 4, 8)
	case remainders:
		c.Keys, c.Retain, c.Compact = 0, pick(d, 0, 1<<10), pick(d, 1<<10, 2<<10, 4<<10)
		c.Size = pick(d, 0, 8, 24)
		c.Sessions, c.Open = pick(d, 1, 2, 3), pick(d, 4, 8, 16)
	case relapses:
		c.Rate, c.Sessions, c.Size = 0, pick(d, 3, 5, 8), min(c.Size, 24)
	}
}

// rate draws how many commands come in ElectionMax, as a Rate.
func (d *drawer) rate(of ...float64) float64 { return pick(d, of...) * 1e9 / float64(d.c.ElectionMax) }

// aimed adds the faults that an aim needs.
func (d *drawer) aimed() {
	var strike func(at Time)
	switch d.aim {
	case duels:
		strike = d.duels()
	case latecomers:
		strike = d.latecomers()
	case crammed:
		strike = d.crammed()
	case remainders:
		strike = d.remainders()
	case relapses:
		strike = d.relapses()
	default:
		return
	}
	for at := d.gap(d.mean); at < d.c.Span && len(d.c.Faults) < 400; at += d.gap(d.mean) {
		strike(at)
	}
}

func (d *drawer) add(f ...Fault) { d.c.Faults = append(d.c.Faults, f...) }

// other draws a node that is not n.
func (d *drawer) other(n int) int { return 1 + (n+d.IntN(d.c.Nodes-1))%d.c.Nodes }

func (d *drawer) duels() func(at Time) {
	long := d.c.ElectionMax
	d.mean = long * pick[Time](d, 2, 3, 4) / 2
	slow := d.IntN(2) == 0
	for at := d.gap(long); at < d.c.Span && d.IntN(6) > 0; {
		f := Fault{At: at, Kind: Depose, For: long*pick[Time](d, 2, 4) + d.gap(4*long), Extra: long*pick[Time](d, 1, 2, 4) + d.gap(long)}
		f.Sync = pick(d, 0, f.Extra+d.gap(long/2))
		d.add(f)
		at += f.For + d.gap(2*long)
	}
	return func(at Time) {
		if d.IntN(2) == 0 { // one is back, with a tail that nobody else has, as the next one goes
			first := long*pick[Time](d, 2, 3, 4)/2 + d.gap(long/2)
			if slow {
				d.add(Fault{At: at, Kind: SlowDisk, For: first + long, Extra: long/2 + d.gap(first)})
			}
			d.add(Fault{At: at, Kind: Isolate, For: first},
				Fault{At: at + first - min(first/2, d.gap(long/4)), Kind: pick(d, Isolate, Pause, Crash), For: long + d.gap(long)})
			return
		}
		f := Fault{At: at, Kind: pick(d, Isolate, Isolate, Pause, Crash), For: long*pick[Time](d, 1, 2, 4)/2 + d.gap(long)}
		if slow {
			d.add(Fault{At: at, Kind: SlowDisk, For: f.For, Extra: d.gap(long)})
		}
		d.add(f)
	}
}

func (d *drawer) latecomers() func(at Time) {
	c := d.c
	d.mean = c.ElectionMax
	again := 1 + d.IntN(c.Nodes) // who comes back, time and again
	if d.IntN(4) > 0 {
		d.add(Fault{Kind: Drift, Node: again, For: c.Span, P: pick[float64](d, 1, 3)})
	}
	return func(at Time) {
		if d.IntN(2) == 0 {
			d.parted(at, again)
			return
		}
		f := Fault{At: at, Kind: pick(d, Slow, Slow, Slow, Crash, Isolate), Node: 1 + d.IntN(c.Nodes), For: d.gap(4 * c.ElectionMax), Extra: d.gap(c.ElectionMax * pick[Time](d, 1, 2, 4) / 2)}
		if f.Kind != Slow {
			f.Node, f.For, f.Extra = again, pick(d, 0, d.gap(c.ElectionMax/2)), 0
		}
		d.add(f)
	}
}

// parted has one node and slow peers accept what the others do not hear of, for about as
// long as it takes these to miss it. One or two of them are quick: with their promises it
// may lead again before the slow ones have answered what it proposed before.
func (d *drawer) parted(at Time, again int) {
	c := d.c
	f := Fault{At: at, Kind: Partition, Side: 1 << (again - 1), For: c.ElectionMin/2 + d.gap(c.ElectionMin/2)}
	quick := min(1+d.IntN(2), c.Nodes-2)
	for i, n := range d.Perm(c.Nodes - 1) {
		peer := 1 + (again+n)%c.Nodes
		if i < quick {
			continue
		}
		if i == c.Nodes-2 || d.IntN(3) == 0 {
			f.Side |= 1 << (peer - 1)
		}
		d.add(Fault{At: at, Kind: Slow, Node: peer, For: 2*f.For + c.ElectionMax, Extra: c.ElectionMax * pick[Time](d, 1, 2, 4)})
	}
	d.add(f)
}

func (d *drawer) crammed() func(at Time) {
	long := d.c.ElectionMax
	d.mean = 2 * long
	return func(at Time) {
		d.add(Fault{At: at, Kind: StalledDisk, For: 2*long + d.gap(long)},
			Fault{At: at + long/2, Kind: pick(d, Isolate, Pause), For: long + d.gap(long/2)})
	}
}

func (d *drawer) remainders() func(at Time) {
	c := d.c
	d.mean = c.ElectionMax
	return func(at Time) {
		victim := 1 + d.IntN(c.Nodes)
		d.add(Fault{At: at, Kind: pick(d, Isolate, Pause, Crash), For: c.ElectionMax + d.gap(c.ElectionMax)},
			Fault{At: at + d.gap(2*c.ElectionMax), Kind: Crash, Node: victim, For: d.gap(c.ElectionMax / 2)})
		if d.IntN(2) == 0 {
			d.add(Fault{At: at, Kind: SlowDisk, Node: victim, For: d.gap(4 * c.ElectionMax), Extra: d.longer(c.Sync + 100*us)})
		}
	}
}

func (d *drawer) relapses() func(at Time) {
	c := d.c
	d.mean = c.ElectionMax / pick[Time](d, 1, 4, 8)
	again := 1 + d.IntN(c.Nodes)
	trip := 2*c.DelayMax + c.Sync + 100*us
	return func(at Time) {
		node := pick(d, 0, again, 1+d.IntN(c.Nodes), 1+d.IntN(c.Nodes))
		slow := trip*pick[Time](d, 1, 2, 4) + d.gap(4*trip)
		crash := d.gap(2 * slow)
		long := crash + d.gap(4*trip)
		d.add(Fault{At: at, Kind: SlowDisk, Node: node, For: long, Extra: slow},
			Fault{At: at + crash, Kind: Crash, Node: node, For: pick(d, 0, 0, 0, d.gap(c.DelayMax), d.gap(c.ElectionMax))})
		if node == 0 {
			return
		}
		if d.IntN(2) == 0 {
			d.add(Fault{At: at, Kind: Cut, Node: node, Peer: d.other(node), OneWay: true, For: crash})
		}
		if d.IntN(2) == 0 {
			d.add(Fault{At: at, Kind: Slow, Node: d.other(node), Extra: d.gap(4 * trip), For: long + d.gap(4*trip)})
		}
	}
}
