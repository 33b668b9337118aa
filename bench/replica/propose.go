package replica

import (
	"errors"
	"fmt"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// tagRing remembers when each of the own proposals that are under way was taken.
// Tags are consecutive and end nearly in order, so a ring does without a map.
type tagRing struct {
	next  smr.Tag
	first smr.Tag // the oldest that may be under way
	taken []smr.Time
}

func (t *tagRing) init() {
	t.next, t.first = 1, 1
	t.taken = make([]smr.Time, 1024)
}

// add names a new proposal.
func (t *tagRing) add(now smr.Time) smr.Tag {
	if int(t.next-t.first) == len(t.taken) {
		grown := make([]smr.Time, 2*len(t.taken))
		for tag := t.first; tag < t.next; tag++ {
			grown[tag%smr.Tag(len(grown))] = t.taken[tag%smr.Tag(len(t.taken))]
		}
		t.taken = grown
	}
	tag := t.next
	t.taken[tag%smr.Tag(len(t.taken))] = now
	t.next++
	return tag
}

// undo takes back the tag that was added last.
func (t *tagRing) undo() { t.next-- }

// end says that tag is no longer under way and returns when it was taken.
func (t *tagRing) end(tag smr.Tag) (taken smr.Time, ok bool) {
	if tag < t.first || tag >= t.next {
		return 0, false
	}
	slot := &t.taken[tag%smr.Tag(len(t.taken))]
	if *slot < 0 {
		return 0, false
	}
	taken, *slot = *slot, -1
	for t.first < t.next && t.taken[t.first%smr.Tag(len(t.taken))] < 0 {
		t.first++
	}
	return taken, true
}

// propose turns the commands that have come into batches and gives them to the
// core: what is queued is drained, up to a limit of count and bytes for each entry.
func (r *Replica) propose(now smr.Time) {
	for {
		if len(r.inbound) == 0 {
			if r.inbound = r.Commands.Swap(); len(r.inbound) == 0 {
				return
			}
			r.taken = now
		}
		n, commands := r.batch()
		// Commit latency runs from when the commands left the mailbox, also if the
		// core had no room for them then.
		err := r.core.Propose(now, r.tags.add(r.taken), r.inbound[:n])
		switch {
		case err == nil:
			if mutant.Enabled && mutant.On(mutant.SessionAnswersEarly) {
				r.answerAll(r.inbound[:n])
			}
			r.Trace.proposes(now, r.tags.next-1, r.inbound[:n])
			r.inbound = r.inbound[n:]
			if r.CPU != nil {
				r.CPU.Proposed(commands, n)
			}
			r.passes(AfterPropose)
		case errors.Is(err, smr.ErrFull):
			r.tags.undo()
			r.stalled = true
			r.Core.Probes.Hit(probe.ReplicaStalled)
			return
		case errors.Is(err, smr.ErrNotLeader):
			r.tags.undo()
			r.Core.Probes.Hit(probe.ReplicaRefused)
			r.refuse()
			return
		default:
			panic(fmt.Sprintf("replica: %v: Propose: %v", r.id, err))
		}
	}
}

// batch measures the next entry in inbound.
func (r *Replica) batch() (bytes, commands int) {
	for bytes < len(r.inbound) && commands < r.Batch {
		c, size, err := command.Next(r.inbound[bytes:])
		if err != nil {
			panic(fmt.Sprintf("replica: %v: a client sent no command", r.id))
		}
		if commands > 0 && bytes+size > r.BatchBytes {
			break
		}
		if mutant.Enabled && commands == 0 && len(r.inbound) > size && mutant.Strike(mutant.SessionEarly) {
			r.answer(command.Answer{Session: c.Session, Seq: c.Seq})
			r.inbound = r.inbound[size:]
			continue
		}
		bytes += size
		commands++
	}
	return bytes, commands
}

// answerAll answers commands before their time: a deliberate bug.
func (r *Replica) answerAll(data []byte) {
	for len(data) > 0 {
		c, size, err := command.Next(data)
		if err != nil {
			return
		}
		if c.Seq%2 == 1 { // not all, or a closed loop would go round without time passing
			r.answer(command.Answer{From: uint32(r.id), Session: c.Session, Seq: c.Seq})
		}
		data = data[size:]
	}
}

// refuse turns away everything that is queued: one notice to each client covers
// all that it has sent here.
func (r *Replica) refuse() {
	for len(r.inbound) > 0 {
		r.inbound = r.Commands.Swap()
	}
	r.notify(command.Answer{Status: command.NotLeader, From: uint32(r.id), Node: uint32(r.rd.Leader)})
}

// answer queues an answer for the client that it belongs to.
func (r *Replica) answer(a command.Answer) { r.answers = a.Append(r.answers) }

// notify tells every client. What was queued before is sent first.
func (r *Replica) notify(a command.Answer) {
	r.flushAnswers()
	notice := a.Append(r.answers[:0])
	for _, c := range r.Clients {
		c.Send(notice)
	}
	r.answers = r.answers[:0]
}

// flushAnswers sends what is queued, each client its own.
func (r *Replica) flushAnswers() {
	if len(r.answers) == 0 {
		return
	}
	if len(r.Clients) == 1 {
		r.Clients[0].Send(r.answers)
	} else {
		for rest := r.answers; len(rest) > 0; rest = rest[command.AnswerSize:] {
			i := int(command.ReadAnswer(rest).Session) % len(r.Clients)
			r.sorted[i] = append(r.sorted[i], rest[:command.AnswerSize]...)
		}
		for i, a := range r.sorted {
			if len(a) > 0 {
				r.Clients[i].Send(a)
				r.sorted[i] = a[:0]
			}
		}
	}
	r.answers = r.answers[:0]
}
