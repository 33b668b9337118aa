package cluster_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

// traced runs a cluster in virtual time through a crash and returns what its traces
// hold, as text. hold has it stand still after half of the time.
func traced(t *testing.T, p smr.Protocol, events int, hold bool) string {
	t.Helper()
	o := options(p)
	o.Events = events
	c, err := cluster.NewVirtual(o, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	until := func(at smr.Time) {
		if _, err := c.Await(context.Background(), at, nil); err != nil {
			t.Fatal(err)
		}
	}
	c.Load(0, smr.Never)
	until(200 * ms)
	c.Crash(c.Leader())
	if hold {
		c.Digests().Found()
	}
	until(400 * ms)
	c.Stop()
	var b bytes.Buffer
	if err := replica.WriteTraces(&b, &p, c.Traces()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTraces: the last events of each replica, in order, in the words of each protocol,
// and the same in every run.
func TestTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, whose text takes long under the race detector")
	}
	words := map[string][]string{
		"raft":       {"STARTS in term 0", "campaign, term 1", "append term=", "append taken term=", "vote GRANTED", "CRASHES"},
		"multipaxos": {"STARTS in term 0", "elected", "CRASHES", "prepare", "promise", "accepted", "-> n", "<- n"},
		"paxos":      {"STARTS", "CRASHES", "prepare", "promise", "accept"},
	}
	for _, p := range []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic} {
		whole := traced(t, p, 1<<16, false)
		for _, w := range append(words[p.Name], "takes proposal 1, ", "durable: writes up to", "applies 1 to ", "for entries: ") {
			if !strings.Contains(strings.ToLower(whole), strings.ToLower(w)) {
				t.Errorf("%s: nothing about %q in\n%.2000s", p.Name, w, whole)
			}
		}
		if whole != traced(t, p, 1<<16, false) {
			t.Errorf("%s: the second run has another trace", p.Name)
		}
		there := map[string]bool{}
		lines := strings.Split(strings.TrimSuffix(whole, "\n"), "\n")
		for i, l := range lines[1:] {
			there[l] = true
			if l[:14] < lines[i][:14] {
				t.Fatalf("%s: out of order:\n%s\n%s", p.Name, lines[i], l)
			}
		}

		const ring = 64
		last := traced(t, p, ring, false)
		if n := strings.Count(last, "\n"); n != 3*ring {
			t.Errorf("%s: three rings of %d hold %d events", p.Name, ring, n)
		}
		for _, l := range strings.Split(strings.TrimSuffix(last, "\n"), "\n") {
			if !there[l] {
				t.Fatalf("%s: a short ring has what a long one has not: %s", p.Name, l)
			}
		}
		held := traced(t, p, 1<<10, true)
		at := strings.Index(held, "CRASHES")
		if at < 0 {
			t.Fatalf("%s: what was held has been overwritten", p.Name)
		}
		if after := strings.Count(held[at:], "\n"); after > 3*1<<10/4 {
			t.Errorf("%s: %d events after the traces were held", p.Name, after)
		}
	}
}
