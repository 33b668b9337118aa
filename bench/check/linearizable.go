package check

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is one command on a key: the key's value was swapped for ID, and Found
// was there before. Return is negative if there was no answer.
type Operation struct {
	Client       int
	Key          uint32
	ID           uint64
	Call, Return int64 // ns
	Found        uint64
}

// model is a register for each key that knows one operation, swap.
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
		return o.Return < 0 || o.Found == state.(uint64), o.ID
	},
	DescribeOperation: func(input, output any) string {
		o := input.(Operation)
		if o.Return < 0 {
			return fmt.Sprintf("swap(%d, %#x) -> ?", o.Key, o.ID)
		}
		return fmt.Sprintf("swap(%d, %#x) -> %#x", o.Key, o.ID, o.Found)
	},
}

// Linearizable checks a history of swaps (Herlihy and Wing, "Linearizability", 1990)
// of which only operations called before until count; one that returned later than
// that is as good as unanswered. The second result is false if the answer is not
// known within limit.
func Linearizable(history []Operation, until int64, limit time.Duration) (ok, known bool) {
	last := int64(0)
	for _, o := range history {
		last = max(last, o.Call, o.Return)
	}
	// An open swap that nobody saw need not have happened; leaving it out keeps the
	// search short (a value stands in one swap only).
	found := make(map[uint64]bool, len(history))
	for _, o := range history {
		if o.Return >= 0 && o.Return < until {
			found[o.Found] = true
		}
	}
	operations := make([]porcupine.Operation, 0, len(history))
	for _, o := range history {
		if o.Call >= until {
			continue
		}
		if o.Return < 0 || o.Return >= until {
			if !found[o.ID] {
				continue
			}
			o.Return, o.Found = -1, 0
		}
		end := o.Return
		if end < 0 {
			end = last + 1
		}
		operations = append(operations, porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Call, Return: end})
	}
	switch porcupine.CheckOperationsTimeout(model, operations, limit) {
	case porcupine.Ok:
		return true, true
	case porcupine.Illegal:
		return false, true
	}
	return false, false
}
