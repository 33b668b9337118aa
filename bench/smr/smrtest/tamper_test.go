package smrtest

import (
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// tampered is a toy with a fault built in. The suite must find each of them.
type tampered struct {
	smr.Core
	ready func(t *tampered, now smr.Time, rd *smr.Ready)
	step  func(t *tampered, now smr.Time, from smr.NodeID, frame []byte) error
	id    smr.NodeID
	calls int
	early uint64 // told to be durable before the next Ready
	kept  []byte
}

func (t *tampered) Ready(now smr.Time, rd *smr.Ready) {
	if t.early > 0 {
		t.Core.Persisted(now, t.early)
	}
	t.Core.Ready(now, rd)
	t.calls++
	if t.ready != nil {
		t.ready(t, now, rd)
	}
}

func (t *tampered) Step(now smr.Time, from smr.NodeID, frame []byte) error {
	if t.step != nil {
		return t.step(t, now, from, frame)
	}
	return t.Core.Step(now, from, frame)
}

var tampers = []struct {
	name  string
	ready func(t *tampered, now smr.Time, rd *smr.Ready)
	step  func(t *tampered, now smr.Time, from smr.NodeID, frame []byte) error
	want  string // part of the verdict
}{
	{name: "nothing"},
	{name: "skips an entry", want: "were handed out", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if t.calls > 50 && len(rd.Committed) > 0 {
			rd.Committed = rd.Committed[1:]
		}
	}},
	{name: "commits an entry twice", want: "is committed after", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if n := len(rd.Committed); t.calls > 50 && n > 0 {
			rd.Committed = append(rd.Committed, rd.Committed[n-1])
		}
	}},
	{name: "changes an entry", want: "checksum", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if n := len(rd.Committed); t.calls > 50 && n > 0 {
			e := &rd.Committed[n-1]
			e.Data = append([]byte{e.Data[0] + 1}, e.Data[1:]...)
		}
	}},
	{name: "makes up an entry", want: "never proposed", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if n := len(rd.Committed); t.calls > 50 && n > 0 && t.id == 1 {
			v := valueOf([]byte("made up"))
			rd.Committed[n-1].Data, rd.Committed[n-1].Sum = []byte("made up"), v.sum
		}
	}},
	{name: "replaces an entry by a no-op", want: "was chosen as", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if n := len(rd.Committed); t.calls > 50 && n > 0 && t.id == 2 {
			rd.Committed[n-1].Data, rd.Committed[n-1].Sum = nil, 0
		}
	}},
	{name: "answers for another's proposal", want: "not open here", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if n := len(rd.Committed); t.id == 2 && n > 0 {
			rd.Committed[n-1].Tag = 1
		}
	}},
	{name: "never answers", want: "proposals open", ready: func(_ *tampered, _ smr.Time, rd *smr.Ready) {
		for i := range rd.Committed {
			rd.Committed[i].Tag = 0
		}
	}},
	{name: "loses what it committed", want: "is not open here", ready: func(_ *tampered, _ smr.Time, rd *smr.Ready) {
		for _, e := range rd.Committed {
			if e.Tag != 0 {
				rd.Lost = append(rd.Lost, e.Tag)
			}
		}
	}},
	{name: "sends too much", want: "MaxFrame", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if len(rd.Frames) > 0 {
			rd.Frames[0].Body = make([]byte, 1<<20)
		}
	}},
	{name: "sends to itself", want: "sends a frame to", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if len(rd.Frames) > 0 {
			rd.Frames[0].To = t.id
		}
	}},
	{name: "has no end", want: "without end", ready: func(_ *tampered, _ smr.Time, rd *smr.Ready) { rd.More = true }},
	{name: "wakes up too early", want: "in the past", ready: func(t *tampered, now smr.Time, rd *smr.Ready) {
		if t.id == 1 {
			rd.Deadline = now
		}
	}},
	{name: "repeats a number", want: "comes after", ready: func(_ *tampered, _ smr.Time, rd *smr.Ready) { rd.Number = min(rd.Number, 3) }},
	{name: "writes no baseline", want: "no Baseline", ready: func(_ *tampered, _ smr.Time, rd *smr.Ready) { rd.Baseline = false }},
	{name: "is elected twice", want: "was won before", ready: func(t *tampered, now smr.Time, rd *smr.Ready) {
		if t.calls < 3 {
			rd.Events = append(rd.Events, smr.Event{Type: smr.Elected, Time: now, Term: 2, Node: t.id})
		}
	}},
	{name: "follows somebody else", want: "two leaders", ready: func(t *tampered, now smr.Time, rd *smr.Ready) {
		if t.calls == 1 && t.id > 1 {
			rd.Events = append(rd.Events, smr.Event{Type: smr.Following, Time: now, Term: 2, Node: 5 - t.id})
		}
	}},
	{name: "serves too early", want: "leader completeness", ready: func(t *tampered, now smr.Time, rd *smr.Ready) {
		if t.id == 2 && t.calls > 20 && len(rd.Frames) > 0 {
			rd.Events = append(rd.Events,
				smr.Event{Type: smr.Elected, Time: now, Term: uint64(t.calls), Node: 2},
				smr.Event{Type: smr.Serving, Time: now, Term: uint64(t.calls), Node: 2})
		}
	}},
	{name: "acknowledges before it is durable", want: "durable, was", ready: func(t *tampered, _ smr.Time, rd *smr.Ready) {
		if len(rd.Records) > 0 {
			t.early = rd.Number
		}
	}},
	{name: "keeps the buffer of a frame", want: "refuses a genuine frame", step: func(t *tampered, now smr.Time, from smr.NodeID, frame []byte) error {
		kept := t.kept
		t.kept = frame
		if kept != nil && t.id == 2 {
			return t.Core.Step(now, from, kept)
		}
		return nil
	}},
}

func TestTampered(t *testing.T) {
	for _, tamper := range tampers {
		t.Run(tamper.name, func(t *testing.T) {
			p := Toy
			p.New = func(cfg smr.Config) (smr.Core, error) {
				core, err := Toy.New(cfg)
				return &tampered{Core: core, ready: tamper.ready, step: tamper.step, id: cfg.ID}, err
			}
			seeds := uint64(300)
			if tamper.want == "" {
				seeds = 20
			}
			for seed := range seeds {
				_, err := Schedule(p, seed, Without(LeaderCrashes))
				if err == nil {
					continue
				}
				if tamper.want == "" || !strings.Contains(err.Error(), tamper.want) {
					t.Fatalf("seed %d: verdict %q, want %q", seed, err, tamper.want)
				}
				return
			}
			if tamper.want != "" {
				t.Fatal("not found")
			}
		})
	}
}
