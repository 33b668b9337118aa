package elections

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// node is one server, its replica and what that is connected to. It is used again
// in the next trial; the replica and its core are not.
type node struct {
	lab    *lab
	id     smr.NodeID
	now    *replica.Replica // nil: dead
	begun  bool             // its timers run
	timer  timer
	board  replica.Board
	events measure.EventLog

	device device
	port   port
	source source
	cutter *cutter
}

// Send implements [replica.Answers]: an answer for the only client there is.
func (n *node) Send(answers []byte) {
	for ; len(answers) >= command.AnswerSize; answers = answers[command.AnswerSize:] {
		if a := command.ReadAnswer(answers); a.Status == command.Done {
			n.lab.acknowledged()
		}
	}
}

// source holds the commands that a replica finds in its mailbox.
type source struct{ queued, handed []byte }

// offer queues command seq of the only session there is.
func (s *source) offer(seq uint64) {
	at := len(s.queued)
	s.queued = append(s.queued, make([]byte, command.Size(0))...)
	command.Put(s.queued[at:], command.Command{Seq: seq}, 0)
}

// Swap implements [replica.Commands].
func (s *source) Swap() []byte {
	s.queued, s.handed = s.handed[:0], s.queued
	return s.handed
}

func (s *source) reset() { s.queued, s.handed = s.queued[:0], s.handed[:0] }

// port notes when mail from one peer is taken, to see when a heartbeat arrives.
type port struct {
	netsim.Port
	from  smr.NodeID // whose mail is watched
	now   smr.Time   // of the last Poll
	heard smr.Time   // when mail of from was last taken
}

// Poll implements [netsim.Port].
func (p *port) Poll(now smr.Time) {
	p.now = now
	p.Port.Poll(now)
}

// Next implements [netsim.Port].
func (p *port) Next() (netsim.Mail, bool) {
	m, ok := p.Port.Next()
	if ok && m.From == p.from {
		p.heard = p.now
	}
	return m, ok
}

// cutter is a core whose replication frames to some peers are cut: so logs of
// different lengths come about. Heartbeats and votes pass.
type cutter struct {
	smr.Core
	cut []smr.NodeID
}

// Ready implements [smr.Core].
func (c *cutter) Ready(now smr.Time, rd *smr.Ready) {
	c.Core.Ready(now, rd)
	if len(c.cut) == 0 {
		return
	}
	kept := rd.Frames[:0]
	for _, f := range rd.Frames {
		if (f.Kind == smr.Replication || f.Kind == smr.CatchUp) && contains(c.cut, f.To) {
			continue
		}
		kept = append(kept, f)
	}
	rd.Frames = kept
}

func contains(list []smr.NodeID, id smr.NodeID) bool {
	for _, one := range list {
		if one == id {
			return true
		}
	}
	return false
}

// device is the log of a server. Its writes take no time but those that a trial
// models: a candidacy's and a vote's. They run side by side; that of a Ready is
// confirmed when those before it are, because [smr.Core.Persisted] speaks of all
// Readys up to one.
type device struct {
	wal.Log // what no trial comes to: snapshots, faults of the disk
	lab     *lab

	data    []byte // records, each behind its length as u32
	base    int    // start of the newest baseline
	pending []write
	done    write // the last one that is durable
}

// write is a Ready on its way to the disk.
type write struct {
	number uint64
	at     smr.Time // when it is durable
	end    int      // of its records
}

func (d *device) reset() {
	d.data, d.pending = d.data[:0], d.pending[:0]
	d.base, d.done = 0, write{}
}

// Append implements [wal.Log].
func (d *device) Append(now smr.Time, number uint64, sync smr.SyncKind, baseline bool, records []smr.Record) {
	if baseline {
		d.base = len(d.data)
	}
	for _, r := range records {
		d.data = binary.LittleEndian.AppendUint32(d.data, uint32(len(r.Head)+len(r.Body)))
		d.data = append(append(d.data, r.Head...), r.Body...)
	}
	at := now + d.lab.writing(sync)
	if n := len(d.pending); n > 0 {
		at = max(at, d.pending[n-1].at)
	}
	d.pending = append(d.pending, write{number, at, len(d.data)})
}

func (d *device) advance(now smr.Time) {
	n := 0
	for n < len(d.pending) && d.pending[n].at <= now {
		d.done = d.pending[n]
		n++
	}
	d.pending = d.pending[:copy(d.pending, d.pending[n:])]
}

// Poll implements [wal.Log].
func (d *device) Poll(now smr.Time) wal.Progress {
	d.advance(now)
	p := wal.Progress{Number: d.done.number, Next: smr.Never}
	if len(d.pending) > 0 {
		p.Next = d.pending[0].at
	}
	return p
}

// Durable implements [wal.Log].
func (d *device) Durable(now smr.Time) uint64 {
	d.advance(now)
	return uint64(d.done.end - d.base)
}

// Crash implements [wal.Log].
func (d *device) Crash(now smr.Time) {
	d.advance(now)
	d.data, d.pending = d.data[:d.done.end], d.pending[:0]
}

// Recover implements [wal.Log].
func (d *device) Recover(_ func(uint64, []byte, []byte) error, replay func([]byte) error) (wal.Recovery, error) {
	rec := wal.Recovery{Bytes: uint64(len(d.data) - d.base)}
	d.done = write{end: len(d.data)} // Readys number from 1 again
	for data := d.data[d.base:]; len(data) > 0; {
		n := 4 + int(binary.LittleEndian.Uint32(data))
		if err := replay(data[4:n]); err != nil {
			return rec, err
		}
		rec.Records++
		data = data[n:]
	}
	return rec, nil
}

// Stats implements [wal.Log]. It counts nothing: a log as short as that of a trial
// is never compacted.
func (d *device) Stats() wal.Stats { return wal.Stats{} }
