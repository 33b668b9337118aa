package raft

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// The harness: servers, disks and links on virtual time, all driven by one seed.
// It checks after every Ready what no schedule may break.

const ms = smr.Time(1e6)

func testConfig(n int) smr.Config {
	cfg := smr.Config{ID: 1, Seed: 1, ElectionMin: 150 * ms, ElectionMax: 300 * ms, Heartbeat: 50 * ms,
		MaxFrame: 16 << 10, Inflight: 256 << 10, Retain: 64 << 10, PreVote: true, CheckQuorum: true}
	for i := range n {
		cfg.Peers = append(cfg.Peers, smr.NodeID(i+1))
	}
	return cfg
}

// links says what may happen to frames and disks.
type links struct {
	delay, jitter smr.Time
	loss, double  float64
	syncMin, sync smr.Time // time of a log write; 0 = durable at once
	snapshotEvery uint64   // applied entries; 0 = none
}

type stored struct {
	number   uint64
	baseline bool // a Baseline begins with this record
	final    bool // last record of its Ready
	data     []byte
}

type snapshotted struct {
	index uint64
	meta  []byte
	state uint64
}

type server struct {
	id      smr.NodeID
	core    smr.Core
	rd      smr.Ready
	up      bool
	life    int // incarnation
	log     []stored
	durable int // records of log that are durable
	snap    snapshotted
	applied uint64
	state   uint64 // digest of what was applied
	role    smr.Status
	tick    smr.Time

	frames  [smr.Kinds]int // sent
	syncs   [4]int
	mine    map[smr.Tag]int // commits seen under an own tag
	lost    map[smr.Tag]int
	commits []smr.Entry // with views copied, of this incarnation
}

type event struct {
	at  smr.Time
	seq int
	do  func()
}

type world struct {
	t       testing.TB
	seed    uint64
	rng     *rand.Rand
	cfg     smr.Config
	links   links
	now     smr.Time
	events  []event // kept sorted
	seq     int
	servers []*server
	cut     map[[2]smr.NodeID]bool
	filter  func(from, to smr.NodeID, k smr.Kind, frame []byte) bool // false drops

	chosen  []string // by index-1
	states  []uint64 // digest after index, by index-1
	leaders map[uint64]smr.NodeID
	trace   []smr.Event
	by      []smr.NodeID // of trace
	tags    smr.Tag
}

func newWorld(t testing.TB, seed uint64, cfg smr.Config, l links) *world {
	w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 99)), cfg: cfg, links: l,
		cut: map[[2]smr.NodeID]bool{}, leaders: map[uint64]smr.NodeID{}}
	for _, id := range cfg.Peers {
		s := &server{id: id, mine: map[smr.Tag]int{}, lost: map[smr.Tag]int{}}
		w.servers = append(w.servers, s)
		w.start(s)
	}
	return w
}

func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d at %v: %s", w.seed, w.now, fmt.Sprintf(format, args...))
}

func (w *world) after(d smr.Time, do func()) {
	w.seq++
	e := event{w.now + d, w.seq, do}
	i, _ := slices.BinarySearchFunc(w.events, e, func(a, b event) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.seq - b.seq
	})
	w.events = slices.Insert(w.events, i, e)
}

// run lets time pass.
func (w *world) run(d smr.Time) {
	end := w.now + d
	for {
		var next *server
		at := end + 1
		for _, s := range w.servers {
			if s.up && s.tick < at {
				next, at = s, s.tick
			}
		}
		if len(w.events) > 0 && w.events[0].at <= min(at, end) {
			e := w.events[0]
			w.events = slices.Delete(w.events, 0, 1)
			w.now = max(w.now, e.at)
			e.do()
			continue
		}
		if next == nil {
			break
		}
		w.now = max(w.now, at)
		next.core.Tick(w.now)
		w.drain(next)
		if next.tick <= w.now && w.now >= at {
			next.core.Tick(w.now)
			w.drain(next)
			if next.tick <= w.now {
				w.fatalf("%v: deadline %v does not move", next.id, next.tick)
			}
		}
	}
	w.now = end
}

func (w *world) start(s *server) {
	cfg := w.cfg
	s.life++
	cfg.ID, cfg.Seed = s.id, w.seed*1000+uint64(s.life)
	core, err := New(cfg)
	if err != nil {
		w.fatalf("New: %v", err)
	}
	s.core, s.up, s.role, s.commits = core, true, smr.Status{}, nil
	s.applied, s.state = s.snap.index, s.snap.state
	if err := core.Restore(s.snap.index, s.snap.meta); err != nil {
		w.fatalf("%v restore: %v", s.id, err)
	}
	for _, r := range s.log {
		if err := core.Replay(bytes.Clone(r.data)); err != nil {
			w.fatalf("%v replay: %v", s.id, err)
		}
		w.drain(s)
	}
	core.Start(w.now)
	w.drain(s)
}

