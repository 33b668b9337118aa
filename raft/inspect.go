package raft

import (
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// Vote shows an inspector the current term and whom this server voted for in it.
func (c *core) Vote() (term uint64, to smr.NodeID) { return c.term, c.vote }

// describe is a frame in words, for a person.
func describe(frame []byte) string {
	typ, flags, err := opening(frame)
	if err != nil {
		return err.Error()
	}
	switch typ {
	case typeAppend:
		var m appendEntries
		if err := m.decode(flags, frame); err != nil {
			return err.Error()
		}
		what := describeEntries(frame[appendSize:])
		if m.again {
			what += ", again"
		}
		return fmt.Sprintf("append term=%d seq=%d after %d of term %d: %s; commit=%d", m.term, m.seq, m.prevIndex, m.prevTerm, what, m.commit)
	case typeAppendReply:
		var m appendReply
		if err := m.decode(flags, frame); err != nil {
			return err.Error()
		}
		if m.rejected {
			return fmt.Sprintf("append refused term=%d seq=%d last=%d, which is of term %d from %d on", m.term, m.seq, m.last, m.conflictTerm, m.conflictIndex)
		}
		return fmt.Sprintf("append taken term=%d seq=%d durable=%d last=%d", m.term, m.seq, m.match, m.last)
	case typeVote:
		var m requestVote
		if err := m.decode(flags, frame); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s? term=%d round=%d, log ends at %d of term %d", votes(m.pre), m.term, m.round, m.lastIndex, m.lastTerm)
	case typeVoteReply:
		var m voteReply
		if err := m.decode(flags, frame); err != nil {
			return err.Error()
		}
		answer := "refused"
		if m.granted {
			answer = "GRANTED"
		}
		return fmt.Sprintf("%s %s term=%d round=%d", votes(m.pre), answer, m.term, m.round)
	}
	return errType.Error()
}

func votes(pre bool) string {
	if pre {
		return "pre-vote"
	}
	return "vote"
}

// describeEntries names the entries of an append: index, term and data of each.
func describeEntries(body []byte) string {
	var words []string
	for len(body) > 0 && len(words) < 8 {
		e, rest, err := window.Decode(body)
		if err != nil {
			return "entries cut short or damaged"
		}
		words = append(words, fmt.Sprintf("%d of term %d = %s", e.Index, e.Ballot, smr.Name(e.Data)))
		body = rest
	}
	switch {
	case len(words) == 0:
		return "no entries"
	case len(body) > 0:
		words = append(words, "...")
	}
	return "entries " + strings.Join(words, ", ")
}

// describeRecord puts a log record into words.
func describeRecord(b []byte) string {
	r, entries, err := decodeRecord(b)
	if err != nil {
		return err.Error()
	}
	what := "update"
	if r.baseline {
		what = fmt.Sprintf("baseline on the snapshot of %d, term %d", r.snapIndex, r.snapTerm)
	}
	return fmt.Sprintf("%s: term=%d vote=%v commit=%d, %s", what, r.term, r.vote, r.commit, describeEntries(entries))
}
