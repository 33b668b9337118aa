package paxos

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/smr/window"
)

// describeMultiRecord puts a log record of Multi-Paxos into words.
func describeMultiRecord(b []byte) string {
	if len(b) < recordHeadSize || b[0] != recordEntries && b[0] != recordBaseline {
		return fmt.Sprintf("no record of Multi-Paxos: %d bytes", len(b))
	}
	promised, commit := Ballot(binary.LittleEndian.Uint64(b[8:])), binary.LittleEndian.Uint64(b[16:])
	if b[0] == recordBaseline {
		return fmt.Sprintf("baseline on the snapshot of %d: promised %v", commit, promised)
	}
	return fmt.Sprintf("accepted: promised %v, commit=%d, %s", promised, commit, describeRun(b[recordHeadSize:]))
}

// describeBasicRecord puts a log record of basic Paxos into words.
func describeBasicRecord(b []byte) string {
	if len(b) < basicRecordHead {
		return fmt.Sprintf("no record of Paxos: %d bytes", len(b))
	}
	rest := b[basicRecordHead:]
	switch {
	case b[0] == basicPromises && len(rest)%basicPromiseSize == 0 && len(rest) > 0:
		first := fmt.Sprintf("%v for slot %d", Ballot(binary.LittleEndian.Uint64(rest[8:])), binary.LittleEndian.Uint64(rest))
		if n := len(rest) / basicPromiseSize; n > 1 {
			return fmt.Sprintf("promises for %d slots, the first: %s", n, first)
		}
		return "promise: " + first
	case b[0] == basicPromises && len(rest) == 0:
		return "promises for no slot"
	case b[0] == basicEntries:
		return "accepted: " + describeRun(rest)
	case b[0] == basicMark && len(rest) == 8:
		return fmt.Sprintf("commit=%d", binary.LittleEndian.Uint64(rest))
	case b[0] == basicBaseline && len(rest) == 8:
		return fmt.Sprintf("baseline on the snapshot of %d", binary.LittleEndian.Uint64(rest))
	}
	return fmt.Sprintf("no record of Paxos: kind %q, %d bytes", b[0], len(b))
}

// describeRun names the first entries of a run: slot, ballot and data of each.
func describeRun(run []byte) string {
	var words []string
	for len(run) > 0 && len(words) < 8 {
		e, rest, err := window.Decode(run)
		if err != nil {
			return "entries cut short or damaged"
		}
		words = append(words, fmt.Sprintf("%d of %v = %s", e.Index, Ballot(e.Ballot), smr.Name(e.Data)))
		run = rest
	}
	switch {
	case len(words) == 0:
		return "no entries"
	case len(run) > 0:
		words = append(words, "...")
	}
	return "entries " + strings.Join(words, ", ")
}
