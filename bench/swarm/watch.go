package swarm

import (
	"encoding/binary"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// Inspector is what a core may offer to a judge. Without it, what a restarted replica
// holds is not compared with what it had made durable.
type Inspector interface {
	// Slot is the entry that the core holds at index.
	Slot(index uint64) (ballot uint64, sum uint32, ok bool)
}

// Voter is what a core with elections may offer to a judge: the term it is in and
// whom it voted for there, None if nobody.
type Voter interface {
	Vote() (term uint64, to smr.NodeID)
}

// node is one replica as the judge knows it, in all its incarnations. It stands in
// for the core: it passes on every call and looks at what comes of it.
type node struct {
	*judge
	id     smr.NodeID
	core   smr.Core
	cfg    smr.Config
	voter  Voter
	status smr.Status

	incarnation int
	started     bool
	committed   uint64 // last entry handed out
	tags        map[smr.Tag]bool
	hints       []smr.NodeID // peers that have crashed and come back, of which the core is not told yet

	written []slot    // written[i-1] is the entry last written to index i
	durable []slot    // likewise, of what is known to be durable
	base    uint64    // everything up to here is durable in a snapshot, or was before a crash
	saved   uint64    // index of the newest durable snapshot
	pending []written // not yet known to be durable, in order of Number
	unsure  []written // likewise when the last incarnation ended: the log may have kept them
	stand   standing  // as of the last Ready that is durable
	pledges []standing
	floor   uint64  // Status.Durable after the last Ready
	checked uint64  // up to here what counts as durable is
	heard   smr.Set // who has sent it something since it began to campaign
	lost    bool    // it has lost its log, once: it is in no quorum any more
}

type slot struct {
	ballot uint64
	sum    uint32
}

type written struct {
	number   uint64
	index    uint64
	proposal int32
	slot
}

// standing is the term and vote that a Ready has logged.
type standing struct {
	number uint64
	term   uint64
	vote   smr.NodeID
}

// begin takes the next incarnation's core.
func (n *node) begin(core smr.Core, cfg smr.Config) {
	n.core, n.cfg = core, cfg
	n.voter, _ = core.(Voter)
	n.incarnation++
	n.started = false
	n.tags = make(map[smr.Tag]bool)
	n.unsure = append(n.unsure[:0], n.pending...)
	n.pending, n.pledges = n.pending[:0], n.pledges[:0]
	n.written = append(n.written[:0], n.durable...)
	n.committed, n.checked, n.hints = 0, 0, n.hints[:0]
	n.status = smr.Status{}
}

// forget is the loss of the log: nothing that was durable binds this replica any more.
func (n *node) forget() {
	n.lost = true
	n.durable, n.pending, n.unsure = n.durable[:0], n.pending[:0], n.unsure[:0]
	n.base, n.saved, n.floor, n.stand = 0, 0, 0, standing{}
}

func (n *node) position() int { return int(n.id) - 1 }

// at is the slot of index in s, which grows as needed.
func at(s *[]slot, index uint64) *slot {
	for uint64(len(*s)) < index {
		*s = append(*s, slot{})
	}
	return &(*s)[index-1]
}

// ballotAt is the term or ballot of the entry last written at index, 0 if unknown.
func (n *node) ballotAt(index uint64) uint64 {
	if index == 0 || index <= n.base || index > uint64(len(n.written)) {
		return 0
	}
	return n.written[index-1].ballot
}

// keeps reports whether an entry would outlive a crash here.
func (n *node) keeps(index uint64, sum uint32) bool {
	return !n.lost && (index <= n.base || index <= uint64(len(n.durable)) && n.durable[index-1] != slot{} && n.durable[index-1].sum == sum)
}

// Restore implements smr.Core.
func (n *node) Restore(index uint64, meta []byte) error {
	if index < n.saved {
		n.fail(Regression, n.id, "comes back with a snapshot at %d, one at %d was durable", index, n.saved)
	}
	if index > n.saved {
		n.floor = min(n.floor, index) // a peer's, installed as it died: what lay behind may have gone (Raft paper, section 7)
	}
	n.base, n.saved, n.committed = index, index, index
	return n.core.Restore(index, meta)
}

// Replay implements smr.Core.
func (n *node) Replay(record []byte) error { return n.core.Replay(record) }

// Start implements smr.Core.
func (n *node) Start(now smr.Time) {
	n.now = n.clock()
	n.core.Start(now)
	n.started = true
	n.core.Status(&n.status)
	n.record.starts(n)
	if n.incarnation > 1 {
		n.returned()
	}
}

// returned judges what a replica holds after a crash.
func (n *node) returned() {
	st := &n.status
	if st.Term < n.stand.term && !n.protocol.Leaderless { // without leaders it is the highest ballot of many slots
		n.fail(Regression, n.id, "restarts in term or ballot %d, %d was durable", st.Term, n.stand.term)
	}
	if st.Durable < n.floor {
		n.fail(Regression, n.id, "restarts with entries up to %d, %d was durable", st.Durable, n.floor)
	}
	if n.voter != nil {
		if term, to := n.voter.Vote(); term == n.stand.term && n.stand.vote != smr.None && to != n.stand.vote {
			n.fail(Regression, n.id, "has voted for %v in term %d, and after a restart for %v", n.stand.vote, term, to)
		}
	}
	// The log may have kept what this replica had not been told of.
	if st.Term > n.stand.term {
		n.stand = standing{term: st.Term}
	}
	if n.voter != nil && st.Term == n.stand.term {
		n.stand.term, n.stand.vote = n.voter.Vote()
	}
	n.pledge(&n.stand)
	slots, ok := n.core.(Inspector)
	if !ok {
		return
	}
	for i := max(n.base+1, st.First); i <= uint64(len(n.durable)); i++ {
		was := n.durable[i-1]
		ballot, sum, ok := slots.Slot(i)
		switch {
		case was == slot{} || !ok && n.protocol.LogMatching: // cut off since, or never there
		case !ok:
			n.fail(Regression, n.id, "index %d of ballot %d was durable and is gone after a restart", i, was.ballot)
		case ballot < was.ballot && !n.protocol.LogMatching:
			n.fail(Regression, n.id, "index %d was durable under ballot %d, after a restart it is of %d", i, was.ballot, ballot)
		case ballot == was.ballot && sum != was.sum:
			n.fail(Regression, n.id, "index %d of term or ballot %d is another entry after a restart", i, ballot)
		}
	}
	// What the log has kept without this replica having been told is durable, too; below
	// First it has been chosen and applied, and nothing is known of its terms.
	n.base = max(n.base, st.First-1)
	n.durable = n.durable[:min(uint64(len(n.durable)), max(st.Last, n.base))]
	for i := max(n.base+1, st.First); i <= st.Last; i++ {
		if ballot, sum, ok := slots.Slot(i); ok {
			*at(&n.durable, i) = slot{ballot, sum}
			n.accepted(n.places[place{i, ballot}])
		}
	}
	n.written = append(n.written[:0], n.durable...)
}

// Step implements smr.Core.
func (n *node) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	n.now = n.clock()
	n.input()
	n.note(uint64(now)<<16 ^ uint64(from)<<8 ^ uint64(n.id))
	n.noteBytes(frame)
	n.record.arrives(n, from, frame)
	n.heard.Add(int(from) - 1)
	n.hinted(now)
	err := n.core.Step(now, from, frame)
	if err != nil {
		n.fail(Contract, n.id, "refuses a frame that %v has sent: %v", from, err)
	}
	return err
}

