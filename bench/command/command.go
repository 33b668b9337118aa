// Package command is what clients and replicas say to each other: commands in
// one direction, answers in the other, both fixed little-endian layouts that are
// written in place and read without copying.
//
// An entry of the log is a sequence of commands; protocols see only bytes.
package command

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
)

// A command, padded with zeros to a multiple of 8 bytes:
//
//	0         4      8        16     20        24
//	+---------+------+--------+------+---------+---- - -
//	| session | size | seq    | key  | op      | payload
//	+---------+------+--------+------+---------+---- - -
//
// size is the length of the payload; key is 0 where there is no key space, else
// one more than the key's number. The payload of a CompareAndSwap begins with the
// value that it expects.
const HeaderSize = 24

// MaxPayload bounds the payload of one command.
const MaxPayload = 1 << 20

// Size is how many bytes a command with a payload of n bytes takes.
func Size(n int) int { return (HeaderSize + n + 7) &^ 7 }

// Command is the head of one command. A session numbers its commands from 0;
// (Session, Seq) names a command for good, however often it is sent.
type Command struct {
	Session uint32
	Seq     uint64
	Key     uint32
	Op      Op
	Expect  uint64 // of CompareAndSwap
}

// Op is what a command does with its key. All tell the value that was there before,
// which keeps a check for linearizability short where many write at once.
type Op uint32

const (
	Write          Op = iota // the value becomes the command's ID
	Read                     // the value stays
	CompareAndSwap           // as Write if the value is the one expected, else as Read
	ops
)

var opNames = [ops]string{"write", "read", "cas"}

func (o Op) String() string {
	if o < ops {
		return opNames[o]
	}
	return "op(" + strconv.Itoa(int(o)) + ")"
}

// ExpectSize is the least payload of a CompareAndSwap, in bytes.
const ExpectSize = 8

// Do is what the command makes of the value of its key.
func (c *Command) Do(value uint64) (next uint64) {
	if c.Op == Read || c.Op == CompareAndSwap && value != c.Expect {
		return value
	}
	return c.ID()
}

// ID is the command's name in one word, never 0: what a key's value becomes.
func (c Command) ID() uint64 { return uint64(c.Session+1)<<40 | c.Seq&(1<<40-1) }

// Named is the command that has this ID, without its key and what it does there.
func Named(id uint64) Command { return Command{Session: uint32(id>>40) - 1, Seq: id & (1<<40 - 1)} }

// Put writes the command's head and pads behind a payload of n bytes, which the
// caller writes to dst[HeaderSize:]. dst is Size(n) long.
func Put(dst []byte, c Command, n int) {
	binary.LittleEndian.PutUint32(dst, c.Session)
	binary.LittleEndian.PutUint32(dst[4:], uint32(n))
	binary.LittleEndian.PutUint64(dst[8:], c.Seq)
	binary.LittleEndian.PutUint32(dst[16:], c.Key)
	binary.LittleEndian.PutUint32(dst[20:], uint32(c.Op))
	clear(dst[HeaderSize+n:])
}

// PutExpect writes into the payload of a CompareAndSwap what it expects.
func PutExpect(dst []byte, expect uint64) { binary.LittleEndian.PutUint64(dst[HeaderSize:], expect) }

// ErrMalformed is returned for bytes that are no sequence of commands.
var ErrMalformed = errors.New("command: malformed")

// Next reads the first command of data and how many bytes it takes.
func Next(data []byte) (c Command, size int, err error) {
	if len(data) < HeaderSize {
		return c, 0, ErrMalformed
	}
	n := binary.LittleEndian.Uint32(data[4:])
	if n > MaxPayload || Size(int(n)) > len(data) {
		return c, 0, ErrMalformed
	}
	c = Command{
		Session: binary.LittleEndian.Uint32(data),
		Seq:     binary.LittleEndian.Uint64(data[8:]),
		Key:     binary.LittleEndian.Uint32(data[16:]),
		Op:      Op(binary.LittleEndian.Uint32(data[20:])),
	}
	if c.Op >= ops || c.Op == CompareAndSwap && n < ExpectSize {
		return Command{}, 0, ErrMalformed
	}
	if c.Op == CompareAndSwap {
		c.Expect = binary.LittleEndian.Uint64(data[HeaderSize:])
	}
	return c, Size(int(n)), nil
}

