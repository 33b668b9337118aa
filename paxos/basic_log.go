package paxos

import (
	"encoding/binary"
	"fmt"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/smr/window"
)

// Records of the durable log, little endian. What an acceptor must remember is the
// highest promise and the highest acceptance of each slot, so the order of records
// matters only for commit marks: a mark vouches for the entries logged before it.
//
//	'P' 0*7, then for each slot 8 bytes slot, 8 bytes ballot promised
//	'E' 0*7, then encoded entries (bench/smr/window): accepted, which promises too
//	'C' 0*7, 8 bytes slot: up to here, what is logged is chosen
//	'B' 0*7, 8 bytes slot: a Baseline begins, on the snapshot at this slot
const (
	basicPromises    = 'P'
	basicEntries     = 'E'
	basicMark        = 'C'
	basicBaseline    = 'B'
	basicRecordHead  = 8
	basicPromiseSize = 16
)

func appendBasicRecord(dst []byte, kind byte) []byte { return append(dst, kind, 0, 0, 0, 0, 0, 0, 0) }

// logPromise asks for the promise of a slot to be logged by the next Ready.
func (c *basic) logPromise(slot uint64, sync smr.SyncKind) {
	in := c.at(slot)
	in.logged, in.dirtyPromise = 0, true
	c.promised = max(c.promised, in.Promised)
	c.soil(slot, in, sync)
}

// logEntry asks for the entry of a slot to be logged by the next Ready.
func (c *basic) logEntry(slot uint64, sync smr.SyncKind) {
	in := c.at(slot)
	in.dirtyEntry = true
	if in.Promised == in.Accepted {
		in.logged, in.dirtyPromise = 0, false // one record for both
	}
	c.promised = max(c.promised, in.Promised)
	c.soil(slot, in, sync)
}

func (c *basic) soil(slot uint64, in *instance, sync smr.SyncKind) {
	c.sync = max(c.sync, sync)
	if !in.queued {
		in.queued = true
		c.dirty.push(slot)
	}
}

// records writes what changed. Ready numbers them c.number+1.
func (c *basic) records(rd *smr.Ready) {
	if c.baseline && c.snapshot+1 >= c.log.First() {
		c.writeBaseline(rd)
	} else if c.baseline {
		c.reached(probe.BasicBaselineGivenUp)
	}
	if c.baseline {
		c.baseline = false
		c.unpin(c.snapshot)
		c.trim()
	}
	n := min(c.dirty.len(), basicMaxDirty)
	if n > 0 {
		c.writePromises(rd, n)
		c.writeEntries(rd, n)
		c.dirty.drop(n)
	}
	rd.Sync = max(rd.Sync, c.sync)
	if c.dirty.len() == 0 {
		c.sync = smr.SyncNone
	}
}

// writePromises logs the promises of the first n dirty slots in one record.
func (c *basic) writePromises(rd *smr.Ready, n int) {
	start := len(c.buf)
	c.buf = appendBasicRecord(c.buf, basicPromises)
	for k := range n {
		slot := *c.dirty.at(k)
		if !c.holds(slot) {
			continue
		}
		if in := c.at(slot); in.dirtyPromise {
			c.buf = appendBasicPromise(c.buf, slot, in.Promised)
			in.logged, in.dirtyPromise = c.number+1, false
		}
	}
	c.record(rd, start, basicRecordHead)
}

func appendBasicPromise(dst []byte, slot uint64, b Ballot) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, slot), uint64(b))
}

// record adds c.buf[start:] as a record if it is longer than empty bytes.
func (c *basic) record(rd *smr.Ready, start, empty int) {
	if head := c.buf[start:len(c.buf):len(c.buf)]; len(head) > empty {
		rd.Records = append(rd.Records, smr.Record{Head: head})
	}
}

// writeEntries logs the entries of the first n dirty slots, neighbours in one record.
func (c *basic) writeEntries(rd *smr.Ready, n int) {
	for k := 0; k < n; k++ {
		lo := *c.dirty.at(k)
		if !c.holds(lo) {
			continue
		}
		c.at(lo).queued = false
		if !c.at(lo).dirtyEntry {
			continue
		}
		hi := lo
		for m := k + 1; m < n && *c.dirty.at(m) == hi+1 && c.holds(hi+1) && c.at(hi+1).dirtyEntry; m++ {
			hi++
		}
		next := c.writeRun(rd, lo, hi)
		k += int(next-lo) - 1
	}
}

