package smrtest

import (
	"github.com/consbench/consbench/bench/smr"
)

// turn drains the core, and does with its output what a driver does.
func (r *replica) turn() {
	if r.crashAt == beforeReady {
		r.crash(r.keep)
		return
	}
	r.drain(false)
	if !r.up || r.w.err != nil {
		return
	}
	r.compact()
	if r.w.err == nil {
		r.arm()
	}
}

// drain calls Ready until there is no more. replaying is between two Replays.
func (r *replica) drain(replaying bool) {
	w, rd := r.w, &r.rd
	for n := 1; ; n++ {
		rd.More, rd.Baseline, rd.Leader, rd.Deadline = true, true, 0xdead, 1 // a core resets what it is given
		r.core.Ready(w.now, rd)
		more, deadline := rd.More, rd.Deadline
		if replaying && (len(rd.Records)+len(rd.Frames)+len(rd.Lost)+len(rd.SnapshotTo)+len(rd.Events) > 0) {
			r.fail("Ready between Replays yields more than Committed")
		}
		applied := r.applied
		if !r.consume(rd) || w.err != nil {
			return
		}
		// From here on calls on the core may invalidate what rd holds.
		if r.applied != applied && !w.chance(w.opts.Late) || replaying {
			r.tellApplied()
		}
		if r.wanted != (smr.Set{}) {
			r.transfer()
		}
		if !more {
			r.deadline = deadline
			break
		}
		if n == maxMores {
			r.fail("Ready asks for more without end")
			return
		}
	}
	if replaying {
		return
	}
	r.judge()
	if r.ticked && r.deadline <= w.now {
		r.fail("after Tick the deadline is %v, in the past", r.deadline)
	}
	r.ticked = false
	if r.crashAt == afterTurn {
		r.crash(r.keep)
	}
}

func (r *replica) tellApplied() {
	if r.told < r.applied {
		r.told = r.applied
		r.core.Applied(r.applied)
	}
}

// judge checks what the core says of itself against what it said before.
func (r *replica) judge() {
	was := r.status
	r.core.Status(&r.status)
	st := &r.status
	switch {
	case st.Term < was.Term:
		r.fail("the term falls from %d to %d", was.Term, st.Term)
	case st.Commit < was.Commit:
		r.fail("the commit index falls from %d to %d", was.Commit, st.Commit)
	case st.Commit != r.applied:
		r.fail("commit index %d, but entries up to %d were handed out", st.Commit, r.applied)
	case st.Last < st.Commit || st.First > st.Last+1:
		r.fail("the log is [%d, %d], commit index %d", st.First, st.Last, st.Commit)
	case st.Role == smr.Leader && r.w.Protocol.Leaderless:
		r.fail("leads in a leaderless protocol")
	case st.Leader != r.rd.Leader:
		r.fail("Status knows leader %v, Ready %v", st.Leader, r.rd.Leader)
	case st.Leader != smr.None && r.config.Position(st.Leader) < 0:
		r.fail("knows a stranger as leader: %v", st.Leader)
	}
	if r.baseline > 0 && st.First <= r.baseline+1 {
		r.fail("the Ready after Snapshotted(%d) writes no Baseline, although the window begins at %d", r.baseline, st.First)
	}
	r.baseline = 0
	if r.serving > 0 {
		if before := r.w.check.elected[r.serving]; st.Commit < before {
			r.fail("leader completeness: serves in term %d and knows only %d entries chosen; %d were when it was elected", r.serving, st.Commit, before)
		}
		r.serving = 0
	}
	if r.number > 0 {
		if n := len(r.promised); n == 0 || r.promised[n-1].number < r.number {
			if n > 16 { // only the newest durable one counts
				keep := 0
				for keep < n-1 && r.promised[keep+1].number <= r.synced {
					keep++
				}
				r.promised = r.promised[:copy(r.promised, r.promised[keep:])]
			}
			r.promised = append(r.promised, promise{r.number, st.Term})
		}
	}
}

