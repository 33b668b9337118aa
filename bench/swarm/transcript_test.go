package swarm_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
	"github.com/consbench/consbench/raft"
)

var update = flag.Bool("update", false, "write the golden transcript anew")

// forgetfulRaft has forgotten after a restart whom it voted for.
func forgetfulRaft() smr.Protocol {
	p := raft.Protocol
	p.New = func(cfg smr.Config) (smr.Core, error) {
		core, err := raft.New(cfg)
		return forgetful{core}, err
	}
	return p
}

// TestTranscript: the transcript of a server that votes, crashes between its vote and the
// next frame, and comes back without it, is what a person has read and found clear.
func TestTranscript(t *testing.T) {
	const name = "testdata/transcript/forgetful"
	data, err := os.ReadFile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := swarm.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	if _, err := swarm.Narrate(context.Background(), &told, forgetfulRaft(), c); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name+".txt", told.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(told.Bytes(), want) {
		t.Errorf("the transcript is not that of %s.txt; -update writes it anew:\n%s", name, &told)
	}
}

// TestTranscriptDisturbsNothing: a run that is told of takes the same course, and no line
// is too wide.
func TestTranscriptDisturbsNothing(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for _, p := range protocols {
		for seed := range seeds {
			c := swarm.Draw(p, seed+1)
			c.Span /= 4
			out, err := swarm.Run(context.Background(), p, c)
			if err != nil {
				t.Fatal(err)
			}
			var told bytes.Buffer
			with, err := swarm.Narrate(context.Background(), &told, p, c)
			if err != nil {
				t.Fatal(err)
			}
			if with.Trace != out.Trace || with.Events != out.Events {
				t.Errorf("%s seed %d: trace %016x after %d events, with a transcript %016x after %d", p.Name, c.Seed, out.Trace, out.Events, with.Trace, with.Events)
			}
			for line := range strings.Lines(told.String()) {
				if len(line) > 81 {
					t.Errorf("%s seed %d: a line of %d bytes: %q", p.Name, c.Seed, len(line)-1, line)
					break
				}
			}
		}
	}
}
