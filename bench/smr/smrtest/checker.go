package smrtest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/consbench/consbench/bench/smr"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// value identifies what was proposed or chosen: checksum, length and first bytes.
type value struct {
	sum, size uint32
	prefix    uint64
}

func valueOf(data []byte) value {
	v := value{sum: crc32.Checksum(data, castagnoli), size: uint32(len(data))}
	if len(data) >= 8 {
		v.prefix = binary.LittleEndian.Uint64(data)
	} else {
		for i, b := range data {
			v.prefix |= uint64(b) << (8 * i)
		}
	}
	return v
}

type chosen struct {
	value
	digest uint64 // of the log up to here
}

// checker knows what all replicas in all their incarnations have said, and what
// no two of them may say differently.
type checker struct {
	log      []chosen         // log[i-1] is what index i was first reported as
	proposed map[value]int    // proposals that were taken and not yet chosen
	leader   map[uint64]int16 // by term or ballot: position of its leader
	elected  map[uint64]uint64
	acked    uint64 // proposals that their replica reported as committed
}

func newChecker() checker {
	return checker{
		proposed: make(map[value]int),
		leader:   make(map[uint64]int16),
		elected:  make(map[uint64]uint64),
	}
}

func (c *checker) last() uint64 { return uint64(len(c.log)) }

func (c *checker) digest(index uint64) uint64 {
	if index == 0 {
		return 0
	}
	return c.log[index-1].digest
}

func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func extend(digest, index uint64, v value) uint64 {
	return mix(mix(digest, index), uint64(v.sum)<<32|uint64(v.size))
}

// commit checks one committed entry that follows on digest.
func (c *checker) commit(index, digest uint64, v value) (uint64, error) {
	next := extend(digest, index, v)
	if index <= c.last() {
		if was := c.log[index-1]; was.value != v || was.digest != next {
			return 0, fmt.Errorf("index %d was chosen as %v, now it is %v", index, was.value, v)
		}
		return next, nil
	}
	if v.size > 0 {
		switch n := c.proposed[v]; n {
		case 0:
			return 0, fmt.Errorf("index %d: %v was never proposed, or is chosen more often than it was", index, v)
		case 1:
			delete(c.proposed, v)
		default:
			c.proposed[v] = n - 1
		}
	}
	c.log = append(c.log, chosen{v, next})
	return next, nil
}

// leads notes that the replica at position i leads term.
func (c *checker) leads(term uint64, i int) error {
	if j, ok := c.leader[term]; ok && int(j) != i {
		return fmt.Errorf("term %d has two leaders, position %d and %d", term, j, i)
	}
	c.leader[term] = int16(i)
	return nil
}

func (v value) String() string {
	if v.size == 0 {
		return "no-op"
	}
	return fmt.Sprintf("%d bytes %x with checksum %08x", v.size, v.prefix, v.sum)
}

// event checks one step of an election at the replica r.
func (r *replica) event(e *smr.Event) error {
	c := &r.w.check
	if r.w.Protocol.Leaderless {
		return fmt.Errorf("%v: a leaderless protocol has no elections", e.Type)
	}
	if e.Time > r.w.now || e.Time < r.started {
		return fmt.Errorf("%v at %v lies outside of this incarnation", e.Type, e.Time)
	}
	switch e.Type {
	case smr.TimedOut:
		return nil
	case smr.Campaign:
		if e.Term <= r.campaigned {
			return fmt.Errorf("campaigns in term %d after a campaign in %d", e.Term, r.campaigned)
		}
		r.campaigned = e.Term
	case smr.Elected:
		if _, ok := c.elected[e.Term]; ok {
			return fmt.Errorf("term %d was won before", e.Term)
		}
		c.elected[e.Term] = c.last()
		return c.leads(e.Term, r.pos)
	case smr.Following:
		i := r.config.Position(e.Node)
		if i < 0 || i == r.pos {
			return fmt.Errorf("follows %v", e.Node)
		}
		return c.leads(e.Term, i)
	case smr.Serving:
		if _, ok := c.elected[e.Term]; !ok || c.leader[e.Term] != int16(r.pos) {
			return fmt.Errorf("serves in term %d, which it did not win", e.Term)
		}
		r.serving = e.Term // what it knows is judged when all is drained
	}
	if e.Term == 0 {
		return fmt.Errorf("%v in term 0", e.Type)
	}
	return nil
}

// Slots is what a core may offer for inspection: what it holds at an index, with
// the term or ballot it got it in. A core in a test of its own package gets the
// method from a _test file.
type Slots interface {
	Slot(index uint64) (ballot uint64, sum uint32, ok bool)
}

// inspect compares the logs of all replicas that offer Slots: equal ballots at
// an index mean equal entries; with prefix, also equal entries before (log
// matching: Ongaro and Ousterhout, figure 3).
func (w *World) inspect() error {
	for i, a := range w.replicas {
		sa, ok := a.core.(Slots)
		if !ok || !a.up {
			continue
		}
		for _, b := range w.replicas[i+1:] {
			sb, ok := b.core.(Slots)
			if !ok || !b.up {
				continue
			}
			first := max(a.status.First, b.status.First)
			matched := false
			for x := min(a.status.Last, b.status.Last); x >= first && x > 0; x-- {
				ballotA, sumA, okA := sa.Slot(x)
				ballotB, sumB, okB := sb.Slot(x)
				if !okA || !okB {
					continue
				}
				if ballotA == ballotB && sumA != sumB {
					return fmt.Errorf("%v and %v: index %d differs in term or ballot %d", a.config.ID, b.config.ID, x, ballotA)
				}
				if matched && w.opts.LogMatching && ballotA != ballotB {
					return fmt.Errorf("log matching: %v and %v agree above index %d and differ there", a.config.ID, b.config.ID, x)
				}
				matched = matched || ballotA == ballotB
			}
		}
	}
	return nil
}