// noteBytes folds a frame into the trace: all of what is short, the ends of the rest.
func (j *judge) noteBytes(b []byte) {
	j.note(uint64(len(b)))
	for len(b) >= 8 {
		j.note(binary.LittleEndian.Uint64(b))
		if len(b) > 256 {
			b = b[len(b)-128:]
		} else {
			b = b[8:]
		}
	}
}

// Tick implements smr.Core.
func (n *node) Tick(now smr.Time) {
	n.now = n.clock()
	n.input()
	n.note(uint64(now)<<8 | uint64(n.id))
	n.hinted(now)
	n.core.Tick(now)
}

// hinted tells the core what happened to its connections.
func (n *node) hinted(now smr.Time) {
	for _, id := range n.hints {
		n.core.Peer(now, id, false)
		n.core.Peer(now, id, true)
	}
	n.hints = n.hints[:0]
}

// Propose implements smr.Core.
func (n *node) Propose(now smr.Time, tag smr.Tag, data []byte) error {
	n.now = n.clock()
	n.input()
	err := n.core.Propose(now, tag, data)
	if err == nil {
		n.proposed[valueOf(data)]++
		n.tags[tag] = true
		n.record.proposes(n, data)
	}
	return err
}

// Peer implements smr.Core.
func (n *node) Peer(now smr.Time, id smr.NodeID, up bool) { n.core.Peer(now, id, up) }

