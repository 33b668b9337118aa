package check

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/consbench/consbench/bench/command"
)

// Operation is one command on a key: ID is the value that it gives the key, if it
// does, and Found what it was told was there before. Return is negative if there was
// no answer: it may have taken effect at any time since, or never will.
type Operation struct {
	Client       int
	Key          uint32
	ID           uint64
	Op           command.Op
	Expect       uint64 // of a compare-and-swap
	Call, Return int64  // ns
	Found        uint64

	open bool // without an answer that counts; Return is then when the history ends
	rank int  // where in the chain of writes it belongs, as far as tighten knows
}

// do is what the operation makes of the value of its key.
func (o *Operation) do(value uint64) (next uint64) {
	c := command.Named(o.ID)
	c.Op, c.Expect = o.Op, o.Expect
	return c.Do(value)
}

// model is a register for each key.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		at := map[uint32]int{}
		var parts [][]porcupine.Operation
		for _, o := range history {
			k := o.Input.(Operation).Key
			i, ok := at[k]
			if !ok {
				i = len(parts)
				at[k] = i
				parts = append(parts, nil)
			}
			parts[i] = append(parts[i], o)
		}
		return parts
	},
	Init: func() any { return uint64(0) },
	Step: func(state, input, output any) (bool, any) {
		o := input.(Operation)
		return o.open && o.Op == command.Write || o.Found == state.(uint64), o.do(state.(uint64))
	},
	DescribeOperation: func(input, output any) string {
		o := input.(Operation)
		if o.open {
			return o.words() + " -> ?"
		}
		return fmt.Sprintf("%s -> %s", o.words(), valueName(o.Found))
	},
	DescribeState: func(state any) string { return valueName(state.(uint64)) },
}

// words is the operation without its result.
func (o *Operation) words() string {
	switch o.Op {
	case command.Read:
		return fmt.Sprintf("read(k%d)", o.Key)
	case command.CompareAndSwap:
		return fmt.Sprintf("cas(k%d, %s, %s)", o.Key, valueName(o.Expect), valueName(o.ID))
	}
	return fmt.Sprintf("%v(k%d, %s)", o.Op, o.Key, valueName(o.ID))
}

// valueName writes a value as session.number of the command that wrote it.
func valueName(v uint64) string {
	if v == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%d.%d", v>>40-1, v&(1<<40-1))
}

// Linearizable checks a history (Herlihy and Wing, "Linearizability", 1990)
// of which only operations called before until count; one that returned later than
// that is as good as unanswered. The second result is false if the answer is not
// known within limit.
func Linearizable(history []Operation, until int64, limit time.Duration) (ok, known bool) {
	kept, end := counted(history, until)
	if !tighten(kept, end) {
		return false, true
	}
	return search(kept, limit)
}

// counted is what of a history counts, open operations up to end, which is beyond all times.
func counted(history []Operation, until int64) (kept []Operation, end int64) {
	last := int64(0)
	for _, o := range history {
		last = max(last, o.Call, o.Return)
	}
	// An open command whose value nobody saw need not have happened; leaving it out
	// keeps the search short (a value stands in one command only).
	found := make(map[uint64]bool, len(history))
	for _, o := range history {
		if o.Return >= 0 && o.Return < until {
			found[o.Found] = true
		}
	}
	kept = make([]Operation, 0, len(history))
	for _, o := range history {
		if o.Call >= until {
			continue
		}
		if o.Return < 0 || o.Return >= until {
			if !found[o.ID] {
				continue
			}
			// A compare-and-swap whose value was seen has found what it expected.
			o.open, o.Return, o.Found = true, last+1, o.Expect
		}
		kept = append(kept, o)
	}
	return kept, last + 1
}

// search looks for an order of the operations. Of those that begin at the same time,
// as after tighten many do, it tries the lower rank first.
func search(kept []Operation, limit time.Duration) (ok, known bool) {
	operations := make([]porcupine.Operation, 0, len(kept))
	scale := int64(len(kept) + 2)
	for _, o := range kept {
		if o.Return < o.Call {
			return false, true // it would have to take effect before it was asked for
		}
		operations = append(operations, porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Call*scale + int64(o.rank), Return: (o.Return+1)*scale - 1})
	}
	switch porcupine.CheckOperationsTimeout(model, operations, limit) {
	case porcupine.Ok:
		return true, true
	case porcupine.Illegal:
		return false, true
	}
	return false, false
}
