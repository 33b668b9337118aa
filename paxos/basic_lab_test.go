package paxos

import (
	"bytes"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// lab is a cluster of basic replicas whose messages a test moves by hand, or lets
// travel for a constant time. Disks are instant unless held.
type lab struct {
	t         *testing.T
	cfg       smr.Config
	now       smr.Time
	cores     []*basic // nil = down
	log       [][][]byte
	held      []uint64 // Ready not yet confirmed, if the disk is slow
	slow      []bool
	net       []flight
	delay     smr.Time
	committed [][]smr.Entry
	lost      [][]smr.Tag
	frames    [smr.Kinds]int
	rd        smr.Ready
}

// flight is a frame under way.
type flight struct {
	from, to smr.NodeID
	kind     smr.Kind
	at       smr.Time
	data     []byte
}

const ms = smr.Time(1e6)

func labConfig(n int) smr.Config {
	c := smr.Config{
		Seed: 1, ElectionMin: 150 * ms, ElectionMax: 300 * ms, Heartbeat: 50 * ms,
		MaxFrame: 16 << 10, Inflight: 64 << 10, Retain: 64 << 10,
	}
	for i := range n {
		c.Peers = append(c.Peers, smr.NodeID(i+1))
	}
	return c
}

func newLab(t *testing.T, cfg smr.Config) *lab {
	n := len(cfg.Peers)
	l := &lab{
		t: t, cfg: cfg, cores: make([]*basic, n), log: make([][][]byte, n), held: make([]uint64, n),
		slow: make([]bool, n), committed: make([][]smr.Entry, n), lost: make([][]smr.Tag, n),
	}
	for id := range smr.NodeID(n) {
		l.start(id + 1)
	}
	l.net = l.net[:0] // nobody needs the first heartbeats
	l.frames = [smr.Kinds]int{}
	return l
}

func (l *lab) core(id smr.NodeID) *basic { return l.cores[id-1] }

func (l *lab) start(id smr.NodeID) {
	l.t.Helper()
	cfg := l.cfg
	cfg.ID = id
	core, err := NewBasic(cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	c := core.(*basic)
	if err := c.Restore(0, nil); err != nil {
		l.t.Fatal(err)
	}
	l.cores[id-1], l.committed[id-1] = c, nil
	for _, rec := range l.log[id-1] {
		if err := c.Replay(bytes.Clone(rec)); err != nil {
			l.t.Fatal(err)
		}
	}
	c.Start(l.now)
	l.drain(id)
}

func (l *lab) crash(id smr.NodeID) { l.cores[id-1] = nil }

// drain does what a driver does after inputs.
func (l *lab) drain(id smr.NodeID) {
	c, i := l.core(id), id-1
	for {
		c.Ready(l.now, &l.rd)
		rd := &l.rd
		for _, rec := range rd.Records {
			l.log[i] = append(l.log[i], append(bytes.Clone(rec.Head), rec.Body...))
		}
		for _, f := range rd.Frames {
			l.frames[f.Kind]++
			l.net = append(l.net, flight{id, f.To, f.Kind, l.now + l.delay, append(bytes.Clone(f.Head), f.Body...)})
		}
		for _, e := range rd.Committed {
			e.Data = bytes.Clone(e.Data)
			l.committed[i] = append(l.committed[i], e)
		}
		l.lost[i] = append(l.lost[i], rd.Lost...)
		more := rd.More
		if n := len(rd.Committed); n > 0 {
			c.Applied(rd.Committed[n-1].Index)
		}
		if len(rd.Records) > 0 {
			if l.slow[i] {
				l.held[i] = rd.Number
			} else {
				c.Persisted(l.now, rd.Number)
				more = true
			}
		}
		if !more {
			return
		}
	}
}

func (l *lab) persist(id smr.NodeID) {
	l.core(id).Persisted(l.now, l.held[id-1])
	l.drain(id)
}

func (l *lab) propose(id smr.NodeID, values ...string) {
	l.t.Helper()
	for _, v := range values {
		if err := l.core(id).Propose(l.now, tagOf(v), []byte(v)); err != nil {
			l.t.Fatal(err)
		}
	}
	l.drain(id)
}

// tagOf names a proposal by its last byte.
func tagOf(v string) smr.Tag { return smr.Tag(v[len(v)-1]) }

// take removes the frames between two replicas from the net, 0 = any, and returns them.
func (l *lab) take(from, to smr.NodeID) (taken []flight) {
	rest := l.net[:0]
	for _, f := range l.net {
		if (from == 0 || f.from == from) && (to == 0 || f.to == to) {
			taken = append(taken, f)
		} else {
			rest = append(rest, f)
		}
	}
	l.net = rest
	return taken
}

func (l *lab) step(frames []flight) {
	l.t.Helper()
	for _, f := range frames {
		if l.core(f.to) == nil {
			continue
		}
		if err := l.core(f.to).Step(l.now, f.from, f.data); err != nil {
			l.t.Fatal(err)
		}
		l.drain(f.to)
	}
}

// deliver delivers what is under way between two replicas now.
func (l *lab) deliver(from, to smr.NodeID) {
	l.t.Helper()
	l.step(l.take(from, to))
}

// settle delivers until nothing is under way.
func (l *lab) settle() {
	l.t.Helper()
	for len(l.net) > 0 {
		l.step(l.take(0, 0))
	}
}

// run lets frames travel and timers run out until done says so, or for span.
func (l *lab) run(span smr.Time, done func() bool) bool {
	l.t.Helper()
	for end := l.now + span; ; {
		if done() {
			return true
		}
		next := smr.Never
		ticks := smr.NodeID(0)
		if len(l.net) > 0 {
			next = l.net[0].at
		}
		for _, c := range l.cores {
			if c != nil && c.deadline() < next {
				next, ticks = c.deadline(), c.cfg.ID
			}
		}
		if next > end {
			l.now = end
			return done()
		}
		l.now = max(l.now, next)
		if ticks != 0 {
			l.core(ticks).Tick(l.now)
			l.drain(ticks)
			continue
		}
		f := l.net[0]
		l.net = l.net[1:]
		l.step([]flight{f})
	}
}

func (l *lab) wait(span smr.Time) { l.run(span, func() bool { return false }) }

// items lists what frames say.
func (l *lab) items(frames []flight) (items []Item) {
	l.t.Helper()
	for _, f := range frames {
		b, err := ParseBatch(f.data)
		if err != nil {
			l.t.Fatal(err)
		}
		for i := range b.Len() {
			items = append(items, b.Item(i))
		}
	}
	return items
}

// sent checks that exactly the frames given are under way, as items.
func (l *lab) sent(from, to smr.NodeID, want ...Item) {
	l.t.Helper()
	var frames []flight
	for _, f := range l.net {
		if f.from == from && f.to == to {
			frames = append(frames, f)
		}
	}
	got := l.items(frames)
	if len(got) != len(want) {
		l.t.Fatalf("%v to %v: %v, want %v", from, to, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			l.t.Fatalf("%v to %v: %v, want %v", from, to, got, want)
		}
	}
}

// holds checks what a replica has handed out.
func (l *lab) holds(id smr.NodeID, values ...string) {
	l.t.Helper()
	got := l.committed[id-1]
	ok := len(got) == len(values)
	for i := 0; ok && i < len(got); i++ {
		ok = string(got[i].Data) == values[i] && got[i].Index == uint64(i+1)
	}
	if !ok {
		l.t.Fatalf("%v has committed %v, want %q", id, got, values)
	}
}