// Persisted implements smr.Core.
func (n *node) Persisted(now smr.Time, number uint64) {
	n.now = n.clock()
	done := 0
	for ; done < len(n.pending) && n.pending[done].number <= number; done++ {
		w := &n.pending[done]
		*at(&n.durable, w.index) = w.slot
		n.accepted(w.proposal)
	}
	n.pending = append(n.pending[:0], n.pending[done:]...)
	done = 0
	for ; done < len(n.pledges) && n.pledges[done].number <= number; done++ {
		if p := &n.pledges[done]; p.term != n.stand.term || p.vote != n.stand.vote {
			n.pledge(p)
		}
		n.stand = n.pledges[done]
	}
	n.pledges = append(n.pledges[:0], n.pledges[done:]...)
	n.record.persisted(n, number)
	n.core.Persisted(now, number)
}

// accepted notes that an acceptance is durable.
func (n *node) accepted(proposal int32) {
	if !n.cfg.NonVoter {
		n.judge.accepted(proposal, n.position())
	}
}

// pledge notes that a vote or promise is durable.
func (n *node) pledge(s *standing) {
	if !n.cfg.NonVoter && !n.protocol.Leaderless {
		n.pledged(pledge{s.term, s.vote}, n.position())
	}
}

// Applied implements smr.Core.
func (n *node) Applied(index uint64) { n.core.Applied(index) }

// Meta implements smr.Core.
func (n *node) Meta(index uint64, dst []byte) []byte { return n.core.Meta(index, dst) }

// Snapshotted implements smr.Core.
func (n *node) Snapshotted(index uint64) {
	n.base, n.saved = max(n.base, index), max(n.saved, index)
	n.record.snapshot(n, index, false)
	n.core.Snapshotted(index)
}

// Installed implements smr.Core.
func (n *node) Installed(now smr.Time, index uint64, meta []byte) {
	n.now = n.clock()
	n.base, n.saved, n.committed = max(n.base, index), max(n.saved, index), max(n.committed, index)
	n.record.snapshot(n, index, true)
	n.core.Installed(now, index, meta)
}

// Status implements smr.Core.
func (n *node) Status(st *smr.Status) { n.core.Status(st) }

// Ready implements smr.Core.
func (n *node) Ready(now smr.Time, rd *smr.Ready) {
	n.now = n.clock()
	n.core.Ready(now, rd)
	was := n.status
	n.core.Status(&n.status)
	if n.started {
		n.monotonic(&was)
	}
	n.record.events(n, rd.Events) // what is logged and said below follows from them
	if len(rd.Records) > 0 {
		n.logs(rd)
	}
	if n.started { // before that, it is what has been read back so far
		n.floor = n.status.Durable
	}
	n.honest()
	n.unpledged(rd)
	for i := range rd.Frames {
		n.sends(&rd.Frames[i])
	}
	for i := range rd.Committed {
		n.commits(&rd.Committed[i])
	}
	for i := range rd.Events {
		n.event(n, &rd.Events[i])
	}
	for _, tag := range rd.Lost {
		n.ends(tag)
	}
	n.record.helps(n, rd.SnapshotTo)
}

// monotonic judges the status against the one before, in one incarnation.
func (n *node) monotonic(was *smr.Status) {
	st := &n.status
	n.note(st.Term<<32 ^ st.Commit<<8 ^ uint64(st.Role))
	switch {
	case st.Term < was.Term:
		n.fail(Regression, n.id, "term or ballot falls from %d to %d", was.Term, st.Term)
	case st.Commit < was.Commit:
		n.fail(Regression, n.id, "commit index falls from %d to %d", was.Commit, st.Commit)
	case st.Commit > st.Last && st.Commit > n.base:
		n.fail(Contract, n.id, "commit index %d lies beyond the log, which ends at %d", st.Commit, st.Last)
	}
}

