package raft

import (
	"encoding/binary"
	"fmt"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// metaSize is the length of a snapshot's meta: the term of the entry at its index,
// little endian. It is all that the consistency check and the votes need of what
// the snapshot replaces (section 7).
const metaSize = 8

// Meta appends the meta of a snapshot at index, the last applied one. What lies
// behind index stays in the window, room permitting, until the snapshot is durable:
// the Baseline will need it.
func (c *core) Meta(index uint64, dst []byte) []byte {
	if index < c.log.base() || index > c.log.delivered {
		panic(fmt.Sprintf("raft: meta at %d, the window begins behind %d, delivered is %d", index, c.log.base(), c.log.delivered))
	}
	c.pins.add(index)
	term := c.log.term(index)
	if mutant.Enabled && mutant.On(mutant.RaftMetaTerm) {
		term = c.term
	}
	return binary.LittleEndian.AppendUint64(dst, term)
}

func decodeMeta(index uint64, meta []byte) (term uint64, err error) {
	if len(meta) != metaSize {
		return 0, errMeta
	}
	term = binary.LittleEndian.Uint64(meta)
	if !inRange(index, term) || (index == 0) != (term == 0) {
		return 0, errMeta
	}
	return term, nil
}

// Restore begins the log behind the own snapshot.
func (c *core) Restore(index uint64, meta []byte) error {
	if index == 0 {
		return nil
	}
	term, err := decodeMeta(index, meta)
	if err != nil {
		return err
	}
	c.log.reset(index, term)
	c.term = term
	c.snapIndex, c.snapTerm = index, term
	return nil
}

// Replay repeats what one record did. Entries that the log holds already are
// skipped, so that a Baseline may follow on what it repeats; the first one that
// differs replaces all from there on, as it did when it was written.
func (c *core) Replay(b []byte) error {
	r, body, err := decodeRecord(b)
	if err != nil {
		return err
	}
	if r.baseline {
		if r.snapIndex > c.snapIndex {
			return errHole
		}
		if r.snapIndex == c.snapIndex && r.snapTerm != c.snapTerm {
			return errRecord
		}
		c.replayLost = false
	}
	prev := uint64(0)
	for len(body) > 0 {
		var e window.Encoded
		if e, body, err = window.Decode(body); err != nil {
			return errEntry
		}
		if e.Ballot == 0 || e.Ballot > r.term || !inRange(e.Index) || prev != 0 && e.Index != prev+1 ||
			r.baseline && prev == 0 && e.Index != r.snapIndex+1 {
			return errRecord
		}
		prev = e.Index
		if err := c.replayEntry(&e); err != nil {
			return err
		}
	}
	if r.term >= c.term {
		c.term, c.vote = r.term, r.vote
		if mutant.Enabled && mutant.On(mutant.RaftForgetsVote) {
			c.vote = smr.None
		}
	}
	c.log.commit = max(c.log.commit, r.commit)
	return nil
}

func (c *core) replayEntry(e *window.Encoded) error {
	l := &c.log
	switch {
	case e.Index < c.snapIndex:
		return nil
	case e.Index == c.snapIndex:
		// The log may still tell how it was before a peer's snapshot replaced it.
		c.replayLost = e.Ballot != c.snapTerm
		return nil
	case c.replayLost || e.Index <= l.base():
		return nil
	case e.Index > l.last()+1:
		return errHole
	case e.Index <= l.last():
		if l.term(e.Index) == e.Ballot {
			return nil
		}
		if e.Index <= l.applied || e.Index <= l.delivered {
			return errRecord
		}
		c.reached(probe.RaftReplayOverwrites)
		l.commit = min(l.commit, e.Index-1) // a mark ahead of the entries it speaks of
		l.truncate(e.Index)
	}
	if e.Ballot < l.lastTerm() {
		return errRecord
	}
	if !c.appendEntry(e.Ballot, 0, e.Sum, e.Data) {
		return errReplayFull
	}
	l.handed, l.durable = l.last(), l.last()
	return nil
}

// Start ends recovery. The Baseline that a replaced log has missed comes first now:
// without it the next Replay would take what follows for a part of the void tail.
func (c *core) Start(now smr.Time) {
	l := &c.log
	c.baseline = c.replayLost
	l.commit = min(l.commit, l.last())
	c.acks = acks{matched: l.commit}
	c.started = true
	c.election.Restart(now)
}

// Snapshotted plans a Baseline behind the own snapshot at index.
func (c *core) Snapshotted(index uint64) {
	c.pins.drop(index)
	if index > c.log.delivered {
		panic(fmt.Sprintf("raft: snapshot at %d, delivered only %d", index, c.log.delivered))
	}
	if index <= c.snapIndex || index < c.log.base() {
		return
	}
	c.covered(index, c.log.term(index))
}

// covered: a durable snapshot stands for the log up to index.
func (c *core) covered(index, term uint64) {
	l := &c.log
	c.snapIndex, c.snapTerm, c.baseline = index, term, true
	l.handed, l.durable = max(l.handed, index), max(l.durable, index)
	l.confirm(c.persisted)
}

// Installed puts a peer's snapshot in the place of the log up to index. What lies
// behind index stays if the log holds the snapshot's last entry, else all goes
// (section 7). The leader is told at once. It panics on a meta that Meta did not
// make.
func (c *core) Installed(now smr.Time, index uint64, meta []byte) {
	term, err := decodeMeta(index, meta)
	if err != nil {
		panic(err.Error())
	}
	l := &c.log
	if index > l.delivered {
		switch c.role {
		case smr.Leader:
			c.reached(probe.RaftInstalledLeading)
		case smr.Candidate, smr.PreCandidate:
			c.reached(probe.RaftInstalledCampaigning)
		default:
			c.reached(probe.RaftInstalledFollowing)
		}
		if term > c.term {
			c.becomeFollower(now, term, smr.None)
		}
		if index <= l.last() && (l.term(index) == term || mutant.Enabled && mutant.On(mutant.RaftInstallKeepsTail)) {
			c.reached(probe.RaftInstalledTailKept)
			for i := l.delivered + 1; i <= index; i++ {
				if s := l.w.At(i); s.Tag != 0 {
					c.lost = append(c.lost, s.Tag)
				}
			}
			c.commitTo(now, index)
			l.delivered, l.applied = index, index
		} else {
			if c.role == smr.Leader || index <= l.commit {
				panic(fmt.Sprintf("raft: a snapshot at %d contradicts the committed log", index))
			}
			l.reset(index, term)
		}
		c.covered(index, term)
		if c.role == smr.Leader {
			c.advanceCommit(now)
		}
	}
	c.acks.matched = max(c.acks.matched, min(index, l.commit))
	c.acks.now, c.acks.kind = true, smr.CatchUp
	c.shrink(false)
}

// pins are the indexes of snapshots in the making, lowest first; 0 = unused. What
// lies behind the lowest is wanted: by the Baseline, or by the peer that the
// snapshot is for.
type pins [4]uint64

// add notes a snapshot; when there are too many, the newest is forgotten.
func (p *pins) add(index uint64) {
	for i := range p {
		if p[i] == index {
			return
		}
		if p[i] == 0 {
			p[i] = index
			return
		}
	}
}

// drop forgets the snapshots up to index.
func (p *pins) drop(index uint64) {
	n := 0
	for _, v := range p {
		if v > index {
			p[n] = v
			n++
		}
	}
	clear(p[n:])
}

// lowest is the first entry that is wanted.
func (p *pins) lowest() uint64 {
	if p[0] == 0 {
		return maxIndex
	}
	return p[0] + 1
}
