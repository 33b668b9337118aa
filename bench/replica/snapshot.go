package replica

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// A snapshot travels as the core's meta and then the state's image, in chunks:
//
//	0      8        16        24      32       40
//	+------+--------+---------+-------+--------+---- - -
//	| id   | index  | meta    | total | offset | bytes
//	+------+--------+---------+-------+--------+---- - -
//
// id names the transfer at its sender, meta is the length of the meta, total that
// of both. The receiver answers with what it has: id, bytes (u64 each). It takes
// chunks in order only; what is missing is sent again from there. 0 bytes say that it
// has given the transfer up, or lost it in a crash: the sender begins another.
const (
	chunkHeader = 40
	ackSize     = 16
	chunkWindow = 1 << 20  // bytes under way to a peer
	maxMeta     = 64 << 10 // of a core's meta
)

// outgoing is the transfer of a snapshot to one peer.
type outgoing struct {
	peer   smr.NodeID
	id     uint64 // 0 = not under way
	index  uint64
	meta   int
	bytes  []byte
	sent   int
	acked  int
	resend smr.Time // when to begin again at acked
	wanted bool     // the core has asked for it since the last turn
}

// snapshotter takes, sends and installs snapshots.
type snapshotter struct {
	r    *Replica
	last uint64 // index of the newest own durable snapshot
	mark uint64 // how much had been written to the log when the last one was taken, or its Baseline
	kept uint64 // bytes of the last Baseline
	ids  uint64

	saving  uint64 // index of the snapshot that is being made durable, 0 = none
	foreign bool   // ... and it is a peer's, in bytes
	meta    []byte // scratch; of the snapshot being saved
	image   []byte // scratch; likewise

	out []outgoing

	from     smr.NodeID // whose snapshot is coming in
	id       uint64     // its transfer, 0 = none
	index    uint64
	metaSize int
	total    int
	bytes    []byte   // what has come of it
	heard    smr.Time // when some of it last came
}

// init gives each incarnation its own range of transfers: a peer may still hold
// half of one that was begun before a crash.
func (s *snapshotter) init(r *Replica, incarnation int) {
	s.r, s.ids = r, uint64(incarnation)<<32
}

// threshold is how much is written to the log between two snapshots: twice what
// the core retains, and enough that snapshots and Baselines are not most of what is
// written. Under overload a Baseline repeats a whole window of open entries, which may
// be more than the core retains.
func (s *snapshotter) threshold() uint64 {
	least := s.r.Compact
	if least == 0 {
		least = 1 << 20
	}
	return max(uint64(max(2*s.r.Core.Retain, least, 4*s.imageSize())), s.kept)
}

// rebased notes that a Baseline has just been written. It is no growth of the log:
// else one longer than the threshold would be followed by the next in every turn.
func (s *snapshotter) rebased(records []smr.Record) {
	s.mark, s.kept = s.r.Log.Stats().Bytes, 0
	for _, r := range records {
		s.kept += uint64(len(r.Head) + len(r.Body))
	}
}

func (s *snapshotter) imageSize() int {
	st := s.r.state
	return imageHeader + 24*len(st.Sessions) + 8*len(st.Keys) + 8*command.WindowSize*len(st.results)
}

// compact takes a snapshot if much was logged since the last one.
func (r *Replica) compact(now smr.Time) {
	s := &r.snapshot
	if s.saving != 0 || r.state.Index <= s.last {
		return
	}
	written := r.Log.Stats().Bytes
	if written-s.mark <= s.threshold() {
		return
	}
	s.mark = written
	s.meta = r.core.Meta(r.state.Index, s.meta[:0])
	r.reachedOutOfOrder()
	s.image = r.state.AppendImage(s.image[:0])
	s.saving, s.foreign = r.state.Index, false
	r.save(now)
	if p := r.Log.Poll(now); p.Snapshot >= s.saving {
		s.durable(now, p.Snapshot)
		r.drain(now)
	}
}