// logs takes note of what a Ready writes to the log.
func (n *node) logs(rd *smr.Ready) {
	n.record.writes(n, rd)
	pledge := standing{number: rd.Number, term: n.status.Term}
	if n.voter != nil {
		pledge.term, pledge.vote = n.voter.Vote()
		before := n.stand
		if k := len(n.pledges); k > 0 {
			before = n.pledges[k-1]
		}
		if before.term == pledge.term && before.vote != smr.None && before.vote != pledge.vote {
			n.fail(Regression, n.id, "votes for %v in term %d, having voted for %v", pledge.vote, pledge.term, before.vote)
		}
	}
	n.pledges = append(n.pledges, pledge)
	for i := range rd.Records {
		run := rd.Records[i].Body
		for len(run) >= window.HeaderSize {
			ballot, index := binary.LittleEndian.Uint64(run), binary.LittleEndian.Uint64(run[8:])
			size, sum := binary.LittleEndian.Uint32(run[16:]), binary.LittleEndian.Uint32(run[20:])
			if index == 0 || index > uint64(len(n.written))+1<<20 {
				n.fail(Contract, n.id, "logs an entry at index %d", index)
				return
			}
			if was := at(&n.written, index).ballot; ballot < was && !n.protocol.LogMatching {
				n.fail(Regression, n.id, "accepts slot %d under ballot %d, having accepted it under %d", index, ballot, was)
			}
			id := n.write(n, index, ballot, sum)
			*at(&n.written, index) = slot{ballot, sum}
			n.checked = min(n.checked, index-1)
			n.pending = append(n.pending, written{rd.Number, index, id, slot{ballot, sum}})
			run = run[min(window.EncodedSize(int(size)), len(run)):]
		}
	}
	n.record.logs(n, rd)
}

// honest judges that what counts as durable is: that it was logged as it stands, and that
// this replica has been told so.
func (n *node) honest() {
	for i := max(n.checked, n.base) + 1; i <= min(n.status.Durable, uint64(len(n.written))); i++ {
		if i > uint64(len(n.durable)) || n.durable[i-1] != n.written[i-1] {
			n.fail(Durability, n.id, "index %d counts as durable, and what was written there last is not", i)
		}
	}
	n.checked = n.status.Durable
}

// unpledged judges that no frame leaves in a term or ballot that is not durable here. Only
// a poll may: it tells of none.
func (n *node) unpledged(rd *smr.Ready) {
	if n.protocol.Leaderless || n.status.Term <= n.stand.term {
		return // without leaders each slot has its own promise
	}
	for i := range rd.Frames {
		if f := &rd.Frames[i]; !n.cfg.PreVote || f.Kind != smr.Election {
			n.fail(Durability, n.id, "sends %v a frame in term or ballot %d, and only %d is durable", f.To, n.status.Term, n.stand.term)
			return
		}
	}
}

func (n *node) sends(f *smr.Frame) {
	size := len(f.Head) + len(f.Body)
	if f.To == n.id || n.cfg.Position(f.To) < 0 || size == 0 || size > n.cfg.MaxFrame || f.Kind >= smr.Kinds {
		n.fail(Contract, n.id, "sends a frame of %d bytes of %v to %v", size, f.Kind, f.To)
	}
	n.record.sends(n, f)
}

func (n *node) commits(e *smr.Entry) {
	n.record.commits(n, e)
	if e.Index != n.committed+1 {
		n.fail(Contract, n.id, "hands out index %d after %d", e.Index, n.committed)
	}
	n.committed = e.Index
	if !n.started {
		n.recovered(e)
	}
	n.note(e.Index<<32 ^ uint64(e.Sum))
	n.commit(n, e)
	if e.Tag != 0 {
		n.ends(e.Tag)
	}
}

// recovered takes note of an entry that the log gave back as chosen, and that was
// written over another one of which this replica had been told that it is durable. The
// core may have let go of it by the time it starts.
func (n *node) recovered(e *smr.Entry) {
	for _, w := range n.unsure {
		if w.index == e.Index && w.sum == e.Sum {
			*at(&n.durable, w.index) = w.slot
			n.accepted(w.proposal)
		}
	}
}

// ends judges that a proposal ends once.
func (n *node) ends(tag smr.Tag) {
	if !n.tags[tag] {
		n.fail(Contract, n.id, "proposal %d ends, and is not open", tag)
	}
	delete(n.tags, tag)
}
