package check

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/command"
)

// random is a history of n operations on two keys: one that a register could have
// given, or, with lies, one in which some operations found something else.
func random(rng *rand.Rand, n, lies int) []Operation {
	values := map[uint32]uint64{}
	ids := map[uint32][]uint64{1: {0}, 2: {0}}
	ops := make([]Operation, n)
	for i := range ops {
		at := int64(10 * (i + 1)) // when it takes effect
		o := Operation{Client: i, Key: 1 + uint32(rng.IntN(2)), ID: uint64(1)<<40 + uint64(i), Op: command.Op(rng.IntN(3)),
			Call: at - rng.Int64N(60), Return: at + rng.Int64N(60)}
		ids[o.Key] = append(ids[o.Key], o.ID)
		o.Found = values[o.Key]
		if o.Expect = o.Found; rng.IntN(3) == 0 {
			o.Expect = ids[o.Key][rng.IntN(len(ids[o.Key]))]
		}
		values[o.Key] = o.do(o.Found)
		if rng.IntN(8) == 0 {
			o.open, o.Return = true, int64(10*n+100)
		}
		ops[i] = o
	}
	for range lies {
		o := &ops[rng.IntN(n)]
		o.Found = ids[o.Key][rng.IntN(len(ids[o.Key]))]
	}
	// As Linearizable has it: open operations are there only if their value was seen.
	return slices.DeleteFunc(ops, func(o Operation) bool {
		return o.open && (!o.writes() || !slices.ContainsFunc(ops, func(p Operation) bool { return !p.open && p.Found == o.ID }))
	})
}

// TestTighten: narrowing intervals changes no verdict.
func TestTighten(t *testing.T) {
	verdicts := map[bool]int{}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		ops := random(rng, 2+rng.IntN(10), rng.IntN(3))
		for i := range ops {
			if o := &ops[i]; o.open {
				o.Found = o.Expect
			}
		}
		want, known := search(slices.Clone(ops), time.Minute)
		if !known {
			t.Fatalf("seed %d: undecided", seed)
		}
		verdicts[want]++
		narrow := slices.Clone(ops)
		got := tighten(narrow, 1<<40)
		if got {
			got, _ = search(narrow, time.Minute)
		}
		if got != want {
			t.Fatalf("seed %d: %v, without narrowing %v: %+v", seed, got, want, ops)
		}
	}
	if verdicts[true] < 100 || verdicts[false] < 100 {
		t.Errorf("one-sided: %v", verdicts)
	}
}

// TestManyAtOnce: a long history of one key, 64 clients at a time, is decided.
func TestManyAtOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	ops := random(rng, 20_000, 0)
	for i := range ops {
		ops[i].Key, ops[i].open = 1, false
	}
	value := uint64(0)
	for i := range ops {
		o := &ops[i]
		at := int64(10 * (i + 1))
		o.Call, o.Return, o.Found = at-rng.Int64N(320), at+rng.Int64N(320), value
		value = o.do(value)
	}
	if ok, known := Linearizable(ops, 1<<40, time.Minute); !ok || !known {
		t.Errorf("ok %v, known %v", ok, known)
	}
	i := len(ops) / 2
	for ops[i].Op != command.Read {
		i++
	}
	ops[i].Found = ops[0].ID
	if ok, known := Linearizable(ops, 1<<40, time.Minute); ok || !known {
		t.Errorf("with a stale read: ok %v, known %v", ok, known)
	}
}