// crash discards the core and what the disk had not yet, but for a random part.
func (w *world) crash(s *server) {
	s.up = false
	s.life++ // events of the old life no longer count
	keep := s.durable
	if n := len(s.log) - s.durable; n > 0 {
		keep += w.rng.IntN(n + 1)
	}
	s.log = s.log[:keep]
	s.durable = keep
	s.core = nil
}

func (w *world) restart(s *server) {
	if !s.up {
		w.start(s)
	}
}

func (w *world) persisted(s *server, number uint64) {
	n := 0
	from := 0
	for i, r := range s.log {
		if r.number <= number {
			n = i + 1
			if r.baseline {
				from = i
			}
		}
	}
	s.durable = max(s.durable, n)
	s.log = slices.Delete(s.log, 0, from)
	s.durable -= from
	s.core.Persisted(w.now, number)
}

func (w *world) drain(s *server) {
	for more := true; more; {
		s.core.Ready(w.now, &s.rd)
		more = w.take(s)
	}
}

func (w *world) take(s *server) bool {
	rd := &s.rd
	life := s.life
	if (rd.Number != 0) != (len(rd.Records) > 0) {
		w.fatalf("Ready number %d with %d records", rd.Number, len(rd.Records))
	}
	for i, r := range rd.Records {
		s.log = append(s.log, stored{rd.Number, rd.Baseline && i == 0, i == len(rd.Records)-1, slices.Concat(r.Head, r.Body)})
	}
	for _, f := range rd.Frames {
		w.frame(s, f)
	}
	for _, e := range rd.Committed {
		w.apply(s, e)
	}
	for _, tag := range rd.Lost {
		s.lost[tag]++
		if s.lost[tag] > 1 || s.mine[tag] > 0 {
			w.fatalf("%v: tag %d lost %d times, committed %d times", s.id, tag, s.lost[tag], s.mine[tag])
		}
	}
	for _, e := range rd.Events {
		w.trace, w.by = append(w.trace, e), append(w.by, s.id)
		if e.Type == smr.Elected {
			if l, ok := w.leaders[e.Term]; ok {
				w.fatalf("two leaders in term %d: %v and %v", e.Term, l, s.id)
			}
			w.leaders[e.Term] = s.id
		}
	}
	for _, to := range rd.SnapshotTo {
		w.sendSnapshot(s, to)
	}
	s.tick = rd.Deadline
	more, number, sync := rd.More, rd.Number, rd.Sync
	w.check(s)
	if number != 0 {
		s.syncs[sync]++
		if w.links.sync == 0 {
			w.persisted(s, number)
			more = true
		} else if sync != smr.SyncNone || rd.Baseline {
			w.after(w.links.syncMin+smr.Time(w.rng.Int64N(int64(w.links.sync))), func() {
				if s.life == life {
					w.persisted(s, number)
					w.drain(s)
				}
			})
		}
	}
	if n := len(rd.Committed); n > 0 {
		s.core.Applied(s.applied)
		more = true
		if every := w.links.snapshotEvery; every != 0 && s.role.Term != 0 && s.applied/every != s.snap.index/every {
			w.snapshot(s)
		}
	}
	return more
}

// snapshot makes one, which is durable after a while.
func (w *world) snapshot(s *server) {
	snap := snapshotted{s.applied, s.core.Meta(s.applied, nil), s.state}
	life := s.life
	w.after(w.links.sync, func() {
		if s.life == life && snap.index > s.snap.index {
			s.snap = snap
			s.core.Snapshotted(snap.index)
			w.drain(s)
		}
	})
}

func (w *world) sendSnapshot(s *server, to smr.NodeID) {
	if w.rng.IntN(3) != 0 {
		return // it is asked for at every Ready
	}
	snap := snapshotted{s.applied, s.core.Meta(s.applied, nil), s.state}
	t := w.servers[w.cfg.Position(to)]
	if w.cut[[2]smr.NodeID{s.id, to}] {
		return
	}
	w.after(3*w.links.delay, func() {
		if t.up && snap.index > t.applied {
			t.snap, t.applied, t.state = snap, snap.index, snap.state
			t.core.Installed(w.now, snap.index, snap.meta)
			w.drain(t)
		}
	})
}

func (w *world) frame(s *server, f smr.Frame) {
	b := slices.Concat(f.Head, f.Body)
	if len(b) > w.cfg.MaxFrame {
		w.fatalf("a frame of %d bytes", len(b))
	}
	s.frames[f.Kind]++
	if w.filter != nil && !w.filter(s.id, f.To, f.Kind, b) {
		return
	}
	if w.cut[[2]smr.NodeID{s.id, f.To}] || w.rng.Float64() < w.links.loss {
		return
	}
	copies := 1
	if w.rng.Float64() < w.links.double {
		copies = 2
	}
	for range copies {
		d := w.links.delay
		if w.links.jitter > 0 {
			d += smr.Time(w.rng.Int64N(int64(w.links.jitter)))
		}
		t := w.servers[w.cfg.Position(f.To)]
		w.after(d, func() {
			if !t.up {
				return
			}
			if err := t.core.Step(w.now, s.id, b); err != nil {
				w.fatalf("%v refuses a frame of %v: %v", t.id, s.id, err)
			}
			clear(b[len(b):]) // borrowed
			w.drain(t)
		})
	}
}

