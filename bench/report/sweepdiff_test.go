package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

// TestSweepDiff: what both sweeps have stands beside each other, what one has alone is
// named, and sweeps of other things are refused.
func TestSweepDiff(t *testing.T) {
	sweep := func(over string, exact bool, curves ...result.SweepCurve) *result.Sweep {
		return &result.Sweep{Exact: exact, Over: []result.SweepAxis{{Setting: over}}, Curves: curves}
	}
	curve := func(protocol string, rates ...float64) result.SweepCurve {
		c := result.SweepCurve{Protocol: protocol}
		for _, r := range rates {
			c.Points = append(c.Points, sweptPoint(t, r, 1))
		}
		return c
	}
	a := sweep("rate", true, curve("raft", 1000, 5000, 9000, 12_000), curve("paxos", 1000))
	b := sweep("rate", true, curve("raft", 2000, 5000, 9000), curve("multi\x1bpaxos", 1000))
	a.Curves[0].Knee = &result.SweepKnee{Point: 1}
	b.Curves[0].Points[1].Values["response.p99"] = result.Middle{Count: 1, Median: 1e6}
	b.Curves[0].Points[2].Values["throughput"] = result.Middle{Count: 1, Median: 7200}
	delete(b.Curves[0].Points[2].Values, "response.p99")
	b.Curves[0].Knee = &result.SweepKnee{Point: 2, Edge: "last"}
	show := func(a, b *result.Sweep, options []result.Difference) string {
		t.Helper()
		d, err := DiffSweeps(a, b, options)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := Sweeps(&out, d, Options{}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	options := []result.Difference{{Option: "delay", Values: []string{"1ms", "2ms"}}}
	golden(t, "sweepdiff.txt", show(a, b, options))

	a.Exact = false
	a.Curves[0].Found, b.Curves[0].Found = &result.SweepFound{Value: "9k/s"}, &result.SweepFound{}
	golden(t, "sweepdiff-live.txt", show(a, b, nil))

	b.Curves[0].Points[1].Good = 0 // failed: not compared
	if text := show(a, b, nil); strings.Contains(text, " 5k/s  ") || !strings.Contains(text, "ONLY IN A   1k/s, 5k/s, 12k/s") {
		t.Errorf("a point without a good run:\n%s", text)
	}
	for _, c := range []struct {
		a, b *result.Sweep
		want string
	}{
		{a, sweep("clients", true, curve("raft", 1000)), "the sweeps are over rate and over clients"},
		{a, sweep("rate", true, curve("raft", 2000)), "the sweeps over rate have no value of a protocol in common"},
		{a, sweep("rate", true), "the sweeps over rate have no value of a protocol in common"},
	} {
		if _, err := DiffSweeps(c.a, c.b, nil); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
