package raft

import (
	"fmt"

	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// mark is what Raft remembers beside an entry.
type mark struct {
	end uint64 // bytes of encoded entries up to and including this one: differences give sizes of ranges
}

// raftLog is the log from the entry behind the base on, and how far it has come.
// It has no holes. All indexes are inclusive:
//
//	applied <= delivered <= commit <= last
//	durable <= handed <= last
//
// (commit may exceed durable at a leader whose disk is slower than a quorum.)
type raftLog struct {
	w        *window.Window[mark]
	baseTerm uint64 // term of the entry at base, the index before the window's first
	baseEnd  uint64 // mark.end of it

	handed    uint64 // given out as records
	durable   uint64 // confirmed by Persisted, as a contiguous prefix
	commit    uint64
	delivered uint64 // given out as Committed
	applied   uint64

	voided uint64 // last Ready that logged an entry removed since; for a probe
}

func newLog(capacity int, base, baseTerm uint64) raftLog {
	return raftLog{
		w: window.New[mark](capacity, base), baseTerm: baseTerm,
		handed: base, durable: base, commit: base, delivered: base, applied: base,
	}
}

func (l *raftLog) base() uint64 { return l.w.First() - 1 }
func (l *raftLog) last() uint64 { return l.w.Last() }

// term returns the term of entry i, which is the base or in the window.
func (l *raftLog) term(i uint64) uint64 {
	if i == l.base() {
		return l.baseTerm
	}
	s := l.w.At(i)
	if s == nil {
		panic(fmt.Sprintf("raft: no entry %d in [%d, %d]", i, l.w.First(), l.last()))
	}
	return s.Ballot
}

// end returns mark.end of entry i; indexes before the base count as the base.
func (l *raftLog) end(i uint64) uint64 {
	if i <= l.base() {
		return l.baseEnd
	}
	return l.w.At(i).X.end
}

// bytes is the encoded size of the entries in (lo, hi].
func (l *raftLog) bytes(lo, hi uint64) int { return int(l.end(hi) - l.end(lo)) }

// lastTerm is the term of the last entry.
func (l *raftLog) lastTerm() uint64 { return l.term(l.last()) }

// upToDate reports whether a log ending in (index, term) is at least as up to date
// as this one (5.4.1).
func (l *raftLog) upToDate(index, term uint64) bool {
	if mutant.Enabled && mutant.On(mutant.RaftVotesByLength) {
		return index >= l.last()
	}
	t := l.lastTerm()
	return term > t || term == t && index >= l.last()
}

// append puts an entry behind the last one; false if the window is full.
func (l *raftLog) append(term uint64, tag smr.Tag, sum uint32, data []byte) bool {
	end := l.end(l.last())
	s := l.w.Put(l.last()+1, term, tag, sum, data)
	if s == nil {
		return false
	}
	s.X.end = end + uint64(window.EncodedSize(len(data)))
	return true
}

// truncate removes the entries from i on: they conflict with a leader's. What
// Persisted confirms later of the removed ones no longer counts, for their
// successors in the slots carry no Number yet.
func (l *raftLog) truncate(i uint64) {
	if i <= l.commit {
		panic(fmt.Sprintf("raft: truncating committed entry %d, commit %d", i, l.commit))
	}
	if i <= l.handed {
		l.voided = max(l.voided, l.w.At(l.handed).Number)
	}
	l.w.Truncate(i)
	l.handed = min(l.handed, i-1)
	l.durable = min(l.durable, i-1)
}

// confirm extends the durable prefix to what the Readys up to number have logged.
func (l *raftLog) confirm(number uint64) {
	for i := l.durable + 1; i <= l.handed; i++ {
		if s := l.w.At(i); s.Number == 0 || s.Number > number {
			break
		}
		l.durable = i
	}
}

// stamp notes that the entries in [lo, next) go to the log with Ready number.
func (l *raftLog) stamp(lo, next, number uint64) {
	for i := max(lo, l.handed+1); i < next; i++ {
		l.w.At(i).Number = number
	}
	l.handed = max(l.handed, next-1)
}

// release lets go of the entries up to i, which are applied and durable.
func (l *raftLog) release(i uint64) {
	l.baseTerm, l.baseEnd = l.term(i), l.end(i)
	l.w.Release(i)
}

// reset empties the log and makes (index, term) its base: a snapshot has replaced it.
func (l *raftLog) reset(index, term uint64) {
	l.baseEnd = l.end(l.last())
	l.w.Truncate(l.w.First())
	l.w.Release(index)
	l.baseTerm = term
	l.handed, l.durable, l.commit, l.delivered, l.applied = index, index, index, index, index
}

// firstFrom returns the lowest index in [base, last+1] whose term is at least t.
// Terms never fall along the log, so it searches by halves.
func (l *raftLog) firstFrom(t uint64) uint64 {
	lo, hi := l.base(), l.last()+1
	for lo < hi {
		if mid := lo + (hi-lo)/2; l.term(mid) < t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// crowded reports whether the open entries take half of the window's slots. The others
// are for the no-ops of leaders to come: one that finds no room for its own can commit
// nothing, and has nothing to make room with.
func (l *raftLog) crowded() bool {
	return l.last()-l.commit >= (l.w.Limit()-l.base())/2
}

// room is the space left in the window, in bytes and in slots.
func (l *raftLog) room() (bytes int, slots uint64) {
	return l.w.Capacity() - l.w.Bytes(), l.w.Limit() - l.last()
}
