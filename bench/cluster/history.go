package cluster

import (
	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/smr"
)

// History is what all clients saw of the keys, for [check.Linearizable]: operations
// on every (mask+1)th key, called before until. To be read after Stop, once.
func (l *load) History() (history []check.Operation, mask uint32, until smr.Time) {
	until = smr.Never
	for _, w := range l.workers {
		w.OpenOperations()
		until, mask = min(until, w.History.Until), mask|w.History.Mask
	}
	for _, w := range l.workers {
		for _, o := range w.History.Operations {
			if (o.Key-1)&mask != 0 {
				continue
			}
			end := int64(o.Return)
			if o.Return == smr.Never {
				end = -1
			}
			history = append(history, check.Operation{
				Client: int(o.Session), Key: o.Key, ID: o.ID, Op: o.Op, Expect: o.Expect, Call: int64(o.Call), Return: end, Found: o.Found,
			})
		}
	}
	return history, mask, until
}
