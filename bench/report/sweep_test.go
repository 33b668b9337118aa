package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// sweptPoint is a point of an M/M/1 queue with a service time of 100 us.
func sweptPoint(t *testing.T, rate float64, good int) result.SweepPoint {
	cfg := bench.Defaults()
	cfg.Rate = rate
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mean := 1e5 / max(1-rate/10_000, .01)
	x, backlog := min(rate, 10_000), max(0, (rate-10_000)*5)
	power := x / mean * 1e9
	p := result.SweepPoint{
		Value: fmt.Sprintf("%gk/s", rate/1000), Number: &rate, Config: raw, Good: good, Offered: &rate, Backlog: &backlog, Power: &power,
		Values: map[string]result.Middle{}, Samples: make([]result.SweepSample, good),
	}
	for i := range p.Samples {
		p.Samples[i].Status = result.Good
	}
	for name, v := range map[string]float64{"throughput": x, "response.mean": mean, "response.p50": .7 * mean, "response.p99": 4.6 * mean} {
		p.Values[name] = result.Middle{Count: good, Q1: .9 * v, Median: v, Q3: 1.1 * v}
	}
	if rate > 10_000 {
		p.Overload = fmt.Sprintf("10,000/s of %g/s", rate)
	}
	return p
}

// TestSweepGolden: tables as they are, at both widths.
func TestSweepGolden(t *testing.T) {
	base, err := json.Marshal(bench.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	file := func(repeat int, rates ...float64) *result.Sweep {
		s := &result.Sweep{Schema: result.SweepSchema, Config: base, Exact: repeat == 1, Repeat: repeat, Notes: []string{"a note"}}
		a := result.SweepAxis{Setting: "rate", Kind: "rate"}
		c := result.SweepCurve{Protocol: "raft"}
		for _, r := range rates {
			c.Points = append(c.Points, sweptPoint(t, r, repeat))
			a.Values = append(a.Values, c.Points[len(c.Points)-1].Value)
		}
		s.Over, s.Curves = []result.SweepAxis{a}, []result.SweepCurve{c}
		s.Environment = result.Environment{Version: "v1", Go: "go1.26", OS: "linux", Arch: "amd64", CPU: "a CPU", CPUs: 2}
		return s
	}
	curve := file(1, 1000, 3000, 5000, 7000, 9000, 12_000)
	curve.Curves[0].Knee = &result.SweepKnee{Point: 2}
	for i, busy := range []float64{0, .3, .5, .7, .96, 1} {
		curve.Curves[0].Points[i].Busy = busy
	}
	live := file(3, 1000, 5000, 9000)
	live.Curves[0].Knee = &result.SweepKnee{Point: 2, Edge: "last"}
	live.Curves[0].Points[1].Good, live.Curves[0].Points[1].Failed = 2, 1
	live.Curves[0].Points[1].Samples[2].Status, live.Curves[0].Points[1].Samples[2].Detail = result.Failed, "no \x1b[31mleader"
	live.Curves[0].Points[2].Samples[0].Warnings = []string{"the processors were saturated"}
	live.Over = append(live.Over, result.SweepAxis{Setting: "size", Kind: "size", Values: []string{"64B"}})
	live.Curves[0].At, live.Interrupted = "64B", true
	found := file(3, 1000, 5000, 7000)
	found.Objective, found.Over[0].Values, found.Over[0].From, found.Over[0].To = []string{"response.p99<=1ms"}, nil, "1k/s", "7k/s"
	for i := range found.Curves[0].Points {
		met := i < 2
		found.Curves[0].Points[i].Met = &met
	}
	found.Curves[0].Points[2].Why = "response.p99 1.53ms"
	found.Curves[0].Found = &result.SweepFound{Value: "5k/s", Above: "7k/s", Confirmed: 6, Tries: 3}
	none := file(1, 12_000)
	met := false
	none.Objective, none.Curves[0].Points[0].Met, none.Curves[0].Points[0].Why = found.Objective, &met, "overload: 10,000/s of 12000/s"
	none.Curves[0].Found = &result.SweepFound{Above: "12k/s", Tries: 1}
	for name, s := range map[string]*result.Sweep{"curve": curve, "live": live, "found": found, "none": none} {
		for _, columns := range []int{80, 120} {
			var buf bytes.Buffer
			if err := Sweep(&buf, s, nil, Options{Width: columns, Rerun: []string{"consbench", "sweep"}}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(buf.String()) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > columns || strings.Contains(line, "\x1b") {
					t.Errorf("%s: a line of %d columns where there are %d: %s", name, n, columns, line)
				}
			}
			golden(t, fmt.Sprintf("sweep-%s-%d.txt", name, columns), buf.String())
		}
	}
}

// TestWhereOverloadIs: from a point on, or at some; what is above and without it is named.
func TestWhereOverloadIs(t *testing.T) {
	for want, marks := range map[string]string{"": "---", "from c on": "--xx", "from a on": "x", "at b, d, but not at c, e (there batches are larger, and carry more)": "-x-x-"} {
		c := new(result.SweepCurve)
		for i, m := range marks {
			pt := result.SweepPoint{Value: string(rune('a' + i)), Good: 1}
			if m == 'x' {
				pt.Overload = "y"
			}
			c.Points = append(c.Points, pt)
		}
		where, first := overloaded(c)
		if where != want || (first == nil) != (want == "") {
			t.Errorf("%s: %q, %v", marks, where, first)
		}
	}
}

// TestKneeText: a knee says what more load still brings beyond it, where that is much.
func TestKneeText(t *testing.T) {
	s := &result.Sweep{Exact: true, Over: []result.SweepAxis{{Setting: "rate"}}}
	curve := func(points ...[2]float64) *result.SweepCurve {
		c := &result.SweepCurve{Knee: &result.SweepKnee{Point: 1}}
		for i, p := range points {
			c.Points = append(c.Points, result.SweepPoint{Value: string(rune('a' + i)), Values: map[string]result.Middle{"throughput": {Median: p[0]}, "response.mean": {Median: p[1]}}})
		}
		return c
	}
	const knee = "rate b (between a and c): 70,000/s at a mean response of 2.00ms, where throughput over response is highest"
	for want, c := range map[string]*result.SweepCurve{
		knee: curve([2]float64{40e3, 2e6}, [2]float64{70e3, 2e6}, [2]float64{80e3, 2e8}),
		knee + "; throughput rises further, to 400,000/s at rate d, but with a mean response of 150ms": curve(
			[2]float64{40e3, 2e6}, [2]float64{70e3, 2e6}, [2]float64{90e3, 1e8}, [2]float64{400e3, 1.5e8}, [2]float64{300e3, 2e8}),
	} {
		if got := kneeText(s, c); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
