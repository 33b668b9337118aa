package paxos

import (
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/probe"
)

// Ready implements smr.Core.
func (m *MultiPaxos) Ready(now smr.Time, rd *smr.Ready) {
	rd.Reset()
	m.heads = m.heads[:0]
	if m.started {
		m.writeRecords(rd)
		m.answer(rd)
		switch m.role {
		case smr.Leader:
			m.sendAccepts(now, rd)
		case smr.PreCandidate, smr.Candidate:
			m.sendPrepares(now, rd)
		default:
			m.sendAccepted(rd)
			m.sendFetch(now, rd)
		}
		m.snapshots(rd)
		rd.Leader = m.leader
		rd.Deadline = m.deadline()
		rd.Events, m.events = append(rd.Events, m.events...), m.events[:0]
		rd.Lost, m.lost = append(rd.Lost, m.lost...), m.lost[:0]
	}
	rd.Number = m.number
	m.emit(rd)
}

// send adds a frame. Its head is written into a buffer that lasts until the next
// Ready.
func (m *MultiPaxos) send(rd *smr.Ready, to smr.NodeID, kind smr.Kind, head *message, spans []span, body []byte) {
	at := len(m.heads)
	m.heads = appendMessage(m.heads, head, spans)
	rd.Frames = append(rd.Frames, smr.Frame{To: to, Kind: kind, Head: m.heads[at:len(m.heads):len(m.heads)], Body: body})
}

// answer sends what peers wait for, whatever the role. An answer tells the promise
// and therefore waits until it is durable.
func (m *MultiPaxos) answer(rd *smr.Ready) {
	if !m.promiseDurable() {
		return
	}
	m.sendPromise(rd)
	for i := range m.peers {
		p := &m.peers[i]
		if p.rejected != 0 {
			m.send(rd, p.id, smr.Election, &message{typ: msgReject, ballot: p.rejected, other: uint64(m.promised)}, nil, nil)
			p.rejected = 0
		}
		if p.polled != 0 {
			reply := message{typ: msgPollReply, ballot: p.polled, other: uint64(m.promised)}
			if p.granted {
				reply.flags = flagGranted
			}
			m.send(rd, p.id, smr.Election, &reply, nil, nil)
			p.polled = 0
		}
		if m.role == smr.Leader {
			m.serveFetch(rd, p)
		}
	}
}

// snapshots lists who needs what the window no longer holds.
func (m *MultiPaxos) snapshots(rd *smr.Ready) {
	if m.role != smr.Leader {
		if m.pledge.behind && m.pledge.ballot == m.promised {
			rd.SnapshotTo = append(rd.SnapshotTo, m.peers[m.pledge.to].id)
		}
		return
	}
	for i := range m.peers {
		if m.peers[i].snapshot {
			m.reached(probe.MultiSnapshotWanted)
			rd.SnapshotTo = append(rd.SnapshotTo, m.peers[i].id)
		}
	}
}

// deadline is the earliest instant at which Tick has something to do.
func (m *MultiPaxos) deadline() smr.Time {
	d := m.timer.Deadline()
	switch m.role {
	case smr.Leader:
		for i := range m.peers {
			if i != m.self {
				d = min(d, m.peers[i].sentAt+m.cfg.Heartbeat)
			}
		}
		if m.cfg.CheckQuorum {
			d = min(d, m.contacts.LosesQuorum(m.q2, m.cfg.ElectionMin))
		}
	case smr.Candidate:
		d = min(d, m.retryAt)
	case smr.Follower:
		if m.fetching.asked && m.lacks() {
			d = min(d, m.fetching.retryAt)
		}
	}
	return d
}