// reachedOutOfOrder counts that a snapshot has commands that took effect out of order.
func (r *Replica) reachedOutOfOrder() {
	if r.Core.Probes == nil {
		return
	}
	for i := range r.state.Sessions {
		if r.state.Sessions[i].Seen.Bits != 0 {
			r.Core.Probes.Hit(probe.ReplicaOutOfOrder)
			return
		}
	}
}

// save gives the snapshot that is to be saved to the log.
func (r *Replica) save(now smr.Time) {
	s := &r.snapshot
	r.passes(BeforeSave)
	r.Log.Save(now, s.saving, s.meta, s.image)
	r.passes(AfterSave)
}

// durable says that the snapshot at index is durable.
func (s *snapshotter) durable(now smr.Time, index uint64) {
	if s.saving == 0 || index < s.saving {
		return
	}
	foreign := s.foreign
	s.last, s.saving, s.foreign = index, 0, false
	if !foreign {
		s.r.passes(BeforeBaseline)
		s.r.Trace.at(now, saved, index)
		s.r.core.Snapshotted(index)
		return
	}
	if index <= s.r.state.Index {
		s.r.Core.Probes.Hit(probe.ReplicaSnapshotOvertaken)
		return // the log has brought us further in the meantime
	}
	s.r.passes(BeforeInstall)
	if err := s.r.state.Restore(s.image); err != nil {
		s.r.Trace.at(now, broke, index)
		s.r.Failed(s.r.id, err)
		return
	}
	s.r.counters.Installs++
	s.r.Trace.at(now, installed, index)
	s.r.Core.Probes.Hit(probe.ReplicaSnapshotInstalled)
	s.r.mark()
	s.r.passes(AfterInstall)
	s.r.core.Installed(now, index, s.meta)
}

// wanted notes that the core cannot help peer from its window.
func (s *snapshotter) wanted(peer smr.NodeID) {
	for i := range s.out {
		if s.out[i].peer == peer {
			s.out[i].wanted = true
			return
		}
	}
	s.out = append(s.out, outgoing{peer: peer, wanted: true})
}

// send goes on with every transfer and returns when to look again.
func (r *Replica) send(now smr.Time) smr.Time {
	s := &r.snapshot
	wake := smr.Never
	for i := range s.out {
		o := &s.out[i]
		wanted := o.wanted
		o.wanted = false
		arrived := o.acked == len(o.bytes)
		switch {
		case o.id == 0 && !wanted:
			continue
		case !wanted && (arrived || now >= o.resend):
			if !arrived {
				r.Core.Probes.Hit(probe.ReplicaSnapshotAbandoned)
			}
			o.id = 0 // the peer is past it, or the core no longer leads
			continue
		case o.id == 0 || arrived && now >= o.resend:
			s.begin(now, o) // the first time, or what has arrived there did not help
		case now >= o.resend:
			r.Core.Probes.Hit(probe.ReplicaSnapshotResent)
			o.sent, o.resend = o.acked, now+s.patience()
		}
		window := chunkWindow
		if o.acked == 0 {
			window = 1 // one chunk, until there is a sign that somebody is there
		}
		for o.sent < len(o.bytes) && o.sent-o.acked < window {
			n := min(len(o.bytes)-o.sent, r.Core.MaxFrame-chunkHeader)
			s.sendChunk(now, o, n)
			o.sent += n
		}
		wake = min(wake, o.resend)
	}
	return wake
}

// patience is how long an answer to a chunk may take.
func (s *snapshotter) patience() smr.Time { return max(s.r.Core.ElectionMin, 2*s.r.Core.Heartbeat) }

// begin starts a transfer of the state as it is now.
func (s *snapshotter) begin(now smr.Time, o *outgoing) {
	s.r.Core.Probes.Hit(probe.ReplicaSnapshotSent)
	s.ids++
	o.id, o.index = s.ids, s.r.state.Index
	o.bytes = s.r.core.Meta(o.index, o.bytes[:0])
	o.meta = len(o.bytes)
	o.bytes = s.r.state.AppendImage(o.bytes)
	o.sent, o.acked, o.resend = 0, 0, now+s.patience()
}

