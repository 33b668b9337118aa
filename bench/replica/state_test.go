package replica

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// entry is a log entry of commands.
func entry(index uint64, commands ...command.Command) smr.Entry {
	var data []byte
	for _, c := range commands {
		buf := make([]byte, command.Size(4))
		command.Put(buf, c, 4)
		data = append(data, buf...)
	}
	return smr.Entry{Index: index, Data: data, Sum: window.Sum(data)}
}

func apply(t *testing.T, s *State, e smr.Entry) []command.Answer {
	t.Helper()
	raw, err := s.Apply(e, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []command.Answer
	for ; len(raw) > 0; raw = raw[command.AnswerSize:] {
		out = append(out, command.ReadAnswer(raw))
	}
	return out
}

func TestARepeatedCommandTakesNoSecondEffect(t *testing.T) {
	s := NewState(2, 1)
	a := command.Command{Session: 0, Seq: 0, Key: 1}
	b := command.Command{Session: 1, Seq: 0, Key: 1}
	first := apply(t, s, entry(1, a, b))
	again := apply(t, s, entry(2, a))
	if first[0].Result != 0 || first[1].Result != a.ID() || again[0] != first[0] {
		t.Fatalf("answers %+v, then %+v", first, again)
	}
	if s.Commands != 2 || s.Duplicates != 1 || s.Keys[0] != b.ID() || s.Sessions[0].Effects != 1 {
		t.Fatalf("%+v", s)
	}
}

func TestTheDigestKnowsOrderAndContent(t *testing.T) {
	digest := func(entries ...smr.Entry) uint64 {
		s := NewState(4, 0)
		for i, e := range entries {
			e.Index = uint64(i + 1)
			apply(t, s, e)
		}
		return s.Digest
	}
	a, b := command.Command{Session: 1}, command.Command{Session: 2}
	seen := map[uint64]string{}
	for name, d := range map[string]uint64{
		"a then b": digest(entry(0, a), entry(0, b)), "b then a": digest(entry(0, b), entry(0, a)),
		"a and b": digest(entry(0, a, b)), "b and a": digest(entry(0, b, a)),
		"a": digest(entry(0, a)), "a, no-op": digest(entry(0, a), smr.Entry{}), "nothing": digest(),
	} {
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[d] = name
	}
}

func TestApplyRefusesWhatIsNoCommand(t *testing.T) {
	for name, e := range map[string]smr.Entry{
		"short":           {Index: 1, Data: make([]byte, 5)},
		"unknown session": entry(1, command.Command{Session: 9}),
		"unknown key":     entry(1, command.Command{Key: 9}),
	} {
		if _, err := NewState(2, 2).Apply(e, true, nil); !errors.Is(err, command.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// randomState has gone through n random commands, some of them twice.
func randomState(seed uint64, n int) *State {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := NewState(5, 3)
	next := make([]uint64, 5)
	for i := range n {
		c := command.Command{Session: rng.Uint32N(5), Key: rng.Uint32N(4)}
		if c.Seq = next[c.Session]; rng.IntN(5) == 0 && c.Seq > 0 {
			c.Seq--
		} else {
			next[c.Session]++
		}
		if _, err := s.Apply(entry(uint64(i+1), c), false, nil); err != nil {
			panic(err)
		}
	}
	return s
}

func TestAnImageRestoresEverything(t *testing.T) {
	for seed := range uint64(20) {
		s := randomState(seed, 200)
		image := s.AppendImage([]byte("before"))[len("before"):]
		r := NewState(5, 3)
		if err := r.Restore(image); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(r.AppendImage(nil), image) {
			t.Fatalf("seed %d: the image of what was restored differs", seed)
		}
		// A duplicate gets the answer it had.
		for i := range s.Sessions {
			e := entry(s.Index+1, command.Command{Session: uint32(i), Seq: max(s.Sessions[i].Seen.Base, 1) - 1, Key: 1})
			x, _ := s.Apply(e, true, nil)
			y, _ := r.Apply(e, true, nil)
			if !bytes.Equal(x, y) || s.Digest != r.Digest {
				t.Fatalf("seed %d: session %d is answered differently after a restore", seed, i)
			}
		}
	}
}

func FuzzRestore(f *testing.F) {
	image := randomState(1, 50).AppendImage(nil)
	f.Add(image)
	f.Add(image[:len(image)-1])
	f.Add([]byte("CBS1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := randomState(2, 10)
		before := s.AppendImage(nil)
		err := s.Restore(data)
		after := s.AppendImage(nil)
		if err != nil && !bytes.Equal(before, after) {
			t.Fatal("a refused image changed the state")
		}
		if err == nil && !bytes.Equal(data, after) {
			t.Fatal("an accepted image is not what it restores")
		}
	})
}

func TestTagsEndOnceInAnyOrder(t *testing.T) {
	var r tagRing
	r.init()
	rng := rand.New(rand.NewPCG(1, 0))
	open := map[smr.Tag]smr.Time{}
	for i := range smr.Time(20_000) {
		if rng.IntN(100) < 60 || len(open) == 0 {
			tag := r.add(i)
			if rng.IntN(20) == 0 {
				r.undo()
				continue
			}
			if _, ok := open[tag]; ok {
				t.Fatalf("tag %d given out twice", tag)
			}
			open[tag] = i
			continue
		}
		for tag, want := range open {
			if got, ok := r.end(tag); !ok || got != want {
				t.Fatalf("tag %d was taken at %v, want %v (%v)", tag, got, want, ok)
			}
			if _, ok := r.end(tag); ok {
				t.Fatalf("tag %d ended twice", tag)
			}
			delete(open, tag)
			break
		}
	}
}
