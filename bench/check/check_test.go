package check

import (
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/command"
)

func TestDigestsFindADifference(t *testing.T) {
	d := NewDigests()
	for i := range uint64(40_000) {
		for node := range 3 {
			digest := i * 7
			if i == 20_480 && node == 2 {
				digest++
			}
			if d.Wants(i) {
				d.Mark(1, i, digest)
			}
		}
	}
	if got := d.Diverged(); len(got) != 1 || !strings.Contains(got[0], "entry 20480") {
		t.Fatalf("diverged: %q", got)
	}
	if len(d.marks) > maxMarks {
		t.Fatalf("%d marks kept", len(d.marks))
	}
	if d.Compared() == 0 {
		t.Fatal("nothing compared")
	}
}

func TestSessionsFindsEachKindOfProblem(t *testing.T) {
	good := Table{command.Seen{Base: 5}, 5}
	for _, c := range []struct {
		name   string
		acked  command.Seen
		next   uint64
		tables []Table
		want   string
	}{
		{"fine", command.Seen{Base: 5}, 5, []Table{good, good}, ""},
		{"fine, more applied than acknowledged", command.Seen{Base: 3}, 6, []Table{good, good}, ""},
		{"lost", command.Seen{Base: 5}, 5, []Table{{command.Seen{Base: 4}, 4}, good}, "does not have"},
		{"lost in the middle", command.Seen{Base: 5}, 9, []Table{{command.Seen{Base: 3, Bits: 2}, 4}}, "does not have"},
		{"invented", command.Seen{Base: 4}, 4, []Table{good}, "never sent"},
		{"doubled", command.Seen{Base: 5}, 5, []Table{good, {command.Seen{Base: 5}, 6}}, "5 commands took effect 6 times"},
		{"different", command.Seen{Base: 4}, 6, []Table{good, {command.Seen{Base: 6}, 6}}, "different"},
	} {
		var s Sessions
		s.Check(1, c.acked, c.next, []string{"n1", "n2"}, c.tables)
		got := strings.Join(s.Problems(), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func swap(client int, key uint32, id uint64, call, ret int64, found uint64) Operation {
	return Operation{Client: client, Key: key, ID: id, Call: call, Return: ret, Found: found}
}

func op(o command.Op, client int, id, expect uint64, call, ret int64, found uint64) Operation {
	return Operation{Client: client, Key: 1, ID: id, Op: o, Expect: expect, Call: call, Return: ret, Found: found}
}

func TestLinearizable(t *testing.T) {
	const open = -1
	for _, c := range []struct {
		name  string
		until int64
		want  bool
		ops   []Operation
	}{
		{"one after the other", 100, true, []Operation{swap(0, 1, 11, 0, 1, 0), swap(1, 1, 12, 2, 3, 11)}},
		{"stale", 100, false, []Operation{swap(0, 1, 11, 0, 1, 0), swap(1, 1, 12, 2, 3, 0)}},
		{"at once, either order", 100, true, []Operation{swap(0, 1, 11, 0, 5, 12), swap(1, 1, 12, 0, 5, 0)}},
		{"both first", 100, false, []Operation{swap(0, 1, 11, 0, 5, 0), swap(1, 1, 12, 0, 5, 0)}},
		{"keys are apart", 100, true, []Operation{swap(0, 1, 11, 0, 1, 0), swap(1, 2, 12, 2, 3, 0)}},
		{"open and seen", 100, true, []Operation{swap(0, 1, 11, 0, open, 0), swap(1, 1, 12, 2, 3, 11)}},
		{"open and not seen", 100, true, []Operation{swap(0, 1, 11, 0, open, 0), swap(1, 1, 12, 2, 3, 0)}},
		{"seen before it was called", 100, false, []Operation{swap(1, 1, 12, 2, 3, 11), swap(0, 1, 11, 4, open, 0)}},
		{"from nowhere", 100, false, []Operation{swap(1, 1, 12, 2, 3, 99)}},
		{"read what was written", 100, true, []Operation{op(command.Write, 0, 11, 0, 0, 1, 0), op(command.Read, 1, 12, 0, 2, 3, 11)}},
		{"stale read", 100, false, []Operation{op(command.Write, 0, 11, 0, 0, 1, 0), op(command.Read, 1, 12, 0, 2, 3, 0)}},
		{"a read changes nothing", 100, true, []Operation{op(command.Read, 0, 11, 0, 0, 1, 0), op(command.Read, 1, 12, 0, 2, 3, 0)}},
		{"cas that fits", 100, true, []Operation{op(command.Write, 0, 11, 0, 0, 1, 0), op(command.CompareAndSwap, 1, 12, 11, 2, 3, 11), op(command.Read, 0, 13, 0, 4, 5, 12)}},
		{"cas that does not", 100, true, []Operation{op(command.Write, 0, 11, 0, 0, 1, 0), op(command.CompareAndSwap, 1, 12, 9, 2, 3, 11), op(command.Read, 0, 13, 0, 4, 5, 11)}},
		{"two cas from one value", 100, false, []Operation{op(command.CompareAndSwap, 0, 11, 0, 0, 5, 0), op(command.CompareAndSwap, 1, 12, 0, 0, 5, 0)}},
		{"open cas and seen", 100, true, []Operation{op(command.CompareAndSwap, 0, 11, 0, 0, open, 0), op(command.Read, 1, 12, 0, 2, 3, 11)}},
		{"open cas that cannot have fitted", 100, false, []Operation{op(command.CompareAndSwap, 0, 11, 7, 0, open, 0), op(command.Read, 1, 12, 0, 2, 3, 11)}},
		{"the lie comes after the end", 2, true, []Operation{swap(0, 1, 11, 0, 1, 0), swap(1, 1, 12, 2, 3, 0)}},
		{"answered after the end, saw what is beyond", 3, true, []Operation{swap(0, 1, 11, 0, 9, 77), swap(1, 1, 12, 1, 2, 0)}},
	} {
		if ok, known := Linearizable(c.ops, c.until, time.Minute); !known || ok != c.want {
			t.Errorf("%s: %v (known %v), want %v", c.name, ok, known, c.want)
		}
	}
}