// consume does what one Ready asks for, in a driver's order: records to the
// log, frames to the network, committed entries to the state machine. It reports
// false if the replica crashed on the way.
func (r *replica) consume(rd *smr.Ready) bool {
	w := r.w
	output := len(rd.Records)+len(rd.Frames) > 0
	if r.baseline > 0 && rd.Baseline {
		r.baseline = 0
	}
	if len(rd.Records) > 0 {
		r.write(rd)
	} else if rd.Baseline {
		r.fail("a Baseline without records")
	}
	for i := range rd.Events {
		e := &rd.Events[i]
		if err := r.event(e); err != nil {
			r.fail("%v", err)
		}
		w.note(uint64(e.Type)<<48 ^ e.Term)
		if w.observe.event != nil {
			w.observe.event(r.config.ID, e)
		}
	}
	if output && r.crashAt == afterAppend {
		r.crash(r.keep)
		return false
	}
	for i := range rd.Frames {
		if r.crashAt == amidSend && i > 0 && w.rng.IntN(len(rd.Frames)) == 0 {
			r.crash(r.keep)
			return false
		}
		w.send(r, &rd.Frames[i])
	}
	if output && (r.crashAt == afterSend || r.crashAt == amidSend) || w.storm != nil && w.storm(r, rd) {
		r.crash(r.keep)
		return false
	}
	for _, tag := range rd.Lost {
		if _, ok := r.open[tag]; !ok {
			r.fail("proposal %d is lost, but is not open here", tag)
		}
		delete(r.open, tag)
		w.note(uint64(tag))
		if w.observe.lost != nil {
			w.observe.lost(r.config.ID, tag)
		}
	}
	for i := range rd.Committed {
		r.apply(&rd.Committed[i])
	}
	for _, id := range rd.SnapshotTo {
		to := r.config.Position(id)
		if to < 0 || to == r.pos {
			r.fail("wants to send a snapshot to %v", id)
			return false
		}
		r.wanted.Add(to)
	}
	return w.err == nil
}

// write appends the records of a Ready to the log.
func (r *replica) write(rd *smr.Ready) {
	w := r.w
	if rd.Number <= r.number {
		r.fail("Ready %d comes after %d", rd.Number, r.number)
	}
	r.number = rd.Number
	for i, rec := range rd.Records {
		if len(rec.Head)+len(rec.Body) == 0 {
			r.fail("writes an empty record")
		}
		r.disk.append(stored{number: rd.Number, baseline: rd.Baseline, start: rd.Baseline && i == 0}, rec.Head, rec.Body)
		w.noteBytes(rec.Head)
		w.noteBytes(rec.Body)
	}
	w.note(rd.Number<<8 | uint64(rd.Sync))
	if w.observe.records != nil {
		w.observe.records(r.config.ID, rd)
	}
	if w.opts.Manual {
		return
	}
	delay := w.draw(w.opts.Sync)
	if rd.Sync == smr.SyncNone {
		if w.rng.IntN(4) > 0 {
			return // with the next that must be durable, or never
		}
		delay *= 10
		r.push(delay, event{kind: evDurable, number: rd.Number})
		return
	}
	r.syncAt = max(r.syncAt, w.now+delay)
	r.push(r.syncAt-w.now, event{kind: evDurable, number: rd.Number})
}

// apply gives a committed entry to the state machine.
func (r *replica) apply(e *smr.Entry) {
	if e.Index != r.applied+1 {
		r.fail("index %d is committed after %d", e.Index, r.applied)
		return
	}
	v := valueOf(e.Data)
	if v.sum != e.Sum {
		r.fail("index %d: checksum %08x, the data has %08x", e.Index, e.Sum, v.sum)
		return
	}
	digest, err := r.w.check.commit(e.Index, r.digest, v)
	if err != nil {
		r.fail("%v", err)
		return
	}
	r.applied, r.digest = e.Index, digest
	if e.Tag != 0 {
		if own, ok := r.open[e.Tag]; !ok || own != v {
			r.fail("index %d is committed as proposal %d, which is not open here as %v", e.Index, e.Tag, v)
		}
		delete(r.open, e.Tag)
		r.w.check.acked++
	}
	r.w.note(digest ^ uint64(e.Tag))
	if r.w.observe.commit != nil {
		r.w.observe.commit(r.config.ID, e)
	}
}
