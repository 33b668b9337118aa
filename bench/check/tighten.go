package check

import "github.com/consbench/consbench/bench/command"

// writes reports whether the operation gave its key the value ID. Of an operation
// without an answer that is known only if somebody has seen the value.
func (o *Operation) writes() bool {
	return o.Op == command.Write || o.Op == command.CompareAndSwap && o.Found == o.Expect
}

type version struct {
	key   uint32
	value uint64 // 0 = as in the beginning
}

// tighten narrows the interval in which each operation may have taken effect, as far
// as follows from what was found. Every value is written once, so the writes of a key
// form a chain: who found a value took effect after its write and before the next, and
// nobody needs to try other orders. No linearization is lost by that, and the search
// for one, exponential in how many operations overlap, has little left to decide. It
// reports false where two writes found the same value, which no order explains.
//
// last is beyond all times; an operation that may take effect until then has it as its
// Return.
func tighten(all []Operation, last int64) bool {
	next := make(map[version]*Operation)
	readers := make(map[version][]*Operation)
	var roots []version
	seen := make(map[version]bool)
	for i := range all {
		o := &all[i]
		found := version{o.Key, o.Found}
		switch {
		case o.open && o.Op == command.Write: // nobody knows what it found
			roots = append(roots, version{o.Key, o.ID})
		case o.writes():
			if next[found] != nil {
				return false
			}
			next[found] = o
		default:
			readers[found] = append(readers[found], o)
		}
		if start := (version{o.Key, 0}); !seen[start] {
			seen[start] = true
			roots = append(roots, start)
		}
	}
	writer := make(map[version]*Operation, len(all))
	for i := range all {
		if o := &all[i]; o.open && o.Op == command.Write || o.writes() {
			writer[version{o.Key, o.ID}] = o
		}
	}
	rank := 0
	for _, v := range roots {
		tightenChain(v, next, readers, writer, last, &rank)
	}
	return true
}

// tightenChain follows the writes from version v on, and back.
func tightenChain(v version, next map[version]*Operation, readers map[version][]*Operation, writer map[version]*Operation, last int64, rank *int) {
	call, chain := int64(0), []version{}
	if w := writer[v]; w != nil {
		call = w.Call
	}
	for {
		chain = append(chain, v)
		for _, r := range readers[v] {
			r.Call = max(r.Call, call)
			r.rank = *rank
			*rank++
		}
		for _, r := range readers[v] {
			call = max(call, r.Call)
		}
		n := next[v]
		if n == nil || len(chain) > len(writer)+1 {
			break
		}
		n.Call = max(n.Call, call)
		n.rank = *rank
		*rank++
		call, v = n.Call, version{n.Key, n.ID}
	}
	end := last
	for i := len(chain) - 1; i >= 0; i-- {
		v := chain[i]
		for _, r := range readers[v] {
			r.Return = min(r.Return, end)
		}
		for _, r := range readers[v] {
			end = min(end, r.Return)
		}
		if w := writer[v]; w != nil {
			w.Return = min(w.Return, end)
			end = w.Return
		}
	}
}
