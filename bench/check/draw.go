package check

import (
	"io"
	"time"

	"github.com/anishathalye/porcupine"
)

// Draw writes an HTML page that shows the history of the first key that has no
// linearization, and how far an order can be found: for a person, in a browser. It
// writes nothing and reports false if there is no such key, or if that is not known
// within limit.
func Draw(w io.Writer, history []Operation, until int64, limit time.Duration) (drawn bool, err error) {
	keys := map[uint32][]Operation{}
	var order []uint32
	for _, o := range history {
		if keys[o.Key] == nil {
			order = append(order, o.Key)
		}
		keys[o.Key] = append(keys[o.Key], o)
	}
	for _, k := range order {
		if ok, known := Linearizable(keys[k], until, limit); ok || !known {
			continue
		}
		kept, _ := counted(keys[k], until)
		result, info := porcupine.CheckOperationsVerbose(model, asked(kept), limit)
		if result != porcupine.Ok {
			return true, porcupine.Visualize(model, info, w)
		}
	}
	return false, nil
}

// asked is the operations as their clients saw them.
func asked(kept []Operation) []porcupine.Operation {
	operations := make([]porcupine.Operation, 0, len(kept))
	for _, o := range kept {
		operations = append(operations, porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Call, Return: o.Return})
	}
	return operations
}
