package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
)

// All files are little endian. A segment file is a header and frames behind one
// another; what is allocated and not written yet is zero:
//
//	0          8          16   20     28      32
//	+----------+----------+----+------+-------+-------+-------+-- - -
//	| CBWSEG1\n| sequence | id | zero | check | frame | frame |
//	+----------+----------+----+------+-------+-------+-------+-- - -
//
// id is the log's, the same in all its files; check is the CRC-32C of the 28 bytes
// before it. A frame is a record, or says something about the log:
//
//	0      4      5       6      8         16    20      24
//	+------+------+-------+------+---------+-----+-------+---------+---------+
//	| size | kind | flags | zero | durable | sum | check | payload | padding |
//	+------+------+-------+------+---------+-----+-------+---------+---------+
//
// size is the payload's; the padding is 1 to 8 bytes of 0xff that make the frame a
// multiple of 8. durable is the place up to which the log was known to be synced
// when the frame was made, 0 if it never is. sum is the CRC-32C of payload and padding. check is the
// CRC-32C of the 20 bytes before it, begun with a value that ties the frame to its
// log, segment and offset: a frame in the wrong place is no frame.
//
// The last byte is not zero and not one bit away from zero, so that a frame that was
// cut short, with zeros where the rest should be, is never one bit away from a whole
// one. See verdict.
const (
	segmentHeader = 32
	frameHeader   = 24
	maxPayload    = 1 << 30

	segmentMagic  = "CBWSEG1\n"
	snapshotMagic = "CBWSNP1\n"
)

// Kinds of frames.
const (
	kindRecord byte = 1 + iota
	kindEnd         // the log goes on in the next segment
	kindSeal        // the log was closed: all before it is durable
)

// Flags of records.
const (
	flagBaseline = 1 // the first one of a Ready that is a baseline; it begins a segment
	flagLast     = 2 // the last one of its Ready
	flagRest     = 4 // of a baseline, and not its first one
)

// A snapshot file:
//
//	0          8       16     24      32   36     40      44
//	+----------+-------+------+-------+----+------+-------+------+-------+
//	| CBWSNP1\n| index | meta | image | id | sum  | check | meta | image |
//	+----------+-------+------+-------+----+------+-------+------+-------+
//
// with the lengths of meta and image, the CRC-32C of both, and that of the 40 bytes
// before check.
const snapshotHeader = 44

// place is where a byte of the log lies: segment << 32 | offset in its file. Places
// compare as the bytes were written.
type place uint64

func at(segment uint64, off int64) place { return place(segment<<32 | uint64(off)) }

func (p place) segment() uint64 { return uint64(p) >> 32 }
func (p place) offset() int64   { return int64(uint32(p)) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameSize is how many bytes a frame with n bytes of payload takes.
func frameSize(n int) int { return (frameHeader + n + 8) &^ 7 }

// tie is what the check of a frame begins with.
func tie(id uint32, p place) uint32 {
	return id ^ uint32(p.offset()>>3) ^ bits.ReverseBytes32(uint32(p.segment()))
}

var padding = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// appendFrame adds a frame that will stand at p.
func appendFrame(dst []byte, id uint32, p place, kind, flags byte, durable place, head, body []byte) []byte {
	start, n := len(dst), len(head)+len(body)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(n))
	dst = append(dst, kind, flags, 0, 0)
	dst = le.AppendUint64(dst, uint64(durable))
	dst = le.AppendUint64(dst, 0)
	dst = append(dst, head...)
	dst = append(dst, body...)
	dst = append(dst, padding[:frameSize(n)-frameHeader-n]...)
	le.PutUint32(dst[start+16:], crc32.Checksum(dst[start+frameHeader:], castagnoli))
	le.PutUint32(dst[start+20:], crc32.Update(tie(id, p), castagnoli, dst[start:start+20]))
	return dst
}

// frame is a frame as it was read.
type frame struct {
	off         int64
	kind, flags byte
	durable     place
	payload     []byte
	size        int64 // of the whole frame
}

func appendSegmentHeader(dst []byte, id uint32, segment uint64) []byte {
	start, le := len(dst), binary.LittleEndian
	dst = append(dst, segmentMagic...)
	dst = le.AppendUint64(dst, segment)
	dst = le.AppendUint32(dst, id)
	dst = le.AppendUint64(dst, 0)
	return le.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// readSegmentHeader returns the id in the header of a segment, or what is wrong.
func readSegmentHeader(data []byte, segment uint64) (id uint32, reason string) {
	le := binary.LittleEndian
	switch {
	case len(data) < segmentHeader || string(data[:8]) != segmentMagic:
		return 0, "this is not the header of a segment"
	case crc32.Checksum(data[:28], castagnoli) != le.Uint32(data[28:]):
		return 0, "the header of the segment does not match its checksum"
	case le.Uint64(data[8:]) != segment:
		return 0, fmt.Sprintf("this is segment %d under the name of segment %d", le.Uint64(data[8:]), segment)
	case le.Uint64(data[20:]) != 0:
		return 0, "the header of the segment makes no sense"
	}
	return le.Uint32(data[16:]), ""
}

func appendSnapshot(dst []byte, id uint32, index uint64, meta, image []byte) []byte {
	start, le := len(dst), binary.LittleEndian
	dst = append(dst, snapshotMagic...)
	dst = le.AppendUint64(dst, index)
	dst = le.AppendUint64(dst, uint64(len(meta)))
	dst = le.AppendUint64(dst, uint64(len(image)))
	dst = le.AppendUint32(dst, id)
	dst = le.AppendUint64(dst, 0)
	dst = append(dst, meta...)
	dst = append(dst, image...)
	le.PutUint32(dst[start+36:], crc32.Checksum(dst[start+snapshotHeader:], castagnoli))
	le.PutUint32(dst[start+40:], crc32.Checksum(dst[start:start+40], castagnoli))
	return dst
}

// readSnapshot reads a whole snapshot file of index.
func readSnapshot(data []byte, index uint64) (id uint32, meta, image []byte, off int64, reason string) {
	le := binary.LittleEndian
	if len(data) < snapshotHeader || string(data[:8]) != snapshotMagic {
		return 0, nil, nil, 0, "this is not the header of a snapshot"
	}
	if crc32.Checksum(data[:40], castagnoli) != le.Uint32(data[40:]) {
		return 0, nil, nil, 0, "the header of the snapshot does not match its checksum"
	}
	if le.Uint64(data[8:]) != index {
		return 0, nil, nil, 8, fmt.Sprintf("this is the snapshot of %d under the name of %d", le.Uint64(data[8:]), index)
	}
	body := data[snapshotHeader:]
	m, i := le.Uint64(data[16:]), le.Uint64(data[24:])
	if m > uint64(len(body)) || i != uint64(len(body))-m {
		return 0, nil, nil, 16, fmt.Sprintf("a snapshot of %d and %d bytes in a file with room for %d", m, i, len(body))
	}
	if crc32.Checksum(body, castagnoli) != le.Uint32(data[36:]) {
		return 0, nil, nil, snapshotHeader, "the snapshot does not match its checksum"
	}
	return le.Uint32(data[32:]), body[:m:m], body[m:], 0, ""
}
