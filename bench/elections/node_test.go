package elections

import (
	"slices"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// TestDevice: only candidacies and votes take time, side by side; a write is
// confirmed no earlier than those before it; a crash loses what is not durable.
func TestDevice(t *testing.T) {
	l := newLab(t.Context(), Defaults(), smr.Protocol{})
	l.cfg.CandidatePersistMin, l.cfg.CandidatePersistMax, l.cfg.VoterPersist = 20, 20, 50
	d := &l.nodes[0].device
	record := func(s string) []smr.Record { return []smr.Record{{Head: []byte(s[:1]), Body: []byte(s[1:])}} }
	d.Append(0, 1, smr.SyncVote, false, record("first"))
	if p := d.Poll(0); p.Number != 1 || p.Next != smr.Never {
		t.Errorf("before the trial is measured a write takes time: %+v", p)
	}
	l.modeled = true
	d.Append(100, 2, smr.SyncVote, false, record("second"))
	d.Append(110, 3, smr.SyncVote, false, record("third"))
	d.Append(120, 4, smr.SyncEntries, false, record("fourth"))
	d.Append(150, 5, smr.SyncCampaign, false, record("fifth"))
	for _, k := range []struct {
		now    smr.Time
		number uint64
		next   smr.Time
	}{{149, 1, 150}, {150, 2, 160}, {159, 2, 160}, {160, 4, 170}, {169, 4, 170}} {
		if p := d.Poll(k.now); p.Number != k.number || p.Next != k.next {
			t.Errorf("at %d: %+v, want Ready %d and then something at %d", k.now, p, k.number, k.next)
		}
	}
	d.Crash(165)
	var back []string
	rec, err := d.Recover(nil, func(r []byte) error { back = append(back, string(r)); return nil })
	if err != nil || rec.Records != 4 || !slices.Equal(back, []string{"first", "second", "third", "fourth"}) {
		t.Errorf("%v %+v %v", back, rec, err)
	}
	d.Append(200, 1, smr.SyncNone, true, record("baseline"))
	if d.Durable(200) != uint64(4+len("baseline")) {
		t.Errorf("%d bytes from the baseline on", d.Durable(200))
	}
}

// TestCutter: only what replicates is cut, and only to whom it is cut.
func TestCutter(t *testing.T) {
	c := &cutter{Core: frames{}, cut: []smr.NodeID{2}}
	var rd smr.Ready
	c.Ready(0, &rd)
	var got []smr.Kind
	for _, f := range rd.Frames {
		if f.To == 2 {
			got = append(got, f.Kind)
		}
	}
	if len(rd.Frames) != 6 || !slices.Equal(got, []smr.Kind{smr.Election, smr.Heartbeat}) {
		t.Errorf("%d frames pass, %v of them to the one that is cut off", len(rd.Frames), got)
	}
}

// frames is a core that sends a frame of every kind to 2 and 3.
type frames struct{ smr.Core }

func (frames) Ready(_ smr.Time, rd *smr.Ready) {
	for to := smr.NodeID(2); to <= 3; to++ {
		for kind := range smr.Kind(smr.Kinds) {
			rd.Frames = append(rd.Frames, smr.Frame{To: to, Kind: kind})
		}
	}
}

// TestGapOfDistributions: the gap of distributions that are known.
func TestGapOfDistributions(t *testing.T) {
	uniform := make([]int64, 101) // on [0, 1000]
	for i := range uniform {
		uniform[i] = int64(10 * i)
	}
	var v []smr.Time
	for i := range 1000 {
		v = append(v, smr.Time(i))
	}
	if g := cdfGap(v, uniform); g > 0.0011 {
		t.Errorf("uniform against uniform: %v", g)
	}
	for i := range v {
		v[i] += 250
	}
	if g := cdfGap(v, uniform); g < 0.2499 || g > 0.2511 {
		t.Errorf("a quarter later: %v", g)
	}
	for i := 600; i < 1000; i++ {
		v[i] = smr.Never
	}
	if g := cdfGap(v, uniform); g < 0.3999 || g > 0.4001 {
		t.Errorf("two fifths never: %v", g)
	}
	if g := cdfGap([]smr.Time{500}, []int64{500, 500, 500}); g != 0 {
		t.Errorf("one value against itself: %v", g)
	}
}