// writeRun logs the entries of slots from lo on, up to hi, that lie behind one
// another, and returns the slot after the last one logged.
func (c *basic) writeRun(rd *smr.Ready, lo, hi uint64) (next uint64) {
	run, next := c.log.Run(lo, hi, basicMaxBytes)
	for slot := lo; slot < next; slot++ {
		in, s := c.at(slot), c.log.At(slot)
		if in.dirtyEntry {
			s.Number = c.number + 1
			if in.Promised == in.Accepted {
				in.logged = c.number + 1
			}
		}
		in.dirtyEntry, in.queued = false, false
	}
	start := len(c.buf)
	c.buf = appendBasicRecord(c.buf, basicEntries)
	rd.Records = append(rd.Records, smr.Record{Head: c.buf[start:len(c.buf):len(c.buf)], Body: run})
	return next
}

// mark logs how far the log is chosen.
func (c *basic) mark(rd *smr.Ready) {
	if c.frontier <= c.marked {
		return
	}
	c.marked = c.frontier
	start := len(c.buf)
	c.buf = appendBasicRecord(c.buf, basicMark)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, c.frontier)
	c.record(rd, start, 0)
}

// writeBaseline logs all that is needed beside the snapshot. What was durable stays
// so: the older records go only when these are durable.
func (c *basic) writeBaseline(rd *smr.Ready) {
	rd.Baseline, rd.Sync = true, smr.SyncEntries
	start := len(c.buf)
	c.buf = appendBasicRecord(c.buf, basicBaseline)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, c.snapshot)
	c.record(rd, start, 0)

	start = len(c.buf)
	c.buf = appendBasicRecord(c.buf, basicPromises)
	for slot := max(c.snapshot, c.frontier) + 1; slot <= c.used && c.holds(slot); slot++ {
		in := c.at(slot)
		if !in.chosen && in.Promised > in.Accepted {
			c.buf = appendBasicPromise(c.buf, slot, in.Promised)
			if in.dirtyPromise {
				in.logged = c.number + 1
			}
		}
	}
	c.record(rd, start, basicRecordHead)
	for slot := c.snapshot + 1; slot <= c.log.Last(); {
		if !c.log.Has(slot) {
			slot++
			continue
		}
		slot = c.writeRun(rd, slot, c.log.Last())
	}
	for c.dirty.len() > 0 {
		if slot := c.dirty.pop(); c.holds(slot) {
			in := c.at(slot)
			in.queued, in.dirtyPromise = false, false
		}
	}
	c.marked = 0
	if c.frontier > c.snapshot {
		c.mark(rd)
	} else {
		c.marked = c.frontier
	}
}

// Snapshotted implements smr.Core. No Baseline is written if the window was so full
// meanwhile that it had to let go of what it needs: the next snapshot gives one.
func (c *basic) Snapshotted(index uint64) {
	if index < c.snapshot || index > c.applied {
		return
	}
	c.baseline, c.snapshot = true, index
}

// Installed implements smr.Core.
func (c *basic) Installed(now smr.Time, index uint64, meta []byte) {
	if index <= c.applied {
		return
	}
	for slot := c.log.First(); slot <= min(index, c.log.Limit()); slot++ {
		if p := c.at(slot).attempt; p != nil {
			c.reached(probe.BasicInstalledProposing)
			seq, offered := p.value, p.offered
			c.dismiss(p)
			switch {
			case seq == 0:
			case offered: // the snapshot does not tell which value was chosen
				c.reached(probe.BasicTagsLost)
				tag, _, _ := c.values.get(seq)
				c.lost = append(c.lost, tag)
				c.values.settle(seq)
			default:
				c.homeless.push(seq)
			}
		} else if s := c.log.At(slot); s != nil && slot > c.delivered && s.Tag != 0 {
			c.lost = append(c.lost, s.Tag)
		}
	}
	c.standAt(index, meta)
	c.baseline, c.snapshot = true, index
	c.rehouse(now)
	c.watch(now)
}

// standAt puts the replica behind a snapshot.
func (c *basic) standAt(index uint64, meta []byte) {
	c.release(index)
	c.base = 0
	if len(meta) == 8 {
		c.base = Ballot(binary.LittleEndian.Uint64(meta))
	}
	c.applied, c.delivered, c.retained = index, index, 0
	c.frontier, c.used = max(c.frontier, index), max(c.used, index)
	c.marked = max(c.marked, index)
	c.unpin(index)
	if index > c.lastSlot {
		c.lastSlot, c.last = index, c.base
	}
	c.advance()
}

