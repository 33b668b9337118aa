package tcp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/consbench/consbench/bench/smr"
)

// A frame, little endian:
//
//	0      4       8           15        16      20
//	+------+-------+-----------+---------+-------+---- - -+---- - -
//	| size | hsize | channel 8 | hold 56 | check | head   | body
//	+------+-------+-----------+---------+-------+---- - -+---- - -
//
// size is the length of head and body, hsize that of head; the top bit of size
// marks a frame that the link model took out of order. hold is for how many
// nanoseconds the receiver shall hold the frame back. check is the CRC-32C of the
// 16 bytes before it and of the head. A body carries its own checksums.
//
// The link model's delay travels as a duration, since two processes share no clock.
const (
	headerSize   = 20
	reorderedBit = 1 << 31
	// MaxFrameSize is the upper limit of Options.MaxFrame.
	MaxFrameSize = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Errors of a peer that does not speak the protocol, or of a damaged stream.
var (
	errOversized = errors.New("tcp: frame longer than the limit")
	errHeadSize  = errors.New("tcp: head longer than its frame")
	errChecksum  = errors.New("tcp: frame checksum does not match")
)

func putHeader(dst []byte, size int, channel uint8, hold smr.Time, reordered bool, head []byte) {
	word := uint32(size)
	if reordered {
		word |= reorderedBit
	}
	binary.LittleEndian.PutUint32(dst, word)
	binary.LittleEndian.PutUint32(dst[4:], uint32(len(head)))
	binary.LittleEndian.PutUint64(dst[8:], uint64(hold)<<8|uint64(channel))
	check := crc32.Update(crc32.Checksum(dst[:16], castagnoli), castagnoli, head)
	binary.LittleEndian.PutUint32(dst[16:], check)
}

// frame is a frame as it stands in a chunk.
type frame struct {
	channel   uint8
	hold      smr.Time
	reordered bool
	data      []byte // view
}

// frameAt reads the first frame of b, which scan has found to be whole and valid.
func frameAt(b []byte) (f frame, rest []byte) {
	word := binary.LittleEndian.Uint32(b)
	end := headerSize + int(word&^reorderedBit)
	stamp := binary.LittleEndian.Uint64(b[8:])
	return frame{uint8(stamp), smr.Time(stamp >> 8), word&reorderedBit != 0, b[headerSize:end:end]}, b[end:]
}

// scan verifies the frames of b. The first whole bytes of b are whole frames;
// the frame after them is cut off and takes need bytes, as far as can be told.
func scan(b []byte, maxFrame int) (whole, need int, err error) {
	for {
		rest := b[whole:]
		if len(rest) < headerSize {
			return whole, headerSize, nil
		}
		size := int(binary.LittleEndian.Uint32(rest) &^ reorderedBit)
		hsize := int(binary.LittleEndian.Uint32(rest[4:]))
		switch {
		case size > maxFrame:
			return whole, 0, fmt.Errorf("%w: %d of %d bytes", errOversized, size, maxFrame)
		case hsize > size:
			return whole, 0, errHeadSize
		case len(rest) < headerSize+size:
			return whole, headerSize + size, nil
		}
		check := crc32.Update(crc32.Checksum(rest[:16], castagnoli), castagnoli, rest[headerSize:headerSize+hsize])
		if check != binary.LittleEndian.Uint32(rest[16:]) {
			return whole, 0, errChecksum
		}
		whole += headerSize + size
	}
}
