package wal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// span is a piece of a segment file of the log id.
type span struct {
	id      uint32
	segment uint64
	from    int64 // where it begins in the file
	data    []byte
}

// end is where the span ends in the file.
func (s *span) end() int64 { return s.from + int64(len(s.data)) }

// bytes returns those of the n bytes at off, which is in the span, that the span has.
func (s *span) bytes(off, n int64) []byte {
	off = min(off-s.from, int64(len(s.data)))
	return s.data[off:min(off+n, int64(len(s.data)))]
}

// blank reports whether the n bytes at off, as far as they are there, are zeros.
func (s *span) blank(off, n int64) bool {
	data := s.bytes(off, n)
	for len(data) >= len(zeros) {
		if !bytes.Equal(data[:len(zeros)], zeros[:]) {
			return false
		}
		data = data[len(zeros):]
	}
	return bytes.Equal(data, zeros[:len(data)])
}

var zeros [4096]byte

// header reports whether there is the header of a frame at off.
func (s *span) header(off int64) bool {
	h := s.bytes(off, frameHeader)
	return len(h) == frameHeader && h[4] != 0 &&
		crc32.Update(tie(s.id, at(s.segment, off)), castagnoli, h[:20]) == binary.LittleEndian.Uint32(h[20:])
}

// peek reads the header at off, the size of the whole frame included.
func (s *span) peek(off int64) frame {
	h, le := s.bytes(off, frameHeader), binary.LittleEndian
	return frame{off: off, kind: h[4], flags: h[5], durable: place(le.Uint64(h[8:])), size: int64(frameSize(int(le.Uint32(h))))}
}

// frame reads the frame at off. reason says what is wrong with it.
func (s *span) frame(off int64) (f frame, reason string) {
	if !s.header(off) {
		return f, "the header of a record does not match its checksum"
	}
	h := s.bytes(off, frameHeader)
	n := binary.LittleEndian.Uint32(h)
	f = s.peek(off)
	if n > maxPayload || f.kind > kindSeal || f.flags > flagBaseline|flagLast|flagRest || h[6]|h[7] != 0 || f.kind != kindRecord && n|uint32(f.flags) != 0 {
		return f, "the header of a record makes no sense"
	}
	if off+f.size > s.end() {
		return f, fmt.Sprintf("a record of %d bytes is cut short", n)
	}
	body := s.bytes(off+frameHeader, f.size-frameHeader)
	f.payload = body[:n:n]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(h[16:]) {
		return f, "a record does not match its checksum"
	}
	return f, ""
}

// sector is the least that a device writes all of or nothing of, in bytes.
const sector = 512

// unwritten reports whether the sector of byte i, from off on, may never have been
// written: it is all zeros.
func (s *span) unwritten(off, i int64) bool {
	from := max(i&^(sector-1), off)
	return s.blank(from, i&^(sector-1)+sector-from)
}

// oneBit reports whether what stands at off would be a frame if a single bit of it
// were different, and a sector that was never written does not explain it.
func (s *span) oneBit(off int64) bool {
	h, le := s.bytes(off, frameHeader), binary.LittleEndian
	if s.header(off) {
		f := s.peek(off)
		if le.Uint32(h) > maxPayload || off+f.size > s.end() {
			return false
		}
		i := flipped(s.bytes(off+frameHeader, f.size-frameHeader), le.Uint32(h[16:]))
		return i >= 0 && !s.unwritten(off, off+frameHeader+i)
	}
	if len(h) < frameHeader {
		return false
	}
	for bit := range int64(8 * frameHeader) {
		h[bit/8] ^= 1 << (bit % 8)
		_, reason := s.frame(off)
		h[bit/8] ^= 1 << (bit % 8)
		if reason == "" {
			return !s.unwritten(off, off+bit/8)
		}
	}
	return false
}

// flipped returns the index of the byte of data in which a bit is wrong, if data has
// the checksum sum but for one bit; else -1. A CRC is linear: the difference that a
// bit makes depends only on how many bytes follow it.
func flipped(data []byte, sum uint32) int64 {
	wrong := crc32.Checksum(data, castagnoli) ^ sum
	var diff [8]uint32
	for i := range diff {
		diff[i] = castagnoli[1<<i]
	}
	for at := int64(len(data)) - 1; at >= 0; at-- {
		for i, d := range diff {
			if d == wrong {
				return at
			}
			diff[i] = d>>8 ^ castagnoli[byte(d)]
		}
	}
	return -1
}
