package fault

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

func parse(t testing.TB, text string) []Fault {
	t.Helper()
	f, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func transcript(actions []Action) string {
	var b strings.Builder
	for _, a := range actions {
		verb := a.Fault.Verb.String()
		if a.Undo {
			verb = "undo " + verb
		}
		fmt.Fprintf(&b, "%v %d %s until %v\n", a.At, a.ID, verb, a.Until)
	}
	return b.String()
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"crash leader at 2s for 1s", `
2s 0 crash until 3s
3s 0 undo crash until 3s
`},
		{"crash leader at 2s", `
2s 0 crash until never
`},
		{"crash leader at 4s for 1s; pause any at 5s", `
4s 0 crash until never
`},
		{"crash leader every 2s for 500ms", `
2s 0 crash until 2.5s
2.5s 0 undo crash until 2.5s
4s 1 crash until 4.5s
4.5s 1 undo crash until 4.5s
`},
		{"crash leader at 0s every 2s for 500ms", `
0s 0 crash until 500ms
500ms 0 undo crash until 500ms
2s 1 crash until 2.5s
2.5s 1 undo crash until 2.5s
4s 2 crash until 4.5s
4.5s 2 undo crash until 4.5s
`},
		{"pause any at 2s for 1s; crash leader at 1s for 1s", `
1s 0 crash until 2s
2s 0 undo crash until 2s
2s 1 pause until 3s
3s 1 undo pause until 3s
`},
		{"crash leader every 2s until healed", `
2s 0 crash until 4s
4s 0 undo crash until 4s
4s 1 crash until never
`},
		{"disk corrupt any every 2s", `
2s 0 disk corrupt until never
4s 1 disk corrupt until never
`},
		{"crash leader at 9s", "\n"},
	} {
		if got := transcript(Expand(parse(t, c.in), 5*s, 1)); got != c.want[1:] {
			t.Errorf("%s:\ngot:\n%swant:\n%s", c.in, got, c.want[1:])
		}
	}
}

func TestJitter(t *testing.T) {
	const window = 1000 * s
	f := parse(t, "crash leader every 2s for 500ms jitter 400ms")
	actions := Expand(f, window, 7)
	if !reflect.DeepEqual(actions, Expand(f, window, 7)) {
		t.Error("the same seed gave another schedule")
	}
	if reflect.DeepEqual(transcript(actions), transcript(Expand(f, window, 8))) {
		t.Error("another seed gave the same schedule")
	}
	n, sum := 0, smr.Time(0)
	for _, a := range actions {
		if a.Undo {
			continue
		}
		late := a.At - 2*s*smr.Time(n+1)
		n++
		sum += late
		if late < 0 || late > 400*ms || a.Until != smr.Never && a.Until != a.At+500*ms {
			t.Fatalf("instance %d is %v late, until %v", a.ID, late, a.Until)
		}
	}
	if mean := sum / smr.Time(n); n != 499 || mean < 180*ms || mean > 220*ms {
		t.Errorf("%d instances, mean jitter %v", n, mean)
	}
}

func TestOneMoreFaultChangesNoOther(t *testing.T) {
	one := parse(t, "crash any every 2s for 500ms jitter 400ms")
	two := parse(t, "crash any every 2s for 500ms jitter 400ms; pause any every 1s for 1ms jitter 300ms")
	var kept []Action
	for _, a := range Expand(two, 100*s, 3) {
		if a.Fault.Verb == Crash {
			kept = append(kept, a)
		}
	}
	for i, a := range Expand(one, 100*s, 3) {
		if k := kept[i]; k.At != a.At || k.Until != a.Until || k.Seed != a.Seed {
			t.Fatalf("action %d: %+v, alone %+v", i, k, a)
		}
	}
}

func TestExpandedInstancesDoNotOverlap(t *testing.T) {
	const seed = 9
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range 3000 {
		f := random(r)
		f.At %= 10 * s
		window := 20 * s
		if f.count(window) > 1000 {
			continue
		}
		var last smr.Time
		open := 0
		for _, a := range Expand([]Fault{f}, window, seed) {
			if a.At < last || a.At < 0 || a.At >= window || a.Undo && a.Until != a.At {
				t.Fatalf("seed %d, case %d: %s: %+v after %v", seed, i, f, a, last)
			}
			last = a.At
			switch {
			case a.Undo:
				open--
			case !f.Verb.Instant():
				open++
			}
			if open < 0 || open > 1 {
				t.Fatalf("seed %d, case %d: %s: %d instances at once", seed, i, f, open)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	limits := Limits{Nodes: 5, Window: 10 * s}
	for in, want := range map[string]string{
		"crash leader at 2s; partition {1,2} | {3,4,5} at 9s": "",
		"crash leader at 10s":             "crash leader at 10s: strikes at 10s, but the measured window ends at 10s",
		"crash any at 9s jitter 1s":       "with its jitter it may strike after the measured window, which ends at 10s",
		"crash node 6 at 1s":              "there is no node 6: the cluster has nodes 1 to 5",
		"cut leader -> node 9 at 1s":      "there is no node 9",
		"partition {1,7} at 1s":           "there is no node 7",
		"disk stall leader at 2s":         "disk stall is not supported by this build yet; it can crash, pause, isolate, partition, cut, delay, loss, duplicate, reorder or slow",
		"clock drift 1% any at 2s":        "clock drift is not supported by this build yet",
		"crash leader at 1s until healed": `"until healed" is not supported by this build yet`,
		"crash region eu at 1s":           "the replicas of this run have no regions",
		"crash any every 2ns for 1ns":     "would strike more than 100000 times in 10s",
	} {
		err := Validate(parse(t, in), limits)
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", in, err, want)
		}
	}
	if err := Validate(parse(t, "crash leader at 20s; crash node 7 at 1s"), limits); strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not every fault is reported: %v", err)
	}
	for in, nodes := range map[string]int{"partition minority at 1s": 2, "crash follower at 1s": 1} {
		if Validate(parse(t, in), Limits{Nodes: nodes, Window: 10 * s}) == nil {
			t.Errorf("%s was accepted for %d nodes", in, nodes)
		}
	}
	if err := Validate(parse(t, "disk stall region eu at 1s until healed"), Limits{Nodes: 3, Window: 10 * s, Verbs: []Verb{DiskStall}, Regions: []string{"eu"}, UntilHealed: true}); err != nil {
		t.Error(err)
	}
}
