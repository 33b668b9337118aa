package fault

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

const (
	ms = smr.Time(1e6)
	s  = 1000 * ms
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Fault{
		"crash leader at 2s":                          {Verb: Crash, Target: Target{Role: Leader}, At: 2 * s},
		"crash leader at 2s for 1s":                   {Verb: Crash, Target: Target{Role: Leader}, At: 2 * s, For: s},
		"CRASH Leader FOR 1s AT 2s":                   {Verb: Crash, Target: Target{Role: Leader}, At: 2 * s, For: s},
		"crash leader every 3s for 500ms":             {Verb: Crash, Target: Target{Role: Leader}, At: 3 * s, Every: 3 * s, For: 500 * ms},
		"crash leader at 1s every 3s for 500ms":       {Verb: Crash, Target: Target{Role: Leader}, At: s, Every: 3 * s, For: 500 * ms},
		"crash any at 0s until healed":                {Verb: Crash, Target: Target{Role: Any}, UntilHealed: true},
		"pause follower at 1s for 200ms jitter 100ms": {Verb: Pause, Target: Target{Role: Follower}, At: s, For: 200 * ms, Jitter: 100 * ms},
		"isolate node 3 at 1s":                        {Verb: Isolate, Target: Target{Role: Node, Nodes: []smr.NodeID{3}}, At: s},
		"isolate {3,1} at 1s":                         {Verb: Isolate, Target: Target{Role: Nodes, Nodes: []smr.NodeID{1, 3}}, At: s},
		"crash region eu-west-1 at 1s":                {Verb: Crash, Target: Target{Role: Region, Name: "eu-west-1"}, At: s},
		"partition minority at 2s for 1s":             {Verb: Partition, Groups: []Target{{Role: Minority}}, At: 2 * s, For: s},
		"partition minority with leader at 2s":        {Verb: Partition, Groups: []Target{{Role: Minority, Side: WithLeader}}, At: 2 * s},
		"partition {1,2} | {3,4,5} at 1s":             {Verb: Partition, Groups: []Target{{Role: Nodes, Nodes: []smr.NodeID{1, 2}}, {Role: Nodes, Nodes: []smr.NodeID{3, 4, 5}}}, At: s},
		"partition leader|node 2|{3} at 1s":           {Verb: Partition, Groups: []Target{{Role: Leader}, {Role: Node, Nodes: []smr.NodeID{2}}, {Role: Nodes, Nodes: []smr.NodeID{3}}}, At: s},
		"cut leader -> node 3 at 1m30s":               {Verb: Cut, Target: Target{Role: Leader}, Arrow: OneWay, To: Target{Role: Node, Nodes: []smr.NodeID{3}}, At: 90 * s},
		"cut node 1<->node 3 at 1s":                   {Verb: Cut, Target: Target{Role: Node, Nodes: []smr.NodeID{1}}, Arrow: BothWays, To: Target{Role: Node, Nodes: []smr.NodeID{3}}, At: s},
		"delay 50ms leader at 1s":                     {Verb: Delay, Amount: Amount{Min: 50 * ms, Max: 50 * ms}, Target: Target{Role: Leader}, At: s},
		"delay 40ms-60ms any -> all at 1s":            {Verb: Delay, Amount: Amount{Min: 40 * ms, Max: 60 * ms}, Target: Target{Role: Any}, Arrow: OneWay, To: Target{Role: All}, At: s},
		"loss 0.5% majority without leader at 1s":     {Verb: Loss, Amount: Amount{Percent: 0.5}, Target: Target{Role: Majority, Side: WithoutLeader}, At: s},
		"slow 1.5MB/s leader -> follower at 1s":       {Verb: Slow, Amount: Amount{Bandwidth: 15e5}, Target: Target{Role: Leader}, Arrow: OneWay, To: Target{Role: Follower}, At: s},
		"duplicate 1% all at 0s":                      {Verb: Duplicate, Amount: Amount{Percent: 1}, Target: Target{Role: All}},
		"disk stall leader at 2s for 500ms":           {Verb: DiskStall, Target: Target{Role: Leader}, At: 2 * s, For: 500 * ms},
		"disk slow 10ms node 2 at 1s":                 {Verb: DiskSlow, Amount: Amount{Min: 10 * ms, Max: 10 * ms}, Target: Target{Role: Node, Nodes: []smr.NodeID{2}}, At: s},
		"disk full any at 1s":                         {Verb: DiskFull, Target: Target{Role: Any}, At: s},
		"disk lose follower at 1s for 2s":             {Verb: DiskLose, Target: Target{Role: Follower}, At: s, For: 2 * s},
		"disk corrupt follower every 1s":              {Verb: DiskCorrupt, Target: Target{Role: Follower}, At: s, Every: s},
		"cpu slow 4x follower at 1s":                  {Verb: CPUSlow, Amount: Amount{Factor: 4}, Target: Target{Role: Follower}, At: s},
		"clock drift -1% node 2 at 1s":                {Verb: ClockDrift, Amount: Amount{Percent: -1}, Target: Target{Role: Node, Nodes: []smr.NodeID{2}}, At: s},
		"clock jump -50ms leader at 1s":               {Verb: ClockJump, Amount: Amount{Min: -50 * ms, Max: -50 * ms}, Target: Target{Role: Leader}, At: s},
		"  \tcrash  node 128\nat 2s ;":                {Verb: Crash, Target: Target{Role: Node, Nodes: []smr.NodeID{128}}, At: 2 * s},
	} {
		got, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s:\n got %+v\nwant %+v", in, got, want)
		}
		again, err := Parse(got[0].String())
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s printed as %q, read as %+v, %v", in, got[0], again, err)
		}
	}
}

func TestCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		"crash LEADER for 60s at 120s":            "crash leader at 2m for 1m",
		"crash leader at 3s every 3s for 1s":      "crash leader every 3s for 1s",
		"crash leader at 1s ;pause any at 2s;":    "crash leader at 1s; pause any at 2s",
		"partition {2 ,1}|{ 3,4 , 5 } at 1000ms":  "partition {1,2} | {3,4,5} at 1s",
		"cut leader->node 3 at 1s":                "cut leader -> node 3 at 1s",
		"slow 1000KB/s leader at 1s":              "slow 1MB/s leader at 1s",
		"delay 10us-10us any at 1s":               "delay 10us any at 1s",
		"crash minority without leader at 1s":     "crash minority without leader at 1s",
		"isolate any jitter 100ms at 1s for 0.5s": "isolate any at 1s for 500ms jitter 100ms",
	} {
		got, err := Parse(in)
		if err != nil || Format(got) != want {
			t.Errorf("%s: %q, %v; want %q", in, Format(got), err, want)
		}
	}
}

// Each case is what the user reads.
func TestErrorsPointAtTheWord(t *testing.T) {
	for _, want := range []string{
		`
expected a time after "at", such as 2s
  crash leader at soon
                  ^^^^`, `
expected a time after "at", such as 2s
  crash leader at
                  ^`, `
expected a target, such as leader, follower, any, minority, node 3 or {1,2}: did you mean leader?
  crash leeder at 2s
        ^^^^^^`, `
expected an action (crash, pause, isolate, partition, cut, delay, loss, duplicate, reorder, slow, disk, clock or cpu): did you mean crash?
  crsh leader at 2s
  ^^^^`, `
expected an action (crash, pause, isolate, partition, cut, delay, loss, duplicate, reorder, slow, disk, clock or cpu)
  explode leader at 2s
  ^^^^^^^`, `
expected at, every, for, until or jitter: did you mean for?
  crash leader at 2s fro 1s
                     ^^^`, `
expected when: "at" and a time, such as at 2s, or "every", such as every 3s
  crash leader
               ^`, `
expected when: "at" and a time, such as at 2s, or "every", such as every 3s
  crash leader for 1s; pause any at 1s
                     ^`, `
2: a time needs a unit, such as 2s or 2ms
  crash leader at 2
                  ^`, `
-2s: a time cannot be negative
  crash leader at -2s
                  ^^^`, `
"at" was given already
  crash leader at 2s at 3s
                     ^^`, `
"for" needs a time above zero
  crash leader at 2s for 0s
                         ^^`, `
a fault that repeats needs an end: add "for" and a time shorter than 3s, or "until healed"
  crash leader every 3s
               ^^^^^`, `
it would strike again before it is over: "for" must be shorter than "every"
  crash leader every 3s for 3s
                        ^^^`, `
it would strike again before it is over: for + jitter must be less than 3s
  crash leader every 3s for 2s jitter 1s
                               ^^^^^^`, `
a fault lasts for a time or until healed, not both
  crash leader at 1s for 2s until healed
                            ^^^^^`, `
expected healed after "until"; for a length of time use for, such as for 1s
  crash leader at 1s until 2s
                           ^^`, `
"cut" needs a link, such as leader -> node 3; to cut a replica off altogether: isolate leader
  cut leader at 1s
             ^^`, `
"crash" strikes replicas, not a link
  crash leader -> node 3 at 1s
               ^^`, `
both ends of the link are node 3
  cut node 3 -> node 3 at 1s
                ^^^^`, `
expected a node's number, as in node 3: a number from 1 to 128
  crash node three at 1s
             ^^^^^`, `
expected a node's number, as in node 3: a number from 1 to 128
  crash node 0 at 1s
             ^`, `
node 2 is in two groups
  partition {1,2} | {3,2} at 1s
                       ^`, `
node 1 is named twice
  crash {1,2,1} at 1s
             ^`, `
expected "," or "}", as in {1,2}
  crash {1 2} at 1s
           ^`, `
expected the name of a region, as in region eu-west-1
  crash region
               ^`, `
expected leader, as in minority with leader: did you mean leader?
  crash minority with leadr at 1s
                      ^^^^^`, `
expected a percentage after "loss", such as 1%
  loss leader at 1s
       ^^^^^^`, `
10: a percentage needs its sign, such as 10%
  loss 10 leader at 1s
       ^^`, `
a chance is at most 100%
  loss 101% leader at 1s
       ^^^^`, `
expected a time after "delay", such as 50ms or 40ms-60ms
  delay leader at 1s
        ^^^^^^`, `
the lower end of a range comes first, as in 40ms-60ms
  delay 60ms-40ms leader at 1s
        ^^^^^^^^^`, `
60: a time needs a unit, such as 60s or 60ms
  delay 40ms-60 leader at 1s
             ^^`, `
expected a bandwidth after "slow", such as 1MB/s
  slow leader at 1s
       ^^^^^^`, `
1MB: a bandwidth is a size a second, such as 1MB/s
  slow 1MB leader at 1s
       ^^^`, `
expected stall, slow, full, fail, corrupt or lose after "disk", such as disk stall leader at 2s: did you mean stall?
  disk stal leader at 2s
       ^^^^`, `
disk corrupt happens at an instant: it has no length
  disk corrupt leader at 2s for 1s
                            ^^^`, `
expected a fault, such as crash leader at 2s
  
  ^`, `
expected a fault, such as crash leader at 2s
  ;
  ^`, `
99999999999h: that is longer than any run
  crash leader at 99999999999h
                  ^^^^^^^^^^^^`, `
expected a target, such as leader, follower, any, minority, node 3 or {1,2}
  crash région-née at 2s
        ^^^^^^^^^^`,
	} {
		lines := strings.Split(strings.TrimPrefix(want, "\n"), "\n")
		in := strings.TrimPrefix(lines[1], "  ")
		_, err := Parse(in)
		var pe *ParseError
		if !errors.As(err, &pe) {
			t.Errorf("%s: %v is no ParseError", in, err)
			continue
		}
		if got, want := err.Error(), strings.Join(lines, "\n"); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func TestErrorOfOddText(t *testing.T) {
	_, err := Parse("crash\tleader\nat\x00 soon")
	want := "expected at, every, for, until or jitter: did you mean at?\n  crash leader at  soon\n               ^^^"
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestFlag(t *testing.T) {
	var list []string
	f := (*Flag)(&list)
	for _, s := range []string{"crash leader at 2000ms", "pause any at 1s; pause any at 2s"} {
		if err := f.Set(s); err != nil {
			t.Fatal(err)
		}
	}
	if f.Set("crash leader") == nil || len(list) != 3 || list[0] != "crash leader at 2s" || f.Type() != "fault" {
		t.Errorf("%q", list)
	}
}

// random returns a fault that Parse could have returned.
func random(r *rand.Rand) Fault {
	f := Fault{Verb: Verb(r.IntN(len(verbs)))}
	long := func() smr.Time { return 1 + smr.Time(r.Int64N(1<<(1+r.IntN(45)))) }
	target := func() Target {
		g := Target{Role: Role(1 + r.IntN(int(Region)))}
		switch g.Role {
		case Node:
			g.Nodes = []smr.NodeID{smr.NodeID(1 + r.IntN(smr.MaxNodes))}
		case Nodes:
			for id := smr.NodeID(1); id <= smr.MaxNodes; id++ {
				if r.IntN(40) == 0 || id == smr.MaxNodes && g.Nodes == nil {
					g.Nodes = append(g.Nodes, id)
				}
			}
		case Region:
			g.Name = []string{"eu-west-1", "at", "x", "leader"}[r.IntN(4)]
		case Minority, Majority:
			g.Side = Side(r.IntN(3))
		}
		return g
	}
	info := verbs[f.Verb]
	switch info.amount {
	case aTime:
		f.Amount.Min = long()
		f.Amount.Max = f.Amount.Min
	case aSignedTime:
		f.Amount.Min = long() * smr.Time(1-2*r.IntN(2))
		f.Amount.Max = f.Amount.Min
	case aTimeRange:
		f.Amount.Min = long()
		f.Amount.Max = f.Amount.Min + long()*smr.Time(r.IntN(2))
	case aPercent:
		f.Amount.Percent = 100 * (1 - r.Float64())
	case aSignedPercent:
		f.Amount.Percent = 99*r.Float64() - 49
	case aFactor:
		f.Amount.Factor = 1 + 9*(1-r.Float64())
	case aBandwidth:
		f.Amount.Bandwidth = 1 + r.Int64N(1<<(1+r.IntN(45)))
	}
	switch info.shape {
	case groups:
		f.Groups = []Target{{Role: []Role{Leader, Any, Minority}[r.IntN(3)]}}
		for r.IntN(2) == 0 {
			f.Groups = append(f.Groups, Target{Role: Node, Nodes: []smr.NodeID{smr.NodeID(len(f.Groups))}})
		}
	default:
		f.Target = target()
		if info.shape == link || info.shape == linkOrNodes && r.IntN(2) == 0 {
			f.Arrow, f.To = Arrow(1+r.IntN(2)), target()
			if f.To.Role == f.Target.Role {
				f.To = Target{Role: All}
			}
		}
	}
	f.At = long()
	if r.IntN(2) == 0 {
		f.Every = long() + 2
		if r.IntN(2) == 0 {
			f.At = f.Every
		}
	}
	if !info.instant {
		switch {
		case r.IntN(2) == 0:
			f.UntilHealed = true
		case f.Every > 0:
			f.For = 1 + smr.Time(r.Int64N(int64(f.Every-1)))
		case r.IntN(2) == 0:
			f.For = long()
		}
	}
	if f.Jitter = long(); f.Every > 0 {
		f.Jitter = smr.Time(r.Int64N(int64(f.Every - f.For)))
	}
	return f
}

func TestEveryFaultSurvivesItsText(t *testing.T) {
	const seed = 5
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 20000 {
		f := random(r)
		got, err := Parse(f.String())
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], f) {
			t.Fatalf("seed %d, case %d: %q\nread as %+v\nwant    %+v\n%v", seed, i, f, got, f, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 0))
	for range 50 {
		f.Add(random(r).String())
	}
	f.Add("crash leader at 2s; partition {1,2} | {3,4,5} every 3s for 1s jitter 10ms")
	f.Add("crash {1,")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Pos < 0 || pe.End < pe.Pos || pe.End > len(text) || strings.Count(err.Error(), "\n") != 2 {
				t.Errorf("%q: %#v", text, err)
			}
			return
		}
		again, err := Parse(Format(got))
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q printed as %q, read as %+v, %v", text, Format(got), again, err)
		}
		if Validate(got, Limits{Nodes: 5, Window: 10 * s, Regions: []string{"eu"}, UntilHealed: true, Verbs: []Verb{Crash, Partition}}) == nil {
			Expand(got, 10*s, 1)
		}
	})
}