// Restore implements smr.Core.
func (c *basic) Restore(index uint64, meta []byte) error {
	if index == 0 {
		return nil
	}
	if len(meta) != 8 {
		return malformed("snapshot meta of %d bytes", len(meta))
	}
	c.standAt(index, meta)
	c.snapshot = index
	return nil
}

// Replay implements smr.Core.
func (c *basic) Replay(record []byte) error {
	if len(record) < basicRecordHead {
		return malformed("record of %d bytes", len(record))
	}
	kind, rest := record[0], record[basicRecordHead:]
	switch {
	case kind == basicPromises && len(rest)%basicPromiseSize == 0:
		for ; len(rest) > 0; rest = rest[basicPromiseSize:] {
			slot, b := binary.LittleEndian.Uint64(rest), Ballot(binary.LittleEndian.Uint64(rest[8:]))
			if err := c.replayPromise(slot, b); err != nil {
				return err
			}
		}
		return nil
	case kind == basicEntries:
		for len(rest) > 0 {
			e, tail, err := window.Decode(rest)
			if err != nil {
				return malformed("entry in the log: %v", err)
			}
			if err := c.replayEntry(e); err != nil {
				return err
			}
			rest = tail
		}
		return nil
	case kind == basicMark && len(rest) == 8:
		return c.replayMark(binary.LittleEndian.Uint64(rest))
	case kind == basicBaseline && len(rest) == 8:
		if index := binary.LittleEndian.Uint64(rest); index > c.snapshot {
			return malformed("the log builds on a snapshot at %d, the newest is at %d", index, c.snapshot)
		}
		return nil
	}
	return malformed("record %q of %d bytes", kind, len(record))
}

// reach makes the window reach a slot of the log that is basicReplayed.
func (c *basic) reach(slot uint64, b Ballot) error {
	if !b.valid() {
		return malformed("ballot %d in the log", uint64(b))
	}
	for slot > c.log.Limit() && c.log.First() <= c.applied {
		c.release(c.log.First())
	}
	if slot > c.log.Limit() {
		return fmt.Errorf("paxos: slot %d of the log is beyond the window [%d, %d]: is Retain or Inflight smaller than it was, or nothing applied?",
			slot, c.log.First(), c.log.Limit())
	}
	c.used = max(c.used, slot)
	c.promised = max(c.promised, b)
	return nil
}

func (c *basic) replayPromise(slot uint64, b Ballot) error {
	if slot < c.log.First() {
		return nil
	}
	if err := c.reach(slot, b); err != nil {
		return err
	}
	in := c.at(slot)
	if !(mutant.Enabled && mutant.On(mutant.BasicForgetsPromise)) {
		in.Promised = max(in.Promised, b)
	}
	in.logged = basicReplayed
	return nil
}

func (c *basic) replayEntry(e window.Encoded) error {
	b := Ballot(e.Ballot)
	if e.Index < c.log.First() {
		return nil
	}
	if err := c.reach(e.Index, b); err != nil {
		return err
	}
	in := c.at(e.Index)
	if b < in.Accepted {
		return nil
	}
	fits := c.put(e.Index, b, e.Sum, e.Data, true)
	if !fits {
		c.log.Pack() // all of it was in the log at once, laid out in another way
		fits = c.put(e.Index, b, e.Sum, e.Data, true)
	}
	if !fits {
		return fmt.Errorf("paxos: the window of %d bytes has no room for slot %d of the log", c.log.Capacity(), e.Index)
	}
	in.Accepted, in.Promised = b, max(in.Promised, b)
	in.logged = basicReplayed
	c.log.At(e.Index).Number = basicReplayed
	return nil
}

func (c *basic) replayMark(index uint64) error {
	for slot := max(c.frontier+1, c.log.First()); slot <= index; slot++ {
		if !c.log.Has(slot) {
			return malformed("slot %d is marked as chosen but not logged", slot)
		}
		in := c.at(slot)
		in.chosen = true
		if slot > c.lastSlot {
			c.lastSlot, c.last = slot, in.Accepted
		}
	}
	c.advance()
	c.marked = max(c.marked, c.frontier)
	return nil
}
