package raft

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/consbench/consbench/bench/smr"
)

// Frames, little endian. Every frame begins with a type, flags and six zeros;
// fields of eight bytes follow.
//
//	           0    1     2..7  8     16    24         32        40            48
//	append     1  again    0    term  seq   prevIndex  prevTerm  commit        entries...
//	reply      2  rej,nonv 0    term  seq   match      last      conflictTerm  conflictIndex
//	vote       3  pre      0    term  round lastIndex  lastTerm
//	voteReply  4  pre,grant 0   term  round
//
// Flags and zeros that are not listed make a frame malformed, so that decoding
// and encoding again gives the same bytes.
const (
	typeAppend byte = 1 + iota
	typeAppendReply
	typeVote
	typeVoteReply
)

const (
	appendSize      = 48
	appendReplySize = 56
	voteSize        = 40
	voteReplySize   = 24
)

// Flags by frame type.
const (
	flagAgain    = 1 // append
	flagRejected = 1 // reply
	flagNonVoter = 2 // reply
	flagPre      = 1 // vote, voteReply
	flagGranted  = 2 // voteReply
)

func malformed(what string) error { return fmt.Errorf("raft: %w: %s", smr.ErrMalformed, what) }

// Errors of Step and Replay. They are made once: a flood of bad frames must not
// cost allocations.
var (
	errType      = malformed("frame of an unknown type")
	errLength    = malformed("frame of the wrong length")
	errFields    = malformed("frame fields out of range")
	errEntry     = malformed("entry cut short or checksum wrong")
	errSequence  = malformed("entries out of sequence")
	errStranger  = malformed("frame from a stranger")
	errTwoHeads  = malformed("append from a second leader of this term")
	errCommitted = malformed("append contradicts a committed entry")
	errBeyond    = malformed("reply acknowledges what was never sent")
	errRecord    = malformed("log record")
	errMeta      = malformed("snapshot meta")
	errHole      = malformed("log does not reach back to the snapshot")
)

// errReplayFull: the log is longer than the window. Ready and Applied between
// Replays let go of what is committed.
var errReplayFull = errors.New("raft: the window is full: apply between Replays")

func get(b []byte, off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }

// put appends a frame's or record's common first eight bytes and its fields.
func put(dst []byte, first uint64, fields ...uint64) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, first)
	for _, f := range fields {
		dst = binary.LittleEndian.AppendUint64(dst, f)
	}
	return dst
}

func first(typ, flags byte) uint64 { return uint64(typ) | uint64(flags)<<8 }

func flag(set bool, f byte) byte {
	if set {
		return f
	}
	return 0
}

// opening splits the first eight bytes into type and flags.
func opening(frame []byte) (typ, flags byte, err error) {
	if len(frame) < 8 {
		return 0, 0, errLength
	}
	w := get(frame, 0)
	if w>>16 != 0 {
		return 0, 0, errFields
	}
	return byte(w), byte(w >> 8), nil
}

func inRange(v ...uint64) bool {
	for _, x := range v {
		if x >= maxIndex {
			return false
		}
	}
	return true
}

func (m *appendEntries) encode(dst []byte) []byte {
	return put(dst, first(typeAppend, flag(m.again, flagAgain)), m.term, m.seq, m.prevIndex, m.prevTerm, m.commit)
}

func (m *appendEntries) decode(flags byte, b []byte) error {
	if len(b) < appendSize {
		return errLength
	}
	*m = appendEntries{term: get(b, 8), seq: get(b, 16), prevIndex: get(b, 24), prevTerm: get(b, 32), commit: get(b, 40),
		again: flags&flagAgain != 0}
	if flags&^flagAgain != 0 || m.term == 0 || m.prevTerm > m.term || !inRange(m.term, m.prevIndex, m.commit) ||
		(m.prevIndex == 0) != (m.prevTerm == 0) {
		return errFields
	}
	return nil
}

func (m *appendReply) encode(dst []byte) []byte {
	return put(dst, first(typeAppendReply, flag(m.rejected, flagRejected)|flag(m.nonVoter, flagNonVoter)), m.term, m.seq, m.match, m.last, m.conflictTerm, m.conflictIndex)
}

