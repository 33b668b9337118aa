package replica

import (
	"slices"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// turn is one turn, in the order of the package comment.
func (r *Replica) turn(now smr.Time) (wake smr.Time) {
	r.now, r.stalled = now, false
	committed := r.state.Index
	r.passes(TurnBegins)
	more := r.receive(now)
	durable := r.poll(now)
	r.propose(now)
	if now >= r.deadline {
		r.core.Tick(now)
	}
	r.drain(now)
	r.compact(now)
	sending := r.send(now)
	r.Port.Flush(now)
	if len(r.answers) > 0 {
		r.passes(BeforeAnswers)
	}
	r.flushAnswers()
	r.publish()
	r.passes(TurnEnds)
	if more || r.stalled && r.state.Index > committed {
		return now // there is mail left, or room again for what is still queued
	}
	return min(r.deadline, r.Port.Due(), durable, r.nextPoll(now), sending)
}

// nextPoll is when the log has something new; drain may have started a sync. What
// the log confirmed before it failed is durable.
func (r *Replica) nextPoll(now smr.Time) smr.Time {
	p := r.Log.Poll(now)
	if p.Err != nil {
		r.stop(p.Err)
		return smr.Never
	}
	return p.Next
}

// drain carries out what the core wants until it wants nothing more.
func (r *Replica) drain(now smr.Time) {
	rd := &r.rd
	for again := true; again; {
		r.core.Ready(now, rd)
		r.Trace.events(rd.Events) // what is said and written below follows from them
		if len(rd.Records) > 0 {
			r.passes(BeforeAppend)
			r.Trace.logs(now, rd)
			r.Log.Append(now, rd.Number, rd.Sync, rd.Baseline, rd.Records)
			if rd.Baseline {
				r.snapshot.rebased(rd.Records)
			}
			r.passes(AfterAppend)
		}
		for i := range rd.Frames {
			if i > 0 {
				r.passes(BetweenFrames)
			}
			f := &rd.Frames[i]
			r.counters.Sent(f.Kind, len(f.Head)+len(f.Body))
			r.Trace.sends(now, f.To, channelCore, f.Head, f.Body)
			r.Port.Send(now, f.To, channelCore, f.Head, f.Body)
		}
		if len(rd.Frames) > 0 {
			r.passes(AfterFrames)
			if r.Dies != nil && votes(rd.Frames) {
				r.passes(AfterVote)
			}
		}
		for i := range rd.Committed {
			if i > 0 {
				r.passes(BetweenEntries)
			}
			r.apply(&rd.Committed[i])
		}
		if len(rd.Committed) > 0 {
			r.passes(AfterEntries)
			r.Trace.commits(now, rd.Committed[0].Index, r.state)
		}
		r.Events.Add(rd.Events)
		for _, e := range rd.Events {
			if e.Type == smr.Serving {
				r.notify(command.Answer{Status: command.Serving, From: uint32(r.id), Term: e.Term})
			}
		}
		if len(rd.Lost) > 0 {
			for _, tag := range rd.Lost {
				r.tags.end(tag)
			}
			r.notify(command.Answer{Status: command.Lost, From: uint32(r.id)})
		}
		for _, peer := range rd.SnapshotTo {
			r.snapshot.wanted(peer)
		}
		r.deadline = rd.Deadline
		again = rd.More
		if len(rd.Committed) > 0 {
			r.core.Applied(r.state.Index) // from here on rd.Committed is invalid
		}
		if r.persist(now) {
			again = true
		}
	}
}

// votes reports whether frames belong to an election.
func votes(frames []smr.Frame) bool {
	return slices.ContainsFunc(frames, func(f smr.Frame) bool { return f.Kind == smr.Election })
}

// persist tells the core what has become durable.
func (r *Replica) persist(now smr.Time) bool {
	p := r.Log.Poll(now)
	if p.Number <= r.persisted {
		return false
	}
	r.persisted = p.Number
	r.Trace.persists(now, p.Number)
	r.core.Persisted(now, p.Number)
	r.passes(AfterPersisted)
	return true
}

// poll looks at the log at the start of a turn.
func (r *Replica) poll(now smr.Time) smr.Time {
	r.persist(now)
	p := r.Log.Poll(now)
	r.snapshot.durable(now, p.Snapshot)
	return p.Next
}

// apply applies one committed entry and answers the commands in it if they were
// proposed here.
func (r *Replica) apply(e *smr.Entry) {
	before := len(r.answers)
	commands, duplicates := r.state.Commands, r.state.Duplicates
	answers, err := r.state.Apply(*e, e.Tag != 0, r.answers)
	r.answers = answers
	if err != nil {
		r.Trace.at(r.now, broke, e.Index)
		r.Failed(r.id, err)
		return
	}
	if r.state.Duplicates > duplicates {
		r.Core.Probes.Hit(probe.ReplicaDuplicate)
	}
	r.mark()
	if r.CPU != nil {
		r.CPU.Applied(int(r.state.Commands-commands+r.state.Duplicates-duplicates), len(e.Data))
	}
	if e.Tag == 0 {
		return
	}
	taken, ok := r.tags.end(e.Tag)
	if !ok {
		panic("replica: a tag ended twice")
	}
	if n := (len(r.answers) - before) / command.AnswerSize; n > 0 {
		now := r.Clock()
		r.board.chose.Store(int64(now))
		if r.Window.Has(taken) {
			r.commit.RecordN(now-taken, n)
		}
	}
	if r.CPU != nil && r.CPU.Charges() {
		r.flushAnswers() // they leave when the work up to them is done
	}
}

func (r *Replica) mark() {
	if r.Digests != nil && r.Digests.Wants(r.state.Index) {
		r.Digests.Mark(r.id, r.state.Index, r.state.Digest)
	}
}
