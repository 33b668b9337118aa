package smrtest

import (
	"encoding/binary"
	"fmt"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// Toy is the smallest protocol that replicates a log: the member with the lowest
// ID leads for ever. It sends its entries to all, each says up to where it has
// them durable, and what a majority has is committed. It shows how to plug one in.
//
// It tolerates frames that are lost, doubled or late, and followers that crash
// or fall behind. It does not tolerate a crash of the leader: nobody takes over,
// and a restarted leader may give an index to another entry.
var Toy = smr.Protocol{Name: "toy", Doc: "a fixed leader and majority acknowledgements", New: newToy}

// A frame is an index, 8 bytes little endian, and entries as the window encodes
// them. From the leader: what is committed, and entries. From a follower: up to
// where it is durable, with the highest bit set if it is a non-voter. A record is
// entries, or the commit index.
type toy struct {
	cfg                    smr.Config
	log                    *window.Window[struct{}] // no holes: an entry is taken only behind the last
	applied, given, commit uint64                   // by the state machine; handed out as committed; known to be
	written, durable, snap uint64                   // in the durable log or under way; there; in an own snapshot
	number                 uint64                   // of the last Ready with records
	running, ack, baseline bool                     // Start was called; Ready owes an acknowledgement; a Baseline
	deadline               smr.Time                 // leader: when to repeat what was not acknowledged
	match, sent, ever      []uint64                 // leader, by position: durable there, sent since the last repeat, ever sent
	nonVoters              smr.Set                  // leader: they have lost their log, and do not count
	heads                  []byte                   // memory of the heads handed out
}

const nonVoter = 1 << 63

func newToy(cfg smr.Config) (smr.Core, error) {
	n := len(cfg.Peers)
	t := &toy{cfg: cfg, match: make([]uint64, n), sent: make([]uint64, n), ever: make([]uint64, n), deadline: smr.Never}
	t.log = window.New[struct{}](2*cfg.Inflight+4*cfg.Retain+64<<10, 0)
	return t, cfg.Validate()
}

func (t *toy) leads() bool { return t.cfg.ID == t.cfg.Peers[0] }

func (t *toy) Restore(index uint64, _ []byte) error {
	t.log.Release(index)
	t.snap, t.commit, t.given = index, max(t.commit, index), max(t.given, index)
	t.written, t.durable = max(t.written, index), max(t.durable, index)
	return nil
}

func (t *toy) Replay(record []byte) error {
	if len(record) == 8 {
		t.commit = max(t.commit, binary.LittleEndian.Uint64(record))
		return nil
	}
	err := t.append(record)
	t.written, t.durable = t.log.Last(), t.log.Last()
	return err
}

func (t *toy) Start(now smr.Time) {
	if t.running = true; t.leads() {
		t.deadline = now
	}
}

// append takes those of the entries that follow on the last one.
func (t *toy) append(run []byte) (err error) {
	for rest := run; len(rest) > 0; { // an error must change nothing: verify first
		if _, rest, err = window.Decode(rest); err != nil {
			return fmt.Errorf("%w: %w", smr.ErrMalformed, err)
		}
	}
	for len(run) > 0 {
		var e window.Encoded
		if e, run, _ = window.Decode(run); e.Index == t.log.Last()+1 {
			t.log.Put(e.Index, 1, 0, e.Sum, e.Data) // if full, it will be repeated
		}
	}
	return nil
}

func (t *toy) Step(_ smr.Time, from smr.NodeID, frame []byte) error {
	i := t.cfg.Position(from)
	if len(frame) < 8 || i < 0 || t.leads() == (i == 0) {
		return smr.ErrMalformed
	}
	if index := binary.LittleEndian.Uint64(frame); t.leads() && index >= nonVoter {
		t.nonVoters.Add(i)
		t.match[i] = min(index-nonVoter, t.log.Last())
	} else if t.leads() {
		t.match[i] = max(t.match[i], min(index, t.log.Last()))
		t.count()
	} else {
		if err := t.append(frame[8:]); err != nil {
			return err
		}
		t.commit = max(t.commit, min(index, t.log.Last()))
		t.ack = t.ack || t.durable == t.log.Last() // else Persisted will say so
	}
	return nil
}

// count commits what enough members have durable.
func (t *toy) count() {
	for _, need := t.cfg.Quorums(); ; t.commit++ {
		have := 0
		for i, m := range t.match {
			if m > t.commit && !t.nonVoters.Has(i) {
				have++
			}
		}
		if have < need {
			return
		}
	}
}

func (t *toy) Tick(now smr.Time) {
	if now >= t.deadline {
		copy(t.sent, t.match)
		t.ack, t.deadline = true, now+t.cfg.Heartbeat
	}
}

func (t *toy) Propose(_ smr.Time, tag smr.Tag, data []byte) error {
	if !t.leads() {
		return smr.ErrNotLeader
	}
	if t.log.Put(t.log.Last()+1, 1, tag, window.Sum(data), data) == nil {
		return smr.ErrFull
	}
	return nil
}

func (t *toy) Persisted(_ smr.Time, number uint64) {
	for s := t.log.At(t.durable + 1); s != nil && s.Number > 0 && s.Number <= number; s = t.log.At(t.durable + 1) {
		t.durable++
		t.ack = t.ack || !t.leads()
	}
	if t.leads() {
		t.match[0] = t.durable
		t.count()
	}
}

func (t *toy) Applied(index uint64) { t.applied = index; t.trim() }

// Snapshotted makes the next Ready write the log anew.
func (t *toy) Snapshotted(index uint64) { t.snap, t.baseline = index, true; t.trim() }

// trim lets go of what is applied, in a snapshot and beyond Retain.
func (t *toy) trim() {
	for f := t.log.First(); f <= min(t.applied, t.snap) && t.log.Bytes() > t.cfg.Retain; f = t.log.First() {
		t.log.Release(f)
	}
}

func (t *toy) Peer(smr.Time, smr.NodeID, bool)          {}
func (t *toy) Meta(_ uint64, dst []byte) []byte         { return dst }
func (t *toy) Installed(_ smr.Time, i uint64, _ []byte) { t.Restore(i, nil); t.ack = true }

func (t *toy) Status(s *smr.Status) {
	*s = smr.Status{Term: 1, Leader: t.cfg.Peers[0], First: t.log.First(), Last: t.log.Last(), Commit: t.commit, Durable: t.durable}
	if t.leads() {
		s.Role = smr.Leader
	}
}

func (t *toy) Ready(now smr.Time, rd *smr.Ready) {
	rd.Reset()
	rd.Leader, rd.Deadline = t.cfg.Peers[0], t.deadline
	mark := t.given < t.commit
	for ; t.given < t.commit && t.log.Has(t.given+1); t.given++ {
		s := t.log.At(t.given + 1)
		rd.Committed = append(rd.Committed, smr.Entry{Index: t.given + 1, Tag: s.Tag, Sum: s.Sum, Data: t.log.Data(t.given + 1)})
	}
	if !t.running {
		return
	}
	t.heads = t.heads[:0]
	t.write(rd, mark)
	if t.leads() {
		for i := 1; i < len(t.cfg.Peers); i++ {
			t.send(rd, i)
		}
	} else if t.ack && t.cfg.NonVoter {
		rd.Frames = append(rd.Frames, smr.Frame{To: t.cfg.Peers[0], Head: t.head(t.durable + nonVoter)})
	} else if t.ack {
		rd.Frames = append(rd.Frames, smr.Frame{To: t.cfg.Peers[0], Head: t.head(t.durable)})
	}
	t.ack = false
}

func (t *toy) write(rd *smr.Ready, mark bool) {
	next := t.written + 1
	if t.baseline {
		rd.Baseline, t.baseline, mark, next = true, false, true, t.log.First()
	}
	if next > t.log.Last() && !mark {
		return
	}
	t.number++
	rd.Number, rd.Sync = t.number, smr.SyncEntries
	for ; t.written < t.log.Last(); t.written++ {
		t.log.At(t.written + 1).Number = t.number
	}
	for next <= t.log.Last() {
		var run []byte
		run, next = t.log.Run(next, t.log.Last(), t.log.Capacity())
		rd.Records = append(rd.Records, smr.Record{Body: run})
	}
	if mark { // so that a restart applies as it reads
		rd.Records = append(rd.Records, smr.Record{Head: t.head(t.commit)})
	}
}

// send gives the member at position i what it was not sent yet.
func (t *toy) send(rd *smr.Ready, i int) {
	to := t.cfg.Peers[i]
	if t.match[i]+1 < t.log.First() {
		rd.SnapshotTo = append(rd.SnapshotTo, to)
		t.sent[i] = t.log.Last()
	}
	if t.ack && t.sent[i] == t.log.Last() {
		rd.Frames = append(rd.Frames, smr.Frame{To: to, Kind: smr.Heartbeat, Head: t.head(t.commit)})
	}
	for t.sent[i] < t.log.Last() {
		kind := smr.Replication
		if t.sent[i] < t.ever[i] {
			kind = smr.CatchUp
		}
		run, next := t.log.Run(t.sent[i]+1, t.log.Last(), t.cfg.MaxFrame-8)
		rd.Frames = append(rd.Frames, smr.Frame{To: to, Kind: kind, Head: t.head(t.commit), Body: run})
		t.sent[i], t.ever[i] = next-1, max(t.ever[i], next-1)
	}
}

// head is an index as it stands in frames and records.
func (t *toy) head(index uint64) []byte {
	n := len(t.heads)
	t.heads = binary.LittleEndian.AppendUint64(t.heads, index)
	return t.heads[n:]
}