func (w *world) apply(s *server, e smr.Entry) {
	if e.Index != s.applied+1 {
		w.fatalf("%v commits %d after %d", s.id, e.Index, s.applied)
	}
	if window.Sum(e.Data) != e.Sum {
		w.fatalf("%v: sum of entry %d is wrong", s.id, e.Index)
	}
	what := string(e.Data)
	switch i := int(e.Index) - 1; {
	case i == len(w.chosen):
		w.chosen = append(w.chosen, what)
	case i > len(w.chosen):
		w.fatalf("%v commits %d, nobody had committed %d", s.id, e.Index, len(w.chosen)+1)
	case w.chosen[i] != what:
		w.fatalf("%v commits %q at %d, it was %q", s.id, what, e.Index, w.chosen[i])
	}
	s.applied = e.Index
	h := binary.LittleEndian.AppendUint64(nil, s.state)
	s.state = uint64(window.Sum(append(h, what...)))<<32 | e.Index
	if int(e.Index) > len(w.states) {
		w.states = append(w.states, s.state)
	}
	if w.states[e.Index-1] != s.state {
		w.fatalf("%v: state after %d differs", s.id, e.Index)
	}
	if e.Tag != 0 {
		s.mine[e.Tag]++
		if s.mine[e.Tag] > 1 || s.lost[e.Tag] > 0 {
			w.fatalf("%v: tag %d committed %d times, lost %d times", s.id, e.Tag, s.mine[e.Tag], s.lost[e.Tag])
		}
	}
	e.Data = bytes.Clone(e.Data)
	s.commits = append(s.commits, e)
}

// check holds what may never regress within a life.
func (w *world) check(s *server) {
	var st smr.Status
	s.core.Status(&st)
	old := s.role
	if st.Term < old.Term || st.Commit < old.Commit || st.First < old.First {
		w.fatalf("%v regresses from %+v to %+v", s.id, old, st)
	}
	if st.Durable > st.Last && st.Durable != 0 || st.First > st.Last+1 {
		w.fatalf("%v: %+v", s.id, st)
	}
	if old.Role == smr.Leader && st.Role == smr.Leader && old.Term == st.Term && st.Last < old.Last {
		w.fatalf("%v: a leader removes entries: %+v to %+v", s.id, old, st)
	}
	s.role = st
}

func (w *world) leader() *server {
	var best *server
	for _, s := range w.servers {
		if s.up && s.role.Role == smr.Leader && (best == nil || s.role.Term > best.role.Term) {
			best = s
		}
	}
	return best
}

// elect waits for a leader that serves.
func (w *world) elect() *server {
	w.t.Helper()
	for range 200 {
		w.run(20 * ms)
		if s := w.leader(); s != nil && s.core.(*core).serving {
			return s
		}
	}
	w.fatalf("no leader")
	return nil
}

func (w *world) propose(s *server, data string) (smr.Tag, error) {
	w.tags++
	err := s.core.Propose(w.now, w.tags, []byte(data))
	return w.tags, err
}

func (w *world) mustPropose(s *server, data string) smr.Tag {
	w.t.Helper()
	tag, err := w.propose(s, data)
	if err != nil {
		w.fatalf("propose: %v", err)
	}
	return tag
}

func (w *world) isolate(s *server, cut bool) {
	for _, id := range w.cfg.Peers {
		w.cut[[2]smr.NodeID{s.id, id}] = cut
		w.cut[[2]smr.NodeID{id, s.id}] = cut
	}
}

// agree lets everything settle and checks that all hold the same.
func (w *world) agree() {
	w.t.Helper()
	clear(w.cut)
	w.filter = nil
	w.links.loss, w.links.double, w.links.jitter = 0, 0, 0
	for _, s := range w.servers {
		w.restart(s)
	}
	for range 60 {
		w.run(200 * ms)
		l := w.leader()
		if l == nil {
			continue
		}
		w.propose(l, "settle")
		w.drain(l)
		w.run(200 * ms)
		same := true
		for _, s := range w.servers {
			same = same && s.applied == uint64(len(w.chosen)) && s.role.Last == s.applied
		}
		if same {
			return
		}
	}
	for _, s := range w.servers {
		c := s.core.(*core)
		w.t.Logf("%v %+v applied %d peers %+v", s.id, s.role, s.applied, c.peers)
	}
	w.fatalf("the servers do not come together, %d chosen", len(w.chosen))
}