func (s *snapshotter) sendChunk(now smr.Time, o *outgoing, n int) {
	var head [chunkHeader]byte
	le := binary.LittleEndian
	le.PutUint64(head[:], o.id)
	le.PutUint64(head[8:], o.index)
	le.PutUint64(head[16:], uint64(o.meta))
	le.PutUint64(head[24:], uint64(len(o.bytes)))
	le.PutUint64(head[32:], uint64(o.sent))
	s.frame(now, o.peer, channelChunk, head[:], o.bytes[o.sent:o.sent+n])
}

func (s *snapshotter) frame(now smr.Time, to smr.NodeID, channel uint8, head, body []byte) {
	s.r.counters.Sent(smr.CatchUp, len(head)+len(body))
	s.r.Trace.sends(now, to, channel, head, body)
	s.r.Port.Send(now, to, channel, head, body)
}

// ack takes the receiver's answer.
func (s *snapshotter) ack(now smr.Time, from smr.NodeID, data []byte) (ok bool) {
	if len(data) != ackSize {
		return false
	}
	id, acked := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
	for i := range s.out {
		o := &s.out[i]
		switch {
		case o.peer != from || o.id != id || acked > uint64(len(o.bytes)):
		case acked == 0 && o.acked > 0:
			s.r.Core.Probes.Hit(probe.ReplicaSnapshotRefused)
			o.id = 0
		case acked > uint64(o.acked):
			o.acked, o.sent = int(acked), max(o.sent, int(acked))
			o.resend = now + s.patience()
		}
	}
	return true
}

// chunk takes a piece of a snapshot. It reports whether it was well formed.
func (s *snapshotter) chunk(now smr.Time, from smr.NodeID, data []byte) (ok bool) {
	if len(data) < chunkHeader {
		return false
	}
	le := binary.LittleEndian
	id, index := le.Uint64(data), le.Uint64(data[8:])
	meta, total, offset := le.Uint64(data[16:]), le.Uint64(data[24:]), le.Uint64(data[32:])
	bytes := data[chunkHeader:]
	// All replicas have the same table sizes: the length is known, not claimed.
	if id == 0 || index == 0 || meta > maxMeta || total != meta+uint64(s.imageSize()) || offset > total || uint64(len(bytes)) > total-offset {
		return false
	}
	switch {
	case from == s.from && id == s.id:
		if index != s.index || int(total) != s.total {
			return false
		}
	case offset != 0:
		s.acknowledge(now, from, id, 0) // the rest of a transfer that was given up here
		return true
	case s.saving != 0 && s.foreign:
		return true // one at a time
	case from != s.from && len(s.bytes) < s.total && now < s.heard+s.patience():
		return true // peers that all begin again with the first chunk would never let one end
	default:
		s.from, s.id, s.index, s.metaSize, s.total = from, id, index, int(meta), int(total)
		s.bytes = s.bytes[:0]
	}
	if int(offset) == len(s.bytes) && len(s.bytes) < s.total {
		s.bytes, s.heard = append(s.bytes, bytes...), now
		if len(s.bytes) == s.total {
			s.install(now)
		}
	}
	s.acknowledge(now, from, id, len(s.bytes))
	return true
}

// acknowledge tells the sender of a transfer how much of it is here.
func (s *snapshotter) acknowledge(now smr.Time, to smr.NodeID, id uint64, bytes int) {
	var head [ackSize]byte
	binary.LittleEndian.PutUint64(head[:], id)
	binary.LittleEndian.PutUint64(head[8:], uint64(bytes))
	s.frame(now, to, channelAck, head[:], nil)
}

// install makes the snapshot that has come in durable; it is applied when it is.
func (s *snapshotter) install(now smr.Time) {
	if s.index <= s.r.state.Index {
		return
	}
	s.meta = append(s.meta[:0], s.bytes[:s.metaSize]...)
	s.image = append(s.image[:0], s.bytes[s.metaSize:]...)
	s.saving, s.foreign = s.index, true
	s.r.save(now)
	s.durable(now, s.r.Log.Poll(now).Snapshot)
}