func (m *appendReply) decode(flags byte, b []byte) error {
	if len(b) != appendReplySize {
		return errLength
	}
	*m = appendReply{term: get(b, 8), seq: get(b, 16), match: get(b, 24), last: get(b, 32), conflictTerm: get(b, 40), conflictIndex: get(b, 48),
		rejected: flags&flagRejected != 0, nonVoter: flags&flagNonVoter != 0}
	if flags&^(flagRejected|flagNonVoter) != 0 || m.term == 0 || !inRange(m.term, m.match, m.last, m.conflictTerm, m.conflictIndex) ||
		!m.rejected && (m.conflictTerm != 0 || m.conflictIndex != 0) {
		return errFields
	}
	return nil
}

func (m *requestVote) encode(dst []byte) []byte {
	return put(dst, first(typeVote, flag(m.pre, flagPre)), m.term, m.round, m.lastIndex, m.lastTerm)
}

func (m *requestVote) decode(flags byte, b []byte) error {
	if len(b) != voteSize {
		return errLength
	}
	*m = requestVote{term: get(b, 8), round: get(b, 16), lastIndex: get(b, 24), lastTerm: get(b, 32), pre: flags&flagPre != 0}
	if flags&^flagPre != 0 || m.term == 0 && !m.pre || !inRange(m.term, m.lastIndex, m.lastTerm) {
		return errFields
	}
	return nil
}

func (m *voteReply) encode(dst []byte) []byte {
	return put(dst, first(typeVoteReply, flag(m.pre, flagPre)|flag(m.granted, flagGranted)), m.term, m.round)
}

func (m *voteReply) decode(flags byte, b []byte) error {
	if len(b) != voteReplySize {
		return errLength
	}
	*m = voteReply{term: get(b, 8), round: get(b, 16), pre: flags&flagPre != 0, granted: flags&flagGranted != 0}
	if flags&^(flagPre|flagGranted) != 0 || m.term == 0 && !m.pre || !inRange(m.term) {
		return errFields
	}
	return nil
}

// Log records, little endian. commit never lies behind the record's last entry
// when it has any, so that Replay may apply up to it at once.
//
//	           0    1..3  4     8     16       24         32
//	update     1    0     vote  term  commit   entries...
//	baseline   2    0     vote  term  commit   snapIndex  snapTerm  entries...
//
// A baseline says that everything up to snapIndex is in the snapshot.
const (
	recordUpdate byte = 1 + iota
	recordBaseline
)

const (
	updateSize   = 24
	baselineSize = 40
)

type record struct {
	baseline  bool
	vote      smr.NodeID
	term      uint64
	commit    uint64
	snapIndex uint64 // of a baseline
	snapTerm  uint64
}

func (r *record) encode(dst []byte) []byte {
	if r.baseline {
		return put(dst, uint64(recordBaseline)|uint64(r.vote)<<32, r.term, r.commit, r.snapIndex, r.snapTerm)
	}
	return put(dst, uint64(recordUpdate)|uint64(r.vote)<<32, r.term, r.commit)
}

// decodeRecord splits a record into its head and the encoded entries.
func decodeRecord(b []byte) (r record, entries []byte, err error) {
	if len(b) < updateSize {
		return r, nil, errRecord
	}
	w := get(b, 0)
	r = record{vote: smr.NodeID(w >> 32), term: get(b, 8), commit: get(b, 16)}
	switch uint32(w) {
	case uint32(recordUpdate):
		entries = b[updateSize:]
	case uint32(recordBaseline):
		if len(b) < baselineSize {
			return r, nil, errRecord
		}
		r.baseline, r.snapIndex, r.snapTerm = true, get(b, 24), get(b, 32)
		entries = b[baselineSize:]
	default:
		return r, nil, errRecord
	}
	if !inRange(r.term, r.commit, r.snapIndex, r.snapTerm) || r.snapTerm > r.term || r.baseline && r.commit < r.snapIndex {
		return r, nil, errRecord
	}
	return r, entries, nil
}
