package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/mutant"
	"github.com/consbench/consbench/bench/smr"
)

// Session is what a replica knows of one client session.
type Session struct {
	Seen    command.Seen // the commands that took effect
	Effects uint64       // how often one of them did: counted apart, to be compared with Seen
}

// State is the state machine that every replica runs: the table of sessions, a
// running digest and, only if there is a key space, the value of each key. A
// command swaps its own ID for the value of its key; what it found is its result.
type State struct {
	Node       uint32 // the replica that answers; no part of the state
	Index      uint64 // last entry applied
	Digest     uint64 // over every entry and every command that took effect, in order
	Commands   uint64 // distinct commands that took effect
	Duplicates uint64 // commands that stood in the log again and took no effect
	Sessions   []Session
	Keys       []uint64   // ID of the command that last wrote the key
	results    [][]uint64 // per session, of its last WindowSize commands; nil without keys
}

// NewState is the state before the first entry. Its size is fixed here: commands
// of further sessions or keys are malformed.
func NewState(sessions, keys int) *State {
	s := &State{Sessions: make([]Session, sessions), Keys: make([]uint64, keys)}
	if keys > 0 {
		s.results = make([][]uint64, sessions)
		all := make([]uint64, sessions*command.WindowSize)
		for i := range s.results {
			s.results[i] = all[i*command.WindowSize:][:command.WindowSize]
		}
	}
	return s
}

// fold mixes v into digest d; order matters. The multiplier is the 64-bit golden
// ratio's, the finisher the high half of the product.
func fold(d, v uint64) uint64 {
	hi, lo := bits.Mul64(d^v, 0x9e3779b97f4a7c15)
	return hi ^ lo ^ bits.RotateLeft64(v, 29)
}

// Apply applies the entry after Index and appends to answers, if want, one answer
// for each command in it.
func (s *State) Apply(e smr.Entry, want bool, answers []byte) ([]byte, error) {
	if e.Index != s.Index+1 {
		panic(fmt.Sprintf("replica: entry %d handed out after %d", e.Index, s.Index))
	}
	s.Index = e.Index
	d := fold(s.Digest, e.Index)
	d = fold(d, uint64(e.Sum)|uint64(len(e.Data))<<32)
	data := e.Data
	if mutant.Enabled && len(data) > 0 && mutant.Strike(mutant.SessionSwap) {
		data = swapFirstTwo(data)
	}
	for len(data) > 0 {
		c, size, err := command.Next(data)
		if err != nil {
			return answers, fmt.Errorf("entry %d: %w", e.Index, err)
		}
		if int(c.Session) >= len(s.Sessions) || int(c.Key) > len(s.Keys) {
			return answers, fmt.Errorf("entry %d: session %d, key %d: %w", e.Index, c.Session, c.Key, command.ErrMalformed)
		}
		data = data[size:]
		session := &s.Sessions[c.Session]
		if mutant.Enabled && mutant.Strike(mutant.SessionDrop) {
			continue
		}
		if session.Seen.Add(c.Seq) || mutant.Enabled && mutant.On(mutant.SessionNoDedup) ||
			mutant.Enabled && mutant.On(mutant.SessionForgetsNewest) && c.Seq+1 == session.Seen.Base {
			session.Effects++
			s.Commands++
			d = fold(d, c.ID())
			if c.Key != 0 {
				s.do(c)
			}
			if mutant.Enabled && mutant.Strike(mutant.SessionDouble) {
				session.Effects++
			}
		} else {
			s.Duplicates++
		}
		if want {
			a := command.Answer{From: s.Node, Session: c.Session, Seq: c.Seq}
			if c.Key != 0 {
				a.Result = s.results[c.Session][c.Seq%command.WindowSize]
			}
			answers = a.Append(answers)
		}
	}
	s.Digest = d
	return answers, nil
}

// do carries out a command on its key and keeps what it tells the client, for the
// same command might come again.
func (s *State) do(c command.Command) {
	value := &s.Keys[c.Key-1]
	s.results[c.Session][c.Seq%command.WindowSize] = *value
	*value = c.Do(*value)
}

