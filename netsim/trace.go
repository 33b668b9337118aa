package netsim

import (
	"encoding/binary"
	"math/bits"
)

// trace is a running 64-bit hash, not a cryptographic one: each word is folded in
// with a 64 by 64 to 128 bit multiplication, as wyhash does it.
type trace uint64

const (
	traceKey0 = 0xa0761d6478bd642f
	traceKey1 = 0xe7037ed1a0b428db
)

func (t *trace) mix(a, b uint64) {
	hi, lo := bits.Mul64(a^traceKey0^uint64(*t), b^traceKey1)
	*t = trace(bits.RotateLeft64(uint64(*t), 23)*traceKey0 ^ hi ^ lo)
}

func (t *trace) bytes(b []byte) {
	t.mix(uint64(len(b)), traceKey1)
	for len(b) >= 16 {
		t.mix(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
		b = b[16:]
	}
	var tail [16]byte
	copy(tail[:], b)
	t.mix(binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:]))
}
