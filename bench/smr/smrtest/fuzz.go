package smrtest

import (
	"fmt"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// feed is one thing that a core was given, to bring others into the same state.
type feed struct {
	now   smr.Time
	from  smr.NodeID // of a frame
	frame []byte
	tag   smr.Tag // of a proposal
	data  []byte
} // neither: a Tick

// recordFeeds runs a small cluster through an election, replication, losses and
// a second election, and returns what replica 0 received.
func recordFeeds(p smr.Protocol, opts ...Option) ([]feed, smr.Config, error) {
	s := settingsOf(p, opts)
	cfg := DefaultConfig()
	cfg.MaxFrame, cfg.Inflight, cfg.Retain = 4<<10, 4<<10, 4<<10
	o := Options{Seed: 3, Nodes: 3, Config: cfg, Compact: 1 << 30, Link: Link{Delay: Range{1e6, 3e6}, Loss: 0.05}}
	var feeds []feed
	w, err := newWorld(p, o, observer{
		arrive: func(r *replica, from smr.NodeID, frame []byte) {
			if r.pos == 0 && r.incarnation == 1 {
				feeds = append(feeds, feed{now: r.w.now, from: from, frame: append([]byte(nil), frame...)})
			}
		},
		propose: func(r *replica, tag smr.Tag, data []byte) {
			if r.pos == 0 && r.incarnation == 1 {
				feeds = append(feeds, feed{now: r.w.now, tag: tag, data: append([]byte(nil), data...)})
			}
		},
		tick: func(r *replica) {
			if r.pos == 0 && r.incarnation == 1 {
				feeds = append(feeds, feed{now: r.w.now})
			}
		},
	})
	if err != nil {
		return nil, cfg, err
	}
	for k := range 60 {
		if k == 30 && s.allowed&LeaderCrashes != 0 {
			if l := w.Leader(); l > 0 {
				w.replicas[l].crash(0)
				w.After(500e6, func() {
					if err := w.replicas[l].start(); err != nil {
						w.fail(nil, "%v", err)
					}
				})
			}
		}
		for i := range w.replicas {
			if w.Up(i) {
				w.Propose(i, 8+k)
			}
		}
		if err := w.Run(w.now + 30e6); err != nil {
			return nil, cfg, err
		}
	}
	cfg = w.replicas[0].config
	return feeds, cfg, nil
}

// bare is one core without a world: what it writes is durable at once, what it
// sends goes nowhere.
type bare struct {
	core smr.Core
	rd   smr.Ready
	hash uint64
}

func newBare(p smr.Protocol, cfg smr.Config) (*bare, error) {
	core, err := p.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := core.Restore(0, nil); err != nil {
		return nil, err
	}
	core.Start(0)
	b := &bare{core: core}
	return b, b.drain(0)
}

func (b *bare) give(f *feed) error {
	switch {
	case f.tag != 0:
		if err := b.core.Propose(f.now, f.tag, append([]byte(nil), f.data...)); err != nil {
			return err
		}
	case f.from == smr.None:
		b.core.Tick(f.now)
	default:
		if err := b.core.Step(f.now, f.from, append([]byte(nil), f.frame...)); err != nil {
			return err
		}
	}
	return b.drain(f.now)
}

// drain takes all output, and remembers it as a hash.
func (b *bare) drain(now smr.Time) error {
	for range maxMores {
		rd := &b.rd
		b.core.Ready(now, rd)
		number, records, more := rd.Number, len(rd.Records), rd.More
		for _, r := range rd.Records {
			b.note(r.Head, r.Body)
		}
		for _, f := range rd.Frames {
			b.note(f.Head, f.Body)
		}
		last := uint64(0)
		for _, e := range rd.Committed {
			last = e.Index
			b.hash = mix(mix(b.hash, e.Index), uint64(e.Sum))
		}
		b.hash = mix(b.hash, uint64(rd.Deadline))
		if last > 0 {
			b.core.Applied(last)
		}
		if records > 0 {
			b.core.Persisted(now, number)
		} else if !more {
			return nil
		}
	}
	return fmt.Errorf("Ready asks for more without end")
}

func (b *bare) note(head, body []byte) {
	v := valueOf(append(append([]byte(nil), head...), body...))
	b.hash = mix(mix(b.hash, uint64(v.sum)), uint64(v.size))
}

// FuzzStep feeds a core arbitrary bytes and frames of a real run with some bytes
// changed, in states of that run. Step must not panic; if it returns an error it
// must have changed nothing, which is judged by a twin that was spared the frame.
func FuzzStep(f *testing.F, p smr.Protocol, opts ...Option) {
	feeds, cfg, err := recordFeeds(p, opts...)
	if err != nil {
		f.Fatal(err)
	}
	for k := 0; k < len(feeds); k += 1 + len(feeds)/64 {
		if feeds[k].from != smr.None {
			f.Add(uint16(k), uint8(feeds[k].from), feeds[k].frame)
			f.Add(uint16(k/2), uint8(feeds[k].from), feeds[k].frame)
		}
	}
	f.Add(uint16(0), uint8(2), []byte{})
	f.Fuzz(func(t *testing.T, prefix uint16, from uint8, frame []byte) {
		n := int(prefix) % (len(feeds) + 1)
		var cores [2]*bare
		for i := range cores {
			b, err := newBare(p, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for k := range feeds[:n] {
				if err := b.give(&feeds[k]); err != nil {
					t.Fatalf("a genuine frame: %v", err)
				}
			}
			cores[i] = b
		}
		now := smr.Time(0)
		if n > 0 {
			now = feeds[n-1].now
		}
		var before, after smr.Status
		cores[0].core.Status(&before)
		err := cores[0].core.Step(now, smr.NodeID(from), append([]byte(nil), frame...))
		if err == nil {
			if err := cores[0].drain(now); err != nil {
				t.Fatal(err)
			}
			return
		}
		cores[0].core.Status(&after)
		if before != after {
			t.Fatalf("Step refused a frame (%v) and changed the core from %+v to %+v", err, before, after)
		}
		for _, b := range cores {
			for k := n; k < min(n+20, len(feeds)); k++ {
				if err := b.give(&feeds[k]); err != nil {
					t.Fatalf("a genuine frame: %v", err)
				}
			}
		}
		if cores[0].hash != cores[1].hash {
			t.Fatalf("Step refused a frame (%v) and behaves differently afterwards", err)
		}
	})
}