// Status says what an answer is. Only Done belongs to one command; the others are
// notices about a replica and concern all that the client has sent there.
type Status uint8

const (
	Done      Status = iota // the command is committed and applied; Result holds
	NotLeader               // From took none of what is queued there: go to Node, if it is not 0
	Lost                    // From cannot tell the fate of commands it took: send them again
	Serving                 // From leads in Term
)

// Answer is what a replica tells a client.
type Answer struct {
	Status  Status
	Session uint32 // of Done
	Seq     uint64 // of Done
	Result  uint64 // of Done with a key space: the ID of the command that wrote the key before
	From    uint32 // replica, below 1<<24
	Node    uint32 // replica; of NotLeader
	Term    uint64 // of Serving
}

// AnswerSize is the encoded size of an Answer.
//
//	        0   1         5      8      16       24
//	        +---+---------+------+------+--------+
//	Done    | 0 | session | from | seq  | result |
//	notices | s | from           | node | term   |
//	        +---+---------+------+------+--------+
const AnswerSize = 24

// Append appends a to dst.
func (a Answer) Append(dst []byte) []byte {
	le := binary.LittleEndian
	if a.Status == Done {
		dst = le.AppendUint64(dst, uint64(a.From)<<40|uint64(a.Session)<<8)
		dst = le.AppendUint64(dst, a.Seq)
		return le.AppendUint64(dst, a.Result)
	}
	dst = le.AppendUint64(dst, uint64(a.From)<<8|uint64(a.Status))
	dst = le.AppendUint64(dst, uint64(a.Node))
	return le.AppendUint64(dst, a.Term)
}

// ReadAnswer reads the answer at the start of src, which is at least AnswerSize long.
func ReadAnswer(src []byte) Answer {
	_ = src[AnswerSize-1]
	le := binary.LittleEndian
	head, x, y := le.Uint64(src), le.Uint64(src[8:]), le.Uint64(src[16:])
	if s := Status(head); s != Done {
		return Answer{Status: s, From: uint32(head >> 8), Node: uint32(x), Term: y}
	}
	return Answer{From: uint32(head >> 40), Session: uint32(head >> 8), Seq: x, Result: y}
}

// WindowSize is how many commands a session may have open at once.
const WindowSize = 64

// Seen is the set of a session's sequence numbers that something has happened to:
// all below Base, and of the WindowSize from Base on those whose bit is set.
// Bit i stands for Base+i; bit 0 is never set.
type Seen struct {
	Base uint64
	Bits uint64
}

// Has reports whether seq is in the set.
func (s *Seen) Has(seq uint64) bool {
	return seq < s.Base || seq-s.Base < WindowSize && s.Bits>>(seq-s.Base)&1 == 1
}

// Add puts seq into the set. It reports false, and changes nothing, if seq is
// there already or beyond the window.
func (s *Seen) Add(seq uint64) bool {
	if seq == s.Base { // the common case: in order
		s.Base++
		s.Bits >>= 1
		if run := bits.TrailingZeros64(^s.Bits); run > 0 {
			s.Base += uint64(run)
			s.Bits >>= run
		}
		return true
	}
	d := seq - s.Base
	if seq < s.Base || d >= WindowSize || s.Bits>>d&1 == 1 {
		return false
	}
	s.Bits |= 1 << d
	return true
}

// Len is how many numbers the set holds.
func (s *Seen) Len() uint64 { return s.Base + uint64(bits.OnesCount64(s.Bits)) }

// Contains reports whether every number of t is in s.
func (s *Seen) Contains(t Seen) bool {
	if t.Base > s.Base {
		if t.Base-s.Base > WindowSize {
			return false
		}
		if low := lowBits(t.Base - s.Base); s.Bits&low != low {
			return false
		}
	}
	for b := t.Bits; b != 0; b &= b - 1 {
		if !s.Has(t.Base + uint64(bits.TrailingZeros64(b))) {
			return false
		}
	}
	return true
}

// Below reports whether no number of the set is next or above.
func (s *Seen) Below(next uint64) bool {
	if s.Bits == 0 {
		return s.Base <= next
	}
	return s.Base+uint64(63-bits.LeadingZeros64(s.Bits)) < next
}

func lowBits(n uint64) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}