func swapFirstTwo(data []byte) []byte {
	_, n, err := command.Next(data)
	if err != nil || n == len(data) {
		return data
	}
	_, m, err := command.Next(data[n:])
	if err != nil {
		return data
	}
	swapped := append([]byte{}, data[n:n+m]...)
	swapped = append(swapped, data[:n]...)
	return append(swapped, data[n+m:]...)
}

// An image of the state, little endian:
//
//	"CBS1" | crc of the rest u32 | index | digest | commands | duplicates | sessions | keys   (u64 each)
//	then per session: base, bits, effects;  per key: value;  with keys, per session: WindowSize results
const imageHeader = 8 + 6*8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendImage appends to dst everything that Restore needs.
func (s *State) AppendImage(dst []byte) []byte {
	start := len(dst)
	le := binary.LittleEndian
	dst = append(dst, "CBS1\x00\x00\x00\x00"...)
	for _, v := range [...]uint64{s.Index, s.Digest, s.Commands, s.Duplicates, uint64(len(s.Sessions)), uint64(len(s.Keys))} {
		dst = le.AppendUint64(dst, v)
	}
	for i := range s.Sessions {
		bits := s.Sessions[i].Seen.Bits
		if mutant.Enabled && mutant.On(mutant.SessionWindowForgotten) {
			bits = 0
		}
		dst = le.AppendUint64(dst, s.Sessions[i].Seen.Base)
		dst = le.AppendUint64(dst, bits)
		dst = le.AppendUint64(dst, s.Sessions[i].Effects)
	}
	for _, v := range s.Keys {
		dst = le.AppendUint64(dst, v)
	}
	for _, r := range s.results {
		for _, v := range r {
			dst = le.AppendUint64(dst, v)
		}
	}
	le.PutUint32(dst[start+4:], crc32.Checksum(dst[start+8:], castagnoli))
	return dst
}

// ErrImage is wrapped by the errors of Restore.
var ErrImage = errors.New("replica: not an image of this state machine")

// Restore replaces the state by an image of one with as many sessions and keys.
// After an error the state is as it was.
func (s *State) Restore(image []byte) error {
	le := binary.LittleEndian
	if len(image) < imageHeader || string(image[:4]) != "CBS1" {
		return fmt.Errorf("%w: no header", ErrImage)
	}
	if crc32.Checksum(image[8:], castagnoli) != le.Uint32(image[4:]) {
		return fmt.Errorf("%w: checksum does not match", ErrImage)
	}
	sessions, keys := le.Uint64(image[40:]), le.Uint64(image[48:])
	want := imageHeader + 24*len(s.Sessions) + 8*len(s.Keys) + 8*command.WindowSize*len(s.results)
	if sessions != uint64(len(s.Sessions)) || keys != uint64(len(s.Keys)) || len(image) != want {
		return fmt.Errorf("%w: %d sessions, %d keys, %d bytes; want %d, %d, %d", ErrImage, sessions, keys, len(image), len(s.Sessions), len(s.Keys), want)
	}
	s.Index, s.Digest = le.Uint64(image[8:]), le.Uint64(image[16:])
	s.Commands, s.Duplicates = le.Uint64(image[24:]), le.Uint64(image[32:])
	image = image[imageHeader:]
	for i := range s.Sessions {
		s.Sessions[i] = Session{command.Seen{Base: le.Uint64(image), Bits: le.Uint64(image[8:])}, le.Uint64(image[16:])}
		if mutant.Enabled && mutant.On(mutant.SessionTableForgotten) {
			s.Sessions[i] = Session{}
		}
		image = image[24:]
	}
	for i := range s.Keys {
		s.Keys[i] = le.Uint64(image[8*i:])
	}
	image = image[8*len(s.Keys):]
	for i := range s.results {
		for j := range s.results[i] {
			s.results[i][j] = le.Uint64(image[8*j:])
		}
		image = image[8*command.WindowSize:]
	}
	return nil
}
