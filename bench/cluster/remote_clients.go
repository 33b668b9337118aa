package cluster

import (
	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/mailbox"
)

// Clients and replicas in different processes talk over a TCP network beside that
// of the replicas, without a link model: a frame is whole commands in one direction,
// whole answers in the other. Worker w of a cluster of n replicas is its member
// n+1+w, so that it is the one that calls.

func workerID(nodes, worker int) smr.NodeID { return smr.NodeID(nodes + 1 + worker) }

const channelClient = 0

// intake is where a replica's commands come from: the mail, read in place.
type intake struct {
	port      netsim.Port
	now       smr.Time // of the turn
	malformed uint64   // frames that were no commands
}

// Swap implements [replica.Commands]. Poll would take away the mail that the replica
// has not done with, so it comes only when the replica asks for more.
func (in *intake) Swap() []byte {
	for polled := false; ; polled = true {
		for m, ok := in.port.Next(); ok; m, ok = in.port.Next() {
			if m.Channel == channelClient && areCommands(m.Data) {
				return m.Data
			}
			in.malformed++
		}
		if polled {
			return nil
		}
		in.port.Poll(in.now)
	}
}

// areCommands reports whether data is one whole command or more.
func areCommands(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	for len(data) > 0 {
		_, n, err := command.Next(data)
		if err != nil {
			return false
		}
		data = data[n:]
	}
	return true
}

// outlet is the way back to one worker.
type outlet struct {
	port netsim.Port
	to   smr.NodeID
	max  int // bytes of a frame
}

// Send implements [replica.Answers]. What is lost with the connection, the client
// asks for again.
func (o outlet) Send(answers []byte) {
	whole := max(o.max/command.AnswerSize, 1) * command.AnswerSize
	for len(answers) > 0 {
		n := min(len(answers), whole)
		o.port.Send(0, o.to, channelClient, nil, answers[:n])
		answers = answers[n:]
	}
}

// speaker is a worker with its connections to the replicas. Both have their turns
// together, so that commands go from the worker's turn straight into the sockets.
type speaker struct {
	worker    *client.Worker
	answers   *mailbox.Box
	boxes     []*mailbox.Box // commands for replica n at n-1
	port      netsim.Port
	connected netsim.Table[bool]
	max       int // bytes of a frame
	malformed uint64
}

// Turn implements actor.
func (s *speaker) Turn(now smr.Time) (wake smr.Time) {
	s.port.PeerChanges(func(id smr.NodeID, up bool) { s.connected.Put(id, up) })
	s.port.Poll(now)
	for m, ok := s.port.Next(); ok; m, ok = s.port.Next() {
		if m.Channel == channelClient && areAnswers(m.Data, uint32(m.From), len(s.boxes), s.worker.Options.Sessions, s.worker.Worker, s.worker.Workers) {
			s.answers.Append(m.Data, nil) // one that finds no room is asked for again
		} else {
			s.malformed++
		}
	}
	wake = s.worker.Turn(now)
	for i, box := range s.boxes {
		for rest := box.Swap(); len(rest) > 0; {
			n := wholeCommands(rest, s.max)
			s.port.Send(now, smr.NodeID(i+1), channelClient, nil, rest[:n])
			rest = rest[n:]
		}
	}
	s.port.Flush(now)
	return min(wake, s.port.Due())
}

// wholeCommands is the length of as many commands from data as fit into size bytes,
// and of one at least.
func wholeCommands(data []byte, size int) (n int) {
	if len(data) <= size {
		return len(data)
	}
	for n < len(data) {
		_, k, err := command.Next(data[n:])
		if err != nil {
			panic("cluster: a client sent no command")
		}
		if n > 0 && n+k > size {
			break
		}
		n += k
	}
	return n
}

// areAnswers reports whether data is whole answers of replica from, one of nodes, to
// a worker.
func areAnswers(data []byte, from uint32, nodes, sessions, worker, workers int) bool {
	if len(data)%command.AnswerSize != 0 || from == 0 || from > uint32(nodes) {
		return false
	}
	for ; len(data) > 0; data = data[command.AnswerSize:] {
		a := command.ReadAnswer(data)
		switch {
		case a.Status > command.Serving || a.From != from || a.Node > uint32(nodes):
			return false
		case a.Status == command.Done && (uint64(a.Session) >= uint64(sessions) || int(a.Session)%workers != worker):
			return false
		}
	}
	return true
}

// nobody is the Waker of a box whose reader has its turn anyway.
type nobody struct{}

func (nobody) Wake() {}
