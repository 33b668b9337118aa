package client

import (
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
)

// answers takes what the replicas have said.
func (w *Worker) answers(now smr.Time) {
	done := false
	for data := w.Answers.Swap(); len(data) >= command.AnswerSize; data = data[command.AnswerSize:] {
		a := command.ReadAnswer(data)
		switch a.Status {
		case command.Done:
			done = w.done(now, a) || done
		case command.Serving:
			w.serving(now, uint16(a.From), a.Term)
		case command.NotLeader:
			w.redirect(now, uint16(a.From), uint16(a.Node))
		case command.Lost:
			w.again(waiting, func(_ int, o *slot) bool { return o.to == uint16(a.From) })
		}
	}
	if done {
		w.Progress.Served.Store(int64(w.served))
	}
	if from := w.Window.From(); done && now >= from {
		w.Gaps.Acknowledged(now - from)
	}
}

// done takes the answer to a command. It reports whether it was the first one.
func (w *Worker) done(now smr.Time, a command.Answer) bool {
	i := int(a.Session) / w.Workers
	s := &w.sessions[i]
	if a.Seq >= s.next || s.acked.Has(a.Seq) {
		w.ledger.Superfluous++ // a retried command is answered as often as it was sent
		return false
	}
	n := i*w.Inflight + int(a.Seq%uint64(w.Inflight))
	o := &w.slots[n]
	if o.fate == free {
		w.ledger.Superfluous++
		return false
	}
	g := &w.groups[i%len(w.groups)]
	if from := uint16(a.From); from != g.to && from != 0 && !w.Leaderless {
		g.to = from // it leads, whatever its silence made us think
	}
	if g.to == o.to {
		g.heard, g.redirects, g.silent = now, 0, false
	}
	g.usual += (now - o.last - g.usual) / 8
	if g.fresh && g.to == o.to && o.last >= g.since {
		g.fresh = false
		w.ledger.Terms = append(w.ledger.Terms, FirstCommit{Term: g.term, Leader: smr.NodeID(g.to), At: now})
	}
	response := now - o.intended
	if w.Window.Has(o.intended) {
		w.ledger.Acknowledged++
		w.ledger.Response.Record(response)
		w.ledger.Service.Record(now - o.first)
		if response > w.Timeout {
			w.ledger.Late++
		}
	}
	if w.Window.Has(now) {
		w.ledger.Throughput++
		w.Progress.Acknowledged.Store(w.ledger.Throughput)
		if response <= w.Timeout {
			w.ledger.Goodput++
		}
		w.Series.Acknowledged(now-w.Window.From(), response, 1)
	}
	if o.key != 0 {
		c := command.Command{Session: a.Session, Seq: a.Seq, Op: o.op, Expect: o.expect}
		w.values[o.key-1] = c.Do(a.Result)
		if w.History != nil {
			w.History.add(Operation{
				Session: a.Session, Key: o.key, ID: c.ID(), Op: o.op, Expect: o.expect,
				Call: o.first, Return: now, Found: a.Result,
			})
		}
	}
	w.served = max(w.served, o.first)
	s.acked.Add(a.Seq)
	o.fate = free
	w.open--
	g.open--
	w.list(i)
	return true
}

// serving hears that a replica leads: everything open goes there.
func (w *Worker) serving(now smr.Time, from uint16, term uint64) {
	if w.Leaderless {
		return
	}
	g := &w.groups[0]
	if term <= g.term {
		return
	}
	g.to, g.term, g.heard, g.redirects = from, term, now, 0
	g.since, g.fresh = now, true
	w.again(waiting, func(_ int, o *slot) bool {
		o.silences = 0
		return true
	})
}

// redirect hears that a replica takes no commands, and whom it holds to do so.
func (w *Worker) redirect(now smr.Time, from, to uint16) {
	w.again(refused, func(_ int, o *slot) bool { return o.to == from })
	for i := range w.groups {
		g := &w.groups[i]
		if g.to != from {
			continue
		}
		g.redirects++
		g.to, g.heard = to, now
		if to == from || g.redirects > 2*len(w.Replicas) {
			g.to = 0 // they disagree: wait for a notice, or the next scan
		}
	}
}

// maxSilences bounds how often the time after which a command is sent again doubles.
const maxSilences = 3

// scan looks for silence. A group that has heard nothing for RetryAfter tries the
// next replica. Commands without an answer for that long, and for several times
// what an answer usually takes, are sent again: under overload answers come late,
// and to ask again for what is only late would be the end of it. What is sent again in
// silence goes to the replica after the one that it went to the last time: else its turn
// might always be that of the same ones, which may be down for good. Each time the wait
// is twice as long as before: an answer counts as one to what was sent last, so that usual
// stays short while a queue of repeated commands grows (Karn and Partridge, "Improving
// Round-Trip Time Estimates", SIGCOMM 1987).
func (w *Worker) scan(now smr.Time) {
	w.scanAt = now + w.RetryAfter/4
	for i := range w.groups {
		g := &w.groups[i]
		if now-g.heard < w.RetryAfter || g.open == 0 {
			continue
		}
		g.redirects = 0
		g.heard, g.silent = now, true
		g.to = g.to%uint16(len(w.Replicas)) + 1
	}
	w.again(waiting, func(n int, o *slot) bool {
		g := &w.groups[n/w.Inflight%len(w.groups)]
		if now-o.last < max(w.RetryAfter, 8*g.usual)<<o.silences {
			return false
		}
		o.silences = min(o.silences+1, maxSilences)
		if g.silent {
			g.to, g.silent = o.to%uint16(len(w.Replicas))+1, false
		}
		return true
	})
}
